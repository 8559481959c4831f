"""Text of a selection between absolute positions: by character, word, line or block. Pure.

Positions are (absolute line, column) and stay valid while lines scroll off, until ``History.numbering`` changes; wrapped lines
are joined.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from kernel.term.reflow import drawn_length, text_length
from kernel.term.rows import STUB, Row
from kernel.term.terminal import Terminal

#: Characters that belong to a word beside letters and digits, as in paths and addresses.
WORD_CHARACTERS = "-_./~:@%+#?&=,\\"
_MAX_WORD_LINES = 100


class SelectionKind(Enum):
    """How two positions span a selection."""

    CHARACTER = "character"
    WORD = "word"
    LINE = "line"
    BLOCK = "block"


class Position(NamedTuple):
    """A cell by absolute line and column."""

    line: int
    column: int


class Span(NamedTuple):
    """Selected cells of one line: ``start`` to ``end``, exclusive."""

    line: int
    start: int
    end: int


def spans(terminal: Terminal, kind: SelectionKind, anchor: Position, head: Position) -> list[Span]:
    """Return the selected cells line by line; both ends are part of the selection. Lines that are gone are left out."""
    first, last = reach(terminal, kind, anchor, head)
    if kind is SelectionKind.BLOCK:
        left, right = sorted((anchor.column, head.column))
        return [
            _widened(row, Span(line, max(0, left), min(right + 1, len(row.text))))
            for line, row in _rows(terminal, first.line, last.line)
        ]
    result = []
    for line, row in _rows(terminal, first.line, last.line):
        start = first.column if line == first.line else 0
        end = last.column + 1 if line == last.line else len(row.text)
        result.append(_widened(row, Span(line, max(0, start), max(0, min(end, len(row.text))))))
    return result


def reach(terminal: Terminal, kind: SelectionKind, anchor: Position, head: Position) -> tuple[Position, Position]:
    """Return the first and the last selected cell: words and lines go on as far as they wrap. Of a block, the rows count."""
    first, last = sorted((anchor, head))
    if kind is SelectionKind.WORD:
        return _word_start(terminal, first), _word_end(terminal, last)
    if kind is SelectionKind.LINE:
        return _line_start(terminal, first), _line_end(terminal, last)
    return first, last


def text(terminal: Terminal, kind: SelectionKind, anchor: Position, head: Position) -> str:
    """Return the selected text; line ends are LF, cells that were never drawn at a line's end are left out."""
    parts: list[str] = []
    selected = spans(terminal, kind, anchor, head)
    for number, span in enumerate(selected):
        row = terminal.absolute_row(span.line)
        if row is None:
            continue
        below = terminal.absolute_row(span.line + 1) if row.wrapped and kind is not SelectionKind.BLOCK else None
        size = drawn_length(row, terminal.attributes) if below is None else text_length(row, below, terminal.attributes)
        end = min(span.end, size)
        parts.append(terminal.clusters.expand(row.text[span.start : max(end, span.start)]))
        if number + 1 < len(selected) and (kind is SelectionKind.BLOCK or not row.wrapped):
            parts.append("\n")
    return "".join(parts)


def _rows(terminal: Terminal, first: int, last: int) -> list[tuple[int, Row]]:
    """The rows between two absolute lines that still exist."""
    base = terminal.history_dropped
    end = base + len(terminal.history) + terminal.lines
    numbered = ((line, terminal.absolute_row(line)) for line in range(max(first, base), min(last, end - 1) + 1))
    return [(line, row) for line, row in numbered if row is not None]


def _widened(row: Row, span: Span) -> Span:
    """Take in both halves of wide characters at the ends."""
    start, end = span.start, span.end
    if 0 < start < len(row.text) and row.text[start] == STUB:
        start -= 1
    if 0 < end < len(row.text) and row.text[end] == STUB:
        end += 1
    return Span(span.line, start, end)


def _is_word(terminal: Terminal, row: Row, column: int) -> bool:
    cell = row.text[column]
    if cell == STUB:
        return True
    char = terminal.clusters[cell][0]
    return char.isalnum() or char in WORD_CHARACTERS


def _word_start(terminal: Terminal, at: Position) -> Position:
    line, column = at
    row = terminal.absolute_row(line)
    if row is None or not 0 <= column < len(row.text) or not _is_word(terminal, row, column):
        return at
    for _ in range(_MAX_WORD_LINES):
        while column > 0 and _is_word(terminal, row, column - 1):
            column -= 1
        above = terminal.absolute_row(line - 1)
        if column > 0 or above is None or not above.wrapped:
            break
        last = text_length(above, row, terminal.attributes) - 1
        if not _is_word(terminal, above, last):
            break
        line, row, column = line - 1, above, last
    return Position(line, column)


def _word_end(terminal: Terminal, at: Position) -> Position:
    line, column = at
    row = terminal.absolute_row(line)
    if row is None or not 0 <= column < len(row.text) or not _is_word(terminal, row, column):
        return at
    for _ in range(_MAX_WORD_LINES):
        while column + 1 < len(row.text) and _is_word(terminal, row, column + 1):
            column += 1
        below = terminal.absolute_row(line + 1)
        if not row.wrapped or below is None or column + 1 < text_length(row, below, terminal.attributes):
            break
        if not _is_word(terminal, below, 0):
            break
        line, row, column = line + 1, below, 0
    return Position(line, column)


def _line_start(terminal: Terminal, at: Position) -> Position:
    line = at.line
    while (above := terminal.absolute_row(line - 1)) is not None and above.wrapped:
        line -= 1
    return Position(line, 0)


def _line_end(terminal: Terminal, at: Position) -> Position:
    line = at.line
    while (row := terminal.absolute_row(line)) is not None and row.wrapped and terminal.absolute_row(line + 1):
        line += 1
    return Position(line, terminal.columns - 1)
