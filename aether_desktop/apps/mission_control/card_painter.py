"""One agent as a card: who, what for, its terminal, what it thinks, how far it is, and what it asks.

Pure geometry and painting; the grid keeps the pictures and maps clicks through the same geometry.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QTextOption

from aether_desktop.apps.mission_control import paint_parts as parts
from aether_desktop.apps.mission_control.paint_parts import Face
from aether_desktop.models.agent_status import AgentStatus, fraction_of, question_of, status_of
from aether_desktop.stores.reducers.process import ProcessView
from aether_desktop.theme.tokens import RADIUS, Tokens
from aether_desktop.widgets.phase_dot import paint_phase_dot
from aether_desktop.widgets.progress_bar import paint_progress

CARD_HEIGHT_PX: Final = 236
CARD_LEAST_WIDTH_PX: Final = 340
HALF_GAP_PX: Final = 7
_PAD: Final = 12.0


@dataclass(frozen=True, slots=True)
class CardGeometry:
    """The parts of a card, all in the painter's coordinates."""

    header: QRectF
    goal: QRectF
    well: QRectF
    said: QRectF
    footer: QRectF
    strip: QRectF

    @property
    def review(self) -> QRectF:
        """The Review button, where there is one."""
        return parts.review_area(self.strip)


def terminal_room(cell: QRectF, view: ProcessView) -> QRectF:
    """Where a card in ``cell`` shows lines of its terminal: its well, as far as no question covers it."""
    areas = geometry_of(card_area(cell))
    room = parts.terminal_room(areas.well)
    if _asks(view):
        room.setBottom(min(room.bottom(), areas.strip.top() - 2))
    return room


def _asks(view: ProcessView) -> bool:
    return view.approval is not None and not view.ended


def card_area(cell: QRectF) -> QRectF:
    """The card in its cell of the grid."""
    return cell.adjusted(HALF_GAP_PX, HALF_GAP_PX, -HALF_GAP_PX, -HALF_GAP_PX)


def geometry_of(card: QRectF) -> CardGeometry:
    """Lay out a card."""
    left, width = card.left() + _PAD, card.width() - 2 * _PAD
    header = QRectF(left, card.top() + 10, width, 18)
    goal = QRectF(left, header.bottom() + 3, width, 17)
    footer = QRectF(left, card.bottom() - 10 - 14, width, 14)
    said = QRectF(left, footer.top() - 5 - 15, width, 15)
    well = QRectF(left, goal.bottom() + 7, width, said.top() - 6 - goal.bottom() - 7)
    strip = QRectF(left, well.bottom() - 38, width, 38)
    return CardGeometry(header, goal, well, said, footer, strip)


def paint_card(painter: QPainter, cell: QRectF, face: Face, tokens: Tokens) -> None:
    """Paint a card into its cell, on a background that is already there."""
    card = card_area(cell)
    status = status_of(face.view)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    _paint_body(painter, card, face, tokens)
    areas = geometry_of(card)
    _paint_header(painter, areas, face, status, tokens)
    _paint_well(painter, areas.well, face, tokens)
    _paint_said(painter, areas.said, face, tokens)
    _paint_footer(painter, areas.footer, face, status, tokens)
    if face.view.approval is not None and _asks(face.view):
        words, exact = question_of(face.view.approval)
        parts.paint_strip(painter, areas.strip, tokens, words, exact, review_hovered=face.review_hovered)


