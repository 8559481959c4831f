"""The keyboard of a window: taken from it before it is hidden, and given back to what had it. Called by the window manager alone.

Qt gives the keyboard of what is hidden to whatever comes next in the order of Tab: the Close button of another window, or the answer to a
question. So it is taken away first. And a click on what takes no keys would give it to what lies behind: so the frame takes it and hands
it back.
"""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget
from shiboken6 import isValid

from aether_desktop.shell.window_frame import WindowFrame


def has_keyboard(frame: WindowFrame) -> bool:
    """Whether something in the window has it, other than its frame."""
    focus = QApplication.focusWidget()
    return focus is not None and _is_inside(frame, focus)


def frame_of(widget: QWidget | None) -> WindowFrame | None:
    """The window that a widget is in, or is."""
    while widget is not None and not isinstance(widget, WindowFrame):
        widget = widget.parentWidget()
    return widget


def note_keyboard(old: QWidget | None, new: QWidget | None) -> None:
    """The keyboard went from one widget to another: remember what a window had it in, and hand back what came to a bare frame."""
    left = frame_of(old) if old is not None and isValid(old) else None
    if left is not None and old is not left and (new is left or frame_of(new) is not left):
        left.had_keyboard = old
    if isinstance(new, WindowFrame):
        give_keyboard(new)


def take_keyboard(frame: WindowFrame, desktop: QWidget) -> None:
    """Take it from a window that is about to be hidden, closed or made another native one; it remembers what had it.

    ``desktop`` has it meanwhile, nobody where the window is a native one of its own.
    """
    focus = QApplication.focusWidget()
    if focus is None or frame_of(focus) is not frame:
        return
    if frame.isWindow():
        focus.clearFocus()
    else:
        desktop.setFocus(Qt.FocusReason.OtherFocusReason)


def give_keyboard(frame: WindowFrame) -> None:
    """Give it to what had it in the window, else to the first part of its content that takes keys."""
    if has_keyboard(frame):
        return
    for had in (frame.had_keyboard, frame.focusWidget()):
        if had is not None and isValid(had) and _is_inside(frame, had) and had.isVisibleTo(frame) and had.isEnabled():
            had.setFocus(Qt.FocusReason.ActiveWindowFocusReason)
            return
    (_first_stop(frame.content) or frame).setFocus(Qt.FocusReason.ActiveWindowFocusReason)


def _is_inside(frame: WindowFrame, widget: QWidget) -> bool:
    return widget is not frame and frame.isAncestorOf(widget)


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
