"""The picture of a window that flies to the dock when it is minimised.

The window itself is hidden at once: only its picture moves, so its content is not laid out for every step.
"""

from __future__ import annotations

from PySide6.QtCore import QRect, Qt, QVariantAnimation
from PySide6.QtGui import QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QWidget

from aether_desktop.theme.motion import EASING, duration_ms
from aether_desktop.theme.tokens import MOTION


class WindowGhost(QWidget):
    """Flies from one rectangle of ``surface`` to another and deletes itself."""

    def __init__(self, surface: QWidget, picture: QPixmap, start: QRect, end: QRect) -> None:
        super().__init__(surface)
        self._picture = picture
        self._opacity = 1.0
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setGeometry(start)
        self._animation = QVariantAnimation(self)
        self._animation.setDuration(duration_ms(MOTION.slow))
        self._animation.setEasingCurve(EASING)
        self._animation.setStartValue(start)
        self._animation.setEndValue(end)
        self._animation.valueChanged.connect(self._on_moved)
        self._animation.finished.connect(self.deleteLater)

    def fly(self) -> None:
        """Start."""
        self.show()
        self.raise_()
        self._animation.start()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the picture as large as the ghost is now."""
        painter = QPainter(self)
        painter.setOpacity(self._opacity)
        painter.drawPixmap(self.rect(), self._picture)

    def _on_moved(self, rect: QRect) -> None:
        span = self._animation.totalDuration()
        self._opacity = 1.0 - 0.7 * (self._animation.currentTime() / span if span else 1.0)
        self.setGeometry(rect)


def fly_to_dock(surface: QWidget, window: QWidget, target: QRect) -> None:
    """Show ``window`` (a child of the same surface) flying to ``target`` in the surface's coordinates."""
    if not target.isValid() or duration_ms(MOTION.slow) == 0 or not window.isVisible():
        return
    start = QRect(window.mapTo(surface, window.rect().topLeft()), window.size())
    WindowGhost(surface, window.grab(), start, target).fly()
