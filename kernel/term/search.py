"""Search in history and screen, plain or by regular expression. Pure; over wrapped lines as over one.

Matches are found line by line (logical lines, at most ``MAX_LINE`` characters of each), so that memory stays bounded
whatever the pattern.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from kernel.term.rows import STUB, Row
from kernel.term.terminal import Terminal

MAX_LINE = 20_000
MAX_MATCHES = 10_000
MAX_PATTERN = 1_000


class Match(NamedTuple):
    """A found text: absolute line and column of its first cell, and of the cell behind its last one."""

    line: int
    column: int
    end_line: int
    end_column: int


def compile_pattern(text: str, *, regex: bool = False, case_sensitive: bool | None = None) -> re.Pattern[str] | None:
    """Return a pattern for ``find``, or None when ``text`` is empty, too long or no valid regular expression.

    ``case_sensitive`` None means: as soon as the text has an upper-case letter.
    """
    if not text or len(text) > MAX_PATTERN:
        return None
    if case_sensitive is None:
        case_sensitive = any(char.isupper() for char in text)
    try:
        return re.compile(text if regex else re.escape(text), 0 if case_sensitive else re.IGNORECASE)
    except (re.error, OverflowError, RecursionError):
        return None


def find(
    terminal: Terminal, pattern: re.Pattern[str], *, start: int | None = None, limit: int = MAX_MATCHES
) -> list[Match]:
    """Return up to ``limit`` matches, oldest first, from the absolute line ``start`` on."""
    found: list[Match] = []
    for first, rows in _logical_lines(terminal, start):
        text, cells = _text(terminal, rows)
        for match in pattern.finditer(text):
            if match.start() == match.end():
                continue
            line, column = cells[match.start()]
            end_line, end_column = cells[match.end() - 1]
            row = rows[end_line]
            end_column += 2 if end_column + 1 < len(row.text) and row.text[end_column + 1] == STUB else 1
            found.append(Match(first + line, column, first + end_line, end_column))
            if len(found) >= limit:
                return found
    return found


def _logical_lines(terminal: Terminal, start: int | None) -> Iterator[tuple[int, list[Row]]]:
    """Yield the absolute number of the first row and the rows of each logical line."""
    base = terminal.history_dropped
    index = max(0, (start or 0) - base)
    history = terminal.history
    total = len(history) + terminal.lines
    rows: list[Row] = []
    size = 0
    for at in range(index, total):
        row = history[at] if at < len(history) else terminal.rows[at - len(history)]
        rows.append(row)
        size += len(row.text)
        if not row.wrapped or size > MAX_LINE:
            yield base + at + 1 - len(rows), rows
            rows, size = [], 0
    if rows:
        yield base + total - len(rows), rows


def _text(terminal: Terminal, rows: list[Row]) -> tuple[str, list[tuple[int, int]]]:
    """Return the text of ``rows`` and, for each of its characters, the row and column it is in."""
    parts: list[str] = []
    cells: list[tuple[int, int]] = []
    for number, row in enumerate(rows):
        if row.text.isascii():
            parts.append(row.text)
            cells.extend((number, x) for x in range(len(row.text)))
            continue
        for x, cell in enumerate(row.text):
            if cell != STUB:
                text = terminal.clusters[cell]
                parts.append(text)
                cells.extend([(number, x)] * len(text))
    return "".join(parts), cells
