"""Who is at the keys of a window: whether some were pressed just now, and when the keyboard comes in from elsewhere.

A question must not take the keyboard in the middle of something. Watches whatever has the keyboard inside one widget; made by the
agent's window for itself and its panel that asks.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtWidgets import QApplication, QWidget
from shiboken6 import isValid

REST_S = 1.5
_KEYS = (QEvent.Type.KeyPress, QEvent.Type.ShortcutOverride)


class RecentKeys(QObject):
    """Knows when a key was last pressed inside `inside`. clock: seconds that only rise."""

    came_in = Signal(QWidget)
    """The keyboard came to this widget inside from another part of the desktop (not back from another program)."""

    def __init__(self, inside: QWidget, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(inside)
        self._inside = inside
        self._clock = clock
        self._watched: QWidget | None = None
        self._pressed_at = float("-inf")
        self._was_inside = False
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.focusChanged.connect(self._on_focus)
            self._on_focus(None, application.focusWidget())

    @property
    def at_rest(self) -> bool:
        """Whether no key was pressed for `REST_S` seconds."""
        return self._clock() - self._pressed_at >= REST_S

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """See QObject. Keeps nothing from anybody."""
        if event.type() in _KEYS:
            self._pressed_at = self._clock()
        return super().eventFilter(watched, event)

    def _on_focus(self, _old: QWidget | None, new: QWidget | None) -> None:
        if self._watched is not None and isValid(self._watched):
            self._watched.removeEventFilter(self)
        inside = new is not None and (new is self._inside or self._inside.isAncestorOf(new))
        self._watched = new if inside else None
        if self._watched is not None:
            self._watched.installEventFilter(self)
        came_in = inside and not self._was_inside
        if new is not None:
            self._was_inside = inside
        if came_in:
            self.came_in.emit(new)
