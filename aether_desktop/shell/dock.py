"""The dock: a row of app tiles at the bottom that grow under the pointer.

Shows the items it is given and emits what was clicked. While the pointer is away nothing in it moves and no timer runs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize, Qt, QVariantAnimation, Signal
from PySide6.QtGui import QColor, QCursor, QEnterEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from aether_desktop.shell.dock_tile import DockItem, DockTile
from aether_desktop.theme.current import tokens_of
from aether_desktop.theme.motion import EASING, duration_ms, motion_reduced
from aether_desktop.theme.tokens import MOTION

_TILE_PX = 48
_SMALL_TILE_PX = 38
_SMALL_BELOW_PX = 760
_GAP_PX = 10
_PADDING_X_PX = 14
_PADDING_Y_PX = 10
_BOTTOM_PX = 12
_HEADROOM_PX = 26
_TILE_MARGIN_PX = 9.0
_MAX_GROWTH = 0.30
_REACH_TILES = 2.2


class Dock(QWidget):
    """The row of tiles."""

    app_requested = Signal(str)
    """A tile was clicked; with the app's id."""
    menu_requested = Signal(str, QPoint)
    """A tile's menu was asked for: the app's id and the global position."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._tiles: list[DockTile] = []
        self._pointer_x: float | None = None
        self._amount = 0.0
        self._tile_px = _TILE_PX
        self._bar = QRectF()
        self.setMouseTracking(True)
        self.setAccessibleName("Dock")
        self._animation = QVariantAnimation(self)
        self._animation.setEasingCurve(EASING)
        self._animation.valueChanged.connect(self._on_grown)

    @property
    def items(self) -> tuple[DockItem, ...]:
        """What it shows, from left to right."""
        return tuple(tile.item for tile in self._tiles)

    def tile(self, app_id: str) -> DockTile | None:
        """Return an app's tile."""
        return next((tile for tile in self._tiles if tile.item.app_id == app_id), None)

    def set_items(self, items: Sequence[DockItem]) -> None:
        """Show ``items``; tiles of apps that stay are kept."""
        kept = {tile.item.app_id: tile for tile in self._tiles}
        self._tiles = []
        for item in items:
            tile = kept.pop(item.app_id, None) or self._new_tile(item)
            tile.set_item(item)
            self._tiles.append(tile)
        for gone in kept.values():
            gone.hide()
            gone.deleteLater()
        for before, after in zip(self._tiles, self._tiles[1:], strict=False):
            QWidget.setTabOrder(before, after)
        self.settle()

    def settle(self) -> None:
        """Take the place at the bottom of the parent for its present size."""
        parent = self.parentWidget()
        if parent is None:
            return
        self._tile_px = _SMALL_TILE_PX if min(parent.height(), parent.width()) < _SMALL_BELOW_PX else _TILE_PX
        room = parent.width() - 2 * _PADDING_X_PX - 24
        if self._tiles:
            self._tile_px = max(24, min(self._tile_px, room // len(self._tiles) - _GAP_PX))
        self._place()

    def reserved_height(self) -> int:
        """Return how much of the parent's bottom windows should leave free, in px."""
        return self._tile_px + 2 * _PADDING_Y_PX + _BOTTOM_PX + 8

    def tile_rect(self, app_id: str) -> QRect:
        """Return where an app's tile is in the parent's coordinates; empty if it has none."""
        tile = self.tile(app_id)
        return tile.geometry().translated(self.pos()) if tile is not None else QRect()

    def focus_first(self) -> None:
        """Give the keyboard to the first tile."""
        if self._tiles:
            self._tiles[0].setFocus(Qt.FocusReason.ShortcutFocusReason)

    def sizeHint(self) -> QSize:
        """The present size."""
        return self.size()

    def enterEvent(self, event: QEnterEvent) -> None:
        """Let the tiles grow."""
        self._grow(1.0)
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        """Let the tiles shrink."""
        self._grow(0.0)
        super().leaveEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Follow the pointer."""
        self._follow(event.position())

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        """Follow the pointer over the tiles, which get its moves in our place."""
        if isinstance(watched, DockTile) and isinstance(event, QMouseEvent) and event.type() is QEvent.Type.MouseMove:
            self._follow(QPointF(watched.mapTo(self, event.position().toPoint())))
        return False

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the glass under the tiles."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        tokens = tokens_of(self)
        painter.setPen(QColor(tokens.line))
        painter.setBrush(QColor(tokens.glass))
        painter.drawRoundedRect(self._bar.adjusted(0.5, 0.5, -0.5, -0.5), 18, 18)

    def _new_tile(self, item: DockItem) -> DockTile:
        tile = DockTile(item, self)
        tile.setMouseTracking(True)
        tile.installEventFilter(self)
        tile.clicked.connect(lambda: self.app_requested.emit(item.app_id))
        tile.menu_requested.connect(self.menu_requested)
        tile.stepped.connect(lambda step: self._step_from(tile, step))
        tile.show()
        return tile

    def _step_from(self, tile: DockTile, step: int) -> None:
        index = self._tiles.index(tile) + step
        if 0 <= index < len(self._tiles):
            self._tiles[index].setFocus(Qt.FocusReason.TabFocusReason)

    def _follow(self, position: QPointF) -> None:
        self._pointer_x = self.x() + position.x()
        if self._amount > 0:
            self._place()

    def _grow(self, target: float) -> None:
        if target and motion_reduced():
            return
        if target:
            self._pointer_x = float(self.x() + self.mapFromGlobal(QCursor.pos()).x())
        self._animation.stop()
        self._animation.setDuration(duration_ms(MOTION.normal))
        self._animation.setStartValue(self._amount)
        self._animation.setEndValue(target)
        self._animation.start()

    def _on_grown(self, amount: float) -> None:
        self._amount = float(amount)
        self._place()

    def _natural_width(self) -> float:
        count = len(self._tiles)
        return count * self._tile_px + max(0, count - 1) * _GAP_PX + 2 * _PADDING_X_PX

    def _sides(self, parent_width: int) -> list[float]:
        step = self._tile_px + _GAP_PX
        left = (parent_width - self._natural_width()) / 2 + _PADDING_X_PX + self._tile_px / 2
        sides = []
        for index in range(len(self._tiles)):
            distance = abs((self._pointer_x or 0.0) - (left + index * step)) / (step * _REACH_TILES)
            nearness = math.cos(min(1.0, distance) * math.pi / 2) if self._pointer_x is not None else 0.0
            sides.append(self._tile_px * (1 + _MAX_GROWTH * nearness * self._amount))
        return sides

    def _place(self) -> None:
        parent = self.parentWidget()
        if parent is None:
            return
        sides = self._sides(parent.width())
        width = sum(sides) + max(0, len(sides) - 1) * _GAP_PX + 2 * _PADDING_X_PX
        bar_height = self._tile_px + 2 * _PADDING_Y_PX
        # Only what is painted belongs to the dock: beside and, at rest, above it the mouse is the windows'.
        height = bar_height + math.ceil(_HEADROOM_PX * self._amount)
        left = (parent.width() - width) / 2
        self.setGeometry(math.floor(left), parent.height() - height - _BOTTOM_PX, math.ceil(width) + 1, height)
        self._bar = QRectF(left - self.x(), height - bar_height, width, bar_height)
        x = self._bar.left() + _PADDING_X_PX
        bottom = height - _PADDING_Y_PX
        for tile, side in zip(self._tiles, sides, strict=True):
            tile.set_tile_rect(QRectF(x, bottom - side, side, side), _TILE_MARGIN_PX)
            x += side + _GAP_PX
        self.update()
