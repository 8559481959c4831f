"""A card that floats over a button: rounded, with a shadow, closed by Escape or a click beside it. Apps put their content into it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QRectF, Qt
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QFrame, QWidget

from aether_desktop.theme.current import tokens_of
from aether_desktop.theme.tokens import RADIUS, SPACE
from aether_desktop.widgets.backdrop import picture_behind

SHADOW_PX = 18
GAP_PX = 4
_DROP_PX = 5
_SHADOW_ALPHA = {True: 11, False: 3}
"""Of each of the shadow's layers, on a dark and on a light ground."""


class Popover(QFrame):
    """Keeps `SHADOW_PX` free around its card on all sides: content goes inside of ``contentsMargins``."""

    def __init__(self, parent: QWidget | None = None) -> None:
        hints = Qt.WindowType.FramelessWindowHint | Qt.WindowType.NoDropShadowWindowHint
        super().__init__(parent, Qt.WindowType.Popup | hints)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAttribute(Qt.WidgetAttribute.WA_TranslucentBackground)
        self.setContentsMargins(SHADOW_PX, SHADOW_PX, SHADOW_PX, SHADOW_PX)
        self._corner = QPoint()
        self._behind = QPixmap()

    def open_above(self, button: QWidget) -> None:
        """Show it with its lower right corner above the button's right edge, inside of the screen."""
        self._corner = button.mapToGlobal(QPoint(button.width(), -GAP_PX))
        self.place()
        self.show()
        self.setFocus()

    def place(self) -> None:
        """Put it where `open_above` wanted it, for its present size. The shadow may reach beyond the screen, the card may not."""
        screen = self.screen().availableGeometry().adjusted(-SHADOW_PX, -SHADOW_PX, SHADOW_PX, SHADOW_PX)
        left = self._corner.x() + SHADOW_PX - self.width()
        top = self._corner.y() + SHADOW_PX - self.height()
        self.move(max(screen.left(), min(left, screen.right() - self.width())), max(screen.top(), top))
        self._behind = picture_behind(self, self.rect())
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape closes it."""
        if event.key() == Qt.Key.Key_Escape:
            self.close()
        else:
            super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """Another theme has another ground."""
        super().changeEvent(event)
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """What lies behind, the shadow, then the card."""
        tokens = tokens_of(self)
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._behind)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        card = QRectF(self.rect()).adjusted(SHADOW_PX, SHADOW_PX, -SHADOW_PX, -SHADOW_PX)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(0, 0, 0, _SHADOW_ALPHA[tokens.dark]))
        for reach in range(1, SHADOW_PX - _DROP_PX + 1):
            layer = card.adjusted(-reach, -reach, reach, reach).translated(0, _DROP_PX * reach / SHADOW_PX)
            painter.drawRoundedRect(layer, RADIUS.medium + reach, RADIUS.medium + reach)
        painter.setBrush(QColor(tokens.surface2))
        painter.drawRoundedRect(card, RADIUS.medium, RADIUS.medium)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QColor(tokens.line_strong))
        painter.drawRoundedRect(card.adjusted(0.5, 0.5, -0.5, -0.5), RADIUS.medium, RADIUS.medium)


def widest(window: QWidget) -> int:
    """How wide a popover in this window may be, with its shadow, in px."""
    return window.width() - 2 * SPACE.lg + 2 * SHADOW_PX
