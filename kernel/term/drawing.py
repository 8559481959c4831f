"""Putting text into cells: wrapping, wide characters, and clusters that arrive in pieces."""

from __future__ import annotations

from kernel.term.rows import STUB, Row, insert_cells, overwrite
from kernel.term.scrolling import Scrolling
from kernel.term.width import cluster_width, extended, is_mark, joins


class Drawing(Scrolling):
    """Text at the cursor. ``kernel.term.blocks`` does the same to many lines at once."""

    def draw(self, data: str) -> None:
        """Draw printable text at the cursor with the pen."""
        if self.translating:
            data = self.charsets.translate(data)
            self.refresh_fast()
        if data.isascii():
            self.last_char = data[-1:]
            self.joined_at = None
            if self.inserting and self.side_margins:
                self._put_between(data, 1)
            else:
                self._put(data)
        elif self.drawn_whole:
            rest = data
            if self.joined_at is not None or self.shaper.is_special(data[0]):
                rest = self._join_previous(data)
            if rest:
                self.last_char = rest
                self._put(self.shaper.cells(rest))
            self._mark_join(data[-1])
        else:
            for char in data:
                if self._join_previous(char):
                    self.last_char = char
                    self._put(self.shaper.cells(char))
                self._mark_join(char)

    def _mark_join(self, char: str) -> None:
        """Remember that ``char`` was just drawn here, so that the next one may join its cell."""
        self.joined_at = (self.cursor.x, self.cursor.y, self.wrap_pending) if char > "\x7f" else None

    def repeat_last(self, count: int = 0, *_: int) -> None:
        """REP: the last character again. Once the lines that scroll are full of it, one more of them is the same screen as before."""
        if not self.last_char:
            return
        char = self.shaper.last_base(self.last_char)
        width = cluster_width(char)
        # The first line may be one beside the margins; with the others that follow it, what scrolls is full.
        line = max(1, (self.right + 1 - self.left) // width)
        enough = self.columns + (self.lines + 2) * line
        if self.shaper.is_special(char):
            # It may join its neighbours, so it is drawn one by one: a line of it is more than anybody needs.
            self.draw(char * min(count or 1, self.columns))
            return
        if not self.autowrap:
            enough = min(enough, 2 * self.columns)  # the last column has all others
        elif self.side_margins:
            # To scroll a part of the lines once a line costs much; a few lines of it are more than anybody needs.
            x = self.cursor.x
            enough = min(enough, (self.right + 1 if x <= self.right else self.columns) - x + 8 * line)
        lines, rest = divmod(max(0, (count or 1) - enough), line)
        times = min(count or 1, enough) + rest
        self.draw(char)
        # In one go: the next ones neither join the one before nor are other characters in another set.
        shown = self.charsets.translate(char) if self.translating else char
        self._put_between(self.shaper.cells(shown) * (times - 1), cluster_width(shown))
        self._mark_join(shown)
        if lines and self.autowrap and self.cursor.y == self.bottom and width <= self.columns:
            self._scroll_alike(lines)

    def _put_between(self, cells: str, width: int) -> None:
        """Write row text, of characters of ``width`` cells, in pieces that do not enter or leave the margins or cross the line's end.

        Cells are inserted inside of the margins only, and a wide character is not cut at them.
        """
        at, size = 0, len(cells)
        while at < size:
            x = self.cursor.x
            limit = self.left if x < self.left else self.right + 1 if x <= self.right else self.columns
            room = 0 if self.wrap_pending else (limit - x) // width * width
            end = at + max(width, room)
            self._put(cells[at:end])
            at = end

    def _scroll_alike(self, count: int) -> None:
        """Scroll up by ``count`` lines that are all like the ones above the bottom line, which are alike."""
        if self.top > 0 or self.side_margins or self.on_alternate:
            return
        if self.region_marked:
            self._scroll_marks(0, count)
        alike = self.rows[0] if self.bottom > 0 or not len(self.history) else self.history[-1]
        self.history.extend([alike] * count)

    def _put(self, cells: str) -> None:
        """Write row text at the cursor, wrapping at the right margin.

        Where text is not drawn whole it is ASCII or one character, so that a wide one is never cut there.
        """
        cursor = self.cursor
        if len(cells) > 8 * self.columns:
            self._put_pieces(cells)
            return
        while cells:
            if self.wrap_pending:
                self._wrap()
            x = cursor.x
            limit = self.right + 1 if x <= self.right else self.columns
            room = limit - x
            if len(cells) <= room:
                chunk, cells = cells, ""
            elif not self.autowrap:
                if STUB in cells:
                    # In the last column: it takes the last two.
                    if x == 0 or x == self.left:
                        return
                    x -= 1
                    chunk, cells = cells, ""
                else:
                    chunk, cells = cells[: room - 1] + cells[-1], ""
            elif cells[room] != STUB:
                chunk, cells = cells[:room], cells[room:]
            elif self.columns == 1:
                return
            else:
                # A wide character does not fit into the last column: it stays empty.
                self._write(limit - 1, " ", self.attributes.blank(self.pen))
                chunk, cells = cells[: room - 1], cells[room - 1 :]
            if self.inserting and self.left <= x <= self.right:
                y = cursor.y
                self.rows[y] = insert_cells(self.rows[y], x, chunk, self.pen * len(chunk), limit)
            elif chunk:
                self._write(x, chunk, self.pen)
            x += len(chunk)
            if x >= limit or cells:
                cursor.x = limit - 1
                self.wrap_pending = True
            else:
                cursor.x = x

    def _put_pieces(self, cells: str) -> None:
        """Write very long row text piece by piece, since ``_put`` copies what is left of it for each line."""
        at, size, step = 0, len(cells), 4 * self.columns
        while at < size:
            end = at + step
            if end < size and cells[end] == STUB:
                end += 1
            self._put(cells[at:end])
            at = end

    def _write(self, x: int, cells: str, attr: str) -> None:
        """Overwrite cells of the cursor's line."""
        rows, y = self.rows, self.cursor.y
        text, attrs, wrapped = row = rows[y]
        size = len(cells)
        end = x + size
        if text.isascii() and end < len(text):
            rows[y] = Row(text[:x] + cells + text[end:], attrs[:x] + attr * size + attrs[end:], wrapped)
        else:
            rows[y] = overwrite(row, x, cells, attr * size)

    def next_line_of_text(self) -> None:
        """See ``CursorMovement``."""
        self._wrap()

    def _wrap(self) -> None:
        """Go to the start of the next line because the text goes on there."""
        self.wrap_pending = False
        if not self.autowrap:
            return
        y = self.cursor.y
        if self.rows_below and y == self.bottom and self.top == 0 and not self.side_margins:
            # Before the row is marked: it goes on in what comes now, and no longer in the rows below.
            self.file_rows_below()
        row = self.rows[y]
        if not row.wrapped:
            self.rows[y] = Row(row.text, row.attrs, True)
        self.index(goes_on=True)
        self.cursor.x = self.left

    def _join_previous(self, data: str) -> str:
        """Add the start of ``data`` that belongs into the cell before the cursor to that cell; return the rest."""
        for index, char in enumerate(data):
            mark = is_mark(char)
            cursor = self.cursor
            if not mark and self.joined_at != (cursor.x, cursor.y, self.wrap_pending):
                return data[index:]
            x = cursor.x if self.wrap_pending else cursor.x - 1
            if x >= 0:
                text = self.rows[cursor.y].text
                if text[x] == STUB:
                    x -= 1
                before = self.clusters[text[x]]
                if not mark and not joins(before, char):
                    return data[index:]
                self._extend_cell(x, extended(before, char))
                self._mark_join(char)
            elif not mark:
                return data[index:]
            else:
                self._mark_first_cell(char)
        return ""

    def _mark_first_cell(self, mark: str) -> None:
        """Nothing is before the first column: as in xterm, ``mark`` goes on what is in it, if the cell keeps its width so."""
        y = self.cursor.y
        row = self.rows[y]
        cluster = extended(self.clusters[row.text[0]], mark)
        width = 1 + (self.columns > 1 and row.text[1] == STUB)
        if self.attributes[row.attrs[0]].drawn and cluster_width(cluster) == width:
            self.rows[y] = Row(self.clusters.intern(cluster) + row.text[1:], row.attrs, row.wrapped)

    def _extend_cell(self, x: int, cluster: str) -> None:
        """Put ``cluster`` into the cell at ``x`` that showed its beginning; the cell may become wide."""
        y = self.cursor.y
        row = self.rows[y]
        attributes = self.attributes[row.attrs[x]]
        if not attributes.drawn:
            attr = self.attributes.intern(attributes._replace(drawn=True))
            row = Row(row.text, row.attrs[:x] + attr + row.attrs[x + 1 :], row.wrapped)
        cell = self.clusters.intern(cluster)
        limit = self.right + 1 if x <= self.right else self.columns
        was_wide = x + 1 < self.columns and row.text[x + 1] == STUB
        fits = x + 1 < limit
        if was_wide or cluster_width(cluster) == 1 or not (fits or (self.autowrap and self.columns > 1)):
            self.rows[y] = Row(row.text[:x] + cell + row.text[x + 1 :], row.attrs, row.wrapped)
            return
        pen, inserting = self.pen, self.inserting
        self.pen = row.attrs[x]
        if fits:
            if inserting:
                self.rows[y] = insert_cells(row, x, " ", self.pen, limit)
            self.cursor.x = x
            self.wrap_pending = False
        else:
            self._write(x, " ", self.attributes.blank(self.pen))
            self.wrap_pending = True
        self.inserting = False
        self._put(cell + STUB)
        self.pen, self.inserting = pen, inserting
