"""Cases of ``xterm_cases`` that are one thing in many variants: data only."""

from __future__ import annotations

from tests.oracles.xterm_basics import LR, TB, C, G, at


def levels() -> dict[str, str]:
    """What terminals of a lower level do not know."""
    functions = {
        "DECBI": at(3, 4) + "\x1b6",
        "DECFI": at(3, 4) + "\x1b9",
        "DECIC": at(3, 4) + C + "2'}",
        "DECDC": at(3, 4) + C + "2'~",
        "DECFRA": C + "35;2;3;5;9$x",
        "DECERA": C + "2;3;5;9$z",
        "DECSERA": C + "2;3;5;9${",
        "DECCRA": C + "1;1;3;4;1;5;9;1$v",
        "DECCARA": C + "2;3;5;9;1$r",
        "DECRARA": C + "2;3;5;9;7$t",
        "DECRQCRA": C + "3;1;1;1;1;2*y",
        "DECRQPSR": C + "2$w",
        "DECRQM": C + "4$p",
        "DECRQM ?7": C + "?7$p",
        "DECRQM ?42": C + "?42$p",
        "DECRQM ?69": C + "?69$p",
        "DECRQSS DECSCL": '\x1bP$q"p\x1b\\',
        "DECXCPR": C + "?6n",
        "DSR": "".join(f"{C}?{number}n" for number in (5, 15, 25, 26, 53, 55, 56, 62, 75, 85)),
        "DA": C + "c" + C + ">c" + C + "=c",
        "DECSNLS": C + "10*|" + C + "18t",
        "SL": C + "2 @",
    }
    return {f"{name} at level {level}": f'{C}6{level};1"p{G}{data}' for level in (1, 2, 3, 4) for name, data in functions.items()}


def reverse_wrap() -> dict[str, str]:
    """Moving back through line starts."""
    return {
        f"reverse wrap of {count} from {line};{column}{' in ' + name if name else ''}": f"{C}?45h{margins}{at(line, column)}{C}{count}D"
        for name, margins in {"": "", "columns": LR, "lines": TB}.items()
        for line, column in ((1, 1), (1, 5), (3, 1), (3, 8))
        for count in (1, 9, 30, 99)
    }


def unsaved() -> dict[str, str]:
    """XTRESTORE with nothing saved: asked first, since a real terminal keeps what was saved for good."""
    cases = {
        f"XTRESTORE of {mode} with nothing saved": f"{C}?{mode}h{C}?{mode}r{C}?{mode}$p"
        for mode in (1, 4, 5, 7, 9, 25, 45, 69, 1000, 1002, 1003, 1004, 1006, 2004)
    }
    cases["XTRESTORE of 6 with nothing saved moves home"] = C + "3C" + C + "?6r"
    for mode in (47, 1047, 1049):
        cases[f"XTRESTORE of {mode} with nothing saved shows the main screen"] = f"ab{C}?{mode}hALT{C}?{mode}rx"
    cases["XTRESTORE of 1048 with nothing saved"] = at(3, 4) + C + "?1048h" + C + "H" + C + "?1048rx"
    return cases


def pending_wraps() -> dict[str, str]:
    """What a control function does to a cursor that waits behind the last column: ``X`` tells."""
    functions = {
        **{f"{name} {how}": C + how + final for name, final in {"EL": "K", "ED": "J"}.items() for how in "123"},
        **{f"{name} {how}": C + "?" + how + final for name, final in {"DECSEL": "K", "DECSED": "J"}.items() for how in "0123"},
        **{f"CBT {count or 'default'}": C + count + "Z" for count in ("", "0", "1", "2", "9")},
        "CHT 0": C + "0I",
        "HPR 0": C + "0a",
        "VPR 0": C + "0e",
        "CUU 0": C + "0A",
        "SU": C + "S",
        "SD": C + "T",
        "IL": C + "L",
        "DL": C + "M",
        "SL": C + " @",
        "SR": C + " A",
        "DECIC": C + "'}",
        "DECDC": C + "'~",
        "DECBI": "\x1b6",
        "DECFI": "\x1b9",
        "IND": "\x1bD",
        "RI": "\x1bM",
        "HTS": "\x1bH",
        "DECSC": "\x1b7",
        "DECSTR": C + "!p",
        "DECSTBM": C + "r",
        "DECCRA": C + "1;1;1;3;1;3;3;1$v",
        "DECAWM": C + "?7h",
        "DECOM": C + "?6l",
        "47": C + "?47h",
        "1047": C + "?1047h",
        "1049": C + "?1049h",
        "1049 and back": C + "?1049h" + C + "?1049l",
    }
    full = "abcdefghijklmnopqrst"
    return {f"a pending wrap and {name}": f"{full}{data}X" for name, data in functions.items()}


def colours() -> dict[str, str]:
    """Colours as X11 writes them."""
    spaces = ("rgbi", "CIEXYZ", "CIEuvY", "CIExyY", "CIELab", "CIELuv", "TekHVC")
    specs = [f"{space}:{value}/{value}/{value}" for space in spaces for value in ("1", ".5", "+2e-1")]
    specs += ["TekHVC:250/60/30", "CIELuv:50/.4/-.3", "CIELab:60/.03/-.02", "CIEuvY:.25/.45/.3", "CIExyY:.3/.35/.4", "CIEXYZ:.5/1.5/.5"]
    specs += ["DarkOliveGreen3", "light blue", "grey50", "nonsense", "#fff", "RGB:f/80/000", "rgb:1/2/3/4", "rgb:1/2"]
    return {f"colour {spec}": f"\x1b]4;1;{spec}\x07\x1b]4;1;?\x07" for spec in specs}
