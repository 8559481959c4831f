"""Where cards and rows lie, which row a point hits, and where an arrow key leads. Pure arithmetic in px."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from PySide6.QtCore import QRect

from aether_desktop.apps.mission_control.card_painter import CARD_HEIGHT_PX, CARD_LEAST_WIDTH_PX, HALF_GAP_PX
from aether_desktop.apps.mission_control.row_painter import ROW_HEIGHT_PX

EDGE_PX: Final = 9


class Move(Enum):
    """A step of the keyboard."""

    NONE = auto()
    BACK = auto()
    ON = auto()
    UP = auto()
    DOWN = auto()
    PAGE_UP = auto()
    PAGE_DOWN = auto()
    FIRST = auto()
    LAST = auto()


@dataclass(frozen=True, slots=True)
class GridGeometry:
    """A grid of ``count`` equal cells in ``columns``; ``page`` is how many lines are on the screen."""

    columns: int
    cell_width: int
    cell_height: int
    count: int
    page: int

    @property
    def height(self) -> int:
        """How high all of it is."""
        return -(-self.count // self.columns) * self.cell_height + 2 * EDGE_PX

    def cell(self, row: int) -> QRect:
        """The cell of a row, from the top of the content."""
        line, column = divmod(row, self.columns)
        left, top = EDGE_PX + column * self.cell_width, EDGE_PX + line * self.cell_height
        return QRect(left, top, self.cell_width, self.cell_height)

    def row_at(self, x: int, y: int) -> int:
        """The row at a point of the content, -1 for none."""
        column, line = (x - EDGE_PX) // self.cell_width, (y - EDGE_PX) // self.cell_height
        row = line * self.columns + column
        return row if x >= EDGE_PX and y >= EDGE_PX and column < self.columns and row < self.count else -1

    def rows_between(self, top: int, bottom: int) -> range:
        """The rows of which something lies between two heights of the content."""
        first = max(0, (top - EDGE_PX) // self.cell_height) * self.columns
        end = max(0, (bottom - EDGE_PX) // self.cell_height + 1) * self.columns
        return range(min(first, self.count), min(end, self.count))

    def moved(self, row: int, move: Move) -> int:
        """The row that a key leads to from ``row`` (-1: none yet); -1 where there are no rows."""
        last = self.count - 1
        if last < 0 or row < 0:
            return min(0, last)
        if move is Move.DOWN and row + self.columns > last and last // self.columns > row // self.columns:
            return last
        if move in (Move.PAGE_UP, Move.PAGE_DOWN):
            step = self.page * self.columns * (1 if move is Move.PAGE_DOWN else -1)
            return min(last, max(0, row + step))
        target = {
            Move.BACK: row - 1,
            Move.ON: row + 1,
            Move.UP: row - self.columns,
            Move.DOWN: row + self.columns,
            Move.FIRST: 0,
            Move.LAST: last,
        }.get(move, row)
        return target if 0 <= target <= last else row


def geometry_for(as_list: bool, width: int, height: int, count: int) -> GridGeometry:
    """The grid in a view of ``width`` x ``height``: rows as wide as the view, or as many cards beside each other as fit."""
    room = max(1, width - 2 * EDGE_PX)
    cell_height = ROW_HEIGHT_PX if as_list else CARD_HEIGHT_PX
    columns = 1 if as_list else max(1, room // (CARD_LEAST_WIDTH_PX + 2 * HALF_GAP_PX))
    return GridGeometry(columns, max(1, room // columns), cell_height, count, max(1, height // cell_height))
