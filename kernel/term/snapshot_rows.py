"""Rows as the text and sequences that draw them again: the larger part of ``kernel.term.snapshot``, which alone calls it.

The reader is a terminal of the same size with default modes, its cursor at the start of a blank line. What makes
a row wrapped is a private sequence, since its last cell need not be drawn; cells that were erased, not drawn, are jumped over or erased.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from kernel.term.attributes import AttributeTable
from kernel.term.clusters import ClusterTable
from kernel.term.rows import ERASED, PLAIN, STUB, Row
from kernel.term.sgr import DEFAULT, Attributes, sgr_report
from kernel.term.width import Shaper, cluster_width, is_mark, joins

_STUBS = re.compile(STUB)
_RUN = re.compile(r"(.)\1*", re.DOTALL)
#: Attributes that DECCARA changes, with the codes that set and reset them.
_CHANGEABLE = (("bold", 1, 22), ("ul_style", 4, 24), ("blink", 5, 25), ("reverse", 7, 27))
#: The row of the cursor goes on below (``RowsBelow.add_rows_below``).
_GOES_ON = "\x1b[>0;1$~"
#: It does so, and the cursor goes there.
_WRAPS = "\x1b[>0;2$~"


class RowWriter:
    """Writes rows for a screen of ``columns`` x ``lines``; ``out`` collects what it wrote."""

    def __init__(
        self, columns: int, lines: int, attributes: AttributeTable, clusters: ClusterTable, shaper: Shaper
    ) -> None:
        self.out: list[str] = []
        self._columns = columns
        self._lines = lines
        self._attributes = attributes
        self._clusters = clusters
        self._shaper = shaper
        #: SGR of drawn attributes that have neither a link nor protection.
        self._sgr: dict[str, str] = {}
        self._pen = PLAIN
        self._link = ("", "")
        self._protected = False
        self._background = DEFAULT

    # --- the pen

    def select(self, attr: str) -> None:
        """Draw with the attributes ``attr`` from now on."""
        if attr == self._pen:
            return
        attributes = self._attributes[attr]
        self.select_attributes(attributes)
        self._pen = attr
        if not (attributes.link or attributes.protected):
            self._sgr[attr] = f"\x1b[{sgr_report(attributes)}m"

    def select_attributes(self, attributes: Attributes) -> None:
        """Draw with ``attributes`` from now on."""
        self._pen = ""
        self._background = attributes.bg
        self.out.append(f"\x1b[{sgr_report(attributes)}m")
        if attributes.protected != self._protected:
            self._protected = attributes.protected
            # What erasing spares stays the same: it is said at the end.
            self.out.append(f'\x1b[>{int(attributes.protected)}"q')
        self.link(attributes.link, attributes.link_id)

    def link(self, uri: str, link_id: str) -> None:
        """Link to ``uri`` from now on."""
        if (uri, link_id) != self._link:
            self._link = (uri, link_id)
            self.out.append(f"\x1b]8;{'id=' + link_id if link_id else ''};{uri}\x1b\\")

    def forget_pen(self) -> None:
        """Something else changed the reader's pen."""
        self._pen = ""
        self._protected = False
        self._background = DEFAULT

    def forget_link(self) -> None:
        """The reader's pen has no link any more."""
        self._link = ("", "")

    def _plain_background(self) -> None:
        background = self._attributes[self._pen].bg if self._pen else self._background
        if background != DEFAULT:
            self.select(PLAIN)

    # --- rows

    def write(self, items: Sequence[str | Row], before: Mapping[int, str] | None = None) -> None:
        """Write lines; those that are more than the screen has scroll off its top. ``before``: what to write at the start of some."""
        before = before or {}
        last = len(items) - 1
        if len(items) == self._lines:
            # Nothing has to scroll: the blank lines at the bottom are there.
            while last > 0 and _is_blank(items[last]) and not _is_wrapped(items[last - 1]):
                last -= 1
        out = self.out
        for number, item in enumerate(items[: last + 1]):
            if number in before:
                out.append(before[number])
            if isinstance(item, str):
                self.select(PLAIN)
                out.append(item + "\r\n" if number < last else item)
                continue
            y = min(number, self._lines - 1)
            self._row(item, y)
            if number < last:
                self._end(item)
            elif item.wrapped:
                out.append(_GOES_ON)
        for number in sorted(number for number in before if last < number < len(items)):
            out.append(f"\x1b[{number + 1};1H{before[number]}")

    def _end(self, row: Row) -> None:
        """Go to the next line, marking this one as wrapped where it is."""
        self._plain_background()
        self.out.append(_WRAPS if row.wrapped else "\r\n")

    def _row(self, row: Row, y: int) -> None:
        """Draw the cells of ``row`` on blank ones; the cursor is at its start."""
        text, attrs = row.text, row.attrs
        later: list[str] = []
        if not text.isascii():
            attrs = self._paired(text, attrs, y, later)
        x = 0
        ascii_only = text.isascii() and STUB not in text
        put, known = self.out.append, self._sgr
        for match in _RUN.finditer(attrs, 0, len(attrs.rstrip(ERASED))):
            end = match.end()
            attr = match[1]
            if attr == ERASED:
                put(f"\x1b[{end - x}C")
            elif attr in known or attr == PLAIN or self._attributes[attr].drawn:
                if attr in known and not (self._protected or self._link[0]):
                    if attr != self._pen:
                        put(known[attr])
                        self._pen = attr
                else:
                    self.select(attr)
                if ascii_only:
                    put(text[x:end])
                else:
                    self._cells(text, x, end, y)
            else:
                self._erased(self._attributes[attr], x, end, y, later)
            x = end
        self.out.extend(later)

    def _erased(self, attributes: Attributes, x: int, end: int, y: int, later: list[str]) -> None:
        """Erased cells with a background, and rarely with attributes that a rectangle was given."""
        self.select_attributes(Attributes(bg=attributes.bg, drawn=True))
        self.out.append(f"\x1b[{end - x}X\x1b[{end - x}C")
        change = _change(Attributes(), attributes)
        if change:
            later.append(f"\x1b[{y + 1};{x + 1};{y + 1};{end};{change}$r")

    def _paired(self, text: str, attrs: str, y: int, later: list[str]) -> str:
        """Give both halves of each wide character the same attributes; what makes them differ goes to ``later``."""
        if STUB not in text:
            return attrs
        cells = list(attrs)
        for match in _STUBS.finditer(text, 1):
            x = match.start()
            if attrs[x] == attrs[x - 1]:
                continue
            base, stub = self._attributes[attrs[x - 1]], self._attributes[attrs[x]]
            if base.ul_style != stub.ul_style and stub.ul_style > 1:
                drawn, changed, at = attrs[x], _change(stub, base), x
            else:
                drawn, changed, at = attrs[x - 1], _change(base, stub), x + 1
            cells[x - 1] = cells[x] = drawn
            later.append(f"\x1b[{y + 1};{at};{y + 1};{at};{changed}$r")
        return "".join(cells)

    def _cells(self, text: str, x: int, end: int, y: int) -> None:
        """Print the cells ``x:end``, all with one set of attributes."""
        piece = text[x:end]
        if piece.isascii() and STUB not in piece:
            self.out.append(piece)
            return
        printed = self._clusters.expand(piece)
        if not self._shaper.is_special(printed[0]) and self._shaper.cells(printed) == piece:
            self.out.append(printed)
            return
        for at in range(x, end):
            if text[at] != STUB:
                self._cell(text, at, y)

    def _cell(self, text: str, x: int, y: int) -> None:
        """Print one cell so that it neither joins the one before nor becomes wider than it is."""
        out, cluster = self.out, self._clusters[text[x]]
        wide = x + 1 < len(text) and text[x + 1] == STUB
        if x > 0 and not cluster.isascii():
            before = x - 1 if text[x - 1] != STUB or x == 1 else x - 2
            if joins(self._clusters[text[before]], cluster[0]):
                out.append(f" \x1b[{x + 1}G")
        if len(cluster) == 1 and "\xa0" <= cluster <= "\xff" and is_mark(cluster):
            out.append(f" \x1b[{ord(cluster)};{y + 1};{x + 1};{y + 1};{x + 1}$x")
        elif wide or cluster_width(cluster) == 1:
            out.append(cluster)
        elif cluster_width(cluster[0]) == 2:
            out.append(" ")
        elif x == self._columns - 1:
            out.append(f"\x1b[?7l{cluster}\x1b[?7h")
        elif x == 0:
            out.append(cluster[0])
        else:
            out.append(f"\x1b[?69h\x1b[1;{x + 1}s\x1b[{y + 1};{x + 1}H\x1b[?7l{cluster}\x1b[?7h\x1b[?69l")
            out.append(f"\x1b[{y + 1};{x + 2}H")


def _change(before: Attributes, after: Attributes) -> str:
    """The codes that make ``after`` of ``before``, as far as DECCARA can."""
    codes = []
    for field, on, off in _CHANGEABLE:
        if getattr(before, field) != getattr(after, field):
            codes.append(str(on if getattr(after, field) else off))
    return ";".join(codes)


def _is_wrapped(item: str | Row) -> bool:
    return isinstance(item, Row) and item.wrapped


def _is_blank(item: str | Row) -> bool:
    return isinstance(item, Row) and not item.wrapped and not item.attrs.strip(ERASED)
