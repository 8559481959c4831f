"""Where the native window was the last time, and where it goes now. Pure but for reading a window's geometry.

Called by ``MainWindow``, which remembers the place with its layout.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QWidget

from aether_desktop.shell.geometry import on_a_screen
from aether_desktop.shell.layout import NativePlace

FIRST_SIZE = QSize(1440, 900)
_SCREEN_FRACTION = 0.92


def place_of(window: QWidget) -> NativePlace:
    """Where ``window`` is while it is neither maximised nor filling the screen, and whether it is maximised."""
    filling = bool(window.windowState() & (Qt.WindowState.WindowMaximized | Qt.WindowState.WindowFullScreen))
    normal = window.normalGeometry() if filling else window.geometry()
    rect = normal if normal.isValid() else window.geometry()
    return NativePlace(rect.x(), rect.y(), rect.width(), rect.height(), filling)


def remembered_place(place: NativePlace, screens: Sequence[QRect]) -> QRect:
    """Where a window goes that was at ``place``: there, moved and made smaller so far that it lies on one of ``screens``."""
    return on_a_screen(QRect(place.x, place.y, place.width, place.height), screens)


def first_place(available: QRect) -> tuple[QRect, bool]:
    """Where the window goes at the very first start on a screen with ``available``, and whether it is maximised there."""
    if available.width() <= FIRST_SIZE.width() or available.height() <= FIRST_SIZE.height():
        return QRect(available), True
    width = min(FIRST_SIZE.width(), int(available.width() * _SCREEN_FRACTION))
    height = min(FIRST_SIZE.height(), int(available.height() * _SCREEN_FRACTION))
    corner = QPoint(available.x() + (available.width() - width) // 2, available.y() + (available.height() - height) // 2)
    return QRect(corner, QSize(width, height)), False


def put(window: QWidget, place: NativePlace | None, screens: Sequence[QRect], primary: QRect | None) -> None:
    """Give ``window`` its place before it is shown. ``screens`` are the usable areas of all screens, ``primary`` that of the first."""
    if primary is None or not screens:
        window.resize(FIRST_SIZE)
        return
    rect, maximised = (remembered_place(place, screens), place.maximised) if place is not None else first_place(primary)
    window.setGeometry(rect)
    if maximised:
        # A window manager adds a frame: maximised, it takes that off; without one the size alone does.
        window.setWindowState(Qt.WindowState.WindowMaximized)
