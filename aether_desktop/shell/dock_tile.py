"""One app in the dock: its tile, its running dot and its badge. Placed and scaled by ``Dock``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QContextMenuEvent, QKeyEvent, QLinearGradient, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QToolTip, QWidget

from aether_desktop.theme.current import tokens_of
from aether_desktop.theme.icons import paint_icon
from aether_desktop.widgets.badge import badge_width, paint_badge
from aether_desktop.widgets.button import PaintedButton
from aether_desktop.widgets.focus_ring import paint_focus_ring

_PICTURE_PX = 64
_DOT_PX = 4
_BADGE_HEIGHT_PX = 17
_TILE_INK = "#ffffff"
# Qt puts a tooltip 16 px below the point it is given.
_TOOLTIP_RISE_PX = 48


@dataclass(frozen=True, slots=True)
class DockItem:
    """What a tile shows; ``windows`` counts the app's open windows."""

    app_id: str
    title: str
    icon: str
    colour: str
    windows: int = 0
    badge: str = ""


class DockTile(PaintedButton):
    """A tile. Its geometry includes the margin for dot and badge."""

    menu_requested = Signal(str, QPoint)
    """The tile's menu was asked for: the app's id and the global position."""
    stepped = Signal(int)
    """An arrow key asks for the tile to the left (-1) or right (1)."""

    def __init__(self, item: DockItem, parent: QWidget) -> None:
        super().__init__(parent)
        self._item = item
        self._tile = QRectF()
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.set_item(item)

    @property
    def item(self) -> DockItem:
        """What it shows."""
        return self._item

    def set_item(self, item: DockItem) -> None:
        """Show another state of the same app."""
        changed = item != self._item
        self._item = item
        states = [item.title]
        if item.windows:
            states.append("open" if item.windows == 1 else f"{item.windows} windows open")
        if item.badge:
            states.append(f"{item.badge} waiting")
        self.setAccessibleName(", ".join(states))
        self.setToolTip(item.title)
        if changed:
            self.update()

    def set_tile_rect(self, tile: QRectF, margin: float) -> None:
        """Place the tile at ``tile`` (the dock's coordinates) with ``margin`` px around it for dot and badge."""
        area = tile.adjusted(-margin, -margin, margin, margin).toAlignedRect()
        self._tile = tile.translated(-area.x(), -area.y())
        self.setGeometry(area)
        self.update()

    def hitButton(self, position: object) -> bool:
        """The whole widget presses."""
        return True

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The arrow keys go from tile to tile."""
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
        else:
            self.stepped.emit(step)

    def event(self, event: QEvent) -> bool:
        """Show the tooltip above the tile, where it hides no neighbour."""
        if event.type() == QEvent.Type.ToolTip:
            width = self.fontMetrics().horizontalAdvance(self.toolTip())
            corner = self.mapToGlobal(self._tile.center().toPoint()) - QPoint(width // 2 + 8, 0)
            QToolTip.showText(
                QPoint(corner.x(), self.mapToGlobal(QPoint()).y() - _TOOLTIP_RISE_PX), self.toolTip(), self
            )
            return True
        return super().event(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Ask for the tile's menu."""
        self.menu_requested.emit(self._item.app_id, event.globalPos())

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint tile, running dot, focus ring and, over it, the badge."""
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        tokens = tokens_of(self)
        picture = tile_picture(self._item.icon, self._item.colour, self.devicePixelRatioF())
        painter.drawPixmap(self._tile, picture, QRectF(picture.rect()))
        if self.isDown():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(0, 0, 0, 60))
            painter.drawRoundedRect(self._tile, self._tile.width() * 0.25, self._tile.width() * 0.25)
        if self._item.windows:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(tokens.text2))
            centre = QPointF(self._tile.center().x(), self._tile.bottom() + 6)
            painter.drawEllipse(centre, _DOT_PX / 2, _DOT_PX / 2)
        ring = self._tile.adjusted(-3, -3, 3, 3)
        paint_focus_ring(painter, self, ring, ring.width() * 0.27)
        if self._item.badge:
            width = badge_width(self._item.badge)
            area = QRectF(self._tile.right() - width + 6, self._tile.top() - 6, width, _BADGE_HEIGHT_PX)
            paint_badge(painter, area, tokens, self._item.badge)


@lru_cache(maxsize=64)
def tile_picture(icon: str, colour: str, ratio: float) -> QPixmap:
    """Return an app's tile: a soft gradient of its colour with its icon in white."""
    side = round(_PICTURE_PX * ratio)
    picture = QPixmap(side, side)
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    paint_tile(painter, QRect(0, 0, _PICTURE_PX, _PICTURE_PX), icon, colour)
    painter.end()
    return picture


def paint_tile(painter: QPainter, area: QRect, icon: str, colour: str) -> None:
    """Paint an app's tile into ``area``."""
    base = QColor(colour)
    gradient = QLinearGradient(QPointF(area.topLeft()), QPointF(area.left() + area.width() * 0.35, area.bottom()))
    gradient.setColorAt(0, _mixed(base, QColor("#ffffff"), 0.08))
    gradient.setColorAt(1, _mixed(base, QColor("#000000"), 0.30))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(gradient)
    painter.drawRoundedRect(area, area.width() * 0.25, area.width() * 0.25)
    inset = area.width() * 0.24
    paint_icon(painter, QRectF(area).adjusted(inset, inset, -inset, -inset), icon, QColor(_TILE_INK))


def _mixed(first: QColor, second: QColor, share: float) -> QColor:
    def mix(one: float, other: float) -> float:
        return one * (1 - share) + other * share

    return QColor.fromRgbF(
        mix(first.redF(), second.redF()), mix(first.greenF(), second.greenF()), mix(first.blueF(), second.blueF())
    )
