r"""What a program goes back over when it draws a line again for another size of the screen, where no mark says what that line is.

A shell whose prompt is not marked (typed inside of another one, or at the far end of ssh) answers a change of size as others do: it goes
up by as many rows as its prompt and command took when it drew them last, clears and draws them again. Rewrapped they take more rows or
fewer, and it would clear output above them, or leave parts of them. How far it goes up stands at the beginning of its answer, before any
text. So the rows that it goes back over become rows again, as it knows them, before it does; what is above them stays rewrapped. The
screen notes what was there (`Drawn`) when its size changes, and forgets it with the first output, whatever that is. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from kernel.term.attributes import AttributeTable
from kernel.term.history import Stored
from kernel.term.reflow import Position, content_length, text_length
from kernel.term.rows import Row

#: What may stand before the text of an answer and moves and erases nothing: colours, some modes, character sets, titles.
_NEUTRAL = (
    r"\x0f|\x1b\[[0-9;:]*m|\x1b\[\?(?:1|7|12|25|1004|2004|2026)[hl]|\x1b[=>]|\x1b[()][0-9A-B]"
    r"|\x1b\][0127];[^\x00-\x1f\x7f-\x9f]*(?:\x07|\x1b\\)"
)
_NEUTRALS = re.compile(f"(?:{_NEUTRAL})*")
#: An answer goes up or to the line's start at once, and clears to the screen's end last.
_CONTROLS = re.compile(
    rf"(?=[\r\x1b](?!\[[BCDGK]))(?:{_NEUTRAL}|[\r\n\x08]|\x1b\[[0-9]*[ABCDFG]|\x1b\[[012]?K|\x1b\[[01]?(?:;[01]?)?H|\x1bM)*(\x1b\[[02]?J)?"
)
#: fish erases behind what it has drawn, and returns twice before it.
_ONE = re.compile(r"(\n)|\x1b(M)|\x1b\[([0-9;]*)([ABFHJK])|\r\r(?!\r*\n)")
#: One of them that is not complete yet.
_CUT_OFF = re.compile(r"\x1b(?:\[\??[0-9;:]*|[()]|\](?:[0127](?:;[^\x00-\x1f\x7f-\x9f]*\x1b?)?)?)?")
#: More characters than an answer begins with: it is decided without the rest.
_MOST_CHARS = 4096


class Claim(NamedTuple):
    """What a program goes back over: rows above the cursor's, or, from ``home``, all that the screen showed.

    erases: whether it erases there before it draws, as line editors do; others may draw a part of it only.
    """

    up: int
    home: bool = False
    erases: bool = True


def neutral(text: str) -> int:
    """Return how many characters at the beginning of output can be done whatever follows."""
    match = _NEUTRALS.match(text)
    return match.end() if match is not None else 0


def beginning(text: str) -> int | None:
    """Return how many characters of output come before its first text; None while that is not known without more of it."""
    match = _CONTROLS.match(text)
    end = match.end() if match is not None else 0
    if match is not None and match[1]:
        return end
    if len(text) < _MOST_CHARS and (_CUT_OFF.fullmatch(text, end) or (0 < end == len(text))):
        return None
    return end


def claim(controls: str) -> Claim | None:
    """Return what a program that begins its output with ``controls`` goes back over; None where it draws nothing again."""
    y = highest = 0
    erases = False
    for newline, index, parameters, final in _ONE.findall(controls):
        count = min(int(parameters), 65535) if parameters.isdecimal() and len(parameters) < 6 else 0
        if newline or final == "B":
            y += max(1, count)
        elif index or final in ("A", "F"):
            y -= max(1, count)
            highest = min(highest, y)
        elif final == "H" or (final == "J" and count == 2):
            return Claim(0, home=True) if not y else None
        else:
            erases = erases or y <= 0
    return Claim(-highest, erases=erases) if erases or highest else None


class Redrawn(NamedTuple):
    """What a program draws again while more answers of it may come: so many logical lines above the cursor's, from an absolute line on.

    owed: how many answers may come. whole: whether nothing else is known to be there; parts of what was drawn before may be. Nothing
    above ``first`` is the program's own in either case. above: the line there that the cursor has gone up to all the same. numbering:
    of the history, when the lines were noted.
    """

    lines: int
    first: int
    owed: int
    numbering: int
    whole: bool = True
    above: int | None = None


class Drawn(NamedTuple):
    """The rows of the main screen as its program drew them, from the first of the line that goes on at its top.

    lead: how many of them were in the history. cursor: its cell, one past the last column for a pending wrap. columns: their width.
    own: the first row that may be the program's. sizes: how many others the screen has had since.
    """

    rows: list[Stored]
    lead: int
    cursor: Position
    columns: int
    own: int = 0
    sizes: int = 0

    def first(self, claim: Claim) -> int:
        """Return which row is the first that ``claim`` is about."""
        return self.lead if claim.home else max(self.own, self.cursor.row - claim.up)

    def unchanged(self, first: int, columns: int) -> bool:
        """Whether the rows from ``first`` on are the same rows on a screen of ``columns``."""
        above = first > 0 and _wrapped(self.rows[first - 1])
        return not above and (columns == self.columns or not any(map(_wrapped, self.rows[first:]))) and (
            self.cursor.column <= columns and all(_length(row) <= columns for row in self.rows[first:])
        )

    def place(self, row: int, attributes: AttributeTable) -> tuple[int, int]:
        """Return in which logical line ``row`` is, counted upwards from the cursor's, and at which cell of it."""
        distance = sum([not _wrapped(item) for item in self.rows[row : self.cursor.row]])
        cell = 0
        while row > 0 and isinstance(above := self.rows[row - 1], Row) and above.wrapped:
            below = self.rows[row]
            cell += text_length(above, below if isinstance(below, Row) else None, attributes)
            row -= 1
        return distance, cell


def drawn(items: Sequence[Stored], top: int, cursor: Position, columns: int, own: int) -> Drawn:
    """Note what is drawn: ``items`` are the history's rows and the screen's, which begin with ``top``; the program's with ``own``."""
    first = top
    while first > 0 and _wrapped(items[first - 1]):
        first -= 1
    return Drawn(list(items[first:]), top - first, Position(cursor.row - first, cursor.column), columns, max(0, own - first))


def find(
    items: Sequence[Stored], cursor: int, place: tuple[int, int], attributes: AttributeTable, draw: Callable[[Stored], Row]
) -> tuple[int, int]:
    """Return the row of ``items`` with the ``place``, and how many cells before it are in that row."""
    distance, left = place
    index = _line_start(items, cursor)
    for _line in range(distance):
        if index == 0:
            return 0, 0
        index = _line_start(items, index - 1)
    while left > 0:
        row = draw(items[index])
        size = text_length(row, draw(items[index + 1]) if row.wrapped and index + 1 < len(items) else None, attributes)
        if left < size or not row.wrapped or index + 1 == len(items):
            return index, left
        left -= size
        index += 1
    return index, 0


def _line_start(items: Sequence[Stored], index: int) -> int:
    while index > 0 and _wrapped(items[index - 1]):
        index -= 1
    return index


def _wrapped(item: Stored) -> bool:
    return isinstance(item, Row) and item.wrapped


def _length(item: Stored) -> int:
    return content_length(item) if isinstance(item, Row) else len(item) if isinstance(item, str) else len(item[0])
