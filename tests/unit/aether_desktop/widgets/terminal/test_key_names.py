"""Keys of the keyboard reach the program as what they are."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication

from tests.unit.aether_desktop.widgets.terminal.conftest import Rig

NONE, CTRL, SHIFT, KEYPAD = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.KeypadModifier,
)


@pytest.mark.parametrize(
    ("setup", "key", "held", "text", "sent"),
    [
        ("", Qt.Key.Key_Clear, KEYPAD, "", b"\x1b[E"),
        ("\x1b[?1h", Qt.Key.Key_Clear, KEYPAD, "", b"\x1bOE"),
        ("", Qt.Key.Key_Clear, KEYPAD | CTRL, "", b"\x1b[1;5E"),
        ("", Qt.Key.Key_5, KEYPAD, "5", b"5"),
        ("", Qt.Key.Key_At, CTRL | SHIFT, "\0", b"\0"),
        ("\x1b[>1u", Qt.Key.Key_At, CTRL | SHIFT, "\0", b"\x1b[50;6u"),
        ("\x1b[>1u", Qt.Key.Key_Underscore, CTRL | SHIFT, "\x1f", b"\x1b[45;6u"),
        ("\x1b[>1u", Qt.Key.Key_Question, CTRL | SHIFT, "\x7f", b"\x1b[47;6u"),
    ],
)
def test_a_key(rig: Rig, setup: str, key: Qt.Key, held: Qt.KeyboardModifier, text: str, sent: bytes) -> None:
    rig.feed(setup)
    QApplication.sendEvent(rig.view, QKeyEvent(QEvent.Type.KeyPress, key, held, text))
    assert bytes(rig.typed) == sent
