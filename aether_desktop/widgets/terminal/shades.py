"""Colour laid over cells as if it were behind their text: the paper changes, the letters keep their contrast.

Called by what marks cells: the selection and the matches of a search.
"""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QPainter

from aether_desktop.widgets.terminal.colours import Scheme, mix

_MIDDLE = 128


def shade(painter: QPainter, area: QRectF, colour: int, scheme: Scheme, *, share: float = 1.0) -> None:
    """Shade some cells. colour: 0xRRGGBB. share: how much of it is mixed into the paper, 0 to 1."""
    dark = QColor(scheme.background).lightness() < _MIDDLE
    mode = QPainter.CompositionMode.CompositionMode_Lighten if dark else QPainter.CompositionMode.CompositionMode_Darken
    painter.setCompositionMode(mode)
    painter.fillRect(area, QColor(mix(colour, scheme.background, share)))
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceOver)
