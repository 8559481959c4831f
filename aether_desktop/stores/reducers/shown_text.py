"""Text from agents made safe to look at: nothing hides in it, nothing is endless. Pure.

Used by the timeline, the log and the panel that asks: a command is approved by how it looks, so a character that changes the looks
of others must show itself.
"""

from __future__ import annotations

import re

_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)


def visible(text: str) -> str:
    """Text whose control and direction-changing characters are written out; line breaks and tabs stay."""
    return _HIDDEN.sub(_written_out, text)


def cut(text: str, limit: int) -> str:
    """At most `limit` characters, with an ellipsis where some were left out."""
    return text if len(text) <= limit else f"{text[:limit]}…"


def one_line(text: str, limit: int) -> str:
    """The beginning of a text on one line, white space folded."""
    return cut(" ".join(text[: limit * 4].split()), limit)


def _written_out(match: re.Match[str]) -> str:
    character = match.group()
    behind = match.string[match.end() : match.end() + 1]
    # A joiner between two emoji or two letters of a script that needs it changes nothing that could mislead.
    return character if character == "\u200d" and behind > "\u00ff" else f"⟨U+{ord(character):04X}⟩"
