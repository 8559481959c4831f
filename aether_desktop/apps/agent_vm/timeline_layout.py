"""Where everything of a timeline row goes: its nodes, their texts broken into lines, cards, and the height of all.

Made once for a row, a width and whether it is expanded; the delegate keeps it and paints from it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, Literal

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QTextLayout, QTextOption

from aether_desktop.stores.reducers.timeline import Result, Row
from aether_desktop.theme.fonts import mono_font, ui_font
from aether_desktop.theme.tokens import TYPE

LEFT_PX: Final = 44
RIGHT_PX: Final = 16
CLOCK_PX: Final = 66
TITLE_PX: Final = 21
GAP_PX: Final = 17
TOP_PX: Final = 9
NARROW_PX: Final = 560
CARD_PADDING_PX: Final = 9
HIDDEN_ENTRY_PX: Final = 52
COLLAPSED_LINES: Final = 6
RESULT_LINES: Final = 4
EXPANDED_LINES: Final = 400
EXPANDED_CHARACTERS: Final = 20_000
REASONING_TAIL: Final = 400

Look = Literal["text", "mono", "faint", "dim", "said", "card", "output"]
"""text and mono are plain; faint tells what is left out; dim is reasoning beside a bar; said is a person's message; card holds
parameters, output what came."""


@dataclass(slots=True)
class Block:
    """Lines of one look. `top` is below the row's top; `layout` holds the broken lines, drawn at (left, top)."""

    look: Look
    layout: QTextLayout
    left: float
    top: float
    width: float
    height: float
    streaming: bool = False

    @property
    def frame(self) -> QRectF:
        """The card around it, as wide as the room."""
        pad = CARD_PADDING_PX
        return QRectF(self.left - pad, self.top - pad + 2, self.width + 2 * pad, self.height + 2 * pad - 4)


@dataclass(slots=True)
class RowLayout:
    """A row's height, its blocks, and where the node of its result begins (-1 without one)."""

    height: float = 0.0
    result_top: float = -1.0
    blocks: list[Block] = field(default_factory=list)
    expandable: bool = False
    tail_left: float = 0.0
    tail_top: float = 0.0


@dataclass(frozen=True, slots=True)
class TimelineFonts:
    """The fonts of rows; making one costs more than drawing with it."""

    title: QFont
    text: QFont
    mono: QFont
    clock: QFont


@lru_cache(maxsize=1)
def fonts() -> TimelineFonts:
    """The fonts, made at the first use."""
    return TimelineFonts(ui_font(TYPE.label, QFont.Weight.DemiBold), ui_font(TYPE.label), mono_font(TYPE.label), mono_font(TYPE.caption))


@lru_cache(maxsize=4)
def title_metrics() -> QFontMetricsF:
    """The measures of titles."""
    return QFontMetricsF(fonts().title)


def lay_out(row: Row, width: int, *, expanded: bool) -> RowLayout:
    """Lay a row out for a list of `width` px."""
    if row.kind == "gap":
        return RowLayout(height=row.hidden * HIDDEN_ENTRY_PX)
    writer = _Writer(width)
    if row.kind == "thought":
        _thought(writer, row, expanded)
    elif row.kind == "tool":
        _tool(writer, row, expanded)
    elif row.kind == "user":
        writer.add(row.text, "said", EXPANDED_LINES if expanded else COLLAPSED_LINES)
    else:
        look: Look = "mono" if row.kind == "waiting" else "text"
        writer.add(row.text, look, EXPANDED_LINES if expanded else COLLAPSED_LINES, tail=bool(row.added or row.removed))
        if expanded and row.details:
            writer.add(row.details, "output", EXPANDED_LINES)
    layout = writer.finish()
    layout.expandable = writer.cut_short or row.details not in ("", "{}") or expanded or (row.result is not None and layout.result_top < 0)
    return layout


def _thought(writer: _Writer, row: Row, expanded: bool) -> None:
    if row.details and expanded:
        writer.add(row.details, "dim", EXPANDED_LINES)
    elif row.details and row.running and not row.text:
        writer.add(row.details[-REASONING_TAIL:].lstrip(), "dim", COLLAPSED_LINES, streaming=True)
        return
    if row.text or row.running:
        writer.add(row.text or " ", "text", EXPANDED_LINES if expanded or row.running else COLLAPSED_LINES, streaming=row.running)


def _tool(writer: _Writer, row: Row, expanded: bool) -> None:
    if row.text:
        look: Look = "mono" if row.title == "run_command" else "text"
        writer.add(row.text, look, EXPANDED_LINES if expanded else 3, tail=bool(row.added or row.removed))
    if expanded and row.details not in ("", "{}"):
        writer.add(row.details, "card", EXPANDED_LINES)
    if row.live and row.running:
        shown = row.live.split("\n")[-(EXPANDED_LINES if expanded else COLLAPSED_LINES) :]
        writer.add("\n".join(shown), "output" if expanded else "mono", len(shown), streaming=True)
    if row.result is not None and (expanded or not _says_nothing_new(row)):
        writer.begin_result()
        if expanded:
            writer.add(row.result.text, "output", EXPANDED_LINES)
        else:
            _result(writer, row.result)


