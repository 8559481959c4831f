"""What a tab of the terminal is called. Pure; the words come from programs and are untrusted."""

from __future__ import annotations

MOST_CHARS = 120
UNNAMED = "Shell"


def tab_title(*, chosen: str, program: str, folder: str) -> str:
    """The person's name for it, else the program's title, else the folder's name."""
    name = folder.rstrip("/").rsplit("/", 1)[-1] if folder else ""
    return one_line(chosen) or one_line(program) or one_line(name or folder) or UNNAMED


def one_line(text: str) -> str:
    """A title without line ends and without characters that reorder it, cut to a bearable length."""
    text = "".join(char if char.isprintable() else " " for char in text[: 4 * MOST_CHARS])
    return " ".join(text.split())[:MOST_CHARS]
