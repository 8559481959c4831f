"""What can be done to the selected agents at once; shown while several are selected."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from aether_desktop.theme.current import tokens_of
from aether_desktop.theme.tokens import SPACE
from aether_desktop.widgets.button import Button, IconButton
from aether_desktop.widgets.label import ElidedLabel


class SelectionBar(QWidget):
    """A count and four buttons."""

    pause_requested = Signal()
    """The selected agents shall stand still."""
    resume_requested = Signal()
    """The selected agents shall go on."""
    stop_requested = Signal()
    """The selected agents shall end."""
    clear_requested = Signal()
    """Nothing shall be selected."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._label = ElidedLabel("", "body")
        self.pause = Button("Pause", icon="pause", tooltip="Pause the selected agents", shortcut="Space")
        self.resume = Button("Resume", icon="play", tooltip="Let the selected agents go on", shortcut="Space")
        self.stop = Button("Stop…", "danger", icon="stop", tooltip="Stop the selected agents", shortcut="Delete")
        self.clear = IconButton("close", "Select none", shortcut="Escape")
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACE.lg, SPACE.sm, SPACE.md, SPACE.sm)
        row.setSpacing(SPACE.sm)
        row.addWidget(self._label, 1)
        for button in (self.pause, self.resume, self.stop, self.clear):
            row.addWidget(button)
        self.pause.clicked.connect(self.pause_requested)
        self.resume.clicked.connect(self.resume_requested)
        self.stop.clicked.connect(self.stop_requested)
        self.clear.clicked.connect(self.clear_requested)

    def show_selection(self, count: int, *, running: int, paused: int) -> None:
        """Say how many are selected and how many of those run or stand still."""
        self._label.setText(f"{count} agents selected")
        self.setAccessibleName(f"{count} agents selected")
        usable = {self.pause: running > 0, self.resume: paused > 0, self.stop: running + paused > 0, self.clear: True}
        had = self.window().focusWidget()  # also where another window is in front
        if any(button is had and not able for button, able in usable.items()):
            # Left to itself the keyboard would go on to the button that stops them.
            heir = next(button for button in (self.pause, self.resume, self.clear) if usable[button])
            heir.setEnabled(True)
            heir.setFocus(Qt.FocusReason.OtherFocusReason)
        for button, able in usable.items():
            button.setEnabled(able)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the bar with a line above it."""
        painter = QPainter(self)
        tokens = tokens_of(self)
        painter.fillRect(self.rect(), QColor(tokens.surface1))
        painter.fillRect(0, 0, self.width(), 1, QColor(tokens.line_strong))
