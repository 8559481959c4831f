"""``xvfb-run -a python -m tests.oracles.xterm_record``: ask a real xterm what each case does and write ``xterm_answers.json``.

xterm runs this module again inside of itself, which writes each case, reads the replies and asks for the cursor and every cell.
"""

from __future__ import annotations

import json
import os
import re
import select
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.oracles.xterm_cases import COLUMNS, LINES, cases

ANSWERS = Path(__file__).with_name("xterm_answers.json")
#: Not negated, with attributes, blanks count, all bits of the character.
CELL_FLAGS = 1 | 4 | 16
RESET = (
    b"\x1b\\\x1bc\x1b[?42l\x1b%G\x1b[!p\x1b[?1047h\x1b[2J\x1b[?1047l\x1b[?40h\x1b[?3l\x1b[?40l\x1b[?41l\x1b[?69l\x1b F\x1b[0#y\x1b[>T"
    b"\x1b]104\x07\x1b]105\x07\x1b]110\x07\x1b]111\x07\x1b]112\x07\x1b]117\x07\x1b]119\x07\x1b[H"
)
#: Answered last, and with the same whatever has happened before.
END = b"\x1b[>q"
END_ANSWER = re.compile(rb"(?:\x1bP|\x90)>\|[^\x1b\x9c]*(?:\x1b\\|\x9c)\Z")
_OPTIONS = (
    "allowWindowOps: true",
    "allowTitleOps: true",
    "allowColorOps: true",
    "allowTcapOps: true",
    "disallowedWindowOps:",
    "disallowedColorOps:",
    "disallowedTcapOps:",
    "utf8Title: true",
    "scrollBar: false",
    "cursorBlink: false",
)


def cell_questions(flags: int) -> bytes:
    """Ask for the checksum of every cell, one by one."""
    parts = [b"\x1b[%d#y" % flags]
    for y in range(LINES):
        parts += [b"\x1b[1;1;%d;%d;%d;%d*y" % (y + 1, x + 1, y + 1, x + 1) for x in range(COLUMNS)]
    return b"".join(parts)


CURSOR = b"\x1b F\x1b[6n"
CELLS = b"\x1b[?6l" + cell_questions(CELL_FLAGS)
#: A lower conformance level knows no checksums.
CELLS_AT_LAST = b'\x1b[64;1"p' + CELLS


def checksums(replies: bytes) -> list[int]:
    """The numbers of DECRQCRA replies, in order."""
    return [int(match[1], 16) for match in re.finditer(rb"!~([0-9A-Fa-f]{4})", replies)]


def main() -> None:
    """Record the answers to all cases, or be what runs in xterm."""
    if len(sys.argv) > 1:
        questions, answers = map(Path, sys.argv[1:])
        answers.write_text(json.dumps(_ask_all(json.loads(questions.read_text(encoding="utf-8")))), encoding="utf-8")
        return
    found = ask_xterm({name: data.decode("utf-8") for name, data in cases().items()})
    lines = [f"{json.dumps(name)}: {json.dumps(answer)}" for name, answer in found.items()]
    ANSWERS.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    sys.stdout.write(f"{len(found)} answers\n")


def ask_xterm(questions: Mapping[str, str]) -> dict[str, Any]:
    """Start an xterm on the display and return its answer to each of ``questions``, what is written by name."""
    with tempfile.TemporaryDirectory() as folder:
        asked, answers = Path(folder) / "questions.json", Path(folder) / "answers.json"
        asked.write_text(json.dumps(questions), encoding="utf-8")
        options = [part for option in _OPTIONS for part in ("-xrm", f"*VT100*{option}")]
        command = [
            "xterm",
            "-u8",
            "-fa",
            "monospace",
            "-geometry",
            f"{COLUMNS}x{LINES}",
            *options,
            "-e",
            sys.executable,
            "-m",
            "tests.oracles.xterm_record",
            str(asked),
            str(answers),
        ]
        subprocess.run(command, check=True, timeout=600, env={**os.environ, "LC_ALL": "C.UTF-8"})
        found: dict[str, Any] = json.loads(answers.read_text(encoding="utf-8"))
    return found


def _ask_all(questions: Mapping[str, str]) -> dict[str, Any]:
    import tty

    tty.setraw(0)
    found = {}
    for name, text in questions.items():
        data = text.encode("utf-8")
        _ask(RESET + b"\x1b[8;%d;%dt" % (LINES, COLUMNS))
        replies, cursor = _ask(data), _ask(CURSOR)
        found[name] = answer(replies, cursor, checksums(_ask(CELLS)) or checksums(_ask(CELLS_AT_LAST)))
    return found


def answer(replies: bytes, cursor: bytes, cells: list[int]) -> dict[str, Any]:
    """What is kept of a case. Cells are shown by the character of their checksum, attributes and all."""
    return {
        "replies": replies.decode("latin-1"),
        "cursor": cursor.decode("latin-1"),
        "cells": ["".join(map(chr, cells[at : at + COLUMNS])).rstrip(" ") for at in range(0, len(cells), COLUMNS)],
    }


def _ask(data: bytes) -> bytes:
    """Write and return what comes back before the answer to ``END``."""
    pending = data + END
    seen = b""
    while pending or not END_ANSWER.search(seen):
        readable, writable, _ = select.select([0], [1] if pending else [], [], 5)
        if not readable and not writable:
            return seen + b" (no end)"
        if writable:
            pending = pending[os.write(1, pending[:2048]) :]
        if readable:
            seen += os.read(0, 65536)
    return END_ANSWER.sub(b"", seen)


if __name__ == "__main__":
    main()
