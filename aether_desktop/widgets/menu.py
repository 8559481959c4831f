"""Where menus come from: all look alike, and none is made elsewhere. The style sheet draws what is said here."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPixmap, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QMenu, QWidget

from aether_desktop.widgets.backdrop import picture_behind


class _Menu(QMenu):
    """A menu that knows what lies behind its corners and its border."""

    def __init__(self, title: str, parent: QWidget) -> None:
        super().__init__(title, parent)
        self._behind = QPixmap()

    def showEvent(self, event: QShowEvent) -> None:
        """Look what lies behind."""
        super().showEvent(event)
        self._behind = picture_behind(self, self.rect())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Look again: what it shows became more or less."""
        super().resizeEvent(event)
        if self.isVisible():
            self._behind = picture_behind(self, self.rect())

    def paintEvent(self, event: QPaintEvent) -> None:
        """What lies behind, then the menu."""
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._behind)
        painter.end()
        super().paintEvent(event)


def new_menu(parent: QWidget, title: str = "") -> QMenu:
    """An empty menu with rounded corners, clear outside of them; ``title`` names it in a menu above or in a menu bar.

    Whoever opens it sees to its end, since a menu of a menu bar stays.
    """
    menu = _Menu(title, parent)
    menu.setWindowFlags(menu.windowFlags() | Qt.WindowType.FramelessWindowHint | Qt.WindowType.NoDropShadowWindowHint)
    menu.setAttribute(Qt.WidgetAttribute.WA_TranslucentBackground)
    menu.setProperty("rounded", True)
    return menu
