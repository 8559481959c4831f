"""Where links are in a terminal: cells that a program marked (OSC 8), and addresses in plain text. Pure. Called by `links`."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, groupby, pairwise

from kernel.term import STUB, Row, Terminal
from kernel.term.reflow import text_length
from kernel.term.selection import Position, Span

#: Parts of a link, marked or plain, are looked for this many rows above and below.
MOST_ROWS = 60
#: A wide character's stub belongs to it; the full stops, commas, brackets and quotation marks of wide text end an address.
_ADDRESS = re.compile(
    r"(?:https?://|file:///|mailto:)[^\s\x01-\x20\"<>`{}|\\^\u201c-\u201f\u2500-\u259f\u3000-\u3003\u3008-\u3011\u3014-\u301f\u30fb"
    r"\ufe10-\ufe19\ufe30-\ufe6b\uff01-\uff0f\uff1a-\uff20\uff3b-\uff3d\uff40\uff5b-\uff65]+",
    re.IGNORECASE,
)
_TRAILING = ".,;:!?'\"*_~"
#: Address and id of cells that a program marked.
_Key = tuple[str, str]
_PAIRS = {")": "(", "]": "["}


@dataclass(frozen=True, slots=True)
class Link:
    """A link: where it leads, its text, and its cells."""

    address: str
    text: str
    spans: tuple[Span, ...]
    marked: bool


def link_at(terminal: Terminal, at: Position) -> Link | None:
    """The link at a cell."""
    row = terminal.absolute_row(at.line)
    if row is None or not 0 <= at.column < len(row.text):
        return None
    look = terminal.attributes[row.attrs[at.column]]
    if not look.link:
        return next((link for link in _plain(terminal, at.line, at.line) if _covers(link, at)), None)
    key = (look.link, look.link_id)
    groups = _groups(terminal, at.line, at.line, only=key)
    here = next(spans for _, spans in groups if any(span.line == at.line and span.start <= at.column < span.end for span in spans))
    return _marked(terminal, key, here)


def links_between(terminal: Terminal, first: int, last: int) -> list[Link]:
    """All links on the absolute lines first..last, in reading order; the cost is that of the cells, however many links there are."""
    found = [
        _marked(terminal, key, spans)
        for key, spans in _groups(terminal, first, last)
        if any(first <= span.line <= last for span in spans)
    ]
    found += [link for link in _plain(terminal, first, last) if not all(_is_marked(terminal, span) for span in link.spans)]
    return sorted(found, key=lambda link: next(span for span in link.spans if first <= span.line <= last))


def addresses_between(terminal: Terminal, first: int, last: int) -> Iterator[str]:
    """The addresses on the absolute lines first..last, one after the other as they are asked for."""
    for line in range(first, last + 1):
        row = terminal.absolute_row(line)
        for attr in set(row.attrs) if row is not None else ():
            if terminal.attributes[attr].link:
                yield terminal.attributes[attr].link
    for link in _plain(terminal, first, last):
        yield link.address


def trimmed(address: str) -> str:
    """Without the punctuation that follows an address in a sentence, and without a bracket that it does not open."""
    unopened = {close: address.count(close) - address.count(opened) for close, opened in _PAIRS.items()}
    end = len(address)
    while end and (address[end - 1] in _TRAILING or unopened.get(address[end - 1], 0) > 0):
        end -= 1
        if address[end] in unopened:
            unopened[address[end]] -= 1
    return address[:end]


def _covers(link: Link, at: Position) -> bool:
    return any(span.line == at.line and span.start <= at.column < span.end for span in link.spans)


def _is_marked(terminal: Terminal, span: Span) -> bool:
    """Whether all of its cells are marked with some link."""
    row = terminal.absolute_row(span.line)
    return row is not None and all(terminal.attributes[attr].link for attr in set(row.attrs[span.start : span.end]))


def _runs(terminal: Terminal, row: Row, only: _Key | None) -> list[tuple[int, int, _Key]]:
    """Start, end and link of the cells of a row that are marked. only: with this link."""
    keys: dict[str, _Key] = {}
    for attr in set(row.attrs):
        look = terminal.attributes[attr]
        if look.link and (only is None or only == (look.link, look.link_id)):
            keys[attr] = (look.link, look.link_id)
    if not keys:
        return []
    runs: list[tuple[int, int, _Key]] = []
    start = 0
    for key, cells in groupby(row.attrs, keys.get):
        end = start + sum(1 for _ in cells)
        if key is not None:
            runs.append((start, end, key))
        start = end
    return runs


def _groups(terminal: Terminal, first: int, last: int, only: _Key | None = None) -> list[tuple[_Key, list[Span]]]:
    """Cells that belong together, near the lines first..last: with an id wherever they are, without one where they touch."""
    groups: list[tuple[_Key, list[Span]]] = []
    named: dict[_Key, list[Span]] = {}
    goes_on: tuple[_Key, list[Span]] | None = None
    for line in range(first - MOST_ROWS, last + MOST_ROWS + 1):
        row = terminal.absolute_row(line)
        before, goes_on = goes_on, None
        for start, end, key in _runs(terminal, row, only) if row is not None else ():
            if key[1] and key in named:
                spans = named[key]
            elif start == 0 and before is not None and before[0] == key:
                spans = before[1]
            else:
                spans = []
                groups.append((key, spans))
                if key[1]:
                    named[key] = spans
            spans.append(Span(line, start, end))
            goes_on = (key, spans) if row is not None and end >= _end(terminal, line, row) else None
    return groups


def _end(terminal: Terminal, line: int, row: Row) -> int:
    """Where a row goes on in the next one: behind its last cell, or before it where a wide character did not fit into it."""
    return text_length(row, terminal.absolute_row(line + 1), terminal.attributes) if row.wrapped else len(row.text)


def _marked(terminal: Terminal, key: _Key, spans: list[Span]) -> Link:
    return Link(key[0], "".join(_text(terminal, span) for span in spans), tuple(spans), marked=True)


def _text(terminal: Terminal, span: Span) -> str:
    row = terminal.absolute_row(span.line)
    return terminal.clusters.expand(row.text[span.start : span.end]).replace(STUB, "") if row is not None else ""


def _plain(terminal: Terminal, first: int, last: int) -> Iterator[Link]:
    """Addresses written in the text of the logical lines that reach into first..last, wherever they are broken."""
    line = first
    while line > first - MOST_ROWS and (above := terminal.absolute_row(line - 1)) is not None and above.wrapped:
        line -= 1
    while line <= last:
        rows: list[Row] = []
        while (row := terminal.absolute_row(line + len(rows))) is not None:
            rows.append(row)
            if not row.wrapped or line + len(rows) > last + MOST_ROWS:
                break
        yield from (link for link in _written(terminal, line, rows) if link.spans[-1].line >= first and link.spans[0].line <= last)
        line += max(1, len(rows))


def _written(terminal: Terminal, first: int, rows: list[Row]) -> Iterator[Link]:
    """The addresses in a logical line. first: the absolute line of its first row."""
    sizes = [text_length(row, below, terminal.attributes) for row, below in pairwise(rows)]
    texts = [row.text[:size] for row, size in zip(rows, (*sizes, None), strict=True)]
    starts = [0, *accumulate(map(len, texts))]
    # Cells, not characters: what is found is counted in them.
    for match in _ADDRESS.finditer("".join(texts)):
        address = trimmed(match[0])
        end = match.start() + len(address)
        reached = range(bisect_right(starts, match.start()) - 1, bisect_left(starts, end))
        spans = tuple(
            Span(first + number, max(0, match.start() - starts[number]), min(len(texts[number]), end - starts[number]))
            for number in reached
        )
        yield Link(terminal.clusters.expand(address), address, spans, marked=False)
