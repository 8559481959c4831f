"""One call to a language model, whole: what was sent and what was answered, side by side or one at a time, to read, find in and copy.

A long body is made readable on another thread and comes in parts: a window must not stand still for half a megabyte.
"""

from __future__ import annotations

import asyncio
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QResizeEvent, QTextCursor
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QVBoxLayout, QWidget

from aether_desktop.apps.agent_vm.exchanges import MOST_CHARACTERS, ExchangeLine, readable, size_words
from aether_desktop.apps.agent_vm.well_text import WellText
from aether_desktop.bridge.tasks import TaskOwner
from aether_desktop.theme.tokens import SPACE
from aether_desktop.widgets.button import Button
from aether_desktop.widgets.label import ElidedLabel
from aether_desktop.widgets.search_field import SearchField
from aether_desktop.widgets.segmented_control import Segment, SegmentedControl
from aether_desktop.widgets.shown_text import exact_line
from aether_desktop.widgets.single_shot import single_shot

AT_ONCE_CHARACTERS = 20_000
"""A body that is no longer is shown in the same turn."""
PART_CHARACTERS = 60_000
REST_MS = 80
"""After it was chosen, before work on a long body begins: somebody may be on the way to another."""
BOTH_FROM_PX = 300
LOW_PX = 140
NARROW_PX = 420
NARROWEST_PX = 320
TITLE_CHARACTERS = 300
SIDES = ("Request", "Response")


class BodyPane(QWidget):
    """One body with its size and a button that copies it as it is."""

    def __init__(self, side: str) -> None:
        super().__init__()
        self.side = side
        self._body = ""
        self._parts: list[str] = []
        self._pending = False
        self._tasks = TaskOwner(self)
        self._rest = single_shot(self, REST_MS, self._begin)
        self._more = single_shot(self, 0, self._add_part)
        self.text = WellText(f"{side} body")
        self.note = ElidedLabel("", "caption")
        self.copy = Button("Copy", "quiet", icon="copy", tooltip=f"Copy the {side.lower()} as it is")
        self.copy.setAccessibleName(f"Copy the {side.lower()}")
        self.copy.clicked.connect(self.copy_body)
        self._head = QWidget()
        row = QHBoxLayout(self._head)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.note, 1)
        row.addWidget(self.copy)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self._head)
        column.addWidget(self.text, 1)

    @property
    def whole(self) -> bool:
        """Whether everything that is to be shown of the body is shown."""
        return not (self._parts or self._pending)

    def show_body(self, body: str, size: int) -> None:
        """Show another body. size: what it had on the wire, in bytes."""
        self._tasks.cancel()
        self._rest.stop()
        self._parts.clear()
        self._body = body
        self.note.setText(f"{self.side} · {size_words(size) if body else 'empty'}")
        self.copy.setEnabled(bool(body))
        self._pending = len(body) > AT_ONCE_CHARACTERS
        if not self._pending:
            self._show(*readable(body))
        else:
            self.text.setPlainText("")
            self._rest.start()

    def set_headed(self, headed: bool) -> None:
        """Show the line with size and button, or leave the room to the text."""
        self._head.setVisible(headed)

    def copy_body(self) -> None:
        """Put the body on the clipboard as it went over the wire."""
        if self._body:
            QGuiApplication.clipboard().setText(self._body)

    def _begin(self) -> None:
        self._tasks.spawn(self._read(self._body), name="body")

    async def _read(self, body: str) -> None:
        self._show(*await asyncio.to_thread(partial(readable, body)))

    def _show(self, shown: str, whole: bool) -> None:
        self._pending = False
        if not whole:
            self.note.setText(f"{self.note.text()} · the first {MOST_CHARACTERS:,} characters; Copy takes all")
        self._parts = _parts_of(shown)
        self.text.setPlainText(self._parts.pop(0) if self._parts else "")
        if self._parts:
            self._more.start()

    def _add_part(self) -> None:
        """Behind what is there, whatever is selected or looked at."""
        if self._parts:
            end = QTextCursor(self.text.document())
            end.movePosition(QTextCursor.MoveOperation.End)
            end.insertText(self._parts.pop(0))
            self._more.start()


