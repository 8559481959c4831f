"""Qt's key events as X keysyms, which the RFB protocol speaks (RFC 6143, 7.5.4; the numbers are those of X11's keysymdef.h). Pure."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent

UNICODE = 0x0100_0000
#: Keysyms of the letters of ISO 8859-1 are their code points.
LATIN = (*range(0x20, 0x7F), *range(0xA0, 0x100))
FIRST_F_KEY, LAST_F_KEY = int(Qt.Key.Key_F1), int(Qt.Key.Key_F35)
F1 = 0xFFBE
DIGIT_0, KEYPAD_0 = int(Qt.Key.Key_0), 0xFFB0

NAMED: dict[int, int] = {
    Qt.Key.Key_Backspace: 0xFF08,
    Qt.Key.Key_Tab: 0xFF09,
    Qt.Key.Key_Backtab: 0xFF09,
    Qt.Key.Key_Return: 0xFF0D,
    Qt.Key.Key_Enter: 0xFF8D,
    Qt.Key.Key_Pause: 0xFF13,
    Qt.Key.Key_ScrollLock: 0xFF14,
    Qt.Key.Key_SysReq: 0xFF15,
    Qt.Key.Key_Escape: 0xFF1B,
    Qt.Key.Key_Delete: 0xFFFF,
    Qt.Key.Key_Home: 0xFF50,
    Qt.Key.Key_Left: 0xFF51,
    Qt.Key.Key_Up: 0xFF52,
    Qt.Key.Key_Right: 0xFF53,
    Qt.Key.Key_Down: 0xFF54,
    Qt.Key.Key_PageUp: 0xFF55,
    Qt.Key.Key_PageDown: 0xFF56,
    Qt.Key.Key_End: 0xFF57,
    Qt.Key.Key_Print: 0xFF61,
    Qt.Key.Key_Insert: 0xFF63,
    Qt.Key.Key_Menu: 0xFF67,
    Qt.Key.Key_Shift: 0xFFE1,
    Qt.Key.Key_Control: 0xFFE3,
    Qt.Key.Key_Alt: 0xFFE9,
    Qt.Key.Key_Meta: 0xFFEB,
    Qt.Key.Key_Super_L: 0xFFEB,
    Qt.Key.Key_Super_R: 0xFFEC,
}
#: What they do shows in the text of other keys already; locked over there as well, a lock would outlast the person's own.
SILENT = frozenset((Qt.Key.Key_CapsLock, Qt.Key.Key_NumLock, Qt.Key.Key_AltGr, Qt.Key.Key_Mode_switch, Qt.Key.Key_Multi_key))
SURROGATES = range(0xD800, 0xE000)
KEYPAD: dict[int, int] = {
    Qt.Key.Key_Asterisk: 0xFFAA,
    Qt.Key.Key_Plus: 0xFFAB,
    Qt.Key.Key_Comma: 0xFFAC,
    Qt.Key.Key_Minus: 0xFFAD,
    Qt.Key.Key_Period: 0xFFAE,
    Qt.Key.Key_Slash: 0xFFAF,
    Qt.Key.Key_Home: 0xFF95,
    Qt.Key.Key_Left: 0xFF96,
    Qt.Key.Key_Up: 0xFF97,
    Qt.Key.Key_Right: 0xFF98,
    Qt.Key.Key_Down: 0xFF99,
    Qt.Key.Key_PageUp: 0xFF9A,
    Qt.Key.Key_PageDown: 0xFF9B,
    Qt.Key.Key_End: 0xFF9C,
    Qt.Key.Key_Clear: 0xFF9D,
    Qt.Key.Key_Insert: 0xFF9E,
    Qt.Key.Key_Delete: 0xFF9F,
}
WRITTEN_BY_KEYS = {"\n": NAMED[Qt.Key.Key_Return], "\t": NAMED[Qt.Key.Key_Tab]}
"""What an input method writes with the keys of those names."""


def keysym_of_character(character: str) -> int:
    """The keysym that types one character; 0 for one that no key types, such as a control character."""
    if character in WRITTEN_BY_KEYS:
        return WRITTEN_BY_KEYS[character]
    code = ord(character)
    if code in LATIN:
        return code
    return UNICODE + code if code >= 0x100 and code not in SURROGATES else 0


def keysym_of(event: QKeyEvent) -> int:
    """The keysym of a key; 0 where it has none. A letter under Ctrl or Alt is that letter, lower case without Shift."""
    key, held = event.key(), event.modifiers()
    if key in SILENT:
        return 0
    if held & Qt.KeyboardModifier.KeypadModifier:
        if key in KEYPAD:
            return KEYPAD[key]
        if DIGIT_0 <= key <= DIGIT_0 + 9:
            return KEYPAD_0 + key - DIGIT_0
    if key in NAMED:
        return NAMED[key]
    if FIRST_F_KEY <= key <= LAST_F_KEY:
        return F1 + key - FIRST_F_KEY
    text = event.text()
    if len(text) == 1 and text not in WRITTEN_BY_KEYS and keysym_of_character(text):
        return keysym_of_character(text)
    if 0x20 <= key < 0x7F or 0xA0 <= key < 0x100:
        character = chr(key)
        return ord(character if held & Qt.KeyboardModifier.ShiftModifier else character.lower())
    return 0
