"""Control functions, one row of a table each: what they print, where the cursor ends, what the terminal answers.

The rows follow the xterm control sequence documentation; expectations at margins are those of a real xterm.
"""

from __future__ import annotations

import pytest

from kernel.term import Terminal

GRID = b"abcdefgh\r\nijklmnop\r\nqrstuvwx\r\nyzABCDEF\r\nGHIJKLMN"
SIDES = b"\x1b[?69h\x1b[3;6s"


def run(data: bytes, columns: int = 8, lines: int = 5) -> Terminal:
    terminal = Terminal(columns, lines)
    terminal.feed(data)
    return terminal


@pytest.mark.feature("TT01")
@pytest.mark.parametrize(
    ("data", "lines"),
    [
        (b"\x1b[2;3H\x1b[2@", ["abcdefgh", "ij  klmn", "qrstuvwx", "yzABCDEF", "GHIJKLMN"]),
        (b"\x1b[2;3H\x1b[2P", ["abcdefgh", "ijmnop  ", "qrstuvwx", "yzABCDEF", "GHIJKLMN"]),
        (b"\x1b[2;3H\x1b[2X", ["abcdefgh", "ij  mnop", "qrstuvwx", "yzABCDEF", "GHIJKLMN"]),
        (b"\x1b[2;3H\x1b[L", ["abcdefgh", "        ", "ijklmnop", "qrstuvwx", "yzABCDEF"]),
        (b"\x1b[2;3H\x1b[2M", ["abcdefgh", "yzABCDEF", "GHIJKLMN", "        ", "        "]),
        (b"\x1b[2S", ["qrstuvwx", "yzABCDEF", "GHIJKLMN", "        ", "        "]),
        (b"\x1b[0T", ["abcdefgh", "ijklmnop", "qrstuvwx", "yzABCDEF", "GHIJKLMN"]),
        (b"\x1b[2T", ["        ", "        ", "abcdefgh", "ijklmnop", "qrstuvwx"]),
        (b"\x1b[2;3H\x1b[J", ["abcdefgh", "ij      ", "        ", "        ", "        "]),
        (b"\x1b[2;3H\x1b[1J", ["        ", "   lmnop", "qrstuvwx", "yzABCDEF", "GHIJKLMN"]),
        (b"\x1b[2;3H\x1b[1K", ["abcdefgh", "   lmnop", "qrstuvwx", "yzABCDEF", "GHIJKLMN"]),
        (b"\x1b[2;4r\x1b[2;1H\x1bM", ["abcdefgh", "        ", "ijklmnop", "qrstuvwx", "GHIJKLMN"]),
        (b"\x1b[2;4r\x1b[4;1H\n", ["abcdefgh", "qrstuvwx", "yzABCDEF", "        ", "GHIJKLMN"]),
        (SIDES + b"\x1b[2;3H\x1b[2@", ["abcdefgh", "ij  klop", "qrstuvwx", "yzABCDEF", "GHIJKLMN"]),
        (SIDES + b"\x1b[2;3H\x1b[M", ["abcdefgh", "ijstuvop", "qrABCDwx", "yzIJKLEF", "GH    MN"]),
        (SIDES + b"\x1b[2;3HWXYZ12", ["abcdefgh", "ijWXYZop", "qr12uvwx", "yzABCDEF", "GHIJKLMN"]),
        (b"\x1b[1;3H\x1b[2'}", ["ab  cdef", "ij  klmn", "qr  stuv", "yz  ABCD", "GH  IJKL"]),
        (b"\x1b[1;3H\x1b[2'~", ["abefgh  ", "ijmnop  ", "qruvwx  ", "yzCDEF  ", "GHKLMN  "]),
        (b"\x1b[2 @", ["cdefgh  ", "klmnop  ", "stuvwx  ", "ABCDEF  ", "IJKLMN  "]),
        (b"\x1b[2 A", ["  abcdef", "  ijklmn", "  qrstuv", "  yzABCD", "  GHIJKL"]),
        (b"\x1b[1;1H\x1b6", [" abcdefg", " ijklmno", " qrstuvw", " yzABCDE", " GHIJKLM"]),
        (b"\x1b[1;8H\x1b9", ["bcdefgh ", "jklmnop ", "rstuvwx ", "zABCDEF ", "HIJKLMN "]),
        (b"\x1b[35;2;2;3;4$x", ["abcdefgh", "i###mnop", "q###uvwx", "yzABCDEF", "GHIJKLMN"]),
        (b"\x1b[2;2;3;4$z", ["abcdefgh", "i   mnop", "q   uvwx", "yzABCDEF", "GHIJKLMN"]),
        (b"\x1b[1;1;2;2;1;4;7;1$v", ["abcdefgh", "ijklmnop", "qrstuvwx", "yzABCDab", "GHIJKLij"]),
        (b"\x1b#8", ["EEEEEEEE"] * 5),
        (b"\x1b[1;1H\x1b[4hXY", ["XYabcdef", "ijklmnop", "qrstuvwx", "yzABCDEF", "GHIJKLMN"]),
        (b"\x1b[1;7H\x1b[?7lXYZ", ["abcdefXZ", "ijklmnop", "qrstuvwx", "yzABCDEF", "GHIJKLMN"]),
        (b"\x1b[1;1HZ\x1b[3b", ["ZZZZefgh", "ijklmnop", "qrstuvwx", "yzABCDEF", "GHIJKLMN"]),
        (b"\x1b[1;1H\x1b(0lqk\x1b(B", ["┌─┐defgh", "ijklmnop", "qrstuvwx", "yzABCDEF", "GHIJKLMN"]),
        (b"\x1b[1;1H\x1b%@\x1b*0\x1b}\xf1q\x1b)B\x1b~\xf1\x1bN\xf1\xf1", ["─qñ─ñfgh", "ijklmnop", "qrstuvwx", "yzABCDEF", "GHIJKLMN"]),
        ("\x1b[1;1H\x1b*0\x1b}ñ".encode(), ["ñbcdefgh", "ijklmnop", "qrstuvwx", "yzABCDEF", "GHIJKLMN"]),
        (b"\x1b[1;1H\x1b*0\x1bNqq", ["─qcdefgh", "ijklmnop", "qrstuvwx", "yzABCDEF", "GHIJKLMN"]),
        (b"\x1b[!p\x1b[2;1H\x1b[1\"qPR\x1b[0\"qXY\x1b[?2K", ["abcdefgh", "PR      ", "qrstuvwx", "yzABCDEF", "GHIJKLMN"]),
        (b"\x1b[2;1H\x1bVPR\x1bWXY\x1b[2K", ["abcdefgh", "PR      ", "qrstuvwx", "yzABCDEF", "GHIJKLMN"]),
        (b'\x1b[63;1"p\x1b[1;1H\x1b6\x1b[1;8H\x1b9\x1b[3\'}\x1b[35;2;2;3;4$x\x1b[2;2;3;4$z',
         ["abcdefgh", "ijklmnop", "qrstuvwx", "yzABCDEF", "GHIJKLMN"]),
        (b"\x1b[?1049h\x1b[HALT\x1b[?1049l", ["abcdefgh", "ijklmnop", "qrstuvwx", "yzABCDEF", "GHIJKLMN"]),
        (b"\x1b[?2l\x1bY\"\"Q\x1b<", ["abcdefgh", "ijklmnop", "qrQtuvwx", "yzABCDEF", "GHIJKLMN"]),
    ],
)
def test_what_a_sequence_leaves_on_the_screen(data: bytes, lines: list[str]) -> None:
    assert run(GRID + data).display == lines


