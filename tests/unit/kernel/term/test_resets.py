"""What resets, the test pattern and memory lock do, and scrolling with more parameters."""

from __future__ import annotations

import pytest

from kernel.term import Terminal


@pytest.mark.feature("TT01")
@pytest.mark.parametrize("reset", [b"\x1b[!p", b'\x1b[64;1"p'])
def test_a_soft_reset_gives_the_cursor_its_shape(reset: bytes) -> None:
    terminal = Terminal(20, 3)
    terminal.feed(b"\x1b[4 q" + reset)
    assert (terminal.cursor.shape, terminal.cursor.blinking) == ("block", True)
    terminal.feed(b"\x1b[?12h" + reset + b"\x1bP$q q\x1b\\")
    assert not terminal.modes.private[12]
    assert terminal.take_reply() == b"\x1bP1$r1 q\x1b\\"


@pytest.mark.feature("TT01")
def test_the_test_pattern_keeps_colours_and_protection_alone() -> None:
    terminal = Terminal(20, 3)
    terminal.feed(b'\x1b[1"q\x1b[44;31;1;3;4;5;7;8;9;53m\x1b#8\x1bP$qm\x1b\\\x1bP$q"q\x1b\\')
    assert terminal.take_reply() == b'\x1bP1$r0;31;44m\x1b\\\x1bP1$r1"q\x1b\\'
    assert terminal.display == ["E" * 20] * 3


@pytest.mark.parametrize(
    ("parameters", "scrolls"), [("1", True), ("", True), ("0", False), ("1;2", False), ("2;", False), ("1;1;1;1;1", False)]
)
def test_scrolling_down_has_one_parameter(parameters: str, scrolls: bool) -> None:
    terminal = Terminal(20, 3)
    terminal.feed(f"top\x1b[{parameters}T".encode())
    assert terminal.display[0].startswith("top") is not scrolls


@pytest.mark.feature("TT01")
def test_memory_lock_keeps_the_lines_above_the_cursor() -> None:
    terminal = Terminal(20, 4)
    terminal.feed(b"a\r\nb\r\nc\r\nd\x1b[2;1H\x1bl\x1b[4;1H\n")
    assert [line.strip() for line in terminal.display] == ["a", "c", "d", ""]
    assert len(terminal.history) == 0
    terminal.feed(b"\x1bm\n")
    assert [line.strip() for line in terminal.display] == ["c", "d", "", ""]
    assert terminal.history_text()[0].strip() == "a"
    terminal.feed(b"\x1b[4;1H\x1bl\x1bP$qr\x1b\\")
    assert terminal.take_reply() == b"\x1bP1$r1;4r\x1b\\"
