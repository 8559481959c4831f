"""A terminal's text as a search wants it: one string for each logical line, kept between searches. Pure.

Rows never change, so what is in the history is read once, and anew where its lines have other numbers (`kernel.term.history`);
else only the screen is read again. Owned by `finding`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from kernel.term import STUB, Row, Terminal
from kernel.term.reflow import content_length, text_length
from kernel.term.search import MAX_LINE, Match


class _Line(NamedTuple):
    """A logical line: absolute number of its first row, and its rows."""

    first: int
    rows: tuple[Row, ...]


class SearchText:
    """The text of one terminal."""

    def __init__(self) -> None:
        self._lines: list[_Line] = []
        self._texts: list[str] = []
        self._basis: tuple[int, ...] = ()
        self._screen = 0
        #: The line whose matches were asked for last, and the row and column of each of its characters.
        self._places: tuple[_Line, list[tuple[int, int]]] | None = None

    @property
    def texts(self) -> list[str]:
        """The logical lines, oldest first; of a very long one only the beginning is one string, what follows another."""
        return self._texts

    def update(self, terminal: Terminal) -> int:
        """Read what is new; the index in `texts` of the first line that may differ from before."""
        basis = (id(terminal), terminal.columns, terminal.history.numbering)
        if basis != self._basis:
            self._basis = basis
            self.forget()
        dropped = terminal.history_dropped
        gone = 0
        while gone < len(self._lines) and self._lines[gone].first < dropped:
            gone += 1
        if gone and (rest := self._lines[gone - 1].rows[dropped - self._lines[gone - 1].first :]):
            # The beginning of a long line left the history, what follows is still there.
            gone -= 1
            self._lines[gone], self._texts[gone] = _Line(dropped, rest), _text(terminal, rest)
        del self._lines[:gone], self._texts[:gone]
        settled = self._settled(terminal)
        del self._lines[settled:], self._texts[settled:]
        start = self._lines[-1].first + len(self._lines[-1].rows) if self._lines else dropped
        self._read(terminal, start)
        self._screen = dropped + len(terminal.history)
        return settled

    def forget(self) -> None:
        """Read everything anew the next time: rows have other numbers."""
        self._lines.clear()
        self._texts.clear()
        self._places = None

    def first_line(self, index: int) -> int | None:
        """The absolute number of the first row of a line of `texts`; None when there is no such line."""
        return self._lines[index].first if index < len(self._lines) else None

    def index_of(self, line: int) -> int:
        """The index in `texts` of what is on an absolute line; of the nearest there is, 0 where there is none."""
        return max(0, bisect_right(self._lines, line, key=lambda known: known.first) - 1)

    def last_line(self, index: int) -> int | None:
        """The absolute number of the last row of a line of `texts`; None when there is no such line."""
        return self._lines[index].first + len(self._lines[index].rows) - 1 if 0 <= index < len(self._lines) else None

    def match(self, terminal: Terminal, index: int, start: int, end: int) -> Match | None:
        """Cells of the characters start..end (exclusive) of a line of `texts`; None when there is no such line."""
        if not (0 <= index < len(self._lines) and 0 <= start < end <= len(self._texts[index])):
            return None
        line = self._lines[index]
        if len(line.rows) == 1 and self._texts[index].isascii() and STUB not in line.rows[0].text:
            return Match(line.first, start, line.first, end)
        if self._places is None or self._places[0] is not line:
            self._places = (line, _places(terminal, line.rows))
        places = self._places[1]
        row, column = places[start]
        end_row, end_column = places[end - 1]
        cells = line.rows[end_row].text
        wide = end_column + 1 < len(cells) and cells[end_column + 1] == STUB
        return Match(line.first + row, column, line.first + end_row, end_column + 1 + wide)

    def _settled(self, terminal: Terminal) -> int:
        """How many of the known lines cannot be others now: those that were wholly in the history when they were read."""
        screen = min(self._screen, terminal.history_dropped + len(terminal.history))
        count = len(self._lines)
        while count and (line := self._lines[count - 1]).first + len(line.rows) > screen:
            count -= 1
        if count and self._lines[count - 1].rows[-1].wrapped:
            count -= 1
        # A program may have cleared its history in between.
        if count and terminal.absolute_row(self._lines[count - 1].first) != self._lines[count - 1].rows[0]:
            return 0
        return count

    def _read(self, terminal: Terminal, start: int) -> None:
        base, history = terminal.history_dropped, terminal.history
        size = len(history)
        rows: list[Row] = []
        length = 0
        for at in range(max(0, start - base), size + terminal.lines):
            row = history[at] if at < size else terminal.rows[at - size]
            rows.append(row)
            length += len(row.text)
            if not row.wrapped or length > MAX_LINE:
                self._add(terminal, base + at + 1 - len(rows), rows)
                rows, length = [], 0
        if rows:
            self._add(terminal, base + size + terminal.lines - len(rows), rows)

    def _add(self, terminal: Terminal, first: int, rows: list[Row]) -> None:
        self._lines.append(_Line(first, tuple(rows)))
        self._texts.append(_text(terminal, rows))


def _text(terminal: Terminal, rows: Sequence[Row]) -> str:
    """The text of rows that follow each other; a last cell that a wide character did not fit into is none of it."""
    last = rows[-1]
    pieces = [row.text[: text_length(row, below, terminal.attributes)] for row, below in pairwise(rows)]
    text = "".join(pieces) + last.text[: content_length(last)]
    return text if text.isascii() and STUB not in text else terminal.clusters.expand(text)


def _places(terminal: Terminal, rows: tuple[Row, ...]) -> list[tuple[int, int]]:
    """Row and column of each character of some rows' text."""
    result: list[tuple[int, int]] = []
    for number, row in enumerate(rows):
        size = len(row.text) if number + 1 == len(rows) else text_length(row, rows[number + 1], terminal.attributes)
        if row.text.isascii() and STUB not in row.text:
            result += [(number, column) for column in range(size)]
            continue
        for column, cell in enumerate(row.text[:size]):
            if cell != STUB:
                result += [(number, column)] * len(terminal.clusters[cell])
    return result
