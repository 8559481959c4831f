"""The complete screen: all parts together, resizing, and strings that reach it from DCS.

``kernel.term.stream.Stream`` calls it; ``kernel.term.terminal.Terminal`` is its face to everybody else.
"""

from __future__ import annotations

from collections.abc import Callable

from kernel.term.answers import Answers
from kernel.term.below import worth_keeping
from kernel.term.charsets import LARGE, TABLES
from kernel.term.events import Bell, PromptMark, SizeChanged
from kernel.term.history import History, Stored
from kernel.term.places import HeldLine, Spot, rows_of, spots_of
from kernel.term.reflow import Position, Reflowed, is_blank, reflow
from kernel.term.rows import Row, blank_row, fit
from kernel.term.state import MAX_COLUMNS, MAX_LINES, SavedCursor
from kernel.term.window import MAX_PROGRAM_COLUMNS, MAX_PROGRAM_LINES


class Screen(Answers):
    """A terminal screen with history."""

    def bell(self, *_: int) -> None:
        """BEL."""
        self.emit(Bell())

    # --- character sets

    def designate_charset(self, slot: int, name: str) -> None:
        """SCS: the set ``name`` becomes G``slot``."""
        self.charsets.sets[slot] = name
        self.refresh_fast()

    def designate_large_charset(self, slot: int, name: str) -> None:
        """SCS with a set of 96 characters: G``slot`` stays as it is where there is none of that name."""
        if LARGE + name in TABLES:
            self.designate_charset(slot, LARGE + name)

    def draw_delete(self) -> None:
        """DEL, a character of sets with 96 of them and nothing else."""
        if self.charsets.large and not self.modes.vt52:
            self.draw("\x7f")

    def shift_in(self) -> None:
        """SI, LS0."""
        self.lock_shift(0)

    def shift_out(self) -> None:
        """SO, LS1."""
        self.lock_shift(1)

    def lock_shift(self, slot: int) -> None:
        """Draw from G``slot``."""
        self.charsets.gl = slot
        self.refresh_fast()

    def lock_shift_right(self, slot: int) -> None:
        """LS1R..LS3R."""
        self.charsets.gr = slot
        self.refresh_fast()

    def select_encoding(self, utf8: bool) -> None:
        """DOCS: text is UTF-8 or single bytes."""
        self.utf8 = utf8
        self.charsets.bytewise = not utf8
        self.refresh_fast()

    def single_shift(self, slot: int) -> None:
        """SS2, SS3: the next character is from G``slot``."""
        self.charsets.single = slot
        self.refresh_fast()

    # --- device control strings

    def device_control(self, payload: str) -> None:
        """DCS: the answers to DECRQSS and XTGETTCAP, and DECRSPS; all else is ignored."""
        if payload.startswith("$q"):
            self.report_setting(payload[2:10])
        elif payload.startswith("+q"):
            self.report_termcap(payload[2:4096])
        elif payload[:3] in ("1$t", "2$t"):
            self.restore_presentation(int(payload[0]), payload[3:65536])

    # --- size

    def request_size(self, columns: int, lines: int) -> None:
        """Take the size a program asks for, within bounds, and say so."""
        if not self.window_operations:
            return
        columns = max(1, min(columns, MAX_PROGRAM_COLUMNS))
        lines = max(1, min(lines, MAX_PROGRAM_LINES))
        if (columns, lines) != (self.columns, self.lines):
            self.resize(lines, columns)
            self.drawn = self.redrawn = None  # who asks for a size draws nothing again
            self.emit(SizeChanged(columns, lines))

    def resize(self, lines: int | None = None, columns: int | None = None) -> None:
        """Change the size; the main screen and the history rewrap, the alternate screen is cut or padded."""
        columns = max(1, min(columns or self.columns, MAX_COLUMNS))
        lines = max(1, min(lines or self.lines, MAX_LINES))
        if (columns, lines) == (self.columns, self.lines):
            return
        self.keep_bound()
        cursor = self.cursor
        main = self.other_rows if self.on_alternate else self.rows
        alternate = self.rows if self.on_alternate else self.other_rows
        saved = self.other_saved_cursor
        # A cursor that waits to wrap is behind the last column.
        column = cursor.x + self.wrap_pending
        here = Position(saved.y, saved.x) if self.on_alternate else Position(cursor.y, column)
        y, x = self._resize_main(main, columns, lines, here)
        alternate_y = cursor.y if self.on_alternate else 0
        shift = self._resize_alternate(alternate, columns, lines, alternate_y)
        self.columns, self.lines = columns, lines
        self.history.columns = columns
        if self.on_alternate:
            self.other_saved_cursor = saved._replace(x=x, y=y)
            x, y = column, max(0, min(cursor.y - shift, lines - 1))
        self.wrap_pending = x == columns or (self.wrap_pending and x > columns)
        cursor.x, cursor.y = min(x, columns - 1), y
        self.saved_cursor = _inside(self.saved_cursor, columns, lines)
        self.other_saved_cursor = _inside(self.other_saved_cursor, columns, lines)
        self.joined_at = None
        self.reset_margins()
        self.refresh_fast()
        self.note_resized()

    def _resize_main(self, rows: list[Row], columns: int, lines: int, cursor: Position) -> tuple[int, int]:
        """Rewrap history and ``rows`` in place; return the line and column of the cursor, one past the last for a pending wrap."""
        old_lines = len(rows)
        used = old_lines
        cursor = Position(min(cursor.row, old_lines - 1), cursor.column)
        while used > cursor.row + 1 and is_blank(rows[used - 1]):
            used -= 1
        # Blank rows at the screen's end are none of the text, unless some of it is below them.
        end = old_lines if self.rows_below else used
        if columns == self.columns:
            return self._change_lines(rows, lines, used, end, cursor)
        held = self.held_lines.held()
        items = _drawn_where_needed(self.history, columns)
        before = len(items)
        items.extend(rows[:end])
        items.extend(self.rows_below)
        cursor = self.edited.give_back(items, Position(before + cursor.row, cursor.column))
        goes_on = self.goes_on(items)
        alone = self._rows_alone(cursor.row, before, goes_on)
        prompt = None if self.on_alternate else self.marks.edited_prompt(self.history.dropped + cursor.row, goes_on)
        self.note_drawn(items, self.history.dropped, before, cursor, marked=prompt is not None)
        if prompt is not None:
            cursor = self.edited.hold(items, max(0, prompt - self.history.dropped), cursor, columns, self.clusters)
        placed = self._spots(held, items, cursor.row)
        made = reflow(
            items,
            columns,
            (before, before + used),
            cursor,
            above=self.history.limit + lines,
            below=lines + self.most_rows_below,
            waits=not self.on_alternate,
            attributes=self.attributes,
            clusters=self.clusters,
        )
        if prompt is not None:
            made.below[0] = items[cursor.row]  # the same row: it is known again by that
        at = len(made.above)
        # The history gives lines when all that is below has room, and takes them when what the screen showed has none.
        start = min(made.top, max(0, at - alone, at + len(made.below) - lines)) if end == old_lines else made.top
        # Whatever the cursor's row holds is shown: one that waits to wrap may have come to where the line goes on below the screen.
        start = min(max(start, at + max(1, made.shown) - lines), at)
        drawn = [self.history.drawn(item) for item in [*made.above[start:], *made.below]]
        rows[:] = [fit(row, columns) for row in drawn[:lines]]
        rows.extend([blank_row(columns)] * (lines - len(rows)))
        self.rows_below = worth_keeping(drawn[lines:], self.most_rows_below)
        self.history.columns = columns
        self.history.extend(made.above[:start])
        first = self.history.dropped + len(self.history) - start
        self._put_spots(placed, made, first)
        self.marks.cut(first + start + lines + len(self.rows_below))
        return at - start, made.column

    def _spots(self, held: list[tuple[HeldLine, int]], items: list[Stored], cursor: int) -> list[tuple[PromptMark | HeldLine, Spot]]:
        """Return where the marks, and ``held`` with their rows, are in the lines that ``items`` make."""
        end = len(items) - 1
        kept: list[tuple[PromptMark | HeldLine, int]] = [*self.marks.rows(self.history.dropped, self.history.dropped + len(items))]
        kept.extend([(place, min(row, end)) for place, row in held])
        if not kept:
            return []
        found = spots_of([row for _, row in kept], items, cursor, self.attributes)
        return [(one, one.spot(spot) if isinstance(one, HeldLine) else spot) for (one, _), spot in zip(kept, found, strict=True)]

    def _put_spots(self, placed: list[tuple[PromptMark | HeldLine, Spot]], made: Reflowed, first: int) -> None:
        """Move marks and places to where their text is now; the rows made begin with the absolute line ``first``. Marks of no line go."""
        items = [*made.above, *made.below]
        spots, gone = [spot for _, spot in placed], max(0, self.history.dropped - first)
        found = rows_of(spots, items, len(made.above), self.attributes, cut=made.cut, gone=gone) if placed else []
        marks: list[tuple[PromptMark, int]] = []
        for (one, _), now in zip(placed, found, strict=True):
            if isinstance(one, HeldLine):
                one.put(now, first)
            elif now is not None:
                marks.append((one, first + now.row))
        self.marks.put(marks)

    def _rows_alone(self, cursor: int, top: int, goes_on: Callable[[int], bool]) -> int:
        """Return how many rows above the row ``cursor`` may come back from the history to a taller screen; ``top`` is its first one.

        A shell whose prompt had no room on the screen is wrong about how many rows it took, as zsh is with one line: it goes up too far
        and clears what it finds there. Of a prompt that begins at the top or above it nothing but its own rows comes back.
        """
        dropped = self.history.dropped
        start = None if self.on_alternate else self.marks.prompt_start(dropped + cursor, goes_on)
        return cursor - max(0, start - dropped) if start is not None and start - dropped <= top else cursor + self.history.limit + MAX_LINES

    def _change_lines(self, rows: list[Row], lines: int, used: int, end: int, cursor: Position) -> tuple[int, int]:
        """Change only the number of lines: they come from below the screen and then from the history, or go there the other way."""
        y = cursor.row
        marked = self.marks.at_prompt(self.history.dropped + len(self.history) + y)
        lead = self.history.last_wrapped()
        first = self.history.dropped + len(self.history) - len(lead)
        items = [*lead, *rows[:end], *self.rows_below]
        self.note_drawn(items, first, len(lead), Position(len(lead) + y, cursor.column), marked=marked)
        full = end == len(rows)
        excess = max(0, min(used - lines, y))
        self.history.extend(rows[:excess])
        rows[:] = [*rows[excess:end], *[fit(row, self.columns) for row in self.rows_below]]
        y -= excess
        if full and lines > len(rows) and len(self.history):
            alone = self._rows_alone(len(self.history) + y, len(self.history), self.goes_on(self.history, rows))
            pulled = self.history.take_last(min(lines - len(rows), len(self.history), max(0, alone - y)))
            rows[:0] = pulled
            y += len(pulled)
        self.rows_below = worth_keeping(rows[lines:], self.most_rows_below)
        del rows[lines:]
        self.marks.cut(self.history.dropped + len(self.history) + lines + len(self.rows_below))
        rows.extend([blank_row(self.columns)] * (lines - len(rows)))
        return y, cursor.column

    @staticmethod
    def _resize_alternate(rows: list[Row], columns: int, lines: int, y: int) -> int:
        """Cut or pad ``rows`` in place so that line ``y`` stays; return how many lines went at the top."""
        shift = max(0, y - lines + 1)
        del rows[:shift]
        del rows[lines:]
        rows[:] = [fit(row, columns) for row in rows]
        rows.extend([blank_row(columns)] * (lines - len(rows)))
        return shift


def _drawn_where_needed(history: History, columns: int) -> list[Stored]:
    """Take the history's lines for a reflow: those that may not fit, or go on a line from above, as rows or text."""
    items = history.take_all()
    wrapped = False
    for index, item in enumerate(items):
        if type(item) is tuple:
            if wrapped or len(item[0]) > columns:
                items[index] = history.drawn(item)
            wrapped = False
        else:
            wrapped = isinstance(item, Row) and item.wrapped
    return items


def _inside(saved: SavedCursor, columns: int, lines: int) -> SavedCursor:
    return saved._replace(x=min(saved.x, columns - 1), y=min(saved.y, lines - 1))
