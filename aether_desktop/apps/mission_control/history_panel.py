"""The runs of before: a searchable list beside the agents; a click opens a run on its timeline, a button deploys it again."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QPointF, QRect, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QListView,
    QStackedWidget,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolTip,
    QVBoxLayout,
    QWidget,
)

from aether_desktop.apps.mission_control import paint_parts as parts
from aether_desktop.apps.mission_control.metrics_bar import duration_text
from aether_desktop.bridge.client import KernelClient
from aether_desktop.models.agent_status import status_of
from aether_desktop.models.history_model import INFO_ROLE, HistoryModel
from aether_desktop.stores.processes import ProcessStore
from aether_desktop.stores.reducers.process import ProcessView
from aether_desktop.theme.current import tokens_of
from aether_desktop.theme.icons import paint_icon
from aether_desktop.theme.tokens import SPACE, Tokens
from aether_desktop.widgets.button import IconButton
from aether_desktop.widgets.empty_state import EmptyState
from aether_desktop.widgets.label import Label
from aether_desktop.widgets.notice import Notice
from aether_desktop.widgets.phase_dot import paint_phase_dot
from aether_desktop.widgets.search_field import SearchField
from aether_desktop.widgets.shown_text import plain_tooltip
from kernel.errors import AetherError
from kernel.protocol.records import ProcessInfo

ROW_HEIGHT_PX: Final = 56
_AGAIN_PX: Final = 26
_SEARCH_DELAY_MS: Final = 150
_DAY_S: Final = 86_400.0


def when_text(moment: float, now: float) -> str:
    """``just now``, ``12 m ago``, ``3 h ago``, ``2 d ago``, or the date."""
    passed = now - moment
    if passed < 60:
        return "just now"
    if passed < 3600:
        return f"{int(passed // 60)} m ago"
    if passed < _DAY_S:
        return f"{int(passed // 3600)} h ago"
    if passed < 7 * _DAY_S:
        return f"{int(passed // _DAY_S)} d ago"
    return time.strftime("%Y-%m-%d", time.localtime(moment))


def run_text(info: ProcessInfo, now: float) -> str:
    """When a run began, how long it took, and its steps: ``2 d ago, 5 m, 12 steps``."""
    texts = [when_text(info.created_at, now)]
    if info.ended_at > info.created_at:
        texts.append(duration_text(info.ended_at - info.created_at))
    texts.append(f"{info.step} step{'' if info.step == 1 else 's'}")
    return ", ".join(texts)


class _RunDelegate(QStyledItemDelegate):
    """Paints a run in two lines and its button."""

    def __init__(self, now: Callable[[], float], store: ProcessStore, view: QListView) -> None:
        super().__init__(view)
        self._now = now
        self._store = store
        self._view = view

    def sizeHint(self, _option: QStyleOptionViewItem, _index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(100, ROW_HEIGHT_PX)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        info = index.data(INFO_ROLE)
        if info is None:
            return
        tokens = tokens_of(self._view)
        rect: QRect = option.rect
        state: QStyle.StateFlag = option.state
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        selected = bool(state & QStyle.StateFlag.State_Selected)
        if selected or state & QStyle.StateFlag.State_MouseOver:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(tokens.surface3 if selected else tokens.surface2))
            painter.drawRoundedRect(QRectF(rect).adjusted(6, 1, -6, -1), 8, 8)
        self._paint_run(painter, QRectF(rect), info, tokens)
        painter.restore()

    def _paint_run(self, painter: QPainter, rect: QRectF, info: ProcessInfo, tokens: Tokens) -> None:
        status = status_of(self._store.get(info.pid) or ProcessView(info=info))
        again = again_area(rect)
        paint_icon(painter, again.adjusted(5, 5, -5, -5), "restart-line", QColor(tokens.text3))
        first = QRectF(rect.left() + 34, rect.top() + 9, again.left() - rect.left() - 42, 18)
        second = QRectF(first.left(), first.bottom() + 3, first.width(), 16)
        paint_phase_dot(painter, QPointF(rect.left() + 22, first.center().y()), tokens, status.phase)
        used = parts.draw_text(painter, first.adjusted(0, 0, -first.width() * 0.4, 0), "name", tokens.text1, info.name)
        rest = first.adjusted(used + 8, 1, 0, 0)
        rest.setLeft(rest.left() + parts.draw_text(painter, rest, "mono", tokens.text3, str(info.pid)) + 8)
        parts.draw_text(painter, rest, "text", tokens.text2, info.goal)
        word = status.word
        colour = tokens.phase(status.phase).text
        used = parts.draw_text(painter, second, "label", colour, word)
        parts.draw_text(painter, second.adjusted(used + 8, 0, 0, 0), "small", tokens.text3, run_text(info, self._now()))


def again_area(row: QRectF) -> QRectF:
    """Where a row's "Deploy again" button is."""
    return QRectF(row.right() - _AGAIN_PX - 12, row.center().y() - _AGAIN_PX / 2, _AGAIN_PX, _AGAIN_PX)


