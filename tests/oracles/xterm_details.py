"""Cases of ``xterm_cases`` for single rules that testers found by comparing the two: data only."""

from __future__ import annotations

from tests.oracles.xterm_basics import BOX, ORIGIN, TB, C, G, at


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


def presentation() -> dict[str, str]:
    """DECRSPS of a cursor, field by field."""
    box = C + "?69h" + C + "5;9s" + C + "4;6r"
    place, style = C + "6n", "\x1bP$qm\x1b\\"

    def restored(fields: str) -> str:
        return f"\x1bP1$t{fields}\x1b\\"

    cases = {
        f"DECRSPS of {fields}": at(3, 3) + restored(fields) + place + style
        for fields in ("99;5;1;A", "5;99;1;A", "0;5;1;A", "5;9;2;A", "5;9;;A", "5;9;1;z", "5;9;1;AB", "5;9;1;A", "x;9;1;A", ";9;1;A", "5")
    }
    cases |= {f"DECRSPS of {fields} keeps the pen": C + "1;4m" + restored(fields) + place + style for fields in ("5;9", "5;9;1;;;A")}
    cases |= {
        f"DECRSPS at level {level}": f'{C}6{level};1"p{restored("4;10;1;A;A;@;0;2;@;BBBB")}{place}{style}' for level in (1, 2, 3, 4)
    }
    return cases | {
        "DECRSPS of tabs at level 2": C + '62;1"p\x1bP2$t4/9\x1b\\\tx',
        "DECRSPS in the margins": box + restored("5;6;1;@;@;A;0;2;@;BBBB") + place + "abc" + place,
        "DECRSPS leaves origin mode": box + C + "?6h" + restored("5;6;1;@;@;@;0;2;@;BBBB") + place + "abc" + place,
        "DECRSPS of a pending wrap": restored("4;20;1;@;@;H;0;2;@;BBBB") + place + "x",
        "DECRSPS of a pending wrap anywhere": restored("4;10;1;@;@;H;0;2;@;BBBB") + place + "x",
        "DECRSPS of protection": restored("4;10;1;@;A;@;0;2;@;BBBB") + "x" + C + "?2K" + '\x1bP$q"q\x1b\\',
        "DECRSPS left of and above margins": box + restored("1;1;1;@;@;A;0;2;@;BBBB") + place + "abc" + place,
        "DECRSPS right of and below margins": box + restored("7;15;1;@;@;A;0;2;@;BBBB") + place + "abc" + place,
    }


def single_rules() -> dict[str, str]:
    """Functions that are known well, with parameters or after functions that are rare."""
    style, shape, margins = "\x1bP$qm\x1b\\", "\x1bP$q q\x1b\\", "\x1bP$qr\x1b\\"
    underlined = C + "4mabc" + C + "m" + C + "2*x"
    cases = {f"SD with {fields}": G + C + fields + "T" for fields in ("1;2", "1;2;3", "2;", ";2", "1;1;1;1;1")}
    renditions = ("1;1;3;5;", "1;1;3;5", "1;1;3;5;0", ";;3;5;;1", "1;1;;5;1;")
    cases |= {f"DECCARA with {fields}": underlined + C + fields + "$r" for fields in renditions}
    cases |= {f"DECFRA of U+{code:04X}": f"{C}{code};1;1;2;3$x" for code in (0x20AC, 0x301, 0x200B, 0x80, 0xAD, 0xD800, 0xE000, 0xFFFF)}
    cases |= {f"REP {count}": f"q{C}{count}bz" for count in (65536, 161, 300, 999999999)}
    cases |= {f"REP of a wide character {count}": f"日{C}{count}bz" for count in (65536, 77, 300)}
    places = {"in a box": BOX + at(4, 7), "right of a box": BOX + at(4, 15), "in lines": TB + at(4, 7)}
    cases |= {f"REP 65536 {name}": before + "q" + C + "65536bz" for name, before in places.items()}
    for name, before in {"": "", " in lines": TB, " in origin mode": BOX + ORIGIN}.items():
        for line in (1, 2, 4, 7, 8):
            cases[f"memory lock at {line}{name}"] = f"{G}{before}{at(line, 3)}\x1bl{margins}{C}6nx\x1bm{margins}"
    return cases | {
        "memory lock holds lines": G + at(4, 3) + "\x1bl" + at(8, 1) + "\n",
        "memory unlock": G + at(4, 3) + "\x1bl\x1bm" + at(8, 1) + "\n",
        "DECSTR resets the shape of the cursor": C + "4 q" + C + "!p" + shape,
        "DECSCL resets the shape of the cursor": C + "6 q" + C + '64;1"p' + shape,
        "DECALN resets bold": C + "44;1m\x1b#8" + style + "x",
        "DECALN resets hidden": C + "8m\x1b#8" + style + "x",
        "DECALN keeps colours": C + "31m\x1b#8" + style + "x",
        "DECALN keeps DECSCA": C + '1"q\x1b#8\x1bP$q"q\x1b\\x' + C + "?2K",
    }


