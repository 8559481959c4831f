"""A terminal's whole screen as a small picture: a cell is 2x4 logical pixels, each the average of what the glyph covers there.

For programs that fill the screen (editors, monitors), whose shape says what they do at a size at which no text can be read. Called by
Mission Control's previews; tiles come from the same kind of atlas as the full terminal's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from aether_desktop.widgets.terminal.geometry import CellGeometry
from aether_desktop.widgets.terminal.glyphs import Glyph, GlyphSource, Mask
from aether_desktop.widgets.terminal.painter import ScreenPainter

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PySide6.QtGui import QImage

    from aether_desktop.widgets.terminal.atlas import TileAtlas
    from aether_desktop.widgets.terminal.colours import Scheme
    from kernel.term import Terminal

CELL_WIDTH_PX, CELL_HEIGHT_PX = 2, 4
#: For one picture in one frame of the window.
BUDGET_S = 0.002
#: Glyphs are drawn this many times as large and averaged.
_OVERSAMPLING = 4
#: Averages of thin strokes are faint: they are made stronger by this much.
_GAIN = 1.6


class SmallGlyphs(GlyphSource):
    """Masks of cells of 2x4 logical pixels on a screen of `ratio` device pixels each."""

    def __init__(self, ratio: float) -> None:
        width, height = max(1, round(CELL_WIDTH_PX * ratio)), max(1, round(CELL_HEIGHT_PX * ratio))
        large_height = height * _OVERSAMPLING
        font_px = max(1, round(large_height * 0.75))
        super().__init__(CellGeometry(width * _OVERSAMPLING, large_height, font_px, font_px, ratio))
        self._small = CellGeometry(width, height, height, font_px, ratio)

    @property
    def geometry(self) -> CellGeometry:
        """The small cell."""
        return self._small

    def draw(self, glyphs: Sequence[Glyph]) -> list[Mask]:
        """The averaged masks of glyphs, in their order."""
        return [_smaller(mask) for mask in super().draw(glyphs)]


def _smaller(mask: Mask) -> Mask:
    import numpy as np

    coverage = np.minimum(_averaged(mask.coverage) * _GAIN, 255).astype(np.uint8)
    colours = None if mask.colours is None else _averaged(mask.colours).astype(np.uint8)
    return Mask(coverage, colours)


def _averaged(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Means of squares of `_OVERSAMPLING` pixels; further axes stay."""
    height, width = pixels.shape[0] // _OVERSAMPLING, pixels.shape[1] // _OVERSAMPLING
    blocks = pixels.reshape(height, _OVERSAMPLING, width, _OVERSAMPLING, *pixels.shape[2:])
    means: NDArray[np.float64] = blocks.mean(axis=(1, 3))
    return means


class Miniature:
    """Keeps one terminal's small picture. atlas: one over `SmallGlyphs`, shared by all miniatures of a density."""

    def __init__(self, atlas: TileAtlas, scheme: Scheme) -> None:
        self._painter = ScreenPainter(atlas, scheme)
        self._complete = True

    @property
    def complete(self) -> bool:
        """Whether the last picture shows all of the screen as it was; else the next call goes on."""
        return self._complete

    def picture(self, terminal: Terminal, budget_s: float = BUDGET_S) -> QImage:
        """The screen, 2 by 4 logical pixels a cell; valid until the next call. Only rows that changed are drawn.

        budget_s: see `ScreenPainter.paint`.
        """
        _, self._complete = self._painter.paint(terminal, list(terminal.rows), patient=True, budget_s=budget_s)
        return self._painter.image
