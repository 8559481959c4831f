"""A terminal's whole screen as a small picture: a cell is 2x4 logical pixels, each the average of what the glyph covers there.

For programs that fill the screen (editors, monitors), whose shape says what they do at a size at which no text can be read. Called by
Mission Control's previews; tiles come from the same kind of atlas as the full terminal's.
"""

from __future__ import annotations

import time
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
    from kernel.term.rows import Row

CELL_WIDTH_PX, CELL_HEIGHT_PX = 2, 4
#: For one picture in one frame of the window.
BUDGET_S = 0.002
#: Glyphs are drawn this many times as large and averaged.
_OVERSAMPLING = 4
#: How many times as many rows may be drawn in one go as the time before.
_MORE = 8
_SHORTEST_S = 1e-6
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
        self._basis: tuple[int, int, int] | None = None
        self._shown: list[Row | None] = []
        self._complete = True

    @property
    def complete(self) -> bool:
        """Whether the last picture shows all of the screen as it was; else the next call goes on."""
        return self._complete

    def picture(self, terminal: Terminal, budget_s: float = BUDGET_S) -> QImage:
        """The screen, 2 by 4 logical pixels a cell; valid until the next call. Only rows that changed are drawn.

        budget_s: after so long it stops, at the end of a row: what has never been seen before costs a hundred times what has.
        """
        rows = terminal.rows
        basis = (id(terminal), terminal.columns, len(rows))
        if basis != self._basis:
            self._basis, self._shown = basis, [None] * len(rows)
        changed = [y for y, row in enumerate(rows) if row is not self._shown[y]]
        if not changed:
            # The program may have changed its colours.
            self._painter.paint(terminal, self._shown, patient=True)
        now = time.perf_counter()
        until = now + budget_s
        at, count = 0, 1
        while at < len(changed) and (at == 0 or now < until):
            for y in changed[at : at + count]:
                self._shown[y] = rows[y]
            self._painter.paint(terminal, self._shown, patient=True)
            at += count
            began, now = now, time.perf_counter()
            # As many as there is time for at the price of the last ones: a call has a price of its own.
            there_is_time_for = (until - now) * count / max(now - began, _SHORTEST_S)
            count = max(1, min(_MORE * count, int(there_is_time_for)))
        self._complete = at >= len(changed)
        return self._painter.image
