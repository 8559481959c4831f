"""The agent's log: one line an entry, in the colour of its kind, with a filter and a search through all of it."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import (
    QColor,
    QFontMetricsF,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QPalette,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from aether_desktop.apps.agent_vm.one_column import set_up_one_column
from aether_desktop.apps.agent_vm.well_text import WELL_COLOUR
from aether_desktop.bridge.client import KernelClient
from aether_desktop.models.log_model import LINE_ROLE, LogModel
from aether_desktop.stores.journal import JournalStore
from aether_desktop.stores.reducers.log_lines import LogLine
from aether_desktop.theme.fonts import mono_font
from aether_desktop.theme.tokens import DARK, SPACE, TYPE
from aether_desktop.widgets.button import Button
from aether_desktop.widgets.label import Label
from aether_desktop.widgets.search_field import SearchField
from aether_desktop.widgets.segmented_control import Segment, SegmentedControl

LINE_PX = 19
FRAME_PX = 6
PADDING_PX = 10
COLUMN_PX = 10
SEARCH_AFTER_MS = 150
KINDS = (
    ("", "All"),
    ("thoughts", "Thoughts"),
    ("actions", "Actions"),
    ("results", "Results"),
    ("people", "People"),
    ("problems", "Problems"),
)
_FLAGS = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine)
Index = QModelIndex | QPersistentModelIndex


class LogDelegate(QStyledItemDelegate):
    """Paints one line on the terminal's background."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.clock_of: Callable[[float], time.struct_time] = time.localtime
        self._font = mono_font(TYPE.label)
        self._bold = mono_font(TYPE.label, bold=True)
        self._metrics = QFontMetricsF(self._font)
        self._bold_metrics = QFontMetricsF(self._bold)

    def sizeHint(self, _option: QStyleOptionViewItem, _index: Index) -> QSize:
        """Every line is as high as the others."""
        return QSize(100, LINE_PX)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Time, label in its colour, text; cut where there is no room."""
        line: LogLine = index.data(LINE_ROLE)
        area = QRectF(option.rect)
        colours = DARK.terminal
        painter.save()
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, QColor(colours.selection))
        area = area.adjusted(PADDING_PX, 0, -PADDING_PX, 0)
        mark = QColor(DARK.phase(line.word).mark)
        clock = time.strftime("%H:%M:%S", self.clock_of(line.timestamp)) if line.timestamp else ""
        painter.setFont(self._font)
        painter.setPen(QColor(DARK.text3))
        painter.drawText(area, _FLAGS, clock)
        area.setLeft(area.left() + self._metrics.horizontalAdvance("00:00:00") + COLUMN_PX)
        painter.setFont(self._bold)
        painter.setPen(mark)
        label = self._bold_metrics.elidedText(line.label, Qt.TextElideMode.ElideRight, area.width())
        painter.drawText(area, _FLAGS, label)
        area.setLeft(area.left() + self._bold_metrics.horizontalAdvance(label) + COLUMN_PX)
        if line.text and area.width() > 20:
            painter.setFont(self._font)
            painter.drawText(area, _FLAGS, self._metrics.elidedText(line.text, Qt.TextElideMode.ElideRight, area.width()))
        painter.restore()


class LogList(QTableView):
    """The lines; follows the end while it is in view."""

    def __init__(self, model: LogModel, parent: QWidget) -> None:
        super().__init__(parent)
        self._follow = True
        self.setModel(model)
        self.delegate = LogDelegate(self)
        self.setItemDelegate(self.delegate)
        set_up_one_column(self, LINE_PX)
        self.setWordWrap(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setAccessibleName("Log")
        self.setStyleSheet(
            f"QTableView {{ background: {WELL_COLOUR}; }} QTableView:focus {{ border: none; }}"
            f"QScrollBar::handle {{ background: {DARK.text3}; }}"
        )
        # A ground of its own lets scrolling move what is painted already.
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.verticalScrollBar().valueChanged.connect(self._on_scrolled)
        self.verticalScrollBar().rangeChanged.connect(lambda *_: self._keep_end())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ctrl+C copies the chosen lines."""
        if event.matches(QKeySequence.StandardKey.Copy):
            chosen = sorted(self.selectionModel().selectedIndexes(), key=lambda index: index.row())
            lines = [index.data(LINE_ROLE) for index in chosen]
            QGuiApplication.clipboard().setText("\n".join(f"{line.clock}  {line.words}" for line in lines))
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The terminal's ground, then the lines."""
        painter = QPainter(self.viewport())
        painter.fillRect(event.rect(), QColor(WELL_COLOUR))
        painter.end()
        super().paintEvent(event)

    def _on_scrolled(self, value: int) -> None:
        self._follow = value >= self.verticalScrollBar().maximum() - LINE_PX

    def _keep_end(self) -> None:
        if self._follow:
            self.verticalScrollBar().setValue(self.verticalScrollBar().maximum())


