"""One setting on the page: its name and what it means at the left, its control at the right, what is wrong with it below."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from aether_desktop.theme.tokens import SPACE
from aether_desktop.widgets.label import Label

_NARROW_PX = 420
_SMALL_PX = 60


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
        words.addStretch(1)
        name = Label(label, wrap=True)
        # On Linux a list of choices is called what is chosen; what it is for is known by this alone.
        name.setBuddy(control)
        words.addWidget(name)
        if text:
            words.addWidget(Label(text, "caption", wrap=True))
        words.addStretch(1)
        # No alignment of its own: an aligned layout gets the height of its widest form, and texts that wrap lose lines.
        grid.addLayout(words, 0, 0)
        grid.addWidget(self._problem, 2, 0, 1, 2)
        self._grid = grid
        self._narrow = False
        self._put_control()

    @property
    def problem(self) -> str:
        """What is wrong with the value; empty if nothing is."""
        return self._problem.text()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a narrow window a wide control goes below the words."""
        super().resizeEvent(event)
        narrow = event.size().width() < _NARROW_PX and _width_of(self._control) > _SMALL_PX
        if narrow is not self._narrow:
            self._narrow = narrow
            self._put_control()

    def minimumSizeHint(self) -> QSize:
        """As narrow as its control: the words go above it."""
        return QSize(_width_of(self._control), super().minimumSizeHint().height())

    def _put_control(self) -> None:
        self._grid.removeWidget(self._control)
        if self._narrow:
            self._grid.addWidget(self._control, 1, 0, 1, 2, Qt.AlignmentFlag.AlignLeft)
        else:
            self._grid.addWidget(self._control, 0, 1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)

    def say(self, problem: str) -> None:
        """Say what is wrong with the value, or that nothing is."""
        self._problem.setText(problem)
        self._problem.setVisible(bool(problem))
        self._control.setAccessibleDescription(problem or self._text)
        self._control.setProperty("invalid", bool(problem))
        self._control.style().unpolish(self._control)
        self._control.style().polish(self._control)


def _width_of(control: QWidget) -> int:
    return max(control.minimumWidth(), control.minimumSizeHint().width())