@pytest.mark.parametrize(
    ("data", "position"),
    [
        (b"\x1b[3;4H\x1b[A", (3, 1)),
        (b"\x1b[3;4H\x1b[99B", (3, 4)),
        (b"\x1b[3;4H\x1b[99C", (7, 2)),
        (b"\x1b[3;4H\x1b[99D", (0, 2)),
        (b"\x1b[3;4H\x1b[2E", (0, 4)),
        (b"\x1b[3;4H\x1b[2F", (0, 0)),
        (b"\x1b[3;4H\x1b[7G", (6, 2)),
        (b"\x1b[3;4H\x1b[2d", (3, 1)),
        (b"\x1b[3;4H\x1b[2a", (5, 2)),
        (b"\x1b[3;4H\x1b[2e", (3, 4)),
        (b"\x1b[2;4r\x1b[?6h\x1b[9;9H", (7, 3)),
        (b"\x1b[2;4r\x1b[3;4H\x1b[9A", (3, 1)),
        (SIDES + b"\x1b[3;4H\x1b[9C", (5, 2)),
        (SIDES + b"\x1b[3;4H\r", (2, 2)),
        (b"\x1b[3;4H\x1b7\x1b[H\x1b8", (3, 2)),
        (b"\x1b[3;4H\x1b[s\x1b[H\x1b[u", (3, 2)),
        (b"\x1b[3;1H\x1b[?45h\b", (7, 1)),
        (b"\x1b[?45h\x1b[5D", (7, 4)),
        (b"\x1b[2;2H\x1b[?45h\x1b[12D", (5, 4)),
        (b"\x1b[3;4r\x1b[3;2H\x1b[?45h\x1b[3D", (6, 1)),
        (b"\x1b[1;1H\x1bH\x1b[1;5H\x1bH\r\t", (4, 0)),
        (b"\x1b[3g\r\t", (7, 0)),
    ],
)
def test_where_the_cursor_goes(data: bytes, position: tuple[int, int]) -> None:
    terminal = run(data)
    assert (terminal.cursor.x, terminal.cursor.y) == position


