"""What DECRSPS takes of a report, and positions that are reported."""

from __future__ import annotations

import pytest

from kernel.term import Terminal

BOX = b"\x1b[?69h\x1b[5;9s\x1b[4;6r"


@pytest.mark.feature("TT01")
@pytest.mark.parametrize(
    ("data", "reply"),
    [
        (b"\x1b[4;99r\x1bP1$t2;2;1;A;A;A;0;2;@;0BBB\x1b\\\x1b[6n", b"\x1b[1;2R"),
        (BOX + b"\x1bP1$t1;1;1;@;@;A;0;2;@;BBBB\x1b\\abc\x1b[6n", b"\x1b[1;4R"),
        (BOX + b"\x1bP1$t8;20;1;@;@;A;0;2;@;BBBB\x1b\\\x1b[6n", b"\x1b[3;5R"),
        (b"\x1b[?45h\x1b[2;4r\x1b[?6h\x1b[1;3H\x1b[21D\x1b[6n", b"\x1b[1;2R"),
        (b"\x1b[3;3H\x1bP1$t99;5;1;A\x1b\\\x1b[6n\x1bP$qm\x1b\\", b"\x1b[3;3R\x1bP1$r0m\x1b\\"),
        (b"\x1b[3;3H\x1bP1$t5;9;1;A\x1b\\\x1b[6n\x1bP$qm\x1b\\", b"\x1b[5;9R\x1bP1$r0;1m\x1b\\"),
        (b'\x1b[62;1"p\x1bP1$t5;9;1;A\x1b\\\x1b[6n\x1bP$qm\x1b\\', b"\x1b[1;1R\x1bP1$r0m\x1b\\"),
        (b'\x1b[61"p\x1bP1$t5;9;1;A\x1b\\\x1b[6n', b"\x1b[1;1R"),
        (b"\x1bP1$t4;5;1;@;A;@\x1b\\\x1b[1$w", b"\x1bP1$u4;5;1;@;A;@;0;2;@;BBBB\x1b\\"),
        (b"\x1bP1$t4;5;1;@;@;H\x1b\\\x1b[1$w", b"\x1bP1$u4;5;1;@;@;H;0;2;@;BBBB\x1b\\"),
        (b"\x1b[>3;4;1$|\x1b[6nx\x1b[6n", b"\x1b[3;4R\x1b[4;2R"),
    ],
)
def test_reply(data: bytes, reply: bytes) -> None:
    terminal = Terminal(20, 8)
    terminal.feed(data)
    assert terminal.take_reply() == reply


@pytest.mark.parametrize("waits", [0, 1])
@pytest.mark.parametrize("line", [0, 1, 99, 65535])
@pytest.mark.parametrize("column", [0, 1, 99, 65535])
def test_a_cursor_is_placed_on_the_screen(line: int, column: int, waits: int) -> None:
    terminal = Terminal(20, 8)
    terminal.feed(b"\x1b[>%d;%d;%d$|" % (line, column, waits))
    assert 0 <= terminal.cursor.x < 20
    assert 0 <= terminal.cursor.y < 8
    terminal.feed("日e\u0301\b\t".encode())
    assert 0 <= terminal.cursor.x < 20
