"""An item view of equal cells in columns, for any number of rows: geometry, keys, selection and scrolling.

Knows nothing of what a cell shows; ``AgentGrid`` paints them. A cell costs nothing until it is on the screen.
"""

from __future__ import annotations

from PySide6.QtCore import (
    QAbstractItemModel,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    Qt,
)
from PySide6.QtGui import QRegion
from PySide6.QtWidgets import QAbstractItemView, QFrame, QListView, QWidget

from aether_desktop.apps.mission_control.grid_geometry import EDGE_PX, GridGeometry, Move, geometry_for

Index = QModelIndex | QPersistentModelIndex
_ACTION = QAbstractItemView.CursorAction
_MOVES = {
    _ACTION.MoveLeft: Move.BACK,
    _ACTION.MovePrevious: Move.BACK,
    _ACTION.MoveRight: Move.ON,
    _ACTION.MoveNext: Move.ON,
    _ACTION.MoveUp: Move.UP,
    _ACTION.MoveDown: Move.DOWN,
    _ACTION.MovePageUp: Move.PAGE_UP,
    _ACTION.MovePageDown: Move.PAGE_DOWN,
    _ACTION.MoveHome: Move.FIRST,
    _ACTION.MoveEnd: Move.LAST,
}


class CellsView(QListView):
    """The cells of a flat model. ``as_list``: one column of rows instead of cards.

    It is a list for screen readers, which Qt tells the rows of a ``QListView`` and of no other view; where the cells lie, and what is
    painted, has nothing of Qt's list. A subclass calls ``setModel`` with the same model when it is ready to paint.
    """

    def __init__(self, model: QAbstractItemModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows = model
        self.as_list = False
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTabKeyNavigation(False)
        self.setMouseTracking(True)
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    def doItemsLayout(self) -> None:
        """Nothing to lay out: a cell's place follows from its row."""
        QAbstractItemView.doItemsLayout(self)

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        """Show what lies there now: a list would scroll by its own layout, which is empty."""
        self.viewport().update()

    def visualRect(self, index: Index) -> QRect:
        """An agent's cell, in the viewport."""
        return self.cell(index.row()) if index.isValid() else QRect()

    def indexAt(self, point: QPoint) -> QModelIndex:
        """The agent under a point of the viewport."""
        row = self.geometry_now().row_at(point.x(), point.y() + self.verticalOffset())
        return self._rows.index(row, 0) if row >= 0 else QModelIndex()

    def scrollTo(
        self, index: Index, hint: QAbstractItemView.ScrollHint = QAbstractItemView.ScrollHint.EnsureVisible
    ) -> None:
        """Bring an agent into view, moving as little as possible."""
        if not index.isValid():
            return
        cell, bar, room = self.cell(index.row()), self.verticalScrollBar(), self.viewport().height()
        if cell.top() < 0:
            bar.setValue(bar.value() + cell.top() - EDGE_PX)
        elif cell.bottom() > room:
            bar.setValue(bar.value() + min(cell.top(), cell.bottom() - room + EDGE_PX))

    def horizontalOffset(self) -> int:
        """Cards never lie beside the view."""
        return 0

    def verticalOffset(self) -> int:
        """How far it is scrolled, in px."""
        return self.verticalScrollBar().value()

    def isIndexHidden(self, index: Index) -> bool:
        """No row is hidden."""
        return False

    def moveCursor(
        self, action: QAbstractItemView.CursorAction, modifiers: Qt.KeyboardModifier
    ) -> QModelIndex:
        """Where an arrow key leads."""
        row = self.geometry_now().moved(self.currentIndex().row(), _MOVES.get(action, Move.NONE))
        return self._rows.index(row, 0) if row >= 0 else QModelIndex()

    def setSelection(self, rect: QRect, command: QItemSelectionModel.SelectionFlag) -> None:
        """Select the agents whose cells a rectangle touches."""
        touched = rect.normalized()
        selection = QItemSelection()
        for row in range(self._rows.rowCount()) if touched.isValid() else ():
            if self.cell(row).adjusted(4, 4, -4, -4).intersects(touched):
                selection.select(self._rows.index(row, 0), self._rows.index(row, 0))
        self.selectionModel().select(selection, command)

    def visualRegionForSelection(self, selection: QItemSelection) -> QRegion:
        """The cells of a selection."""
        region = QRegion()
        for index in selection.indexes():
            region = region.united(self.cell(index.row()))
        return region

    def updateGeometries(self) -> None:
        """Fit the scroll bar to the number of agents."""
        geometry = self.geometry_now()
        room = self.viewport().height()
        bar = self.verticalScrollBar()
        bar.setPageStep(room)
        bar.setSingleStep(max(24, geometry.cell_height // 4))
        bar.setRange(0, max(0, geometry.height - room))
        QAbstractItemView.updateGeometries(self)  # a list's own would give the scroll bar the range of its layout

    def geometry_now(self) -> GridGeometry:
        """The cells as they lie in the present size."""
        size = self.viewport().size()
        return geometry_for(self.as_list, size.width(), size.height(), self._rows.rowCount())

    def cell(self, row: int) -> QRect:
        """The cell of a row, in the viewport."""
        return self.geometry_now().cell(row).translated(0, -self.verticalOffset())

    def visible_rows(self) -> range:
        """The rows of which something is on the screen."""
        return self.geometry_now().rows_between(self.verticalOffset(), self.verticalOffset() + self.viewport().height())
