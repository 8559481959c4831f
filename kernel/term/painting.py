"""What full-screen programs paint: text, colours and the functions between them, drawn in one go.

The result is the one of the control functions one after the other. Programs like editors send hundreds of short pieces for a screen,
and a call for each costs more than the drawing. Where a function is not drawn while a row is put together, it is the screen's method
that does it, and the span goes on. ``kernel.term.stream`` offers what follows a control sequence.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from kernel.term.editing import Editing
from kernel.term.rows import new_row, overwrite
from kernel.term.sequences import CONTROLS, CSI, ESCAPE

_TEXT = "[ -~]*"
_SGR = r"\x1b\[[0-9;:]{0,64}m"
#: Showing and hiding the cursor.
_CURSOR = r"\x1b\[\?25[hl]"
#: CUP, CUF, EL, each with what shows or hides the cursor behind it; or only what does that.
_FUNCTION = rf"\x1b\[(?:[0-9]{{0,4}}(?:[CK]|(?:;[0-9]{{0,4}})?H)|\?25[hl])(?:{_CURSOR}){{0,3}}"
#: On the alternate screen also line ends, BEL, BS, RI, and what changes no mode: moves, EL, ED, IL, DL, ICH, DCH, ECH, DECSTBM. Not on
#: the main one: long texts that scroll into a history are drawn by ``draw_block``.
_ANY_FUNCTION = rf"{_FUNCTION}|\r\n?|[\a\b\n]|\x1b(?:M|\[[0-9]{{0,4}}(?:;[0-9]{{0,4}})?[@-HJ-MPXdr])"
_STYLED = rf"{_TEXT}(?:{_SGR}{_TEXT})*"
#: A function, or nothing at the start; the text with SGR behind it; or else what cannot be painted, with all that follows.
Piece = tuple[str, str, str]


class _Patterns:
    """How pieces are found. ``first``: one of them, and the function that follows; ``pieces``: all, the last of which may be a rest."""

    def __init__(self, function: str) -> None:
        self.first = re.compile(rf"({function}|(?=[ -~]|{_SGR}))({_STYLED})(?=({function})?)").match
        self.pieces = re.compile(rf"({function}|\A)({_STYLED})|(.+)", re.DOTALL).findall


_ON_MAIN, _ON_ALTERNATE = _Patterns(_FUNCTION), _Patterns(_ANY_FUNCTION)
#: So much is looked at in one go: what is left of it was looked at in vain. A sequence that the end cuts is shorter than the second.
_SPAN_CHARS, _CUT_CHARS = 2048, 80
#: Column and line of the cursor, the pen, and whether the next character wraps.
Place = tuple[int, int, str, bool]
#: Functions that are no CSI, and the methods that do them.
_SHORT = {"\r\n": "next_line", "\x1bM": ESCAPE["M"][0], **{control: CONTROLS[control] for control in "\r\n\a\b"}}
#: The kind of a function that only a method of the screen does.
_OTHER = "other"
#: Each place that a program goes to is a text of its own: past so many all are forgotten.
_MOST_FUNCTIONS = 8192


class Painting(Editing):
    """``paint_from``, which the stream calls.

    What goes on in the same row, to the right of the piece before, is gathered, and the row is made once: ``drawn`` is that row's line, -1
    without one, and ``made`` and ``runs`` have its cells and their attributes up to column ``at``.
    """

    @property
    def paintable(self) -> bool:
        """Whether spans may be painted: text is drawn as it is, no margin at the sides stops it, and places count from the top left."""
        return self.plain_drawing and not self.origin

    def paint_from(self, data: str, position: int) -> int:
        """Draw what can be painted from ``position`` on, up to what cannot be; return where that ends."""
        patterns = _ON_ALTERNATE if self.on_alternate else _ON_MAIN
        while True:
            alone = patterns.first(data, position)
            if alone is None:
                return position
            if not alone[3]:
                self.paint(((alone[1], alone[2], ""),))
                return alone.end()
            second = patterns.first(data, alone.end())
            if second is not None and not second[3]:
                self.paint(((alone[1], alone[2], ""), (second[1], second[2], "")))
                return second.end()
            span = data[position : position + _SPAN_CHARS]
            pieces = patterns.pieces(span)
            left = len(pieces[-1][2])
            if left:
                del pieces[-1]
            self.paint(pieces)
            position += len(span) - left
            if left > _CUT_CHARS or left == len(span):
                return position

    def paint(self, pieces: Sequence[Piece]) -> None:
        """Draw a span."""
        columns, rows, functions, remembered = self.columns, self.rows, _FUNCTIONS, self.attributes.remembered
        x, y, pen, wrap, last, shown = self.cursor.x, self.cursor.y, self.pen, self.wrap_pending, "", ""
        drawn, at, made, runs, content, old, wrapped = -1, 0, "", "", "", "", False
        for function, text, _ in pieces:
            if function:
                kind, first, second, switch = functions[function]
                shown = switch or shown
                if kind == "H":
                    x = second if second < columns else columns - 1
                    y = first if first < self.lines else self.lines - 1
                    wrap = False
                elif kind == "C":
                    x = x + first if x + first < columns else columns - 1
                    wrap = False
                elif kind == "\r\n" and y < self.bottom:
                    x, y, wrap, self.joined_at = 0, y + 1, False, None
                elif kind == "\b" and x > 0 and not wrap:
                    x -= 1
                elif kind == "K" and first == 0 and y == drawn and x >= at and not self.protection:
                    made = f"{made}{content[at:x]}{' ' * (columns - x)}"
                    runs = f"{runs}{old[at:x]}{self.attributes.blank(pen) * (columns - x)}"
                    at, wrapped = columns, False
                elif kind:
                    if drawn >= 0:
                        rows[drawn], drawn = new_row((made + content[at:], runs + old[at:], wrapped)), -1
                    x, y, wrap = self._carry_out(function, (x, y, pen, wrap))
            if not text:
                last = ""
                continue
            if "\x1b" in text:
                cells, attrs, after, last = remembered.get((pen, text)) or self.attributes.styled(pen, text)
            else:
                cells, attrs, after, last = text, pen * len(text), pen, text
            end = x + len(cells)
            if not cells:
                pen = after
            elif y == drawn and x >= at and end < columns:
                if x > at:
                    made = f"{made}{content[at:x]}{cells}"
                    runs = f"{runs}{old[at:x]}{attrs}"
                else:
                    made += cells
                    runs += attrs
                pen, x, at = after, end, end
            else:
                if drawn >= 0:
                    rows[drawn], drawn = new_row((made + content[at:], runs + old[at:], wrapped)), -1
                content, old, wrapped = rows[y]
                if wrap or end >= columns or not content.isascii():
                    x, y, pen, wrap = self._draw_elsewhere(text, (x, y, pen, wrap))
                else:
                    made, runs = content[:x] + cells, old[:x] + attrs
                    drawn, at, pen, x, self.joined_at = y, end, after, end, None
        if drawn >= 0:
            rows[drawn] = new_row((made + content[at:], runs + old[at:], wrapped))
        self.cursor.x, self.cursor.y, self.pen, self.wrap_pending, self.last_char = x, y, pen, wrap, last
        if shown:
            self._show_cursor(shown == "h")

    def _show_cursor(self, shown: bool) -> None:
        self.modes.private[25] = shown
        self.cursor.hidden = not shown

    def _go_on_from(self, place: Place) -> None:
        self.cursor.x, self.cursor.y, self.pen, self.wrap_pending = place

    def _draw_elsewhere(self, text: str, place: Place) -> Place:
        """Draw what reaches the last column or wraps, or is in a row with other characters than ASCII."""
        x, y, pen, _ = place
        cells, attrs, after, _ = self.attributes.styled(pen, text)
        end = x + len(cells)
        if place[3] or end > self.columns:
            self._go_on_from(place)
            self._draw_parts(text)
            return self.cursor.x, self.cursor.y, self.pen, self.wrap_pending
        self.rows[y] = overwrite(self.rows[y], x, cells, attrs)
        self.joined_at = None
        wrap = end == self.columns
        return end - wrap, y, after, wrap

    def _carry_out(self, function: str, place: Place) -> tuple[int, int, bool]:
        """Let the screen's own method do ``function``, from ``place`` on; return where the cursor is then, and whether it waits to wrap."""
        self._go_on_from(place)
        method, arguments = _method(function)
        getattr(self, method)(*arguments)
        return self.cursor.x, self.cursor.y, self.wrap_pending


