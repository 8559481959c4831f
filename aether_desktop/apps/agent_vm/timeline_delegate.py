"""How a row of the timeline is painted: a dot in its phase's colour on a line, title, text, time; a tool call as a card.

Heights are measured once for each row, width and state, and kept until the row changes.
"""

from __future__ import annotations

import time

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from aether_desktop.models.journal_model import ROW_ROLE
from aether_desktop.stores.reducers.timeline import Row
from aether_desktop.theme.current import tokens_of
from aether_desktop.theme.fonts import mono_font, ui_font
from aether_desktop.theme.tokens import RADIUS, SPACE, TYPE, Tokens
from aether_desktop.widgets.phase_dot import paint_phase_dot

Index = QModelIndex | QPersistentModelIndex
LEFT_PX = 44
RIGHT_PX = 76
COLLAPSED_LINES = 6
EXPANDED_LINES = 400
CURSOR = " ▍"


class TimelineDelegate(QStyledItemDelegate):
    """Paints ``Row``s; ``expanded`` holds the keys of those shown whole."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.expanded: set[str] = set()
        self._heights: dict[tuple[str, int, bool], tuple[Row, int]] = {}
        self._title_font = ui_font(TYPE.label, QFont.Weight.DemiBold)
        self._text_font = ui_font(TYPE.body)
        self._mono_font = mono_font(TYPE.label)
        self._time_font = mono_font(TYPE.caption)

    def toggle(self, row: Row) -> None:
        """Show a row whole, or its beginning again."""
        self.expanded.symmetric_difference_update({row.key})

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """See QStyledItemDelegate."""
        row: Row = index.data(ROW_ROLE)
        width = max(120, option.rect.width() or option.widget.width())
        key = (row.key, width, row.key in self.expanded)
        known = self._heights.get(key)
        if known is None or known[0] is not row:
            if len(self._heights) > 20_000:
                self._heights.clear()
            known = (row, self._height(row, width))
            self._heights[key] = known
        return QSize(width, known[1])

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """See QStyledItemDelegate."""
        row: Row = index.data(ROW_ROLE)
        tokens = tokens_of(option.widget)
        area = QRect(option.rect)
        painter.save()
        selected = bool(option.state & QStyle.StateFlag.State_Selected) and bool(option.state & QStyle.StateFlag.State_Active)
        if selected:
            painter.fillRect(area, QColor(tokens.hover))
        centre = QPointF(area.left() + 24, area.top() + 14)
        painter.setPen(QColor(tokens.line_strong))
        if index.row() + 1 < index.model().rowCount():
            painter.drawLine(QPointF(centre.x(), centre.y() + 10), QPointF(centre.x(), area.bottom() + 5))
        paint_phase_dot(painter, centre, tokens, row.word, diameter=10, halo=True)
        self._paint_words(painter, tokens, row, area)
        painter.restore()

    def _paint_words(self, painter: QPainter, tokens: Tokens, row: Row, area: QRect) -> None:
        left, right = area.left() + LEFT_PX, area.right() - RIGHT_PX
        painter.setFont(self._time_font)
        painter.setPen(QColor(tokens.text3))
        clock = time.strftime("%H:%M:%S", time.localtime(row.timestamp)) if row.timestamp else ""
        painter.drawText(QRect(right, area.top() + 5, RIGHT_PX - 16, 18), Qt.AlignmentFlag.AlignRight, clock)
        painter.setFont(self._title_font)
        loud = row.kind in ("waiting", "end", "notice") or not row.ok
        painter.setPen(QColor(tokens.phase(row.word).text if loud else tokens.text1))
        title = QFontMetrics(self._title_font).elidedText(self._title(row), Qt.TextElideMode.ElideRight, right - left)
        painter.drawText(QRect(left, area.top() + 4, right - left, 20), Qt.AlignmentFlag.AlignLeft, title)
        top = area.top() + 24
        text = self._shown(row)
        if row.kind == "tool" and text:
            box = QRect(left, top, area.right() - left - 16, self._text_height(row, text, area.width()) + 12)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(tokens.terminal.background))
            painter.drawRoundedRect(QRectF(box), RADIUS.small, RADIUS.small)
            painter.setFont(self._mono_font)
            painter.setPen(QColor(tokens.terminal.foreground))
            painter.drawText(box.adjusted(10, 6, -10, -6), self._flags(), text)
        elif text:
            painter.setFont(self._text_font)
            painter.setPen(QColor(tokens.text2))
            painter.drawText(QRect(left, top, right - left, area.bottom() - top), self._flags(), text)

    def _height(self, row: Row, width: int) -> int:
        text = self._shown(row)
        if not text:
            return 24 + SPACE.md
        body = self._text_height(row, text, width)
        return 24 + body + (12 if row.kind == "tool" else 0) + SPACE.lg

    def _text_height(self, row: Row, text: str, width: int) -> int:
        tool = row.kind == "tool"
        room = width - LEFT_PX - (36 if tool else RIGHT_PX)
        metrics = QFontMetrics(self._mono_font if tool else self._text_font)
        return metrics.boundingRect(QRect(0, 0, max(60, room), 1_000_000), self._flags(), text).height()

    def _title(self, row: Row) -> str:
        more = "" if row.key in self.expanded or not (row.details or self._is_long(row)) else "  ›"
        return f"{'◌ ' if row.running and row.kind == 'tool' else ''}{row.title}{more}"

    def _shown(self, row: Row) -> str:
        whole = row.key in self.expanded
        lines = row.text.split("\n")
        limit = EXPANDED_LINES if whole else COLLAPSED_LINES
        text = "\n".join(line[:2000] for line in lines[:limit])
        if len(lines) > limit:
            text += f"\n… {len(lines) - limit} more lines"
        if not whole and len(text) > 700:
            text = text[:700] + "…"
        if whole and row.details:
            text = f"{row.details[:8000]}\n\n{text}" if text else row.details[:8000]
        elif row.running and row.kind == "thought" and not text:
            text = row.details[-300:]
        return text + CURSOR if row.running and row.kind == "thought" else text

    def _is_long(self, row: Row) -> bool:
        return row.text.count("\n") >= COLLAPSED_LINES or len(row.text) > 700

    @staticmethod
    def _flags() -> int:
        return int(Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
