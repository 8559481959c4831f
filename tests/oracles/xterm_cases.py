"""Control functions whose effect a real xterm was asked for: data only; ``xterm_record`` asks, ``xterm_answers.json`` holds the answers.

Every case starts on a reset screen of ``COLUMNS`` x ``LINES`` cells. ``G`` fills it with letters, so that every movement shows.
"""

from __future__ import annotations

from tests.oracles import xterm_details as details
from tests.oracles.xterm_basics import BOX, COLUMNS, LINES, LR, ORIGIN, TB, C, G
from tests.oracles.xterm_basics import at as _at
from tests.oracles.xterm_families import colours, levels, pending_wraps, reverse_wrap, unsaved
from tests.oracles.xterm_reports import reports

__all__ = ["COLUMNS", "LINES", "cases"]


def _movement() -> dict[str, str]:
    """Cursor movement without, with and outside of margins."""
    finals = {
        "CUU": "A",
        "CUD": "B",
        "CUF": "C",
        "CUB": "D",
        "CNL": "E",
        "CPL": "F",
        "CHA": "G",
        "HPA": "`",
        "HPR": "a",
        "VPA": "d",
        "VPR": "e",
        "CHT": "I",
        "CBT": "Z",
    }
    cases = {}
    for name, final in finals.items():
        for count in ("", "0", "3", "99"):
            cases[f"{name} {count or 'default'}"] = f"{_at(5, 10)}{C}{count}{final}"
        cases[f"{name} in a box"] = f"{BOX}{_at(5, 8)}{C}99{final}"
        cases[f"{name} outside of a box"] = f"{BOX}{_at(1, 2)}{C}5{final}"
        cases[f"{name} right of and below a box"] = f"{BOX}{_at(8, 18)}{C}99{final}"
        cases[f"{name} in origin mode"] = f"{BOX}{ORIGIN}{_at(2, 3)}{C}9{final}"
    for name, data in {
        "CUP default": C + "H",
        "CUP line only": C + "4H",
        "CUP column only": C + ";7H",
        "CUP zero": C + "0;0H",
        "CUP beyond": C + "99;99H",
        "HVP": C + "3;4f",
        "CUP in origin mode": BOX + ORIGIN + C + "2;3H",
        "CUP beyond in origin mode": BOX + ORIGIN + C + "99;99H",
        "HVP in origin mode": BOX + ORIGIN + C + "99;1f",
        "BS": _at(2, 5) + "\b\b",
        "BS at the left edge": _at(2, 1) + "\b",
        "BS at the left margin": LR + _at(2, 5) + "\b",
        "BS left of the margin": LR + _at(2, 3) + "\b\b\b",
        "BS after a pending wrap": _at(1, 20) + "x\b",
        "reverse wrap": C + "?45h" + _at(3, 1) + "\b",
        "reverse wrap inside": C + "?45h" + _at(3, 3) + C + "5D",
        "reverse wrap at home": C + "?45h" + C + "H\b",
        "reverse wrap with margins": C + "?45h" + LR + _at(3, 5) + "\b",
        "reverse wrap from a pending wrap": C + "?45h" + _at(1, 20) + "x\b",
        "reverse wrap without autowrap": C + "?45h" + C + "?7l" + _at(3, 1) + "\b",
        "extended reverse wrap at home": C + "?1045h" + C + "H\b",
        "reverse wrap at the top margin": C + "?45h" + TB + _at(3, 1) + "\b",
        "reverse wrap over a wrapped line": C + "?45h" + _at(1, 18) + "abcdef" + C + "10D",
        "CR": _at(3, 9) + "\r",
        "CR in a box": BOX + _at(4, 9) + "\r",
        "CR left of a box": BOX + _at(4, 3) + "\r",
        "CR in origin mode": BOX + ORIGIN + _at(2, 4) + "\r",
        "tab": _at(1, 3) + "\t",
        "tab at the end": _at(1, 18) + "\t\t",
        "tab to the right margin": LR + _at(1, 6) + "\t\t",
        "tab beyond the right margin": LR + _at(1, 14) + "\t",
        "tab keeps a pending wrap": _at(1, 20) + "x\ty",
        "HTS": _at(1, 4) + "\x1bH\r\tx",
        "TBC here": _at(1, 9) + C + "g\r\tx",
        "TBC 0": _at(1, 9) + C + "0g\r\tx",
        "TBC all": C + "3g\r\tx",
        "HTS after TBC all": C + "3g" + _at(1, 6) + "\x1bH\r\tx",
        "DECST8C": C + "3g" + C + "?5W\r\tx",
        "CBT to the left margin": LR + _at(1, 11) + C + "9Z",
        "CHT in a box": BOX + _at(4, 6) + C + "2I",
        "IND": _at(3, 4) + "\x1bD",
        "NEL": _at(3, 4) + "\x1bE",
        "RI": _at(3, 4) + "\x1bM",
        "VT moves down": _at(3, 4) + "\x0b",
        "FF moves down": _at(3, 4) + "\x0c",
        "LF in newline mode": C + "20h" + _at(3, 4) + "\n",
    }.items():
        cases[name] = data
    return {name: (data if name.startswith("CUP default") else G + data) for name, data in cases.items()}


