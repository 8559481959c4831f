"""How a row of the timeline is painted: dots in their phase's colours on a line, title, text, time; a tool call with its result."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import pairwise

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen
from PySide6.QtWidgets import QAbstractItemView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from aether_desktop.apps.agent_vm.timeline_layout import (
    CLOCK_PX,
    LEFT_PX,
    RIGHT_PX,
    TITLE_PX,
    TOP_PX,
    Block,
    RowLayout,
    fonts,
    lay_out,
    title_metrics,
)
from aether_desktop.stores.journal import JournalStore
from aether_desktop.stores.reducers.timeline import Row
from aether_desktop.theme.current import tokens_of
from aether_desktop.theme.icons import paint_icon
from aether_desktop.theme.tokens import RADIUS, Tokens
from aether_desktop.widgets.phase_dot import paint_phase_dot

Index = QModelIndex | QPersistentModelIndex
DOT_X_PX = 24
DOT_Y_PX = TOP_PX + 14
DOT_GAP_PX = 10
KEPT_LAYOUTS = 3_000
LEAST_PX = 120
_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine)
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine)


class TimelineDelegate(QStyledItemDelegate):
    """Paints the rows of a store; ``expanded`` holds the keys of those shown whole, ``living`` whether the agent still runs.

    clock_of: the time of day of a timestamp, for pictures that must not depend on where they are made.
    """

    def __init__(self, store: JournalStore, parent: QAbstractItemView) -> None:
        super().__init__(parent)
        self._viewport = parent.viewport()
        self.expanded: set[str] = set()
        self.living = True
        self.turn = 0
        self.clock_of: Callable[[float], time.struct_time] = time.localtime
        self._store = store
        self._layouts: dict[str, tuple[Row, int, bool, RowLayout]] = {}

    def toggle(self, row: Row) -> None:
        """Show a row whole, or its beginning again."""
        self.expanded.symmetric_difference_update({row.key})

    def layout_of(self, row: Row, width: int) -> RowLayout:
        """A row's layout, from memory where it is as it was."""
        expanded = row.key in self.expanded
        known = self._layouts.get(row.key)
        if known is not None and known[1] == width and known[2] == expanded and (known[0] is row or known[0] == row):
            return known[3]
        if len(self._layouts) > KEPT_LAYOUTS:
            self._forget_layouts()
        layout = lay_out(row, width, expanded=expanded)
        self._layouts[row.key] = (row, width, expanded, layout)
        return layout

    def _forget_layouts(self) -> None:
        """Of rows that are there no more; all at once would lay every row out anew in one frame."""
        there = {row.key for row in self._store.rows}
        self._layouts = {key: known for key, known in self._layouts.items() if key in there}
        if len(self._layouts) > KEPT_LAYOUTS // 2:
            self._layouts.clear()

    def known_height(self, row: Row) -> float:
        """The height that a row of this key had when it was last laid out; -1 where it never was."""
        known = self._layouts.get(row.key)
        return -1.0 if known is None else known[3].height

    def sizeHint(self, _option: QStyleOptionViewItem, index: Index) -> QSize:
        """See QStyledItemDelegate."""
        # As it will be painted: what the view offers here is a few px less, and every row would be laid out twice.
        width = max(LEAST_PX, self._viewport.width())
        return QSize(width, round(self.layout_of(self._store.row(index.row()), width).height))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """See QStyledItemDelegate."""
        row = self._store.row(index.row())
        tokens = tokens_of(option.widget)
        area = QRect(option.rect)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if row.kind == "gap":
            self._paint_gap(painter, tokens, area, option.widget.rect())
            painter.restore()
            return
        layout = self.layout_of(row, max(LEAST_PX, area.width()))
        selected = bool(option.state & QStyle.StateFlag.State_Selected) and bool(option.state & QStyle.StateFlag.State_Active)
        if selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(tokens.hover))
            painter.drawRoundedRect(QRectF(area).adjusted(6, 2, -6, -2), RADIUS.small, RADIUS.small)
        self._paint_line(painter, tokens, area, layout, index.row())
        self._paint_node(painter, tokens, row, area, layout)
        for block in layout.blocks:
            self._paint_block(painter, tokens, row, area, block)
        if row.added or row.removed:
            _paint_counts(painter, tokens, row, QPointF(area.left() + layout.tail_left, area.top() + layout.tail_top))
        painter.restore()

    def _paint_line(self, painter: QPainter, tokens: Tokens, area: QRect, layout: RowLayout, row: int) -> None:
        """From dot to dot, as far as it lies in this row: a row may be painted alone."""
        painter.setPen(QPen(QColor(tokens.line_strong), 1))
        x = area.left() + DOT_X_PX
        gap = DOT_GAP_PX
        points = [area.top() + DOT_Y_PX]
        if row:
            painter.drawLine(QPointF(x, area.top()), QPointF(x, points[0] - gap))
        if layout.result_top >= 0:
            points.append(area.top() + round(layout.result_top) + 11)
        for top, bottom in pairwise(points):
            painter.drawLine(QPointF(x, top + gap), QPointF(x, bottom - gap))
        if row + 1 < self._store.row_count:
            painter.drawLine(QPointF(x, points[-1] + gap), QPointF(x, area.bottom() + 1))

    def _paint_node(self, painter: QPainter, tokens: Tokens, row: Row, area: QRect, layout: RowLayout) -> None:
        centre = QPointF(area.left() + DOT_X_PX, area.top() + DOT_Y_PX)
        if row.kind == "user":
            _paint_own_dot(painter, centre, tokens, confirmed=row.ok and not row.running)
        else:
            paint_phase_dot(painter, centre, tokens, row.word, diameter=10, halo=True)
        loud = row.kind in ("waiting", "end") or (row.kind == "notice" and not row.ok)
        colour = tokens.phase(row.word).text if loud else tokens.text1
        right = self._paint_title(painter, tokens, area, area.top() + TOP_PX + 3, row.title, colour, row.timestamp)
        right = self._paint_status(painter, tokens, row, right, area.top() + TOP_PX + 3)
        if layout.expandable:
            glyph = "chevron-down" if row.key in self.expanded else "chevron-right"
            paint_icon(painter, QRectF(right + 4, area.top() + TOP_PX + 6, 15, 15), glyph, QColor(tokens.text3))
        if row.result is not None and layout.result_top >= 0:
            top = area.top() + layout.result_top
            paint_phase_dot(painter, QPointF(centre.x(), top + 11), tokens, row.result.word, diameter=10, halo=True)
            colour = tokens.text1 if row.result.ok else tokens.phase("failed").text
            self._paint_title(painter, tokens, area, top, row.result.title, colour, row.result.timestamp)

    def _paint_title(
        self, painter: QPainter, tokens: Tokens, area: QRect, top: float, title: str, colour: str, timestamp: float
    ) -> float:
        """The title and, at the right, the time of day; returns the title's right edge."""
        left = area.left() + LEFT_PX
        room = area.width() - LEFT_PX - RIGHT_PX - CLOCK_PX - 44
        painter.setFont(fonts().clock)
        painter.setPen(QColor(tokens.text3))
        clock = time.strftime("%H:%M:%S", self.clock_of(timestamp)) if timestamp else ""
        painter.drawText(QRectF(area.right() - RIGHT_PX - CLOCK_PX, top, CLOCK_PX, TITLE_PX), _RIGHT, clock)
        metrics = title_metrics()
        shown = metrics.elidedText(title.replace("\n", " "), Qt.TextElideMode.ElideRight, max(40, room))
        painter.setFont(fonts().title)
        painter.setPen(QColor(colour))
        painter.drawText(QRectF(left, top, max(40, room) + 4, TITLE_PX), _LEFT, shown)
        return left + metrics.horizontalAdvance(shown)

    def _paint_status(self, painter: QPainter, tokens: Tokens, row: Row, left: float, top: float) -> float:
        """A spinner while a tool runs, a check or a cross when it has, the same of a message that was given or never will be.

        Returns the right edge.
        """
        place = QRectF(left + 7, top + 4, 13, 13)
        if row.kind == "user" and not row.running:
            name, colour = ("check", tokens.accent_text) if row.ok else ("close", tokens.phase("failed").text)
            paint_icon(painter, place, name, QColor(colour))
            return place.right()
        if row.kind != "tool":
            return left
        if row.result is not None:
            name, colour = ("check", tokens.phase("done").text) if row.ok else ("close", tokens.phase("failed").text)
            paint_icon(painter, place, name, QColor(colour))
            return place.right()
        if row.started and self.living:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(tokens.line_strong), 2))
            ring = place.adjusted(1.5, 1.5, -1.5, -1.5)
            painter.drawEllipse(ring)
            painter.setPen(QPen(QColor(tokens.phase("executing").mark), 2, c=Qt.PenCapStyle.RoundCap))
            painter.drawArc(ring, -self.turn * 30 * 16, 100 * 16)
            return place.right()
        return left

    def _paint_block(self, painter: QPainter, tokens: Tokens, row: Row, area: QRect, block: Block) -> None:
        origin = QPointF(area.left(), area.top())
        ink = tokens.text2
        if block.look in ("card", "output", "said"):
            fill = {"card": tokens.surface2, "output": tokens.terminal.background, "said": tokens.surface2}[block.look]
            frame = block.frame.translated(origin)
            if block.look == "said":
                frame.setWidth(min(frame.width(), block.layout.maximumWidth() + 22, frame.width()))
            pending = block.look == "said" and row.running
            painter.setPen(QPen(QColor(tokens.accent), 1, Qt.PenStyle.DashLine) if pending else QColor(tokens.line))
            painter.setBrush(Qt.BrushStyle.NoBrush if pending else QColor(fill))
            painter.drawRoundedRect(frame.adjusted(0.5, 0.5, -0.5, -0.5), RADIUS.small + 2, RADIUS.small + 2)
            ink = tokens.terminal.foreground if block.look == "output" else tokens.text1 if block.look == "said" else tokens.text2
        elif block.look == "dim":
            ink = tokens.text3
            bar = QRectF(origin.x() + block.left - 10, origin.y() + block.top, 2, block.height)
            painter.fillRect(bar, QColor(tokens.phase("thinking").mark if row.running else tokens.line_strong))
        elif block.look == "faint":
            ink = tokens.text3
        elif row.kind in ("end", "waiting"):
            ink = tokens.text1
        painter.setPen(QColor(ink))
        block.layout.draw(painter, QPointF(origin.x() + block.left, origin.y() + block.top))
        if block.streaming and self.living and block.layout.lineCount():
            last = block.layout.lineAt(block.layout.lineCount() - 1)
            x = origin.x() + block.left + last.naturalTextWidth() + 3
            painter.fillRect(QRectF(x, origin.y() + block.top + last.y() + 1, 7, last.height() - 2), QColor(tokens.phase("thinking").mark))

    @staticmethod
    def _paint_gap(painter: QPainter, tokens: Tokens, area: QRect, window: QRect) -> None:
        painter.setPen(QPen(QColor(tokens.line), 1))
        x = area.left() + DOT_X_PX
        area = area.intersected(window)
        painter.drawLine(x, area.top(), x, area.bottom())
        painter.setFont(fonts().text)
        painter.setPen(QColor(tokens.text3))
        painter.drawText(area, int(Qt.AlignmentFlag.AlignCenter), "Loading…")


def _paint_own_dot(painter: QPainter, centre: QPointF, tokens: Tokens, *, confirmed: bool) -> None:
    """A ring until the agent was given what was said, then a dot."""
    painter.setPen(Qt.PenStyle.NoPen)
    soft = QColor(tokens.accent)
    soft.setAlpha(56)
    painter.setBrush(soft)
    painter.drawEllipse(centre, 9, 9)
    if confirmed:
        painter.setBrush(QColor(tokens.accent))
        painter.drawEllipse(centre, 5, 5)
    else:
        painter.setBrush(QColor(tokens.surface0))
        painter.setPen(QPen(QColor(tokens.accent), 2))
        painter.drawEllipse(centre, 4, 4)


def _paint_counts(painter: QPainter, tokens: Tokens, row: Row, place: QPointF) -> None:
    metrics = QFontMetricsF(fonts().text)
    painter.setFont(fonts().text)
    for text, word in ((f"+{row.added}", "done"), (f"−{row.removed}", "failed")):
        painter.setPen(QColor(tokens.phase(word).text))
        painter.drawText(QPointF(place.x(), place.y() + metrics.ascent()), text)
        place = QPointF(place.x() + metrics.horizontalAdvance(text) + 5, place.y())
