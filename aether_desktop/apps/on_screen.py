"""Whether a person can see a widget, for work that is done only while somebody looks. Pure but for asking Qt."""

from __future__ import annotations

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QWidget
from shiboken6 import isValid

_POINTS = (0.06, 0.5, 0.94)
"""Where it is looked for, as parts of its width and height: what shows at none of these places is taken for covered."""


def on_screen(widget: QWidget) -> bool:
    """Whether any of nine points of `widget` shows: it is not hidden, minimised, scrolled away or covered by another window."""
    if not isValid(widget) or not widget.isVisible():
        return False
    window = widget.window()
    handle = window.windowHandle()
    if window.isMinimized() or (handle is not None and not handle.isExposed()):
        return False
    places = (QPoint(int(widget.width() * x), int(widget.height() * y)) for x in _POINTS for y in _POINTS)
    return any(_shows(widget, window, widget.mapTo(window, place)) for place in places)


def _shows(widget: QWidget, window: QWidget, place: QPoint) -> bool:
    found = window.childAt(place) or window
    return window.rect().contains(place) and (found is widget or widget.isAncestorOf(found))
