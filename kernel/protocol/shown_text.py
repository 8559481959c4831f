"""Text from agents, files and clipboards made safe to look at: nothing hides in it, nothing is endless. Pure.

The one place for this, so that a terminal and a window judge alike: the command line calls it and adds its marks
(`kernel.cli.marked_text`); the desktop's stores and models call it; its widgets call it through `aether_desktop.widgets.shown_text`,
which adds what Qt's tooltips and menus need. A command is approved by how it looks, so a character that changes the looks of others,
or that looks like another, must show itself.
"""

import re

_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\u2800\u3164\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]"
)
_ODD_SPACES = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_JOINERS = "\u200c\u200d"
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[ -/]*[0-Z\\^_`-~])")
LINE_BREAK = " ⏎ "


def visible(text: str) -> str:
    """Text whose control and direction-changing characters are written out; line breaks and tabs stay."""
    return _HIDDEN.sub(_written_out, text)


def exact(text: str) -> str:
    """What somebody answers for: `visible`, and spaces that are none of the ordinary ones are written out too."""
    return _ODD_SPACES.sub(_code, visible(text))


def exact_line(text: str, limit: int) -> str:
    """The beginning of `exact` on one line: blanks are folded, line breaks stay to be seen."""
    begun = text.strip()[: limit * 4]
    lines = (" ".join(line.split()) for line in exact(begun).split("\n"))
    folded = LINE_BREAK.join(line for line in lines if line)
    return f"{folded[:limit]}…" if len(folded) > limit or len(text.strip()) > len(begun) else folded


def printed(text: str) -> str:
    """What a program printed as a terminal would leave it: no colours, no carriage returns, nothing hidden."""
    if "\x1b" in text:
        text = _ESCAPES.sub("", text)
    if "\r" in text:
        text = "\n".join(line.rstrip("\r").rsplit("\r", 1)[-1] for line in text.split("\n"))
    return visible(text)


def cut(text: str, limit: int) -> str:
    """At most `limit` characters, with an ellipsis where some were left out."""
    return text if len(text) <= limit else f"{text[:limit]}…"


def one_line(text: str, limit: int) -> str:
    """The beginning of a text on one line, white space folded."""
    return cut(" ".join(text[: limit * 4].split()), limit)


def _written_out(match: re.Match[str]) -> str:
    behind = match.string[match.end() : match.end() + 1]
    # A joiner between two emoji or two letters of a script that needs it changes nothing that could mislead.
    return match.group() if match.group() in _JOINERS and behind > "\u00ff" else _code(match)


def _code(match: re.Match[str]) -> str:
    return f"⟨U+{ord(match.group()):04X}⟩"
