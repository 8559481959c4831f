"""Lines that scrolled off the top: bounded, indexed in constant time, small.

A line of plain text is kept as its text alone, and a coloured one that was never on the screen as it came; both become a
``Row`` when somebody looks at them. Owned by the screen, which appends and reflows; painters and searches look, which changes no cell.
``kernel.term.collection`` counts which attributes and clusters the lines use: for it, ``unread_from`` says which may have changed.

Absolute line numbers begin at ``dropped`` and go on into the screen. They stay while lines come, scroll and go, and change in two
cases: rows from below the screen come in above others, and lines rewrap. Who keeps numbers notes ``numbering`` with them and asks
``line_now`` when that has changed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Container, Iterable, Mapping, Sequence
from itertools import islice
from typing import NamedTuple, overload

from kernel.term.attributes import AttributeTable
from kernel.term.rows import PLAIN, Row, fit

_SLACK = 4096
#: So many rows of another width are kept as they show: a screen's at least.
_MOST_FITTED = 4096
#: Of more changes of numbers the oldest are forgotten.
MOST_INSERTIONS = 32

#: A line as it is kept: plain ASCII without padding; or ASCII with SGR sequences and the pen that draws it on a blank row in default
#: colours, no longer than the screen is wide; or a row.
Stored = str | tuple[str, str] | Row


class Insertion(NamedTuple):
    """Lines that came in above the absolute line ``line``; its number and all after it grew by ``size``."""

    line: int
    size: int


class History(Sequence[Row]):
    """At most ``limit`` rows, oldest first, shown ``columns`` wide; ``dropped`` counts the rows lost at the front.

    ``numbering``: another one after each change of absolute numbers.
    """

    def __init__(self, columns: int, limit: int, attributes: AttributeTable) -> None:
        self.columns = columns
        self._attributes = attributes
        self.limit = max(0, limit)
        self.dropped = 0
        self.numbering = 0
        self._insertions: deque[Insertion] = deque(maxlen=MOST_INSERTIONS)
        self._items: list[Stored] = []
        self._start = 0
        #: The first line that may use attributes which its reader (``kernel.term.collection``) does not know of yet; it moves this on.
        self.unread_from = 0
        #: The lines before it that have become rows since.
        self.drawn_late: set[int] = set()
        #: Rows of another width, by absolute number, and as they were shown.
        self._fitted: dict[int, tuple[Row, Row]] = {}

    def __len__(self) -> int:
        return len(self._items) - self._start

    @overload
    def __getitem__(self, index: int) -> Row: ...

    @overload
    def __getitem__(self, index: slice) -> list[Row]: ...

    def __getitem__(self, index: int | slice) -> Row | list[Row]:
        """Return one row, or the rows of a slice, padded to the present width."""
        size = len(self)
        if isinstance(index, slice):
            return [self._row(self._items[self._start + at]) for at in range(*index.indices(size))]
        if index < 0:
            index += size
        if not 0 <= index < size:
            raise IndexError("history line out of range")
        # What is returned is kept: a painter compares rows by identity.
        item = self._items[self._start + index]
        if isinstance(item, Row):
            return item if len(item.text) == self.columns else self._fit(self.dropped + index, item)
        self._items[self._start + index] = row = self._row(item)
        if self.dropped + index < self.unread_from:
            self.drawn_late.add(self.dropped + index)
        return row

    def _fit(self, line: int, row: Row) -> Row:
        """``row``, which has the absolute number ``line``, at the present width; what is kept stays as it is, for a reflow."""
        known = self._fitted.get(line)
        if known is not None and known[0] is row and len(known[1].text) == self.columns:
            return known[1]
        if len(self._fitted) >= _MOST_FITTED:
            self._fitted.clear()
        fitted = fit(row, self.columns)
        self._fitted[line] = row, fitted
        return fitted

    def _row(self, item: Stored) -> Row:
        row = self.drawn(item)
        return row if len(row.text) == self.columns else fit(row, self.columns)

    def drawn(self, item: Stored) -> Row:
        """Return a stored line as a row of its own width."""
        if isinstance(item, Row):
            return item
        if isinstance(item, str):
            return Row(item, PLAIN * len(item))
        cells, attrs, _, _ = self._attributes.styled(item[1], item[0])
        return Row(cells, attrs)

    def append(self, row: Row) -> None:
        """Add ``row`` at the end; the oldest goes when the limit is reached."""
        self._items.append(row)
        if len(self._items) - self._start > self.limit:
            self._trim()

    def extend(self, rows: Iterable[Stored]) -> None:
        """Add lines at the end."""
        self._items.extend(rows)
        if len(self._items) - self._start > self.limit:
            self._trim()

    def stored_between(self, first: int, end: int) -> list[Stored]:
        """Return the lines with the absolute numbers ``first:end`` as they are kept, as far as they are."""
        start = self._start - self.dropped
        return self._items[max(first, self.dropped) + start : max(end + start, 0)]

    def translate(self, first: int, end: int, table: Mapping[int, str], but: Container[int]) -> None:
        """Give the rows with the absolute numbers ``first:end`` other attributes, by ``table`` as ``str.translate`` takes it.

        but: identities of rows that stay as they are.
        """
        start = self._start - self.dropped
        for at in range(max(first, self.dropped) + start, min(end + start, len(self._items))):
            item = self._items[at]
            if isinstance(item, Row) and id(item) not in but:
                attrs = item.attrs.translate(table)
                if attrs != item.attrs:
                    self._items[at] = item._replace(attrs=attrs)
            elif not isinstance(item, Row | str):
                self._items[at] = (item[0], item[1].translate(table))

    def end_last_line(self) -> None:
        """The last row goes on nowhere: what was behind it is gone."""
        items = self._items
        if items and isinstance(last := items[-1], Row) and last.wrapped:
            items[-1] = last._replace(wrapped=False)

    def insert_above_last_line(self, rows: Sequence[Row]) -> int:
        """Add ``rows`` at the end, or above the line that goes on behind the end; return how many rows are below them.

        Those, and the rows of the screen, have other absolute numbers from then on.
        """
        size = len(self)
        place = size
        while place > 0 and isinstance(above := self._items[self._start + place - 1], Row) and above.wrapped:
            place -= 1
        if rows:
            self.numbering += 1
            self._insertions.append(Insertion(self.dropped + place, len(rows)))
        self._items[self._start + place : self._start + place] = rows
        self.unread_from = min(self.unread_from, self.dropped + place)
        if len(self) > self.limit:
            self._trim()
        return size - place

    def line_now(self, line: int, numbering: int) -> int | None:
        """Return the number of what was the absolute line ``line`` at ``numbering``, of the history or the screen.

        None where that is not known: lines were rewrapped, or too much has changed since.
        """
        missed = self.numbering - numbering
        known = len(self._insertions)
        if not 0 <= missed <= known:
            return None
        for insertion in islice(self._insertions, known - missed, None):
            if line >= insertion.line:
                line += insertion.size
        return line

    def _trim(self) -> None:
        excess = len(self._items) - self._start - self.limit
        self.dropped += excess
        end = self._start + excess
        if end > _SLACK:
            del self._items[:end]
            self._start = 0
        else:
            # The dropped entries are emptied now and removed in bulk later: a deletion moves the whole list.
            self._items[self._start : end] = [""] * excess
            self._start = end

    def clear(self) -> None:
        """Drop every line."""
        self.dropped += len(self)
        self._items.clear()
        self._fitted.clear()
        self._start = 0

    def stored(self) -> list[str | Row]:
        """Return the lines, plain ones as text without padding."""
        return [item if isinstance(item, str) else self.drawn(item) for item in self._items[self._start :]]

    def take_all(self) -> list[Stored]:
        """Return the stored lines and forget them, for a reflow, which gives them other numbers; ``dropped`` stays."""
        self.numbering += 1
        self._insertions.clear()
        items = self._items[self._start :]
        self.unread_from = self.dropped
        self.drawn_late.clear()
        self._fitted.clear()
        self._items = []
        self._start = 0
        return items

    def last_wrapped(self) -> list[Stored]:
        """Return the last rows that belong to the line that goes on behind the end; none where it does not."""
        items, first = self._items, len(self._items)
        while first > self._start and isinstance(row := items[first - 1], Row) and row.wrapped:
            first -= 1
        return items[first:]

    def take_last(self, count: int) -> list[Row]:
        """Remove the last ``count`` rows and return them."""
        size = len(self)
        rows = self[max(0, size - count) : size]
        if rows:
            del self._items[-len(rows) :]
            self.unread_from = min(self.unread_from, self.dropped + len(self))
        return rows
