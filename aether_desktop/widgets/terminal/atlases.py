"""The atlases of the application, one for each size of cell, shared by all terminals.

Made once and handed to the terminals' store; a view asks for the atlas of its font size on its screen.
"""

from __future__ import annotations

from aether_desktop.widgets.terminal.atlas import TileAtlas
from aether_desktop.widgets.terminal.geometry import CellGeometry, cell_geometry
from aether_desktop.widgets.terminal.glyphs import GlyphSource
from aether_desktop.widgets.terminal.miniature import SmallGlyphs

MOST_ATLASES = 4


class Atlases:
    """Atlases by geometry; the one asked for longest ago goes when there are too many."""

    def __init__(self) -> None:
        self._atlases: dict[CellGeometry, TileAtlas] = {}
        self._small: dict[float, TileAtlas] = {}

    def get(self, font_px: int, ratio: float) -> TileAtlas:
        """The atlas for a font size in logical pixels at a screen's density."""
        geometry = cell_geometry(font_px, ratio)
        atlas = self._atlases.pop(geometry, None) or TileAtlas(GlyphSource(geometry))
        self._atlases[geometry] = atlas
        while len(self._atlases) > MOST_ATLASES:
            del self._atlases[next(iter(self._atlases))]
        return atlas

    def small(self, ratio: float) -> TileAtlas:
        """The atlas of miniatures on screens of a density."""
        atlas = self._small.get(ratio)
        if atlas is None:
            if len(self._small) >= MOST_ATLASES:
                self._small.clear()
            atlas = self._small[ratio] = TileAtlas(SmallGlyphs(ratio))
        return atlas
