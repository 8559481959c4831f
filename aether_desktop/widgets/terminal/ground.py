"""What is around a terminal's cells: its paper, painted anew when that looks different. Owned by `view`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, QRectF
from PySide6.QtGui import QColor, QImage, QPainter

from aether_desktop.widgets.terminal.colours import paper_of
from aether_desktop.widgets.terminal.grid import PADDING_PX

if TYPE_CHECKING:
    from aether_desktop.widgets.terminal.view import TerminalView


class Ground:
    """The ground of one view."""

    def __init__(self, view: TerminalView) -> None:
        self._view = view
        self._shown: object = None
        self._told = -1

    def refresh(self, picture: QImage) -> None:
        """Have all of the view painted where the ground, or the place of the cells (`picture`) on it, is another than before.

        Else parts of the old cells would stay beside the new ones.
        """
        paper = self.paper
        now = (paper, picture.size(), self._view.grid.cell)
        if now == self._shown:
            return
        self._shown = now
        self._view.update()
        if paper != self._told:
            self._told = paper
            self._view.paper_changed.emit()

    def paint(self, painter: QPainter, damaged: QRect, picture: QImage) -> None:
        """Paint as much of it as shows in `damaged`, beside the cells in `picture`."""
        ratio = self._view.grid.cell.ratio
        cells = QRectF(PADDING_PX, PADDING_PX, picture.width() / ratio, picture.height() / ratio)
        if not cells.contains(QRectF(damaged)):
            painter.fillRect(damaged, QColor(self.paper))

    @property
    def paper(self) -> int:
        """0xRRGGBB."""
        return paper_of(self._view.terminal, self._view.scheme)