def _scrolling() -> dict[str, str]:
    """Lines and columns that move."""
    cases = {}
    for name, code in {
        "IND at the bottom": "\x1bD",
        "LF at the bottom": "\n",
        "NEL at the bottom": "\x1bE",
        "RI at the top": "\x1bM",
        "DECBI": "\x1b6",
        "DECFI": "\x1b9",
        "SU": C + "2S",
        "SD": C + "2T",
        "SU default": C + "S",
        "SD beyond": C + "99T",
        "SU beyond": C + "99S",
        "SD by ECMA": C + "2^",
        "IL": C + "2L",
        "DL": C + "2M",
        "IL default": C + "L",
        "DL beyond": C + "99M",
        "ICH": C + "2@",
        "DCH": C + "2P",
        "ICH beyond": C + "99@",
        "DCH beyond": C + "99P",
        "ECH": C + "2X",
        "ECH beyond": C + "99X",
        "SL": C + "2 @",
        "SR": C + "2 A",
        "DECIC": C + "2'}",
        "DECDC": C + "2'~",
        "DECIC beyond": C + "99'}",
        "DECDC beyond": C + "99'~",
    }.items():
        for where, place in {
            "": _at(8, 3),
            " at the top left": _at(1, 1),
            " at the right": _at(4, 20),
            " in a box": BOX + _at(5, 8),
            " at a box's bottom": BOX + _at(6, 9),
            " at a box's top left": BOX + _at(3, 5),
            " at a box's right": BOX + _at(4, 12),
            " left of a box": BOX + _at(4, 2),
            " below a box": BOX + _at(8, 8),
            " right of a box": BOX + _at(6, 15),
        }.items():
            if where in ("", " in a box") or not name.endswith(("default", "beyond", "ECMA")):
                cases[name + where] = G + place + code
    cases["DECBI below a box's left margin"] = G + BOX + _at(8, 5) + "\x1b6x"
    cases["DECFI below a box's right margin"] = G + BOX + _at(8, 12) + "\x1b9x"
    cases["DECBI with reverse wrap"] = G + C + "?45h" + LR + _at(1, 1) + "\x1b6x"
    cases["SU with a background"] = G + C + "41m" + C + "2S"
    cases["IL with margins of lines"] = G + TB + _at(4, 7) + C + "L"
    cases["DL outside of the lines"] = G + TB + _at(7, 7) + C + "L"
    cases["LF below the margin"] = G + TB + _at(8, 3) + "\n"
    cases["RI above the margin"] = G + TB + _at(1, 3) + "\x1bM"
    return cases