class LogsView(QWidget):
    """Purple thoughts, blue actions, cyan observations, amber questions, red errors."""

    def __init__(self, client: KernelClient, store: JournalStore, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._store = store
        self.model = LogModel(client, store, self)
        self._kind = ""
        self._filter = SegmentedControl("Kinds of entries", [Segment(*kind) for kind in KINDS])
        self._filter.selected.connect(self._on_kind)
        self._search = SearchField("Search the log")
        self._search.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(SEARCH_AFTER_MS)
        self._later.timeout.connect(self._apply)
        self._search.query_changed.connect(lambda _words: self._later.start())
        self._said = Label("", "caption")
        self._stop = Button("Stop", "quiet", tooltip="Search no further")
        self._stop.clicked.connect(self.model.stop_search)
        self.list = LogList(self.model, self)
        self.model.progressed.connect(self._tell)
        self._lay_out()
        self._tell()

    def showEvent(self, event: object) -> None:
        """The palette of a list on a dark ground in both themes."""
        palette = self.list.palette()
        palette.setColor(QPalette.ColorRole.Base, QColor(WELL_COLOUR))
        self.list.setPalette(palette)
        super().showEvent(event)  # type: ignore[arg-type] # PySide's stub wants QShowEvent

    def plain_text(self) -> str:
        """All lines shown, for tests and copying."""
        return "\n".join(self.model.line(row).words for row in range(self.model.rowCount()))

    def _on_kind(self, key: str) -> None:
        self._kind = key
        self._apply()

    def _apply(self) -> None:
        self.model.set_filter(self._kind, self._search.text().strip())

    def _tell(self) -> None:
        self._stop.setVisible(self.model.searching)
        if not self.model.filtered:
            self._said.setText("")
        elif self.model.searching:
            self._said.setText(f"{self.model.rowCount():,} found, {self.model.searched:,} of {self._store.total:,} searched")
        else:
            self._said.setText(f"{self.model.rowCount():,} found")
        self._said.setVisible(bool(self._said.text()))

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(SPACE.sm)
        top.addWidget(self._filter)
        top.addStretch(1)
        top.addWidget(self._search, 2)
        below = QHBoxLayout()
        below.addWidget(self._said, 1)
        below.addWidget(self._stop)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE.lg, SPACE.md, SPACE.lg, SPACE.md)
        column.setSpacing(SPACE.sm)
        column.addLayout(top)
        column.addLayout(below)
        column.addWidget(self._ground(), 1)

    def _ground(self) -> QWidget:
        """The rounded frame around the list."""
        ground = QFrame()
        ground.setObjectName("log-ground")
        look = f"background: {WELL_COLOUR}; border: 1px solid {DARK.line_strong}; border-radius: 8px;"
        ground.setStyleSheet(f"QFrame#log-ground {{ {look} }}")
        inside = QVBoxLayout(ground)
        inside.setContentsMargins(1, FRAME_PX, 1, FRAME_PX)
        inside.addWidget(self.list)
        return ground
