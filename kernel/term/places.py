"""Places that stay at their text when lines rewrap: those of marks, and lines that somebody looks at.

A place is known by its logical line, counted from that of the cursor, and its cell in it. The screen asks for them before lines are
rewrapped and takes them up again after. ``kernel.term.marks`` keeps the numbers of its own lines; what shows a terminal holds a ``Place``.
Pure; changes no row.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple
from weakref import WeakSet

from kernel.term.history import History, Stored
from kernel.term.rows import Row


class Spot(NamedTuple):
    """The cell ``cell`` of the logical line that is so many (``distance``) below the cursor's."""

    distance: int
    cell: int


def spots(rows: Sequence[int], items: Sequence[Stored], cursor: int, columns: int) -> list[Spot]:
    """Return where each of ``rows`` begins; they and ``cursor`` are indices of ``items``, which are ``columns`` wide."""
    starts = _logical_starts(items)
    cells = [0, *accumulate(_width(item, columns) for item in items)]
    here = bisect_right(starts, cursor) - 1
    numbers = [bisect_right(starts, row) - 1 for row in rows]
    return [Spot(number - here, cells[row] - cells[starts[number]]) for row, number in zip(rows, numbers, strict=True)]


def rows_of(wanted: Sequence[Spot], items: Sequence[Stored], cursor: int, columns: int) -> list[int | None]:
    """Return the indices of the rows of ``items`` in which ``wanted`` are now, in the same terms; None for what is in none."""
    starts = _logical_starts(items)
    here = bisect_right(starts, cursor) - 1
    found: list[int | None] = []
    for spot in wanted:
        number = here + spot.distance
        if 0 <= number < len(starts):
            end = starts[number + 1] if number + 1 < len(starts) else len(items)
            found.append(min(starts[number] + spot.cell // columns, end - 1))
        else:
            found.append(None)
    return found


class Place:
    """A line that somebody looks at. It is kept for as long as somebody has it."""

    def __init__(self, history: History, line: int) -> None:
        self._history = history
        self._line = line
        self._numbering = history.numbering
        self._cell: int | None = None

    @property
    def line(self) -> int:
        """Its absolute number now; below ``History.dropped`` it is gone."""
        history = self._history
        if history.numbering != self._numbering:
            now = history.line_now(self._line, self._numbering)
            self._numbering = history.numbering
            if now is not None and now != self._line:
                self._line, self._cell = now, None
        return self._line

    def spot(self, begins: Spot) -> Spot:
        """Return where it is, for a row that begins at ``begins``: at the cell it began with, however often lines were rewrapped."""
        return begins if self._cell is None else begins._replace(cell=self._cell)

    def put(self, line: int, cell: int) -> None:
        """Lines were rewrapped: it is in ``line`` now, and was at the cell ``cell`` of its logical line."""
        self._line, self._cell, self._numbering = line, cell, self._history.numbering


class Places:
    """The lines of one screen that somebody looks at."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._held: WeakSet[Place] = WeakSet()

    def hold(self, line: int) -> Place:
        """Return a place at the absolute line ``line``."""
        place = Place(self._history, line)
        self._held.add(place)
        return place

    def held(self) -> list[tuple[Place, int]]:
        """Return each place with its row, counted from the oldest line. Ask before lines are taken for a reflow."""
        dropped = self._history.dropped
        return [(place, max(0, place.line - dropped)) for place in self._held]


def _width(item: Stored, columns: int) -> int:
    return len(item.text) if isinstance(item, Row) else columns


def _logical_starts(items: Sequence[Stored]) -> list[int]:
    """The indices at which logical lines begin."""
    return [
        index for index in range(len(items)) if index == 0 or not (isinstance(above := items[index - 1], Row) and above.wrapped)
    ]
