"""A small rounded count or word; amber where it asks for the person."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from aether_desktop.theme.current import tokens_of
from aether_desktop.theme.fonts import tabular_ui_font
from aether_desktop.theme.tokens import TYPE, Tokens

BadgeKind = Literal["attention", "neutral", "accent"]

_HEIGHT_PX = 17
_MAX_COUNT = 99


def count_text(count: int) -> str:
    """Return a count as a badge shows it: ``99+`` above 99, nothing at zero or below."""
    if count <= 0:
        return ""
    return f"{_MAX_COUNT}+" if count > _MAX_COUNT else str(count)


def paint_badge(painter: QPainter, area: QRectF, tokens: Tokens, text: str, kind: BadgeKind = "attention") -> None:
    """Paint a badge that fills ``area``."""
    fill, ink = {
        "attention": (tokens.attention_fill, tokens.on_attention),
        "accent": (tokens.accent_fill, tokens.on_accent),
        "neutral": (tokens.surface3, tokens.text2),
    }[kind]
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(fill))
    painter.drawRoundedRect(area, area.height() / 2, area.height() / 2)
    painter.setPen(QColor(ink))
    painter.setFont(badge_font())
    painter.drawText(area, Qt.AlignmentFlag.AlignCenter, text)
    painter.restore()


def badge_font() -> QFont:
    """Return the font of badges, for measuring."""
    return tabular_ui_font(TYPE.caption, QFont.Weight.DemiBold)


def badge_width(text: str) -> int:
    """Return how wide, in px, a badge with ``text`` is."""
    return max(_HEIGHT_PX, QFontMetrics(badge_font()).horizontalAdvance(text) + 11)


class Badge(QWidget):
    """A badge widget. Empty text hides it."""

    def __init__(self, text: str = "", kind: BadgeKind = "neutral", *, parent: QWidget | None = None) -> None:
        """Show ``text``."""
        super().__init__(parent)
        self._text = ""
        self._kind: BadgeKind = kind
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.set_text(text)

    @property
    def text(self) -> str:
        """What it shows."""
        return self._text

    def set_text(self, text: str) -> None:
        """Show another text; the empty text hides the badge."""
        self._text = text
        self.setAccessibleName(text)
        self.setVisible(bool(text)) if self.parent() else None
        self.updateGeometry()
        self.update()

    def set_kind(self, kind: BadgeKind) -> None:
        """Change its colours."""
        self._kind = kind
        self.update()

    def sizeHint(self) -> QSize:
        """Room for the text."""
        return QSize(badge_width(self._text), _HEIGHT_PX)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the badge."""
        if self._text:
            paint_badge(QPainter(self), QRectF(self.rect()), tokens_of(self), self._text, self._kind)
