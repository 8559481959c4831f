"""Where menus come from: all look alike, and none is made elsewhere. The style sheet draws what is said here."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPixmap, QShowEvent
from PySide6.QtWidgets import QMenu, QWidget

from aether_desktop.theme.tokens import RADIUS
from aether_desktop.widgets.backdrop import picture_behind


class _Menu(QMenu):
    """A menu that knows what lies behind its corners."""

    def __init__(self, title: str, parent: QWidget) -> None:
        super().__init__(title, parent)
        self._behind: list[tuple[QPoint, QPixmap]] = []

    def showEvent(self, event: QShowEvent) -> None:
        """Look what lies behind the corners."""
        super().showEvent(event)
        side = RADIUS.medium
        right, bottom = self.width() - side, self.height() - side
        corners = [QPoint(x, y) for x in (0, right) for y in (0, bottom)]
        self._behind = [(corner, picture_behind(self, QRect(corner, QSize(side, side)))) for corner in corners]

    def paintEvent(self, event: QPaintEvent) -> None:
        """What lies behind the corners, then the menu."""
        painter = QPainter(self)
        for corner, picture in self._behind:
            painter.drawPixmap(corner, picture)
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
