"""Text from models, files and programs made safe to print on a terminal: nothing hides in it, none of it passes for Aether's own. Pure.

The characters are judged as the window judges them (`aether_desktop.stores.reducers.shown_text`; a test compares the two). What is
Aether's own stands at the beginning of a line; every further line of a text of somebody else begins with `MARK`, so that no text can
print a question of its own. The printers call it.
"""

import re

#: What a further line of somebody's text begins with, and what stands before the rest of a line that was too long.
MARK = "  | "
FOLD = "  > "
TAB_COLUMNS = 8
LEAST_COLUMNS = 20
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\u2800\u3164\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]"
)
_ODD_SPACES = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_JOINERS = "\u200c\u200d"
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[ -/]*[0-Z\\^_`-~])")


def visible(text: str) -> str:
    """Text whose control and direction-changing characters are written out; line feeds and tabs stay."""
    return _HIDDEN.sub(_written_out, text)


def exact(text: str) -> str:
    """What a person answers for: `visible`, and spaces that are none of the ordinary ones are written out too."""
    return _ODD_SPACES.sub(_code, visible(text))


def printed(text: str) -> str:
    """What a program printed as a terminal would leave it: no colours, no carriage returns, nothing hidden."""
    text = _ESCAPES.sub("", text)
    if "\r" in text:
        text = "\n".join(line.rstrip("\r").rsplit("\r", 1)[-1] for line in text.split("\n"))
    return visible(text)


def one_line(text: str) -> str:
    """A name: `exact` on one line, its line feeds and tabs written out."""
    return exact(text).replace("\n", "⟨U+000A⟩").replace("\t", "⟨U+0009⟩")


def marked(text: str) -> str:
    """Text whose further lines begin with `MARK`. It must be `visible` already."""
    return text.replace("\n", f"\n{MARK}")


def folded(text: str, columns: int) -> str:
    """Text that no terminal of that many columns breaks by itself, so that no line of it begins without a mark.

    A character beyond ASCII counts as two columns and a tab as `TAB_COLUMNS`: lines may end early, but never late.
    """
    columns = max(columns, LEAST_COLUMNS)
    return "\n".join(_fold(line, columns) for line in text.split("\n"))


def _fold(line: str, columns: int) -> str:
    if len(line) * 2 <= columns and "\t" not in line:
        return line
    parts: list[str] = []
    begin = used = 0
    for index, character in enumerate(line):
        width = TAB_COLUMNS if character == "\t" else 1 if character < "\x7f" else 2
        if used + width > columns:
            parts.append(line[begin:index])
            begin, used = index, len(FOLD)
        used += width
    return f"\n{FOLD}".join([*parts, line[begin:]])


def _written_out(match: re.Match[str]) -> str:
    behind = match.string[match.end() : match.end() + 1]
    # A joiner between two emoji or two letters of a script that needs it changes nothing that could mislead.
    return match.group() if match.group() in _JOINERS and behind > "\u00ff" else _code(match)


def _code(match: re.Match[str]) -> str:
    return f"⟨U+{ord(match.group()):04X}⟩"
