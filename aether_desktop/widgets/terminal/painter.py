"""A terminal's rows as one picture, of which only rows that changed are made anew.

Rows are immutable: a row that is the same object looks the same. Each `ScreenPainter` belongs to one view; the atlas is shared.
"""

from __future__ import annotations

import math
import time
from bisect import bisect_left
from collections.abc import Sequence
from itertools import repeat
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PySide6.QtGui import QImage

from aether_desktop.widgets.terminal.atlas import HALF_SHIFT, LEFT_HALF, RIGHT_HALF, STYLE_SHIFT, TileAtlas
from aether_desktop.widgets.terminal.colours import Scheme, paper_of
from aether_desktop.widgets.terminal.distinct import distinct
from aether_desktop.widgets.terminal.highlights import Highlight, HighlightColours, Kind
from aether_desktop.widgets.terminal.styles import Style, TerminalStyles
from kernel.term.rows import Row, fit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kernel.term import Terminal

_FIRST_PRIVATE = 0x100000
_FIRST_CLUSTER = chr(_FIRST_PRIVATE)
#: Cells that are looked up in one go; bounds the atlas for very large screens.
_BATCH_CELLS = 16_384
#: For one picture in one frame of the window.
FRAME_BUDGET_S = 0.008
#: How many times as many rows may be painted in one go as the time before.
_MORE = 8
_SHORTEST_S = 1e-6


class _Line(NamedTuple):
    """What is painted of a line."""

    row: Row
    highlights: tuple[Highlight, ...]


def _same(line: _Line, before: _Line | None) -> bool:
    """Whether two lines look the same: programs draw again what is there. What stands for a cluster may change its meaning."""
    if before is None or line.highlights != before.highlights:
        return False
    row = line.row
    return row is before.row or (row == before.row and (row.text.isascii() or max(row.text) < _FIRST_CLUSTER))


