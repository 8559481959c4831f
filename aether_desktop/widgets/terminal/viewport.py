"""Which lines of a terminal a view shows: the newest, or a place in the history that stays put while more is printed.

Pure: no Qt. Lines are absolute, counted from the first ever printed; where they get other numbers the place stays at its text.
"""

from __future__ import annotations

from kernel.term import Terminal
from kernel.term.places import HeldLine
from kernel.term.rows import Row


class Viewport:
    """The window over history and screen. It follows the newest line where it has no place."""

    def __init__(self) -> None:
        self._place: HeldLine | None = None

    @property
    def following(self) -> bool:
        """Whether new lines are shown as they come."""
        return self._place is None

    def first(self, terminal: Terminal) -> int:
        """Absolute number of the first line shown."""
        newest = terminal.history_dropped + len(terminal.history)
        if self._place is None:
            return newest
        first = max(terminal.history_dropped, min(self._place.line, newest))
        if first == newest:
            # Its lines came to the screen, or are gone: there is no other place to stay at.
            self._place = None
        return first

    def rows(self, terminal: Terminal) -> list[Row]:
        """The lines shown, top first."""
        history, back = terminal.history, self.back(terminal)
        shown = [history[len(history) - at] for at in range(back, max(0, back - terminal.lines), -1)]
        return shown + list(terminal.rows[: terminal.lines - len(shown)])

    def back(self, terminal: Terminal) -> int:
        """How many lines above the newest position it is."""
        return terminal.history_dropped + len(terminal.history) - self.first(terminal)

    def scroll_to(self, terminal: Terminal, first: int) -> None:
        """Show the absolute line `first` at the top, as far as there is one."""
        first = max(terminal.history_dropped, first)
        self._place = None if first >= terminal.history_dropped + len(terminal.history) else terminal.hold_line(first)

    def scroll_by(self, terminal: Terminal, lines: int) -> None:
        """Towards older lines if positive."""
        self.scroll_to(terminal, self.first(terminal) - lines)

    def reveal(self, terminal: Terminal, line: int) -> None:
        """Show an absolute line, a third from the top unless it shows already."""
        first = self.first(terminal)
        if not first <= line < first + terminal.lines:
            self.scroll_to(terminal, line - terminal.lines // 3)

    def follow(self) -> None:
        """Show the newest line from now on."""
        self._place = None
