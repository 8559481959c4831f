"""The translucent rectangle that shows where a dragged window would snap to."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, Qt, QVariantAnimation
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from aether_desktop.theme.current import tokens_of
from aether_desktop.theme.motion import EASING, duration_ms
from aether_desktop.theme.tokens import MOTION

_INSET_PX = 6
_FILL_ALPHA = 48


class SnapPreview(QWidget):
    """Lies in the window layer, below the dragged window; never takes the mouse."""

    def __init__(self, layer: QWidget) -> None:
        super().__init__(layer)
        self._target = QRect()
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()
        self._animation = QVariantAnimation(self)
        self._animation.setEasingCurve(EASING)
        self._animation.valueChanged.connect(self.setGeometry)

    @property
    def target(self) -> QRect:
        """Where it shows that the window will go; empty while hidden."""
        return self._target

    def show_at(self, target: QRect, start: QRect, below: QWidget) -> None:
        """Grow from ``start`` (or from where it is) to ``target``, stacked under ``below``."""
        if target == self._target:
            return
        self._target = QRect(target)
        self._animation.stop()
        self._animation.setDuration(duration_ms(MOTION.quick))
        self._animation.setStartValue(self.geometry() if self.isVisible() else start)
        self._animation.setEndValue(target)
        self.stackUnder(below)
        self.show()
        self._animation.start()

    def dismiss(self) -> None:
        """Disappear."""
        self._animation.stop()
        self._target = QRect()
        self.hide()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint a tinted, outlined rectangle."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colour = QColor(tokens_of(self).accent)
        painter.setPen(QPen(colour, 2))
        fill = QColor(colour)
        fill.setAlpha(_FILL_ALPHA)
        painter.setBrush(fill)
        area = QRectF(self.rect()).adjusted(_INSET_PX, _INSET_PX, -_INSET_PX, -_INSET_PX)
        painter.drawRoundedRect(area, 10, 10)
