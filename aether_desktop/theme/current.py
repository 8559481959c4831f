"""Which tokens apply to a widget right now.

Qt already carries the palette to every widget and repaints them when it changes; the palette's window colour tells which
theme it was made from. So painting code needs neither a manager nor a subscription. Called from ``paintEvent`` and the
like; it holds no state.
"""

from __future__ import annotations

from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QWidget

from aether_desktop.theme.tokens import DARK, LIGHT, Tokens

_LIGHTNESS_LIMIT = 128


def tokens_of(widget: QWidget) -> Tokens:
    """Return the tokens of the theme that ``widget`` is shown in."""
    return tokens_for_palette(widget.palette())


def tokens_for_palette(palette: QPalette) -> Tokens:
    """Return the tokens that belong to ``palette`` (light for a foreign palette with a light window colour)."""
    return LIGHT if palette.color(QPalette.ColorRole.Window).lightness() >= _LIGHTNESS_LIMIT else DARK


def colour(value: str) -> QColor:
    """Return a token's colour (``#rrggbb`` or ``#aarrggbb``) for painting."""
    return QColor(value)
