"""Places that stay at their text when lines rewrap: those of marks, and lines that somebody looks at.

Such a spot is known by its logical line, counted from that of the cursor, and its character in it. The screen asks for them before lines
are rewrapped and takes them up again after. ``kernel.term.marks`` keeps the numbers of its own lines; what shows a terminal holds a
``HeldLine``. Pure; changes no row.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple
from weakref import WeakSet

from kernel.term.attributes import AttributeTable
from kernel.term.history import History, Stored
from kernel.term.reflow import text_length
from kernel.term.rows import STUB, Row


class Spot(NamedTuple):
    """A row that begins with the character ``character`` of the logical line that is so many (``distance``) below the cursor's.

    Characters are counted without the right halves of wide ones, which no cell has where there is one column.
    """

    distance: int
    character: int


class FoundRow(NamedTuple):
    """The row, by its index, in which a spot is now, the first one of its logical line, and at which character of that it is."""

    row: int
    start: int
    character: int


def spots_of(rows: Sequence[int], items: Sequence[Stored], cursor: int, attributes: AttributeTable) -> list[Spot]:
    """Return where each of ``rows`` begins; they and ``cursor`` are indices of ``items``."""
    lines = _Lines(items, attributes)
    here = lines.number(cursor)
    numbered = ((row, lines.number(row)) for row in rows)
    return [Spot(number - here, lines.before[row] - lines.before[lines.starts[number]]) for row, number in numbered]


def rows_of(
    spots: Sequence[Spot], items: Sequence[Stored], cursor: int, attributes: AttributeTable, *, cut: int, gone: int
) -> list[FoundRow | None]:
    """Return where ``spots`` are in ``items`` now, in the same terms; None for what is in none of them.

    cut: so many characters of the first line were left out. gone: so many rows are gone by now.
    """
    lines = _Lines(items, attributes)
    here = lines.number(cursor)
    found: list[FoundRow | None] = []
    for spot in spots:
        number = here + spot.distance
        if not 0 <= number < len(lines.starts):
            found.append(None)
            continue
        character = spot.character - (cut if number == 0 else 0)
        start, end = lines.starts[number], lines.end(number)
        row = bisect_right(lines.before, lines.before[start] + character, start, end) - 1
        left = max(start, min(gone, row))
        found.append(FoundRow(row, left, character - lines.before[left] + lines.before[start]) if row >= gone else None)
    return found


class HeldLine:
    """A line that somebody looks at. It is kept for as long as somebody has it."""

    def __init__(self, history: History, line: int) -> None:
        self._history = history
        self._line = line
        self._numbering = history.numbering
        #: The character of its logical line at which it began, and the first row of that, by its absolute number.
        self._character: int | None = None
        self._start = 0

    @property
    def line(self) -> int:
        """Its absolute number now; below ``History.dropped`` it is gone."""
        history = self._history
        if history.numbering != self._numbering:
            now = history.line_now(self._line, self._numbering)
            self._numbering = history.numbering
            if now is not None:
                # What came in above its logical line moved all of that.
                self._start += now - self._line
                self._line = now
        return self._line

    def spot(self, begins: Spot) -> Spot:
        """Return where it is, for a row that begins at ``begins``: at the character it began with, however often lines were rewrapped."""
        character = self._character
        if character is None or self._start < self._history.dropped:  # the characters of a line that lost its front are others
            return begins
        return begins._replace(character=character)

    def put(self, found: FoundRow | None, first: int) -> None:
        """Lines were rewrapped: it is at ``found`` now, whose rows begin with the absolute line ``first``; None: its text is gone."""
        self._numbering = self._history.numbering
        if found is None:
            self._line, self._character = self._history.dropped, None
        else:
            self._line, self._character, self._start = first + found.row, found.character, first + found.start


class HeldLines:
    """The lines of one screen that somebody looks at."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._held: WeakSet[HeldLine] = WeakSet()

    def hold(self, line: int) -> HeldLine:
        """Return the absolute line ``line``, held at its text."""
        held = HeldLine(self._history, line)
        self._held.add(held)
        return held

    def held(self) -> list[tuple[HeldLine, int]]:
        """Return each of them with its row, counted from the oldest line. Ask before lines are taken for a reflow."""
        dropped = self._history.dropped
        return [(held, max(0, held.line - dropped)) for held in self._held]


class _Lines:
    """The logical lines that some rows make.

    starts: the index of the first row of each. before: for each row how many characters come before it, from the first row on.
    """

    def __init__(self, items: Sequence[Stored], attributes: AttributeTable) -> None:
        self.starts = [0] if items else []
        self.before = [0]
        self._rows = len(items)
        characters = 0
        for at, item in enumerate(items, 1):
            # How many characters the last row of a line has is the same to all.
            if not (isinstance(item, Row) and item.wrapped):
                self.starts.append(at)
            elif at < self._rows:
                below = items[at]
                size = text_length(item, below if isinstance(below, Row) else None, attributes)
                characters += size - item.text.count(STUB, 0, size)
            self.before.append(characters)
        if self.starts and self.starts[-1] == self._rows:
            self.starts.pop()

    def number(self, row: int) -> int:
        """Which line the row is of."""
        return bisect_right(self.starts, row) - 1

    def end(self, number: int) -> int:
        """The index behind the last row of a line."""
        return self.starts[number + 1] if number + 1 < len(self.starts) else self._rows
