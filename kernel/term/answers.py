"""What programs without prompt marks draw again for another size of the screen: the screen's part of ``kernel.term.redraw``.

The stream says with what the first output after a change of size begins (`Answers.answer_resize`). Where the screen has changed again
before the program answered, that knows rows that nobody can tell any more; but a line is drawn again from where it was drawn the last
time, so that stays where it begins, and the program does not come above it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from kernel.term.below import worth_keeping
from kernel.term.history import Stored
from kernel.term.painting import Piece
from kernel.term.redraw import Claim, Drawn, Redrawn, claim, drawn, find
from kernel.term.reflow import Position, is_blank
from kernel.term.rows import Row, blank_row, fit
from kernel.term.window import WindowOperations

#: A prompt has at most so many lines above its last one. What goes back over more is another program, and may end at any time.
_MOST_LINES = 2
#: And takes at most so many rows with what is left of those that were drawn before.
_MOST_ROWS = 200
_PASTES = 2004


class Answers(WindowOperations):
    """Notes what is drawn when the size changes, and makes it rows again when the program goes back over them."""

    @property
    def at_prompt(self) -> bool:
        """Whether a shell shows its prompt, which it draws again for another size.

        Without marks: it asks for bracketed paste, as line editors do while they edit, or drew a line again for the last size.
        """
        return not self.on_alternate and (
            self.marks.at_prompt(self.absolute_line) or self.modes.bracketed_paste or self.draws_again
        )

    def keep_bound(self) -> None:
        """The size is about to change: note where what is drawn again begins, seen from the cursor."""
        bound = self._bound()
        self.redrawn = self._bounded(bound) if bound is not None else None

    def note_drawn(self, items: list[Stored], line: int, top: int, cursor: Position, *, marked: bool) -> None:
        """Keep what the program drew until its next output.

        items: rows of the history and, from ``top`` on, of the screen; the first is the absolute ``line``. marked: a shell's marks
        tell what is drawn again (``kernel.term.edited``).
        """
        if marked:
            self.drawn = self.redrawn = None
        elif not self.on_alternate and self.drawn is None:
            own = self.redrawn.first - line if self.redrawn is not None else 0
            self.drawn = drawn(items, top, cursor, self.columns, own)

    def note_resized(self) -> None:
        """The size has changed: one more answer may come."""
        if self.redrawn is not None and not self.on_alternate:
            first = self._line_above(self.redrawn.lines)
            self.redrawn = self.redrawn._replace(first=first, owed=self.redrawn.owed + 1, numbering=self.history.numbering)
        if self.drawn is not None:
            self.drawn = self.drawn._replace(sizes=self.drawn.sizes + 1)

    def answer_resize(self, controls: str) -> None:
        """The first output since the size changed begins with ``controls``, which come next: have the rows that they are about there.

        Those are rows again as the program knows them. Where they reach to the top of what it saw or above it, that stays the top: no
        program goes back over what it has not seen.
        """
        before, self.drawn = self.drawn, None
        claimed = claim(controls) if before is not None and not self.on_alternate else None
        edits = self.at_prompt
        self.draws_again = claimed is not None and not claimed.home
        bound = self._bound()
        if bound is not None and not (claimed is not None and claimed.erases and claimed.up >= bound.lines):
            self.redrawn = self._bounded(bound._replace(whole=False))
        if before is None or claimed is None:
            if before is not None and edits:
                # Something else came first, as what was typed: the answer is still to come, and at least its line is known.
                self.redrawn = Redrawn(0, self._line_above(0), before.sizes, self.history.numbering, whole=False)
            return
        self.marks.prompts += 1
        if self.redrawn is not None and self.redrawn.whole:
            self._draw_from_there(self.redrawn, claimed)
        else:
            self._give_rows(before, claimed)

    def cursor_up(self, count: int | None = None, *_: int) -> None:
        """See ``CursorMovement``. Who draws a line again once more, from its first column, does not come above where it began.

        Who is elsewhere may go to a line above, to edit it: Python's own prompt does, and answers no sizes.
        """
        if (bound := self._bound()) is not None:
            room = self.absolute_line - bound.first
            if 0 <= room < (count or 1):
                if self.cursor.x > 0:
                    super().cursor_up(count)
                    self.redrawn = bound._replace(above=self.absolute_line)
                    return
                if room == 0:
                    self.wrap_pending = False
                    return
                count = room
        super().cursor_up(count)

    def cursor_position(self, line: int | None = None, column: int | None = None, *_: int) -> None:
        """See ``CursorMovement``."""
        self._forget_above()
        super().cursor_position(line, column)

    def paint(self, pieces: Sequence[Piece]) -> None:
        """See ``Painting``."""
        if self.redrawn is not None and any("H" in function for function, _, _ in pieces):
            self._forget_above()
        super().paint(pieces)

    def _forget_above(self) -> None:
        """Who goes to a place of the screen has not gone up to begin there."""
        if self.redrawn is not None and self.redrawn.above is not None:
            self.redrawn = self.redrawn._replace(above=None)

    def erase_in_display(self, how: int = 0, *_: Any, private: bool = False, **__: Any) -> None:
        """See ``Editing``. Who clears all, or above what it drew again, begins anew; but who went up to there began it too high."""
        if (bound := self._bound()) is not None:
            room = bound.first - self.absolute_line
            if how == 0 and bound.above == self.absolute_line and 0 < room < self.lines - self.cursor.y:
                self.redrawn = bound._replace(above=None)
                self.move_to(0, self.cursor.y + room)
            elif how in (1, 2, 3) or room > 0:
                self.redrawn = None
        super().erase_in_display(how, private=private)

    def set_private_mode(self, *modes: int) -> None:
        """See ``ModeChanges``. A line editor that begins has drawn nothing yet, but where it ended on the spot to begin anew."""
        if _PASTES in modes and not (self.on_alternate or self.modes.bracketed_paste):
            aside, self.put_aside = self.put_aside, None
            self.redrawn = aside[0] if aside is not None and aside[1:] == (self.cursor.x, self.absolute_line) else None
        super().set_private_mode(*modes)

    def reset_private_mode(self, *modes: int) -> None:
        """See ``ModeChanges``. A line editor that wants no more pastes has ended: its line was entered."""
        if _PASTES in modes and not self.on_alternate:
            bound, self.redrawn = self._bound(), None
            self.put_aside = (bound, self.cursor.x, self.absolute_line) if bound is not None else None
        super().reset_private_mode(*modes)

    def _bound(self) -> Redrawn | None:
        """Return what is drawn again on this screen, with its line as it is numbered now; None where that is not known any more."""
        if (bound := self.redrawn) is None or self.on_alternate:
            return None
        if bound.numbering != self.history.numbering:
            first = self.history.line_now(bound.first, bound.numbering)
            numbering = self.history.numbering
            bound = self.redrawn = None if first is None else bound._replace(first=first, numbering=numbering, above=None)
        return bound

    def _bounded(self, redrawn: Redrawn) -> Redrawn | None:
        """Return where at least what was drawn again begins, as many lines above the cursor's as it is now; None where it is not near."""
        if not 0 <= self.absolute_line - redrawn.first <= _MOST_ROWS:
            return None
        goes_on = self.goes_on(self.history, self.rows)
        lines = sum([not goes_on(line) for line in range(redrawn.first, self.absolute_line)])
        return redrawn._replace(lines=lines, whole=redrawn.whole and redrawn.owed > 0 and lines <= redrawn.lines)

    def _line_above(self, lines: int) -> int:
        """Return the absolute number of the first row of the logical line so many above the cursor's."""
        goes_on = self.goes_on(self.history, self.other_rows if self.on_alternate else self.rows)
        oldest, line = self.history.dropped, self.absolute_line
        for above in range(lines + 1):
            line -= above > 0
            while line > oldest and goes_on(line - 1):
                line -= 1
        return max(oldest, line)

    def _take_rows(self) -> tuple[list[Stored], int, int]:
        """Return the rows of the history, which forgets them, and of the screen; where those begin, and where they end in blank ones."""
        used = self.lines
        while not self.rows_below and used > self.cursor.y + 1 and is_blank(self.rows[used - 1]):
            used -= 1
        bound = self._bound()
        items = self.history.take_all()
        if bound is not None:
            self.redrawn = bound._replace(numbering=self.history.numbering)  # they come back with the same numbers
        top = len(items)
        items.extend(self.rows[:used])
        items.extend(self.rows_below)
        return items, top, used

    def _give_rows(self, before: Drawn, claimed: Claim) -> None:
        """Have the rows that are claimed as they were drawn."""
        first = before.first(claimed)
        alone = claimed.home or first == 0  # it goes up to the top of what it saw
        place = before.place(first, self.attributes)
        if not alone and before.unchanged(first, self.columns):
            self._expect_more(claimed, place, self._line_above(place[0]), before.sizes)
            return
        items, top, used = self._take_rows()
        cursor = Position(top + self.cursor.y, self.cursor.x + self.wrap_pending)
        at, cells = find(items, cursor.row, place, self.attributes, self.history.drawn)
        if not claimed.home:
            kept = items[:at]
            if cells:
                row = self.history.drawn(items[at])
                kept.append(fit(Row(row.text[:cells], row.attrs[:cells]), self.columns))
            at = len(kept)
            items = kept + before.rows[first:]
            cursor = Position(at + before.cursor.row - first, before.cursor.column)
            cursor = self.edited.hold(items, at, cursor, self.columns, self.clusters)
            self._expect_more(claimed, place, self.history.dropped + at, before.sizes)
        # The cursor shows, and what is below it as far as there is room.
        start = max(top, len(items) - self.lines, at if alone else 0)
        if used == self.lines and len(items) - start < self.lines and not alone:
            start = max(0, len(items) - self.lines)
        self._show_from(items, min(start, cursor.row), cursor)

    def _expect_more(self, claimed: Claim, place: tuple[int, int], first: int, sizes: int) -> None:
        """A line editor draws again what begins at ``place``, the absolute line ``first``, for one of so many sizes.

        Several lines are as well a block that shows how far something is, where nothing but line editors ask for pastes.
        """
        most = _MOST_LINES if self.modes.bracketed_paste else 0
        if claimed.erases and sizes > 1 and not place[1] and place[0] <= most:
            self.redrawn = Redrawn(place[0], first, sizes - 1, self.history.numbering)

    def _draw_from_there(self, redrawn: Redrawn, claimed: Claim) -> None:
        """Have the program come to where it drew before, with nothing below that."""
        items, top, _used = self._take_rows()
        at = redrawn.first - self.history.dropped
        items = items[:at] + [blank_row(self.columns)] * (claimed.up + 1)
        if at > 0 and isinstance(above := items[at - 1], Row) and above.wrapped:
            items[at - 1] = above._replace(wrapped=False)
        cursor = Position(at + claimed.up, 0)
        left = redrawn._replace(owed=redrawn.owed - 1, numbering=self.history.numbering)
        self.redrawn = left if left.owed > 0 else None
        self._show_from(items, max(min(top, at), len(items) - self.lines), cursor)

    def _show_from(self, items: list[Stored], start: int, cursor: Position) -> None:
        """Show ``items`` from ``start`` on; those above are the history and those with no room wait below."""
        rows = [self.history.drawn(item) for item in items[start:]]
        self.rows[:] = [fit(row, self.columns) for row in rows[: self.lines]]
        self.rows.extend([blank_row(self.columns)] * (self.lines - len(self.rows)))
        self.rows_below = worth_keeping(rows[self.lines :], self.most_rows_below)
        self.history.extend(items[:start])
        self.marks.cut(self.history.dropped + len(self.history) + self.lines + len(self.rows_below))
        self.cursor.y = cursor.row - start
        self.wrap_pending = cursor.column == self.columns
        self.cursor.x = min(cursor.column, self.columns - 1)
        self.joined_at = None

    def goes_on(self, *items: Sequence[Stored]) -> Callable[[int], bool]:
        """Return what tells whether the row of an absolute line goes on in the next one; ``items`` begin with the history's first."""
        dropped = self.history.dropped

        def goes_on(line: int) -> bool:
            index = line - dropped
            for part in items:
                if 0 <= index < len(part):
                    return isinstance(item := part[index], Row) and item.wrapped
                index -= len(part)
            return False

        return goes_on
