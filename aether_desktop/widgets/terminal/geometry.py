"""The size of a cell in device pixels, for a font size and a screen's density.

Cells are whole device pixels, so that tiles meet without seams at every scale. Called by the view and its painters.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtGui import QFont, QFontMetricsF

from aether_desktop.theme.fonts import mono_font

SMALLEST_PX = 6
LARGEST_PX = 48


@dataclass(frozen=True, slots=True)
class CellGeometry:
    """A cell: width, height and baseline (from the top) in device pixels; font_px is the font's size in device pixels.

    ratio: device pixels in one logical pixel.
    """

    width: int
    height: int
    baseline: int
    font_px: int
    ratio: float

    @property
    def logical_width(self) -> float:
        """Width in the widget's pixels."""
        return self.width / self.ratio

    @property
    def logical_height(self) -> float:
        """Height in the widget's pixels."""
        return self.height / self.ratio

    def font(self, *, bold: bool = False, italic: bool = False) -> QFont:
        """The font whose glyphs fill these cells."""
        font = mono_font(self.font_px, bold=bold)
        font.setItalic(italic)
        return font


def cell_geometry(font_px: int, ratio: float) -> CellGeometry:
    """The cell of the bundled monospace font at `font_px` logical pixels on a screen of `ratio` device pixels each."""
    size = max(1, round(max(SMALLEST_PX, min(LARGEST_PX, font_px)) * ratio))
    metrics = QFontMetricsF(mono_font(size))
    height = math.ceil(metrics.ascent() + metrics.descent()) + round(ratio)
    return CellGeometry(
        width=max(1, round(metrics.horizontalAdvance("M"))),
        height=height,
        baseline=round(metrics.ascent() + ratio / 2),
        font_px=size,
        ratio=ratio,
    )
