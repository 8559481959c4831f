"""The keyboard of a window: taken from it before it is hidden, and given back to what had it. Called by the window manager alone.

Qt gives the keyboard of what is hidden to whatever comes next in the order of Tab: the Close button of another window, or the answer to a
question. So it is taken away first.
"""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget
from shiboken6 import isValid

from aether_desktop.shell.window_frame import WindowFrame


def has_keyboard(frame: WindowFrame) -> bool:
    """Whether something in the window has it."""
    focus = QApplication.focusWidget()
    return focus is not None and _is_inside(frame, focus)


def take_keyboard(frame: WindowFrame, desktop: QWidget) -> None:
    """Take it from a window that is about to be hidden, closed or made another native one; it remembers what had it.

    ``desktop`` has it meanwhile, nobody where the window is a native one of its own.
    """
    focus = QApplication.focusWidget()
    if focus is not None and _is_inside(frame, focus):
        frame.had_keyboard = focus
        if frame.isWindow():
            focus.clearFocus()
        else:
            desktop.setFocus(Qt.FocusReason.OtherFocusReason)
    elif (inside := frame.focusWidget()) is not None and inside is not frame:
        frame.had_keyboard = inside


def give_keyboard(frame: WindowFrame) -> None:
    """Give it to what had it in the window, else to the first part of its content that takes keys."""
    if has_keyboard(frame):
        return
    had, frame.had_keyboard = frame.had_keyboard, None
    if had is not None and not (isValid(had) and _is_inside(frame, had) and had.isVisibleTo(frame) and had.isEnabled()):
        had = None
    target = had or frame.focusWidget() or _first_stop(frame.content) or frame
    target.setFocus(Qt.FocusReason.ActiveWindowFocusReason)


def _is_inside(frame: WindowFrame, widget: QWidget) -> bool:
    return widget is frame or frame.isAncestorOf(widget)


def _first_stop(content: QWidget | None) -> QWidget | None:
    if content is None:
        return None
    if content.focusProxy() is not None or content.focusPolicy() is not Qt.FocusPolicy.NoFocus:
        return content
    widget = content.nextInFocusChain()
    while widget is not None and widget is not content and content.isAncestorOf(widget):
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.isVisible() and widget.isEnabled():
            return widget
        widget = widget.nextInFocusChain()
    return None
