"""What cards and rows have in common: fonts, colours, the amber strip, the terminal's lines, icons with text.

Painting only: everything comes in as arguments. Fonts are made once, since making one costs more than drawing with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen

from aether_desktop.stores.reducers.process import ProcessView
from aether_desktop.theme.fonts import mono_font, ui_font
from aether_desktop.theme.icons import paint_icon
from aether_desktop.theme.tokens import SPACE, TYPE, Tokens
from aether_desktop.widgets.shown_text import printed

if TYPE_CHECKING:
    from aether_desktop.widgets.terminal.preview import PreviewPicture

REVIEW: Final = "Review"
SHOWN_CHARACTERS: Final = 400
_KEY: Final = "↵"
_VERTICAL: Final = int(Qt.AlignmentFlag.AlignVCenter)
LEFT: Final = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine)
RIGHT: Final = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine)


@dataclass(frozen=True, slots=True)
class Face:
    """Everything that one agent's card or row shows. screen: its terminal, where something was printed in it."""

    view: ProcessView
    screen: PreviewPicture | None = None
    selected: bool = False
    focused: bool = False
    hovered: bool = False
    review_hovered: bool = False


@dataclass(frozen=True, slots=True)
class FaceFonts:
    """The fonts of cards and rows."""

    name: QFont
    text: QFont
    small: QFont
    label: QFont
    mono: QFont
    button: QFont


@lru_cache(maxsize=1)
def fonts() -> FaceFonts:
    """The fonts, made at the first use."""
    return FaceFonts(
        name=ui_font(TYPE.body, QFont.Weight.DemiBold),
        text=ui_font(TYPE.label),
        small=ui_font(TYPE.caption),
        label=ui_font(TYPE.caption, QFont.Weight.DemiBold),
        mono=mono_font(TYPE.caption),
        button=ui_font(TYPE.caption, QFont.Weight.DemiBold),
    )


@lru_cache(maxsize=16)
def metrics(font_key: str) -> QFontMetricsF:
    """The metrics of one of the fonts, by its field's name."""
    return QFontMetricsF(getattr(fonts(), font_key))


def mixed(first: str, second: str, share: float) -> QColor:
    """``first`` with ``share`` (0..1) of ``second`` in it; both opaque."""
    one, two = QColor(first), QColor(second)
    return QColor(
        round(one.red() + (two.red() - one.red()) * share),
        round(one.green() + (two.green() - one.green()) * share),
        round(one.blue() + (two.blue() - one.blue()) * share),
    )


def draw_text(
    painter: QPainter,
    area: QRectF,
    font_key: str,
    colour: str | QColor,
    text: str,
    *,
    flags: int = LEFT,
    mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight,
) -> float:
    """Draw one line, cut where there is no room; returns its width in px."""
    if area.width() <= 4 or not text:
        return 0.0
    measured = metrics(font_key)
    shown = measured.elidedText(one_line(text), mode, area.width())
    painter.setFont(getattr(fonts(), font_key))
    painter.setPen(QColor(colour))
    painter.drawText(area, flags, shown)
    return measured.horizontalAdvance(shown)


def one_line(text: str) -> str:
    """The beginning of a text without line breaks, tabs and doubled spaces."""
    return " ".join(plain(text).split())


def plain(text: str) -> str:
    """The beginning of a text as a terminal would leave it, with nothing hidden and nothing that turns the direction of others."""
    return printed(text[:SHOWN_CHARACTERS])


def review_width() -> float:
    """How wide the Review button is, in px."""
    return metrics("button").horizontalAdvance(f"{REVIEW} {_KEY}") + 2 * SPACE.sm + 2


def paint_review(painter: QPainter, area: QRectF, tokens: Tokens, *, hovered: bool) -> None:
    """Paint the button that leads to the question."""
    fill = QColor(tokens.attention_fill)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(fill.lighter(108) if hovered else fill)
    painter.drawRoundedRect(area, 6, 6)
    painter.setPen(QColor(tokens.on_attention))
    painter.setFont(fonts().button)
    painter.drawText(area, int(Qt.AlignmentFlag.AlignCenter), f"{REVIEW} {_KEY}")


def paint_selected_inside(painter: QPainter, body: QRectF, radius: float, tokens: Tokens) -> None:
    """Outline what is selected within its own frame, which says already that it needs the person."""
    painter.setPen(QPen(QColor(tokens.accent), 2))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(body.adjusted(2.5, 2.5, -2.5, -2.5), radius - 2, radius - 2)


def paint_strip(
    painter: QPainter, area: QRectF, tokens: Tokens, words: str, exact: str, *, review_hovered: bool
) -> None:
    """Paint the amber strip of a card: what the agent asks, exactly, and the button."""
    terminal = tokens.terminal
    painter.setPen(QPen(mixed(terminal.background, tokens.attention_fill, 0.45), 1))
    painter.setBrush(mixed(terminal.background, tokens.attention_fill, 0.13))
    painter.drawRoundedRect(area.adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)
    button = review_area(area)
    inner = QRectF(area.left() + 10, area.top(), button.left() - area.left() - 18, area.height())
    used = draw_text(painter, inner, "label", mixed(tokens.attention_fill, "#ffffff", 0.45), words)
    inner.setLeft(inner.left() + used + SPACE.sm)
    draw_text(painter, inner, "mono", "#ffffff", exact)
    paint_review(painter, button, tokens, hovered=review_hovered)


