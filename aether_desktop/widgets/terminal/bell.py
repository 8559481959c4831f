"""The bell as something to see: a short flash at the edge of the view. Made by `parts`; where nothing moves, only `rung` is said."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QPainter, QPen

from aether_desktop.theme.current import tokens_of
from aether_desktop.theme.motion import motion_reduced

if TYPE_CHECKING:
    from aether_desktop.widgets.terminal.view import TerminalView

FLASH_MS = 140
#: A program that rings without end flashes at most this often; light that flickers faster is harmful.
PAUSE_S = 1.0
EDGE_PX = 3


class BellFlash(QObject):
    """For one view."""

    rung = Signal()
    """The bell rang; at most once every `PAUSE_S`."""

    def __init__(self, view: TerminalView) -> None:
        super().__init__(view)
        self._view = view
        self._rung_at = -PAUSE_S
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(FLASH_MS)
        self._timer.timeout.connect(view.update)
        view.overlays.append(self._paint)

    @property
    def flashing(self) -> bool:
        """Whether the flash shows."""
        return self._timer.isActive()

    def ring(self) -> None:
        """The program rang."""
        now = time.monotonic()
        if now - self._rung_at < PAUSE_S:
            return
        self._rung_at = now
        if self._view.isVisible() and not motion_reduced():
            self._timer.start()
            self._view.update()
        self.rung.emit()

    def _paint(self, painter: QPainter) -> None:
        if not self.flashing:
            return
        pen = QPen(QColor(tokens_of(self._view).phase("waiting").mark), EDGE_PX)
        pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        half = EDGE_PX / 2
        painter.drawRect(QRectF(self._view.rect()).adjusted(half, half, -half, -half))
