"""What full-screen programs paint: text, colours and places of the cursor, drawn in one go.

The result is the one of the control functions one after the other. Programs like editors send hundreds of short pieces for a screen,
and a call for each costs more than the drawing. ``kernel.term.stream`` finds such spans by ``PAINTED``.
"""

from __future__ import annotations

import re
from functools import lru_cache

from kernel.term.editing import Editing
from kernel.term.rows import Row, overwrite

_PLACE = r"\x1b\[[0-9]{0,4}(?:;[0-9]{0,4})?H"
#: CUP, and then ASCII text, SGR, CUP, CUF, EL, and showing or hiding the cursor.
PAINTED = re.compile(rf"{_PLACE}(?:[ -~]+|\x1b\[[0-9;:]{{0,64}}m|{_PLACE}|\x1b\[[0-9]{{0,4}}[CK]|\x1b\[\?25[hl])+")
_FUNCTION = re.compile(r"\x1b\[([0-9;:?]*)([mHCKhl])")


class Painting(Editing):
    """``paint``, which the stream calls with what matches ``PAINTED``."""

    @property
    def paintable(self) -> bool:
        """Whether spans may be painted: no margin and no mode changes what is in them."""
        return self.plain_drawing and not self.origin

    def paint(self, span: str) -> None:
        """Draw a span."""
        cursor, columns = self.cursor, self.columns
        transitions = self.attributes.transitions
        x, y, pen, text = cursor.x, cursor.y, self.pen, ""
        start, cells, attrs = x, "", ""
        parts = _FUNCTION.split(span)
        for params, final, text in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
            if final == "m":
                try:
                    pen = transitions[pen][params]
                except KeyError:
                    pen = self.attributes.sgr(pen, params)
            else:
                if cells:
                    self._put_run(y, start, cells, attrs)
                    cells = attrs = ""
                if final == "H":
                    y, x = _place(params)
                    if y >= self.lines or x >= columns:
                        y, x = min(y, self.lines - 1), min(x, columns - 1)
                    self.wrap_pending = False
                elif final == "C":
                    x = min(x + (int(params or 1) or 1), columns - 1)
                    self.wrap_pending = False
                else:
                    cursor.x, cursor.y, self.pen = x, y, pen
                    self._paint_other(params, final)
                start = x
            size = len(text)
            if self.wrap_pending or x + size > columns:
                if cells:
                    self._put_run(y, start, cells, attrs)
                    cells = attrs = ""
                cursor.x, cursor.y, self.pen = x, y, pen
                self.draw(text)
                start = x = cursor.x
                y = cursor.y
            elif size:
                cells += text
                attrs += pen * size
                x += size
                if x == columns:
                    x -= 1
                    self.wrap_pending = True
        if cells:
            self._put_run(y, start, cells, attrs)
        cursor.x, cursor.y, self.pen = x, y, pen
        self.last_char = text

    def _paint_other(self, params: str, final: str) -> None:
        """EL, or DECTCEM."""
        if final == "K":
            self.erase_in_line(int(params or 0))
            return
        self.modes.private[25] = final == "h"
        self.cursor.hidden = final == "l"

    def _put_run(self, y: int, x: int, cells: str, attrs: str) -> None:
        """Overwrite cells of a line; they fit."""
        row = self.rows[y]
        text, old, wrapped = row
        end = x + len(cells)
        if end < self.columns and text.isascii():
            self.rows[y] = Row(text[:x] + cells + text[end:], old[:x] + attrs + old[end:], wrapped)
        else:
            self.rows[y] = overwrite(row, x, cells, attrs)
        self.joined_at = None


@lru_cache(maxsize=8192)
def _place(params: str) -> tuple[int, int]:
    """The line and column, counted from 0, of CUP's parameters."""
    line, _, column = params.partition(";")
    return max(int(line or 1), 1) - 1, max(int(column or 1), 1) - 1
