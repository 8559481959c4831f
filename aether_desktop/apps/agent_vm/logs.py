"""The agent's log: one line an event, in the colour of its kind, with a filter and a search."""

from __future__ import annotations

import time

from PySide6.QtGui import QColor, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from aether_desktop.stores.journal import JournalStore
from aether_desktop.stores.reducers.timeline import Row
from aether_desktop.theme.fonts import mono_font
from aether_desktop.theme.tokens import DARK, SPACE, TYPE
from aether_desktop.widgets.search_field import SearchField
from aether_desktop.widgets.segmented_control import Segment, SegmentedControl

MAX_LINES = 5_000
KINDS: dict[str, tuple[str, ...]] = {
    "all": (),
    "thoughts": ("thought", "plan"),
    "actions": ("tool", "file"),
    "people": ("waiting", "user"),
    "problems": ("notice", "end"),
}


class LogsView(QWidget):
    """Purple thoughts, blue actions, cyan observations, amber questions, red errors."""

    def __init__(self, store: JournalStore, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._store = store
        self._kind = "all"
        self._words = ""
        segments = [Segment(key, key.capitalize()) for key in KINDS]
        self._filter = SegmentedControl("Kinds of entries", segments)
        self._filter.selected.connect(self._on_kind)
        self._search = SearchField("Search the log")
        self._search.query_changed.connect(self._on_words)
        self._text = QPlainTextEdit()
        self._text.setReadOnly(True)
        self._text.setFont(mono_font(TYPE.label))
        self._text.setMaximumBlockCount(MAX_LINES)
        self._text.setFrameShape(QPlainTextEdit.Shape.NoFrame)
        self._text.setAccessibleName("Log")
        self._text.setStyleSheet(f"background: {DARK.terminal.background}; color: {DARK.terminal.foreground};")
        top = QHBoxLayout()
        top.addWidget(self._filter)
        top.addStretch(1)
        top.addWidget(self._search)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE.lg, SPACE.sm, SPACE.lg, SPACE.sm)
        column.addLayout(top)
        column.addWidget(self._text, 1)
        store.reset.connect(self._fill)
        store.inserted.connect(self._on_inserted)
        store.updated.connect(self._on_updated)
        self._fill()

    def plain_text(self) -> str:
        """All lines shown, for tests and copying."""
        return self._text.toPlainText()

    def _on_kind(self, key: str) -> None:
        self._kind = key
        self._fill()

    def _on_words(self, words: str) -> None:
        self._words = words.casefold()
        self._fill()

    def _on_inserted(self, index: int) -> None:
        row = self._store.rows[index]
        if not row.running:
            self._append(row)

    def _on_updated(self, index: int) -> None:
        row = self._store.rows[index]
        if not row.running:
            self._append(row)

    def _fill(self) -> None:
        self._text.clear()
        for row in self._store.rows[-MAX_LINES:]:
            self._append(row)

    def _append(self, row: Row) -> None:
        wanted = KINDS[self._kind]
        line = line_of(row)
        if (wanted and row.kind not in wanted) or self._words not in line.casefold():
            return
        bar = self._text.verticalScrollBar()
        at_end = bar.value() >= bar.maximum() - 4
        look = QTextCharFormat()
        look.setForeground(QColor(DARK.phase(row.word).mark))
        cursor = QTextCursor(self._text.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        if not self._text.document().isEmpty():
            cursor.insertBlock()
        cursor.insertText(line, look)
        if at_end:
            bar.setValue(bar.maximum())


def line_of(row: Row) -> str:
    """One line for an entry."""
    clock = time.strftime("%H:%M:%S", time.localtime(row.timestamp)) if row.timestamp else "        "
    text = " ".join(row.text.split())
    return f"{clock}  {row.title}{'  ' + text[:500] if text else ''}"
