"""Cases of ``xterm_cases`` for single rules that testers found by comparing the two: data only."""

from __future__ import annotations

from tests.oracles.xterm_basics import C, at


def large_sets() -> dict[str, str]:
    """Sets of 96 characters, and DEC's own supplemental one."""
    shifts = {"-": "\x0e", ".": "\x1bn", "/": "\x1bo"}
    cases = {f"96 characters by {how}": f"\x1b{how}A{shift}abc#[]" for how, shift in shifts.items()}
    printable = "".join(map(chr, range(0x20, 0x7F)))
    for name, designate, every in (("Latin-1", "\x1b-A\x0e", printable), ("DEC Supplemental", "\x1b(%5", printable[1:])):
        cases |= {f"{name} from {code}": designate + every[code : code + 16] for code in range(0, len(every), 16)}
    return cases | {
        "DEC Supplemental by its other name": "\x1b(<abc(W",
        "96 characters have one for DEL": "\x1b-A\x0ex y\x7fz",
        "DEL in a sequence in a set of 96 characters": "\x1b-A\x0e" + C + "3\x7fGa",
        "an unknown set of 96 characters": "\x1b)0\x1b-0\x0eq",
        "single shift into a set of 96 characters": "\x1b.A\x1bNabc",
        "DECSC keeps a set of 96 characters": "\x1b-A\x0e\x1b7\x0f\x1b)B\x1b8abc",
    }


def protected_wide() -> dict[str, str]:
    """Erasing next to wide characters that are protected."""
    dec, end = C + '1"q', C + '0"q'
    return {
        "DECSEL in a protected wide character": dec + "日" + end + "本" + at(1, 2) + C + "?K",
        "DECSEL from a protected wide character": dec + "日" + end + "本" + at(1, 1) + C + "?K",
        "DECSEL behind a wide character": "本" + dec + "日" + end + at(1, 4) + C + "?K",
        "DECSEL 1 to a protected wide character": "本" + dec + "日" + end + at(1, 3) + C + "?1K",
        "DECSEL 1 before a protected wide character": "本" + dec + "日" + end + at(1, 2) + C + "?1K",
        "EL in a wide character of SPA": "\x1bV日\x1bW本" + at(1, 2) + C + "K",
        "ECH in a wide character of SPA": "\x1bV日\x1bW本" + at(1, 2) + C + "X",
        "DECSEL in a wide character": "本日" + dec + "x" + at(1, 2) + C + "?K",
    }