def _result(writer: _Writer, result: Result) -> None:
    """The beginning of what came; columns of several lines stand below each other, and what is left out is counted."""
    hidden = result.lines - RESULT_LINES
    if hidden <= 1:
        writer.add(result.text, "mono" if result.lines > 1 else "text", RESULT_LINES + 1)
        return
    writer.add("\n".join(result.text.split("\n", RESULT_LINES)[:RESULT_LINES]), "mono", RESULT_LINES)
    writer.add(f"{hidden:,} more lines", "faint", 1)
    writer.cut_short = True


def _says_nothing_new(row: Row) -> bool:
    """A file that was written as asked: the check and the counted lines say it already."""
    return row.ok and bool(row.added or row.removed)


class _Writer:
    """Puts blocks below each other."""

    def __init__(self, width: int) -> None:
        self._layout = RowLayout()
        self._top = float(TOP_PX + TITLE_PX + 3)
        self._left = float(LEFT_PX)
        self._room = max(60.0, width - LEFT_PX - (RIGHT_PX if width < NARROW_PX else RIGHT_PX + CLOCK_PX))
        self._wide = max(60.0, width - LEFT_PX - RIGHT_PX)
        self.cut_short = False

    def add(self, text: str, look: Look, lines: int, *, streaming: bool = False, tail: bool = False) -> None:
        """A text in `look`, of at most `lines` lines; `tail` leaves a place behind its last line."""
        if not text:
            return
        framed = look in ("card", "output", "said")
        pad = CARD_PADDING_PX if framed else 10 if look == "dim" else 0
        room = (self._wide if look in ("card", "output") else self._room) - (2 * pad if framed else pad)
        font = fonts().mono if look in ("mono", "card", "output") else fonts().text
        top = self._top + (pad + 2 if framed else 0)
        layout, height, cut = broken(text[:EXPANDED_CHARACTERS], font, room, lines, left_to_right=font is fonts().mono)
        self.cut_short = self.cut_short or cut or len(text) > EXPANDED_CHARACTERS
        self._layout.blocks.append(Block(look, layout, self._left + pad, top, room, height, streaming))
        if tail and layout.lineCount():
            last = layout.lineAt(layout.lineCount() - 1)
            self._layout.tail_left = self._left + pad + last.naturalTextWidth() + 6
            self._layout.tail_top = top + last.y()
        self._top = top + height + (pad + 4 if framed else 5 if look == "dim" else 0)

    def begin_result(self) -> None:
        """What follows belongs to the result's node."""
        self._top += GAP_PX
        self._layout.result_top = self._top
        self._top += TITLE_PX

    def finish(self) -> RowLayout:
        """The whole."""
        self._layout.height = self._top + GAP_PX - TOP_PX
        return self._layout


def broken(text: str, font: QFont, width: float, most: int, *, left_to_right: bool = False) -> tuple[QTextLayout, float, bool]:
    """`text` in lines of `width` px: the layout, its height, and whether more than `most` lines were cut to that many.

    left_to_right: for commands and outputs, which run so whatever they begin with; else the text itself decides.
    """
    direction = Qt.LayoutDirection.LeftToRight if left_to_right else Qt.LayoutDirection.LayoutDirectionAuto
    layout, height, end = _lines(text, font, width, most, direction)
    if end >= len(text):
        return layout, height, False
    shorter = text[: max(0, end - 1)].rstrip() + "…"
    layout, height, _ = _lines(shorter, font, width, most, direction)
    return layout, height, True


def _lines(text: str, font: QFont, width: float, most: int, direction: Qt.LayoutDirection) -> tuple[QTextLayout, float, int]:
    option = QTextOption()
    option.setTextDirection(direction)
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    option.setTabStopDistance(32)
    layout = QTextLayout(text.replace("\n", "\u2028"), font)
    layout.setTextOption(option)
    layout.setCacheEnabled(True)
    layout.beginLayout()
    height, end = 0.0, 0
    for _ in range(most):
        line = layout.createLine()
        if not line.isValid():
            break
        line.setLineWidth(width)
        line.setPosition(QPointF(0, height))
        height += line.height() + 2
        end = line.textStart() + line.textLength()
    layout.endLayout()
    return layout, height, _characters(text, end)


def _characters(text: str, units: int) -> int:
    """Qt counts UTF-16 units."""
    if text.isascii():
        return units
    return len(text.encode("utf-16-le", "surrogatepass")[: 2 * units].decode("utf-16-le", "ignore"))
