"""The list of an agent's calls to language models: two lines for each, painted; follows the end while it is in view."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QGuiApplication, QKeyEvent, QKeySequence, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from aether_desktop.apps.agent_vm.exchange_model import LINE_ROLE, ExchangeModel
from aether_desktop.apps.agent_vm.exchanges import ExchangeLine
from aether_desktop.apps.agent_vm.one_column import set_up_one_column
from aether_desktop.theme.current import tokens_of
from aether_desktop.theme.fonts import tabular_ui_font
from aether_desktop.theme.tokens import TYPE

ROW_PX = 46
LINE_PX = 18
PADDING_PX = 12
GAP_PX = 8
TOP_PX = 5
_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine)
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine)
Index = QModelIndex | QPersistentModelIndex


class ExchangeDelegate(QStyledItemDelegate):
    """Time, model and duration; below them how it ended, tokens and sizes."""

    def __init__(self, table: QTableView) -> None:
        super().__init__(table)
        self.clock_of: Callable[[float], time.struct_time] = time.localtime
        self._table = table
        self._font = tabular_ui_font(TYPE.label)
        self._strong = tabular_ui_font(TYPE.label, QFont.Weight.DemiBold)
        self._small = tabular_ui_font(TYPE.caption)

    def sizeHint(self, _option: QStyleOptionViewItem, _index: Index) -> QSize:
        """Every call is as high as the others."""
        return QSize(100, ROW_PX)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint one call; what has no room is cut."""
        line: ExchangeLine = index.data(LINE_ROLE)
        tokens = tokens_of(self._table)
        area = QRectF(option.rect)
        has_keyboard = self._table.hasFocus()
        painter.save()
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, QColor(tokens.selection if has_keyboard else tokens.surface3))
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(area, QColor(tokens.hover))
        if has_keyboard and index.row() == self._table.currentIndex().row():
            painter.setPen(QColor(tokens.accent))
            painter.drawRect(area.adjusted(0, 0, -1, -1))
        area.adjust(PADDING_PX, TOP_PX, -PADDING_PX, 0)
        area.setHeight(LINE_PX)
        clock = time.strftime("%H:%M:%S", self.clock_of(line.exchange.started_at))
        self._paint_line(painter, QRectF(area), (clock, tokens.text3), (line.model, tokens.text1), (line.took, tokens.text2))
        area.translate(0, LINE_PX)
        self._paint_below(painter, area, line)
        painter.restore()

    def _paint_line(
        self, painter: QPainter, area: QRectF, clock: tuple[str, str], model: tuple[str, str], took: tuple[str, str]
    ) -> None:
        metrics = QFontMetricsF(self._font)
        painter.setFont(self._font)
        painter.setPen(QColor(clock[1]))
        painter.drawText(area, _LEFT, clock[0])
        painter.setPen(QColor(took[1]))
        painter.drawText(area, _RIGHT, took[0])
        area.adjust(metrics.horizontalAdvance(clock[0]) + GAP_PX, 0, -metrics.horizontalAdvance(took[0]) - GAP_PX, 0)
        painter.setFont(self._strong)
        painter.setPen(QColor(model[1]))
        painter.drawText(area, _LEFT, QFontMetricsF(self._strong).elidedText(model[0], Qt.TextElideMode.ElideMiddle, area.width()))

    def _paint_below(self, painter: QPainter, area: QRectF, line: ExchangeLine) -> None:
        """What went wrong has the row; what went well says its figures."""
        tokens = tokens_of(self._table)
        metrics = QFontMetricsF(self._small)
        painter.setFont(self._small)
        outcome = metrics.elidedText(line.outcome, Qt.TextElideMode.ElideRight, area.width())
        painter.setPen(QColor(tokens.phase("completed" if line.ok else "failed").text))
        painter.drawText(area, _LEFT, outcome)
        area.setLeft(area.left() + metrics.horizontalAdvance(outcome) + GAP_PX)
        painter.setPen(QColor(tokens.text3))
        fitting = (words for words in (line.figures, line.sizes) if metrics.horizontalAdvance(words) <= area.width())
        painter.drawText(area, _RIGHT, next(fitting, ""))


class ExchangeList(QTableView):
    """The calls; arrows choose one, Return looks at it."""

    chosen = Signal(object)
    """An ``ExchangeLine`` was chosen; None where none is."""
    opened = Signal()
    """Return was pressed on the chosen one, or it was double-clicked."""

    def __init__(self, model: ExchangeModel, parent: QWidget) -> None:
        super().__init__(parent)
        self._calls = model
        self._follow = True
        self.setModel(model)
        self.delegate = ExchangeDelegate(self)
        self.setItemDelegate(self.delegate)
        set_up_one_column(self, ROW_PX)
        self.setMouseTracking(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setAccessibleName("Calls to the model")
        self.setStyleSheet("QTableView { background: transparent; } QTableView:focus { border: none; }")
        self.verticalScrollBar().valueChanged.connect(self._on_scrolled)
        self.verticalScrollBar().rangeChanged.connect(lambda *_: self._keep_end())
        self.selectionModel().currentChanged.connect(lambda now, _before: self.chosen.emit(now.data(LINE_ROLE)))
        self.doubleClicked.connect(lambda _index: self.opened.emit())

    @property
    def following(self) -> bool:
        """Whether it scrolls along with what comes."""
        return self._follow

    def choose_last(self) -> None:
        """Choose the newest call."""
        if self._calls.rowCount():
            self.setCurrentIndex(self._calls.index(self._calls.rowCount() - 1))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Return looks at the chosen call, Ctrl+C copies its line; arrows, pages, Home and End choose."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if self.currentIndex().isValid():
                self.opened.emit()
        elif event.matches(QKeySequence.StandardKey.Copy):
            if self.currentIndex().isValid():
                QGuiApplication.clipboard().setText(self._calls.line(self.currentIndex().row()).words)
        elif event.key() == Qt.Key.Key_Home and self._calls.rowCount():
            self.setCurrentIndex(self._calls.index(0))
        elif event.key() == Qt.Key.Key_End:
            self.choose_last()
            self.scrollToBottom()
        else:
            super().keyPressEvent(event)

    def _on_scrolled(self, value: int) -> None:
        self._follow = value >= self.verticalScrollBar().maximum() - ROW_PX // 2

    def _keep_end(self) -> None:
        if self._follow:
            self.verticalScrollBar().setValue(self.verticalScrollBar().maximum())
