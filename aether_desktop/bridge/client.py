"""What the desktop asks of a kernel, wherever it runs.

Widgets and stores take a `KernelClient` in their constructors; tests pass a fake, the application `InProcessClient`.
All calls and callbacks are on the GUI thread.
"""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from kernel.protocol.base import Command, Event

R = TypeVar("R")
EventListener = Callable[[Sequence[Event]], None]
Unsubscribe = Callable[[], None]


class TerminalFeed(Protocol):
    """The bytes of one terminal, for one viewer; begins with what is needed to show its present state."""

    def take(self, max_bytes: int) -> bytes:
        """Up to `max_bytes` that wait now; b"" when none do. Never blocks."""
        ...

    @property
    def ended(self) -> bool:
        """Whether the terminal is closed and everything was taken."""
        ...

    def close(self) -> None:
        """Stop viewing; the terminal runs on."""
        ...


class KernelClient(Protocol):
    """Commands out, batches of events in."""

    async def execute(self, command: Command[R]) -> R:
        """Carry out a command. Raises AetherError (message and hint for a person)."""
        ...

    def subscribe(self, listener: EventListener, on_gap: Callable[[], None] | None = None) -> Unsubscribe:
        """Call `listener` with each batch of events, in order, at most once a frame.

        on_gap: called when events were lost because this client was too slow; ask for a snapshot again.
        """
        ...

    def open_terminal(self, tty_id: str, on_readable: Callable[[], None]) -> TerminalFeed:
        """View a terminal; `on_readable` is called on the GUI thread when bytes wait (once until they are taken)."""
        ...

    @property
    def connected(self) -> bool:
        """Whether a kernel answers."""
        ...