def repaint_words(painter: QPainter, cell: QRectF, face: Face, tokens: Tokens) -> None:
    """Paint only what shows the thought anew, over a card that is right in all else: its line, and a well without a terminal."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    areas = geometry_of(card_area(cell))
    body = _body_colour(face, tokens)
    painter.fillRect(areas.said.adjusted(-2, -2, 2, 2), body)
    _paint_said(painter, areas.said, face, tokens)
    if not _has_terminal(face):
        painter.fillRect(areas.well, body)
        _paint_well(painter, areas.well, face, tokens)


def _body_colour(face: Face, tokens: Tokens) -> QColor:
    return parts.mixed(tokens.surface1, tokens.accent, 0.10 if face.selected else 0.0)


def _paint_body(painter: QPainter, card: QRectF, face: Face, tokens: Tokens) -> None:
    asks = _asks(face.view)
    outline = card.adjusted(0.5, 0.5, -0.5, -0.5)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if asks:
        glow = QColor(tokens.attention_fill)
        for spread, alpha in ((4.0, 26), (2.5, 40)):
            glow.setAlpha(alpha)
            painter.setPen(QPen(glow, 2))
            painter.drawRoundedRect(card.adjusted(-spread, -spread, spread, spread), RADIUS.medium + spread, 13)
    border = QColor(tokens.attention_fill) if asks else QColor(tokens.line)
    if face.selected and not asks:
        border = QColor(tokens.accent)
    elif face.hovered and not asks:
        border = QColor(tokens.line_strong)
    painter.setPen(QPen(border, 1))
    painter.setBrush(_body_colour(face, tokens))
    painter.drawRoundedRect(outline, RADIUS.medium, RADIUS.medium)
    if asks and face.selected:
        parts.paint_selected_inside(painter, card, RADIUS.medium, tokens)
    if face.focused:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(tokens.accent), 2))
        spread = 3.0 if asks else 0.0
        painter.drawRoundedRect(
            card.adjusted(1 - spread, 1 - spread, spread - 1, spread - 1), RADIUS.medium + spread, RADIUS.medium + spread
        )


def _paint_header(painter: QPainter, areas: CardGeometry, face: Face, status: AgentStatus, tokens: Tokens) -> None:
    view, row = face.view, areas.header
    paint_phase_dot(painter, QPointF(row.left() + 4, row.center().y()), tokens, status.phase)
    word = "not confined" if unconfined(view) else ""
    label_width = parts.metrics("label").horizontalAdvance(status.word) + 2
    label = QRectF(row.right() - label_width, row.top(), label_width, row.height())
    parts.draw_text(painter, label, "label", tokens.phase(status.phase).text, status.word, flags=parts.RIGHT)
    pid = str(view.pid)
    pid_width = parts.metrics("mono").horizontalAdvance(pid) + 2
    warning_width = parts.metrics("label").horizontalAdvance(word) + 10 if word else 0.0
    name = QRectF(row.left() + 16, row.top(), label.left() - row.left() - 32 - pid_width - warning_width, row.height())
    used = parts.draw_text(painter, name, "name", tokens.text1, view.info.name)
    tail = QRectF(name.left() + used + 8, row.top() + 1, pid_width, row.height())
    parts.draw_text(painter, tail, "mono", tokens.text3, pid)
    if word:
        warning = QRectF(tail.right() + 8, row.top(), warning_width, row.height())
        parts.draw_text(painter, warning, "label", tokens.danger_text, word)
    parts.draw_text(painter, areas.goal, "text", tokens.text2, view.info.goal)


def unconfined(view: ProcessView) -> bool:
    """Whether an agent at work has no sandbox around it (known once it has taken its first step)."""
    info = view.info
    return info.confinement == "none" and info.step > 0 and bool(info.model) and not view.ended


def _has_terminal(face: Face) -> bool:
    """Whether the well shows the agent's terminal, and not words in its place."""
    return face.screen is not None


def _paint_well(painter: QPainter, well: QRectF, face: Face, tokens: Tokens) -> None:
    view = face.view
    if face.screen is not None:
        parts.paint_terminal(painter, well, tokens, face.screen)
        return
    parts.paint_terminal_ground(painter, well, tokens)
    text = _in_well(view) or _silence(view.info.agent_phase, ended=view.ended)
    inner = well.adjusted(10, 8, -10, -8)
    line = math.ceil(parts.metrics("text").lineSpacing())  # Qt begins each line on a whole pixel
    inner.setHeight(max(1.0, inner.height() // line) * line)
    painter.setFont(parts.fonts().text)
    terminal = tokens.terminal
    painter.setPen(parts.mixed(terminal.background, terminal.foreground, 1.0 if _in_well(view) else 0.65))
    painter.save()
    painter.setClipRect(inner)
    # Whole lines only; of words that stream, the newest.
    wrapped = QTextOption(Qt.AlignmentFlag.AlignTop)
    wrapped.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    shown = parts.plain(text)
    if view.streaming:
        unbounded = inner.adjusted(0, 0, 0, 10_000)
        beyond = painter.boundingRect(unbounded, shown, wrapped).height() - inner.height()
        inner.setTop(inner.top() - max(0.0, beyond))
    painter.drawText(inner, shown, wrapped)
    painter.restore()


def _in_well(view: ProcessView) -> str:
    """What stands in the place of a terminal that is still empty."""
    return view.info.summary or view.thought if view.ended else view.thought


def _silence(phase: str, *, ended: bool) -> str:
    if ended:
        return "It ended without a word."
    return "Making its home and its sandbox…" if phase in ("booting", "idle") else "Nothing in its terminal yet."


def _paint_said(painter: QPainter, row: QRectF, face: Face, tokens: Tokens) -> None:
    view = face.view
    files = parts.files_text(view)
    right = row.right()
    if files:
        width = min(parts.metrics("small").horizontalAdvance(files) + 20, row.width() * 0.42)
        area = QRectF(row.right() - width, row.top(), width, row.height())
        parts.paint_icon_text(painter, area, "file", QColor(tokens.text3), files, QColor(tokens.text3))
        right = area.left() - 10
    icon, text, bad = parts.said(view)
    if not _has_terminal(face) and text == _in_well(view):
        icon, text = "play", view.action
    if not text:
        return
    colour = QColor(tokens.danger_text if bad else tokens.text3)
    mark = QColor(tokens.phase("thinking").text) if icon == "chat" else colour
    area = QRectF(row.left(), row.top(), right - row.left(), row.height())
    text_colour = colour if bad else QColor(tokens.text2)
    parts.paint_icon_text(painter, area, icon, mark, text, text_colour, at_end=view.streaming)


def _paint_footer(painter: QPainter, row: QRectF, face: Face, status: AgentStatus, tokens: Tokens) -> None:
    right = parts.paint_usage(painter, row, tokens, face.view)
    bar = QRectF(row.left(), row.center().y() - 1.5, right - row.left(), 3)
    if bar.width() > 12:
        paint_progress(painter, bar, tokens, fraction_of(face.view), status.phase)
