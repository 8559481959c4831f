"""Lines under, through and over a cell's glyph, drawn into its tile. Called by `atlas`. Pure: numpy, no Qt."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from aether_desktop.widgets.terminal.geometry import CellGeometry
from aether_desktop.widgets.terminal.styles import Style

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint32]

SINGLE, DOUBLE, CURLY, DOTTED, DASHED = 1, 2, 3, 4, 5
_OPAQUE = 0xFF000000


def draw_decorations(pixels: Pixels, style: Style, cell: CellGeometry) -> None:
    """Draw the lines of a style over a tile's pixels (height, width), in place."""
    thick = max(1, round(cell.font_px / 14))
    if style.ul_style:
        _underline(pixels, style.ul_style, style.ul_colour | _OPAQUE, cell, thick)
    ink = style.ink | _OPAQUE
    if style.strikethrough:
        top = round(cell.baseline - cell.font_px * 0.28)
        pixels[top : top + thick] = ink
    if style.overline:
        pixels[:thick] = ink


def _underline(pixels: Pixels, kind: int, colour: int, cell: CellGeometry, thick: int) -> None:
    room = cell.height - cell.baseline
    top = min(cell.baseline + max(1, room // 3), cell.height - thick)
    if kind == DOUBLE:
        top = min(top, cell.height - 3 * thick)
        pixels[top : top + thick] = colour
        pixels[top + 2 * thick : top + 3 * thick] = colour
    elif kind == CURLY:
        _wave(pixels, colour, cell, thick)
    elif kind == DOTTED:
        # An even period would break at the seam between cells of odd width, so the dots are placed by the cell.
        count = max(1, cell.width // (2 * thick))
        for number in range(count):
            left = round(number * cell.width / count)
            pixels[top : top + thick, left : left + thick] = colour
    elif kind == DASHED:
        gap = max(1, cell.width // 4)
        pixels[top : top + thick, : (cell.width - gap + 1) // 2] = colour
        pixels[top : top + thick, (cell.width + gap) // 2 :] = colour
    else:
        pixels[top : top + thick] = colour


def _wave(pixels: Pixels, colour: int, cell: CellGeometry, thick: int) -> None:
    """One period a cell, so that waves of neighbours join."""
    low = cell.height - thick
    height = max(1, min(low - cell.baseline - 1, round(cell.font_px / 6)))
    for x in range(cell.width):
        phase = math.cos(2 * math.pi * (x + 0.5) / cell.width)
        top = round(low - height * (phase + 1) / 2)
        pixels[top : top + thick, x] = colour
