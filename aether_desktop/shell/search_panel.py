"""A field over the desktop with what it finds below it: apps, windows, agents, actions.

It shows what `find` returns and says what was chosen; it knows nothing of what the things are. Made by `desktop_search`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QCursor, QFocusEvent, QFont, QFontMetrics, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import isValid

from aether_desktop.shell.dock_tile import paint_tile
from aether_desktop.theme.current import tokens_of
from aether_desktop.theme.fonts import ui_font
from aether_desktop.theme.tokens import RADIUS, SPACE, TYPE
from aether_desktop.widgets.card_frame import paint_card
from aether_desktop.widgets.key_hold import KeyHold
from aether_desktop.widgets.label import Label
from aether_desktop.widgets.search_field import SearchField
from aether_desktop.widgets.shown_text import exact_line

SHOWN_ROWS = 9
_WIDTH_PX = 560
_ROW_PX = 44
_HIGHEST_PX = 48
_TILE_PX = 28
_CHARACTERS = 200
_NOWHERE = QModelIndex()


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that was found. key: what `chosen` says. note: what it is, in a word or two."""

    key: str
    title: str
    note: str
    icon: str
    colour: str


Find = Callable[[str], Sequence[Found]]


class SearchPanel(QFrame):
    """The overlay, always whole inside of its parent: where there is no room for all rows the list scrolls.

    Escape or a click elsewhere closes it; the arrow keys choose, Enter takes.
    """

    chosen = Signal(str)
    """The key of what was taken."""
    asked = Signal(str)
    """The words changed: results that come later are added by `show_found`."""

    def __init__(self, parent: QWidget, find: Find) -> None:
        super().__init__(parent)
        self._find = find
        self._before: QWidget | None = None
        self._pointer = QCursor.pos()
        self._hold = KeyHold(self, lambda: self.field, strict=False)
        self._hold.begin()
        self._model = _FoundModel(self)
        self.field = SearchField("Search agents, windows and apps", width_px=_WIDTH_PX)
        self.list = QListView()
        self.list.setModel(self._model)
        self.list.setItemDelegate(_FoundDelegate(self.list))
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setMouseTracking(True)
        self.list.setAccessibleName("What was found")
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setStyleSheet("QListView { background: transparent; border: none; }")
        self._nothing = Label("Nothing has these words.", "tertiary")
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE.md, SPACE.md, SPACE.md, SPACE.md)
        column.setSpacing(SPACE.sm)
        column.addWidget(self.field)
        column.addWidget(self.list)
        column.addWidget(self._nothing)
        self.field.query_changed.connect(self._on_words)
        self.list.clicked.connect(lambda _index: self.take())
        self.list.entered.connect(self._on_entered)
        self.field.installEventFilter(self)
        self.setAccessibleName("Search")
        parent.installEventFilter(self)
        self.hide()

    @property
    def found(self) -> Sequence[Found]:
        """What is listed."""
        return self._model.found

    def open(self) -> None:
        """Show it empty, with the keyboard in the field."""
        if not self.isVisible():
            self._before = QApplication.focusWidget()
        self._pointer = QCursor.pos()
        self.field.clear()
        self._on_words("")
        self.show()
        self.raise_()
        self.field.setFocus(Qt.FocusReason.PopupFocusReason)

    def _on_entered(self, index: QModelIndex) -> None:
        """A pointer that is moved chooses; a row that comes to lie under one that rests does not."""
        if QCursor.pos() != self._pointer:
            self._pointer = QCursor.pos()
            self.list.setCurrentIndex(index)

    def show_found(self, words: str, more: Sequence[Found]) -> None:
        """Add what was found elsewhere, unless the words are others by now."""
        if not self.isVisible() or words != self.field.text().strip():
            return
        known = {one.key for one in self._model.found}
        self._show([*self._model.found, *(one for one in more if one.key not in known)])

    def take(self) -> None:
        """Take the current row."""
        row = self.list.currentIndex().row()
        if 0 <= row < len(self._model.found):
            key = self._model.found[row].key
            self.leave()
            self.chosen.emit(key)

    def leave(self) -> None:
        """Close; the keyboard goes back to where it was."""
        self.hide()
        if self._before is not None and isValid(self._before) and self._before.isVisible():
            self._before.setFocus()
        self._before = None

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The field has the keyboard; arrows and Enter are the list's. The panel follows its parent's size."""
        if watched is not self.field:
            if event.type() is QEvent.Type.Resize and self.isVisible():
                self._place()
            return False
        if isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress and self._on_key(event):
            return True
        if isinstance(event, QFocusEvent) and event.type() is QEvent.Type.FocusOut and self.isVisible():
            self.hide()
        return super().eventFilter(watched, event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """The card."""
        tokens = tokens_of(self)
        painter = QPainter(self)
        paint_card(painter, self, tokens.surface1, tokens.line_strong, RADIUS.large)

    def _on_key(self, event: QKeyEvent) -> bool:
        key = event.key()
        if key == Qt.Key.Key_Escape and not self.field.text():
            self.leave()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.take()
        elif key in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            count = len(self._model.found)
            step = 1 if key == Qt.Key.Key_Down else -1
            if count:
                self.list.setCurrentIndex(self._model.index((self.list.currentIndex().row() + step) % count, 0))
        else:
            return False
        return True

    def _on_words(self, words: str) -> None:
        self._show(self._find(words))
        self.asked.emit(words)

    def _show(self, found: Sequence[Found]) -> None:
        row = max(0, self.list.currentIndex().row())
        self._model.show(found)
        if found:
            self.list.setCurrentIndex(self._model.index(min(row, len(found) - 1), 0))
        self.list.setVisible(bool(found))
        self._nothing.setVisible(not found)
        self._place()
        self.list.scrollTo(self.list.currentIndex())

    def _place(self) -> None:
        parent = self.parentWidget()
        if parent is None:
            return
        width = min(_WIDTH_PX, parent.width() - 2 * SPACE.lg)
        top = max(_HIGHEST_PX, parent.height() // 6)
        rows = min(len(self._model.found), SHOWN_ROWS)
        around = self.field.sizeHint().height() + 2 * SPACE.md + SPACE.sm
        missing = top + around + rows * _ROW_PX + SPACE.md - parent.height()
        if missing > 0:
            # First it goes up, then the list gets shorter.
            up = min(missing, top - _HIGHEST_PX)
            top -= up
            rows = max(1, rows - math.ceil((missing - up) / _ROW_PX))
        self.list.setFixedHeight(rows * _ROW_PX)
        self.setFixedWidth(width)
        self.adjustSize()
        self.move((parent.width() - width) // 2, top)


class _FoundModel(QAbstractListModel):
    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.found: Sequence[Found] = ()

    def show(self, found: Sequence[Found]) -> None:
        self.beginResetModel()
        self.found = tuple(found)
        self.endResetModel()

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.found)

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = int(Qt.ItemDataRole.DisplayRole)) -> object:
        if not index.isValid() or role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return None
        one = self.found[index.row()]
        return f"{exact_line(one.title, _CHARACTERS)}, {one.note}"


class _FoundDelegate(QStyledItemDelegate):
    def sizeHint(self, _option: QStyleOptionViewItem, _index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(100, _ROW_PX)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        model = index.model()
        assert isinstance(model, _FoundModel)
        one = model.found[index.row()]
        widget = self.parent()
        assert isinstance(widget, QWidget)
        tokens = tokens_of(widget)
        row: QRect = option.rect
        lit = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if lit:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(tokens.accent_fill))
            painter.drawRoundedRect(row, 8, 8)
        tile = QRect(row.left() + 8, row.top() + (_ROW_PX - _TILE_PX) // 2, _TILE_PX, _TILE_PX)
        paint_tile(painter, tile, one.icon, one.colour)
        note_font, font = ui_font(TYPE.caption), ui_font(TYPE.body, QFont.Weight.Medium)
        note_width = QFontMetrics(note_font).horizontalAdvance(one.note)
        painter.setFont(note_font)
        painter.setPen(QColor(tokens.on_accent if lit else tokens.text3))
        right = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight)
        painter.drawText(row.adjusted(0, 0, -SPACE.md, 0), right, one.note)
        area = row.adjusted(48, 0, -2 * SPACE.md - note_width, 0)
        painter.setFont(font)
        painter.setPen(QColor(tokens.on_accent if lit else tokens.text1))
        title = QFontMetrics(font).elidedText(exact_line(one.title, _CHARACTERS), Qt.TextElideMode.ElideRight, area.width())
        painter.drawText(area, int(Qt.AlignmentFlag.AlignVCenter), title)
        painter.restore()
