"""What full-screen programs paint: text, colours and places of the cursor, drawn in one go.

The result is the one of the control functions one after the other. Programs like editors send hundreds of short pieces for a screen,
and a call for each costs more than the drawing. ``kernel.term.stream`` finds such spans by ``PAINTED``.
"""

from __future__ import annotations

import re
from functools import lru_cache

from kernel.term.editing import Editing
from kernel.term.rows import new_row, overwrite

#: ASCII text, SGR, CUP, CUF, EL, and showing or hiding the cursor.
_ONE = r"\x1b\[(?:[0-9;:]{0,64}m|[0-9]{0,4}(?:;[0-9]{0,4})?H|[0-9]{0,4}[CK]|\?25[hl])"
PAINTED = re.compile(rf"[ -~]*(?:{_ONE}[ -~]*)*")
#: With line ends too, on the alternate screen: long texts that scroll into a history are drawn by ``draw_block``.
PAINTED_LINES = re.compile(rf"[ -~]*(?:(?:{_ONE}|\r\n)[ -~]*)*")
_FUNCTION = re.compile(r"(\r\n|\x1b\[[0-9;?]*[HCKhl])")


class Painting(Editing):
    """``paint``, which the stream calls with what matches ``PAINTED``."""

    @property
    def paintable(self) -> bool:
        """Whether spans may be painted: no margin and no mode changes what is in them."""
        return self.plain_drawing and not self.origin

    def paint(self, span: str) -> None:
        """Draw a span."""
        cursor, columns, styled = self.cursor, self.columns, self.attributes.styled
        x, y, pen, wrap, last = cursor.x, cursor.y, self.pen, self.wrap_pending, ""
        parts = _FUNCTION.split(span)
        # Before the first function there may be text.
        for function, text in zip(["", *parts[1::2]], parts[::2], strict=True):
            if function:
                kind, first, second = _function(function)
                if kind == "H":
                    x = second if second < columns else columns - 1
                    y = first if first < self.lines else self.lines - 1
                    wrap = False
                elif kind == "C":
                    x = x + first if x + first < columns else columns - 1
                    wrap = False
                elif kind == "\n":
                    x = 0
                    wrap = False
                    self.joined_at = None
                    if y == self.bottom:
                        cursor.x, cursor.y, self.pen, self.wrap_pending = x, y, pen, wrap
                        self.index()
                    elif y < self.lines - 1:
                        y += 1
                elif kind == "K":
                    cursor.x, cursor.y, self.pen, self.wrap_pending = x, y, pen, wrap
                    self.erase_in_line(first)
                else:
                    self.modes.private[25] = kind == "h"
                    cursor.hidden = kind == "l"
            last = ""
            if not text:
                continue
            cells, attrs, after, last = styled(pen, text)
            end = x + len(cells)
            if end > columns or (wrap and cells):
                cursor.x, cursor.y, self.pen, self.wrap_pending = x, y, pen, wrap
                self._draw_parts(text)
                x, y, pen, wrap = cursor.x, cursor.y, self.pen, self.wrap_pending
                continue
            pen = after
            if cells:
                self._put_run(y, x, cells, attrs)
                wrap = end == columns
                x = end - wrap
        cursor.x, cursor.y, self.pen, self.wrap_pending = x, y, pen, wrap
        self.last_char = last

    def _put_run(self, y: int, x: int, cells: str, attrs: str) -> None:
        """Overwrite cells of a line; they fit."""
        row = self.rows[y]
        text, old, wrapped = row
        end = x + len(cells)
        if end < self.columns and text.isascii():
            self.rows[y] = new_row((text[:x] + cells + text[end:], old[:x] + attrs + old[end:], wrapped))
        else:
            self.rows[y] = overwrite(row, x, cells, attrs)
        self.joined_at = None


@lru_cache(maxsize=8192)
def _function(text: str) -> tuple[str, int, int]:
    """What kind of function it is, and its numbers: CUP's cell counted from 0, CUF's and EL's parameter."""
    kind = text[-1]
    if kind == "H":
        line, _, column = text[2:-1].partition(";")
        return kind, max(int(line or 1), 1) - 1, max(int(column or 1), 1) - 1
    if kind == "C":
        return kind, int(text[2:-1] or 1) or 1, 0
    if kind == "\n":
        return kind, 0, 0
    return kind, int(text[2:-1] or 0) if kind == "K" else 0, 0
