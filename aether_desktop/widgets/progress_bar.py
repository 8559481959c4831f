"""A thin bar that shows how far something is, in a phase's colour or the accent."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from aether_desktop.theme.current import tokens_of
from aether_desktop.theme.tokens import Tokens

_HEIGHT_PX = 3


def paint_progress(painter: QPainter, area: QRectF, tokens: Tokens, fraction: float, phase: str = "") -> None:
    """Paint a bar in ``area``, filled to ``fraction`` (clamped to 0..1), in the colour of ``phase`` or the accent."""
    radius = area.height() / 2
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(tokens.surface3))
    painter.drawRoundedRect(area, radius, radius)
    filled = area.width() * min(1.0, max(0.0, fraction))
    if filled > 0:
        painter.setBrush(QColor(tokens.phase(phase).mark if phase else tokens.accent))
        painter.drawRoundedRect(QRectF(area.x(), area.y(), max(filled, area.height()), area.height()), radius, radius)
    painter.restore()


class ProgressBar(QWidget):
    """A bar of 3 px. It never moves by itself: only ``set_fraction`` changes it."""

    def __init__(self, name: str, fraction: float = 0.0, *, phase: str = "", parent: QWidget | None = None) -> None:
        """``name`` says what progresses, for screen readers; ``fraction`` is 0..1."""
        super().__init__(parent)
        self._name = name
        self._fraction = -1.0
        self._phase = phase
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.set_fraction(fraction)

    @property
    def fraction(self) -> float:
        """How far it is, 0..1."""
        return self._fraction

    def set_fraction(self, fraction: float) -> None:
        """Show ``fraction`` (clamped to 0..1)."""
        bounded = min(1.0, max(0.0, fraction))
        if bounded != self._fraction:
            self._fraction = bounded
            self.setAccessibleName(f"{self._name}: {round(bounded * 100)} %")
            self.update()

    def set_phase(self, phase: str) -> None:
        """Colour the bar for ``phase``."""
        if phase != self._phase:
            self._phase = phase
            self.update()

    def sizeHint(self) -> QSize:
        """As wide as there is room, 3 px high."""
        return QSize(80, _HEIGHT_PX)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the bar in the middle of the widget's height."""
        painter = QPainter(self)
        area = QRectF(0, (self.height() - _HEIGHT_PX) / 2, self.width(), _HEIGHT_PX)
        paint_progress(painter, area, tokens_of(self), self._fraction, self._phase)
