"""The last lines of a terminal's screen for a card: styled runs of text. Pure.

A card is too small for a whole screen, and what a program printed last says most about what it does.
"""

from __future__ import annotations

from itertools import groupby
from typing import Final, NamedTuple

from kernel.term import Terminal
from kernel.term.rows import Row
from kernel.term.sgr import Attributes

COLUMNS_KEPT: Final = 160
_EXACT: Final = 256
_DIRECT: Final = 0x1000000


class Style(NamedTuple):
    """How text looks. colour: a palette index 0..255, "#rrggbb", or None for the default."""

    colour: int | str | None = None
    bold: bool = False
    dim: bool = False


class Run(NamedTuple):
    """A piece of a line in one style."""

    text: str
    style: Style


Line = tuple[Run, ...]


def last_lines(terminal: Terminal, count: int) -> tuple[Line, ...]:
    """The last `count` lines that are not empty at the end, oldest first, cut at 160 columns."""
    found: list[Line] = []
    line = terminal.history_dropped + len(terminal.history) + terminal.lines - 1
    while len(found) < count and (row := terminal.absolute_row(line)) is not None:
        if found or row.text.strip():
            found.append(_runs(terminal, row))
        line -= 1
    return tuple(reversed(found))


def _runs(terminal: Terminal, row: Row) -> Line:
    width = min(COLUMNS_KEPT, len(row.text.rstrip()))
    runs: list[Run] = []
    start = 0
    for attr, cells in groupby(row.attrs[:width]):
        end = start + sum(1 for _ in cells)
        look = terminal.attributes[attr]
        text = " " * (end - start) if look.hidden else terminal.clusters.expand(row.text[start:end])
        runs.append(Run(text, _style(look)))
        start = end
    return tuple(runs)


def _style(look: Attributes) -> Style:
    value = look.bg if look.reverse and look.bg >= 0 else look.fg
    colour: int | str | None
    if value < 0:
        colour = None
    elif value >= _DIRECT:
        colour = f"#{value & 0xFFFFFF:06x}"
    else:
        colour = value - _EXACT if value >= _EXACT else value
    return Style(colour, look.bold, look.dim)
