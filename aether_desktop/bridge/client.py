"""What the desktop asks of a kernel, wherever it runs.

Widgets and stores take a `KernelClient` in their constructors; tests pass a fake, the application `InProcessClient`.
All calls and callbacks are on the GUI thread.
"""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from kernel.errors import AetherError
from kernel.protocol.base import Command, Event
from kernel.term import Terminal

R = TypeVar("R")
EventListener = Callable[[Sequence[Event]], None]
Unsubscribe = Callable[[], None]


class TerminalFeed(Protocol):
    """A terminal's screen, owned by this window while it is open: the window parses what the program prints."""

    @property
    def terminal(self) -> Terminal | None:
        """The screen with its history; None until the kernel has handed it over (`on_readable` is called then)."""
        ...

    def parse(self, max_bytes: int) -> int:
        """Bring the screen up to date by at most `max_bytes`; how many there were, 0 when none wait. Never blocks."""
        ...

    def resize(self, columns: int, lines: int) -> None:
        """Change the size of the screen in cells; the program is told by tty.resize."""
        ...

    def clear_history(self) -> None:
        """Forget the lines that scrolled off, for all who look at the terminal."""
        ...

    def reset(self) -> None:
        """Begin the screen anew, as with RIS, for all who look at the terminal."""
        ...

    @property
    def ended(self) -> bool:
        """Whether the terminal is closed, or could not be opened, and everything was parsed."""
        ...

    def close(self) -> None:
        """Give the screen back; the terminal runs on."""
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

    def open_terminal(
        self, tty_id: str, on_readable: Callable[[], None], *, recent_bytes: int = 0
    ) -> TerminalFeed:
        """Take over a terminal's screen; `on_readable` is called on the GUI thread when something waits to be parsed.

        recent_bytes: begin that far before the end of an agent's record, for a preview; 0 for all of it.
        """
        ...

    @property
    def connected(self) -> bool:
        """Whether a kernel answers."""
        ...

    @property
    def absence(self) -> AetherError | None:
        """Why there is no kernel: it could not start, or its start waits for something. None where there is one, or soon will be."""
        ...
