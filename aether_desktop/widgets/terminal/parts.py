"""What a person can do in a terminal view beside typing: one object for each feature, made here and wired to the session.

Owned by `view`, which knows none of them but through this. A view that nobody types in has no paste, bell or questions of
programs: what its record holds is long past.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QRect, Signal

from aether_desktop.stores.terminals import TerminalSession
from aether_desktop.widgets.terminal.announcements import Announcements
from aether_desktop.widgets.terminal.ask_bar import BarHost
from aether_desktop.widgets.terminal.bell import BellFlash
from aether_desktop.widgets.terminal.clipboard import Clipboard
from aether_desktop.widgets.terminal.clipboard_requests import ClipboardRequests
from aether_desktop.widgets.terminal.commands import Command
from aether_desktop.widgets.terminal.finding import Finding
from aether_desktop.widgets.terminal.links import Links
from aether_desktop.widgets.terminal.menu import ContextMenu
from aether_desktop.widgets.terminal.preferences import DEFAULT_FONT_PX
from aether_desktop.widgets.terminal.prompt_marks import PromptMarks
from kernel.term.events import Bell, ClipboardRequest, CwdChanged, Notification, PromptMark, SizeChanged, TitleChanged

if TYPE_CHECKING:
    from aether_desktop.widgets.terminal.view import TerminalView


class Parts(QObject):
    """The features of one view."""

    titled = Signal(str)
    """The program's new window title."""
    moved = Signal(str)
    """The address of the shell's folder (OSC 7), as the program wrote it."""
    notified = Signal(str, str)
    """The program wants a message shown: title and text, both untrusted."""

    def __init__(self, view: TerminalView) -> None:
        super().__init__(view)
        self._view = view
        self._session: TerminalSession | None = None
        self.bars = BarHost(view, self._cursor, view.setFocus)
        view.rows_shown.connect(self.bars.watch_cursor)
        self.clipboard = Clipboard(view, self.bars)
        self.requests = ClipboardRequests(view, self.bars)
        self.finding = Finding(view)
        self.finding.opened.connect(self.bars.watch_cursor)
        self.finding.question_wanted.connect(self.bars.take_focus)
        self.links = Links(view, self.bars)
        self.prompts = PromptMarks(view)
        self.bell = BellFlash(view)
        self.announcements = Announcements(view)
        self._add_screen_commands()
        self._add_zoom_commands()
        self.menu = ContextMenu(view)
        view.session_changed.connect(self._on_session)

    def _cursor(self) -> QRect:
        """Where the person types: a question lies over that no longer than it has to."""
        find, focused = self.finding.bar, self._view.window().focusWidget()
        if find is not None and focused is not None and find.isAncestorOf(focused):
            return find.geometry()
        # With another font it has another grid.
        return self._view.grid.cursor_rect()

    def _on_session(self) -> None:
        if self._session is not None:
            self._session.changed.disconnect(self.bars.watch_cursor)
            self._session.told.disconnect(self._on_told)
            self._session.arrived.disconnect(self._on_arrived)
            self._session.leave(self._view)
        self._session = session = self._view.session
        self.bars.clear()
        if session is not None:
            # A cursor that moves alone shows no other rows.
            session.changed.connect(self.bars.watch_cursor)
            session.told.connect(self._on_told)
            session.arrived.connect(self._on_arrived)
            if session.has_arrived:
                self._on_arrived()

    def _on_arrived(self) -> None:
        """What was told while nobody listened."""
        terminal = self._view.terminal
        self.prompts.forget()
        if self._view.interactive and terminal.title:
            self.titled.emit(terminal.title)
        if self._view.interactive and terminal.cwd:
            self.moved.emit(terminal.cwd)

    def _on_told(self, event: object) -> None:
        if isinstance(event, PromptMark | SizeChanged):
            self.prompts.forget()
        elif not self._view.interactive:
            return
        elif isinstance(event, Bell):
            self.bell.ring()
        elif isinstance(event, TitleChanged):
            self.titled.emit(event.title)
        elif isinstance(event, CwdChanged):
            self.moved.emit(event.uri)
        elif self._session is None or not self._session.speaks_through(self._view):
            return
        elif isinstance(event, ClipboardRequest):
            self.requests.on_request(event)
        elif isinstance(event, Notification):
            self.notified.emit(event.title, event.body)

    def _add_screen_commands(self) -> None:
        view = self._view
        view.commands.add(
            Command("clear-history", "Clear Scrollback", self._clear_history, ("Ctrl+Shift+Del",), "screen", self._has_history)
        )
        if view.interactive:
            view.commands.add(
                Command("reset", "Reset", self._reset, (), "screen", self._has_session),
                Command("question", "Go to the Question", self.bars.take_focus, ("Ctrl+Shift+Return",)),
            )

    def _add_zoom_commands(self) -> None:
        preferences = self._view.preferences

        def zoom(step: int) -> None:
            preferences.set_font_px(preferences.font_px + step)

        self._view.commands.add(
            Command("zoom-in", "Larger", lambda: zoom(1), ("Ctrl++", "Ctrl+=", "Ctrl+Shift++", "Ctrl+Shift+="), "zoom"),
            # Not with Shift: on many keyboards that is Ctrl+_, which undoes in a shell.
            Command("zoom-out", "Smaller", lambda: zoom(-1), ("Ctrl+-",), "zoom"),
            Command(
                "zoom-reset",
                "Actual Size",
                lambda: preferences.set_font_px(DEFAULT_FONT_PX),
                ("Ctrl+0", "Ctrl+Shift+0", "Ctrl+Shift+)"),
                "zoom",
            ),
        )

    def _has_session(self) -> bool:
        return self._view.session is not None

    def _has_history(self) -> bool:
        return len(self._view.terminal.history) > 0

    def _clear_history(self) -> None:
        self._view.selecting.clear()
        if self._session is not None:
            self._session.clear_history()
        self._view.viewport.follow()
        self._view.refresh()

    def _reset(self) -> None:
        """As RIS does, for a screen that a binary file has put into disorder."""
        if self._session is not None:
            self._session.reset()
        self._view.viewport.follow()
        self._view.refresh()
