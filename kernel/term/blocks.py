"""Blocks of text with line ends and SGR, drawn many lines at once.

The result is the one of ``draw``, ``carriage_return``, ``linefeed`` and SGR one after the other. Lines that arrive
while the cursor is on the bottom line are made into whole rows, and those that scroll off at once go to the history as they came.
"""

from __future__ import annotations

import re

from kernel.term.attributes import SGR_SEQUENCE
from kernel.term.drawing import Drawing
from kernel.term.history import Stored
from kernel.term.rows import ERASED, PLAIN, STUB, Row, new_row, overwrite
from kernel.term.width import SPECIAL

_NEWLINE = re.compile(r"\r+\n")
_RESETS = ("\x1b[0m", "\x1b[m")
#: Fewer lines than this are drawn one by one.
_FEW = 3


class BlockDrawing(Drawing):
    """``draw_block``, which the stream calls with all it finds between two control functions of other kinds."""

    def select_rendition(self, params: str) -> None:
        """SGR with ``params``, the text between CSI and ``m``."""
        self.pen = self.attributes.sgr(self.pen, params)

    def draw_block(self, block: str) -> None:
        """Draw printable text, ``CR LF`` line ends and SGR sequences."""
        if "\n" not in block:
            self._draw_line(block)
            return
        lines = _NEWLINE.split(block) if "\r\r" in block else block.split("\r\n")
        last = len(lines) - 1
        at = 0
        if last >= _FEW and self.plain_drawing and self.top <= self.cursor.y <= self.bottom and not self.region_marked:
            self._draw_full_line(lines[0])
            at = self._draw_down(lines, last)
            # The bottom line is blank only when this block has scrolled: draw one more line the plain way.
            if at < last:
                self._draw_full_line(lines[at])
                at += 1
            if at < last:
                self._scroll_in(lines[at:last], block)
                at = last
        while at < last:
            self._draw_full_line(lines[at])
            at += 1
        self.last_char = ""
        if lines[last]:
            self._draw_line(lines[last])

    def _draw_down(self, lines: list[str], last: int) -> int:
        """Draw lines from the second on, from the first column down to the bottom line; return how many of ``lines`` are drawn."""
        cursor, rows, columns, bottom = self.cursor, self.rows, self.columns, self.bottom
        styled = self.attributes.styled
        at = 1
        while at < last and cursor.y < bottom:
            line = lines[at]
            at += 1
            if not line.isascii():
                self._draw_full_line(line)
                continue
            cells, attrs, pen, _ = styled(self.pen, line)
            end = len(cells)
            text, old, wrapped = rows[cursor.y]
            if end >= columns or not text.isascii():
                self._draw_full_line(line)
                continue
            self.pen = pen
            rows[cursor.y] = new_row((cells + text[end:], attrs + old[end:], wrapped))
            cursor.y += 1
        self.joined_at = None
        return at

    def _draw_full_line(self, line: str) -> None:
        if line:
            self._draw_line(line)
        self.carriage_return()
        self.linefeed()

    def _draw_line(self, line: str) -> None:
        """Draw text with SGR and no line end."""
        if not (self.plain_drawing and not self.wrap_pending and self._overwrite_line(line)):
            self._draw_parts(line)

    def _draw_parts(self, line: str) -> None:
        """Draw the texts of ``line`` one by one."""
        if "\x1b" not in line:
            self.draw(line)
            return
        parts = SGR_SEQUENCE.split(line)
        sgr = self.attributes.sgr
        if parts[0]:
            self.draw(parts[0])
        for index in range(1, len(parts), 2):
            self.last_char = ""
            self.pen = sgr(self.pen, parts[index])
            text = parts[index + 1]
            if text:
                self.draw(text)

    def _overwrite_line(self, line: str) -> bool:
        """Draw a line in one go where it fits into the rest of the row and has no clusters; else do nothing."""
        cursor = self.cursor
        x, y = cursor.x, cursor.y
        ascii_only = line.isascii()
        if not ascii_only:
            if self.joined_at == (x, y, False):
                return False
            line = line.translate(self.shaper.map)
            if SPECIAL in line:
                return False
        cells, attrs, pen, last = self.attributes.styled(self.pen, line)
        end = x + len(cells)
        if end > self.columns:
            return False
        self.pen = pen
        self.last_char = last if ascii_only else last.rstrip(STUB)
        if not cells:
            return True
        text, old, wrapped = row = self.rows[y]
        if end < self.columns and text.isascii():
            self.rows[y] = new_row((text[:x] + cells + text[end:], old[:x] + attrs + old[end:], wrapped))
        else:
            self.rows[y] = overwrite(row, x, cells, attrs)
        if end == self.columns:
            end -= 1
            self.wrap_pending = True
        cursor.x = end
        self.joined_at = None if "\0" < cells[-1] < "\x80" else (end, y, self.wrap_pending)
        return True

    def _scroll_in(self, lines: list[str], block: str) -> None:
        """Draw full lines while the cursor is at the start of the blank bottom line."""
        self.joined_at = None
        if self.pen == PLAIN and "\x1b" not in block and block.isascii() and max(map(len, lines)) <= self.columns:
            self._scroll_in_plain(lines)
            return
        rows: list[Row] = []
        over = len(lines) - (self.bottom - self.top)
        if over > 0 and self.top == 0 and not self.on_alternate and block.isascii():
            self._pass_by(lines[:over])
            self._scroll_in_rest(lines[over:])
            return
        originals = lines
        if not block.isascii():
            # One translation for all lines; those with marks or clusters in them are drawn one by one or shaped.
            lines = "\n".join(lines).translate(self.shaper.map).split("\n")
        for line, original in zip(lines, originals, strict=True):
            if SPECIAL in line:
                if "\x1b" in line or line[0] == SPECIAL:
                    self._commit(rows)
                    rows = []
                    self._draw_full_line(original)
                    continue
                line = self.shaper.shape(line)
            self._append_rows(rows, line)
        self._commit(rows)

    def _pass_by(self, lines: list[str]) -> None:
        """Put the screen above its bottom line and then ``lines`` of ASCII into the history, which draws them when somebody looks."""
        stored: list[Stored] = [*self.rows[: self.bottom]]
        attributes, columns, pen = self.attributes, self.columns, self.pen
        reset = attributes.sgr(pen, "0")  # the same from any pen of this block: links and protection are not SGR's
        for line in lines:
            if len(line) > columns or (pen != PLAIN and attributes.blank(pen) != ERASED):
                rows: list[Row] = []
                self.pen = pen
                self._append_rows(rows, line)
                stored.extend(rows)
                pen = self.pen
                continue
            at = line.rfind("\x1b[")
            if at < 0:
                stored.append(line if pen == PLAIN else (line, pen))
                continue
            stored.append((line, pen))
            pen = reset if line.startswith(_RESETS, at) else attributes.pen_after(pen, line)
        self.pen = pen
        self.history.extend(stored)

    def _scroll_in_rest(self, lines: list[str]) -> None:
        """Draw as many lines of ASCII as there are above the bottom line, or more rows, in place of what was there."""
        rows: list[Row] = []
        for line in lines:
            self._append_rows(rows, line)
        excess = len(rows) - self.bottom
        self.history.extend(rows[:excess])
        self.rows[: self.bottom] = rows[excess:]
        self.rows[self.bottom] = self.blank_line()

    def _scroll_in_plain(self, lines: list[str]) -> None:
        """Scroll in lines of plain ASCII in default colours that fit."""
        columns = self.columns
        kept = self.bottom - self.top
        saves = self.top == 0 and not self.on_alternate
        if len(lines) > kept:
            if saves:
                self.history.extend(self.rows[: self.bottom])
                self.history.extend(lines[: len(lines) - kept])
            del self.rows[self.top : self.bottom]
            lines = lines[len(lines) - kept :]
            scrolled = True
        else:
            scrolled = False
        rows = []
        for line in lines:
            size = len(line)
            pad = columns - size
            rows.append(new_row((line + " " * pad, PLAIN * size + ERASED * pad, False)))
        if scrolled:
            self.rows[self.top : self.top] = rows
        else:
            self._commit(rows)

    def _append_rows(self, rows: list[Row], cells: str) -> None:
        """Append the rows that a line of row text with SGR fills, drawn on blank rows, to ``rows``."""
        columns = self.columns
        blank = ERASED if self.pen == PLAIN else self.attributes.blank(self.pen)
        cells, attrs, self.pen, _ = self.attributes.styled(self.pen, cells)
        size = len(cells)
        if size > columns:
            self._append_wrapped(rows, cells, attrs, blank)
        else:
            pad = columns - size
            rows.append(new_row((cells + " " * pad, attrs + blank * pad, False)))

    def _append_wrapped(self, rows: list[Row], cells: str, attrs: str, blank: str) -> None:
        """Append the rows of a line that is longer than the screen is wide."""
        columns = self.columns
        at, size = 0, len(cells)
        while size - at > columns:
            end = at + columns
            if cells[end] == STUB:
                end -= 1
                rows.append(Row(cells[at:end] + " ", attrs[at:end] + self.attributes.blank(attrs[end]), True))
            else:
                rows.append(Row(cells[at:end], attrs[at:end], True))
            at = end
            blank = self.attributes.blank(attrs[at])
        pad = columns - (size - at)
        rows.append(Row(cells[at:] + " " * pad, attrs[at:] + blank * pad))

    def _commit(self, new: list[Row]) -> None:
        """Scroll finished rows in above the bottom line, which stays blank in the background of the pen."""
        if not new:
            return
        rows, top, bottom = self.rows, self.top, self.bottom
        count = len(new)
        kept = rows[top:bottom] + new
        if top == 0 and not self.on_alternate:
            self.history.extend(kept[:count])
        rows[top:bottom] = kept[count:]
        rows[bottom] = self.blank_line()
