"""Line drawing, scan lines, blocks, braille, sextants and prompt arrows drawn to the cell's own pixels, so that neighbours meet.

A font's glyphs for these leave seams where a cell is not the size that its designer had in mind. The arms of a line character
are read from its Unicode name. Called by `glyphs`. Pure: numpy, no Qt.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Plane = NDArray[np.uint8]

LIGHT, HEAVY, DOUBLE = 1, 2, 3
_WEIGHTS = {"LIGHT": LIGHT, "SINGLE": LIGHT, "HEAVY": HEAVY, "DOUBLE": DOUBLE}
_DIRECTIONS = {
    "LEFT": ("left",),
    "RIGHT": ("right",),
    "UP": ("up",),
    "DOWN": ("down",),
    "HORIZONTAL": ("left", "right"),
    "VERTICAL": ("up", "down"),
}
_DASHES = {"DOUBLE DASH": 2, "TRIPLE DASH": 3, "QUADRUPLE DASH": 4}
#: U+2596..U+259F: which quarters are filled; 1 upper left, 2 upper right, 4 lower left, 8 lower right.
_QUADRANTS = (4, 8, 1, 13, 9, 7, 11, 2, 6, 14)
#: U+23BA..U+23BD: on which of a cell's nine scan lines they are; the fifth is where ─ is.
_SCAN_LINES = (1, 3, 7, 9)
_SHADES = (64, 128, 191)
#: Bits of a braille pattern by (column, row).
_BRAILLE = {(0, 0): 1, (0, 1): 2, (0, 2): 4, (1, 0): 8, (1, 1): 16, (1, 2): 32, (0, 3): 64, (1, 3): 128}


class Arms(NamedTuple):
    """The weight of each arm of a line character; 0 where it has none."""

    left: int = 0
    right: int = 0
    up: int = 0
    down: int = 0


def box_mask(character: str, width: int, height: int) -> Plane | None:
    """Coverage (height, width) 0..255 of a character that is drawn here; None for all others."""
    code = ord(character)
    if 0x23BA <= code <= 0x23BD:
        return _scan_line(_SCAN_LINES[code - 0x23BA], width, height)
    if 0x2500 <= code <= 0x257F:
        return _line_character(unicodedata.name(character).removeprefix("BOX DRAWINGS "), width, height)
    if 0x2580 <= code <= 0x259F:
        return _block(code, width, height)
    if 0x2800 <= code <= 0x28FF:
        return _braille(code - 0x2800, width, height)
    if 0x1FB00 <= code <= 0x1FB3B:
        return _sextant(code - 0x1FB00, width, height)
    if 0xE0B0 <= code <= 0xE0B3:
        return _arrow(code - 0xE0B0, width, height)
    return None


def is_shape(text: str) -> bool:
    """Whether a character is an area of colour that meets its neighbours: blocks, dots and the arrows of prompts, not lines."""
    code = ord(text[0])
    return 0x2580 <= code <= 0x259F or 0x2800 <= code <= 0x28FF or 0xE0B0 <= code <= 0xE0D7 or 0x1FB00 <= code <= 0x1FBAF


def arms_of(name: str) -> Arms:
    """The arms that a Unicode name tells, as in `DOWN LIGHT AND RIGHT HEAVY` or `HEAVY VERTICAL AND RIGHT`."""
    found: dict[str, int] = {}
    weight = LIGHT
    for phrase in name.split(" AND "):
        words = phrase.split()
        weight = next((_WEIGHTS[word] for word in words if word in _WEIGHTS), weight)
        for word in words:
            for direction in _DIRECTIONS.get(word, ()):
                found[direction] = weight
    return Arms(**found)


def _line_character(name: str, width: int, height: int) -> Plane:
    if "DIAGONAL" in name:
        return _diagonal(name, width, height)
    if "ARC" in name:
        return _arc(name.replace("ARC ", ""), width, height)
    for words, count in _DASHES.items():
        if words in name:
            return _dashes(name.replace(words, ""), count, width, height)
    return _lines(arms_of(name), width, height)


def _stroke(width: int, weight: int) -> int:
    """Thickness in px."""
    light = max(1, round(width / 8))
    return light * 2 + (light == 1) if weight == HEAVY else light


def _lines(arms: Arms, width: int, height: int) -> Plane:
    import numpy as np

    plane = np.zeros((height, width), np.uint8)
    _draw_arms(plane, (arms.left, arms.right), (arms.up, arms.down), width)
    # The vertical arms are the horizontal ones of the transposed plane.
    _draw_arms(plane.T, (arms.up, arms.down), (arms.left, arms.right), width)
    return plane


def _scan_line(number: int, width: int, height: int) -> Plane:
    """A light line across the cell, as far from the middle as its scan line is from the fifth."""
    import numpy as np

    plane = np.zeros((height, width), np.uint8)
    top, bottom = _line_at(height, width, LIGHT, 0)
    shift = max(-top, min(round(height * (number - 5) / 9), height - bottom))
    plane[top + shift : bottom + shift] = 255
    return plane


def _draw_arms(plane: Plane, along: tuple[int, int], across: tuple[int, int], cell_width: int) -> None:
    """Draw the arms that go left and right from the plane's centre.

    along: the weights of the left and the right arm. across: of those above and below. cell_width sets thickness.
    """
    height, width = plane.shape
    for number, weight in enumerate(along):
        if not weight:
            continue
        right = number == 1
        for side in (-1, 1) if weight == DOUBLE else (0,):
            top, bottom = _line_at(height, cell_width, weight, side if weight == DOUBLE else 0)
            target, rail = _joint(weight, along[1 - number], across, side, right=right)
            first, last = _line_at(width, cell_width, target, rail)
            if right:
                plane[top:bottom, first:] = 255
            else:
                plane[top:bottom, :last] = 255


def _line_at(length: int, cell_width: int, weight: int, rail: int) -> tuple[int, int]:
    """From where to where a line across `length` pixels goes; rail -1 and 1 are the two lines of a double one."""
    thick = _stroke(cell_width, weight)
    first = (length - thick) // 2 + rail * max(2, 2 * _stroke(cell_width, LIGHT))
    return max(0, first), max(0, min(length, first + thick))


def _joint(weight: int, opposite: int, across: tuple[int, int], side: int, *, right: bool) -> tuple[int, int]:
    """At which line across an arm ends: its weight, and the rail of a double one.

    side: which of its own rails a double arm draws (-1 upper, 1 lower), else 0.
    """
    near = 1 if right else -1
    if weight == DOUBLE:
        beside, beyond = (across[0], across[1]) if side < 0 else (across[1], across[0])
        if DOUBLE in (beside, beyond):
            return DOUBLE, near if beside == DOUBLE else -near
    elif across == (DOUBLE, DOUBLE):
        return (LIGHT, 0) if opposite else (DOUBLE, near)
    elif DOUBLE in across:
        return DOUBLE, -near
    return max(*across) or (HEAVY if HEAVY in (weight, opposite) else LIGHT), 0


def _dashes(name: str, count: int, width: int, height: int) -> Plane:
    plane = _lines(arms_of(name), width, height)
    along = plane if "HORIZONTAL" in name else plane.T
    length = along.shape[1]
    gap = max(1, round(length / count / 4))
    for number in range(count):
        end = round((number + 1) * length / count)
        along[:, end - gap : end] = 0
    return plane


def _distance_mask(distance: NDArray[np.float64], thick: float) -> Plane:
    """Coverage of a stroke around where the distance is 0."""
    import numpy as np

    return (np.clip(thick / 2 + 0.5 - np.abs(distance), 0, 1) * 255).astype(np.uint8)


def _diagonal(name: str, width: int, height: int) -> Plane:
    import numpy as np

    y, x = np.mgrid[0:height, 0:width] + 0.5
    length = (width * width + height * height) ** 0.5
    rising = (x * height + y * width - width * height) / length
    falling = (x * height - y * width) / length
    thick = _stroke(width, LIGHT)
    masks = []
    if "UPPER RIGHT TO LOWER LEFT" in name or "CROSS" in name:
        masks.append(_distance_mask(rising, thick))
    if "UPPER LEFT TO LOWER RIGHT" in name or "CROSS" in name:
        masks.append(_distance_mask(falling, thick))
    result: Plane = np.maximum.reduce(masks)
    return result


def _arc(name: str, width: int, height: int) -> Plane:
    """A quarter of a circle that goes over into straight lines at both ends."""
    import numpy as np

    arms = arms_of(name)
    thick = _stroke(width, LIGHT)
    # The centre lines of the straight arms, so that an arc meets the lines beside it.
    centre_x = (width - thick) // 2 + thick / 2
    centre_y = (height - thick) // 2 + thick / 2
    radius = min(width - centre_x, centre_x, height - centre_y, centre_y)
    y, x = np.mgrid[0:height, 0:width] + 0.5
    across = (x - centre_x) if arms.right else (centre_x - x)
    along = (y - centre_y) if arms.down else (centre_y - y)
    bend = np.hypot(across - radius, along - radius) - radius
    distance = np.where(along > radius, across, np.where(across > radius, along, bend))
    return _distance_mask(distance, thick)


def _block(code: int, width: int, height: int) -> Plane:
    import numpy as np

    plane = np.zeros((height, width), np.uint8)
    if code == 0x2580:
        plane[: round(height / 2)] = 255
    elif code <= 0x2588:
        plane[height - round(height * (code - 0x2580) / 8) :] = 255
    elif code <= 0x258F:
        plane[:, : max(1, round(width * (0x2590 - code) / 8))] = 255
    elif code == 0x2590:
        plane[:, round(width / 2) :] = 255
    elif code <= 0x2593:
        plane[:] = _SHADES[code - 0x2591]
    elif code == 0x2594:
        plane[: max(1, round(height / 8))] = 255
    elif code == 0x2595:
        plane[:, width - max(1, round(width / 8)) :] = 255
    else:
        _fill_parts(plane, _QUADRANTS[code - 0x2596], rows=2)
    return plane


def _fill_parts(plane: Plane, bits: int, rows: int) -> None:
    """Fill the parts of a grid of two columns; bit 0 is the upper left one, then row by row."""
    height, width = plane.shape
    for number in range(2 * rows):
        if bits >> number & 1:
            row, column = divmod(number, 2)
            top, bottom = round(height * row / rows), round(height * (row + 1) / rows)
            left, right = round(width * column / 2), round(width * (column + 1) / 2)
            plane[top:bottom, left:right] = 255


def _sextant(index: int, width: int, height: int) -> Plane:
    """The patterns in order, without the empty, the half and the full ones, which exist elsewhere."""
    import numpy as np

    bits = index + 1
    bits += bits >= 0b010101
    bits += bits >= 0b101010
    plane = np.zeros((height, width), np.uint8)
    _fill_parts(plane, bits, rows=3)
    return plane


def _braille(bits: int, width: int, height: int) -> Plane:
    import numpy as np

    plane = np.zeros((height, width), np.uint8)
    size = max(1, round(min(width / 4, height / 8)))
    for (column, row), bit in _BRAILLE.items():
        if bits & bit:
            left = round(width * (2 * column + 1) / 4 - size / 2)
            top = round(height * (2 * row + 1) / 8 - size / 2)
            plane[top : top + size, left : left + size] = 255
    return plane


def _arrow(kind: int, width: int, height: int) -> Plane:
    """The prompt arrows: 0 filled right, 1 thin right, 2 filled left, 3 thin left."""
    import numpy as np

    y, x = np.mgrid[0:height, 0:width] + 0.5
    if kind >= 2:
        x = width - x
    edge = x / width - (1 - np.abs(2 * y / height - 1))
    distance = edge * width * height / (height * height + 4 * width * width) ** 0.5
    if kind % 2:
        return _distance_mask(distance, _stroke(width, LIGHT))
    result: Plane = (np.clip(0.5 - distance, 0, 1) * 255).astype(np.uint8)
    return result
