"""Lines that scrolled off the top: bounded, indexed in constant time, small.

A line of plain text is kept as its text alone and becomes a ``Row`` when somebody looks at it. Owned by the screen,
which appends and reflows; painters and searches only read.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import overload

from kernel.term.rows import ERASED, PLAIN, Row, fit

_SLACK = 4096


class History(Sequence[Row]):
    """At most ``limit`` rows, oldest first, shown ``columns`` wide; ``dropped`` counts the rows lost at the front."""

    def __init__(self, columns: int, limit: int) -> None:
        self.columns = columns
        self.limit = max(0, limit)
        self.dropped = 0
        self._items: list[str | Row] = []
        self._start = 0

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
        return self._row(self._items[self._start + index])

    def _row(self, item: str | Row) -> Row:
        if isinstance(item, str):
            pad = self.columns - len(item)
            return Row(item + " " * pad, PLAIN * len(item) + ERASED * pad)
        return item if len(item.text) == self.columns else fit(item, self.columns)

    def append(self, row: Row) -> None:
        """Add ``row`` at the end; the oldest goes when the limit is reached."""
        self._items.append(row)
        if len(self._items) - self._start > self.limit:
            self._trim()

    def extend(self, rows: Iterable[str | Row]) -> None:
        """Add rows at the end; a ``str`` is a line of plain ASCII text no longer than the screen is wide."""
        self._items.extend(rows)
        if len(self._items) - self._start > self.limit:
            self._trim()

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
        self._start = 0

    def stored(self) -> list[str | Row]:
        """Return the lines as they are kept: plain ones as text without padding."""
        return self._items[self._start :]

    def take_all(self) -> list[str | Row]:
        """Return the stored lines and forget them, for a reflow; ``dropped`` stays."""
        items = self._items[self._start :]
        self._items = []
        self._start = 0
        return items

    def take_last(self, count: int) -> list[Row]:
        """Remove the last ``count`` rows and return them."""
        size = len(self)
        rows = self[max(0, size - count) : size]
        if rows:
            del self._items[-len(rows) :]
        return rows
