"""Qt's key events as X keysyms."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent

from aether_desktop.widgets.vnc.keysyms import keysym_of, keysym_of_character

NOTHING = Qt.KeyboardModifier.NoModifier
SHIFT, CONTROL, ALT, KEYPAD = (
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.AltModifier,
    Qt.KeyboardModifier.KeypadModifier,
)


def _key(key: int, text: str = "", held: Qt.KeyboardModifier = NOTHING) -> int:
    return keysym_of(QKeyEvent(QEvent.Type.KeyPress, key, held, text))


@pytest.mark.feature("VN03")
@pytest.mark.parametrize(
    ("key", "text", "held", "keysym"),
    [
        (Qt.Key.Key_A, "a", NOTHING, 0x61),
        (Qt.Key.Key_A, "A", SHIFT, 0x41),
        (Qt.Key.Key_2, "@", NOTHING, 0x40),
        (Qt.Key.Key_Space, " ", NOTHING, 0x20),
        (Qt.Key.Key_Adiaeresis, "ä", NOTHING, 0xE4),
        (Qt.Key.Key_E, "€", NOTHING, 0x0100_20AC),
        (0x0416, "ж", NOTHING, 0x0100_0436),
        (0, "🚀", NOTHING, 0x0101_F680),
        (Qt.Key.Key_C, "\x03", CONTROL, 0x63),
        (Qt.Key.Key_C, "\x03", CONTROL | SHIFT, 0x43),
        (Qt.Key.Key_I, "\t", CONTROL, 0x69),
        (Qt.Key.Key_J, "\n", CONTROL, 0x6A),
        (Qt.Key.Key_M, "\r", CONTROL, 0x6D),
        (Qt.Key.Key_BracketLeft, "\x1b", CONTROL, 0x5B),
        (Qt.Key.Key_F, "", ALT, 0x66),
        (Qt.Key.Key_Backspace, "\x08", NOTHING, 0xFF08),
        (Qt.Key.Key_Return, "\r", NOTHING, 0xFF0D),
        (Qt.Key.Key_Escape, "\x1b", NOTHING, 0xFF1B),
        (Qt.Key.Key_Delete, "\x7f", NOTHING, 0xFFFF),
        (Qt.Key.Key_Tab, "\t", NOTHING, 0xFF09),
        (Qt.Key.Key_Backtab, "", SHIFT, 0xFF09),
        (Qt.Key.Key_PageDown, "", NOTHING, 0xFF56),
        (Qt.Key.Key_F1, "", NOTHING, 0xFFBE),
        (Qt.Key.Key_F12, "", CONTROL, 0xFFC9),
        (Qt.Key.Key_F35, "", NOTHING, 0xFFE0),
        (Qt.Key.Key_Shift, "", SHIFT, 0xFFE1),
        (Qt.Key.Key_Control, "", CONTROL, 0xFFE3),
        (Qt.Key.Key_Alt, "", ALT, 0xFFE9),
        (Qt.Key.Key_Super_L, "", NOTHING, 0xFFEB),
        (Qt.Key.Key_Menu, "", NOTHING, 0xFF67),
    ],
)
def test_a_key_is_what_x_calls_it(key: int, text: str, held: Qt.KeyboardModifier, keysym: int) -> None:
    assert _key(key, text, held) == keysym


@pytest.mark.parametrize(
    ("key", "text", "keysym"),
    [
        (Qt.Key.Key_0, "0", 0xFFB0),
        (Qt.Key.Key_9, "9", 0xFFB9),
        (Qt.Key.Key_Enter, "\r", 0xFF8D),
        (Qt.Key.Key_Plus, "+", 0xFFAB),
        (Qt.Key.Key_Period, ".", 0xFFAE),
        (Qt.Key.Key_Comma, ",", 0xFFAC),
        (Qt.Key.Key_Home, "", 0xFF95),
        (Qt.Key.Key_Clear, "", 0xFF9D),
        (Qt.Key.Key_Delete, "\x7f", 0xFF9F),
    ],
)
def test_the_keypad_is_told_from_the_other_keys(key: int, text: str, keysym: int) -> None:
    assert _key(key, text, KEYPAD) == keysym


@pytest.mark.parametrize(
    "key", [Qt.Key.Key_CapsLock, Qt.Key.Key_NumLock, Qt.Key.Key_AltGr, Qt.Key.Key_Dead_Acute, Qt.Key.Key_VolumeUp, Qt.Key.Key_unknown, 0]
)
def test_keys_that_type_nothing_by_themselves_are_not_sent(key: int) -> None:
    assert _key(key) == 0


@pytest.mark.parametrize(
    ("character", "keysym"),
    [("a", 0x61), ("~", 0x7E), ("\xa0", 0xA0), ("ÿ", 0xFF), ("Ā", 0x0100_0100), ("\n", 0xFF0D), ("\t", 0xFF09)]
    + [(character, 0) for character in ("\x00", "\x1b", "\x7f", "\x80", "\x9f", "\ud800", "\udfff")],
)
def test_a_character_has_the_keysym_that_types_it(character: str, keysym: int) -> None:
    assert keysym_of_character(character) == keysym
