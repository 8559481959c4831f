"""A terminal widget: feeds a `kernel.term.Terminal` within a frame budget and paints its rows on a fixed grid.

Read-only for an agent's own record, interactive with `on_input`. Used by the agent's window and the terminal app.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QGuiApplication,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from aether_desktop.bridge.client import TerminalFeed
from aether_desktop.theme.current import tokens_of
from aether_desktop.theme.fonts import mono_font
from aether_desktop.theme.tokens import TYPE, TerminalColours
from aether_desktop.widgets.terminal.colours import resolve
from aether_desktop.widgets.terminal.key_names import modifiers_of, name_of
from kernel.term import Terminal
from kernel.term.keys import encode_key, encode_paste
from kernel.term.rows import STUB, Row
from kernel.term.selection import Position, SelectionKind, spans
from kernel.term.selection import text as selected_text

BUDGET_S = 0.004
SLICE_BYTES = 32 << 10
REPAINT_MS = 33
PADDING_PX = 8
SCROLLBACK = 10_000


class TerminalView(QWidget):
    """Shows one terminal.

    on_input: takes what the person types, as bytes; None makes it read-only.
    """

    size_changed = Signal(int, int)
    """Columns and lines that fit now."""

    def __init__(self, on_input: Callable[[bytes], None] | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._on_input = on_input
        self._feed: TerminalFeed | None = None
        self._terminal = Terminal(100, 30, scrollback=SCROLLBACK)
        self._scroll = 0
        self._anchor: Position | None = None
        self._head: Position | None = None
        self._kind = SelectionKind.CHARACTER
        self._font = mono_font(TYPE.body)
        metrics = QFontMetricsF(self._font)
        self._cell_width = metrics.horizontalAdvance("M")
        self._cell_height = float(round(metrics.height() + 1))
        self._ascent = metrics.ascent()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._pump)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setCursor(Qt.CursorShape.IBeamCursor)
        self.setAccessibleName("Terminal" if on_input else "The agent's terminal, read-only")
        self.setMinimumSize(120, 60)

    @property
    def terminal(self) -> Terminal:
        """The screen behind the widget."""
        return self._terminal

    def set_feed(self, feed: TerminalFeed | None) -> None:
        """Show another terminal; the feed before is closed."""
        if self._feed is not None:
            self._feed.close()
        self._feed = feed
        self._pump()

    def on_readable(self) -> None:
        """Bytes wait in the feed; parsed soon, a flood at 30 Hz."""
        if not self._timer.isActive():
            self._timer.start(4)

    def close_feed(self) -> None:
        """Stop viewing."""
        self.set_feed(None)

    def grid_size(self) -> tuple[int, int]:
        """Columns and lines that fit."""
        columns = int((self.width() - 2 * PADDING_PX) / self._cell_width)
        lines = int((self.height() - 2 * PADDING_PX) / self._cell_height)
        return max(2, min(1000, columns)), max(1, min(1000, lines))

    def copy(self) -> None:
        """Put the selected text on the clipboard."""
        if self._anchor is not None and self._head is not None:
            QGuiApplication.clipboard().setText(selected_text(self._terminal, self._kind, self._anchor, self._head))

    def paste(self) -> None:
        """Send the clipboard's text to the program."""
        words = QGuiApplication.clipboard().text()
        if words and self._on_input is not None:
            self._on_input(encode_paste(words, self._terminal.modes))

    def event(self, event: QEvent) -> bool:
        """Programs get the keys that would otherwise be the window's shortcuts."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self._on_input is not None:
            both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
            if event.modifiers() & both != both and not event.modifiers() & Qt.KeyboardModifier.AltModifier:
                event.accept()
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Type; Ctrl+Shift+C and V copy and paste; Shift+PageUp scrolls."""
        both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
        if event.modifiers() & both == both and event.key() == Qt.Key.Key_C:
            self.copy()
        elif event.modifiers() & both == both and event.key() == Qt.Key.Key_V:
            self.paste()
        elif event.key() in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown) and (
            self._on_input is None or event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        ):
            step = self._terminal.lines - 1
            self._scroll_by(step if event.key() == Qt.Key.Key_PageUp else -step)
        elif self._on_input is not None and (name := name_of(event)):
            self._scroll = 0
            self._on_input(encode_key(name, modifiers_of(event), self._terminal.modes, text=event.text()))
        else:
            super().keyPressEvent(event)

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Tab belongs to the program."""
        return False if self._on_input is not None else super().focusNextPrevChild(forward)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll through the history."""
        self._scroll_by(round(event.angleDelta().y() / 40))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a selection."""
        self._kind = SelectionKind.BLOCK if event.modifiers() & Qt.KeyboardModifier.AltModifier else SelectionKind.CHARACTER
        self._anchor, self._head = self._position(event.position().toPoint()), None
        self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Select a word."""
        self._kind = SelectionKind.WORD
        self._anchor = self._head = self._position(event.position().toPoint())
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Extend the selection."""
        if self._anchor is not None:
            self._head = self._position(event.position().toPoint())
            self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The grid follows the widget."""
        super().resizeEvent(event)
        columns, lines = self.grid_size()
        if (columns, lines) != (self._terminal.columns, self._terminal.lines):
            self._terminal.resize(columns, lines)
            self.size_changed.emit(columns, lines)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the rows that the damage touches."""
        colours = tokens_of(self).terminal
        painter = QPainter(self)
        painter.fillRect(event.rect(), QColor(colours.background))
        painter.setFont(self._font)
        selection = self._selected_cells()
        first = len(self._terminal.history) + self._terminal.history_dropped - self._scroll
        for line in range(self._terminal.lines):
            row = self._terminal.absolute_row(first + line)
            top = PADDING_PX + line * self._cell_height
            if row is not None and event.rect().intersects(QRectF(0, top, self.width(), self._cell_height).toAlignedRect()):
                self._paint_row(painter, row, top, colours, selection.get(first + line))
        self._paint_cursor(painter, colours)

    def _paint_row(
        self, painter: QPainter, row: Row, top: float, colours: TerminalColours, selected: tuple[int, int] | None
    ) -> None:
        start = 0
        width = len(row.attrs)
        while start < width:
            end = start + 1
            while end < width and row.attrs[end] == row.attrs[start]:
                end += 1
            self._paint_run(painter, row, start, end, top, colours)
            start = end
        if selected is not None:
            shade = QColor(colours.selection)
            shade.setAlpha(120)
            left = PADDING_PX + selected[0] * self._cell_width
            painter.fillRect(QRectF(left, top, (selected[1] - selected[0]) * self._cell_width, self._cell_height), shade)

    def _paint_run(self, painter: QPainter, row: Row, start: int, end: int, top: float, colours: TerminalColours) -> None:
        look = self._terminal.attributes[row.attrs[start]]
        ink = resolve(look.fg, colours, foreground=True, bold=look.bold)
        paper = resolve(look.bg, colours, foreground=False)
        if look.reverse != self._terminal.modes.reverse_video:
            ink, paper = paper, ink
        area = QRectF(PADDING_PX + start * self._cell_width, top, (end - start) * self._cell_width, self._cell_height)
        if paper.name() != colours.background:
            painter.fillRect(area, paper)
        text = row.text[start:end]
        if look.hidden or not text.strip():
            return
        if look.dim:
            ink.setAlpha(150)
        painter.setPen(ink)
        font = QFont(self._font)
        font.setBold(look.bold)
        font.setItalic(look.italics)
        font.setUnderline(look.ul_style > 0)
        font.setStrikeOut(look.strikethrough)
        painter.setFont(font)
        self._paint_text(painter, text, area)

    def _paint_text(self, painter: QPainter, text: str, area: QRectF) -> None:
        """ASCII in one piece; anything else cell by cell, so that it stays on the grid."""
        base = area.top() + self._ascent
        if text.isascii() and STUB not in text and abs(self._cell_width - round(self._cell_width)) < 0.01:
            painter.drawText(QPointF(area.left(), base), text)
            return
        for offset, character in enumerate(text):
            if character not in (" ", STUB):
                painter.drawText(QPointF(area.left() + offset * self._cell_width, base), self._terminal.clusters[character])

    def _paint_cursor(self, painter: QPainter, colours: TerminalColours) -> None:
        cursor = self._terminal.cursor
        if cursor.hidden or self._scroll:
            return
        left = PADDING_PX + min(cursor.x, self._terminal.columns - 1) * self._cell_width
        area = QRectF(left, PADDING_PX + cursor.y * self._cell_height, self._cell_width, self._cell_height)
        shade = QColor(colours.cursor)
        if self.hasFocus() and self._on_input is not None:
            shade.setAlpha(190)
            painter.fillRect(area, shade)
        else:
            painter.setPen(shade)
            painter.drawRect(area.adjusted(0.5, 0.5, -0.5, -0.5))

    def _pump(self) -> None:
        """Parse for a few milliseconds; the rest in the next frame."""
        if self._feed is None:
            return
        until = time.perf_counter() + BUDGET_S
        changed = False
        more = True
        while more and time.perf_counter() < until:
            data = self._feed.take(SLICE_BYTES)
            more = bool(data)
            if data:
                self._terminal.feed(data)
                changed = True
        reply = self._terminal.take_reply()
        self._terminal.take_events()
        if reply and self._on_input is not None:
            self._on_input(reply)
        if changed:
            self.update()
        if more:
            self._timer.start(REPAINT_MS)

    def _scroll_by(self, lines: int) -> None:
        self._scroll = max(0, min(len(self._terminal.history), self._scroll + lines))
        self.update()

    def _position(self, point: QPoint) -> Position:
        column = int((point.x() - PADDING_PX) / self._cell_width)
        line = int((point.y() - PADDING_PX) / self._cell_height)
        first = len(self._terminal.history) + self._terminal.history_dropped - self._scroll
        return Position(first + max(0, min(line, self._terminal.lines - 1)), max(0, min(column, self._terminal.columns - 1)))

    def _selected_cells(self) -> dict[int, tuple[int, int]]:
        if self._anchor is None or self._head is None:
            return {}
        found = spans(self._terminal, self._kind, self._anchor, self._head)
        return {span.line: (span.start, span.end) for span in found}