def _erasing() -> dict[str, str]:
    cases = {}
    for how in ("", "0", "1", "2", "3", "4"):
        for name, code in {"ED": "J", "EL": "K", "DECSED": "?J", "DECSEL": "?K"}.items():
            sequence = C + code[:-1] + how + code[-1]
            cases[f"{name} {how or 'default'}"] = G + _at(4, 6) + sequence
            cases[f"{name} {how or 'default'} with DECSCA"] = (
                C
                + '1"q'
                + G
                + C
                + '0"q'
                + _at(4, 3)
                + "free"
                + _at(2, 8)
                + "free"
                + _at(6, 1)
                + "free"
                + _at(4, 6)
                + sequence
            )
            cases[f"{name} {how or 'default'} with SPA"] = (
                "\x1bV" + G + "\x1bW" + _at(4, 3) + "free" + _at(6, 1) + "free" + _at(4, 6) + sequence
            )
    for name, data in {
        "DECSED without DECSCA": "A" + C + "?2J",
        "DECSCA 0": "A" + C + '1"qB' + C + '0"qC' + C + "?2J",
        "DECSCA 2": "A" + C + '1"qB' + C + '2"qC' + C + "?2J",
        "DECSCA 2 after DECSTR": C + "!pA" + C + '1"qB' + C + '2"qC' + C + "?2J",
        "DECSCA default": C + '1"qA' + C + '"qB' + C + "?2K",
        "SGR 0 keeps DECSCA": C + '1"qA' + C + "0mB" + C + "?2K",
        "DECSTR ends DECSCA": C + '1"qA' + C + "!pB" + C + "?2K",
        "DECSC saves DECSCA": C + '1"q\x1b7' + C + '0"q\x1b8A' + C + '0"qB' + C + "?2K",
        "ECH spares SPA": "\x1bVA\x1bWB" + C + "H" + C + "3X",
        "ECH and DECSCA": C + '1"qA' + C + '0"qB' + C + "H" + C + "3X",
        "DECSERA and DECSCA": C + '1"qA' + C + '0"qB' + C + "1;1;1;5${",
        "DECERA and DECSCA": C + '1"qA' + C + '0"qB' + C + "1;1;1;5$z",
        "DECSERA and SPA": "\x1bVA\x1bWB" + C + "1;1;1;5${",
        "DECFRA over DECSCA": C + '1"qA' + C + '0"qB' + C + "88;1;1;1;5$x",
        "DECSEL after SPA": "\x1bVA\x1bWB" + C + "?2K",
        "EL keeps a background": C + "44m" + _at(2, 3) + C + "K",
        "ED keeps a pending wrap": _at(1, 20) + "x" + C + "Jy",
        "EL keeps a pending wrap": _at(1, 20) + "x" + C + "Ky",
        "ECH ends a pending wrap": _at(1, 20) + "x" + C + "Xy",
        "ICH ends a pending wrap": _at(1, 20) + "x" + C + "@y",
        "DCH ends a pending wrap": _at(1, 20) + "x" + C + "Py",
        "DECALN": TB + ORIGIN + "\x1b#8",
        "DECALN moves home": _at(4, 4) + "\x1b#8x",
        "ED in a box": G + BOX + _at(4, 6) + C + "J",
        "EL in a box": G + BOX + _at(4, 6) + C + "K",
        "ED in origin mode": G + BOX + ORIGIN + _at(2, 2) + C + "1J",
    }.items():
        cases[name] = data
    return cases


def _rectangles() -> dict[str, str]:
    cases = {}
    for name, (before, after) in {
        "DECFRA": ("35;", "$x"),
        "DECERA": ("", "$z"),
        "DECSERA": ("", "${"),
        "DECCARA": ("", ";1;4$r"),
        "DECRARA": ("", ";7$t"),
    }.items():
        for how, area in {
            "": "2;3;5;9",
            " defaults": ";;;",
            " beyond": "6;15;99;99",
            " upside down": "5;9;2;3",
            " one cell": "4;4;4;4",
            " without corners": "",
        }.items():
            cases[name + how] = G + C + "2*x" + C + before + area + after
        cases[f"{name} in origin mode"] = G + BOX + ORIGIN + C + "2*x" + C + before + "1;2;3;4" + after
        cases[f"{name} in origin mode, beyond"] = G + BOX + ORIGIN + C + "2*x" + C + before + "1;2;99;99" + after
        cases[f"{name} ignores margins"] = G + BOX + C + "2*x" + C + before + "1;2;8;19" + after
    for name, data in {
        "DECCARA on a stream": C + "*x" + C + "2;3;5;9;1$r",
        "DECCARA 0": C + "1;4;5;7m" + _at(2, 2) + "bold" + C + "2*x" + C + "2;1;2;5;0$r",
        "DECCARA off": C + "2*x" + C + "1;1;4;9;1;4;5;7$r" + C + "2;2;3;8;22;24$r",
        "DECRARA all": C + "2*x" + C + "2;2;3;8;1;4;5;7$t",
        "DECRARA 0": C + "2*x" + C + "2;2;3;8;0$t",
        "DECCRA": C + "1;1;3;4;1;5;9;1$v",
        "DECCRA overlapping": C + "1;1;4;6;1;2;3;1$v",
        "DECCRA overlapping upwards": C + "3;3;7;9;1;2;2;1$v",
        "DECCRA beyond": C + "1;1;9;30;1;6;15;1$v",
        "DECCRA defaults": C + ";;;;;4;4$v",
        "DECCRA in origin mode": BOX + ORIGIN + C + "1;1;2;3;1;3;4;1$v",
        "DECCRA takes attributes": C + "1m" + _at(1, 1) + "XY" + C + "m" + C + "1;1;1;3;1;5;5;1$v",
        "DECCRA of half a wide character": _at(1, 1) + "日本語" + C + "1;1;1;3;1;5;5;1$v",
        "DECCRA of the other half": _at(1, 1) + "日本語" + C + "1;2;1;5;1;5;5;1$v",
        "DECCRA onto halves": _at(3, 1) + "日本語" + C + "1;1;1;2;1;3;2;1$v",
        "DECFRA with attributes": C + "1;4m" + C + "42;2;2;4;6$x",
        "DECFRA of a control": C + "7;2;2;4;6$x",
        "DECFRA of Latin-1": C + "233;2;2;4;6$x",
        "DECFRA of nothing": C + ";2;2;4;6$x",
        "DECERA leaves attributes off": C + "1m" + C + "2;2;4;6$z",
    }.items():
        cases[name] = G + data
    return cases


