"""Keys, mouse, paste and focus as bytes for the program, after xterm's conventions. Pure functions.

A widget translates its own key events into a logical key name (``"Up"``, ``"F5"``, ``"Return"``, ...) or the text of a
character key and the modifiers; what is sent depends on the modes of the terminal.
"""

from __future__ import annotations

from enum import IntEnum, IntFlag

from kernel.term.modes import Modes


class Modifiers(IntFlag):
    """Modifier keys; the values are xterm's minus one."""

    NONE = 0
    SHIFT = 1
    ALT = 2
    CTRL = 4
    META = 8


class MouseButton(IntEnum):
    """Buttons as mouse reports number them."""

    LEFT = 0
    MIDDLE = 1
    RIGHT = 2
    NONE = 3
    WHEEL_UP = 64
    WHEEL_DOWN = 65
    WHEEL_LEFT = 66
    WHEEL_RIGHT = 67


_CURSOR = {"Up": "A", "Down": "B", "Right": "C", "Left": "D", "Home": "H", "End": "F", "Begin": "E"}
_SS3_FUNCTION = {"F1": "P", "F2": "Q", "F3": "R", "F4": "S"}
_TILDE = {
    "Insert": 2, "Delete": 3, "PageUp": 5, "PageDown": 6, "F5": 15, "F6": 17, "F7": 18, "F8": 19, "F9": 20, "F10": 21,
    "F11": 23, "F12": 24, "F13": 25, "F14": 26, "F15": 28, "F16": 29, "F17": 31, "F18": 32, "F19": 33, "F20": 34,
}  # fmt: skip
_KEYPAD = {
    "KP_Enter": "M", "KP_Multiply": "j", "KP_Add": "k", "KP_Separator": "l", "KP_Subtract": "m", "KP_Decimal": "n",
    "KP_Divide": "o", "KP_Equal": "X", **{f"KP_{digit}": chr(ord("p") + digit) for digit in range(10)},
}  # fmt: skip
_KEYPAD_TEXT = {
    "KP_Enter": "\r", "KP_Multiply": "*", "KP_Add": "+", "KP_Separator": ",", "KP_Subtract": "-", "KP_Decimal": ".",
    "KP_Divide": "/", "KP_Equal": "=", **{f"KP_{digit}": str(digit) for digit in range(10)},
}  # fmt: skip
#: Keys that a widget names so only while NumLock is on; mode 1035 has them send what is printed on them then.
_KEYPAD_NUMERIC = frozenset({"KP_Decimal", "KP_Separator", *(f"KP_{digit}" for digit in range(10))})
_NAMED_CODES = {"Return": 13, "Tab": 9, "Backspace": 127, "Escape": 27, "Space": 32}
#: Keys whose plain and control forms differ from the character's code minus 64.
_CONTROL = {
    " ": 0, "2": 0, "3": 27, "4": 28, "5": 29, "6": 30, "7": 31, "8": 127, "/": 31, "?": 127, "@": 0,
    "`": 0, "{": 27, "|": 28, "}": 29, "~": 30,
}  # fmt: skip
#: What a key gives without Shift, by what it gives with it, on the layout of the US: others are not known here.
_UNSHIFTED = dict(zip('~!@#$%^&*()_+{}|:"<>?', "`1234567890-=[]\\;',./", strict=True))
_KITTY_DISAMBIGUATE = 1
_KITTY_ALL_KEYS = 8
_KITTY_TEXT = 16
#: What of the kitty keyboard protocol there is; programs see it in the answer to their question.
KITTY_FLAGS = _KITTY_DISAMBIGUATE | _KITTY_ALL_KEYS | _KITTY_TEXT


