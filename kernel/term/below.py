"""Rows of the main screen that a resize left no room for at the bottom: they wait below it for a size that has room again.

They never show and nothing can be drawn on them. A program that erases what is below its cursor erases them, and where the screen
scrolls into the history they go there first: under newer text they would be out of place. Their number is bounded as the history is.
"""

from __future__ import annotations

from kernel.term.cursor import CursorMovement
from kernel.term.reflow import is_blank
from kernel.term.rows import Row, blank_row
from kernel.term.state import DEC_PROTECTION, ISO_PROTECTION, MAX_LINES


def worth_keeping(rows: list[Row], most: int) -> list[Row]:
    """Return the first ``most`` rows without the blank ones at their end; the last one goes on nowhere."""
    end = min(len(rows), most)
    while end and is_blank(rows[end - 1]):
        end -= 1
    kept = rows[:end]
    if kept and kept[-1].wrapped:
        kept[-1] = kept[-1]._replace(wrapped=False)
    return kept


class RowsBelow(CursorMovement):
    """What happens to ``rows_below``. The screen fills and empties it when its size changes."""

    @property
    def most_rows_below(self) -> int:
        """How many rows are kept below the screen."""
        return max(self.history.limit, MAX_LINES)

    def file_rows_below(self) -> None:
        """The main screen is about to scroll into the history: what is below it goes there before it.

        A line of which the history has the beginning and the screen the rest stays whole: they go in above it. From there on, the
        screen's lines included, absolute numbers grow: ``History.line_now`` tells who keeps some. Prompts go with their rows unless
        that would mix up commands (``Marks.move_up``).
        """
        if self.on_alternate:
            return
        rows, self.rows_below = worth_keeping(self.rows_below, self.most_rows_below), []
        if self.rows[-1].wrapped:
            self.rows[-1] = self.rows[-1]._replace(wrapped=False)
        base = self.history.dropped + len(self.history)
        above = self.history.insert_above_last_line(rows)
        self.marks.move_up(base - above, base + self.lines, len(rows))

    def erase_rows_below(self, *, selective: bool) -> None:
        """A program erases what is below its cursor. Where that spares protected cells the rows stay: such cells may be in them."""
        if self.protection != ISO_PROTECTION and not (selective and self.protection == DEC_PROTECTION):
            self.forget_rows_below()

    def forget_rows_below(self) -> None:
        """The main screen is made anew down to its last row, and there is nothing below it."""
        if self.rows_below and not self.on_alternate:
            self.rows_below = []
            self.marks.cut(self.history.dropped + len(self.history) + self.lines)

    def add_rows_below(self, count: int = 0, goes_on: int = 0, *_: int) -> None:
        """A private sequence of snapshots: the first ``count`` rows of the alternate screen become the last ones below the main one.

        goes_on: not 0 where the last of them goes on in what is added next; with a ``count`` of 0 the cursor's row goes on, and with 2
        the cursor goes there. The rows are blank then and the cursor is at home. Programs can do so too, and draw nothing by it that they
        could not have drawn on the screen.
        """
        if count == 0 and goes_on == 2:
            self.next_line_of_text()
        elif count == 0 and goes_on:
            self.rows[self.cursor.y] = self.rows[self.cursor.y]._replace(wrapped=True)
        count = min(count, self.lines, self.most_rows_below - len(self.rows_below))
        if not self.on_alternate or count <= 0:
            return
        added = self.rows[:count]
        added[-1] = added[-1]._replace(wrapped=goes_on > 0)
        self.rows_below.extend(added)
        self.rows[:count] = [blank_row(self.columns)] * count
        self.joined_at = None
        self.move_to(0, 0)