class ExchangeDetail(QWidget):
    """Both bodies of the chosen call; where there is no room for both, one of them."""

    left = Signal()
    """The person wants the list back."""

    def __init__(self) -> None:
        super().__init__()
        self._both = True
        self.back = Button("", "quiet", icon="back", tooltip="Back to the calls", shortcut="Esc")
        self.back.setAccessibleName("Back to the calls")
        self.back.clicked.connect(self.left)
        self._title = ElidedLabel("")
        self.side = SegmentedControl("Body", [Segment(side.lower(), side) for side in SIDES], "response")
        self.side.selected.connect(lambda _key: self._choose())
        self._copy = Button("", "quiet", icon="copy", tooltip="Copy this body as it is")
        self._copy.setAccessibleName("Copy this body")
        self.request, self.response = (BodyPane(side) for side in SIDES)
        self.find_field = SearchField("Find in the bodies", width_px=220)
        self.find_field.setToolTip("Enter finds the next one")
        self.find_field.returnPressed.connect(self.find_next)
        self.find_field.hide()
        self._copy.clicked.connect(lambda: self._shown_pane().copy_body())
        self._splitter = QSplitter(Qt.Orientation.Vertical)
        self._splitter.setChildrenCollapsible(False)
        for pane in (self.request, self.response):
            self._splitter.addWidget(pane)
        self._lay_out()
        self.set_alone(False)
        self._choose()

    def show_line(self, line: ExchangeLine) -> None:
        """Show a call."""
        exchange = line.exchange
        self._title.setText(exact_line(f"{line.outcome} · {line.took} · {exchange.url}", TITLE_CHARACTERS))
        self._title.setAccessibleName(line.words)
        self.request.show_body(exchange.request_body, line.request_bytes)
        # An answer that never came is told where it would be.
        answer = exchange.response_body or exchange.error
        self.response.show_body(answer, line.response_bytes if exchange.response_body else len(answer.encode("utf-8", "replace")))

    def set_alone(self, alone: bool) -> None:
        """Whether it has the list's place, with a way back to it."""
        self.back.setVisible(alone)

    @property
    def shown_text(self) -> WellText:
        """The text that is looked at: the answer's where both are shown."""
        return self._shown_pane().text

    def look(self) -> None:
        """Give the keyboard to what is shown."""
        self.shown_text.setFocus()

    def open_find(self) -> None:
        """Let the person type what to find."""
        self.find_field.show()
        self._share_width()
        self.find_field.setFocus()
        self.find_field.selectAll()

    def find_next(self) -> None:
        """Go to the next place of the words, behind the present one, in the other body after this one."""
        words = self.find_field.text()
        if not words:
            return
        panes = (self.request, self.response)
        first = next((pane for pane in panes if pane.text.textCursor().hasSelection()), self._shown_pane())
        other = panes[1 - panes.index(first)]
        for pane, anew in ((first, False), (other, True), (first, True)):
            if anew:
                pane.text.moveCursor(QTextCursor.MoveOperation.Start)
            if pane.text.find(words):
                (other if pane is first else first).text.moveCursor(QTextCursor.MoveOperation.Start)
                self.side.set_current(pane.side.lower())
                self._choose()
                self.find_field.setToolTip("Enter finds the next one")
                return
        self.find_field.setToolTip("Not found")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape closes the find field, then goes back to the list."""
        if event.key() != Qt.Key.Key_Escape:
            super().keyPressEvent(event)
        elif self.find_field.isVisible():
            self.find_field.hide()
            self._share_width()
            self.look()
        else:
            self.left.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Show as much as there is room for."""
        super().resizeEvent(event)
        self._both = self.height() >= BOTH_FROM_PX
        edge = 2 if self.height() < LOW_PX else SPACE.sm
        self._column.setContentsMargins(SPACE.md, edge, SPACE.md, edge)
        self._choose()

    def _shown_pane(self) -> BodyPane:
        return self.request if self.side.current == "request" else self.response

    def _choose(self) -> None:
        for pane in (self.request, self.response):
            pane.set_headed(self._both)
            pane.setVisible(self._both or pane is self._shown_pane())
        self._copy.setVisible(not self._both)
        self._share_width()

    def _share_width(self) -> None:
        """In a narrow window what is typed to be found has the title's place, and that of the choice of a body."""
        finds = self.find_field.isVisibleTo(self)
        self._title.setVisible(self.width() >= (NARROW_PX if finds else NARROWEST_PX))
        self.side.setVisible(not self._both and not (finds and self.width() < NARROW_PX))

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(SPACE.sm)
        row.addWidget(self.back, 0, Qt.AlignmentFlag.AlignLeft)
        row.addWidget(self._title, 1)
        row.addWidget(self.find_field, 1)
        row.addWidget(self.side)
        row.addWidget(self._copy)
        self._column = column = QVBoxLayout(self)
        column.setContentsMargins(SPACE.md, SPACE.sm, SPACE.md, SPACE.sm)
        column.setSpacing(SPACE.xs)
        column.addLayout(row)
        column.addWidget(self._splitter, 1)


def _parts_of(text: str) -> list[str]:
    """Parts that end with a line, so that none is laid out twice."""
    parts: list[str] = []
    start = 0
    while start < len(text):
        end = text.rfind("\n", start, start + PART_CHARACTERS) + 1 if start + PART_CHARACTERS < len(text) else len(text)
        if end <= start:
            end = start + PART_CHARACTERS
        parts.append(text[start:end])
        start = end
    return parts
