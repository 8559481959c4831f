"""Rewrapping of lines when the width of the screen changes. Pure functions over stored rows.

A logical line is a run of rows of which all but the last are marked as wrapped. Erased cells at its end do not count.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from kernel.term.rows import ERASED, STUB, Row, fit


class Position(NamedTuple):
    """A cell: index of its row in the list that is reflowed, and column."""

    row: int
    column: int


class _Start(NamedTuple):
    offset: int
    row: int


def content_length(row: Row) -> int:
    """Number of cells up to the last one that is drawn or coloured."""
    return len(row.attrs.rstrip(ERASED))


def is_blank(row: Row) -> bool:
    """Whether nothing was drawn in ``row``."""
    return not row.attrs.strip(ERASED)


def reflow(
    items: Sequence[str | Row], columns: int, marks: Sequence[Position]
) -> tuple[list[str | Row], list[Position]]:
    """Rewrap ``items`` (rows, or plain lines as text) to ``columns``; return them and where ``marks`` went."""
    result: list[str | Row] = []
    moved = list(marks)
    index, count = 0, len(items)
    marked = {mark.row for mark in marks}
    while index < count:
        item = items[index]
        if isinstance(item, str):
            fits = len(item) <= columns
        else:
            fits = not item.wrapped and content_length(item) <= columns
        if fits:
            for number, mark in enumerate(marks) if index in marked else ():
                if mark.row == index:
                    moved[number] = Position(len(result), min(mark.column, columns - 1))
            result.append(item if isinstance(item, str) or len(item.text) <= columns else fit(item, columns))
            index += 1
            continue
        end = index + 1
        while end < count and _wrapped(items[end - 1]):
            end += 1
        starts = _rewrap(items[index:end], columns, result)
        for number, mark in enumerate(marks):
            if index <= mark.row < end:
                moved[number] = _moved(mark, items[index:end], index, starts, columns)
        index = end
    return result, moved


def _wrapped(item: str | Row) -> bool:
    return not isinstance(item, str) and item.wrapped


def _as_row(item: str | Row) -> Row:
    return Row(item, "\1" * len(item)) if isinstance(item, str) else item


def _joined(parts: Sequence[str | Row]) -> tuple[str, str]:
    """Text and attributes of the rows of one logical line, without padding."""
    rows = [_as_row(part) for part in parts]
    texts, attrs = [], []
    for at, row in enumerate(rows):
        size = len(row.text)
        if at == len(rows) - 1:
            size = content_length(row) if not row.wrapped else size
        elif row.text[-1:] == " " and rows[at + 1].text[1:2] == STUB:
            # The column that a wide character did not fit into.
            size -= 1
        texts.append(row.text[:size])
        attrs.append(row.attrs[:size])
    return "".join(texts), "".join(attrs)


def _rewrap(parts: Sequence[str | Row], columns: int, result: list[str | Row]) -> list[_Start]:
    """Append the rows of one logical line to ``result``; return where each of them starts in the line."""
    text, attrs = _joined(parts)
    if columns == 1 and STUB in text:
        # No cell for the right halves: the characters stay, one cell each.
        kept = [x for x, cell in enumerate(text) if cell != STUB]
        text, attrs = "".join([text[x] for x in kept]), "".join([attrs[x] for x in kept])
    starts = []
    at = 0
    continues = _wrapped(parts[-1])
    while True:
        end = at + columns
        if end < len(text) and text[end] == STUB and columns > 1:
            end -= 1
        starts.append(_Start(at, len(result)))
        more = end < len(text)
        cells, styles = text[at:end], attrs[at:end]
        pad = columns - len(cells)
        result.append(Row(cells + " " * pad, styles + ERASED * pad, more or continues))
        if not more:
            return starts
        at = end


def _moved(mark: Position, parts: Sequence[str | Row], first: int, starts: list[_Start], columns: int) -> Position:
    """Where ``mark`` in one of the rows ``parts`` (from row ``first``) is now, given the starts of the new rows."""
    offset = mark.column + sum(len(_as_row(part).text) for part in parts[: mark.row - first])
    last = [start for start in starts if start.offset <= offset][-1]
    return Position(last.row, min(offset - last.offset, columns - 1))
