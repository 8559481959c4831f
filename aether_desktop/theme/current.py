"""Which tokens apply to a widget right now.

Qt keeps the palette of the application and repaints all widgets when it changes; its window colour tells which theme it
was made from. So painting code needs neither a manager nor a subscription. Called from ``paintEvent`` and the like; it
holds no state.
"""

from __future__ import annotations

from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication, QWidget

from aether_desktop.theme.tokens import DARK, LIGHT, Tokens

_LIGHTNESS_LIMIT = 128


def tokens_of(_widget: QWidget) -> Tokens:
    """Return the tokens of the theme that a widget is shown in.

    The widget's own palette is not asked: a style sheet rule (``background: transparent``) changes it.
    """
    return tokens_for_palette(QApplication.palette())


def tokens_for_palette(palette: QPalette) -> Tokens:
    """Return the tokens that belong to ``palette`` (light for a foreign palette with a light window colour)."""
    return LIGHT if palette.color(QPalette.ColorRole.Window).lightness() >= _LIGHTNESS_LIMIT else DARK


def colour(value: str) -> QColor:
    """Return a token's colour (``#rrggbb`` or ``#aarrggbb``) for painting."""
    return QColor(value)
