"""The timeline: what the agent thought, did and found, loaded from the journal and then live.

Scrolls along with what comes until the person scrolls up; "Latest" goes back to the end. Older pages come when the top is reached.
"""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, Qt, QTimer
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QListView, QStackedLayout, QWidget

from aether_desktop.apps.agent_vm.timeline_delegate import TimelineDelegate
from aether_desktop.models.journal_model import ROW_ROLE, JournalModel, words_of
from aether_desktop.stores.journal import JournalStore
from aether_desktop.widgets.button import Button
from aether_desktop.widgets.empty_state import EmptyState

NEAR_END_PX = 24


class TimelineList(QListView):
    """The virtual list itself."""

    def __init__(self, store: JournalStore, parent: QWidget) -> None:
        super().__init__(parent)
        self._store = store
        self._follow = True
        self.setModel(JournalModel(store, self))
        self._delegate = TimelineDelegate(self)
        self.setItemDelegate(self._delegate)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setFrameShape(QListView.Shape.NoFrame)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setAccessibleName("Timeline")
        self.verticalScrollBar().valueChanged.connect(self._on_scrolled)
        self.verticalScrollBar().rangeChanged.connect(lambda *_: self._keep_end())
        self.doubleClicked.connect(self._toggle)
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(16)
        self._settle.timeout.connect(self._relayout)
        store.updated.connect(lambda _index: self._settle.start() if not self._settle.isActive() else None)
        store.reset.connect(self._on_reset)
        self._keep_bottom_distance: int | None = None

    @property
    def following(self) -> bool:
        """Whether it scrolls along with what comes."""
        return self._follow

    def go_to_latest(self) -> None:
        """Scroll to the end and follow again."""
        self._follow = True
        self.scrollToBottom()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Return expands, Ctrl+C copies, End follows."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._toggle(self.currentIndex())
        elif event.matches(QKeySequence.StandardKey.Copy):
            row = self.currentIndex().data(ROW_ROLE)
            if row is not None:
                QGuiApplication.clipboard().setText(words_of(row))
        elif event.key() == Qt.Key.Key_End:
            self.go_to_latest()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Rows wrap anew."""
        super().resizeEvent(event)
        self.scheduleDelayedItemsLayout()
        self._keep_end()

    def _toggle(self, index: QModelIndex) -> None:
        row = index.data(ROW_ROLE)
        if row is not None:
            self._delegate.toggle(row)
            self.scheduleDelayedItemsLayout()

    def _relayout(self) -> None:
        self.scheduleDelayedItemsLayout()
        self._keep_end()

    def _keep_end(self) -> None:
        bar = self.verticalScrollBar()
        if self._keep_bottom_distance is not None:
            # The range passes through smaller values while the view lays out the longer list.
            if bar.maximum() > self._keep_bottom_distance:
                bar.setValue(bar.maximum() - self._keep_bottom_distance)
                self._keep_bottom_distance = None
        elif self._follow:
            self.verticalScrollBar().setValue(self.verticalScrollBar().maximum())

    def _on_scrolled(self, value: int) -> None:
        bar = self.verticalScrollBar()
        self._follow = value >= bar.maximum() - NEAR_END_PX
        if value == 0 and bar.maximum() > 0 and self._store.older:
            self._keep_bottom_distance = bar.maximum()
            self._store.load_older()

    def _on_reset(self) -> None:
        self.scheduleDelayedItemsLayout()


class TimelineView(QWidget):
    """The list, its empty state, and the button to the end."""

    def __init__(self, store: JournalStore, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._store = store
        self.list = TimelineList(store, self)
        self._empty = EmptyState("agent", "Nothing has happened yet", "The first thought appears here as it comes.")
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self.list)
        self._latest = Button("Latest", "normal", tooltip="Go to the newest entry (End)", parent=self)
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
        self._place()

    def _choose(self) -> None:
        self._stack.setCurrentWidget(self.list if self._store.rows else self._empty)

    def _on_moved(self, *_: int) -> None:
        self._latest.setVisible(not self.list.following)
        self._place()

    def _place(self) -> None:
        size = self._latest.sizeHint()
        self._latest.setGeometry(self.width() - size.width() - 24, self.height() - size.height() - 12, size.width(), size.height())
        self._latest.raise_()
