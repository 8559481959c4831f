"""Line feeds, and moving regions of the screen up, down, left and right; lines that leave the top become history."""

from __future__ import annotations

from kernel.term.below import RowsBelow
from kernel.term.levels import since
from kernel.term.rows import Row, delete_cells, heal, insert_cells


class Scrolling(RowsBelow):
    """Index, reverse index, SU, SD, SL, SR."""

    def index(self, goes_on: bool = False) -> None:
        """IND: down one line, scrolling at the bottom margin. ``goes_on``: the text of this line does so there."""
        cursor = self.cursor
        if cursor.y == self.bottom:
            if not self.side_margins or self.left <= cursor.x <= self.right:
                self.scroll_region_up(self.top, 1, goes_on)
        elif cursor.y < self.lines - 1:
            cursor.y += 1

    def reverse_index(self) -> None:
        """RI: up one line, scrolling at the top margin."""
        cursor = self.cursor
        if cursor.y == self.top:
            if not self.side_margins or self.left <= cursor.x <= self.right:
                self.scroll_region_down(self.top, 1)
        elif cursor.y > 0:
            cursor.y -= 1
        self.wrap_pending = False

    def linefeed(self) -> None:
        """LF, VT, FF: index, and a carriage return too in newline mode."""
        self.index()
        self.wrap_pending = False
        if self.modes.ansi[20]:
            self.carriage_return()

    def index_only(self) -> None:
        """ESC D."""
        self.index()
        self.wrap_pending = False

    def next_line(self) -> None:
        """NEL: index and carriage return."""
        self.index()
        self.carriage_return()

    def lock_memory(self) -> None:
        """Memory lock as in xterm: the lines above the cursor's do not scroll. The cursor stays."""
        if self.cursor.y < self.bottom:
            self.top = self.cursor.y
            self.refresh_fast()

    def unlock_memory(self) -> None:
        """The top margin is that of the screen again."""
        self.top = 0
        self.refresh_fast()

    @since(4)
    def back_index(self) -> None:
        """DECBI: left one column as CUB does, scrolling right at the left margin."""
        cursor = self.cursor
        if cursor.x == self.left and self.top <= cursor.y <= self.bottom:
            self._shift_columns(self.left, 1)
        else:
            self.cursor_back(1)

    @since(4)
    def forward_index(self) -> None:
        """DECFI: right one column as CUF does, scrolling left at the right margin."""
        cursor = self.cursor
        if cursor.x == self.right and self.top <= cursor.y <= self.bottom:
            self._shift_columns(self.left, -1)
        else:
            self.cursor_forward(1)

    def scroll_up(self, count: int = 0, *_: int) -> None:
        """SU."""
        self.scroll_region_up(self.top, count or 1)

    def scroll_down(self, count: int = 1, *rest: int) -> None:
        """SD. Of nothing it is none, and with more parameters mouse tracking, which is not supported."""
        if count and not rest:
            self.scroll_region_down(self.top, count)

    def scroll_down_ecma(self, count: int = 0, *_: int) -> None:
        """SD as ECMA-48 has it."""
        self.scroll_region_down(self.top, count or 1)

    def scroll_left(self, count: int = 0, *_: int) -> None:
        """SL."""
        if self._in_margins():
            self._shift_columns(self.left, -(count or 1))

    def scroll_right(self, count: int = 0, *_: int) -> None:
        """SR."""
        if self._in_margins():
            self._shift_columns(self.left, count or 1)

    @since(4)
    def insert_columns(self, count: int = 0, *_: int) -> None:
        """DECIC: at the cursor, in the lines of the margins."""
        if self._in_margins():
            self._shift_columns(self.cursor.x, count or 1)

    @since(4)
    def delete_columns(self, count: int = 0, *_: int) -> None:
        """DECDC: at the cursor, in the lines of the margins."""
        if self._in_margins():
            self._shift_columns(self.cursor.x, -(count or 1))

    def _in_margins(self) -> bool:
        return self.top <= self.cursor.y <= self.bottom and self.left <= self.cursor.x <= self.right

    def _shift_columns(self, x: int, count: int) -> None:
        """Move the cells from column ``x`` to the right margin by ``count``, in every line of the margins."""
        limit, blank = self.right + 1, self.blank_attr
        size = min(abs(count), limit - x)
        for y in range(self.top, self.bottom + 1):
            if count > 0:
                self.rows[y] = insert_cells(self.rows[y], x, " " * size, blank * size, limit)
            else:
                self.rows[y] = delete_cells(self.rows[y], x, size, limit, blank)

    # --- regions

    def scroll_region_up(self, top: int, count: int, goes_on: bool = False) -> None:
        """Drop ``count`` lines at ``top``; those up to the bottom margin move up, blank ones come in.

        goes_on: the line at the bottom margin goes on in the first of them.
        """
        rows, bottom = self.rows, self.bottom
        count = min(count, bottom - top + 1)
        if self.side_margins:
            self._scroll_columns(top, count)
            return
        if self.rows_below and top == 0:
            self.file_rows_below()
        if (top > 0 or bottom < self.lines - 1) and self.marked:
            self._scroll_marks(top, count)
        if not goes_on and rows[bottom].wrapped:
            rows[bottom] = rows[bottom]._replace(wrapped=False)
        if top > 0:
            self.end_line_above(top)
        elif not self.on_alternate:
            if count == 1:
                self.history.append(rows[0])
            else:
                self.history.extend(rows[:count])
        blank = self.blank_line()
        if count == 1:
            del rows[top]
            rows.insert(bottom, blank)
        else:
            del rows[top : top + count]
            rows[bottom + 1 - count : bottom + 1 - count] = [blank] * count

    def scroll_region_down(self, top: int, count: int) -> None:
        """Insert ``count`` blank lines at ``top``; lines pushed past the bottom margin are lost."""
        rows, bottom = self.rows, self.bottom
        count = min(count, bottom - top + 1)
        if self.side_margins:
            self._scroll_columns(top, -count)
            return
        if self.marked:
            self._scroll_marks(top, -count)
        self.end_line_above(top)
        self.end_line_above(bottom + 1 - count)  # what it goes on in is lost
        del rows[bottom + 1 - count : bottom + 1]
        rows[top:top] = [self.blank_line()] * count

    @property
    def region_marked(self) -> bool:
        """Whether marks have to be moved by hand when lines go up: the margins keep some of the rows where they are."""
        return (self.top > 0 or self.bottom < self.lines - 1) and self.marked

    def _scroll_marks(self, top: int, count: int) -> None:
        """Move the marks with their rows, before the history takes some."""
        base = self.history.dropped + len(self.history)
        if top > 0 or count < 0:
            self.marks.scroll(base + top, base + self.bottom + 1, count)
        else:
            # What leaves at the top becomes history, so the absolute lines of the rows below the bottom margin grow.
            self.marks.scroll(base + self.bottom + 1, base + self.lines + count, -count)

    def _scroll_columns(self, top: int, count: int) -> None:
        """Move the cells between the side margins by ``count`` lines, up if positive."""
        left, end, bottom = self.left, self.right + 1, self.bottom
        blank = Row(" " * (end - left), self.blank_attr * (end - left))
        healed = [
            Row(row.text if row.text.isascii() else heal(heal(row.text, left, left), end, end), row.attrs, row.wrapped)
            for row in self.rows[top : bottom + 1]
        ]
        if left == 0:
            self.end_line_above(top)
        for y in range(top, bottom + 1):
            source = y + count
            inside = blank
            if top <= source <= bottom:
                row = healed[source - top]
                inside = Row(row.text[left:end], row.attrs[left:end])
            here = healed[y - top]
            self.rows[y] = Row(
                here.text[:left] + inside.text + here.text[end:],
                here.attrs[:left] + inside.attrs + here.attrs[end:],
                here.wrapped and left > 0 and end < self.columns,
            )

    def insert_lines(self, count: int | None = None, *_: int) -> None:
        """IL: at the cursor, which goes to the left margin."""
        if self._in_margins():
            self.scroll_region_down(self.cursor.y, count or 1)
            self.move_to(self.left, self.cursor.y)

    def delete_lines(self, count: int | None = None, *_: int) -> None:
        """DL: at the cursor, which goes to the left margin."""
        if self._in_margins():
            self.scroll_region_up(self.cursor.y, count or 1)
            self.move_to(self.left, self.cursor.y)
