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


KEYPAD: dict[int, str] = {
    Qt.Key.Key_Enter: "KP_Enter",
    Qt.Key.Key_Asterisk: "KP_Multiply",
    Qt.Key.Key_Plus: "KP_Add",
    Qt.Key.Key_Comma: "KP_Separator",
    Qt.Key.Key_Minus: "KP_Subtract",
    Qt.Key.Key_Period: "KP_Decimal",
    Qt.Key.Key_Slash: "KP_Divide",
    Qt.Key.Key_Equal: "KP_Equal",
    **{int(Qt.Key.Key_0) + digit: f"KP_{digit}" for digit in range(10)},
    # The 5 without NumLock.
    Qt.Key.Key_Clear: "Begin",
}
_MODIFIER_KEYS = frozenset(
    (
        Qt.Key.Key_Shift, Qt.Key.Key_Control, Qt.Key.Key_Alt, Qt.Key.Key_Meta, Qt.Key.Key_AltGr, Qt.Key.Key_CapsLock,
        Qt.Key.Key_NumLock, Qt.Key.Key_ScrollLock, Qt.Key.Key_Super_L, Qt.Key.Key_Super_R,
    )
)  # fmt: skip


def name_of(event: QKeyEvent) -> str:
    """The logical key: a name, or the character; "" for a modifier alone."""
    if event.key() in _MODIFIER_KEYS:
        return ""
    if event.modifiers() & Qt.KeyboardModifier.KeypadModifier and event.key() in KEYPAD:
        return KEYPAD[event.key()]
    named = NAMES.get(event.key())
    if named is not None:
        return named
    text = event.text()
    held = event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier)
    if held and 0x20 <= event.key() < 0x7F and not (text.isprintable() and len(text) == 1):
        character = chr(event.key())
        return character if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else character.lower()
    return text


def held_modifiers(held: Qt.KeyboardModifier) -> Modifiers:
    """The modifier keys in the terminal's words."""
    result = Modifiers.NONE
    for qt, ours in (
        (Qt.KeyboardModifier.ShiftModifier, Modifiers.SHIFT),
        (Qt.KeyboardModifier.AltModifier, Modifiers.ALT),
        (Qt.KeyboardModifier.ControlModifier, Modifiers.CTRL),
        (Qt.KeyboardModifier.MetaModifier, Modifiers.META),
    ):
        if held & qt:
            result |= ours
    return result


def is_of_desktop(event: QKeyEvent) -> bool:
    """Whether a key is the desktop's where it has a use for it, and else the program's: Ctrl with Shift, Alt or Tab, and any with Meta."""
    held = event.modifiers()
    control, alt, shift = (
        bool(held & one)
        for one in (Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ShiftModifier)
    )
    tab = event.key() in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab)
    return bool(held & Qt.KeyboardModifier.MetaModifier) or (control and (shift or alt or tab))
