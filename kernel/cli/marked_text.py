"""Somebody else's text printed so that none of it passes for Aether's own. Pure.

What is Aether's own stands at the beginning of a line; every further line of a text of somebody else begins with `MARK`, so that no
text can print a question of its own. The printers call it. That nothing hides in a text is for `kernel.protocol.shown_text`.
"""

from kernel.protocol.shown_text import exact

#: What a further line of somebody's text begins with, and what stands before the rest of a line that was too long.
MARK = "  | "
FOLD = "  > "
TAB_COLUMNS = 8
LEAST_COLUMNS = 20


def named(text: str) -> str:
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
