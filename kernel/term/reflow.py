"""Rewrapping of lines when the width of the screen changes. Pure functions over stored rows.

A logical line is a run of rows of which all but the last are marked as wrapped. Erased cells at its end do not count, unless the
cursor is behind them. A wide character that does not fit into a row's last column leaves that cell erased, not drawn: that tells
it from a space that somebody typed, and from what was in the cell before, which therefore has to go.

Cells that were erased in a colour up to the screen's edge are a bar behind the line, not a part of it: it ends at the new edge, however
far that is. Where the text fills its last row the bar has a row of its own, since it would be lost at the next width otherwise.

The work starts at the cursor and stops where the history is full, so its cost depends on what is kept and not on what was
there; a row that still fits stays as it is stored, whatever its width.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from kernel.term.attributes import AttributeTable
from kernel.term.clusters import ClusterTable
from kernel.term.history import Stored
from kernel.term.rows import ERASED, PLAIN, STUB, Row
from kernel.term.width import cluster_width

#: The ends of most rows, which are looked at by the hundred thousand.
_MOST_COMMON = ("", ERASED, PLAIN)


class Position(NamedTuple):
    """A cell: index of its row in the list that is reflowed, and column."""

    row: int
    column: int


class Reflowed(NamedTuple):
    """The rows above the cursor's row, that row and those below it, where the screen's old top and end are, and the cursor's column.

    The column is one past the last for a cursor that waits behind a full row.
    ``top`` counts in ``above``: 0 is its first row, ``len(above)`` the cursor's row. ``shown`` tells how many rows of ``below`` have
    cells of the screen, ``cut`` how many characters the first line had before its first row: there was no room for these. Rows are as
    wide as they were stored: fit them before use.
    """

    above: list[Stored]
    below: list[Stored]
    top: int
    shown: int
    column: int
    cut: int


def content_length(row: Row) -> int:
    """Number of cells up to the last one that is drawn or coloured."""
    return len(row.attrs.rstrip(ERASED))


def text_length(row: Row, below: Row | None, attributes: AttributeTable) -> int:
    """Number of cells of ``row`` that belong to its logical line, which goes on in ``below`` where the row is wrapped.

    Cells behind the line's end do not, and neither does the last column that a wide character did not fit into.
    """
    if not row.wrapped or below is None:
        return content_length(row)
    return len(row.text) - (below.text[1:2] == STUB and not attributes[row.attrs[-1]].drawn)


def drawn_length(row: Row, attributes: AttributeTable) -> int:
    """Number of cells up to the last one that was drawn: what is behind it was erased, in whatever colour, and is no text."""
    attrs = row.attrs.rstrip(ERASED)
    while attrs and not attributes[attrs[-1]].drawn:
        attrs = attrs.rstrip(attrs[-1])
    return len(attrs)


def is_blank(row: Row) -> bool:
    """Whether nothing was drawn in ``row``."""
    return not row.attrs.strip(ERASED)


def reflow(
    items: Sequence[Stored],
    columns: int,
    screen: tuple[int, int],
    cursor: Position,
    *,
    above: int,
    below: int,
    waits: bool,
    attributes: AttributeTable,
    clusters: ClusterTable,
) -> Reflowed:
    """Rewrap ``items`` (as the history keeps them) to ``columns``.

    ``cursor`` is one column past the last where a wrap is pending; ``waits``: it may become so.
    ``screen`` has the indices of the row at the top of the screen, at or above that of ``cursor``, and of the row behind its last.
    At least ``above`` rows above the cursor's row and ``below`` from it on are made, where there are so many.
    """
    top, bottom = screen
    first, end = cursor.row, cursor.row + 1
    while first > 0 and _is_wrapped(items[first - 1]):
        first -= 1
    while end < len(items) and _is_wrapped(items[end - 1]):
        end += 1
    tables = _Tables(attributes, clusters)
    line = _Line(items[first:end], columns, tables, cursor=Position(cursor.row - first, cursor.column), waits=waits)
    offset = line.cursor
    at = line.row_of(offset)
    column = offset - line.start(at)
    rows_above = line.rows(max(0, at - above), at)
    rows_below = line.rows(at, min(line.count, at + below))
    made = _Upwards(items, columns, tables, top)
    wanted = above - len(rows_above)
    head = made.rows(first, wanted) if wanted > 0 else []
    if top >= first:
        old_top = len(head) + len(rows_above) - (at - line.row_of(line.offset_of(top - first)))
    else:
        old_top = len(head) - made.top_distance
    tail, shown = _downwards(items, columns, tables, end, bottom, below - len(rows_below))
    shown += line.rows_of(bottom - first) - at
    cut = made.cut if head else line.characters_before(max(0, at - above))
    return Reflowed(head + rows_above, rows_below + tail, max(0, old_top), shown, column, cut)


def _downwards(
    items: Sequence[Stored], columns: int, tables: _Tables, end: int, bottom: int, wanted: int
) -> tuple[list[Stored], int]:
    """The oldest rows of the items from ``end`` on, about ``wanted``, and how many have cells of those before ``bottom``."""
    found: list[Stored] = []
    shown = 0
    while end < len(items) and len(found) < wanted:
        start = end
        end += 1
        while end < len(items) and _is_wrapped(items[end - 1]):
            end += 1
        if end == start + 1 and _fits(items[start], columns, tables.attributes):
            shown += start < bottom
            found.append(items[start])
        else:
            line = _Line(items[start:end], columns, tables)
            if start < bottom:
                shown += line.rows_of(bottom - start)
            found.extend(line.rows(0, min(line.count, wanted)))
    return found, shown


class _Tables(NamedTuple):
    """What the characters of rows stand for."""

    attributes: AttributeTable
    clusters: ClusterTable


class _Upwards:
    """Rewraps line by line from below; ``top_distance`` tells how far up the marked row came to be, ``cut`` as in ``Reflowed``."""

    def __init__(self, items: Sequence[Stored], columns: int, tables: _Tables, top: int) -> None:
        self._items = items
        self._columns = columns
        self._tables = tables
        self._top = top
        self.top_distance = 0
        self.cut = 0

    def rows(self, end: int, wanted: int) -> list[Stored]:
        """The newest rows of the items before ``end``, ``wanted`` of them where there are so many."""
        items, columns = self._items, self._columns
        self.top_distance = wanted
        found: list[Stored] = []
        while end > 0 and len(found) < wanted:
            start = end - 1
            item = items[start]
            while start > 0 and _is_wrapped(items[start - 1]):
                start -= 1
            if start == end - 1 and _fits(item, columns, self._tables.attributes):
                found.append(item)
                if start == self._top:
                    self.top_distance = len(found)
            else:
                line = _Line(items[start:end], columns, self._tables)
                if start <= self._top < end:
                    self.top_distance = len(found) + line.count - line.row_of(line.offset_of(self._top - start))
                kept_from = max(0, line.count - (wanted - len(found)))
                self.cut = line.characters_before(kept_from)
                made = line.rows(kept_from, line.count)
                made.reverse()
                found.extend(made)
            end = start
        found.reverse()
        return found


class _Line:
    """One logical line: its cells without padding, and where rows of ``columns`` cells begin in it.

    ``cursor`` is the cursor's part and column; as an attribute it is the cell at which the cursor is in the line. ``waits``: it may be
    behind a full row.
    """

    def __init__(
        self,
        parts: Sequence[Stored],
        columns: int,
        tables: _Tables,
        *,
        cursor: Position | None = None,
        waits: bool = True,
    ) -> None:
        self._columns = columns
        self._attributes = tables.attributes
        self._continues = _is_wrapped(parts[-1])
        self._fill = ERASED
        self._sizes: list[int] = []
        texts, attrs = [], []
        rows = [_row(part) for part in parts]
        for number, row in enumerate(rows):
            if number < len(rows) - 1:
                size = text_length(row, rows[number + 1], tables.attributes)
            elif row.wrapped:
                size = len(row.text)
            else:
                if _is_bar(row.attrs, tables.attributes):
                    self._fill = row.attrs[-1]
                size = len(row.attrs.rstrip(self._fill))
            text, styles = cells_for(row.text[:size], row.attrs[:size], row, columns, tables.clusters)
            texts.append(text)
            attrs.append(styles)
            self._sizes.append(len(text))
        self._text, self._attrs = "".join(texts), "".join(attrs)
        self.cursor = 0
        if cursor is not None:
            self.cursor = self.offset_of(cursor.row) + self._column(rows[cursor.row], cursor.column, self._sizes[cursor.row])
            missing = self.cursor + 1 - len(self._text)
            if missing > waits:
                # Erased cells hold the cursor's place: what is typed next is as far from the text as it would have been.
                self._text += " " * missing
                self._attrs += self._fill * missing
        self._starts = self._find_starts()
        # A row of its own, where the text leaves no cell that would tell of the bar.
        if self._fill != ERASED and len(self._text) - self.start(self.count - 1) == columns:
            self._text += " "
            self._attrs += self._fill
            self._starts = self._find_starts()

    def _column(self, row: Row, column: int, size: int) -> int:
        """Where the cursor is in its part, of ``size`` cells, when it was in ``column`` of ``row``."""
        if self._columns == 1:
            return column - row.text.count(STUB, 0, column + 1)
        if len(row.text) == 1 and column == 1:
            return max(size, 1)
        return column

    @property
    def count(self) -> int:
        """How many rows the line takes."""
        if self._starts is not None:
            return len(self._starts)
        return max(1, -(-len(self._text) // self._columns))

    def start(self, row: int) -> int:
        """Where row number ``row`` begins."""
        return self._starts[row] if self._starts is not None else row * self._columns

    def characters_before(self, row: int) -> int:
        """How many characters come before row number ``row``, wide ones counted once."""
        start = self.start(row)
        return start - self._text.count(STUB, 0, start)

    def offset_of(self, part: int) -> int:
        """Where part number ``part`` began."""
        return sum(self._sizes[:part])

    def row_of(self, offset: int) -> int:
        """The row with the cell ``offset``, the last one for cells behind the end."""
        if self._starts is None:
            return min(offset // self._columns, self.count - 1)
        low, high = 0, len(self._starts)
        while high - low > 1:
            middle = (low + high) // 2
            if self._starts[middle] <= offset:
                low = middle
            else:
                high = middle
        return low

    def rows_of(self, parts: int) -> int:
        """How many rows have cells of the first ``parts`` parts, of which there is at least one."""
        if parts >= len(self._sizes):
            return self.count
        return self.row_of(max(0, self.offset_of(parts) - 1)) + 1

    def rows(self, first: int, end: int) -> list[Stored]:
        """The rows ``first:end``."""
        columns, last = self._columns, self.count - 1
        made: list[Stored] = []
        for number in range(first, end):
            start = self.start(number)
            stop = self.start(number + 1) if number < last else start + columns
            text, attrs = self._text[start:stop], self._attrs[start:stop]
            pad = columns - len(text)
            if number < last and self._text[stop + 1 : stop + 2] == STUB:
                # Before a wide character only a cell that it did not fit into may be erased.
                if pad:
                    made.append(Row(text + " " * pad, attrs + self._attributes.blank(self._attrs[stop]) * pad, True))
                    continue
                attrs = attrs[:-1] + self._drawn(attrs[-1])
            elif number == last and not (pad or self._continues) and self._fill == ERASED and _is_bar(attrs, self._attributes):
                # Some cells in a colour, which come to the edge by chance: they are no bar.
                attrs = attrs[:-1] + self._drawn(attrs[-1])
            made.append(Row(text + " " * pad, attrs + self._fill * pad, number < last or self._continues))
        return made

    def _drawn(self, attr: str) -> str:
        """``attr`` as that of a cell in which something was drawn."""
        attributes = self._attributes[attr]
        return attr if attributes.drawn else self._attributes.intern(attributes._replace(drawn=True))

    def _find_starts(self) -> list[int] | None:
        """Where rows begin when wide characters make them uneven; None when every row is full."""
        text, columns = self._text, self._columns
        if STUB not in text:
            return None
        starts, at, size = [0], columns, len(text)
        while at < size:
            if text[at] == STUB:
                at -= 1
            starts.append(at)
            at += columns
        return starts


def cells_for(text: str, attrs: str, row: Row, columns: int, clusters: ClusterTable) -> tuple[str, str]:
    """The cells of a part of a line as rows of ``columns`` have them."""
    if columns == 1 and STUB in text:
        # No cell for the right halves: the characters stay, one cell each.
        kept = [x for x, cell in enumerate(text) if cell != STUB]
        return "".join([text[x] for x in kept]), "".join([attrs[x] for x in kept])
    if len(row.text) == 1 and columns > 1 and not text.isascii() and cluster_width(clusters[text]) == 2:
        # In one column there was no cell for its right half.
        return text + STUB, attrs * 2
    return text, attrs


def _row(part: Stored) -> Row:
    """A row, or plain text as one. Lines that are not drawn yet fit and go on nowhere, so none of them is rewrapped."""
    if isinstance(part, Row):
        return part
    assert isinstance(part, str), "the screen draws lines that may not fit before"
    return Row(part, PLAIN * len(part))


def _is_wrapped(item: Stored) -> bool:
    return isinstance(item, Row) and item.wrapped


def _is_bar(attrs: str, attributes: AttributeTable) -> bool:
    """Whether the last of the cells was erased in a colour: at the screen's edge it is a bar, which goes on to any other edge."""
    last = attrs[-1:]
    return last not in _MOST_COMMON and not attributes[last].drawn


def _fits(item: Stored, columns: int, attributes: AttributeTable) -> bool:
    """Whether the last or only row of a line can stay as it is."""
    if isinstance(item, str):
        return len(item) <= columns
    if not isinstance(item, Row):
        return len(item[0]) <= columns
    excess = len(item.attrs) - columns
    if len(item.text) == 1 and not item.text.isascii():
        return excess == 0 and not item.wrapped  # there was no cell for its right half, if it has one
    if item.wrapped or excess == 0:
        return not item.wrapped
    return (excess < 0 or item.attrs.endswith(ERASED * excess)) and not _is_bar(item.attrs[:columns], attributes)
