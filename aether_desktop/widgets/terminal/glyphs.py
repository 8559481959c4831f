"""Glyphs as coverage masks of whole cells: from the bundled font, its fallbacks, or drawn to the cell's grid.

A `GlyphSource` is asked by the atlas for the masks of a few characters at a time. Line drawing comes from `box_drawing`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QImage, QPainter

from aether_desktop.widgets.terminal.box_drawing import box_mask
from aether_desktop.widgets.terminal.geometry import CellGeometry

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Glyph(NamedTuple):
    """What to draw: the text of one cell, how many cells wide (1 or 2), and which face."""

    text: str
    span: int
    bold: bool
    italic: bool


class Mask(NamedTuple):
    """A drawn glyph: coverage (height, span * width) 0..255, or premultiplied colours (height, span * width, 4: B G R A)."""

    coverage: NDArray[np.uint8]
    colours: NDArray[np.uint8] | None = None


class GlyphSource:
    """Draws glyphs for cells of one size."""

    def __init__(self, geometry: CellGeometry) -> None:
        self._geometry = geometry
        self._fonts = {
            (bold, italic): geometry.font(bold=bold, italic=italic) for bold in (False, True) for italic in (False, True)
        }
        self._metrics = {face: QFontMetricsF(font) for face, font in self._fonts.items()}

    @property
    def geometry(self) -> CellGeometry:
        """The cell that glyphs fill."""
        return self._geometry

    def draw(self, glyphs: Sequence[Glyph]) -> list[Mask]:
        """The masks of glyphs, in their order."""
        import numpy as np

        cell = self._geometry
        image = QImage(sum(glyph.span for glyph in glyphs) * cell.width, cell.height, QImage.Format.Format_ARGB32_Premultiplied)
        image.fill(Qt.GlobalColor.transparent)
        painter = QPainter(image)
        painter.setPen(Qt.GlobalColor.white)
        lefts: list[int] = []
        left = 0
        for glyph in glyphs:
            lefts.append(left)
            self._draw_one(painter, glyph, left)
            left += glyph.span * cell.width
        painter.end()
        pixels = np.frombuffer(image.constBits(), np.uint8).reshape(cell.height, image.bytesPerLine() // 4, 4)
        return [
            self._mask(glyph, pixels[:, left : left + glyph.span * cell.width])
            for glyph, left in zip(glyphs, lefts, strict=True)
        ]

    def _draw_one(self, painter: QPainter, glyph: Glyph, left: int) -> None:
        cell = self._geometry
        text = glyph.text
        face = (glyph.bold, glyph.italic)
        painter.setFont(self._fonts[face])
        width = glyph.span * cell.width
        painter.setClipRect(QRectF(left, 0, width, cell.height))
        if text.isascii():
            painter.drawText(QPointF(left, cell.baseline), text)
            return
        advance = self._metrics[face].horizontalAdvance(text)
        if advance <= width * 1.02:
            # A fallback's narrower glyph sits in the middle of its cells.
            painter.drawText(QPointF(left + max(0.0, (width - advance) / 2), cell.baseline), text)
            return
        painter.save()
        painter.translate(left, cell.baseline)
        scale = width / advance
        painter.scale(scale, max(scale, 0.8))
        painter.drawText(QPointF(0, 0), text)
        painter.restore()

    def _mask(self, glyph: Glyph, pixels: NDArray[np.uint8]) -> Mask:
        cell = self._geometry
        drawn = box_mask(glyph.text, cell.width, cell.height) if glyph.span == 1 and len(glyph.text) == 1 else None
        if drawn is not None:
            return Mask(drawn)
        coverage = pixels[:, :, 3].copy()
        if glyph.text.isascii():
            return Mask(coverage)
        # White ink gives equal channels; anything else is a glyph that brings its own colours.
        grey = bool((pixels[:, :, :3] == coverage[:, :, None]).all())
        return Mask(coverage, None if grey else pixels.copy())
