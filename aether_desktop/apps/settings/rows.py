"""One setting on the page: its name and what it means at the left, its control at the right, what is wrong with it below."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QComboBox, QGridLayout, QVBoxLayout, QWidget

from aether_desktop.theme.tokens import SPACE
from aether_desktop.widgets.label import Label


class Choice(QComboBox):
    """A list to choose from that lets the page scroll: a turn of the wheel over it changes nothing."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to the page."""
        event.ignore()


class SettingRow(QWidget):
    """Owns the control that it shows."""

    def __init__(self, label: str, control: QWidget, text: str = "", parent: QWidget | None = None) -> None:
        """``text`` says in a sentence what the setting does."""
        super().__init__(parent)
        self._control = control
        if not control.accessibleName():
            control.setAccessibleName(label)
        self._text = text
        control.setAccessibleDescription(text)
        self._problem = Label("", "error", wrap=True)
        self._problem.setVisible(False)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, SPACE.xs, 0, SPACE.xs)
        grid.setHorizontalSpacing(SPACE.lg)
        grid.setVerticalSpacing(SPACE.xs)
        grid.setColumnStretch(0, 1)
        words = QVBoxLayout()
        words.setSpacing(1)
        words.addWidget(Label(label, wrap=True))
        if text:
            words.addWidget(Label(text, "caption", wrap=True))
        grid.addLayout(words, 0, 0, Qt.AlignmentFlag.AlignVCenter)
        grid.addWidget(control, 0, 1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        grid.addWidget(self._problem, 1, 0, 1, 2)

    @property
    def problem(self) -> str:
        """What is wrong with the value; empty if nothing is."""
        return self._problem.text()

    def say(self, problem: str) -> None:
        """Say what is wrong with the value, or that nothing is."""
        self._problem.setText(problem)
        self._problem.setVisible(bool(problem))
        self._control.setAccessibleDescription(problem or self._text)
        self._control.setProperty("invalid", bool(problem))
        self._control.style().unpolish(self._control)
        self._control.style().polish(self._control)
