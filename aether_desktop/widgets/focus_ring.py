"""The ring around whatever has the keyboard.

Every control that paints itself calls ``paint_focus_ring`` last, so that the ring is the same everywhere.
"""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QWidget

from aether_desktop.theme.current import tokens_of

_WIDTH_PX = 2.0


def paint_focus_ring(painter: QPainter, widget: QWidget, area: QRectF, radius: float, inner: QColor | None = None) -> None:
    """Paint the ring just inside ``area`` if ``widget`` has the keyboard focus; ``radius`` is the shape's own.

    ``inner``: the colour of a second ring inside of the first, for a shape whose fill is too close to the accent: its text's colour.
    """
    if not widget.hasFocus():
        return
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(tokens_of(widget).accent), _WIDTH_PX))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    inset = _WIDTH_PX / 2
    painter.drawRoundedRect(area.adjusted(inset, inset, -inset, -inset), radius, radius)
    if inner is not None:
        inset += _WIDTH_PX
        painter.setPen(QPen(inner, _WIDTH_PX))
        painter.drawRoundedRect(area.adjusted(inset, inset, -inset, -inset), radius - _WIDTH_PX, radius - _WIDTH_PX)
    painter.restore()
