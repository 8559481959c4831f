"""Where menus come from: all look alike, and none is made elsewhere. The style sheet draws what is said here."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu, QWidget


def new_menu(parent: QWidget, title: str = "") -> QMenu:
    """An empty menu with rounded corners, clear outside of them; ``title`` names it in a menu above or in a menu bar.

    Whoever opens it sees to its end, since a menu of a menu bar stays.
    """
    menu = QMenu(title, parent)
    menu.setWindowFlags(menu.windowFlags() | Qt.WindowType.FramelessWindowHint | Qt.WindowType.NoDropShadowWindowHint)
    menu.setAttribute(Qt.WidgetAttribute.WA_TranslucentBackground)
    menu.setProperty("rounded", True)
    return menu
