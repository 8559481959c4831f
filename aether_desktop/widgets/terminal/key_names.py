"""Qt's key events in the words of `kernel.term.keys`."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent

from kernel.term.keys import Modifiers

NAMES: dict[int, str] = {
    Qt.Key.Key_Up: "Up",
    Qt.Key.Key_Down: "Down",
    Qt.Key.Key_Left: "Left",
    Qt.Key.Key_Right: "Right",
    Qt.Key.Key_Home: "Home",
    Qt.Key.Key_End: "End",
    Qt.Key.Key_PageUp: "PageUp",
    Qt.Key.Key_PageDown: "PageDown",
    Qt.Key.Key_Insert: "Insert",
    Qt.Key.Key_Delete: "Delete",
    Qt.Key.Key_Backspace: "Backspace",
    Qt.Key.Key_Tab: "Tab",
    Qt.Key.Key_Backtab: "Tab",
    Qt.Key.Key_Return: "Return",
    Qt.Key.Key_Enter: "Return",
    Qt.Key.Key_Escape: "Escape",
    Qt.Key.Key_Space: "Space",
    **{int(Qt.Key.Key_F1) + number: f"F{number + 1}" for number in range(20)},
}


def name_of(event: QKeyEvent) -> str:
    """The logical key: a name, or the character; "" for a modifier alone."""
    named = NAMES.get(event.key())
    if named is not None:
        return named
    text = event.text()
    if event.modifiers() & Qt.KeyboardModifier.ControlModifier and 0x20 <= event.key() < 0x7F:
        return chr(event.key()).lower()
    return text


def modifiers_of(event: QKeyEvent) -> Modifiers:
    """The modifier keys held."""
    held = Modifiers.NONE
    for qt, ours in (
        (Qt.KeyboardModifier.ShiftModifier, Modifiers.SHIFT),
        (Qt.KeyboardModifier.AltModifier, Modifiers.ALT),
        (Qt.KeyboardModifier.ControlModifier, Modifiers.CTRL),
        (Qt.KeyboardModifier.MetaModifier, Modifiers.META),
    ):
        if event.modifiers() & qt:
            held |= ours
    return held
