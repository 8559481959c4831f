"""Makes terminal widgets: what all of them share is made once, and nothing of it before the first terminal shows.

Owned by the bootstrap, handed to apps in `AppContext.terminals`.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from aether_desktop.bridge.client import KernelClient
from aether_desktop.bridge.tasks import TaskOwner
from aether_desktop.stores.terminal_schedule import TerminalSchedule
from aether_desktop.stores.terminals import PREVIEW_BYTES, TerminalSession, TerminalStore
from aether_desktop.widgets.terminal.preferences import TerminalPreferences

if TYPE_CHECKING:
    from aether_desktop.widgets.terminal.atlases import Atlases
    from aether_desktop.widgets.terminal.view import TerminalView


class TerminalFactory:
    """Terminals of one kernel in one window. parent: owns the sessions.

    preferences: font and colours of all of them. tasks: what has to be finished even when a terminal's widget is gone.
    """

    def __init__(self, client: KernelClient, parent: QObject) -> None:
        self.preferences = TerminalPreferences(parent, client)
        self.tasks = TaskOwner(parent)
        self._schedule = TerminalSchedule(parent)
        self._sessions = TerminalStore(client, self._schedule, parent)
        self._previews = TerminalStore(client, self._schedule, parent, recent_bytes=PREVIEW_BYTES)

    @cached_property
    def atlases(self) -> Atlases:
        """Drawn glyphs."""
        from aether_desktop.widgets.terminal.atlases import Atlases

        return Atlases()

    @property
    def schedule(self) -> TerminalSchedule:
        """Whose turn it is to be parsed."""
        return self._schedule

    def open(self, tty_id: str) -> TerminalSession:
        """A terminal with all of its history; `release` it, or give it to a view, which does."""
        return self._sessions.open(tty_id)

    def open_preview(self, tty_id: str) -> TerminalSession:
        """An agent's record from shortly before its end; `release` it."""
        return self._previews.open(tty_id)

    def view(self, *, interactive: bool, parent: QWidget | None = None) -> TerminalView:
        """A widget that shows no terminal yet."""
        from aether_desktop.widgets.terminal.view import TerminalView

        return TerminalView(self.atlases, interactive=interactive, preferences=self.preferences, parent=parent)
