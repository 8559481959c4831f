"""Mouse events for programs that asked for them, and the wheel on screens that have no history. Called by `view`."""

from __future__ import annotations

import re

from PySide6.QtCore import Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent

from aether_desktop.widgets.terminal.key_names import held_modifiers
from kernel.term import Terminal
from kernel.term.keys import MouseButton, encode_key, encode_mouse

LINES_A_NOTCH = 3
NOTCH = 120
_BUTTONS = {
    Qt.MouseButton.LeftButton: MouseButton.LEFT,
    Qt.MouseButton.MiddleButton: MouseButton.MIDDLE,
    Qt.MouseButton.RightButton: MouseButton.RIGHT,
}
#: Back and forward, which xterm numbers 8 and 9: only SGR reports know them, as 128 more than the first two.
_SIDE_BUTTONS = {Qt.MouseButton.BackButton: MouseButton.LEFT, Qt.MouseButton.ForwardButton: MouseButton.MIDDLE}
_SIDE = 128
_SGR_REPORT = re.compile(rb"^\x1b\[<(\d+)")


class MouseReports:
    """Translates for one view; remembers the cell of the last report, since programs want one report a cell."""

    def __init__(self) -> None:
        self._last: tuple[int, int] | None = None
        self._wheel = 0
        self._wheel_sideways = 0

    @staticmethod
    def wanted(terminal: Terminal, modifiers: Qt.KeyboardModifier) -> bool:
        """Whether the program gets mouse events; Shift keeps them for the person, as everywhere."""
        return bool(terminal.modes.mouse) and not modifiers & Qt.KeyboardModifier.ShiftModifier

    def press(self, event: QMouseEvent, terminal: Terminal, cell: tuple[int, int], pixel: tuple[int, int], *, release: bool) -> bytes:
        """A button went down or up over a cell (column, line)."""
        self._last = cell
        button = _BUTTONS.get(event.button())
        side = button is None
        button = _SIDE_BUTTONS.get(event.button()) if button is None else button
        if button is None:
            return b""
        held = held_modifiers(event.modifiers())
        report = encode_mouse(button, *cell, held, terminal.modes, release=release, pixel=pixel)
        if not side:
            return report
        return _SGR_REPORT.sub(lambda found: b"\x1b[<%d" % (int(found[1]) + _SIDE), report) if report[:3] == b"\x1b[<" else b""

    def move(self, event: QMouseEvent, terminal: Terminal, cell: tuple[int, int], pixel: tuple[int, int]) -> bytes:
        """The pointer moved, with or without a button."""
        if cell == self._last and not terminal.modes.mouse_pixels:
            return b""
        self._last = cell
        button = next((ours for qt, ours in _BUTTONS.items() if event.buttons() & qt), MouseButton.NONE)
        return encode_mouse(
            button, *cell, held_modifiers(event.modifiers()), terminal.modes, motion=True, pixel=pixel
        )

    def notches(self, event: QWheelEvent) -> int:
        """Whole notches of the wheel since the last one, upwards positive; what is less is kept."""
        self._wheel += event.angleDelta().y()
        notches = int(self._wheel / NOTCH)
        self._wheel -= notches * NOTCH
        return notches

    def wheel(self, event: QWheelEvent, notches: int, terminal: Terminal, cell: tuple[int, int], pixel: tuple[int, int]) -> bytes:
        """The wheel as reports."""
        button = MouseButton.WHEEL_UP if notches > 0 else MouseButton.WHEEL_DOWN
        one = encode_mouse(button, *cell, held_modifiers(event.modifiers()), terminal.modes, pixel=pixel)
        return one * min(abs(notches), 20)

    def sideways(self, event: QWheelEvent, terminal: Terminal, cell: tuple[int, int], pixel: tuple[int, int]) -> bytes:
        """A wheel that was pushed to the left or right as reports."""
        self._wheel_sideways += event.angleDelta().x()
        notches = int(self._wheel_sideways / NOTCH)
        self._wheel_sideways -= notches * NOTCH
        button = MouseButton.WHEEL_LEFT if notches > 0 else MouseButton.WHEEL_RIGHT
        one = encode_mouse(button, *cell, held_modifiers(event.modifiers()), terminal.modes, pixel=pixel)
        return one * min(abs(notches), 20)

    @staticmethod
    def wheel_keys(notches: int, terminal: Terminal) -> bytes:
        """The wheel as cursor keys, for a pager on the alternate screen."""
        key = "Up" if notches > 0 else "Down"
        return encode_key(key, modes=terminal.modes) * min(abs(notches) * LINES_A_NOTCH, 60)
