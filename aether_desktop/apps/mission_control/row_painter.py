"""One agent as a row of the list: the same facts as on its card, two lines high."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from aether_desktop.apps.mission_control import paint_parts as parts
from aether_desktop.apps.mission_control.paint_parts import Face
from aether_desktop.models.agent_status import AgentStatus, fraction_of, question_of, status_of
from aether_desktop.stores.reducers.process import ProcessView
from aether_desktop.theme.tokens import Tokens
from aether_desktop.widgets.phase_dot import paint_phase_dot
from aether_desktop.widgets.progress_bar import paint_progress

ROW_HEIGHT_PX: Final = 58
_WIDE_PX: Final = 620
_BAR_PX: Final = 84


def row_area(cell: QRectF) -> QRectF:
    """The row's body in its cell."""
    return cell.adjusted(4, 2, -4, -2)


def review_area(cell: QRectF, view: ProcessView) -> QRectF:
    """The Review button of a row that asks: in front of the figures, which stay in line with those of the other rows."""
    body = row_area(cell)
    width = parts.review_width()
    right = _word_area(body, view).left() - 12
    return QRectF(right - width, body.center().y() - 11, width, 22)


def _word_area(body: QRectF, view: ProcessView) -> QRectF:
    """Where the word for its state is."""
    right = body.right() - 12
    if body.width() >= _WIDE_PX:
        right -= parts.usage_width(view) + _BAR_PX + 14
    width = parts.metrics("label").horizontalAdvance("interrupted") + 4
    return QRectF(right - width, body.top(), width, body.height())


def paint_row(painter: QPainter, cell: QRectF, face: Face, tokens: Tokens) -> None:
    """Paint a row into its cell, on a background that is already there."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    view, status = face.view, status_of(face.view)
    body = row_area(cell)
    asks = view.approval is not None and not view.ended
    _paint_body(painter, body, face, tokens, asks=asks)
    if body.width() >= _WIDE_PX:
        _paint_figures(painter, body, face, status, tokens)
    label = _word_area(body, view)
    parts.draw_text(painter, label, "label", tokens.phase(status.phase).text, status.word, flags=parts.RIGHT)
    right = label.left()
    if asks:
        button = review_area(cell, view)
        parts.paint_review(painter, button, tokens, hovered=face.review_hovered)
        right = button.left()
    _paint_words(painter, QRectF(body.left() + 14, body.top(), right - body.left() - 26, body.height()), face, tokens)


def _paint_body(painter: QPainter, body: QRectF, face: Face, tokens: Tokens, *, asks: bool) -> None:
    share = 0.14 if face.selected else 0.0
    fill = parts.mixed(tokens.surface1, tokens.accent, share)
    border = QColor(tokens.line)
    if asks:
        fill = parts.mixed(fill.name(), tokens.attention_fill, 0.10)
        border = QColor(tokens.attention_fill)
    elif face.selected:
        border = QColor(tokens.accent)
    elif face.hovered:
        border = QColor(tokens.line_strong)
    painter.setPen(QPen(border, 1))
    painter.setBrush(fill)
    painter.drawRoundedRect(body.adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)
    if asks and face.selected:
        parts.paint_selected_inside(painter, body, 8, tokens)
    if face.focused:
        painter.setPen(QPen(QColor(tokens.accent), 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(body.adjusted(1, 1, -1, -1), 8, 8)


def _paint_figures(painter: QPainter, body: QRectF, face: Face, status: AgentStatus, tokens: Tokens) -> None:
    """Paint progress, CPU and memory."""
    area = QRectF(body.left(), body.top(), body.width() - 12, body.height())
    begin = parts.paint_usage(painter, area, tokens, face.view, columns=True)
    bar = QRectF(begin - _BAR_PX, body.center().y() - 1.5, _BAR_PX, 3)
    paint_progress(painter, bar, tokens, fraction_of(face.view), status.phase)


def _paint_words(painter: QPainter, area: QRectF, face: Face, tokens: Tokens) -> None:
    view, status = face.view, status_of(face.view)
    first = QRectF(area.left() + 16, area.top() + 9, area.width() - 16, 18)
    second = QRectF(area.left() + 16, first.bottom() + 2, area.width() - 16, 16)
    paint_phase_dot(painter, QPointF(area.left() + 4, first.center().y()), tokens, status.phase)
    used = parts.draw_text(painter, first.adjusted(0, 0, -first.width() * 0.35, 0), "name", tokens.text1, view.info.name)
    rest = first.adjusted(used + 8, 1, 0, 0)
    rest.setLeft(rest.left() + parts.draw_text(painter, rest, "mono", tokens.text3, str(view.pid)) + 10)
    parts.draw_text(painter, rest, "text", tokens.text2, view.info.goal)
    if view.approval is not None and not view.ended:
        words, exact = question_of(view.approval)
        used = parts.draw_text(painter, second, "label", tokens.phase("waiting").text, words)
        parts.draw_text(painter, second.adjusted(used + 8, 0, 0, 0), "mono", tokens.text1, exact)
        return
    icon, text, bad = parts.said(view)
    if text:
        shade = QColor(tokens.danger_text if bad else tokens.text3)
        parts.paint_icon_text(painter, second, icon, shade, text, shade, at_end=view.streaming)
