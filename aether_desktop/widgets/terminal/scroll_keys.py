"""The keys that scroll a terminal's history: with Shift, or plain in a view that nobody types in. Called by `view`."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent

from kernel.term import Terminal


def scroll_step(event: QKeyEvent, terminal: Terminal, *, interactive: bool) -> int:
    """How many lines a key scrolls, older lines positive, whether there are any or not; 0 when it is no such key."""
    shift = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier == Qt.KeyboardModifier.ShiftModifier
    if not shift and (interactive or event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier):
        return 0
    if terminal.modes.alternate_screen and interactive:
        return 0
    steps = {
        Qt.Key.Key_PageUp: max(1, terminal.lines - 1),
        Qt.Key.Key_PageDown: -max(1, terminal.lines - 1),
        Qt.Key.Key_Home: max(1, len(terminal.history)),
        Qt.Key.Key_End: -max(1, len(terminal.history)),
    }
    if not interactive:
        steps |= {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1}
    return steps.get(Qt.Key(event.key()), 0)
