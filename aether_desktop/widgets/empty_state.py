"""What a list or a window shows while it has nothing: what it is for and what to do first."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from aether_desktop.theme.current import tokens_of
from aether_desktop.theme.icons import paint_icon
from aether_desktop.theme.tokens import SPACE
from aether_desktop.widgets.button import Button
from aether_desktop.widgets.label import Label

_ICON_PX = 40
_TEXT_WIDTH_PX = 380


class _LargeIcon(QWidget):
    def __init__(self, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._icon_name = name
        self.setFixedSize(QSize(_ICON_PX, _ICON_PX))

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_icon(painter, QRect(0, 0, _ICON_PX, _ICON_PX), self._icon_name, QColor(tokens_of(self).text3))


class EmptyState(QWidget):
    """An icon, a sentence, an explanation and one button, centred; in a low window without the icon, then without the explanation."""

    action_requested = Signal()
    """Emitted when the button was pressed."""

    def __init__(
        self, icon: str, title: str, detail: str = "", action: str = "", *, parent: QWidget | None = None
    ) -> None:
        """Without ``action`` there is no button."""
        super().__init__(parent)
        self._title = Label(title, "lead", wrap=True)
        self._detail = Label(detail, "secondary", wrap=True)
        self._icon = _LargeIcon(icon, self)
        middle = QWidget()
        middle.setMaximumWidth(_TEXT_WIDTH_PX)
        self._row = row = QHBoxLayout(self)
        row.setContentsMargins(SPACE.lg, SPACE.lg, SPACE.lg, SPACE.lg)
        row.addStretch(1)
        row.addWidget(middle, 20)
        row.addStretch(1)
        self._column = column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE.sm)
        column.addStretch(1)
        column.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addSpacing(SPACE.xs)
        for label in (self._title, self._detail):
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            column.addWidget(label)
        self._detail.setVisible(bool(detail))
        if action:
            button = Button(action, "primary")
            button.clicked.connect(self.action_requested)
            column.addSpacing(SPACE.sm)
            column.addWidget(button, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(2)

    def set_text(self, title: str, detail: str = "") -> None:
        """Change the sentence and the explanation."""
        self._title.setText(title)
        self._detail.setText(detail)
        self._fit()

    def minimumSizeHint(self) -> QSize:
        """Room for the sentence: what does not fit is left out, and nothing around it is pushed away."""
        return QSize(120, self._title.minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave out what there is no room for."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        width = max(1, min(_TEXT_WIDTH_PX, self.width() - 2 * SPACE.lg))
        self._icon.show()
        self._detail.setVisible(bool(self._detail.text()))
        for part in (self._icon, self._detail):
            self._column.invalidate()
            if self._column.totalHeightForWidth(width) <= self.height():
                break
            part.hide()
        tight = self._column.totalHeightForWidth(width) + 2 * SPACE.lg > self.height()
        self._row.setContentsMargins(SPACE.lg, 0 if tight else SPACE.lg, SPACE.lg, 0 if tight else SPACE.lg)
