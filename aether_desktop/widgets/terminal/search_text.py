"""A terminal's text as a search wants it: one string for each logical line, kept between searches. Pure.

Rows never change, so what is in the history is read once, and anew where its lines have other numbers (`kernel.term.history`);
else only the screen is read again. What was found is kept as places in this text; their cells are worked out where somebody looks at
them, because there may be thousands. Owned by `finding`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import islice, pairwise
from typing import NamedTuple

from kernel.term import STUB, Row, Terminal
from kernel.term.reflow import content_length, text_length
from kernel.term.search import MAX_LINE, Match

#: Characters of a line: what tells the line from others, and the first and the one behind the last. In the order of the text. They
#: stay the same while the history drops lines, also those of a line whose beginning it drops.
Place = tuple[int, int, int]


class _Line(NamedTuple):
    """A logical line: absolute number of its first row, and its rows.

    begin: that number when the line was read. gone: how many characters have left the history since.
    """

    first: int
    rows: tuple[Row, ...]
    begin: int
    gone: int = 0


class SearchText:
    """The text of one terminal."""

    def __init__(self) -> None:
        self._lines: list[_Line] = []
        self._texts: list[str] = []
        self._basis: tuple[int, ...] = ()
        self._screen = 0
        #: The line whose cells were asked for last, and the row and column of each of its characters.
        self._spread: tuple[_Line, list[tuple[int, int]]] | None = None

    @property
    def texts(self) -> list[str]:
        """The logical lines, oldest first; of a very long one only the beginning is one string, what follows another."""
        return self._texts

    def update(self, terminal: Terminal) -> int:
        """Read what is new; the index in `texts` of the first line that may differ from before."""
        basis = _basis(terminal)
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
            cut, text = self._lines[gone], _text(terminal, rest)
            self._lines[gone] = _Line(dropped, rest, cut.begin, cut.gone + len(self._texts[gone]) - len(text))
            self._texts[gone] = text
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
        self._spread = None

    def first_line(self, index: int) -> int | None:
        """The absolute number of the first row of a line of `texts`; None when there is no such line."""
        return self._lines[index].first if index < len(self._lines) else None

    def index_of(self, line: int) -> int:
        """The index in `texts` of what is on an absolute line; of the nearest there is, 0 where there is none."""
        return max(0, bisect_right(self._lines, line, key=lambda known: known.first) - 1)

    def last_line(self, index: int) -> int | None:
        """The absolute number of the last row of a line of `texts`; None when there is no such line."""
        return self._lines[index].first + len(self._lines[index].rows) - 1 if 0 <= index < len(self._lines) else None

    def places(self, found: Iterable[tuple[int, int, int]]) -> list[Place]:
        """The places of the characters (index in `texts`, start, end); of lines that there are not, none."""
        lines, count = self._lines, len(self._lines)
        return [
            ((line := lines[index]).begin, line.gone + start, line.gone + end) for index, start, end in found if 0 <= index < count
        ]

    def place_of_row(self, terminal: Terminal, line: int) -> tuple[int, int]:
        """Where the absolute line begins, as a place does: what is less begins above it. Past the last line, its end."""
        if not self._lines or _basis(terminal) != self._basis:
            return (line, 0)
        index = self.index_of(line)
        known = self._lines[index]
        row = line - known.first
        if row >= len(known.rows):
            return (known.begin, known.gone + len(self._texts[index]))
        pairs = islice(pairwise(_rows_now(terminal, known)), max(0, row))
        above = [terminal.clusters.expand(row.text[: text_length(row, below, terminal.attributes)]) for row, below in pairs]
        return (known.begin, known.gone + sum(map(len, above)))

    def cells(self, terminal: Terminal, place: Place) -> Match | None:
        """The cells of a place; None where its text is no more, or others have its number since the last reading."""
        return self.cells_of_each(terminal, [place])[0]

    def cells_of_each(self, terminal: Terminal, places: Sequence[Place]) -> list[Match | None]:
        """The cells of some places, as `cells` gives them; of one line after the other, or it takes longer."""
        if _basis(terminal) != self._basis or not self._lines:
            return [None] * len(places)
        found: list[Match | None] = []
        line: _Line | None = None
        length, simple = 0, False
        read = now = ""
        for begin, first, behind in places:
            if line is None or line.begin != begin:
                index = self.index_of(begin)
                line, length = self._lines[index], len(self._texts[index])
                row, present = line.rows[0], terminal.absolute_row(line.first)
                read, now = row.text, present.text if present is not None else ""
                simple = len(line.rows) == 1 and STUB not in row.text and length == content_length(row)
            start, end = first - line.gone, behind - line.gone
            if line.begin != begin or not 0 <= start < end <= length:
                found.append(None)
            elif simple:
                there = now is read or now[start:end] == read[start:end]
                found.append(Match(line.first, start, line.first, end) if there else None)
            else:
                found.append(self._cells_in(terminal, line, length, start, end))
        return found

    def _cells_in(self, terminal: Terminal, line: _Line, length: int, start: int, end: int) -> Match | None:
        """The cells of the characters ``start:end`` of any line, whose text has ``length``."""
        if self._spread is None or self._spread[0] is not line:
            self._spread = (line, _spread(terminal, _rows_now(terminal, line)))
        spread = self._spread[1]
        if len(spread) != length:
            # What stood for some of its characters stands for others now: it has left the screen.
            return None
        row, column = spread[start]
        end_row, end_column = spread[end - 1]
        cells = line.rows[end_row].text
        wide = end_column + 1 < len(cells) and cells[end_column + 1] == STUB
        match = Match(line.first + row, column, line.first + end_row, end_column + 1 + wide)
        return match if _is_there(terminal, line, match) else None

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
        self._lines.append(_Line(first, tuple(rows), first))
        self._texts.append(_text(terminal, rows))


def _basis(terminal: Terminal) -> tuple[int, ...]:
    """What changes when lines have other numbers."""
    return (id(terminal), terminal.columns, terminal.history.numbering)


def _rows_now(terminal: Terminal, line: _Line) -> list[Row]:
    """The rows of a line as they are now, where they are those that were read: they may have lost shades, and ids mean others since."""
    present = [terminal.absolute_row(line.first + number) for number in range(len(line.rows))]
    return [now if now is not None and now.text == row.text else row for now, row in zip(present, line.rows, strict=True)]


def _is_there(terminal: Terminal, line: _Line, match: Match) -> bool:
    """Whether the cells of a match have the text that was read."""
    for number in range(match.line, match.end_line + 1):
        row, now = line.rows[number - line.first], terminal.absolute_row(number)
        start = match.column if number == match.line else 0
        end = match.end_column if number == match.end_line else len(row.text)
        if now is not row and (now is None or now.text[start:end] != row.text[start:end]):
            return False
    return True


def _text(terminal: Terminal, rows: Sequence[Row]) -> str:
    """The text of rows that follow each other; a last cell that a wide character did not fit into is none of it."""
    last = rows[-1]
    pieces = [row.text[: text_length(row, below, terminal.attributes)] for row, below in pairwise(rows)]
    text = "".join(pieces) + last.text[: content_length(last)]
    return text if text.isascii() and STUB not in text else terminal.clusters.expand(text)


def _spread(terminal: Terminal, rows: Sequence[Row]) -> list[tuple[int, int]]:
    """Row and column of each character of some rows' text."""
    result: list[tuple[int, int]] = []
    for number, row in enumerate(rows):
        below = rows[number + 1] if number + 1 < len(rows) else None
        size = text_length(row, below, terminal.attributes)
        if row.text.isascii() and STUB not in row.text:
            result += [(number, column) for column in range(size)]
            continue
        for column, cell in enumerate(row.text[:size]):
            if cell != STUB:
                result += [(number, column)] * len(terminal.clusters[cell])
    return result
