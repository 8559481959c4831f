"""The surface under the windows: wallpaper and context menu. It is the layer that the window manager puts windows on.

Owns the wallpaper's picture, which is painted once per size, theme and choice. ``MainWindow`` makes it.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QRect, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QWidget

from aether_desktop.shell.wallpaper import DEFAULT_WALLPAPER, paint_wallpaper, wallpaper_named
from aether_desktop.theme.current import tokens_of


class Desktop(QWidget):
    """The opaque background with the windows on it."""

    menu_requested = Signal(QPoint)
    """The context menu was asked for; with the global position."""
    pressed = Signal()
    """The empty desktop was clicked."""
    wallpaper_changed = Signal(str)
    """Another wallpaper was chosen; with its name."""

    def __init__(self, parent: QWidget, wallpaper: str = DEFAULT_WALLPAPER) -> None:
        super().__init__(parent)
        self._wallpaper = wallpaper_named(wallpaper)
        self._picture = QPixmap()
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setAccessibleName("Desktop")

    @property
    def wallpaper(self) -> str:
        """The name of the wallpaper."""
        return self._wallpaper.name

    def set_wallpaper(self, name: str) -> None:
        """Show another wallpaper; an unknown name shows the default one."""
        chosen = wallpaper_named(name)
        if chosen != self._wallpaper:
            self._wallpaper = chosen
            self._picture = QPixmap()
            self.update()
            self.wallpaper_changed.emit(chosen.name)

    def picture(self) -> QPixmap:
        """Return the wallpaper as painted for the present size, for surfaces that show a piece of it."""
        ratio = self.devicePixelRatioF()
        wanted = self.size() * ratio
        if self._picture.size() != wanted and not self.size().isEmpty():
            self._picture = paint_wallpaper(self._wallpaper, self.size(), tokens_of(self), ratio)
        return self._picture

    def paint_piece(self, painter: QPainter, area: QRect, target: QPoint) -> None:
        """Paint the part of the wallpaper at ``area`` (own coordinates) to ``target`` of another surface."""
        picture = self.picture()
        ratio = picture.devicePixelRatio()
        source = QRect(
            round(area.x() * ratio), round(area.y() * ratio), round(area.width() * ratio), round(area.height() * ratio)
        )
        painter.drawPixmap(QRect(target, area.size()), picture, source)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the damaged part of the wallpaper."""
        area = event.rect()
        self.paint_piece(QPainter(self), area, area.topLeft())

    def changeEvent(self, event: QEvent) -> None:
        """Paint anew for another theme."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange:
            self._picture = QPixmap()
            self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Say that the empty desktop was clicked."""
        if event.button() is Qt.MouseButton.LeftButton:
            self.pressed.emit()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Ask for the context menu."""
        self.menu_requested.emit(event.globalPos())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The menu key asks for the context menu as well."""
        if event.key() == Qt.Key.Key_Menu:
            self.menu_requested.emit(self.mapToGlobal(self.rect().center()))
            return
        super().keyPressEvent(event)
