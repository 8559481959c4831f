"""What a terminal prints, read out by a screen reader: the newest few lines, not more often than one can listen, none of a flood.

The cursor's line, where programs ask, is read once the output rests, unless the person types there: screen readers say keys by
themselves. What changed and is not read out is told as a change of text. Made by `parts`; does nothing while no assistive technology runs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QAccessibleTextCursorEvent,
    QAccessibleTextUpdateEvent,
)

from aether_desktop.widgets.terminal.accessible import ScreenText, install, line_text, units

if TYPE_CHECKING:
    from aether_desktop.stores.terminals import TerminalSession
    from aether_desktop.widgets.terminal.view import TerminalView

PAUSE_MS = 400
REST_MS = 500
MOST_LINES = 8
FLOOD_LINES = 60
MOST_CHARS = 1000


def unchanged(before: str, now: str) -> tuple[int, int]:
    """How many characters at the start and at the end of a line are the same as before; what lies between is read out."""
    start = _alike(before, now)
    return start, _alike(before[start:][::-1], now[start:][::-1])


def _alike(one: str, other: str) -> int:
    shorter = min(len(one), len(other))
    return next((place for place in range(shorter) if one[place] != other[place]), shorter)


class Announcements(QObject):
    """For one view. active: whether anybody listens. say: reads a text out. tell_change: takes the place of a change in what shows, the
    text that was there and the text that is."""

    def __init__(
        self,
        view: TerminalView,
        active: Callable[[], bool] = QAccessible.isActive,
        say: Callable[[str], None] | None = None,
        tell_change: Callable[[int, str, str], None] | None = None,
    ) -> None:
        super().__init__(view)
        install()
        self._view = view
        self._active = active
        self._say = say or self._announce
        self._tell_change = tell_change or self._announce_change
        self._session: TerminalSession | None = None
        self._next_line = 0
        self._numbering = 0
        self._typed = False
        self._read = (False, 0, "")
        self._shown: list[str] = []
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PAUSE_MS)
        self._timer.timeout.connect(self._tell)
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MS)
        self._rest.timeout.connect(self._read_cursor_line)
        view.activated.connect(self._on_typed)
        view.session_changed.connect(self._on_session)
        view.fitting.fitted.connect(self._skip)

    def _on_session(self) -> None:
        if self._session is not None:
            self._session.changed.disconnect(self._on_changed)
            self._session.arrived.disconnect(self._skip)
        self._session = session = self._view.session
        if session is not None:
            session.changed.connect(self._on_changed)
            session.arrived.connect(self._skip)
        self._skip()

    def _on_changed(self) -> None:
        if not self._active():
            return
        if not self._view.hasFocus():
            self._skip()
        else:
            self._rest.start()
            if not self._timer.isActive():
                self._timer.start()

    def _on_typed(self) -> None:
        self._typed = True

    def _skip(self) -> None:
        """What is there now is not read out."""
        self._next_line = self._cursor_line()
        self._numbering = self._view.terminal.history.numbering
        if self._active():
            self._read = self._line_to_read()
            self._shown = ScreenText(self._view).lines

    def _follow(self) -> None:
        """Where lines have other numbers than when they were noted, go with them; where nobody knows them, nothing is read out."""
        history = self._view.terminal.history
        if history.numbering == self._numbering:
            return
        alternate, line, text = self._read
        next_line, read = (history.line_now(noted, self._numbering) for noted in (self._next_line, line))
        self._numbering = history.numbering
        if next_line is None or read is None:
            self._skip()
        else:
            self._next_line, self._read = next_line, (alternate, read, text)

    def _cursor_line(self) -> int:
        terminal = self._view.terminal
        return terminal.history_dropped + len(terminal.history) + terminal.cursor.y

    def _line_to_read(self) -> tuple[bool, int, str]:
        """The cursor's line: whether on the alternate screen, which, and its text."""
        terminal, line = self._view.terminal, self._cursor_line()
        return terminal.modes.alternate_screen, line, line_text(terminal, terminal.absolute_row(line))

    def _tell(self) -> None:
        self._follow()
        terminal = self._view.terminal
        first, last = self._next_line, self._cursor_line()
        self._next_line = last
        screen = ScreenText(self._view)
        if not terminal.modes.alternate_screen and last > first:
            self._read_lines(first, last)
        else:
            self._tell_changes(screen)
        self._shown = screen.lines
        if self._active():
            QAccessible.updateAccessibility(QAccessibleTextCursorEvent(self._view, screen.cursor()))

    def _read_lines(self, first: int, last: int) -> None:
        """The lines first to last (exclusive)."""
        terminal = self._view.terminal
        if last - first > FLOOD_LINES:
            self._say(f"{last - first} new lines")
            return
        lines = [line_text(terminal, terminal.absolute_row(line)) for line in range(first, last)]
        text = "\n".join([line for line in lines if line][-MOST_LINES:])
        if text:
            self._say(text[-MOST_CHARS:])

    def _read_cursor_line(self) -> None:
        """What a program that waits has left there; on the alternate screen only what came by itself."""
        self._follow()
        before, self._read = self._read, self._line_to_read()
        typed, self._typed = self._typed, False
        alternate, line, text = self._read
        moved = (alternate, line) != before[:2]
        theirs = typed and (alternate or not moved)
        if self._view.hasFocus() and not self._view.terminal.cursor.hidden and text and self._read != before and not theirs:
            self._say(text[-MOST_CHARS:])

    def _tell_changes(self, screen: ScreenText) -> None:
        if len(screen.lines) != len(self._shown):
            return
        for number, (before, now) in enumerate(zip(self._shown, screen.lines, strict=True)):
            if now != before:
                start, end = unchanged(before, now)
                place = screen.start(number) + len(units(now[:start]))
                self._tell_change(place, before[start : len(before) - end], now[start : len(now) - end])

    def _announce(self, text: str) -> None:
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self._view, text))

    def _announce_change(self, position: int, before: str, now: str) -> None:
        QAccessible.updateAccessibility(QAccessibleTextUpdateEvent(self._view, position, before, now))
