"""Colours that programs changed by OSC 4, 5 and 10..19, and the colours reported where they changed none.

Painters ask ``Palette.overrides`` first and their theme otherwise. The owner tells its theme's colours by
``defaults`` so that queries are answered truthfully. Pure.
"""

from __future__ import annotations

import re

from kernel.term.colour_names import NAMES
from kernel.term.colour_spaces import from_space

#: The first sixteen entries as xterm has them, until the owner says otherwise.
_SIXTEEN = (
    0x000000, 0xCD0000, 0x00CD00, 0xCDCD00, 0x0000EE, 0xCD00CD, 0x00CDCD, 0xE5E5E5,
    0x7F7F7F, 0xFF0000, 0x00FF00, 0xFFFF00, 0x5C5CFF, 0xFF00FF, 0x00FFFF, 0xFFFFFF,
)  # fmt: skip
_HASH = re.compile(r"#([0-9a-fA-F]{3}|[0-9a-fA-F]{6}|[0-9a-fA-F]{9}|[0-9a-fA-F]{12})")
_RGB = re.compile(r"rgb:([0-9a-fA-F]{1,4})/([0-9a-fA-F]{1,4})/([0-9a-fA-F]{1,4})(?:/.*)?", re.I | re.S)
_NUMBER = r"\s*([+-]?(?:[0-9]{1,30}\.?[0-9]{0,30}|\.[0-9]{1,30})(?:e[+-]?[0-9]{1,3})?)"
_SPACE = re.compile(rf"(rgbi|ciexyz|cieuvy|ciexyy|cielab|cieluv|tekhvc):{_NUMBER}/{_NUMBER}/{_NUMBER}", re.I | re.A)

_NAME_CHARS = 64

#: Keys of the dynamic colours by their OSC number.
DYNAMIC = {10: "foreground", 11: "background", 12: "cursor", 13: "pointer_foreground", 14: "pointer_background",
           15: "tektronix_foreground", 16: "tektronix_background", 17: "highlight_background", 18: "tektronix_cursor",
           19: "highlight_foreground"}  # fmt: skip
#: Special colours of OSC 5: bold, underlined, blinking, reversed and italic text.
SPECIAL_COUNT = 5


def xterm_colour(index: int) -> int:
    """0xRRGGBB of entry 0..255 of the standard 256-colour palette."""
    if index < 16:
        return _SIXTEEN[index]
    if index < 232:
        red, green, blue = (index - 16) // 36, (index - 16) // 6 % 6, (index - 16) % 6
        levels = [0 if level == 0 else 55 + 40 * level for level in (red, green, blue)]
        return levels[0] << 16 | levels[1] << 8 | levels[2]
    return (8 + 10 * (index - 232)) * 0x010101


def parse_colour(text: str) -> int | None:
    """Read an X11 colour (``#rgb``, ``rgb:r/g/b``, the spaces of ``colour_spaces``, a name); None when it is none."""
    if match := _HASH.fullmatch(text):
        size = len(match[1]) // 3
        parts = [match[1][at : at + size] for at in range(0, 3 * size, size)]
        # A short #rgb gives the high bits, so #fff is not quite white in X11; 8 bits keep only the first two digits.
        values = [int((part + "0")[:2], 16) if size == 1 else int(part[:2], 16) for part in parts]
    elif match := _RGB.fullmatch(text):
        values = [round(int(part, 16) * 255 / (16 ** len(part) - 1)) for part in match.groups()]
    elif match := _SPACE.match(text):
        converted = from_space(match[1].lower(), float(match[2]), float(match[3]), float(match[4]))
        if converted is None:
            return None
        values = converted
    else:
        return NAMES.get(text.lower().replace(" ", "")) if len(text) < _NAME_CHARS else None
    return values[0] << 16 | values[1] << 8 | values[2]


def format_colour(colour: int) -> str:
    """``rgb:rrrr/gggg/bbbb`` of 0xRRGGBB."""
    return "rgb:" + "/".join(f"{(colour >> shift & 255) * 0x101:04x}" for shift in (16, 8, 0))


class Palette:
    """``overrides`` maps 0..255 (palette), 256..263 (special) and names of ``DYNAMIC`` to 0xRRGGBB."""

    def __init__(self) -> None:
        self.overrides: dict[int | str, int] = {}
        self.defaults: dict[int | str, int] = {
            "foreground": 0xE5E5E5,
            "background": 0x000000,
            "cursor": 0xE5E5E5,
            "pointer_foreground": 0x000000,
            "pointer_background": 0xFFFFFF,
            "tektronix_foreground": 0xE5E5E5,
            "tektronix_background": 0x000000,
            "highlight_background": 0xE5E5E5,
            "tektronix_cursor": 0xE5E5E5,
            "highlight_foreground": 0x000000,
        }

    def get(self, key: int | str) -> int:
        """0xRRGGBB in force for ``key``."""
        if key in self.overrides:
            return self.overrides[key]
        if key in self.defaults:
            return self.defaults[key]
        if isinstance(key, int) and key < 256:
            return xterm_colour(key)
        return self.get("foreground")
