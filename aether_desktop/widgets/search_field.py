"""A one-line field to search with: a magnifier, a text to clear, Escape clears."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from aether_desktop.theme.current import tokens_of
from aether_desktop.theme.fonts import ui_font
from aether_desktop.theme.icons import icon, paint_icon
from aether_desktop.theme.tokens import TYPE

_ICON_PX = 14
_LEAST_PX = 64
_LEFT_MARGIN_PX = 20


class SearchField(QLineEdit):
    """Emits ``query_changed`` as the person types (not when the program sets the text)."""

    query_changed = Signal(str)
    """Emitted with the stripped text."""

    def __init__(self, placeholder: str, *, width_px: int = 180, parent: QWidget | None = None) -> None:
        """``placeholder`` also is the accessible name."""
        super().__init__(parent)
        self.setPlaceholderText(placeholder)
        self.setAccessibleName(placeholder)
        self.setFont(ui_font(TYPE.label))
        self.setTextMargins(_LEFT_MARGIN_PX, 0, 0, 0)
        self.setMinimumWidth(90)
        self.setMaximumWidth(width_px)
        self._clear = self.addAction(
            icon("close", QColor(tokens_of(self).text3)), QLineEdit.ActionPosition.TrailingPosition
        )
        self._clear.setToolTip("Clear (Esc)")
        self._clear.setVisible(False)
        self._clear.triggered.connect(self._on_clear_requested)
        self.textChanged.connect(lambda text: self._clear.setVisible(bool(text)))
        self.textEdited.connect(lambda text: self.query_changed.emit(text.strip()))

    def minimumSizeHint(self) -> QSize:
        """Room for the magnifier and a few letters."""
        return QSize(_LEAST_PX, super().minimumSizeHint().height())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape clears; in an empty field it is left to the window."""
        if event.key() == Qt.Key.Key_Escape and self.text():
            self._on_clear_requested()
            return
        super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """Colour the clear icon anew with the theme."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and hasattr(self, "_clear"):
            self._clear.setIcon(icon("close", QColor(tokens_of(self).text3)))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the magnifier over the field."""
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(10, (self.height() - _ICON_PX) / 2, _ICON_PX, _ICON_PX)
        paint_icon(painter, area, "search", QColor(tokens_of(self).text3))

    def _on_clear_requested(self) -> None:
        self.clear()
        self.query_changed.emit("")
