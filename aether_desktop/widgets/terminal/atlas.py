"""Drawn cells, each glyph in each style once, found for thousands of cells at a time.

One `TileAtlas` serves all terminals of one font size on screens of one density. A tile is a cell's pixels; its key joins style,
half and character. Keys are looked up in an open-addressed table by whole arrays, since a dictionary costs a millisecond a
screen. Called by `painter`; knows no terminal and no widget.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from aether_desktop.widgets.terminal.box_drawing import is_shape
from aether_desktop.widgets.terminal.decorations import draw_decorations
from aether_desktop.widgets.terminal.distinct import distinct
from aether_desktop.widgets.terminal.glyphs import Glyph, GlyphSource, Mask
from aether_desktop.widgets.terminal.styles import StyleTable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from aether_desktop.widgets.terminal.geometry import CellGeometry

    Keys = NDArray[np.int64]
    Indexes = NDArray[np.int64]

#: A key is `style << STYLE_SHIFT | half << HALF_SHIFT | character`.
HALF_SHIFT = 21
STYLE_SHIFT = 23
NARROW, LEFT_HALF, RIGHT_HALF = 0, 1, 2
#: Clusters are numbered from here on: above Unicode, below the half.
FIRST_CLUSTER = 0x110000
MOST_CLUSTERS = (1 << HALF_SHIFT) - FIRST_CLUSTER
MOST_BYTES = 32 << 20
FEWEST_TILES = 2048
MOST_STYLES = 1 << 18
#: How many glyphs are drawn in one go before the frame ends; the cells of the rest stay empty until the next.
GLYPHS_A_FRAME = 160
#: Lines under text would fill a smaller cell.
LEAST_DECORATED_PX = 8
BLANK = 0x20
_CHARACTER_MASK = (1 << HALF_SHIFT) - 1
_PROBES = 16
_SPREAD = np.uint64(0x9E3779B97F4A7C15)
_CONTROLS = frozenset(chr(code) for code in (*range(0x20), *range(0x7F, 0xA0)))


class TileAtlas:
    """Tiles by key. `generation` grows when all were forgotten."""

    def __init__(self, source: GlyphSource) -> None:
        self._source = source
        self.styles = StyleTable()
        self.generation = 0
        cell = source.geometry
        self.most_tiles = max(FEWEST_TILES, MOST_BYTES // (4 * cell.width * cell.height))
        self._masks: dict[Glyph, Mask] = {}
        self._clusters: dict[str, int] = {}
        self._cluster_texts: list[str] = []
        self._count = 0
        self._allocate(FEWEST_TILES)

    @property
    def geometry(self) -> CellGeometry:
        """The cell that a tile fills."""
        return self._source.geometry

    @property
    def tiles(self) -> NDArray[np.void]:
        """Pixels as (height, tiles): one item is a tile's line. Valid until the next `find`."""
        return self._lines

    def cluster(self, text: str) -> int:
        """The number that stands for a cluster of several code points in keys."""
        number = self._clusters.get(text)
        if number is None:
            if len(self._cluster_texts) >= MOST_CLUSTERS:
                return ord(text[0])
            number = self._clusters[text] = FIRST_CLUSTER + len(self._cluster_texts)
            self._cluster_texts.append(text)
        return number

    def tidy(self) -> None:
        """Forget everything when a table is full; called between frames."""
        if self._count >= self.most_tiles // 2 or len(self.styles) > MOST_STYLES or len(self._cluster_texts) > MOST_CLUSTERS // 2:
            self._clear()

    def find(self, keys: Keys, *, patient: bool = False) -> tuple[Indexes, bool]:
        """Tile numbers for at most `most_tiles` keys, and whether all of them could be drawn in this frame.

        patient: draw all, however long it takes.
        """
        found, missing = self._look_up(keys)
        if not missing.size:
            return found, True
        wanted = distinct(keys[missing])
        if self._count + len(wanted) > self.most_tiles:
            self._forget_tiles()
            wanted = distinct(keys)
        complete = self._make(wanted, patient=patient)
        again, left = self._look_up(keys)
        if left.size:
            # What waits for its glyph shows its paper meanwhile.
            again[left] = self._blanks(keys[left])
        return again, complete

    def _blanks(self, keys: Keys) -> Indexes:
        blank = (keys >> STYLE_SHIFT << STYLE_SHIFT) | BLANK
        found, missing = self._look_up(blank)
        if missing.size:
            # At most one a key that was not drawn: there is room.
            self._make(distinct(blank[missing]), patient=True)
            found, _ = self._look_up(blank)
        return np.maximum(found, 0)

    def _look_up(self, keys: Keys) -> tuple[Indexes, Indexes]:
        """Tile numbers (-1 where there is none), and the positions of those."""
        slots = ((keys.view(np.uint64) * _SPREAD) >> self._shift).view(np.int64)
        found = np.where(self._slot_keys[slots] == keys, self._slot_tiles[slots], -1)
        left = np.flatnonzero(found < 0)
        for step in range(1, _PROBES):
            if not left.size:
                break
            probed = (slots[left] + step) & self._slot_mask
            occupants = self._slot_keys[probed]
            hit = occupants == keys[left]
            found[left[hit]] = self._slot_tiles[probed[hit]]
            left = left[~hit & (occupants >= 0)]
        return found, np.flatnonzero(found < 0)

    def _make(self, keys: Keys, *, patient: bool) -> bool:
        """Draw tiles for keys that have none; False when some were left for the next frame."""
        glyphs = [self._glyph(int(key)) for key in keys]
        if len(self._masks) > self.most_tiles:
            self._masks.clear()
        absent = list(dict.fromkeys(glyph for glyph in glyphs if glyph not in self._masks))
        late = not patient and len(absent) > GLYPHS_A_FRAME
        if late:
            absent = absent[:GLYPHS_A_FRAME]
        if absent:
            self._masks.update(zip(absent, self._source.draw(absent), strict=True))
        ready = [at for at, glyph in enumerate(glyphs) if glyph in self._masks]
        if ready:
            self._add(keys[ready], [glyphs[at] for at in ready])
        return not late

    def _glyph(self, key: int) -> Glyph:
        code = key & _CHARACTER_MASK
        text = self._cluster_texts[code - FIRST_CLUSTER] if code >= FIRST_CLUSTER else chr(code)
        style = self.styles[key >> STYLE_SHIFT]
        span = 1 if key >> HALF_SHIFT & 3 == NARROW else 2
        if text in _CONTROLS or 0xD800 <= code <= 0xDFFF:
            text = " "
        if text == " ":
            return Glyph(" ", span, bold=False, italic=False)
        return Glyph(text, span, style.bold, style.italic)

    def _add(self, keys: Keys, glyphs: Sequence[Glyph]) -> None:
        while self._count + len(keys) > self._capacity:
            self._grow()
        cell = self._source.geometry
        halves = keys >> HALF_SHIFT & 3
        styles = [self.styles[int(number)] for number in keys >> STYLE_SHIFT]
        coverage = np.empty((len(keys), cell.height, cell.width), np.uint32)
        for at, glyph in enumerate(glyphs):
            left = cell.width if halves[at] == RIGHT_HALF else 0
            coverage[at] = self._masks[glyph].coverage[:, left : left + cell.width]
        inks = [s.ink if s.shapes < 0 or not is_shape(glyph.text) else s.shapes for s, glyph in zip(styles, glyphs, strict=True)]
        pixels = blend(coverage, np.array(inks, np.uint32), np.array([s.paper for s in styles], np.uint32))
        for at, (glyph, style) in enumerate(zip(glyphs, styles, strict=True)):
            colours = self._masks[glyph].colours
            if colours is not None:
                left = cell.width if halves[at] == RIGHT_HALF else 0
                pixels[at] = over(colours[:, left : left + cell.width], style.paper)
            if style.decorated and cell.height >= LEAST_DECORATED_PX:
                draw_decorations(pixels[at], style, cell)
        first = self._count
        self._pixels[:, first : first + len(keys)] = pixels.transpose(1, 0, 2)
        self._count += len(keys)
        self._insert(keys, np.arange(first, self._count))

    def _insert(self, keys: Keys, tiles: Indexes) -> None:
        slots = ((keys.view(np.uint64) * _SPREAD) >> self._shift).view(np.int64)
        for key, tile, slot in zip(keys.tolist(), tiles.tolist(), slots.tolist(), strict=True):
            for step in range(_PROBES):
                at = slot + step & self._slot_mask
                if self._slot_keys[at] < 0:
                    self._slot_keys[at], self._slot_tiles[at] = key, tile
                    break

    def _allocate(self, capacity: int) -> None:
        cell = self._source.geometry
        self._capacity = capacity
        self._pixels = np.zeros((cell.height, capacity, cell.width), np.uint32)
        self._lines = self._pixels.view(np.dtype((np.void, 4 * cell.width)))[..., 0]
        bits = (4 * capacity - 1).bit_length()
        self._shift = np.uint64(64 - bits)
        self._slot_mask = (1 << bits) - 1
        self._slot_keys = np.full(1 << bits, -1, np.int64)
        self._slot_tiles = np.zeros(1 << bits, np.int64)

    def _grow(self) -> None:
        used = self._slot_keys >= 0
        keys, tiles, pixels = self._slot_keys[used], self._slot_tiles[used], self._pixels
        self._allocate(2 * self._capacity)
        self._pixels[:, : self._count] = pixels[:, : self._count]
        self._insert(keys, tiles)

    def _forget_tiles(self) -> None:
        """Tiles go, glyphs and styles stay: keys keep their meaning."""
        self._count = 0
        self._slot_keys.fill(-1)

    def _clear(self) -> None:
        self._forget_tiles()
        self._masks.clear()
        self._clusters.clear()
        self._cluster_texts.clear()
        self.styles.clear()
        self.generation += 1


def blend(coverage: NDArray[np.uint32], ink: NDArray[np.uint32], paper: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Ink over paper as 0xFFRRGGBB.

    coverage: (tiles, height, width) 0..255. ink, paper: (tiles,) 0xRRGGBB.
    """
    result = np.full(coverage.shape, 0xFF000000, np.uint32)
    rest = 255 - coverage
    for shift in (16, 8, 0):
        front = (ink >> shift & 255)[:, None, None]
        back = (paper >> shift & 255)[:, None, None]
        result |= (coverage * front + rest * back + 127) // 255 << shift
    return result


def over(colours: NDArray[np.uint8], paper: int) -> NDArray[np.uint32]:
    """Premultiplied colours (height, width, 4: B G R A) over paper as 0xFFRRGGBB."""
    rest = 255 - colours[:, :, 3].astype(np.uint32)
    result = np.full(rest.shape, 0xFF000000, np.uint32)
    for channel, shift in ((2, 16), (1, 8), (0, 0)):
        value = colours[:, :, channel] + (rest * (paper >> shift & 255) + 127) // 255
        result |= np.minimum(value, 255).astype(np.uint32) << shift
    return result


