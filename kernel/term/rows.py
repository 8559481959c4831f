"""Immutable rows of a terminal grid, and how to cut and join them.

A row is two strings of equal length: the text of its cells, and the attribute ids of its cells as ``chr(id)``. A wide
character occupies its own cell and a stub cell (``STUB``) to its right. A grapheme cluster of several code points is
one private code point (see ``kernel.term.clusters``). The screen replaces rows and never changes one, so a painter
compares rows by identity. Pure functions; knows nothing of modes, cursors or colours.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

#: Text of the right half of a wide character.
STUB = "\0"
#: Attribute of a cell that was erased and never drawn, in default colours.
ERASED = "\0"
#: Attribute of a cell that was drawn with default attributes.
PLAIN = "\1"


class Row(NamedTuple):
    """One line of cells: ``text`` and ``attrs`` have one character a column; ``wrapped`` says that it goes on below."""

    text: str
    attrs: str
    wrapped: bool = False


#: A row of (text, attrs, wrapped), made in half the time that ``Row`` takes; where a program's speed hangs on it.
new_row: Callable[[tuple[str, str, bool]], Row] = partial(tuple.__new__, Row)


def blank_row(columns: int, attr: str = ERASED) -> Row:
    """A row of ``columns`` erased cells with the attribute id ``attr``."""
    return Row(" " * columns, attr * columns)


def heal(text: str, x: int, end: int) -> str:
    """Return ``text`` without the halves of wide characters that a change of the cells ``x:end`` would orphan."""
    if x > 0 and x < len(text) and text[x] == STUB:
        text = text[: x - 1] + "  " + text[x + 1 :]
    if 0 < end < len(text) and text[end] == STUB:
        text = text[: end - 1] + "  " + text[end + 1 :]
    return text


def overwrite(row: Row, x: int, cells: str, attrs: str) -> Row:
    """Return ``row`` with ``cells`` and their ``attrs`` put at column ``x``; they must fit."""
    text, old, wrapped = row
    end = x + len(cells)
    if not text.isascii():
        text = heal(text, x, end)
    if end >= len(text):
        return Row(text[:x] + cells, old[:x] + attrs)
    return Row(text[:x] + cells + text[end:], old[:x] + attrs + old[end:], wrapped)


def insert_cells(row: Row, x: int, cells: str, attrs: str, limit: int) -> Row:
    """Return ``row`` with ``cells`` inserted at ``x``; what passes the column ``limit`` is lost."""
    text, old, wrapped = row
    count = min(len(cells), limit - x)
    if not text.isascii():
        text = heal(heal(text, x, x), limit - count, limit)
        if STUB in cells[count:]:
            cells = heal(cells, count, count)
    text = text[:x] + cells[:count] + text[x : limit - count] + text[limit:]
    return Row(text, old[:x] + attrs[:count] + old[x : limit - count] + old[limit:], wrapped and limit < len(text))


def delete_cells(row: Row, x: int, count: int, limit: int, blank: str) -> Row:
    """Return ``row`` without ``count`` cells at ``x``; cells up to ``limit`` move left, blanks (``blank``) follow."""
    text, old, wrapped = row
    count = min(count, limit - x)
    if not text.isascii():
        text = heal(heal(text, x, x + count), limit, limit)
    text = text[:x] + text[x + count : limit] + " " * count + text[limit:]
    return Row(text, old[:x] + old[x + count : limit] + blank * count + old[limit:], wrapped and limit < len(text))


def fit(row: Row, columns: int) -> Row:
    """Return ``row`` cut or padded with erased cells to ``columns``."""
    size = len(row.text)
    if size == columns:
        return row
    if size < columns:
        pad = columns - size
        return Row(row.text + " " * pad, row.attrs + ERASED * pad, row.wrapped)
    return Row(heal(row.text, columns, columns)[:columns], row.attrs[:columns], row.wrapped)
