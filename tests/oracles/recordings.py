"""Reads terminal recordings (xterm.js fixtures, Alacritty grids) and compares a replay with them.

The recordings lie beside the project (``../shared/oracles/terminal``) and are not part of it; every function that
needs them takes their folder. Used by ``tests.oracles.terminal`` and by the unit tests of ``kernel.term``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from kernel.term import DEFAULT_COLOUR, Attributes, Row, Terminal
from kernel.term.rows import blank_row
from kernel.term.sgr import INDEXED_FLAG, rgb

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "oracles" / "terminal"
MISSING = "the terminal recordings (../shared/oracles/terminal) are not there"

#: Fixtures that xterm.js itself skips.
SKIPPED_FIXTURES = frozenset({"t0055-EL", "t0084-CBT", "t0101-NLM", "t0103-reverse_wrap", "t0504-vim"})

_NAMED = {
    name: number
    for number, name in enumerate(("Black", "Red", "Green", "Yellow", "Blue", "Magenta", "Cyan", "White"))
}
_NAMED |= {f"Bright{name}": number + 8 for name, number in list(_NAMED.items())}
_DIM = {f"Dim{name}": number for name, number in list(_NAMED.items())}
_UNDERLINES = {"UNDERLINE": 1, "DOUBLE_UNDERLINE": 2, "UNDERCURL": 3, "DOTTED_UNDERLINE": 4, "DASHED_UNDERLINE": 5}
_FLAGS = {
    "BOLD": "bold",
    "ITALIC": "italics",
    "DIM": "dim",
    "INVERSE": "reverse",
    "HIDDEN": "hidden",
    "STRIKEOUT": "strikethrough",
}


def fixtures() -> list[Path]:
    """The xterm.js fixtures that count, in order."""
    found = sorted((FOLDER / "xtermjs").glob("*.in"))
    return [path for path in found if path.stem not in SKIPPED_FIXTURES and path.with_suffix(".text").exists()]


def grids() -> list[Path]:
    """The folders of the Alacritty recordings, in order."""
    return sorted(path for path in (FOLDER / "alacritty").glob("*") if (path / "grid.json").exists())


def _trimmed(lines: list[str]) -> list[str]:
    stripped = [line.rstrip() for line in lines]
    while stripped and not stripped[-1]:
        stripped.pop()
    return stripped


def fixture_difference(path: Path) -> str:
    """Replay a fixture; return a description of the first line that differs, or nothing."""
    terminal = Terminal(80, 25)
    terminal.feed(b"\x1bc\x1b[H" + path.read_bytes().replace(b"\n", b"\r\n"))
    wanted = _trimmed(path.with_suffix(".text").read_text(encoding="utf-8").split("\n"))
    got = _trimmed(terminal.display)
    for number in range(max(len(wanted), len(got))):
        pair = [lines[number] if number < len(lines) else None for lines in (wanted, got)]
        if pair[0] != pair[1]:
            return f"line {number}: wanted {pair[0]!r}, got {pair[1]!r}"
    return ""


def grid_difference(folder: Path) -> str:
    """Replay an Alacritty recording; return a description of the first cell that differs, or nothing."""
    size = json.loads((folder / "size.json").read_text(encoding="utf-8"))
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    grid = json.loads((folder / "grid.json").read_text(encoding="utf-8"))
    terminal = Terminal(size["columns"], size["screen_lines"], config.get("history_size", 10_000))
    terminal.feed((folder / "alacritty.recording").read_bytes())
    raw = grid["raw"]
    stored = raw["inner"]
    length = raw["len"]
    wanted = [stored[(raw["zero"] + index) % len(stored)] for index in range(length)][::-1]
    # Alacritty fills the history up to its limit with blank lines before it writes the grid.
    missing = max(0, length - len(terminal.history) - terminal.lines)
    rows = [blank_row(terminal.columns)] * missing + [*terminal.history, *terminal.rows]
    if len(rows) != len(wanted):
        return f"{len(rows)} lines with history, wanted {len(wanted)}"
    for number, (row, line) in enumerate(zip(rows, wanted, strict=True)):
        difference = _line_difference(terminal, row, line["inner"])
        if difference:
            return f"line {number}, {difference}"
    return ""


def _line_difference(terminal: Terminal, row: Row, cells: list[dict[str, Any]]) -> str:
    for column, cell in enumerate(cells):
        wanted_text, wanted = _expected(cell)
        stub = row.text[column] == "\0"
        text = " " if stub else terminal.clusters[row.text[column]]
        got = terminal.attributes[row.attrs[column]]._replace(drawn=False, protected=False, link_id="", blink=False)
        if text != wanted_text:
            return f"column {column}: text {text!r}, wanted {wanted_text!r}"
        if got._replace(overline=False) != wanted:
            return f"column {column}: {got}, wanted {wanted}"
    return ""


def _expected(cell: dict[str, Any]) -> tuple[str, Attributes]:
    extra = cell.get("extra") or {}
    flags = set(cell["flags"].split(" | ")) - {""}
    text = " " if cell["c"] == "\t" else cell["c"]
    text += "".join(extra.get("zerowidth") or ())
    link = extra.get("hyperlink") or {}
    styles = [style for name, style in _UNDERLINES.items() if name in flags]
    return text, Attributes(
        fg=_colour(cell["fg"]),
        bg=_colour(cell["bg"]),
        ul_style=styles[0] if styles else 0,
        ul_color=_colour(extra["underline_color"]) if extra.get("underline_color") else DEFAULT_COLOUR,
        link=link.get("inner", link).get("uri", ""),
        **{field: name in flags or ("BOLD" in name and "BOLD_ITALIC" in flags) for name, field in _FLAGS.items()},
    )


def _colour(value: dict[str, Any]) -> int:
    if "Named" in value:
        return _NAMED.get(value["Named"], _DIM.get(value["Named"], DEFAULT_COLOUR))
    if "Indexed" in value:
        return INDEXED_FLAG + int(value["Indexed"])
    spec = value["Spec"]
    return rgb(spec["r"], spec["g"], spec["b"])
