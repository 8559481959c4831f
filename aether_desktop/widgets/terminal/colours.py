"""The colour integers of `kernel.term` as 0xRRGGBB in a scheme, after what the program changed in the palette.

Called by `styles`. Pure: no Qt.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aether_desktop.theme.tokens import TerminalColours
from kernel.term.palette import xterm_colour

if TYPE_CHECKING:
    from kernel.term import Terminal

LEAST_CONTRAST = 3.0
"""Of letters in colours of the palette: a program chose them without knowing what they look like here."""
CLEAR_CONTRAST = 4.5
"""Where letters have to change from lighter than their paper to darker, or the other way."""
DIRECT = 0x1000000
EXACT = 256
NAMED = 16
BRIGHT = 8


@dataclass(frozen=True, slots=True)
class Scheme:
    """Colours of one terminal theme as 0xRRGGBB; ansi has sixteen."""

    foreground: int
    background: int
    cursor: int
    selection: int
    ansi: tuple[int, ...]

    @classmethod
    def of(cls, colours: TerminalColours) -> Scheme:
        """The scheme of the theme's tokens."""
        return cls(
            foreground=number_of(colours.foreground),
            background=number_of(colours.background),
            cursor=number_of(colours.cursor),
            selection=number_of(colours.selection),
            ansi=tuple(number_of(colour) for colour in colours.ansi),
        )

    def defaults(self) -> dict[int | str, int]:
        """What a program is told when it asks for the colours that it did not change."""
        return {
            **dict(enumerate(self.ansi)),
            "foreground": self.foreground,
            "background": self.background,
            "cursor": self.cursor,
            "highlight_background": self.selection,
            "highlight_foreground": self.foreground,
        }


def paper_of(terminal: Terminal, scheme: Scheme) -> int:
    """0xRRGGBB of what is around a terminal's cells and behind those that have no colour of their own."""
    overrides = terminal.palette.overrides
    if terminal.modes.reverse_video:
        return overrides.get("foreground", scheme.foreground)
    return overrides.get("background", scheme.background)


def number_of(colour: str) -> int:
    """0xRRGGBB of `#rrggbb` or `#aarrggbb`."""
    return int(colour[-6:], 16)


def resolve(value: int, scheme: Scheme, overrides: Mapping[int | str, int], *, role: str, bold: bool = False) -> int:
    """0xRRGGBB of a cell's colour.

    value: -1 default, 0..15 named, 256+n palette entry n, 0x1000000|rgb direct. role: "foreground" or "background", which says
    what the default is. bold: named foregrounds 0..7 become their bright ones.
    """
    if value >= DIRECT:
        return value & 0xFFFFFF
    if value < 0:
        default = scheme.foreground if role == "foreground" else scheme.background
        return overrides.get(role, default)
    index = value - EXACT if value >= EXACT else value
    if value < BRIGHT and bold:
        index += BRIGHT
    if index in overrides:
        return overrides[index]
    return scheme.ansi[index] if index < NAMED else xterm_colour(index)


def mix(first: int, second: int, share: float) -> int:
    """0xRRGGBB between two colours; share (0..1) is how much of the first."""
    parts = (
        round((first >> shift & 255) * share + (second >> shift & 255) * (1 - share)) << shift for shift in (16, 8, 0)
    )
    return sum(parts)


def readable(ink: int, paper: int) -> int:
    """0xRRGGBB of letters on a paper: `ink`, moved towards white or black as far as it takes to read it."""
    here, there = _luminance(ink), _luminance(paper)
    if _ratio(here, there) >= LEAST_CONTRAST:
        return ink
    white, black = 0xFFFFFF, 0
    if here >= there:
        end, least = (white, LEAST_CONTRAST) if _ratio(1.0, there) >= LEAST_CONTRAST else (black, CLEAR_CONTRAST)
    else:
        end, least = (black, LEAST_CONTRAST) if _ratio(0.0, there) >= LEAST_CONTRAST else (white, CLEAR_CONTRAST)
    low, high = 0.0, 1.0
    for _ in range(8):
        share = (low + high) / 2
        if _ratio(_luminance(mix(end, ink, share)), there) >= least:
            high = share
        else:
            low = share
    return mix(end, ink, high)


def _ratio(first: float, second: float) -> float:
    """The contrast of two luminances after WCAG, 1 to 21."""
    return (max(first, second) + 0.05) / (min(first, second) + 0.05)


def _luminance(colour: int) -> float:
    """Relative luminance after WCAG, 0 to 1."""
    parts = [(colour >> shift & 255) / 255 for shift in (16, 8, 0)]
    red, green, blue = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
