"""Where cells are in a view, and which cell is where. Called by `view` and its parts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QRect, QRectF

from aether_desktop.widgets.terminal.geometry import CellGeometry
from aether_desktop.widgets.terminal.history_bar import SCROLLBAR_PX
from kernel.term.selection import Position, Span

if TYPE_CHECKING:
    from aether_desktop.widgets.terminal.view import TerminalView

PADDING_PX = 8
MOST_CELLS = 1000


class Grid:
    """The cells of one view; cell: their size."""

    def __init__(self, view: TerminalView, cell: CellGeometry) -> None:
        self._view = view
        self.cell = cell

    def size(self) -> tuple[int, int]:
        """Columns and lines that fit."""
        columns = int((self._view.width() - 2 * PADDING_PX - SCROLLBAR_PX) / self.cell.logical_width)
        lines = int((self._view.height() - 2 * PADDING_PX) / self.cell.logical_height)
        return max(1, min(MOST_CELLS, columns)), max(1, min(MOST_CELLS, lines))

    def cell_at(self, point: QPoint) -> tuple[int, int]:
        """Column and line of the grid at a point of the widget, the nearest ones outside of the grid."""
        terminal = self._view.terminal
        column = int((point.x() - PADDING_PX) / self.cell.logical_width)
        line = int((point.y() - PADDING_PX) / self.cell.logical_height)
        return max(0, min(column, terminal.columns - 1)), max(0, min(line, terminal.lines - 1))

    def position_at(self, point: QPoint) -> Position:
        """The absolute cell at a point of the widget, the nearest one outside of the grid."""
        column, line = self.cell_at(point)
        return Position(self._view.viewport.first(self._view.terminal) + line, column)

    def pixel_at(self, point: QPoint) -> tuple[int, int]:
        """Device pixels from the grid's corner."""
        ratio = self.cell.ratio
        return round((point.x() - PADDING_PX) * ratio), round((point.y() - PADDING_PX) * ratio)

    def shown(self) -> tuple[int, int]:
        """The first and last absolute line that show."""
        first = self._view.viewport.first(self._view.terminal)
        return first, first + self._view.terminal.lines - 1

    def rect(self, span: Span) -> QRectF:
        """Where some cells of a line are in the widget; empty when the line does not show."""
        line = span.line - self._view.viewport.first(self._view.terminal)
        if not 0 <= line < self._view.terminal.lines:
            return QRectF()
        return QRectF(
            PADDING_PX + span.start * self.cell.logical_width,
            PADDING_PX + line * self.cell.logical_height,
            (span.end - span.start) * self.cell.logical_width,
            self.cell.logical_height,
        )

    def lines_rect(self, lines: Sequence[int]) -> QRect:
        """From the first to the last of some lines of the grid with the edges around; one rectangle repaints faster than many."""
        height = self.cell.logical_height
        top, bottom = PADDING_PX + lines[0] * height, PADDING_PX + (lines[-1] + 1) * height
        return QRectF(0, top, self._view.width(), bottom - top).adjusted(0, -1, 0, 1).toAlignedRect()

    def cursor_rect(self, *, hidden_too: bool = False) -> QRect:
        """The cursor's cell and the one beside it; empty when it does not show, unless it is wanted even then."""
        terminal = self._view.terminal
        if terminal.cursor.hidden and not hidden_too:
            return QRect()
        line = terminal.history_dropped + len(terminal.history) + terminal.cursor.y
        column = min(terminal.cursor.x, terminal.columns - 1)
        return self.rect(Span(line, column, column + 2)).toAlignedRect()
