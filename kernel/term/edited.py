"""The rows of a prompt and of the command that is edited behind it, while the number of columns changes. Owned by the screen.

A shell that is told of another size goes up by as many rows as its prompt and the command had at the old one, clears from there and
draws all of it again. So each of these rows stays one row, cut or padded, and what is above them is rewrapped: with bash, whose mark
says so, that includes all of the prompt but its last line (``Marks.edited_prompt``). Shells that draw less of it again, or nothing, lose
nothing: the rows are remembered as they were, and those that are still there at the next change of columns get back what was cut off.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from kernel.term.clusters import ClusterTable
from kernel.term.history import Stored
from kernel.term.reflow import Position, cells_for
from kernel.term.rows import ERASED, PLAIN, Row, fit


class _Kept(NamedTuple):
    """A row as it is shown and as it was, and the cursor's column in both where it was in it."""

    shown: Stored
    original: Stored
    columns: tuple[int, int] | None = None


class EditedRows:
    """What the rows were before they were cut."""

    def __init__(self) -> None:
        self._kept: list[_Kept] = []

    def originals(self) -> Iterator[Row]:
        """Return the rows as they were; they use attributes and clusters."""
        return (kept.original for kept in self._kept if isinstance(kept.original, Row))

    def shown(self) -> set[int]:
        """Return the identities of the rows that show in place of others, by which they are known again."""
        return {id(kept.shown) for kept in self._kept}

    def forget(self) -> None:
        """Nothing is given back any more."""
        self._kept = []

    def give_back(self, items: list[Stored], cursor: Position) -> Position:
        """Put the rows as they were in place of those of ``items`` that nobody has drawn on since; return the cursor's place then.

        A row goes on in the one below it if it did so and that one is still there too.
        """
        kept, self._kept = self._kept, []
        numbers = {id(one.shown): number for number, one in enumerate(kept) if one.shown is not one.original}
        if not numbers:
            return cursor
        last = len(items) - 1
        for index, item in enumerate(items):
            number = numbers.get(id(item))
            if number is None:
                continue
            original = kept[number].original
            followed = number + 1 < len(kept) and index < last and items[index + 1] is kept[number + 1].shown
            if isinstance(original, Row) and original.wrapped and not followed:
                original = original._replace(wrapped=False)
            items[index] = original
            columns = kept[number].columns
            if columns is not None and cursor == (index, columns[0]):
                cursor = Position(index, columns[1])
        return cursor

    def hold(self, items: list[Stored], first: int, cursor: Position, columns: int, clusters: ClusterTable) -> Position:
        """Make each of ``items`` from ``first`` on one row of ``columns`` cells; return the cursor's place, which is in one of them."""
        kept: list[_Kept] = []
        above = items[first - 1] if first > 0 else None
        if isinstance(above, Row) and above.wrapped:
            items[first - 1] = above._replace(wrapped=False)
            kept.append(_Kept(items[first - 1], above))
        column = cursor.column
        for index in range(first, len(items)):
            original = items[index]
            items[index] = shown = _cut(original, columns, clusters)
            if index == cursor.row:
                if column >= columns:
                    waits = isinstance(shown, Row) and column == columns and shown.attrs[-1] != ERASED
                    column = columns if waits else columns - 1
                kept.append(_Kept(shown, original, (column, cursor.column)))
            else:
                kept.append(_Kept(shown, original))
        self._kept = kept
        return Position(cursor.row, column)


def _cut(item: Stored, columns: int, clusters: ClusterTable) -> Stored:
    """``item`` as a row of ``columns`` cells that goes on nowhere, or as it is where it is one."""
    if isinstance(item, str):
        return item if len(item) <= columns else Row(item[:columns], PLAIN * columns)
    if not isinstance(item, Row):
        return item  # it fits: the others are drawn before
    row = fit(Row(*cells_for(item.text, item.attrs, item, columns, clusters)), columns)
    return item if row == item else row
