"""A small rounded count in the colour of what asks for the person, painted by whoever shows it."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter

from aether_desktop.theme.fonts import tabular_ui_font
from aether_desktop.theme.tokens import TYPE, Tokens

_LEAST_WIDTH_PX = 17


def paint_badge(painter: QPainter, area: QRectF, tokens: Tokens, text: str) -> None:
    """Paint a badge that fills ``area``."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(tokens.attention_fill))
    painter.drawRoundedRect(area, area.height() / 2, area.height() / 2)
    painter.setPen(QColor(tokens.on_attention))
    painter.setFont(_badge_font())
    painter.drawText(area, Qt.AlignmentFlag.AlignCenter, text)
    painter.restore()


def badge_width(text: str) -> int:
    """Return how wide, in px, a badge with ``text`` is."""
    return max(_LEAST_WIDTH_PX, QFontMetrics(_badge_font()).horizontalAdvance(text) + 11)


def _badge_font() -> QFont:
    return tabular_ui_font(TYPE.caption, QFont.Weight.DemiBold)
