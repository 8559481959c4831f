"""The overlay that goes through the windows in the order of their use while a modifier is held.

The first press of the keys shows it with the previous window chosen; each further press goes on; letting the modifier go
takes the chosen window. It holds the keyboard while it is shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QRect, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QFont, QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QApplication, QWidget

from aether_desktop.shell.dock_tile import paint_tile
from aether_desktop.theme.current import tokens_of
from aether_desktop.theme.fonts import ui_font
from aether_desktop.theme.tokens import RADIUS, SPACE, TYPE
from aether_desktop.widgets.card_frame import paint_card

_ROW_PX = 44
_WIDTH_PX = 380
_TILE_PX = 28


@dataclass(frozen=True, slots=True)
class SwitcherEntry:
    """One window: its id, title, and its app's icon and colour."""

    window_id: str
    title: str
    icon: str
    colour: str
    note: str = ""


class WindowSwitcher(QWidget):
    """A list over the middle of the desktop."""

    chosen = Signal(str)
    """A window was taken; with its id."""
    cancelled = Signal()
    """The person left with Escape or by clicking elsewhere."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._entries: tuple[SwitcherEntry, ...] = ()
        self._index = 0
        self._modifier = Qt.KeyboardModifier.ControlModifier
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.hide()

    @property
    def entries(self) -> tuple[SwitcherEntry, ...]:
        """The windows in the list, the last used first."""
        return self._entries

    @property
    def current(self) -> str:
        """The id of the chosen window; empty while hidden."""
        return self._entries[self._index].window_id if self._entries and self.isVisible() else ""

    def step(self, entries: Sequence[SwitcherEntry], direction: int, modifier: Qt.KeyboardModifier) -> None:
        """Show ``entries`` with the next one chosen, or go on by ``direction``.

        Letting ``modifier`` go takes the chosen one. Where it is not held (a menu was used), the step is taken at once.
        """
        if not entries:
            return
        if not self.isVisible():
            self._entries, self._index = tuple(entries), 0
            self._modifier = modifier
            self._move(direction)
            if not QApplication.queryKeyboardModifiers() & modifier and not QApplication.keyboardModifiers() & modifier:
                self.chosen.emit(self._entries[self._index].window_id)
                return
            self._present()
        else:
            self._move(direction)

    def take(self) -> None:
        """Take the chosen window."""
        if self.isVisible():
            window_id = self.current
            self.hide()
            self.chosen.emit(window_id)

    def event(self, event: QEvent) -> bool:
        """Keep Tab and the arrow keys from being taken as shortcuts while the list is shown."""
        if event.type() is QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        if isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress:
            self.keyPressEvent(event)
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go on, take, or leave."""
        key = event.key()
        backwards = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if key in (Qt.Key.Key_Backtab, Qt.Key.Key_Up, Qt.Key.Key_AsciiTilde):
            self._move(-1)
        elif key in (Qt.Key.Key_Tab, Qt.Key.Key_QuoteLeft):
            self._move(-1 if backwards else 1)
        elif key == Qt.Key.Key_Down:
            self._move(1)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.take()
        elif key == Qt.Key.Key_Escape:
            self._cancel()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """Letting the modifier go takes the chosen window."""
        released = {
            Qt.Key.Key_Control: Qt.KeyboardModifier.ControlModifier,
            Qt.Key.Key_Alt: Qt.KeyboardModifier.AltModifier,
        }.get(Qt.Key(event.key()))
        if released is self._modifier:
            self.take()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Without the keyboard there is nothing to choose."""
        super().focusOutEvent(event)
        if self.isVisible():
            self._cancel()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Choose the row under the pointer."""
        index = self._row_at(event.position().y())
        if index >= 0 and index != self._index:
            self._index = index
            self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take the row under the pointer."""
        index = self._row_at(event.position().y())
        if index >= 0:
            self._index = index
            self.take()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the list."""
        painter = QPainter(self)
        tokens = tokens_of(self)
        paint_card(painter, self, tokens.surface1, tokens.line_strong, RADIUS.large)
        for index, entry in enumerate(self._visible()):
            row = QRect(SPACE.sm, SPACE.sm + index * _ROW_PX, self.width() - 2 * SPACE.sm, _ROW_PX)
            lit = entry.window_id == self.current
            if lit:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QColor(tokens.accent_fill))
                painter.drawRoundedRect(row, 8, 8)
            tile = QRect(row.left() + 8, row.top() + (_ROW_PX - _TILE_PX) // 2, _TILE_PX, _TILE_PX)
            paint_tile(painter, tile, entry.icon, entry.colour)
            self._paint_texts(painter, row, entry, lit=lit)

    def _paint_texts(self, painter: QPainter, row: QRect, entry: SwitcherEntry, *, lit: bool) -> None:
        tokens = tokens_of(self)
        font = ui_font(TYPE.body, QFont.Weight.Medium)
        note_font = ui_font(TYPE.caption)
        note_width = QFontMetrics(note_font).horizontalAdvance(entry.note) + SPACE.md if entry.note else 0
        area = row.adjusted(48, 0, -SPACE.md - note_width, 0)
        painter.setFont(font)
        painter.setPen(QColor(tokens.on_accent if lit else tokens.text1))
        title = QFontMetrics(font).elidedText(entry.title, Qt.TextElideMode.ElideRight, area.width())
        painter.drawText(area, int(Qt.AlignmentFlag.AlignVCenter), title)
        if entry.note:
            painter.setFont(note_font)
            painter.setPen(QColor(tokens.on_accent if lit else tokens.text3))
            right = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight)
            painter.drawText(row.adjusted(0, 0, -SPACE.md, 0), right, entry.note)

    def _present(self) -> None:
        parent = self.parentWidget()
        if parent is None:
            return
        width = min(_WIDTH_PX, parent.width() - 2 * SPACE.lg)
        height = len(self._visible()) * _ROW_PX + 2 * SPACE.sm
        self.setGeometry((parent.width() - width) // 2, max(8, (parent.height() - height) * 2 // 5), width, height)
        self.show()
        self.raise_()
        self.setFocus(Qt.FocusReason.PopupFocusReason)
        self._describe()

    def _move(self, direction: int) -> None:
        self._index = (self._index + direction) % len(self._entries)
        self._describe()
        self.update()

    def _describe(self) -> None:
        self.setAccessibleName(f"Switch to {self._entries[self._index].title}")

    def _visible(self) -> tuple[SwitcherEntry, ...]:
        parent = self.parentWidget()
        most = max(1, ((parent.height() if parent else 600) - 80) // _ROW_PX)
        first = max(0, min(self._index - most + 1, len(self._entries) - most))
        return self._entries[first : first + most]

    def _row_at(self, y: float) -> int:
        row = int((y - SPACE.sm) // _ROW_PX)
        visible = self._visible()
        return self._entries.index(visible[row]) if 0 <= row < len(visible) else -1

    def _cancel(self) -> None:
        self.hide()
        self.cancelled.emit()