class _RunList(QListView):
    """Tells a click on a run from one on its button."""

    chosen = Signal(object)
    again = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setUniformItemSizes(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMouseTracking(True)
        self.setAccessibleName("Runs")

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        index = self.indexAt(event.position().toPoint())
        if event.button() is not Qt.MouseButton.LeftButton or not index.isValid():
            return
        on_button = again_area(QRectF(self.visualRect(index))).contains(event.position())
        (self.again if on_button else self.chosen).emit(index.data(INFO_ROLE))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        info = self.currentIndex().data(INFO_ROLE)
        if info is not None and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.chosen.emit(info)
        elif info is not None and event.key() == Qt.Key.Key_R:
            self.again.emit(info)
        else:
            super().keyPressEvent(event)

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() is QEvent.Type.ToolTip:
            position = event.pos()  # type: ignore[attr-defined]  # a QHelpEvent
            index = self.indexAt(position)
            info = index.data(INFO_ROLE)
            on_button = again_area(QRectF(self.visualRect(index))).contains(QPointF(position))
            text = "" if info is None else "Deploy again (R)" if on_button else plain_tooltip(info.goal[:600])
            QToolTip.showText(event.globalPos(), text, self)  # type: ignore[attr-defined]  # as above
            return True
        return super().viewportEvent(event)


class HistoryPanel(QWidget):
    """A header with a search field and the list."""

    opened = Signal(object)
    """The person wants to see a run; with its ``ProcessInfo``."""
    deploy_again = Signal(object)
    """The person wants to deploy a run again; with its ``ProcessInfo``."""
    closed = Signal()
    """The panel shall go."""

    def __init__(
        self,
        client: KernelClient,
        store: ProcessStore,
        notify: Callable[[Notice], None],
        *,
        now: Callable[[], float] = time.time,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._notify = notify
        self.model = HistoryModel(client, store, self._on_error, self)
        self.search = SearchField("Search all runs", width_px=1000)
        self.list = _RunList()
        self.list.setMinimumHeight(1)
        self.list.setModel(self.model)
        self.list.setItemDelegate(_RunDelegate(now, store, self.list))
        self.empty = EmptyState("history", "No runs yet", "Every agent that you deploy stays here, with all it did.")
        self._title = Label("History", "lead")
        self._count = Label("", "caption")
        self._search_timer = QTimer(self)
        self._search_timer.setSingleShot(True)
        self._search_timer.setInterval(_SEARCH_DELAY_MS)
        self._lay_out()
        self._search_timer.timeout.connect(lambda: self.model.load(self.search.text().strip()))
        self.search.query_changed.connect(lambda _query: self._search_timer.start())
        self.list.chosen.connect(self.opened)
        self.list.again.connect(self.deploy_again)
        self.model.loaded.connect(self._on_loaded)

    def start(self) -> None:
        """Show the newest runs and take the keyboard."""
        self.model.load(self.search.text().strip())
        self.search.setFocus(Qt.FocusReason.OtherFocusReason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape closes; Down goes into the list."""
        if event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
        elif event.key() == Qt.Key.Key_Down and self.search.hasFocus():
            self.list.setFocus()
            if not self.list.currentIndex().isValid():
                self.list.setCurrentIndex(self.model.index(0))
        elif not (event.text() and event.text().isprintable()):
            super().keyPressEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the panel with a line at its left."""
        painter = QPainter(self)
        tokens = tokens_of(self)
        painter.fillRect(self.rect(), QColor(tokens.surface0))
        painter.fillRect(0, 0, 1, self.height(), QColor(tokens.line))

    def _lay_out(self) -> None:
        close = IconButton("close", "Close the history", shortcut="Escape", size_px=24)
        close.clicked.connect(self.closed)
        top = QHBoxLayout()
        top.addWidget(self._title)
        top.addWidget(self._count, 1)
        top.addWidget(close)
        head = QVBoxLayout()
        head.setContentsMargins(SPACE.lg, SPACE.md, SPACE.md, SPACE.sm)
        head.setSpacing(SPACE.sm)
        head.addLayout(top)
        head.addWidget(self.search)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.list)
        self.stack.addWidget(self.empty)
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self.stack, 1)

    def _on_loaded(self) -> None:
        self._count.setText(f"{self.model.total:,}" if self.model.total else "")
        if self.model.rowCount():
            self.stack.setCurrentWidget(self.list)
            return
        if self.model.query:
            self.empty.set_text(f"Nothing matches “{self.model.query[:60]}”", "Escape clears the search.")
        else:
            self.empty.set_text("No runs yet", "Every agent that you deploy stays here, with all it did.")
        self.stack.setCurrentWidget(self.empty)

    def _on_error(self, error: AetherError) -> None:
        self._notify(Notice(error.message, error.hint, "error"))
