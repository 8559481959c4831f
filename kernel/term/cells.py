"""The grid as single cells, for callers that think in cells: pyte's ``buffer[y][x]``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, overload

from kernel.term.attributes import AttributeTable
from kernel.term.clusters import ClusterTable
from kernel.term.palette import xterm_colour
from kernel.term.rows import STUB, Row
from kernel.term.sgr import DEFAULT, RGB_FLAG

_NAMES = ("black", "red", "green", "brown", "blue", "magenta", "cyan", "white")


class Char(NamedTuple):
    """One cell. ``data`` is its text ("" in the right half of a wide character); colours are pyte's names or rrggbb."""

    data: str
    fg: str = "default"
    bg: str = "default"
    bold: bool = False
    italics: bool = False
    underscore: bool = False
    strikethrough: bool = False
    reverse: bool = False
    blink: bool = False
    dim: bool = False
    hidden: bool = False
    ul_style: int = 0
    ul_color: str = "default"
    link: str = ""
    link_id: str = ""
    overline: bool = False
    protected: bool = False


def colour_name(colour: int) -> str:
    """pyte's name of a colour: ``default``, ``red``, ``brightred``, or six hexadecimal digits."""
    if colour == DEFAULT:
        return "default"
    if colour >= RGB_FLAG:
        return f"{colour & 0xFFFFFF:06x}"
    if colour < 16:
        return _NAMES[colour] if colour < 8 else "bright" + _NAMES[colour - 8]
    return f"{xterm_colour(colour & 0xFF):06x}"


class CellLine(Sequence[Char]):
    """The cells of one row."""

    def __init__(self, row: Row, attributes: AttributeTable, clusters: ClusterTable) -> None:
        self._row = row
        self._attributes = attributes
        self._clusters = clusters

    def __len__(self) -> int:
        return len(self._row.text)

    @overload
    def __getitem__(self, index: int) -> Char: ...

    @overload
    def __getitem__(self, index: slice) -> list[Char]: ...

    def __getitem__(self, index: int | slice) -> Char | list[Char]:
        """Return the cell, or the cells of a slice."""
        if isinstance(index, slice):
            return [self[x] for x in range(*index.indices(len(self)))]
        cell = self._row.text[index]
        a = self._attributes[self._row.attrs[index]]
        return Char(
            "" if cell == STUB else self._clusters[cell],
            colour_name(a.fg),
            colour_name(a.bg),
            a.bold,
            a.italics,
            a.ul_style > 0,
            a.strikethrough,
            a.reverse,
            a.blink,
            a.dim,
            a.hidden,
            a.ul_style,
            colour_name(a.ul_color),
            a.link,
            a.link_id,
            a.overline,
            a.protected,
        )


class CellGrid(Sequence[CellLine]):
    """Lines of cells over a sequence of rows, made when they are asked for."""

    def __init__(self, rows: Sequence[Row], attributes: AttributeTable, clusters: ClusterTable) -> None:
        self._rows = rows
        self._attributes = attributes
        self._clusters = clusters

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> CellLine: ...

    @overload
    def __getitem__(self, index: slice) -> list[CellLine]: ...

    def __getitem__(self, index: int | slice) -> CellLine | list[CellLine]:
        """Return the line, or the lines of a slice."""
        if isinstance(index, slice):
            return [self[y] for y in range(*index.indices(len(self)))]
        return CellLine(self._rows[index], self._attributes, self._clusters)

    def __iter__(self) -> Iterator[CellLine]:
        for row in self._rows:
            yield CellLine(row, self._attributes, self._clusters)