#: Kind, two numbers, and "h" or "l" where the cursor is shown or hidden behind it or instead of it.
Function = tuple[str, int, int, str]


class _Functions(dict[str, Function]):
    """What kind of function a text is, and its numbers: CUP's cell counted from 0, CUF's and EL's parameter.

    All screens share it, on whichever thread: a text always means the same, and who clears it takes nothing that another one holds.
    """

    def __missing__(self, text: str) -> Function:
        """Work out one met for the first time."""
        if len(self) >= _MOST_FUNCTIONS:
            self.clear()
        found = self[text] = _parsed(text)
        return found


def _parsed(text: str) -> Function:
    if text in _SHORT:
        return text, 0, 0, ""
    alone, *switches = text[2:].split("\x1b[")
    kind, switch = alone[-1:], text[-1] if switches else ""
    if alone[:1] == "?":
        return "", 0, 0, text[-1]
    if kind == "H":
        line, _, column = alone[:-1].partition(";")
        return kind, max(int(line or 1), 1) - 1, max(int(column or 1), 1) - 1, switch
    if kind in ("C", "K") and ";" not in alone:
        return kind, max(int(alone[:-1] or 0), 1 if kind == "C" else 0), 0, switch
    return _OTHER, 0, 0, switch


@lru_cache(_MOST_FUNCTIONS)
def _method(function: str) -> tuple[str, tuple[int, ...]]:
    """Which method of the screen does it, and its arguments."""
    if function in _SHORT:
        return _SHORT[function], ()
    alone = function[2:].split("\x1b[")[0]
    return CSI[alone[-1]], tuple(int(number or 0) for number in alone[:-1].split(";")) if len(alone) > 1 else ()


_FUNCTIONS = _Functions()