def strings() -> dict[str, str]:
    """Operating system commands and settings that are asked for, what outlives RIS, and marks at the start of a line."""
    entries = "".join(f"\x1b]4;{number};?\x07" for number in (1, 2, 3))
    specs: tuple[str, ...] = ("999;#112233;1;#445566", "1;#112233;2;nonsense;3;#445566", "1;#112233;999;#445566;3;#445566")
    specs += ("-1;#112233;3;#445566", "1;?;999;?;3;?", "260;#112233;261;#445566;3;#445566", "1;;3;#445566", "0002;?")
    cases = {f"OSC 4 of {spec}": f"\x1b]4;{spec}\x07{entries}" for spec in specs}
    cases["OSC 5 up to a wrong one"] = "\x1b]5;1;#112233;9;#112233;1;#445566\x07\x1b]5;1;?\x07"
    cases["OSC 5 has five"] = "\x1b]5;4;#112233;5;#445566\x07\x1b]5;4;?;5;?\x07"
    cases |= {f"DECRQSS {name}": f"\x1bP$q{name}\x1b\\" for name in ("$}", "$~")}
    marks = {
        "behind CR": "abc\r\u0301",
        "behind BS": "abc\b\b\b\u0301",
        "at home": "abc" + at(1, 1) + "\u0301",
        "behind CR and SGR": C + "1mabc" + C + "m\r\u0301x",
        "on a blank line": "abc\r\n\u0301",
        "two behind CR": "abc\r\u0301\u0302",
        "behind CR on a wide character": "日x\r\u0301",
        "behind CR before text": "abc\r\u0301x",
    }
    cases |= {f"a combining mark {name}": data for name, data in marks.items()}
    return cases | {
        "OSC I is no title": "\x1b]1;icon\x07\x1b]Itext\x1b\\" + C + "20t",
        "OSC 60": "\x1b]60\x1b\\",
        "OSC 60 with BEL": "\x1b]60\x07",
        "OSC 60 with more": "\x1b]60;x\x1b\\",
        "XTSAVE outlives RIS": C + "?7l" + C + "?7s" + C + "?7h\x1bc" + C + "?7r" + C + "?7$p" + C + "?7h" + C + "?7s",
        "titles outlive RIS": f"\x1b]0;one\x07{C}22t\x1b]0;two\x07\x1bc{C}21t{C}23t{C}21t{C}20t",
        "XTPUSHSGR outlives RIS": f"{C}31m{C}#{{\x1bc{C}#}}\x1bP$qm\x1b\\",
        "XTPUSHCOLORS outlives RIS": f"\x1b]4;1;#112233\x07{C}#P\x1bc\x1b]4;1;#445566\x07{C}#Q\x1b]4;1;?\x07{C}#R",
    }
