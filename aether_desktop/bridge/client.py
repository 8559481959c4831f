"""What the desktop asks of a kernel, wherever it runs.

Widgets and stores take a `KernelClient` in their constructors; tests pass a fake, the application `InProcessClient`.
All calls and callbacks are on the GUI thread.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol, TypeVar

from kernel.errors import AetherError
from kernel.protocol.base import Command, Event
from kernel.term import Terminal

if TYPE_CHECKING:
    from kernel.rfb.framebuffer import Cursor, Framebuffer, Rect

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


class DesktopFeed(Protocol):
    """The screen of an agent's graphical desktop, as a picture that the kernel keeps up to date while it is looked at."""

    @property
    def picture(self) -> Framebuffer | None:
        """The screen; None until there is one. Another object when its size has changed. Its bytes change on another thread."""
        ...

    @property
    def cursor(self) -> Cursor | None:
        """The pointer's shape over the picture; None while the server has not said."""
        ...

    @property
    def problem(self) -> str:
        """Why there is no picture, or why it stands still, in a sentence; empty while it shows what is."""
        ...

    @property
    def ended(self) -> bool:
        """Whether no picture will come any more, since the agent has ended."""
        ...

    def take_damage(self) -> tuple[Rect, ...]:
        """The parts of `picture` that changed since the last call; taking them asks for the next. Never blocks."""
        ...

    def set_watched(self, watched: bool) -> None:
        """Whether anybody sees the picture now; while nobody does, none is asked for."""
        ...

    def point(self, x: int, y: int, buttons: int) -> None:
        """Move the pointer to a pixel, with these buttons held: 1 left, 2 middle, 4 right, 8 and 16 wheel up and down (RFC 6143, 7.5.5)."""
        ...

    def press(self, keysym: int, down: bool) -> None:
        """Press or release a key, by its X keysym (RFC 6143, 7.5.4)."""
        ...

    def close(self) -> None:
        """Look no longer; the desktop runs on."""
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

    def open_desktop(self, pid: int, on_changed: Callable[[], None]) -> DesktopFeed:
        """Look at an agent's graphical desktop. on_changed: called on the GUI thread when there is damage to take or anything else changed.

        It is called once until `take_damage` was; an agent without such a desktop has a feed that tells the problem.
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
