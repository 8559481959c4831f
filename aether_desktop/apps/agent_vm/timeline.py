"""The timeline: what the agent thought, did and found, loaded from the journal and then live.

Scrolls along with what comes until the person scrolls up; "Latest" goes back to the end. Pages that are not loaded are gaps, read when
they come into view; what is looked at stays where it is while they grow into rows.
"""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QModelIndex, QPoint, Qt
from PySide6.QtGui import (
    QContextMenuEvent,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import QAbstractItemView, QListView, QVBoxLayout, QWidget

from aether_desktop.apps.agent_vm.timeline_delegate import TimelineDelegate
from aether_desktop.apps.agent_vm.timeline_layout import HIDDEN_ENTRY_PX, TITLE_PX, TOP_PX
from aether_desktop.models.journal_model import JournalModel, words_of
from aether_desktop.stores.journal import PAGE, JournalStore
from aether_desktop.stores.reducers.timeline import Row
from aether_desktop.theme.motion import motion_reduced
from aether_desktop.widgets.button import Button
from aether_desktop.widgets.empty_state import EmptyState
from aether_desktop.widgets.menu import new_menu
from aether_desktop.widgets.single_shot import single_shot

NEAR_END_PX = 24
SPINNER_MS = 80
READ_AFTER_MS = 40
RELAYOUT_MS = 33
ROWS_AHEAD = 20


@dataclass(frozen=True, slots=True)
class Anchor:
    """What is at the top of the view: a row's key and how far below it is (px), or in a gap the position of the entry."""

    key: str
    offset: int
    position: int = -1


class TimelineList(QListView):
    """The virtual list itself."""

    def __init__(self, store: JournalStore, parent: QWidget) -> None:
        super().__init__(parent)
        self._store = store
        self._follow = True
        self._restoring = False
        self._stale = False
        self._anchor: Anchor | None = None
        store.about_to_reset.connect(self._on_about_to_reset)
        self.setModel(JournalModel(store, self))
        self.delegate = TimelineDelegate(store, self)
        self.setItemDelegate(self.delegate)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setFrameShape(QListView.Shape.NoFrame)
        self.setStyleSheet("QListView:focus { border: none; }")
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setAccessibleName("Timeline")
        self.verticalScrollBar().setSingleStep(24)
        self.verticalScrollBar().valueChanged.connect(self._on_scrolled)
        self.verticalScrollBar().rangeChanged.connect(lambda *_: self._keep_end())
        self._settle = single_shot(self, RELAYOUT_MS, self._relayout)
        self._read = single_shot(self, READ_AFTER_MS, self._want_visible)
        self._spin = single_shot(self, SPINNER_MS, self._turn_spinners)
        store.updated.connect(self._on_updated)
        store.moved_last.connect(self._on_moved_last)
        store.inserted.connect(self._on_inserted)
        store.reset.connect(self._on_reset)

    @property
    def following(self) -> bool:
        """Whether it scrolls along with what comes."""
        return self._follow

    def set_living(self, living: bool) -> None:
        """Spinners and the cursor of streamed words are for agents that run."""
        if living != self.delegate.living:
            self.delegate.living = living
            self.viewport().update()
        if living:
            self._spin.start()

    def go_to_latest(self) -> None:
        """Scroll to the end and follow again."""
        self._follow = True
        self.scrollToBottom()
        if self._store.row_count:
            self.setCurrentIndex(self.model().index(self._store.row_count - 1, 0))
        self.scrollToBottom()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Return expands, Ctrl+C copies, End follows; arrows and pages move."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.toggle(self.currentIndex())
        elif event.matches(QKeySequence.StandardKey.Copy):
            self.copy(self.currentIndex())
        elif event.key() == Qt.Key.Key_End:
            self.go_to_latest()
        else:
            super().keyPressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A click on a title shows the row whole."""
        super().mouseReleaseEvent(event)
        point = event.position().toPoint()
        index = self.indexAt(point)
        on_title = 0 <= point.y() - self.visualRect(index).top() <= TOP_PX + TITLE_PX + 3
        if event.button() is Qt.MouseButton.LeftButton and index.isValid() and on_title:
            self.toggle(index)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Copy and expand."""
        index = self.indexAt(self.viewport().mapFromGlobal(event.globalPos()))
        if not index.isValid():
            return
        self.setCurrentIndex(index)
        menu = new_menu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction("Copy\tCtrl+C", lambda: self.copy(index))
        menu.addAction("Expand or collapse\tReturn", lambda: self.toggle(index))
        menu.popup(event.globalPos())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Rows wrap anew; what is looked at stays."""
        anchor = None if self._follow else self._anchor_now()
        super().resizeEvent(event)
        self.doItemsLayout()
        self._restore(anchor)

    def toggle(self, index: QModelIndex) -> None:
        """Show a row whole, or its beginning again."""
        if not index.isValid():
            return
        row = self._store.row(index.row())
        if not self.delegate.layout_of(row, self.viewport().width()).expandable:
            return
        self.delegate.toggle(row)
        follows = self._follow
        top = self.visualRect(index).top()
        self._restoring = True
        self.doItemsLayout()
        bar = self.verticalScrollBar()
        bar.setValue(bar.value() + self.visualRect(index).top() - top)
        self._restoring = False
        self._follow = follows and bar.value() >= bar.maximum() - NEAR_END_PX
        self._on_scrolled(bar.value())

    def copy(self, index: QModelIndex) -> None:
        """Put a row on the clipboard, its parameters too where they are shown."""
        if index.isValid():
            row = self._store.row(index.row())
            shown = f"\n{row.details}" if row.details and row.key in self.delegate.expanded else ""
            QGuiApplication.clipboard().setText(words_of(row) + shown)

    def _on_inserted(self, _index: int) -> None:
        """What came may have closed questions above it."""
        self.viewport().update()
        self._spin.start()

    def _on_updated(self, index: int) -> None:
        """A row of the same height is painted alone (the model says so); another moves what is below it."""
        row = self._store.row(index)
        before = self.delegate.known_height(row)
        if self.delegate.layout_of(row, self.viewport().width()).height != before and not self._settle.isActive():
            self._settle.start()
        self._spin.start()

    def _on_moved_last(self, _index: int) -> None:
        """All rows from there have other places."""
        if not self._settle.isActive():
            self._settle.start()
        self._spin.start()

    def _relayout(self) -> None:
        anchor = None if self._follow else self._anchor_now()
        self.doItemsLayout()
        self._restore(anchor)

    def _turn_spinners(self) -> None:
        """Turns while a tool runs that can be seen, and rests otherwise."""
        if not self.delegate.living or motion_reduced() or not self.isVisible():
            return
        running = [row for row in self._visible_rows() if (item := self._store.row(row)).started and item.running]
        if running:
            self.delegate.turn = (self.delegate.turn + 1) % 12
            for row in running:
                area = self.visualRect(self.model().index(row, 0))
                area.setHeight(TOP_PX + TITLE_PX + 6)
                self.viewport().update(area)
            self._spin.start()

    def _visible_rows(self) -> range:
        count = self._store.row_count
        first = self.indexAt(QPoint(4, 0))
        last = self.indexAt(QPoint(4, self.viewport().height() - 1))
        begin = first.row() if first.isValid() else 0
        return range(begin, (last.row() if last.isValid() else count - 1) + 1)

    def _want_visible(self) -> None:
        """Ask for the pages that can be seen; where they are all here for the next one, above or below."""
        height = self.viewport().height()
        pages = self._missing_pages(0, height - 1)
        for page in pages or self._missing_pages(-height, 2 * height)[-1:]:
            self._store.want_page(page)

    def _missing_pages(self, top: int, bottom: int) -> list[int]:
        seen, found = self._visible_rows(), list[int]()
        for row in range(max(0, seen.start - ROWS_AHEAD), min(self._store.row_count, seen.stop + ROWS_AHEAD)):
            item = self._store.row(row)
            area = self.visualRect(self.model().index(row, 0)) if item.kind == "gap" else None
            if area is not None and area.bottom() > top and area.top() <= bottom:
                first, last = (_entry_at(item, y - area.top()) for y in (top, bottom))
                found.extend(range(first // PAGE, last // PAGE + 1))
        return found

    def _keep_end(self) -> None:
        if self._follow and not self._restoring:
            self.verticalScrollBar().setValue(self.verticalScrollBar().maximum())

    def _on_scrolled(self, value: int) -> None:
        if not self._restoring:
            self._follow = value >= self.verticalScrollBar().maximum() - NEAR_END_PX
        self._read_soon()
        self._spin.start()

    def _read_soon(self) -> None:
        """Also while somebody scrolls on and on."""
        if not self._read.isActive():
            self._read.start()

    def _anchor_now(self) -> Anchor | None:
        index = self.indexAt(QPoint(4, 0))
        if not index.isValid() or index.row() >= self._store.row_count:
            return None
        row: Row = self._store.row(index.row())
        area = self.visualRect(index)
        if row.kind == "gap":
            return Anchor(row.key, area.top(), _entry_at(row, -area.top()))
        return Anchor(row.key, area.top())

    def _on_about_to_reset(self) -> None:
        if not self._stale:
            self._anchor = None if self._follow else self._anchor_now()
        self._restoring = True

    def showEvent(self, event: QShowEvent) -> None:
        """Lay out what came while another tab was in front."""
        super().showEvent(event)
        if self._stale:
            self._on_reset()

    def _on_reset(self) -> None:
        self._restoring = False
        self._stale = not self.isVisible()
        if self._stale:
            return
        self.doItemsLayout()
        self._restore(self._anchor)
        self._read_soon()
        self._spin.start()

    def _restore(self, anchor: Anchor | None) -> None:
        """Scroll so that the anchor is where it was, or to the end."""
        if anchor is None:
            self._keep_end()
            return
        index, offset = self._place_of(anchor)
        if index < 0:
            return
        self._restoring = True
        bar = self.verticalScrollBar()
        bar.setValue(bar.value() + self.visualRect(self.model().index(index, 0)).top() - offset)
        self._restoring = False
        self._follow = False

    def _place_of(self, anchor: Anchor) -> tuple[int, int]:
        """The row to bring to which place below the view's top; (-1, 0) where it is gone."""
        span = self._store.rows_of_page(anchor.position // PAGE) if anchor.position >= 0 else None
        if span is not None and span[1] > span[0]:
            first, end = span
            return min(end - 1, first + (end - first) * (anchor.position % PAGE) // PAGE), 0
        for index, row in enumerate(self._store.rows):
            if row.kind == "gap" and 0 <= anchor.position - row.step * PAGE < row.hidden:
                return index, -(anchor.position - row.step * PAGE) * HIDDEN_ENTRY_PX
            if row.key == anchor.key and row.kind != "gap":
                return index, anchor.offset
        return -1, 0


def _entry_at(gap: Row, below: int) -> int:
    """The position of the entry that a gap has `below` px under its top."""
    return gap.step * PAGE + max(0, min(gap.hidden - 1, below // HIDDEN_ENTRY_PX))


class TimelineView(QWidget):
    """The list, its empty state, and the button to the end."""

    def __init__(self, store: JournalStore, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._store = store
        self.list = TimelineList(store, self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.list)
        # Over the list, which keeps the keyboard.
        self._empty = EmptyState("timeline", "Nothing has happened yet", "The first thought appears here as it comes.", parent=self)
        self._empty.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._latest = Button("Latest", icon="chevron-down", tooltip="Go to the newest entry", shortcut="End", parent=self)
        self._latest.hide()
        self._latest.clicked.connect(self.list.go_to_latest)
        self.list.verticalScrollBar().valueChanged.connect(self._on_moved)
        self.list.verticalScrollBar().rangeChanged.connect(lambda *_: self._on_moved())
        store.reset.connect(self._choose)
        store.inserted.connect(lambda _index: self._choose())
        self._choose()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the button in its corner."""
        super().resizeEvent(event)
        self._empty.setGeometry(self.rect())
        self._place()

    def _choose(self) -> None:
        self._empty.setVisible(self._store.loaded and not self._store.row_count)

    def _on_moved(self, *_: int) -> None:
        if self._latest.isHidden() is not self.list.following:
            self._latest.setVisible(not self.list.following)
            self._place()

    def _place(self) -> None:
        size = self._latest.sizeHint()
        self._latest.setGeometry(self.width() - size.width() - 24, self.height() - size.height() - 12, size.width(), size.height())
        self._latest.raise_()
