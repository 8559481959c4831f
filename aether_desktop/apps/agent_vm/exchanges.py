"""What a call to a language model shows of itself: a line for the list, and its bodies as text to read. Pure.

Bodies come from programs and models of strangers: what is made of them is bounded whatever they hold, and nothing hides in it.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import msgspec

from kernel.protocol.records import LlmExchange
from kernel.protocol.shown_text import exact_line, one_line, visible

MOST_CHARACTERS = 1_000_000
"""Of one body as it is shown; a body of which more is left can be copied."""
ROW_CHARACTERS = 2_000
"""Longer lines are broken: Qt lays a line out whole before it shows any of it."""
MOST_INDENT = 40
NAME_CHARACTERS = 80
ERROR_CHARACTERS = 300
_TOKEN = re.compile(r'"(?:[^"\\]+|\\.)*"?|[{}\[\],:]|[^\s"{}\[\],:]+', re.DOTALL)
_LEFT_OUT = re.compile(r"\n(\[\.\.\. ([\d,]{1,20}) bytes in all; the middle is left out \.\.\.\])\n")
_SIZES = ((1 << 20, "MB"), (1 << 10, "KB"))


class ExchangeLine(msgspec.Struct, frozen=True):
    """One call in the list. outcome: its status or why there was no answer.

    Sizes are those of the bodies as they went over the wire, in bytes.
    """

    exchange: LlmExchange
    ok: bool
    outcome: str
    request_bytes: int
    response_bytes: int

    @property
    def model(self) -> str:
        """Who was asked."""
        exchange = self.exchange
        return exact_line(f"{exchange.provider}/{exchange.model}" if exchange.model else exchange.provider, NAME_CHARACTERS)

    @property
    def took(self) -> str:
        """How long the whole answer took."""
        seconds = max(0.0, self.exchange.duration_s)
        return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s" if seconds < 100 else f"{seconds:,.0f} s"

    @property
    def figures(self) -> str:
        """Tokens where the server counted them, and sizes."""
        sent, answered = self.exchange.input_tokens, self.exchange.output_tokens
        tokens = f"{sent:,} → {answered:,} tokens · " if sent or answered else ""
        return f"{tokens}{self.sizes}"

    @property
    def sizes(self) -> str:
        """What was sent, then what was answered."""
        return f"{size_words(self.request_bytes)} → {size_words(self.response_bytes)}"

    @property
    def words(self) -> str:
        """The line for screen readers and for copying."""
        clock = time.strftime("%H:%M:%S", time.localtime(self.exchange.started_at))
        return f"{clock}  {self.model}  {self.outcome}  {self.took}  {self.figures}"


def line_of(exchange: LlmExchange) -> ExchangeLine:
    """The line of a call."""
    ok = not exchange.error and 200 <= exchange.status < 300
    status = str(exchange.status) if exchange.status else ""
    said = visible(one_line(exchange.error, ERROR_CHARACTERS))
    outcome = " · ".join(part for part in (status, said) if part) or "no answer"
    sizes = size_of(exchange.request_body), size_of(exchange.response_body)
    return ExchangeLine(exchange, ok, outcome, *sizes)


def size_of(body: str) -> int:
    """Bytes of a body, of one whose middle was left out the bytes that it had."""
    cut = _cut_of(body)
    if cut is not None:
        return int(cut.group(2).replace(",", ""))
    return len(body) if body.isascii() else len(body.encode("utf-8", "replace"))


def size_words(count: int) -> str:
    """A size in bytes for people."""
    return next((f"{count / limit:.1f} {unit}" for limit, unit in _SIZES if count >= limit), f"{count} B")


def readable(body: str, limit: int = MOST_CHARACTERS) -> tuple[str, bool]:
    """A body to read: JSON indented where it is some, otherwise as it is; nothing hides in it, no line is long.

    Returns at most about `limit` characters, and whether that is all of it.
    """
    shown: list[str] = []
    size = 0
    for row in _rows(_pieces(body)):
        shown.append(row)
        size += len(row) + 1
        if size > limit:
            return "\n".join(shown)[:limit], False
    return "\n".join(shown), True


def _cut_of(body: str) -> re.Match[str] | None:
    return _LEFT_OUT.search(body) if len(body) > ROW_CHARACTERS else None


def _pieces(body: str) -> Iterator[str]:
    """The text in pieces: of a body that was cut the beginning is indented, though it does not end as JSON does."""
    cut = _cut_of(body)
    if cut is None:
        yield from _indented(body) if _is_json(body) else (body.replace("\r\n", "\n"),)
        return
    head = body[: cut.start()]
    yield from _indented(head) if head.lstrip()[:1] in ("{", "[") and "\n" not in head.strip() else (head,)
    yield f"\n{cut.group(1)}\n"
    yield body[cut.end() :].replace("\r\n", "\n")


def _is_json(body: str) -> bool:
    if body.lstrip()[:1] not in ("{", "["):
        return False
    try:
        msgspec.json.decode(body.encode("utf-8", "replace"), type=msgspec.Raw)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True


def _indented(text: str) -> Iterator[str]:
    """JSON with a line for each entry, written as it was read. Deeper than `MOST_INDENT` it is moved in no further."""
    depth = 0
    opened = False
    for match in _TOKEN.finditer(text):
        token = match.group()
        if token in "}]":
            depth = max(0, depth - 1)
            yield token if opened else f"\n{_margin(depth)}{token}"
            opened = False
            continue
        if opened:
            yield f"\n{_margin(depth)}"
        opened = token in "{["
        if opened:
            depth += 1
            yield token
        elif token == ",":
            yield f",\n{_margin(depth)}"
        else:
            yield ": " if token == ":" else token


def _margin(depth: int) -> str:
    return "  " * min(depth, MOST_INDENT)


def _rows(pieces: Iterator[str]) -> Iterator[str]:
    """Lines of at most `ROW_CHARACTERS`, with what hides in them written out."""
    begun: list[str] = []
    for piece in pieces:
        head, *lines = piece.split("\n")
        begun.append(head)
        for line in lines:
            yield from _broken("".join(begun))
            begun = [line]
    yield from _broken("".join(begun))


def _broken(line: str) -> Iterator[str]:
    yield visible(line[:ROW_CHARACTERS])
    for start in range(ROW_CHARACTERS, len(line), ROW_CHARACTERS):
        yield visible(line[start : start + ROW_CHARACTERS])
