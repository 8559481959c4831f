"""Rounded corners for Qt's menus. Whoever makes a menu calls this before it is shown; the style sheet draws the rest."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu


def round_corners(menu: QMenu) -> QMenu:
    """Let ``menu`` be drawn with rounded corners, clear outside of them; returns it."""
    menu.setWindowFlags(menu.windowFlags() | Qt.WindowType.FramelessWindowHint | Qt.WindowType.NoDropShadowWindowHint)
    menu.setAttribute(Qt.WidgetAttribute.WA_TranslucentBackground)
    menu.setProperty("rounded", True)
    return menu
