"""A picture of what lies behind a menu or a popover: on a screen that nobody composes, what is clear in them would be black.

Menus and popovers paint it under their corners and shadows; with a composer it looks the same. Takes no picture of other programs.
"""

from __future__ import annotations

from PySide6.QtCore import QRect
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QMenu, QWidget


def picture_behind(popup: QWidget, area: QRect) -> QPixmap:
    """What the window below shows behind an area of a popup (in its own px); clear where the window does not reach."""
    parent = popup.parentWidget()
    while isinstance(parent, QMenu):
        parent = parent.parentWidget()
    if parent is None:
        return QPixmap()
    window = parent.window()
    return window.grab(QRect(window.mapFromGlobal(popup.mapToGlobal(area.topLeft())), area.size()))
