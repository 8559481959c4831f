"""Operating system commands: colours in pairs, what is allowed, and what programs put aside for good."""

from __future__ import annotations

import pytest

from kernel.term import Terminal


@pytest.mark.feature("TT01")
@pytest.mark.parametrize(
    ("data", "changed"),
    [
        (b"\x1b]4;1;#112233;2;#445566\x07", {1, 2}),
        (b"\x1b]4;999;#112233;1;#445566\x07", set()),
        (b"\x1b]4;1;#112233;-1;#112233;2;#445566\x07", {1}),
        (b"\x1b]4;1;#112233;3;nonsense;2;#445566\x07", {1}),
        (b"\x1b]4;x;#112233;2;#445566\x07", {2}),
        (b"\x1b]4;260;#112233;261;#445566;1;#445566\x07", {260}),
        (b"\x1b]5;4;#112233;5;#445566\x07", {260}),
        (b"\x1b]4;" + b"9" * 5000 + b";#112233\x07", set()),
    ],
)
def test_pairs_of_colours_end_at_a_wrong_one(data: bytes, changed: set[int]) -> None:
    terminal = Terminal(20, 3)
    terminal.feed(data)
    assert set(terminal.palette.overrides) == changed


@pytest.mark.feature("TT01")
@pytest.mark.parametrize(
    ("allowed", "data", "reply"),
    [
        (True, b"\x1b]60\x1b\\", b"\x1b]60;allowColorOps,allowMouseOps,allowTcapOps,allowTitleOps,allowWindowOps\x1b\\"),
        (False, b"\x1b]60;\x07", b"\x1b]60;allowColorOps,allowMouseOps,allowTcapOps,allowTitleOps\x07"),
        (True, b"\x1b]60;x\x07", b""),
        (True, b"\x1bP$q$}\x1b\\\x1bP$q$~\x1b\\", b"\x1bP0$r\x1b\\" * 2),
        (True, b"\x1b]1;icon\x07\x1b]Itext\x07\x1b[20t", b"\x1b]Licon\x1b\\"),
    ],
)
def test_answers(allowed: bool, data: bytes, reply: bytes) -> None:
    terminal = Terminal(20, 3, window_operations=allowed)
    terminal.feed(data)
    assert terminal.take_reply() == reply


@pytest.mark.feature("TT01")
def test_what_was_put_aside_outlives_a_reset() -> None:
    terminal = Terminal(20, 3)
    terminal.feed(b"\x1b]4;1;#112233\x07\x1b[#P\x1b[31m\x1b[#{\x1b[?7l\x1b[?7s\x1b[?7h\x1b]0;one\x07\x1b[22t\x1b]0;two\x07\x1bc")
    assert terminal.modes.private[7]
    assert not terminal.palette.overrides
    terminal.feed(b"\x1b[?7r\x1b[23t\x1b[#}\x1b[#Q\x1bP$qm\x1b\\")
    assert (terminal.title, terminal.modes.private[7], terminal.palette.overrides) == ("one", False, {1: 0x112233})
    assert terminal.take_reply() == b"\x1bP1$r0;31m\x1b\\"
