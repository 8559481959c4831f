"""A widget whose keys are commands, wherever in it the focus is. The base of the pages that hold tabs of terminals."""

from __future__ import annotations

from PySide6.QtCore import QEvent
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget

from aether_desktop.widgets.terminal.commands import Commands


class CommandWidget(QWidget):
    """Does what its ``commands`` say."""

    def __init__(self) -> None:
        super().__init__()
        self.commands = Commands()

    def event(self, event: QEvent) -> bool:
        """Its keys come before the window's shortcuts also where no terminal has the focus."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self.commands.wants(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """See ``commands``."""
        if not self.commands.handle(event):
            super().keyPressEvent(event)
