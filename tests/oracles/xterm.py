"""What a real xterm answered to each case of ``xterm_cases``, what we answer, and where we differ on purpose."""

from __future__ import annotations

import json
from typing import Any

from kernel.term import Terminal
from tests.oracles.xterm_cases import COLUMNS, LINES, cases
from tests.oracles.xterm_record import ANSWERS, CELLS, CELLS_AT_LAST, CURSOR, RESET, answer, checksums

#: Where we differ on purpose: case -> why.
_NEWER = "a later xterm has it"
_OWN = "a choice of the window or of its owner, with a default of ours"
_EL = "Alacritty's recordings hold that EL keeps a pending wrap"
_UNSAVED = "a mode that nobody saved gets its default: no cursor hides and no line stops wrapping because of it"
_INSIDE = "origin mode keeps the cursor inside of its margins, and no position is reported as 65535"
_MODE = "a mode that we keep as a flag"
ON_PURPOSE: dict[str, str] = {
    "extended reverse wrap at home": _NEWER,
    "DECRQM ?1045": _NEWER,
    "DECST8C": _NEWER,
    "DECRQSS DECSACE": _NEWER,
    "DECRQSS DECSACE after changes": _NEWER,
    "DECSCL 65": "level 5 is known, as in a VT520",
    "EL keeps a pending wrap": "text that ends in the last column and is followed by EL keeps its last character, as in Alacritty",
    "a pending wrap and EL 1": _EL,
    "a pending wrap and EL 2": _EL,
    "a pending wrap and 1049 and back": "the cursor is saved as by DECSC",
    "XTRESTORE of 7 with nothing saved": _UNSAVED,
    "XTRESTORE of 25 with nothing saved": _UNSAVED,
    "wide over the last column": "a cell that the character did not fit into is blank: a line that rewraps or is copied goes on without it",
    "DECCRA onto halves": "no half of a wide character stays behind",
    "DECSC keeps a pending wrap": "recordings of xterm.js hold the opposite",
    "C1 in UTF-8": "a control that is written in UTF-8 works, as in xterm.js",
    "line drawing": "its blank is a no-break space, as in xterm.js",
    "DECRQSS DECSCUSR": _OWN,
    "DECSTR resets the shape of the cursor": _OWN,
    "DECSCL resets the shape of the cursor": _OWN,
    "DECRQM ?1010": _OWN,
    "DECRQM ?12": "the cursor blinks by default",
    "DECRQM ?1034": _OWN,
    "DECRQM ?1036": _OWN,
    "DECRQM ?1040": _OWN,
    "DECRQM ?1046": _OWN,
    "XTGETTCAP": "our name for terminfo",
    "DECRQM 3": "CRM is known and never set",
    "DECRQM ?8": _MODE,
    "DECRQM ?43": _MODE,
    "DECRQM ?1048": _MODE,
    "DECRQM ?1048 set": _MODE,
    "DECREQTPARM": "answered at every level, not by a VT100 alone",
    "DECREQTPARM 1": "answered at every level, not by a VT100 alone",
    "DECRQPSR cursor": "sets of 94 characters are said to be such, as a VT420 does",
    "DECRQPSR cursor in origin mode": "sets of 94 characters are said to be such",
    "DECRSPS left of and above margins": _INSIDE,
    "DECRSPS right of and below margins": _INSIDE,
    "DECRQCRA of everything": "without corners the whole screen is counted",
    "DECRQCRA of a page": "without corners the whole screen is counted",
    "XTCHECKSUM 8 after ECH": "what ECH erased was not drawn, so that lines rewrap without it",
}


def ours(data: bytes) -> dict[str, Any]:
    """The answer of our terminal, as xterm's was recorded."""
    terminal = Terminal(COLUMNS, LINES)

    def ask(question: bytes) -> bytes:
        terminal.feed(question)
        return terminal.take_reply()

    ask(RESET + b"\x1b[8;%d;%dt" % (LINES, COLUMNS))
    replies, cursor = ask(data), ask(CURSOR)
    return answer(replies, cursor, checksums(ask(CELLS)) or checksums(ask(CELLS_AT_LAST)))


def recorded() -> dict[str, Any]:
    """The answers of xterm 379."""
    answers: dict[str, Any] = json.loads(ANSWERS.read_text(encoding="utf-8"))
    return answers


def difference(name: str, wanted: dict[str, Any]) -> str:
    """What differs from the answer ``wanted``, or nothing."""
    found = ours(cases()[name])
    return "; ".join(f"{key}: wanted {wanted[key]!r}, got {found[key]!r}" for key in found if found[key] != wanted[key])