@pytest.mark.feature("TT01")
@pytest.mark.parametrize(
    ("data", "reply"),
    [
        (b"\x1b[c", b"\x1b[?64;1;2;6;9;15;16;17;18;21;22;28c"),
        (b"\x1b[>c", b"\x1b[>41;379;0c"),
        (b"\x1b[=c", b"\x1bP!|00000000\x1b\\"),
        (b"\x1b[>q", b"\x1bP>|Aether(1.0)\x1b\\"),
        (b"\x1b[5n", b"\x1b[0n"),
        (b"\x1b[2;3H\x1b[6n", b"\x1b[2;3R"),
        (b"\x1b[2;3H\x1b[?6n", b"\x1b[?2;3;1R"),
        (b"\x1b[?15n", b"\x1b[?13n"),
        (b"\x1b[4$p", b"\x1b[4;2$y"),
        (b"\x1b[?7$p", b"\x1b[?7;1$y"),
        (b"\x1b[?2026h\x1b[?2026$p", b"\x1b[?2026;1$y"),
        (b"\x1b[?9999$p", b"\x1b[?9999;0$y"),
        (b"\x1b[1;4:3;31m\x1bP$qm\x1b\\", b"\x1bP1$r0;1;4:3;31m\x1b\\"),
        (b"\x1b[2;4r\x1bP$qr\x1b\\", b"\x1bP1$r2;4r\x1b\\"),
        (b"\x1b[4 q\x1bP$q q\x1b\\", b"\x1bP1$r4 q\x1b\\"),
        (b"\x1bP$qzz\x1b\\", b"\x1bP0$r\x1b\\"),
        (b"\x1bP+q544e\x1b\\", b"\x1bP1+r544e=787465726D2D323536636F6C6F72\x1b\\"),
        (b"A\x1b[1;1;1;1;1;1*y", b"\x1bP1!~FFBF\x1b\\"),
        (b"\x1b G\x1b[5n", b"\x9b0n"),
        (b"\x1b[18t", b"\x1b[8;5;8t"),
        (b"\x1b]4;1;#ff8000\x07\x1b]4;1;?\x07", b"\x1b]4;1;rgb:ffff/8080/0000\x07"),
        (b"\x1b]11;rgb:1/2/3\x1b\\\x1b]11;?\x1b\\", b"\x1b]11;rgb:1111/2222/3333\x1b\\"),
        (b"\x1b[>1u\x1b[?u\x1b[<u\x1b[?u", b"\x1b[?1u\x1b[?0u"),
        (b"\x1b[>4;2m\x1b[?4m", b"\x1b[>4;2m"),
        (b"\x1b]2;hi\x07\x1b[22t\x1b]2;no\x07\x1b[23t\x1b[21t", b"\x1b]lhi\x1b\\"),
        (b"\x1b]52;c;?\x07", b""),
        (b"\x1b[?5n", b"\x1b[?0n"),
        (b"\x1b[1;4;31;42m\x1b[1;30#{\x1b[0;7;32;45m\x1b[#}\x1bP$qm\x1b\\", b"\x1bP1$r0;1;7;31;45m\x1b\\"),
        (b"\x1b[1m\x1b[0#{\x1b[0;7m\x1b[#}\x1bP$qm\x1b\\", b"\x1bP1$r0;7m\x1b\\"),
        (b"\x1b[4m\x1b[21#{\x1b[0m\x1b[#}\x1bP$qm\x1b\\", b"\x1bP1$r0m\x1b\\"),
        (b"\x1b[31;1mA\x1b[32mB\x1b[1;1;1;2#|\x1b[1;1;1;1#|\x1b[#|", b"\x1b[0;1m\x1b[0;1;31m\x1b[0m"),
        (b"\x1b[#R\x1b[#P\x1b[3#P\x1b[#R\x1b[#Q\x1b[#R\x1b[11#P\x1b[#R", b"\x1b[?0;0#Q\x1b[?3;3#Q\x1b[?2;3#Q\x1b[?2;3#Q"),
        (b"\x1b]4;1;#112233\x07\x1b[#P\x1b]4;1;red\x07\x1b]10;red\x07\x1b[#Q\x1b]4;1;?\x07\x1b]10;?\x07",
         b"\x1b]4;1;rgb:1111/2222/3333\x07\x1b]10;rgb:e5e5/e5e5/e5e5\x07"),
        (b"\x1bP+q436F;6b75\x1b\\\x1bP+q436f;5a5a;6b75\x1b\\", b"\x1bP1+r436F=323536;6b75=1B5B41\x1b\\\x1bP1+r436f=323536\x1b\\"),
        (b"\x1b[?12$p\x1b[2 q\x1b[?12$p\x1b[?2001$p", b"\x1b[?12;1$y\x1b[?12;2$y\x1b[?2001;2$y"),
        (b"\x1b[1;2;3;9m\x1bP$qm\x1b\\", b"\x1bP1$r0;1;2;3;9m\x1b\\"),
        (b'\x1b[61;1"p\x1bP$q"p\x1b\\\x1b[=c\x1b[?26n\x1b[4$p\x1b[1$w\x1b[1;1;1;1;1;1*y', b""),
        (b'\x1b[62;1"p\x1b[?26n\x1b[?69$p\x1b[?7$p', b"\x1b[?27;1n\x1b[?69;0$y\x1b[?7;1$y"),
        (b'\x1b[63;1"p\x1b[?26n\x1b[?6n\x1b[?62n', b"\x1b[?27;1;0n\x1b[?1;1;1R"),
        (b'\x1b[65"p\x1b[5n\x1b[65;0"p\x1b[5n', b"\x1b[0n\x9b0n"),
    ],
)
def test_what_the_terminal_answers(data: bytes, reply: bytes) -> None:
    assert run(data).take_reply() == reply


