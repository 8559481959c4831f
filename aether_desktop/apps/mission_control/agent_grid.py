"""The agents as cards or as rows: a virtual view that paints only what is visible and only what changed.

There is no widget for an agent. Each visible card is kept as a picture, made anew when its agent, its terminal's last lines or its
looks change, so scrolling and a neighbour's change cost a copy of pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum

from PySide6.QtCore import (
    QEvent,
    QItemSelection,
    QItemSelectionModel,
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
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import QToolTip, QWidget

from aether_desktop.apps.mission_control import card_painter, row_painter
from aether_desktop.apps.mission_control.card_pictures import CardPictures, Look
from aether_desktop.apps.mission_control.cells_view import CellsView, Index
from aether_desktop.apps.mission_control.previews import PreviewProvider
from aether_desktop.apps.mission_control.repaint_pacer import RepaintPacer
from aether_desktop.models.agent_model import AgentListModel
from aether_desktop.theme.current import tokens_of
from aether_desktop.widgets.shown_text import plain_tooltip


class Layout(StrEnum):
    """How agents are shown."""

    GRID = "grid"
    LIST = "list"


class AgentGrid(CellsView):
    """Shows an ``AgentListModel``; arrows move, Enter opens, Shift+Enter in a native window, Ctrl and Shift select several."""

    opened = Signal(int)
    """The person wants to see an agent; with its pid."""
    detach_wanted = Signal(int)
    """The person wants to see an agent in a native window; with its pid."""
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
        super().__init__(model, parent)
        self._agents = model
        self._previews = previews
        self._want_told = want_told
        self._hovered = -1
        self._review_hovered = False
        self._by_keyboard = False
        self.pictures = CardPictures(previews)
        self._pacer = RepaintPacer(lambda pid: self._update_row(self._agents.row_of(pid)), self)
        self._shown: dict[int, str] = {}
        self._kept_selection: tuple[frozenset[int], int] = (frozenset(), 0)
        self.setAccessibleName("Agents")
        self.setStyleSheet("QAbstractItemView:focus { border: none; }")
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
        return Layout.LIST if self.as_list else Layout.GRID

    def set_layout_kind(self, kind: Layout) -> None:
        """Show cards or rows, from the top: who needs the person comes first. The selection stays, and stays in sight."""
        if kind is not self.layout_kind:
            self.as_list = kind is Layout.LIST
            self.pictures.clear()
            self.updateGeometries()
            self.verticalScrollBar().setValue(0)
            if self.selectionModel().hasSelection():
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

    # -- what changed ------------------------------------------------------------------------------------------------

    def dataChanged(self, top_left: Index, bottom_right: Index, roles: Sequence[int] = ()) -> None:
        """Repaint the cards that changed and are visible."""
        for row in range(top_left.row(), bottom_right.row() + 1):
            view = self._agents.view_at(row)
            if view is not None and view.streaming and view.pid in self.pictures:
                self._pacer.add(view.pid)
            else:
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
        if row >= 0 and not self.as_list:
            self._update_row(row)

    def _update_row(self, row: int) -> bool:
        """Repaint a row if it is visible, which is the answer."""
        cell = self.cell(row) if row >= 0 else QRect()
        visible = cell.intersects(self.viewport().rect())
        if visible:
            self.viewport().update(cell)
        return visible

    def _look_at_visible(self) -> None:
        """Have the terminals of visible cards read, and of no others."""
        shown: dict[int, str] = {}
        if self.isVisible():
            for row in self.visible_rows():
                view = self._agents.view_at(row)
                if view is None:
                    continue
                shown[view.pid] = view.info.tty_id
                if not view.told:
                    self._want_told(view.pid)
        self._shown = shown
        self._previews.show({} if self.as_list else shown)

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
        for row in self.visible_rows():
            cell = self.cell(row)
            if region.intersects(cell):
                picture = self._picture(row, cell)
                if picture is not None:
                    painter.drawPixmap(cell.topLeft(), picture)

    def _picture(self, row: int, cell: QRect) -> QPixmap | None:
        view = self._agents.view_at(row)
        if view is None:
            return None
        tokens = tokens_of(self)
        index = self._agents.index(row)
        hovered = row == self._hovered
        look = Look(
            width=cell.width(),
            height=cell.height(),
            ratio=self.devicePixelRatioF(),
            as_list=self.as_list,
            theme=tokens.name,
            selected=self.selectionModel().isSelected(index),
            focused=self._by_keyboard and self.hasFocus() and self.currentIndex() == index,
            hovered=hovered,
            review_hovered=hovered and self._review_hovered,
        )
        return self.pictures.get(view, look, tokens)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter opens; the other keys of agents belong to the page."""
        self._by_keyboard = True
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            view = self._agents.view_at(self.currentIndex().row())
            if view is not None:
                detached = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
                (self.detach_wanted if detached else self.opened).emit(view.pid)
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
            cell = self.cell(self.currentIndex().row()) if self.currentIndex().isValid() else self.viewport().rect()
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
            QToolTip.showText(event.globalPos(), plain_tooltip(text), self)  # type: ignore[attr-defined]  # a QHelpEvent
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

    def _review_of(self, row: int) -> QRectF:
        cell, view = QRectF(self.cell(row)), self._agents.view_at(row)
        if self.as_list:
            return row_painter.review_area(cell, view) if view is not None else QRectF()
        return card_painter.geometry_of(card_painter.card_area(cell)).review

    def _set_hover(self, row: int, review: bool) -> None:
        if (row, review) == (self._hovered, self._review_hovered):
            return
        before, self._hovered, self._review_hovered = self._hovered, row, review
        for changed in {before, row}:
            if changed >= 0:
                self._update_row(changed)

