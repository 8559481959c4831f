"""Rectangular areas: fill, erase, copy, change attributes, and checksums (DECFRA ... DECRQCRA)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import NamedTuple

from kernel.term.levels import since
from kernel.term.painting import Painting
from kernel.term.rows import STUB, Row, overwrite
from kernel.term.sgr import Attributes
from kernel.term.state import DEC_PROTECTION

_CHECKSUM_POSITIVE = 1
_CHECKSUM_NO_ATTRIBUTES = 2
_CHECKSUM_NO_TRIM = 4
_CHECKSUM_DRAWN_ONLY = 8
_CHECKSUM_FULL_CHARACTER = 16

#: Attributes that DECCARA sets and DECRARA toggles, by SGR number.
_RECTANGLE_FLAGS = {1: "bold", 4: "ul_style", 5: "blink", 7: "reverse"}


class Rectangle(NamedTuple):
    """0-based cells, ``bottom`` and ``right`` exclusive."""

    top: int
    left: int
    bottom: int
    right: int


class Rectangles(Painting):
    """The sequences of the VT420 that work on rectangles."""

    def rectangle(self, top: int, left: int, bottom: int, right: int) -> Rectangle | None:
        """Clamp 1-based inclusive corners (0: default); None when they enclose nothing."""
        lines, columns = self.lines, self.columns
        row, column = 0, 0
        if self.origin:
            row, column = self.top, self.left
            lines, columns = self.bottom + 1, self.right + 1
        first = (top or 1) - 1 + row
        start = (left or 1) - 1 + column
        last = min(bottom + row, lines) if bottom else lines
        end = min(right + column, columns) if right else columns
        if first >= last or start >= end:
            return None
        return Rectangle(first, start, last, end)

    @since(4)
    def fill_rectangle(self, char: int = 0, top: int = 0, left: int = 0, bottom: int = 0, right: int = 0, *_: int) -> None:
        """DECFRA, with a character of one cell that joins nothing."""
        area = self.rectangle(top, left, bottom, right)
        if area is None or not (32 <= char <= 126 or 160 <= char <= 255 or self._fills(chr(char))):
            return
        width = area.right - area.left
        text = self.charsets.translate(chr(char)) * width
        for y in range(area.top, area.bottom):
            self._replace_cells(y, area.left, text, self.pen * width)

    def _fills(self, char: str) -> bool:
        """Whether each cell of an area may hold ``char``, which is no Latin one."""
        printable = char > "\xff" and (char.isprintable() or "\ue000" <= char <= "\uf8ff")
        return printable and self.shaper.map[ord(char)] == char

    @since(4)
    def erase_rectangle(self, top: int = 0, left: int = 0, bottom: int = 0, right: int = 0, *_: int) -> None:
        """DECERA: the cells count as drawn with spaces and the pen."""
        area = self.rectangle(top, left, bottom, right)
        if area is None:
            return
        width = area.right - area.left
        for y in range(area.top, area.bottom):
            self._replace_cells(y, area.left, " " * width, self.pen * width)

    @since(4)
    def selective_erase_rectangle(self, top: int = 0, left: int = 0, bottom: int = 0, right: int = 0, *_: int) -> None:
        """DECSERA: protected cells stay, and so do attributes."""
        area = self.rectangle(top, left, bottom, right)
        if area is None:
            return
        for y in range(area.top, area.bottom):
            attrs = self.rows[y].attrs[area.left : area.right]
            kept = ""
            if self.protection == DEC_PROTECTION:
                kept = "".join([attr for attr in set(attrs) if self.attributes[attr].protected])
            for start, end in _runs_without(attrs, kept):
                self._replace_cells(y, area.left + start, " " * (end - start), attrs[start:end])

    @since(4)
    def copy_rectangle(
        self,
        top: int = 0,
        left: int = 0,
        bottom: int = 0,
        right: int = 0,
        page: int = 0,
        to_top: int = 0,
        to_left: int = 0,
        *_: int,
    ) -> None:
        """DECCRA: pages are ignored, there is one. Of a wide character that an edge cuts nothing is copied: half of one is no character."""
        area = self.rectangle(top, left, bottom, right)
        target = self.rectangle(to_top, to_left, 0, 0)
        if area is None or target is None:
            return
        width = min(area.right - area.left, target.right - target.left)
        source = self.rows[area.top : area.bottom]
        for row, y in zip(source, range(target.top, target.bottom), strict=False):
            end = area.left + width
            text, attrs = row.text[area.left : end], row.attrs[area.left : end]
            if text.startswith(STUB):
                text = " " + text[1:]
            if end < self.columns and row.text[end] == STUB:
                text = text[:-1] + " "
            self._replace_cells(y, target.left, text, attrs)

    def _replace_cells(self, y: int, x: int, cells: str, attrs: str) -> None:
        """Put ``cells`` at column ``x`` of line ``y``; where they are its first ones it is no part of the line above from then on."""
        if x == 0:
            self.end_line_above(y)
        self.rows[y] = overwrite(self.rows[y], x, cells, attrs)

    # --- attributes

    @since(4)
    def attribute_change_extent(self, how: int = 0, *_: int) -> None:
        """DECSACE: 2 makes attribute changes work on rectangles, otherwise on the stream of lines."""
        self.attribute_extent_rectangle = how == 2

    @since(4)
    def change_attributes(self, top: int = 0, left: int = 0, bottom: int = 0, right: int = 0, *sgr: int) -> None:
        """DECCARA: apply SGR attributes to an area. A parameter that was left out is -1, and nothing is to be done for it."""

        def change(attributes: Attributes) -> Attributes:
            for code in sgr:
                if code == 0:
                    attributes = attributes._replace(bold=False, ul_style=0, blink=False, reverse=False)
                elif code in _RECTANGLE_FLAGS:
                    attributes = _with_flag(attributes, _RECTANGLE_FLAGS[code], True)
                elif code - 20 in _RECTANGLE_FLAGS or code == 22:
                    attributes = _with_flag(attributes, _RECTANGLE_FLAGS[1 if code == 22 else code - 20], False)
            return attributes

        corners = (max(0, corner) for corner in (top, left, bottom, right))
        self._map_attributes(self.rectangle(*corners), change)

    @since(4)
    def reverse_attributes(self, top: int = 0, left: int = 0, bottom: int = 0, right: int = 0, *sgr: int) -> None:
        """DECRARA: toggle SGR attributes in an area."""

        def change(attributes: Attributes) -> Attributes:
            for code in sgr:
                if code in _RECTANGLE_FLAGS:
                    flag = _RECTANGLE_FLAGS[code]
                    attributes = _with_flag(attributes, flag, not getattr(attributes, flag))
            return attributes

        self._map_attributes(self.rectangle(top, left, bottom, right), change)

    def _map_attributes(self, area: Rectangle | None, change: Callable[[Attributes], Attributes]) -> None:
        if area is None:
            return
        for y in range(area.top, area.bottom):
            start, end = area.left, area.right
            if not self.attribute_extent_rectangle:
                start = start if y == area.top else self.left * self.origin
                end = end if y == area.bottom - 1 else self.right + 1 if self.origin else self.columns
            row = self.rows[y]
            changed = {attr: self.attributes.intern(change(self.attributes[attr])) for attr in set(row.attrs[start:end])}
            attrs = "".join([changed[attr] for attr in row.attrs[start:end]])
            self.rows[y] = Row(row.text, row.attrs[:start] + attrs + row.attrs[end:], row.wrapped)

    # --- checksums

    def select_checksum(self, flags: int = 0, *_: int) -> None:
        """XTCHECKSUM: which parts of a cell DECRQCRA counts."""
        self.checksum_flags = flags

    @since(4)
    def report_checksum(
        self, number: int = 0, page: int = 0, top: int = 0, left: int = 0, bottom: int = 0, right: int = 0, *_: int
    ) -> None:
        """DECRQCRA."""
        if not self.window_operations:
            return
        area = self.rectangle(top, left, bottom, right)
        total = self._checksum(area) if area is not None else 0
        self.reply(f"\x1bP{number}!~{total & 0xFFFF:04X}\x1b\\")

    def _checksum(self, area: Rectangle) -> int:
        """As xterm counts: a blank that was never drawn counts at the very beginning only."""
        flags = self.checksum_flags
        total, first = 0, True
        for y in range(area.top, area.bottom):
            row = self.rows[y]
            for x in range(area.left, area.right):
                attributes = self.attributes[row.attrs[x]]
                if flags & _CHECKSUM_DRAWN_ONLY and not attributes.drawn:
                    continue
                value = 32 if attributes.hidden else _character(self.clusters[row.text[x]])
                if not flags & _CHECKSUM_FULL_CHARACTER:
                    value &= 0xFF
                if not flags & _CHECKSUM_NO_ATTRIBUTES:
                    value += _attribute_checksum(attributes)
                if first or attributes.drawn or value != 32 or flags & _CHECKSUM_NO_TRIM:
                    total += value
                first = False
        return total if flags & _CHECKSUM_POSITIVE else -total


def _runs_without(attrs: str, kept: str) -> list[tuple[int, int]]:
    """Return where the stretches of ``attrs`` begin and end that have none of ``kept``."""
    if not kept:
        return [(0, len(attrs))]
    return [match.span() for match in re.finditer(f"[^{re.escape(kept)}]+", attrs)]


def _character(cell: str) -> int:
    """The number of a cell's character, composed where there is one for it; the right half of a wide one has its own."""
    if cell == STUB:
        return 0xFFFF
    return ord(cell[0] if len(cell) == 1 else unicodedata.normalize("NFC", cell)[0])


def _with_flag(attributes: Attributes, flag: str, value: bool) -> Attributes:
    if flag == "ul_style":
        return attributes._replace(ul_style=1 if value else 0)
    return attributes._replace(**{flag: value})  # type: ignore[arg-type]  # the flags named above are all booleans


def _attribute_checksum(attributes: Attributes) -> int:
    return (
        0x10 * (attributes.ul_style > 0)
        + 0x20 * attributes.reverse
        + 0x40 * attributes.blink
        + 0x80 * attributes.bold
    )
