"""Keys, mouse, paste and focus become the bytes that xterm sends."""

from __future__ import annotations

import pytest

from kernel.term import Terminal
from kernel.term.keys import Modifiers, MouseButton, encode_focus, encode_key, encode_mouse, encode_paste

NONE, SHIFT, ALT, CTRL = Modifiers.NONE, Modifiers.SHIFT, Modifiers.ALT, Modifiers.CTRL


@pytest.mark.parametrize(
    ("setup", "key", "modifiers", "sent"),
    [
        (b"", "Up", NONE, b"\x1b[A"),
        (b"\x1b[?1h", "Up", NONE, b"\x1bOA"),
        (b"\x1b[?1h", "Up", CTRL, b"\x1b[1;5A"),
        (b"", "Home", SHIFT, b"\x1b[1;2H"),
        (b"", "F1", NONE, b"\x1bOP"),
        (b"", "F5", CTRL | SHIFT, b"\x1b[15;6~"),
        (b"", "Delete", NONE, b"\x1b[3~"),
        (b"", "a", NONE, b"a"),
        (b"", "é", NONE, "é".encode()),
        (b"", "c", CTRL, b"\x03"),
        (b"", "x", ALT, b"\x1bx"),
        (b"", " ", CTRL, b"\0"),
        (b"", "Return", NONE, b"\r"),
        (b"\x1b[20h", "Return", NONE, b"\r\n"),
        (b"", "Tab", SHIFT, b"\x1b[Z"),
        (b"", "Backspace", NONE, b"\x7f"),
        (b"\x1b[?67h", "Backspace", NONE, b"\x08"),
        (b"\x1b=\x1b[?1035l", "KP_5", NONE, b"\x1bOu"),
        (b"\x1b=", "KP_5", NONE, b"5"),
        (b"", "KP_5", NONE, b"5"),
        (b"\x1b[2h", "a", NONE, b"a"),
        (b"\x1b[>4;2m", "i", CTRL, b"\x1b[27;5;105~"),
        (b"\x1b[>4;2m", "Return", CTRL, b"\x1b[27;5;13~"),
        *[(b"\x1b[>4;1m", space, SHIFT, b" ") for space in ("Space", " ")],
        *[(b"\x1b[>4;1m", space, CTRL, b"\0") for space in ("Space", " ")],
        (b"\x1b[>4;1m", "Space", CTRL | ALT, b"\x1b\0"),
        (b"\x1b[>4;1m", "`", CTRL, b"\0"),
        (b"", "`", CTRL, b"\0"),
        (b"", "|", CTRL | SHIFT, b"\x1c"),
        (b"\x1b[>4;1m", "~", CTRL | SHIFT, b"\x1e"),
        (b"\x1b[>4;1m", "?", CTRL | SHIFT, b"\x1b[27;6;63~"),
        (b"\x1b[>4;1m", "?", CTRL | SHIFT | ALT, b"\x1b[27;6;63~"),
        (b"\x1b[>4;1m", "9", CTRL, b"\x1b[27;5;57~"),
        (b"\x1b[>4;1m", "8", CTRL, b"\x7f"),
        (b"\x1b[>4;1m", "a", CTRL, b"\x01"),
        (b"\x1b[>4;1m", "Return", SHIFT, b"\x1b[27;2;13~"),
        (b"\x1b[>4;1m", "Tab", CTRL, b"\x1b[27;5;9~"),
        (b"\x1b[>4;1m", "Tab", CTRL | SHIFT, b"\x1b[Z"),
        (b"\x1b[>4;1m", "Backspace", CTRL, b"\x08"),
        (b"\x1b[>4;1m", "Escape", CTRL, b"\x1b"),
        (b"\x1b[>4;2m", "Backspace", CTRL, b"\x08"),
        (b"\x1b[>4;2m\x1b[?67h", "Backspace", CTRL, b"\x7f"),
        (b"\x1b[>4;2m", "Backspace", SHIFT, b"\x1b[27;2;127~"),
        (b"\x1b[>4;2m", "Backspace", CTRL | SHIFT, b"\x1b[27;6;8~"),
        (b"\x1b[>4;2m", "Space", SHIFT, b"\x1b[27;2;32~"),
        (b"\x1b[>4;2m", "Tab", SHIFT, b"\x1b[Z"),
        (b"\x1b[>4;2m", "Escape", ALT, b"\x1b[27;3;27~"),
        (b"\x1b[>1u", "i", CTRL, b"\x1b[105;5u"),
        (b"\x1b[>1u", "Escape", NONE, b"\x1b[27u"),
        (b"\x1b[>1u", "a", NONE, b"a"),
        (b"\x1b[>8u", "a", NONE, b"\x1b[97u"),
        (b"\x1b[>1u", "@", CTRL | SHIFT, b"\x1b[50;6u"),
        (b"\x1b[>1u", "_", CTRL | SHIFT, b"\x1b[45;6u"),
        (b"\x1b[>1u", "?", CTRL | SHIFT, b"\x1b[47;6u"),
        (b"\x1b[>1u", "A", CTRL | SHIFT, b"\x1b[97;6u"),
        (b"\x1b[>1u", "@", CTRL | ALT, b"\x1b[64;7u"),
        (b"\x1b[>8u", "|", SHIFT, b"\x1b[92;2u"),
        (b"", "@", CTRL | SHIFT, b"\0"),
        (b"", "_", CTRL | SHIFT, b"\x1f"),
        (b"", "?", CTRL | SHIFT, b"\x7f"),
        (b"", "Begin", NONE, b"\x1b[E"),
        (b"\x1b[?1h", "Begin", NONE, b"\x1bOE"),
        (b"\x1b[?1h", "Begin", CTRL, b"\x1b[1;5E"),
        (b"\x1b[>1u", "Begin", NONE, b"\x1b[E"),
        (b"\x1b[?2l", "Up", NONE, b"\x1bA"),
        (b"", "Unknown", NONE, b""),
    ],
)
def test_key(setup: bytes, key: str, modifiers: Modifiers, sent: bytes) -> None:
    terminal = Terminal(80, 24)
    terminal.feed(setup)
    assert encode_key(key, modifiers, terminal.modes) == sent