def review_area(strip: QRectF) -> QRectF:
    """Where the button is in a strip."""
    width = review_width()
    return QRectF(strip.right() - width - 7, strip.center().y() - 11, width, 22)


def terminal_room(well: QRectF) -> QRectF:
    """Where in its well a terminal's picture has its place."""
    return well.adjusted(10, 6, -6, -6)


def paint_terminal_ground(painter: QPainter, area: QRectF, tokens: Tokens, paper: QColor | None = None) -> None:
    """Paint a terminal's ground, in its own ``paper`` or, where words take its place, the theme's."""
    painter.setPen(QPen(QColor(tokens.line), 1) if tokens.dark else Qt.PenStyle.NoPen)
    painter.setBrush(QColor(tokens.terminal.background) if paper is None else paper)
    painter.drawRoundedRect(area.adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)


def paint_terminal(painter: QPainter, area: QRectF, tokens: Tokens, picture: PreviewPicture) -> None:
    """Paint a terminal's picture into its well: a whole screen as large as it fits, lines at the size that they have."""
    paint_terminal_ground(painter, area, tokens, QColor(picture.paper))
    room = terminal_room(area)
    size = picture.image.deviceIndependentSize()
    if room.isEmpty() or size.isEmpty():
        return
    painter.save()
    painter.setClipRect(room)
    if picture.whole:
        scale = min(1.0, room.width() / size.width(), room.height() / size.height())
        shown = QRectF(0, 0, size.width() * scale, size.height() * scale)
        shown.moveCenter(room.center())
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, scale < 1.0)
        painter.drawImage(shown, picture.image)
    else:
        painter.drawImage(room.topLeft(), picture.image)
        if picture.cursor is not None:
            painter.fillRect(picture.cursor.translated(room.topLeft()), QColor(picture.ink))
    painter.restore()


def paint_icon_text(
    painter: QPainter, area: QRectF, icon: str, colour: QColor, text: str, text_colour: QColor, *, at_end: bool = False
) -> None:
    """Paint a small icon and a line of text; ``at_end`` shows the text's end where there is no room."""
    paint_icon(painter, QRectF(area.left(), area.center().y() - 6, 12, 12), icon, colour)
    mode = Qt.TextElideMode.ElideLeft if at_end else Qt.TextElideMode.ElideRight
    draw_text(painter, area.adjusted(17, 0, 0, 0), "small", text_colour, text, mode=mode)


def usage_texts(view: ProcessView) -> tuple[str, str, str]:
    """Steps, CPU and memory as they stand at the end of a card."""
    info = view.info
    steps = f"{_steps_text(info.step)}/{_steps_text(info.max_steps)}" if info.max_steps else "–"
    if view.ended:
        return steps, "–", "–"
    return steps, f"{info.cpu_percent:.0f} %", memory_text(info.memory_mb)


def paint_usage(painter: QPainter, row: QRectF, tokens: Tokens, view: ProcessView, *, columns: bool = False) -> float:
    """Paint the figures at the right of ``row``, in columns of one width or close together; returns where they begin."""
    right = row.right()
    for text, column in _usage_columns(view):
        width = metrics("mono").horizontalAdvance(text) + 1
        draw_text(painter, QRectF(right - width, row.top(), width, row.height()), "mono", tokens.text3, text, flags=RIGHT)
        right -= (column if columns else width) + 12
    return right


def usage_width(view: ProcessView) -> float:
    """How wide the figures are in columns, with the gap in front of them, in px."""
    return sum(column + 12 for _, column in _usage_columns(view))


def _usage_columns(view: ProcessView) -> list[tuple[str, float]]:
    """The figures from the right, each with the width of its column."""
    measured = metrics("mono")
    return [
        (text, max(measured.horizontalAdvance(text), measured.horizontalAdvance(widest)) + 1)
        for text, widest in zip(reversed(usage_texts(view)), ("999 MB", "100 %", "1000/1000"), strict=True)
    ]


def memory_text(megabytes: float) -> str:
    """``61 MB``, ``2.1 GB``, ``12 GB``: six characters at the most, so that columns stay in line."""
    gigabytes = megabytes / 1024
    if round(megabytes) < 1000:
        return f"{megabytes:.0f} MB"
    return f"{gigabytes:.1f} GB" if gigabytes < 9.95 else f"{gigabytes:.0f} GB"


def _steps_text(steps: int) -> str:
    """Four characters at the most: ``17``, ``9999``, ``12k``, ``100k``."""
    return str(steps) if steps < 10_000 else f"{steps // 1000}k"


def said(view: ProcessView) -> tuple[str, str, bool]:
    """What an agent's card says last: icon, text, and whether it is bad news."""
    if view.notice and not view.streaming:
        return "alert", view.notice, True
    if view.ended and view.info.summary:
        return ("success" if view.info.exit_code == 0 else "info"), view.info.summary, False
    if view.thought:
        return "chat", view.thought, False
    return "play", view.action, False


def files_text(view: ProcessView) -> str:
    """The last file's name and how many more: ``report.md +2``."""
    if not view.files:
        return ""
    name = view.files[0].rstrip("/").rpartition("/")[2] or view.files[0]
    more = len(view.files) - 1
    return f"{name} +{more}" if more else name
