"""The card: a filled rounded ground with a line around it, the same under sheets, panels and bars.

What paints itself on a card calls ``paint_card`` first.
"""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QWidget


def paint_card(painter: QPainter, widget: QWidget, fill: str, line: str, radius: float) -> None:
    """Fill all of ``widget`` with ``fill`` and draw ``line`` just inside its edge; both are colours, ``radius`` is in px.

    ``painter`` is left with antialiasing on.
    """
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QColor(line))
    painter.setBrush(QColor(fill))
    painter.drawRoundedRect(QRectF(widget.rect()).adjusted(0.5, 0.5, -0.5, -0.5), radius, radius)