@pytest.mark.parametrize(
    ("setup", "arguments", "sent"),
    [
        (b"", {}, b""),
        (b"\x1b[?1000h", {}, b"\x1b[M" + bytes((32, 37, 36))),
        (b"\x1b[?1000;1006h", {}, b"\x1b[<0;5;4M"),
        (b"\x1b[?1000;1006h", {"release": True}, b"\x1b[<0;5;4m"),
        (b"\x1b[?1000;1006h", {"motion": True}, b""),
        (b"\x1b[?1002;1006h", {"motion": True}, b"\x1b[<32;5;4M"),
        (b"\x1b[?1003;1006h", {"motion": True, "button": MouseButton.NONE}, b"\x1b[<35;5;4M"),
        (b"\x1b[?1000;1006h", {"button": MouseButton.WHEEL_UP}, b"\x1b[<64;5;4M"),
        (b"\x1b[?1000;1006h", {"modifiers": CTRL}, b"\x1b[<16;5;4M"),
        (b"\x1b[?1000;1016h", {"pixel": (99, 9)}, b"\x1b[<0;100;10M"),
        (b"\x1b[?1000h", {"column": 300}, b""),
    ],
)
def test_mouse(setup: bytes, arguments: dict[str, object], sent: bytes) -> None:
    terminal = Terminal(80, 24)
    terminal.feed(setup)
    call = {"button": MouseButton.LEFT, "column": 4, "line": 3, "modes": terminal.modes, **arguments}
    assert encode_mouse(**call) == sent


def test_paste_cannot_leave_its_brackets() -> None:
    terminal = Terminal(80, 24)
    assert encode_paste("a\nb", terminal.modes) == b"a\rb"
    terminal.feed(b"\x1b[?2004h")
    assert encode_paste("x\x1b[201~rm", terminal.modes) == b"\x1b[200~x[201~rm\x1b[201~"


def test_focus_is_reported_when_asked_for() -> None:
    terminal = Terminal(80, 24)
    assert encode_focus(True, terminal.modes) == b""
    terminal.feed(b"\x1b[?1004h")
    assert encode_focus(True, terminal.modes) + encode_focus(False, terminal.modes) == b"\x1b[I\x1b[O"


def test_a_program_that_locks_the_keyboard_does_not_keep_a_person_from_stopping_it() -> None:
    terminal = Terminal(20, 4)
    terminal.feed(b"\x1b[2h\x1b[2$p")
    assert terminal.take_reply() == b"\x1b[2;1$y"
    assert encode_key("c", Modifiers.CTRL, terminal.modes) == b"\x03"
