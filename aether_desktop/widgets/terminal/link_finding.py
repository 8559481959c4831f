"""Where links are in a terminal: cells that a program marked (OSC 8), and addresses in plain text. Pure. Called by `links`."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from kernel.term import STUB, Row, Terminal
from kernel.term.selection import Position, Span

#: A link that a program marked may reach over this many lines; a plain address over as many rows of one logical line.
MOST_ROWS = 60
_ADDRESS = re.compile(r"(?:https?://|file:///|mailto:)[^\s\x00-\x20\"<>`{}|\\^\u2500-\u259f]+", re.IGNORECASE)
_TRAILING = ".,;:!?'\"*_~"
Runs = Callable[[int], list[Span]]
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
    if look.link:
        return _marked(terminal, at, look.link, look.link_id)
    return _plain(terminal, at)


def links_between(terminal: Terminal, first: int, last: int) -> list[Link]:
    """All links on the absolute lines first..last, in reading order."""
    found: list[Link] = []
    taken: set[tuple[int, int]] = set()
    for line in range(first, last + 1):
        row = terminal.absolute_row(line)
        if row is None:
            continue
        for column in _candidates(terminal, row):
            if (line, column) in taken:
                continue
            link = link_at(terminal, Position(line, column))
            if link is not None:
                taken.update((span.line, cell) for span in link.spans for cell in range(span.start, span.end))
                found.append(link)
    return found


def trimmed(address: str) -> str:
    """Without the punctuation that follows an address in a sentence, and without a bracket that it does not open."""
    while address:
        last = address[-1]
        unopened = last in _PAIRS and address.count(last) > address.count(_PAIRS[last])
        if last not in _TRAILING and not unopened:
            break
        address = address[:-1]
    return address


def _candidates(terminal: Terminal, row: Row) -> list[int]:
    """Columns at which a link may be."""
    linked = {attr for attr in set(row.attrs) if terminal.attributes[attr].link}
    marked = [column for column, attr in enumerate(row.attrs) if attr in linked] if linked else []
    return sorted({*marked, *(match.start() for match in _ADDRESS.finditer(row.text))})


def _marked(terminal: Terminal, at: Position, address: str, link_id: str) -> Link:
    """All cells near by of the same link: with an id wherever they are, without one where they touch."""

    def runs(line: int) -> list[Span]:
        """The cells of it on a line."""
        row = terminal.absolute_row(line)
        if row is None:
            return []
        same = {
            attr
            for attr in set(row.attrs)
            if terminal.attributes[attr].link == address and terminal.attributes[attr].link_id == link_id
        }
        spans, start = [], -1
        for column, attr in enumerate(row.attrs):
            if attr in same and start < 0:
                start = column
            elif attr not in same and start >= 0:
                spans.append(Span(line, start, column))
                start = -1
        return [*spans, Span(line, start, len(row.attrs))] if start >= 0 else spans

    here = next(span for span in runs(at.line) if span.start <= at.column < span.end)
    found = [here]
    if link_id:
        near = range(at.line - MOST_ROWS // 2, at.line + MOST_ROWS // 2)
        found = [span for line in near for span in runs(line)]
    else:
        found = [*_above(terminal, here, runs), here, *_below(terminal, here, runs)]
    text = "".join(_text(terminal, span) for span in found)
    return Link(address, text, tuple(found), marked=True)


def _above(terminal: Terminal, span: Span, runs: Runs) -> list[Span]:
    result: list[Span] = []
    line = span.line - 1
    while span.start == 0 and len(result) < MOST_ROWS:
        row = terminal.absolute_row(line)
        last = runs(line)[-1:]
        if row is None or not last or last[0].end < len(row.text):
            break
        span = last[0]
        result.insert(0, span)
        line -= 1
    return result


def _below(terminal: Terminal, span: Span, runs: Runs) -> list[Span]:
    result: list[Span] = []
    while len(result) < MOST_ROWS:
        row = terminal.absolute_row(span.line)
        first = runs(span.line + 1)[:1]
        if row is None or span.end < len(row.text) or not first or first[0].start > 0:
            break
        span = first[0]
        result.append(span)
    return result


def _text(terminal: Terminal, span: Span) -> str:
    row = terminal.absolute_row(span.line)
    return terminal.clusters.expand(row.text[span.start : span.end]).replace(STUB, "") if row is not None else ""


def _plain(terminal: Terminal, at: Position) -> Link | None:
    """An address written in the text of the logical line, wherever it is broken."""
    first = at.line
    while first > at.line - MOST_ROWS and (above := terminal.absolute_row(first - 1)) is not None and above.wrapped:
        first -= 1
    rows: list[Row] = []
    while len(rows) < MOST_ROWS and (row := terminal.absolute_row(first + len(rows))) is not None:
        rows.append(row)
        if not row.wrapped:
            break
    starts = [0]
    for row in rows:
        starts.append(starts[-1] + len(row.text))
    offset = starts[at.line - first] + at.column
    # Cells, not characters: a wide character keeps its stub, which no address contains.
    for match in _ADDRESS.finditer("".join([row.text for row in rows])):
        address = trimmed(match[0])
        end = match.start() + len(address)
        if match.start() <= offset < end:
            spans = [
                Span(first + number, max(0, match.start() - starts[number]), min(len(row.text), end - starts[number]))
                for number, row in enumerate(rows)
                if starts[number] < end and starts[number + 1] > match.start()
            ]
            return Link(terminal.clusters.expand(address), address, tuple(spans), marked=False)
    return None
