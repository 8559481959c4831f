"""Cases of ``xterm_cases`` that ask the terminal something: data only."""

from __future__ import annotations

from tests.oracles.xterm_basics import BOX, ORIGIN, C, G
from tests.oracles.xterm_basics import at as _at


def reports() -> dict[str, str]:
    dcs = {
        "DECSCL": '"p',
        "DECSCA": '"q',
        "DECSTBM": "r",
        "DECSLRM": "s",
        "SGR": "m",
        "DECSCUSR": " q",
        "DECSLPP": "t",
        "DECSCPP": "$|",
        "DECSNLS": "*|",
        "DECSACE": "*x",
    }
    cases = {f"DECRQSS {name}": f"\x1bP$q{code}\x1b\\" for name, code in dcs.items()}
    cases |= {
        f"DECRQSS {name} after changes": BOX
        + C
        + "1;4;7;38;5;9m"
        + C
        + '1"q'
        + C
        + "2*x"
        + C
        + f"4 q\x1bP$q{code}\x1b\\"
        for name, code in dcs.items()
    }
    for sgr in (
        "1",
        "2",
        "3",
        "4",
        "5",
        "7",
        "8",
        "9",
        "21",
        "31",
        "42",
        "93",
        "104",
        "38;5;130",
        "48;2;1;2;3",
        "38:2::4:5:6",
        "1;22",
        "4;24",
    ):
        cases[f"DECRQSS SGR {sgr}"] = C + sgr + "m\x1bP$qm\x1b\\"
    for mode in (*range(1, 21),):
        cases[f"DECRQM {mode}"] = f"{C}{mode}$p"
    for mode in (
        1,
        2,
        3,
        4,
        5,
        6,
        7,
        8,
        9,
        10,
        12,
        13,
        14,
        18,
        19,
        25,
        30,
        34,
        35,
        38,
        40,
        41,
        42,
        43,
        44,
        45,
        46,
        47,
        66,
        67,
        69,
        95,
        1000,
        1001,
        1002,
        1003,
        1004,
        1005,
        1006,
        1007,
        1010,
        1011,
        1015,
        1016,
        1034,
        1035,
        1036,
        1037,
        1039,
        1040,
        1041,
        1042,
        1043,
        1044,
        1045,
        1046,
        1047,
        1048,
        1049,
        1050,
        1051,
        1060,
        1061,
        2004,
        9999,
    ):
        cases[f"DECRQM ?{mode}"] = f"{C}?{mode}$p"
    for mode in (1, 5, 6, 7, 9, 41, 45, 66, 69, 1000, 1003, 1004, 1006, 1048, 2004):
        cases[f"DECRQM ?{mode} set"] = f"{C}?{mode}h{C}?{mode}$p{C}?{mode}l{C}?{mode}$p"
    for name, data in {
        "DA": C + "c",
        "DA 0": C + "0c",
        "DA 1": C + "1c",
        "DA2": C + ">c",
        "DA2 0": C + ">0c",
        "DA3": C + "=c",
        "DECID": "\x1bZ",
        "DSR 5": C + "5n",
        "CPR": _at(3, 4) + C + "6n",
        "CPR in origin mode": BOX + ORIGIN + C + "6n",
        "CPR at a pending wrap": _at(2, 20) + "x" + C + "6n",
        "DECXCPR": _at(3, 4) + C + "?6n",
        "DECXCPR in origin mode": BOX + ORIGIN + C + "?6n",
        "DSR printer": C + "?15n",
        "DSR keys": C + "?25n",
        "DSR keyboard": C + "?26n",
        "DSR locator": C + "?55n",
        "DSR locator kind": C + "?56n",
        "DSR macros": C + "?62n",
        "DSR checksum of macros": C + "?63;7n",
        "DSR data": C + "?75n",
        "DSR sessions": C + "?85n",
        "DECREQTPARM": C + "x",
        "DECREQTPARM 1": C + "1x",
        "DECREQTPARM 2": C + "2x",
        "DECRQPSR cursor": _at(3, 4) + C + "1$w",
        "DECRQPSR cursor in origin mode": BOX + ORIGIN + C + "1;4m" + C + "1$w",
        "DECRQPSR tabs": C + "2$w",
        "DECRQPSR tabs changed": C + "3g" + _at(1, 5) + "\x1bH" + C + "2$w",
        "DECRQCRA": "AB" + C + "3;1;1;1;1;2*y",
        "DECRQCRA of blanks": C + "3;1;1;1;1;2*y",
        "DECRQCRA of everything": "AB" + C + "3*y",
        "DECRQCRA of attributes": C + "1;4mA" + C + "3;1;1;1;1;1*y",
        "DECRQCRA upside down": "AB" + C + "3;1;2;2;1;1*y",
        "DECRQCRA in origin mode": G + BOX + ORIGIN + C + "3;1;1;1;1;1*y",
        "XTCHECKSUM 1": "AB" + C + "1#y" + C + "3;1;1;1;1;2*y",
        "XTCHECKSUM 2": C + "1mAB" + C + "2#y" + C + "3;1;1;1;1;2*y",
        "XTCHECKSUM 4": "A  " + C + "4#y" + C + "3;1;1;1;1;4*y",
        "XTCHECKSUM 8": "A " + C + "8#y" + C + "3;1;1;1;1;4*y",
        "DECRQCRA of drawn blanks": "A  " + C + "3;1;1;1;1;5*y",
        "DECRQCRA of inner blanks": "A  B" + C + "3;1;1;1;1;6*y",
        "DECRQCRA of blanks first": "  A " + C + "3;1;1;1;1;6*y",
        "DECRQCRA of two lines": " A \r\n B" + C + "3;1;1;1;2;5*y",
        "XTCHECKSUM 12": "A " + C + "12#y" + C + "3;1;1;1;1;4*y",
        "XTCHECKSUM 8 of inner blanks": "A  B " + C + "8#y" + C + "3;1;1;1;1;7*y",
        "XTCHECKSUM 8 after ECH": "ABCD" + _at(1, 2) + C + "X" + C + "8#y" + C + "3;1;1;1;1;7*y",
        "DECRQCRA of reversed blanks": C + "7m  " + C + "3;1;1;1;1;3*y",
        "DECRQCRA of hidden": C + "8mA" + C + "3;1;1;1;1;1*y",
        "DECRQCRA of protected": C + '1"qA' + C + "3;1;1;1;1;1*y",
        "DECRQCRA of blank lines": C + "3;1;3;1;5;5*y",
        "DECRQCRA of blank and drawn lines": "\r\nA\r\n\r\n" + C + "3;1;1;1;4;5*y",
        "DECRQCRA of a line after blanks": _at(1, 4) + "A" + C + "3;1;1;1;1;6*y",
        "DECRQCRA of wide": "日" + C + "3;1;1;1;1;1*y" + C + "3;1;1;2;1;2*y",
        "DECRQCRA of combining": "e\u0301" + C + "3;1;1;1;1;1*y",
        "DECRQCRA of a page": "AB" + C + "3;1*y",
        "XTCHECKSUM 31": "A日" + C + "31#y" + C + "3;1;1;1;1;4*y",
        "XTWINOPS cells": C + "18t",
        "XTWINOPS state": C + "11t",
        "XTWINOPS titles": "\x1b]2;hello\x1b\\" + C + "21t",
        "XTWINOPS icon": "\x1b]1;icon\x1b\\" + C + "20t",
        "XTWINOPS both": "\x1b]0;both\x1b\\" + C + "21t" + C + "20t",
        "title stack": "\x1b]2;one\x07" + C + "22;2t" + "\x1b]2;two\x07" + C + "23;2t" + C + "21t",
        "icon stack": "\x1b]1;one\x07" + C + "22;1t" + "\x1b]1;two\x07" + C + "23;1t" + C + "20t",
        "icon stack leaves the title": "\x1b]0;one\x07"
        + C
        + "22;1t"
        + "\x1b]0;two\x07"
        + C
        + "23;1t"
        + C
        + "20t"
        + C
        + "21t",
        "both stacks": "\x1b]0;one\x07" + C + "22;0t" + "\x1b]0;two\x07" + C + "23;0t" + C + "20t" + C + "21t",
        "title in hexadecimal": C + ">0t\x1b]2;6869\x07" + C + "21t",
        "title queried in hexadecimal": "\x1b]2;hi\x07" + C + ">1t" + C + "21t" + C + ">1T",
        "OSC 4": "\x1b]4;1;#ff8000\x07\x1b]4;1;?\x07",
        "OSC 4 with ST": "\x1b]4;1;?\x1b\\",
        "OSC 4 of two": "\x1b]4;2;rgb:1/2/3;3;rgb:aaaa/bbbb/cccc\x07\x1b]4;2;?;3;?\x07",
        "OSC 104": "\x1b]4;2;#123456\x07\x1b]104;2\x07\x1b]4;2;?\x07",
        "OSC 4 of the cube": "\x1b]4;100;?\x07\x1b]4;200;?\x07\x1b]4;250;?\x07",
        "OSC 10 set": "\x1b]10;#112233\x07\x1b]10;?\x07",
        "OSC 11 set": "\x1b]11;#112233\x07\x1b]11;?\x07",
        "OSC 12 set": "\x1b]12;#112233\x07\x1b]12;?\x07",
        "OSC 10 of two": "\x1b]10;#112233;#445566\x07\x1b]10;?;?\x07",
        "OSC 17 set": "\x1b]17;#112233\x07\x1b]17;?\x07",
        "OSC 19 set": "\x1b]19;#112233\x07\x1b]19;?\x07",
        "OSC 5 set": "\x1b]5;0;#112233\x07\x1b]5;0;?\x07",
        "OSC 4 of a special": "\x1b]5;1;#112233\x07\x1b]4;257;?\x07",
        "OSC 4 of a name": "\x1b]4;1;red\x07\x1b]4;1;?\x07",
        "OSC 4 wrong": "\x1b]4;1;nonsense\x07\x1b]4;1;?\x07",
        "S8C1T": "\x1b]11;#112233\x07\x1b G" + C + "5n" + C + "6n" + "\x1bP$qm\x1b\\\x1b]11;?\x1b\\\x1b F",
        "S8C1T titles": "\x1b]2;a\x07\x1b G" + C + "21t\x1b F",
        "DECSCL 61": C + '61"p' + C + "c",
        "DECSCL 62": C + '62;1"p' + C + "c" + '\x1bP$q"p\x1b\\',
        "DECSCL 62 with 8 bits": C + '62;0"p' + '\x1bP$q"p\x1b\\' + "\x1b F",
        "DECSCL 63": C + '63;1"p' + C + "4$p",
        "DECSCL 64": C + '64;1"p' + '\x1bP$q"p\x1b\\',
        "DECSCL 65": C + '65;1"p' + '\x1bP$q"p\x1b\\',
        "DECSCL 62 knows no DECRQM": C + '62;1"p' + C + "4$p",
        "DECSCL resets": BOX + C + "1m" + _at(4, 4) + C + '64;1"p' + "x" + "\x1bP$qm\x1b\\",
        "XTMODKEYS query": C + ">4;2m" + C + "?4m" + C + ">4m",
        "DECRQSS DECSCA after SPA": '\x1bV\x1bP$q"q\x1b\\',
        "DECRQSS DECSCA after DECSCA and SPA": C + '1"q\x1bV\x1bP$q"q\x1b\\',
        "DECRQSS DECSCA after SPA and DECSCA": "\x1bV" + C + '1"q\x1bP$q"q\x1b\\',
        "DECRQSS DECSCUSR after an unknown one": C + "4 q" + C + "7 q\x1bP$q q\x1b\\",
        "DECRQSS nonsense": "\x1bP$qzz\x1b\\",
        "XTGETTCAP": "\x1bP+q544e\x1b\\",
        "DECXRLM unknown": C + "?88$p",
        "titles pushed one by one": "\x1b]0;a\x07"
        + C
        + "22;1t\x1b]0;b\x07"
        + C
        + "22;2t\x1b]0;c\x07"
        + C
        + "23;0t"
        + C
        + "20t"
        + C
        + "21t",
        "DECSET 40 and 3 keep DECLRMM": C + "?40h" + BOX + C + "?3h" + C + "?69$p" + C + "?3l",
        "XTREPORTSGR": C + "1;4mAB" + C + "1;1;1;2#|",
        "XTPUSHSGR of some": C + "1;4;33m" + C + "4;30#{" + C + "0;7;32m" + C + "#}\x1bP$qm\x1b\\",
    }.items():
        cases[name] = data
    return cases
