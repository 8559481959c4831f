"""Cursor movement, tab stops, margins, and saving the cursor."""

from __future__ import annotations

from typing import Any

from kernel.term.state import MAX_COLUMNS, SavedCursor, ScreenState


class CursorMovement(ScreenState):
    """The sequences that move the cursor without changing cells, except by scrolling."""

    def move_to(self, x: int, y: int) -> None:
        """Put the cursor into a cell, clamped to the screen; a pending wrap is forgotten."""
        cursor = self.cursor
        cursor.x = 0 if x < 0 else x if x < self.columns else self.columns - 1
        cursor.y = 0 if y < 0 else y if y < self.lines else self.lines - 1
        self.wrap_pending = False

    def move_inside_margins(self) -> None:
        """Put the cursor into the nearest cell that origin mode lets it be in."""
        if self.origin:
            self.move_to(max(self.left, min(self.cursor.x, self.right)), max(self.top, min(self.cursor.y, self.bottom)))

    def place_cursor(self, line: int = 0, column: int = 0, waits: int = 0, *_: int) -> None:
        """A private sequence of snapshots: the cursor's cell, wherever the margins are, and whether it waits to wrap there.

        Programs bring the cursor to all of these places in other ways too.
        """
        self.move_to(column - 1, line - 1)
        self.wrap_pending = waits > 0

    def home(self) -> None:
        """The top left cell, of the margins in origin mode."""
        self.cursor_position()

    def cursor_position(self, line: int | None = None, column: int | None = None, *_: int) -> None:
        """CUP, HVP: 1-based, relative to the margins in origin mode."""
        x, y = (column or 1) - 1, (line or 1) - 1
        if self.origin:
            x, y = min(x + self.left, self.right), min(y + self.top, self.bottom)
        self.move_to(x, y)

    def cursor_up(self, count: int | None = None, *_: int) -> None:
        """CUU: stops at the top margin."""
        y = self.cursor.y
        self.move_to(self.cursor.x, max(y - (count or 1), self.top if y >= self.top else 0))

    def cursor_down(self, count: int | None = None, *_: int) -> None:
        """CUD: stops at the bottom margin."""
        y = self.cursor.y
        self.move_to(self.cursor.x, min(y + (count or 1), self.bottom if y <= self.bottom else self.lines - 1))

    def cursor_forward(self, count: int | None = None, *_: int) -> None:
        """CUF: stops at the right margin."""
        x = self.cursor.x
        self.move_to(min(x + (count or 1), self.right if x <= self.right else self.columns - 1), self.cursor.y)

    def cursor_back(self, count: int | None = None, *_: int) -> None:
        """CUB: stops at the left margin, or goes on above in reverse wrap mode."""
        count = count or 1
        if self.modes.private[45] or self.modes.private[1045]:
            self._reverse_wrap(count)
            return
        x = self.cursor.x
        self.move_to(max(x - count, self.left if x >= self.left else 0), self.cursor.y)

    def _reverse_wrap(self, count: int) -> None:
        """Move back ``count`` cells through line starts and from the top to the bottom; from the margins' top left cell to their last."""
        x, y = self.cursor.x, self.cursor.y
        if not self.autowrap:
            self.move_to(max(x - count, self.left if x >= self.left else 0), y)
            return
        if self.wrap_pending:
            count -= 1
        if (x, y) == (self.left, self.top) and count > 0:
            self.move_to(self.right, self.bottom)
            return
        left = self.left if x >= self.left else 0
        while count > x - left:
            count -= x - left + 1
            x, y = self.right, (y or self.lines) - 1
            count %= (x - left + 1) * self.lines
        self.move_to(x - max(count, 0), y)

    def backspace(self) -> None:
        """BS: one cell back."""
        self.cursor_back(1)

    def cursor_down1(self, count: int | None = None, *_: int) -> None:
        """CNL: down, and to the line's start."""
        self.cursor_down(count)
        self.carriage_return()

    def cursor_up1(self, count: int | None = None, *_: int) -> None:
        """CPL: up, and to the line's start."""
        self.cursor_up(count)
        self.carriage_return()

    def cursor_to_column(self, column: int | None = None, *_: int) -> None:
        """CHA, HPA: 1-based, from the left margin in origin mode."""
        x = (column or 1) - 1
        self.move_to(min(x + self.left, self.right) if self.origin else x, self.cursor.y)

    def cursor_to_line(self, line: int | None = None, *_: int) -> None:
        """VPA: 1-based, from the top margin in origin mode."""
        y = (line or 1) - 1
        self.move_to(self.cursor.x, min(y + self.top, self.bottom) if self.origin else y)

    def cursor_forward_absolute(self, count: int | None = None, *_: int) -> None:
        """HPR: right, to the end of the screen or, in origin mode, of the margins."""
        x = self.cursor.x + (count or 1)
        self.move_to(min(x, self.right) if self.origin else x, self.cursor.y)

    def cursor_down_absolute(self, count: int | None = None, *_: int) -> None:
        """VPR: down, to the end of the screen or, in origin mode, of the margins."""
        y = self.cursor.y + (count or 1)
        self.move_to(self.cursor.x, min(y, self.bottom) if self.origin else y)

    def carriage_return(self) -> None:
        """CR: to the left margin, or to the first column from left of it."""
        self.cursor.x = self.left if self.origin or self.cursor.x >= self.left else 0
        self.wrap_pending = False
        self.joined_at = None

    def next_line_of_text(self) -> None:
        """Go on behind the end of a line as text does; drawing overrides this."""
        raise NotImplementedError

    # --- tab stops

    def tab(self) -> None:
        """HT: to the next tab stop, at most to the right margin; keeps a pending wrap, unless more(1) is to be mended."""
        if self.wrap_pending and self.modes.private[41]:
            self.next_line_of_text()
        x = self.cursor.x
        limit = self.right
        stop = x + 1
        while stop < limit and stop not in self.tabstops:
            stop += 1
        self.cursor.x = min(stop, limit)

    def cursor_tab_forward(self, count: int = 0, *_: int) -> None:
        """CHT: to the n-th next tab stop."""
        for _i in range(min(count or 1, self.columns)):
            before = self.cursor.x
            self.tab()
            if self.cursor.x == before:
                return

    def cursor_tab_backward(self, count: int = 0, *_: int) -> None:
        """CBT: to the n-th previous tab stop; the left margin stops it in origin mode only. A pending wrap stays, as with HT."""
        x = self.cursor.x
        limit = self.left if self.origin else 0
        left = count or 1
        while left and x > 0:
            x -= 1
            left -= x in self.tabstops
        self.cursor.x = max(x, limit)

    def set_tab_stop(self) -> None:
        """HTS: a stop in this column."""
        self.tabstops.add(self.cursor.x)

    def clear_tab_stop(self, how: int = 0, *_: Any) -> None:
        """TBC: 0 removes the stop here, 3 all of them."""
        if how == 0:
            self.tabstops.discard(self.cursor.x)
        elif how == 3:
            self.tabstops.clear()

    def reset_tab_stops(self, how: int = 0, *_: int) -> None:
        """DECST8C: a stop every eight columns."""
        if how == 5:
            self.tabstops = set(range(0, MAX_COLUMNS, 8))

    # --- margins

    def set_margins(self, top: int | None = None, bottom: int | None = None, *_: int) -> None:
        """DECSTBM: 1-based lines that scroll; fewer than two are ignored."""
        first = max(1, top or 1) - 1
        last = min(bottom or self.lines, self.lines) - 1
        if first < last:
            self.top, self.bottom = first, last
            self.refresh_fast()
            self.home()

    def set_left_right_margins(self, left: int = 0, right: int = 0, *rest: int) -> None:
        """DECSLRM while DECLRMM is set, and SCOSC otherwise."""
        if not self.modes.private[69]:
            self.save_cursor()
            return
        first = max(1, left or 1) - 1
        last = min(right or self.columns, self.columns) - 1
        if first < last:
            self.left, self.right = first, last
            self.refresh_fast()
            self.home()

    # --- saving

    def save_cursor(self) -> None:
        """DECSC."""
        self.saved_cursor = SavedCursor(
            self.cursor.x,
            self.cursor.y,
            self.attributes[self.pen],
            self.charsets.save(),
            self.origin,
        )

    def restore_cursor(self) -> None:
        """DECRC; without a saved cursor, home and defaults. A pending wrap is not restored, as in xterm.js."""
        saved = self.saved_cursor
        self.charsets.restore(saved.charsets)
        self.set_pen(saved.attributes._replace(link=self.link[0], link_id=self.link[1]))
        self.modes.set_private(6, saved.origin)
        self.refresh_fast()
        self.move_to(saved.x, saved.y)
        self.move_inside_margins()

    def restore_cursor_ansi(self, *_: int) -> None:
        """SCORC."""
        self.restore_cursor()
