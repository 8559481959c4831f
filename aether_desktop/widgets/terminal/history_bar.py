"""The scroll bar of a terminal's history. Called by `view`."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QScrollBar, QWidget

from aether_desktop.widgets.terminal.viewport import Viewport
from kernel.term import Terminal

SCROLLBAR_PX = 10


class HistoryBar(QScrollBar):
    """Hidden while there is no history."""

    asked = Signal(int)
    """The absolute line that the person wants at the top."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Vertical, parent)
        self._oldest = 0
        self.setAccessibleName("Terminal history")
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setCursor(Qt.CursorShape.ArrowCursor)
        self.setVisible(False)
        self.valueChanged.connect(lambda value: self.asked.emit(self._oldest + value))

    def show_place(self, terminal: Terminal, viewport: Viewport) -> None:
        """Follow what the view shows."""
        size = len(terminal.history)
        self._oldest = terminal.history_dropped
        value = size - viewport.back(terminal)
        if (self.maximum(), self.pageStep(), self.value()) == (size, terminal.lines, value):
            return
        self.blockSignals(True)
        self.setRange(0, size)
        self.setPageStep(terminal.lines)
        self.setValue(value)
        self.blockSignals(False)
        self.setVisible(size > 0)