def encode_key(key: str, modifiers: Modifiers = Modifiers.NONE, modes: Modes | None = None, *, text: str = "") -> bytes:
    """Return the bytes of a key press; empty when the key sends nothing.

    ``key`` is a name of this module or one character as the keyboard's level without control gives it; ``text`` is
    what the input method made of it, sent as it is when no Ctrl or Alt is held. KAM, by which a program may lock the keyboard, is
    a mode that can be asked for and nothing else: text that anybody printed must not take away the way to stop a program.
    """
    modes = modes or Modes()
    if modes.vt52 and key in ("Up", "Down", "Right", "Left"):
        return ("\x1b" + _CURSOR[key]).encode()
    if modes.kitty_flags & (_KITTY_DISAMBIGUATE | _KITTY_ALL_KEYS):
        encoded = _kitty(key, modifiers, modes.kitty_flags, text)
        if encoded is not None:
            return encoded.encode()
    code = 1 + modifiers
    if key in _CURSOR:
        if code > 1:
            return f"\x1b[1;{code}{_CURSOR[key]}".encode()
        return ("\x1bO" if modes.application_cursor else "\x1b[").encode() + _CURSOR[key].encode()
    if key in _SS3_FUNCTION:
        return f"\x1b[1;{code}{_SS3_FUNCTION[key]}".encode() if code > 1 else b"\x1bO" + _SS3_FUNCTION[key].encode()
    if key in _TILDE:
        return f"\x1b[{_TILDE[key]};{code}~".encode() if code > 1 else f"\x1b[{_TILDE[key]}~".encode()
    if key in _KEYPAD:
        if modes.application_keypad and not modifiers and not (modes.private[1035] and key in _KEYPAD_NUMERIC):
            return b"\x1bO" + _KEYPAD[key].encode()
        key = text = _KEYPAD_TEXT[key]
        if key == "\r":
            key, text = "Return", ""
    if key in _NAMED_CODES:
        return _named(key, modifiers, modes)
    return _character(key, modifiers, modes, text)


def _named(key: str, modifiers: Modifiers, modes: Modes) -> bytes:
    """Return, Tab, Backspace, Escape and Space."""
    swap = bool(modifiers & Modifiers.CTRL) != modes.backspace_sends_bs
    if _is_extended(key, modifiers, modes.modify_other_keys):
        code = 8 if key == "Backspace" and swap else _NAMED_CODES[key]
        return f"\x1b[27;{1 + modifiers};{code}~".encode()
    prefix = "\x1b" if modifiers & Modifiers.ALT else ""
    if key == "Return":
        return (prefix + ("\r\n" if modes.newline else "\r")).encode()
    if key == "Tab":
        return (prefix + ("\x1b[Z" if modifiers & Modifiers.SHIFT else "\t")).encode()
    if key == "Backspace":
        return (prefix + ("\x08" if swap else "\x7f")).encode()
    if key == "Space":
        return (prefix + ("\0" if modifiers & Modifiers.CTRL else " ")).encode()
    return (prefix + "\x1b").encode()


def _is_extended(key: str, modifiers: Modifiers, other: int) -> bool:
    """Whether modifyOtherKeys at the level ``other`` makes a sequence of a named key: at 1 only where its modifiers would be lost."""
    if other == 1:
        return bool(modifiers & ~Modifiers.ALT) if key == "Return" else key == "Tab" and modifiers == Modifiers.CTRL
    plain = {"Tab": Modifiers.SHIFT, "Backspace": Modifiers.CTRL}.get(key, Modifiers.NONE)
    return other == 2 and modifiers not in (Modifiers.NONE, plain)


def _character(key: str, modifiers: Modifiers, modes: Modes, text: str) -> bytes:
    """A key that types a character."""
    if len(key) != 1:
        return text.encode("utf-8", "replace")
    held = modifiers & ~Modifiers.SHIFT
    if not held:
        return (text or key).encode("utf-8", "replace")
    if modes.modify_other_keys == 2:
        return f"\x1b[27;{1 + modifiers};{ord(key)}~".encode()
    if modes.modify_other_keys == 1 and held & Modifiers.CTRL and (key == "?" or not _control(key)):
        return f"\x1b[27;{1 + (modifiers & ~Modifiers.ALT)};{ord(key)}~".encode()
    result = (_control(key) if modifiers & Modifiers.CTRL else "") or text or key
    prefix = "\x1b" if modifiers & (Modifiers.ALT | Modifiers.META) else ""
    return (prefix + result).encode("utf-8", "replace")


def _control(key: str) -> str:
    """The control character that Ctrl makes of ``key``, or nothing."""
    if key in _CONTROL:
        return chr(_CONTROL[key])
    code = ord(key.upper()[:1])
    return chr(code - 64) if 64 <= code <= 95 else ""