def test_column_mode_needs_permission_and_changes_the_size() -> None:
    terminal = run(b"\x1b[?3h", 80, 24)
    assert terminal.columns == 80
    terminal.feed(b"x\x1b[?40h\x1b[?3h")
    assert (terminal.columns, terminal.display[0].strip()) == (132, "")
    terminal.feed(b"\x1b[?3l")
    assert terminal.columns == 80


def test_modes_can_be_saved_and_restored() -> None:
    terminal = run(b"\x1b[?1h\x1b[?1s\x1b[?1l")
    assert not terminal.modes.application_cursor
    terminal.feed(b"\x1b[?1r")
    assert terminal.modes.application_cursor


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b'A\x1b[1"qB\x1b[0"qC\x1b[?2J', " B      "),
        (b"AB\x1b[?2K", "        "),
        (b'ABC\x1b[2"q\x1b[?2J', "        "),
        (b'A\x1b[1"qB\x1b[2"qC\x1b[?2J', "ABC     "),
        (b'\x1b[!pA\x1b[1"qB\x1b[2"qC\x1b[?2J', " B      "),
        (b'A\x1b[1"qB\x1b[2"qC\x1b[!p\x1b[?2J', "        "),
    ],
)
def test_selective_erase_works_from_the_start_unless_the_program_does_not_know_what_it_speaks_to(data: bytes, line: str) -> None:
    assert run(data).display[0] == line


@pytest.mark.feature("TT01")
@pytest.mark.parametrize(("data", "x", "bold"), [(b"\x1b[0000000000005C", 5, False), (b"\x1b[0000000000001m", 0, True),
                                                 (b"\x1b[0000000000000C", 1, False), (b"\x1b[99999999999999C", 9, False)])  # fmt: skip
def test_leading_zeros_change_no_number(data: bytes, x: int, bold: bool) -> None:
    terminal = Terminal(10, 2)
    terminal.feed(data)
    assert terminal.cursor.x == x
    assert terminal.attributes[terminal.screen.pen].bold is bold
