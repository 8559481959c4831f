"""What is suspicious about a text that is to be pasted into a terminal, and the text as it may be sent. Pure.

A shell runs each pasted line at once unless it understands bracketed paste; control characters can press keys. Called by
`clipboard`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from kernel.term.keys import encode_paste

PREVIEW_LINES = 4
PREVIEW_CHARS = 200
PIECE_CHARS = 32 << 10
MOST_CHARS = 64 << 20
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")
BRACKET_OPEN, BRACKET_CLOSE = b"\x1b[200~", b"\x1b[201~"
LARGE_CHARS = 1 << 20


@dataclass(frozen=True, slots=True)
class Concern:
    """Why to ask. lines: how many. runs: the program acts on it before the person presses Return. controls: it has characters that
    act as keys (they are left out). reorders: it shows otherwise than it is."""

    lines: int
    runs: bool
    controls: bool
    reorders: bool
    large: bool


def concern_of(text: str, *, bracketed: bool) -> Concern | None:
    """What to warn of; None for what can be pasted at once. bracketed: the program takes pastes as such."""
    normal = text.replace("\r\n", "\n").replace("\r", "\n")
    lines = normal.rstrip("\n").count("\n") + 1
    runs = not bracketed and "\n" in normal
    controls = _CONTROLS.search(normal) is not None
    reorders = _BIDI.search(normal) is not None
    large = len(text) > LARGE_CHARS
    if not (runs or controls or reorders or large):
        return None
    return Concern(lines, runs, controls, reorders, large)


def preview(text: str) -> tuple[str, ...]:
    """Its first lines, with what would not show made visible."""
    lines = text[: PREVIEW_LINES * 4 * PREVIEW_CHARS].replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return tuple(visible(line)[:PREVIEW_CHARS] or " " for line in lines[:PREVIEW_LINES])


def visible(text: str) -> str:
    """Control characters as pictures of them, and those that reorder text as their names."""
    text = _CONTROLS.sub(lambda found: chr(0x2400 + ord(found[0])) if ord(found[0]) < 32 else "\u2421", text)
    return _BIDI.sub(lambda found: f"<U+{ord(found[0]):04X}>", text.replace("\t", "    "))


def one_line(text: str) -> str:
    """The lines joined by spaces, so that nothing runs before Return."""
    parts = (part.strip() for part in text.replace("\r", "\n").split("\n"))
    return " ".join(part for part in parts if part)


def pieces(text: str, *, bracketed: bool) -> Iterator[bytes]:
    """The bytes to send, in pieces that each cost little."""
    text = text[:MOST_CHARS].replace("\r\n", "\n")
    if bracketed:
        yield BRACKET_OPEN
    for at in range(0, len(text), PIECE_CHARS):
        yield encode_paste(text[at : at + PIECE_CHARS])
    if bracketed:
        yield BRACKET_CLOSE