def _kitty(key: str, modifiers: Modifiers, flags: int, text: str) -> str | None:
    """The key in the kitty keyboard protocol; None where the legacy form stays."""
    code = 1 + modifiers
    suffix = f";{code}" if code > 1 else ""
    if key in _NAMED_CODES:
        if key == "Escape" or modifiers & ~Modifiers.SHIFT or flags & _KITTY_ALL_KEYS or (modifiers and key != "Space"):
            return f"\x1b[{_NAMED_CODES[key]}{suffix}u"
        return None
    if key in _CURSOR or key in _SS3_FUNCTION:
        if key == "F3":
            return f"\x1b[13{suffix}~"
        final = _CURSOR.get(key) or _SS3_FUNCTION[key]
        return f"\x1b[1;{code}{final}" if code > 1 else f"\x1b[{final}" if key in _CURSOR else None
    if len(key) == 1 and (modifiers & ~Modifiers.SHIFT or flags & _KITTY_ALL_KEYS):
        typed = ""
        if flags & _KITTY_TEXT and flags & _KITTY_ALL_KEYS and text and text.isprintable():
            typed = ";" + ":".join(str(ord(char)) for char in text)
            suffix = suffix or ";"
        plain = _UNSHIFTED.get(key, key.lower()) if modifiers & Modifiers.SHIFT else key.lower()
        return f"\x1b[{ord(plain)}{suffix}{typed}u"
    return None


def encode_mouse(
    button: MouseButton,
    column: int,
    line: int,
    modifiers: Modifiers = Modifiers.NONE,
    modes: Modes | None = None,
    *,
    release: bool = False,
    motion: bool = False,
    pixel: tuple[int, int] | None = None,
) -> bytes:
    """Return the report of a mouse event at a 0-based cell; empty when the program did not ask for it.

    ``motion`` marks a move (``button`` is the one held, or ``NONE``); ``pixel`` is the 0-based position inside the
    widget, used in mode 1016.
    """
    modes = modes or Modes()
    mode = modes.mouse
    if not mode or (motion and not (mode == 1003 or (mode == 1002 and button != MouseButton.NONE))):
        return b""
    wheel = button >= MouseButton.WHEEL_UP
    if mode == 9 and (release or wheel):
        return b""
    if release and wheel:
        return b""
    code = int(button)
    if mode != 9:
        code += 4 * bool(modifiers & Modifiers.SHIFT) + 8 * bool(modifiers & (Modifiers.ALT | Modifiers.META))
        code += 16 * bool(modifiers & Modifiers.CTRL)
    if motion:
        code += 32
    x, y = max(0, column) + 1, max(0, line) + 1
    if modes.mouse_pixels and pixel is not None:
        return f"\x1b[<{code};{max(0, pixel[0]) + 1};{max(0, pixel[1]) + 1}{'m' if release else 'M'}".encode()
    if modes.mouse_sgr or modes.mouse_pixels:
        return f"\x1b[<{code};{x};{y}{'m' if release else 'M'}".encode()
    if release:
        code = code & ~3 | 3
    if modes.private[1015]:
        return f"\x1b[{code + 32};{x};{y}M".encode()
    if modes.private[1005]:
        return b"\x1b[M" + "".join(map(chr, (code + 32, min(x, 2015) + 32, min(y, 2015) + 32))).encode()
    if x > 223 or y > 223:
        return b""
    return b"\x1b[M" + bytes((code + 32, x + 32, y + 32))


def encode_paste(text: str, modes: Modes | None = None) -> bytes:
    """Return pasted ``text``: line ends become CR; in bracketed mode it cannot end the bracket by itself."""
    modes = modes or Modes()
    text = text.replace("\r\n", "\r").replace("\n", "\r")
    text = "".join(char for char in text if char >= " " or char in "\t\r")
    text = text.replace("\x7f", "").translate(dict.fromkeys(range(128, 160)))
    data = text.encode("utf-8", "replace")
    return b"\x1b[200~" + data + b"\x1b[201~" if modes.bracketed_paste else data


def encode_focus(focused: bool, modes: Modes | None = None) -> bytes:
    """Return the report that the terminal gained or lost the focus; empty when nobody asked."""
    if modes is None or not modes.focus_reporting:
        return b""
    return b"\x1b[I" if focused else b"\x1b[O"
