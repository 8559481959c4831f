"""The agents as cards or as rows: a virtual view that paints only what is visible and only what changed.

There is no widget for an agent. Each visible card is kept as a picture, made anew when its agent, its terminal's last lines or its
looks change, so scrolling and a neighbour's change cost a copy of pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Any

from PySide6.QtCore import (
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QPointF,
    QRect,
    QRectF,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QFocusEvent,
    QHideEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPixmap,
    QRegion,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import QAbstractItemView, QFrame, QToolTip, QWidget

from aether_desktop.apps.mission_control import card_painter, row_painter
from aether_desktop.apps.mission_control.grid_geometry import EDGE_PX, GridGeometry, Move, geometry_for
from aether_desktop.apps.mission_control.paint_parts import Face, lines_that_fit
from aether_desktop.apps.mission_control.preview_screen import Line
from aether_desktop.apps.mission_control.previews import PreviewProvider
from aether_desktop.models.agent_model import AgentListModel
from aether_desktop.stores.reducers.process import ProcessView
from aether_desktop.theme.current import tokens_of

Index = QModelIndex | QPersistentModelIndex
_PICTURES_KEPT = 96
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


class Layout(StrEnum):
    """How agents are shown."""

    GRID = "grid"
    LIST = "list"


class AgentGrid(QAbstractItemView):
    """Shows an ``AgentListModel``; arrows move, Enter opens, Ctrl and Shift select several."""

    opened = Signal(int)
    """The person wants to see an agent; with its pid."""
    menu_wanted = Signal(QPoint)
    """The context menu of the selection is wanted, at a global position."""
    selection_changed = Signal()
    """Other agents are selected."""

    def __init__(
        self,
        model: AgentListModel,
        previews: PreviewProvider,
        want_told: Callable[[int], None],
        parent: QWidget | None = None,
    ) -> None:
        """``want_told(pid)`` is called for a visible agent of which nothing is known yet but its state."""
        super().__init__(parent)
        self._agents = model
        self._previews = previews
        self._want_told = want_told
        self._layout_kind = Layout.GRID
        self._hovered = -1
        self._review_hovered = False
        self._by_keyboard = False
        self._pictures: dict[int, tuple[tuple[Any, ...], ProcessView, QPixmap]] = {}
        self._shown: dict[int, str] = {}
        self._kept_selection: tuple[frozenset[int], int] = (frozenset(), 0)
        self.painted = 0
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAccessibleName("Agents")
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTabKeyNavigation(False)
        self.setMouseTracking(True)
        self.setStyleSheet("QAbstractItemView:focus { border: none; }")
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setModel(model)
        model.modelAboutToBeReset.connect(self._keep_selection)
        model.modelReset.connect(self._restore_selection)
        model.layoutChanged.connect(self._on_rows_moved)
        model.rowsRemoved.connect(self._on_rows_moved)
        previews.changed.connect(self._on_preview_changed)
        self.verticalScrollBar().valueChanged.connect(lambda _value: self._look_at_visible())

    # -- what the page asks ------------------------------------------------------------------------------------------

    @property
    def layout_kind(self) -> Layout:
        """Grid or list."""
        return self._layout_kind

    def set_layout_kind(self, kind: Layout) -> None:
        """Show cards or rows; the selection stays."""
        if kind is not self._layout_kind:
            self._layout_kind = kind
            self._pictures.clear()
            self.updateGeometries()
            self.scrollTo(self.currentIndex())
            self.viewport().update()
            self._look_at_visible()

    def selected_pids(self) -> tuple[int, ...]:
        """The selected agents, in their order on the screen; the current one where none is selected."""
        rows = sorted(index.row() for index in self.selectionModel().selectedIndexes())
        if not rows and self.currentIndex().isValid():
            rows = [self.currentIndex().row()]
        return tuple(view.pid for row in rows if (view := self._agents.view_at(row)) is not None)

    def select(self, pids: Sequence[int]) -> None:
        """Select these agents, the first of them current."""
        selection = QItemSelection()
        rows = [row for pid in pids if (row := self._agents.row_of(pid)) >= 0]
        for row in rows:
            selection.select(self._agents.index(row), self._agents.index(row))
        flags = QItemSelectionModel.SelectionFlag
        if rows:
            self.selectionModel().setCurrentIndex(self._agents.index(rows[0]), flags.NoUpdate)
        self.selectionModel().select(selection, flags.ClearAndSelect)

    def visible_pids(self) -> tuple[int, ...]:
        """The agents of which something is on the screen."""
        return tuple(self._shown)

    def review_rect(self, pid: int) -> QRect:
        """Where an agent's Review button is, in the viewport; empty where there is none."""
        row = self._agents.row_of(pid)
        view = self._agents.view_at(row)
        if view is None or view.approval is None or view.ended:
            return QRect()
        return self._review_of(row).toAlignedRect()

    # -- geometry ----------------------------------------------------------------------------------------------------

    def visualRect(self, index: Index) -> QRect:
        """An agent's cell, in the viewport."""
        return self._cell(index.row()) if index.isValid() else QRect()

    def indexAt(self, point: QPoint) -> QModelIndex:
        """The agent under a point of the viewport."""
        row = self._geometry().row_at(point.x(), point.y() + self.verticalOffset())
        return self._agents.index(row) if row >= 0 else QModelIndex()

    def scrollTo(
        self, index: Index, hint: QAbstractItemView.ScrollHint = QAbstractItemView.ScrollHint.EnsureVisible
    ) -> None:
        """Bring an agent into view, moving as little as possible."""
        if not index.isValid():
            return
        cell, bar, room = self._cell(index.row()), self.verticalScrollBar(), self.viewport().height()
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
        row = self._geometry().moved(self.currentIndex().row(), _MOVES.get(action, Move.NONE))
        return self._agents.index(row) if row >= 0 else QModelIndex()

    def setSelection(self, rect: QRect, command: QItemSelectionModel.SelectionFlag) -> None:
        """Select the agents whose cells a rectangle touches."""
        touched = rect.normalized()
        selection = QItemSelection()
        for row in range(self._agents.rowCount()) if touched.isValid() else ():
            if self._cell(row).adjusted(4, 4, -4, -4).intersects(touched):
                selection.select(self._agents.index(row), self._agents.index(row))
        self.selectionModel().select(selection, command)

    def visualRegionForSelection(self, selection: QItemSelection) -> QRegion:
        """The cells of a selection."""
        region = QRegion()
        for index in selection.indexes():
            region = region.united(self._cell(index.row()))
        return region

    def updateGeometries(self) -> None:
        """Fit the scroll bar to the number of agents."""
        geometry = self._geometry()
        room = self.viewport().height()
        bar = self.verticalScrollBar()
        bar.setPageStep(room)
        bar.setSingleStep(max(24, geometry.cell_height // 4))
        bar.setRange(0, max(0, geometry.height - room))
        super().updateGeometries()

    def _geometry(self) -> GridGeometry:
        return geometry_for(
            self._layout_kind is Layout.LIST, self.viewport().width(), self.viewport().height(), self._agents.rowCount()
        )

    def _cell(self, row: int) -> QRect:
        return self._geometry().cell(row).translated(0, -self.verticalOffset())

    def _review_of(self, row: int) -> QRectF:
        cell = QRectF(self._cell(row))
        if self._layout_kind is Layout.LIST:
            return row_painter.review_area(cell)
        return card_painter.geometry_of(card_painter.card_area(cell)).review

    def _visible_rows(self) -> range:
        return self._geometry().rows_between(self.verticalOffset(), self.verticalOffset() + self.viewport().height())

    # -- what changed ------------------------------------------------------------------------------------------------

    def dataChanged(self, top_left: Index, bottom_right: Index, roles: Sequence[int] = ()) -> None:
        """Repaint the cards that changed and are visible."""
        for row in range(top_left.row(), bottom_right.row() + 1):
            self._update_row(row)

    def rowsInserted(self, parent: Index, start: int, end: int) -> None:
        """Make room for new agents."""
        super().rowsInserted(parent, start, end)
        self._on_rows_moved()

    def reset(self) -> None:
        """Show another set of agents."""
        super().reset()
        self._on_rows_moved()

    def selectionChanged(self, selected: QItemSelection, deselected: QItemSelection) -> None:
        """Repaint what was selected and what no longer is."""
        super().selectionChanged(selected, deselected)
        self.viewport().update()
        self.selection_changed.emit()

    def currentChanged(self, current: Index, previous: Index) -> None:
        """Bring the current agent into view."""
        super().currentChanged(current, previous)
        for index in (current, previous):
            if index.isValid():
                self._update_row(index.row())

    def _on_rows_moved(self, *_arguments: object) -> None:
        self.updateGeometries()
        self.viewport().update()
        self._look_at_visible()

    def _on_preview_changed(self, pid: int) -> None:
        row = self._agents.row_of(pid)
        if row >= 0 and self._layout_kind is Layout.GRID:
            self._update_row(row)

    def _update_row(self, row: int) -> None:
        cell = self._cell(row)
        if cell.intersects(self.viewport().rect()):
            self.viewport().update(cell)

    def _look_at_visible(self) -> None:
        """Have the terminals of visible cards read, and of no others."""
        shown: dict[int, str] = {}
        if self.isVisible():
            for row in self._visible_rows():
                view = self._agents.view_at(row)
                if view is None:
                    continue
                shown[view.pid] = view.info.tty_id
                if not view.told:
                    self._want_told(view.pid)
        self._shown = shown
        self._previews.show(shown if self._layout_kind is Layout.GRID else {})

    def _keep_selection(self) -> None:
        current = self._agents.view_at(self.currentIndex().row())
        chosen = frozenset(self.selected_pids()) if self.selectionModel().hasSelection() else frozenset()
        self._kept_selection = (chosen, current.pid if current is not None else 0)

    def _restore_selection(self) -> None:
        chosen, current = self._kept_selection
        row = self._agents.row_of(current)
        if chosen or row >= 0:
            self.select([current, *(pid for pid in chosen if pid != current)] if current in chosen else list(chosen))

    # -- events ------------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the cells that the region touches."""
        painter = QPainter(self.viewport())
        tokens = tokens_of(self)
        painter.fillRect(event.rect(), QColor(tokens.surface0))
        region = event.region()
        for row in self._visible_rows():
            cell = self._cell(row)
            if region.intersects(cell):
                picture = self._picture(row, cell.size().width(), cell.size().height())
                if picture is not None:
                    painter.drawPixmap(cell.topLeft(), picture)

    def _picture(self, row: int, width: int, height: int) -> QPixmap | None:
        view = self._agents.view_at(row)
        if view is None:
            return None
        tokens = tokens_of(self)
        index = self._agents.index(row)
        hovered = row == self._hovered
        focused = self._by_keyboard and self.hasFocus() and self.currentIndex() == index
        selected = self.selectionModel().isSelected(index)
        key = (
            self._previews.version(view.pid), width, height, selected, focused, hovered,
            hovered and self._review_hovered, tokens.name, self.devicePixelRatioF(),
        )  # fmt: skip
        kept = self._pictures.get(view.pid)
        if kept is not None and kept[0] == key and kept[1] is view:
            return kept[2]
        ratio = self.devicePixelRatioF()
        picture = QPixmap(round(width * ratio), round(height * ratio))
        picture.setDevicePixelRatio(ratio)
        picture.fill(QColor(tokens.surface0))
        painter = QPainter(picture)
        area = QRectF(0, 0, width, height)
        lines: tuple[Line, ...] = ()
        if self._layout_kind is Layout.GRID:
            well = card_painter.geometry_of(card_painter.card_area(area)).well
            lines = self._previews.lines(view.pid, lines_that_fit(well.height()))
        face = Face(view, lines, selected, focused, hovered, hovered and self._review_hovered)
        paint = card_painter.paint_card if self._layout_kind is Layout.GRID else row_painter.paint_row
        paint(painter, area, face, tokens)
        painter.end()
        self.painted += 1
        if len(self._pictures) >= _PICTURES_KEPT:
            self._pictures.pop(next(iter(self._pictures)))
        self._pictures[view.pid] = (key, view, picture)
        return picture

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter opens; the other keys of agents belong to the page."""
        self._by_keyboard = True
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            view = self._agents.view_at(self.currentIndex().row())
            if view is not None:
                self.opened.emit(view.pid)
            return
        if event.text() and event.text().isprintable() and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            event.ignore()
            return
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            event.ignore()
            return
        super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show who has the keyboard, if the keyboard brought it here."""
        self._by_keyboard = event.reason() in (
            Qt.FocusReason.TabFocusReason,
            Qt.FocusReason.BacktabFocusReason,
            Qt.FocusReason.ShortcutFocusReason,
        )
        super().focusInEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """The Review button opens; elsewhere a press selects."""
        self._by_keyboard = False
        row = self._row_with_review(event.position())
        if event.button() is Qt.MouseButton.LeftButton and row >= 0:
            self.setCurrentIndex(self._agents.index(row))
            view = self._agents.view_at(row)
            if view is not None:
                self.opened.emit(view.pid)
            return
        super().mousePressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """A double click opens."""
        view = self._agents.view_at(self.indexAt(event.position().toPoint()).row())
        if view is not None and event.button() is Qt.MouseButton.LeftButton:
            if self._row_with_review(event.position()) < 0:
                self.opened.emit(view.pid)
            return
        super().mouseDoubleClickEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Lighten the card and the button under the pointer."""
        self._set_hover(self.indexAt(event.position().toPoint()).row(), self._row_with_review(event.position()) >= 0)
        super().mouseMoveEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        """Forget the hover."""
        self._set_hover(-1, False)
        super().leaveEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Ask for the menu of what is under the pointer, or of the current agent from the keyboard."""
        if event.reason() is QContextMenuEvent.Reason.Keyboard:
            cell = self._cell(self.currentIndex().row()) if self.currentIndex().isValid() else self.viewport().rect()
            self.menu_wanted.emit(self.viewport().mapToGlobal(cell.center()))
            return
        index = self.indexAt(event.pos())
        if index.isValid() and not self.selectionModel().isSelected(index):
            self.select([self._agents.view_at(index.row()).pid])  # type: ignore[union-attr]  # a valid index has a view
        self.menu_wanted.emit(event.globalPos())

    def viewportEvent(self, event: QEvent) -> bool:
        """Show the whole goal of a card under a resting pointer."""
        if event.type() is QEvent.Type.ToolTip:
            view = self._agents.view_at(self.indexAt(event.pos()).row())  # type: ignore[attr-defined]  # a QHelpEvent
            text = f"{view.info.goal[:600]}\n\nEnter opens, Space pauses, Delete stops" if view is not None else ""
            QToolTip.showText(event.globalPos(), text, self)  # type: ignore[attr-defined]  # a QHelpEvent
            return True
        return super().viewportEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lay out anew, with the current agent still in view."""
        super().resizeEvent(event)
        self.updateGeometries()
        self._look_at_visible()

    def showEvent(self, event: QShowEvent) -> None:
        """Begin to read terminals."""
        super().showEvent(event)
        self._look_at_visible()

    def hideEvent(self, event: QHideEvent) -> None:
        """Stop reading terminals."""
        super().hideEvent(event)
        self._shown = {}
        self._previews.show({})

    def _row_with_review(self, position: QPointF) -> int:
        row = self.indexAt(position.toPoint()).row()
        view = self._agents.view_at(row)
        if view is None or view.approval is None or view.ended:
            return -1
        return row if self._review_of(row).contains(position) else -1

    def _set_hover(self, row: int, review: bool) -> None:
        if (row, review) == (self._hovered, self._review_hovered):
            return
        before, self._hovered, self._review_hovered = self._hovered, row, review
        for changed in {before, row}:
            if changed >= 0:
                self._update_row(changed)