def _text() -> dict[str, str]:
    return {
        "wrap": _at(1, 18) + "abcdef",
        "no wrap": C + "?7l" + _at(1, 18) + "abcdef",
        "wrap in a box": BOX + _at(3, 10) + "abcdef",
        "wrap at a box's bottom": G + BOX + _at(6, 10) + "abcdef",
        "wrap right of a box": G + BOX + _at(4, 18) + "abcdef",
        "wrap left of a box": G + BOX + _at(4, 2) + "abcdefghijklm",
        "wrap below a box": G + BOX + _at(8, 10) + "abcdef",
        "no wrap in a box": C + "?7l" + BOX + _at(3, 10) + "abcdef",
        "insert": G + C + "4h" + _at(2, 3) + "XYZ",
        "insert in a box": G + BOX + C + "4h" + _at(4, 7) + "XYZ",
        "insert outside of a box": G + BOX + C + "4h" + _at(4, 2) + "XYZ",
        "insert at the end": G + C + "4h" + _at(2, 19) + "XYZ",
        "REP": "x" + C + "5b",
        "REP default": "x" + C + "b",
        "REP wraps": _at(1, 18) + "x" + C + "5b",
        "REP in a box": BOX + _at(3, 11) + "x" + C + "5b",
        "REP after a movement": "x" + _at(3, 3) + C + "5b",
        "REP after SGR": "x" + C + "1m" + C + "3b",
        "REP after LF": "x\n" + C + "3b",
        "REP of nothing": C + "5b",
        "REP twice": "x" + C + "2b" + C + "2b",
        "DECSC and DECRC": _at(3, 4) + C + "1;4m\x1b7" + C + "m" + _at(1, 1) + "\x1b8x",
        "DECRC without DECSC": _at(3, 4) + "\x1b8x",
        "DECSC keeps origin mode": BOX + ORIGIN + "\x1b7" + C + "?6l\x1b8x",
        "DECSC keeps a pending wrap": _at(1, 20) + "x\x1b7" + C + "H\x1b8y",
        "SCOSC and SCORC": _at(3, 4) + C + "s" + C + "H" + C + "ux",
        "DECSC keeps character sets": "\x1b(0\x1b7\x1b(B\x1b8q",
        "DECRC outside of origin's margins": _at(1, 1) + "\x1b7" + BOX + "\x1b8x",
        "line drawing": "\x1b(0" + "".join(chr(code) for code in range(0x5F, 0x73)),
        "line drawing rest": "\x1b(0" + "".join(chr(code) for code in range(0x73, 0x7F)),
        "SO and SI": "\x1b)0q\x0eq\x0fq",
        "LS2": "\x1b*0q\x1bnq",
        "LS3": "\x1b+0q\x1boq",
        "SS2": "\x1b*0\x1bNqq",
        "SS3": "\x1b+0\x1bOqq",
        "British": "\x1b(A#",
        "German without DECNRCM": "\x1b(K[]",
        "wide": "日本語x",
        "wide wraps": _at(1, 20) + "日x",
        "wide over the last column": _at(1, 20) + "t" + _at(1, 20) + "日x",
        "wide without wrap": C + "?7l" + _at(1, 20) + "日x",
        "overwritten left half": "日本" + C + "Hx",
        "overwritten right half": "日本" + _at(1, 2) + "x",
        "combining": "e\u0301x",
        "combining at the start": "\u0301x",
        "combining at the end": _at(1, 20) + "e\u0301x",
        "ECH on a wide half": "日本" + _at(1, 2) + C + "X",
        "DCH on a wide half": "日本x" + _at(1, 2) + C + "P",
        "ICH on a wide half": "日本x" + _at(1, 2) + C + "@",
        "C1 in UTF-8": "a\u0085b",
        "DEL is nothing": "a\x7fb",
        "NUL is nothing": "a\0b",
        "ENQ is nothing": "a\x05b",
        "CAN ends a sequence": C + "2\x18Jx",
        "SUB ends a sequence": C + "2\x1aJx",
        "ESC restarts": C + "2\x1b[3Cx",
        "control in a sequence": "ab" + C + "1\bDx",
        "unknown sequence": C + "5yx",
        "unknown private": C + "?5zx",
        "too many parameters": C + ";".join(["1"] * 40) + "mx",
        "colon in CUP": C + "3:4Hx",
        "intermediate that is unknown": C + "3$Jx",
        "APC is hidden": "\x1b_secret\x1b\\x",
        "PM is hidden": "\x1b^secret\x1b\\x",
        "SOS is hidden": "\x1bXsecret\x1b\\x",
        "DCS is hidden": "\x1bPsecret\x1b\\x",
        "DECSTR": BOX + ORIGIN + C + "4h" + C + "1;4m" + C + "?7l" + _at(2, 2) + C + "!px",
        "DECSTR leaves the screen": G + _at(3, 3) + C + "!p",
        "RIS": G + BOX + ORIGIN + "\x1bc",
        "DECSTBM moves home": G + _at(5, 5) + C + "2;4r",
        "DECSTBM of one line": _at(5, 5) + C + "3;3rx",
        "DECSTBM upside down": _at(5, 5) + C + "6;3rx",
        "DECSTBM beyond": _at(5, 5) + C + "3;99r\x1b[8;1Hx\n",
        "DECSTBM 0": G + C + "0;0r",
        "DECSLRM moves home": _at(5, 5) + LR + "x",
        "DECSLRM without DECLRMM": _at(5, 5) + C + "5;12sx",
        "DECSLRM of one column": _at(5, 5) + C + "?69h" + C + "5;5sx",
        "DECRST 69 frees the sides": G + BOX + C + "?69l" + _at(4, 11) + "abcdef",
        "DECOM moves home": BOX + _at(5, 6) + ORIGIN + "x",
        "DECOM off moves home": BOX + ORIGIN + _at(2, 2) + C + "?6lx",
        "DECSCNM keeps the text": G + C + "?5h",
        "41 at the edge": C + "?41h" + _at(1, 20) + "x\ty",
        "alternate screen 47": G + C + "?47h",
        "alternate 47 and back": G + C + "?47hALT" + C + "?47l",
        "alternate 1047": G + C + "?1047h",
        "alternate 1047 and back": G + _at(2, 2) + C + "?1047hALT" + C + "?1047l",
        "alternate 1047 is cleared": C + "?1047hALT" + C + "?1047l" + C + "?1047h",
        "alternate 47 is kept": C + "?47hALT" + C + "?47l" + C + "?47h",
        "alternate 1049": G + _at(2, 2) + C + "?1049h",
        "alternate 1049 and back": G + _at(2, 2) + C + "?1049h" + _at(5, 5) + "ALT" + C + "?1049l",
        "1048": _at(2, 2) + C + "?1048h" + C + "H" + C + "?1048lx",
        "1049 keeps attributes": C + "1m" + C + "?1049h" + C + "m" + C + "?1049lx",
        "XTSAVE of 7": C + "?7s" + C + "?7l" + C + "?7r" + _at(1, 19) + "abc",
        "XTSAVE of 6": C + "?6s" + TB + ORIGIN + C + "?6rx",
    }


def cases() -> dict[str, bytes]:
    """What is written for each case, by its name."""
    groups = (
        unsaved(),
        _movement(),
        _scrolling(),
        _erasing(),
        _rectangles(),
        _text(),
        reports(),
        levels(),
        reverse_wrap(),
        pending_wraps(),
        colours(),
        details.large_sets(),
        details.protected_wide(),
        details.presentation(),
        details.single_rules(),
        details.strings(),
    )
    return {name: data.encode("utf-8") for group in groups for name, data in group.items()}