class ScreenPainter:
    """Keeps the picture of what a view shows of its terminal. highlights: the colours of cells that are, where any may be."""

    def __init__(self, atlas: TileAtlas, scheme: Scheme, highlights: HighlightColours | None = None) -> None:
        self._atlas = atlas
        self._scheme = scheme
        self._styles = TerminalStyles(atlas.styles, scheme, highlights)
        self._lines: list[_Line | None] = []
        self._basis: tuple[object, ...] = ()
        self._generation = atlas.generation
        self._image = QImage()
        self._pixels: NDArray[np.void] = np.zeros((0, 0, 0), np.void)
        self._blink_off = False
        self._stopped_at = 0
        #: The row there has glyphs that it was too late for.
        self._late = False
        self._overrides: dict[int | str, int] = {}

    @property
    def image(self) -> QImage:
        """The picture, `columns * width` by `lines * height` device pixels."""
        return self._image

    def paint(
        self,
        terminal: Terminal,
        rows: Sequence[Row],
        *,
        highlights: Sequence[tuple[Highlight, ...]] = (),
        blink_off: bool = False,
        patient: bool = False,
        budget_s: float | None = None,
    ) -> tuple[list[int], bool]:
        """Bring the picture up to date.

        rows: what to show, top first. highlights: those of each row; none for none at all. blink_off: blinking text is hidden now.
        patient: draw every glyph now. budget_s: after so long it stops, at the end of a row: what has never been seen costs a hundred
        times what has. Returns the lines that changed, and whether all is drawn (else call again in the next frame).
        """
        self._fit(terminal, len(rows), blink_off=blink_off)
        wanted = list(map(_Line, rows, highlights or repeat(())))
        shown = self._lines
        changed = [y for y, line in enumerate(wanted) if not _same(line, shown[y])]
        if not changed:
            return [], True
        # It goes on where it stopped, or what changes all the time at the top would keep the rest from being painted.
        at = bisect_left(changed, self._stopped_at)
        lines = changed[at:] + changed[:at]
        painted, complete = self._paint_in_time(terminal, wanted, lines, patient=patient, budget_s=budget_s)
        return sorted(painted), complete and len(painted) == len(changed)

    def _paint_in_time(
        self,
        terminal: Terminal,
        wanted: Sequence[_Line],
        lines: list[int],
        *,
        patient: bool,
        budget_s: float | None,
    ) -> tuple[list[int], bool]:
        """Paint lines in this order until the time is over; return those, and whether all of their glyphs are drawn."""
        most = max(1, min(_BATCH_CELLS, self._atlas.most_tiles) // max(1, terminal.columns))
        count = most if budget_s is None else 1
        now = time.perf_counter()
        until = math.inf if budget_s is None else now + budget_s
        done, complete = 0, True
        # What was too late the last time is drawn whole now: while others come in between there might never be room for all of it.
        waited, self._late = self._late and budget_s is not None and lines[0] == self._stopped_at, False
        while done < len(lines) and (done == 0 or now < until):
            batch = lines[done : done + count]
            complete &= self._paint_lines(terminal, wanted, batch, patient=patient or waited)
            waited = False
            done += count
            if budget_s is not None:
                if not complete:
                    self._stopped_at, self._late = batch[0], True
                    return lines[:done], False
                began, now = now, time.perf_counter()
                # As many as there is time for at the price of the last ones: a call has a price of its own.
                there_is_time_for = (until - now) * count / max(now - began, _SHORTEST_S)
                count = max(1, min(_MORE * count, most, int(there_is_time_for)))
        self._stopped_at = lines[done] if done < len(lines) else 0
        return lines[:done], complete

    def tile(self, terminal: Terminal, row: Row, column: int, *, ink: int, paper: int) -> QImage:
        """One cell in other colours, for a block cursor: both halves of a wide one."""
        codes, attrs = self._cells(terminal, [row])
        look = self._styles.style_of(terminal, terminal.attributes[int(attrs[column])])
        style = self._atlas.styles.intern(Style(ink, paper, look.bold, look.italic, look.ul_style, ink if look.ul_style else 0))
        wide = column + 1 < len(row.text) and int(codes[column]) >> HALF_SHIFT == LEFT_HALF
        keys = codes[column : column + 1 + wide] | style << STYLE_SHIFT
        found, _ = self._atlas.find(keys, patient=True)
        cell = self._atlas.geometry
        pixels = np.ascontiguousarray(self._atlas.tiles[:, found])
        width = cell.width * len(found)
        image = QImage(pixels.tobytes(), width, cell.height, 4 * width, QImage.Format.Format_RGB32).copy()
        image.setDevicePixelRatio(cell.ratio)
        return image

    def _fit(self, terminal: Terminal, lines: int, *, blink_off: bool) -> None:
        """Start anew where what is painted means something else now."""
        self._atlas.tidy()
        modes = terminal.modes
        basis = (id(terminal), terminal.columns, lines, modes.reverse_video, terminal.attributes.generation)
        if self._generation != self._atlas.generation:
            self._generation = self._atlas.generation
            self._styles.forget()
        if terminal.palette.overrides != self._overrides:
            self._overrides = dict(terminal.palette.overrides)
            self._styles.forget()
            self._lines = []
        if blink_off != self._blink_off:
            self._blink_off = blink_off
            self._forget_blinking()
        if basis == self._basis and self._lines:
            return
        self._basis = basis
        self._lines = [None] * lines
        cell = self._atlas.geometry
        width, height = terminal.columns * cell.width, lines * cell.height
        if (self._image.width(), self._image.height()) == (width, height):
            return
        self._image = QImage(width, height, QImage.Format.Format_RGB32)
        self._image.setDevicePixelRatio(cell.ratio)
        self._image.fill(0xFF000000 | paper_of(terminal, self._scheme))
        pixels = np.frombuffer(self._image.bits(), np.uint32).reshape(lines, cell.height, width)
        self._pixels = pixels.view(np.dtype((np.void, 4 * cell.width)))

    def _forget_blinking(self) -> None:
        blinking = self._styles.blinking
        if not blinking:
            return
        self._lines = [None if line is not None and not blinking.isdisjoint(line.row.attrs) else line for line in self._lines]

    def _paint_lines(self, terminal: Terminal, wanted: Sequence[_Line], lines: Sequence[int], *, patient: bool) -> bool:
        columns = terminal.columns
        codes, attrs = self._cells(terminal, [fit(wanted[y].row, columns) for y in lines])
        styles = self._styles_of(terminal, attrs, [wanted[y].highlights for y in lines])
        found, complete = self._atlas.find(codes | styles << STYLE_SHIFT, patient=patient)
        tiles = self._atlas.tiles
        found = found.reshape(len(lines), columns)
        for number, y in enumerate(lines):
            # "clip" writes straight into the picture; the numbers are in range by construction.
            tiles.take(found[number], axis=1, out=self._pixels[y], mode="clip")
            self._lines[y] = wanted[y] if complete else None
        return complete

    def _styles_of(
        self, terminal: Terminal, attrs: NDArray[np.uint32], highlights: Sequence[tuple[Highlight, ...]]
    ) -> NDArray[np.int64]:
        """Style numbers for the attribute ids of all cells of some rows."""
        if not any(highlights):
            return self._styles.numbers(terminal, attrs, blink_off=self._blink_off)
        kinds = np.zeros((len(highlights), terminal.columns), np.uint8)
        for cells, line in zip(kinds, highlights, strict=True):
            for start, end, kind in sorted(line, key=lambda highlight: highlight.kind):
                cells[start:end] = kind
        each = kinds.reshape(-1)
        styles = np.zeros(each.shape, np.int64)
        for kind in Kind:
            cells = each == kind
            styles[cells] = self._styles.numbers(terminal, attrs[cells], blink_off=self._blink_off, kind=kind)
        return styles

    def _cells(self, terminal: Terminal, rows: Sequence[Row]) -> tuple[NDArray[np.int64], NDArray[np.uint32]]:
        """Characters with their halves as keys without a style, and attribute ids, of all cells of some rows."""
        text = "".join([row.text for row in rows])
        attrs = np.frombuffer("".join([row.attrs for row in rows]).encode("utf-32-le", "surrogatepass"), np.uint32)
        if text.isascii() and "\0" not in text:
            return np.frombuffer(text.encode("ascii"), np.uint8).astype(np.int64), attrs
        codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.int64)
        if codes.max() >= _FIRST_PRIVATE:
            for code in distinct(codes[codes >= _FIRST_PRIVATE]):
                codes[codes == code] = self._atlas.cluster(terminal.clusters[chr(code)])
        stubs = np.flatnonzero(codes == 0)
        if stubs.size:
            stubs = stubs[stubs > 0]
            codes[stubs] = codes[stubs - 1] | RIGHT_HALF << HALF_SHIFT
            codes[stubs - 1] |= LEFT_HALF << HALF_SHIFT
        return codes, attrs
