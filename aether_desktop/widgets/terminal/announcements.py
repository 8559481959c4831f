"""New lines of a terminal read out by a screen reader: the newest few, not more often than one can listen, none of a flood.

Made by `parts`; does nothing while no assistive technology runs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QAccessibleTextCursorEvent

from aether_desktop.widgets.terminal.accessible import ScreenText, install, line_text

if TYPE_CHECKING:
    from aether_desktop.stores.terminals import TerminalSession
    from aether_desktop.widgets.terminal.view import TerminalView

PAUSE_MS = 400
MOST_LINES = 8
FLOOD_LINES = 60
MOST_CHARS = 1000


class Announcements(QObject):
    """For one view. active: whether anybody listens. say: reads a text out."""

    def __init__(
        self,
        view: TerminalView,
        active: Callable[[], bool] = QAccessible.isActive,
        say: Callable[[str], None] | None = None,
    ) -> None:
        super().__init__(view)
        install()
        self._view = view
        self._active = active
        self._say = say or self._announce
        self._session: TerminalSession | None = None
        self._next_line = 0
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PAUSE_MS)
        self._timer.timeout.connect(self._tell)
        view.session_changed.connect(self._on_session)
        view.fitting.fitted.connect(self._skip)

    def _on_session(self) -> None:
        if self._session is not None:
            self._session.changed.disconnect(self._on_changed)
        self._session = session = self._view.session
        if session is not None:
            session.changed.connect(self._on_changed)
        self._skip()

    def _on_changed(self) -> None:
        if not self._active():
            return
        if not self._view.hasFocus():
            self._skip()
        elif not self._timer.isActive():
            self._timer.start()

    def _skip(self) -> None:
        """What is there now is not read out."""
        self._next_line = self._cursor_line()

    def _cursor_line(self) -> int:
        terminal = self._view.terminal
        return terminal.history_dropped + len(terminal.history) + terminal.cursor.y

    def _tell(self) -> None:
        terminal = self._view.terminal
        first, last = self._next_line, self._cursor_line()
        self._next_line = last
        if not terminal.modes.alternate_screen and last > first:
            if last - first > FLOOD_LINES:
                self._say(f"{last - first} new lines")
            else:
                lines = [line_text(terminal, terminal.absolute_row(line)) for line in range(first, last)]
                text = "\n".join([line for line in lines if line][-MOST_LINES:])
                if text:
                    self._say(text[-MOST_CHARS:])
        if self._active():
            QAccessible.updateAccessibility(QAccessibleTextCursorEvent(self._view, ScreenText(self._view).cursor()))

    def _announce(self, text: str) -> None:
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self._view, text))
