"""What full-screen programs paint: text, colours and places of the cursor, drawn in one go.

The result is the one of the control functions one after the other. Programs like editors send hundreds of short pieces for a screen,
and a call for each costs more than the drawing. ``kernel.term.stream`` finds such spans by ``PAINTED``.
"""

from __future__ import annotations

import re

from kernel.term.editing import Editing
from kernel.term.rows import new_row, overwrite

_TEXT = "[ -~]*"
_SGR = r"\x1b\[[0-9;:]{0,64}m"
#: SGR, CUP, CUF, EL, and showing or hiding the cursor.
_ONE = r"\x1b\[(?:[0-9;:]{0,64}m|[0-9]{0,4}(?:[CK]|(?:;[0-9]{0,4})?H)|\?25[hl])"
PAINTED = re.compile(rf"{_TEXT}(?:{_ONE}{_TEXT})*")
#: With line ends too, on the alternate screen: long texts that scroll into a history are drawn by ``draw_block``.
PAINTED_LINES = re.compile(rf"{_TEXT}(?:(?:{_ONE}|\r\n){_TEXT})*")
#: A function, or the start of a span, and the text with SGR behind it.
_PIECE = re.compile(rf"(\r\n|\x1b\[[0-9;?]*[HCKhl]|\A)({_TEXT}(?:{_SGR}{_TEXT})*)")
#: Each place that a program goes to is a text of its own: past so many all are forgotten.
_MOST_FUNCTIONS = 8192


class Painting(Editing):
    """``paint``, which the stream calls with what matches ``PAINTED``."""

    @property
    def paintable(self) -> bool:
        """Whether spans may be painted: no margin and no mode changes what is in them."""
        return self.plain_drawing and not self.origin

    def paint(self, span: str) -> None:
        """Draw a span."""
        cursor, columns, styled, rows, functions = self.cursor, self.columns, self.attributes.styled, self.rows, _FUNCTIONS
        x, y, pen, wrap, last = cursor.x, cursor.y, self.pen, self.wrap_pending, ""
        for function, text in _PIECE.findall(span):
            if function:
                kind, first, second = functions[function]
                if kind == "H":
                    x = second if second < columns else columns - 1
                    y = first if first < self.lines else self.lines - 1
                    wrap = False
                elif kind == "C":
                    x = x + first if x + first < columns else columns - 1
                    wrap = False
                else:
                    cursor.x, cursor.y, self.pen, self.wrap_pending = x, y, pen, wrap
                    self._carry_out(kind, first)
                    x, y, wrap = cursor.x, cursor.y, self.wrap_pending
            cells, attrs, after, last = styled(pen, text) if "\x1b" in text else (text, pen * len(text), pen, text)
            end = x + len(cells)
            if not cells:
                pen = after
            elif wrap or end > columns:
                cursor.x, cursor.y, self.pen, self.wrap_pending = x, y, pen, wrap
                self._draw_parts(text)
                x, y, pen, wrap = cursor.x, cursor.y, self.pen, self.wrap_pending
            else:
                # Written out: most of the time goes here.
                content, old, wrapped = rows[y]
                if end < columns and content.isascii():
                    rows[y] = new_row((f"{content[:x]}{cells}{content[end:]}", f"{old[:x]}{attrs}{old[end:]}", wrapped))
                else:
                    rows[y] = overwrite(rows[y], x, cells, attrs)
                    wrap = end == columns
                pen, x = after, end - wrap
                self.joined_at = None
        cursor.x, cursor.y, self.pen, self.wrap_pending = x, y, pen, wrap
        self.last_char = last

    def _carry_out(self, kind: str, parameter: int) -> None:
        """The rarer functions: a line end, EL, the cursor's visibility."""
        if kind == "K":
            self.erase_in_line(parameter)
        elif kind == "\n":
            self.cursor.x = 0
            self.wrap_pending = False
            self.joined_at = None
            if self.cursor.y == self.bottom:
                self.index()
            elif self.cursor.y < self.lines - 1:
                self.cursor.y += 1
        else:
            self.modes.private[25] = kind == "h"
            self.cursor.hidden = kind == "l"


class _Functions(dict[str, tuple[str, int, int]]):
    """What kind of function a text is, and its numbers: CUP's cell counted from 0, CUF's and EL's parameter.

    All screens share it, on whichever thread: a text always means the same, and who clears it takes nothing that another one holds.
    """

    def __missing__(self, text: str) -> tuple[str, int, int]:
        """Work out one met for the first time."""
        if len(self) >= _MOST_FUNCTIONS:
            self.clear()
        found = self[text] = _parsed(text)
        return found


def _parsed(text: str) -> tuple[str, int, int]:
    kind = text[-1]
    if kind == "H":
        line, _, column = text[2:-1].partition(";")
        return kind, max(int(line or 1), 1) - 1, max(int(column or 1), 1) - 1
    if kind == "C":
        return kind, int(text[2:-1] or 1) or 1, 0
    return kind, int(text[2:-1] or 0) if kind == "K" else 0, 0


_FUNCTIONS = _Functions()
