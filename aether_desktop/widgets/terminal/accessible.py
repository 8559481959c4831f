"""A terminal for screen readers: the lines that show as text with a cursor and a selection.

Qt asks the factory that `install` registers, once, when assistive technology looks at a view. Nothing here runs otherwise.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING
from weakref import ref

from PySide6.QtCore import QObject, QPoint, QRect, Qt
from PySide6.QtGui import (
    QAccessible,
    QAccessibleActionInterface,
    QAccessibleInterface,
    QAccessibleTextInterface,
    QWindow,
)
from PySide6.QtWidgets import QWidget
from shiboken6 import Shiboken, isValid

from aether_desktop.widgets.terminal.selecting import Selection
from kernel.term import STUB, Row, Terminal
from kernel.term.selection import Position, SelectionKind, Span

if TYPE_CHECKING:
    from aether_desktop.widgets.terminal.view import TerminalView


_BEYOND = re.compile("[\U00010000-\U0010ffff]")


def line_text(terminal: Terminal, row: Row | None) -> str:
    """The text of a row without what is blank at its end."""
    return terminal.clusters.expand(row.text).replace(STUB, "").rstrip() if row is not None else ""


def units(text: str) -> str:
    """A text of as many characters as Qt counts: what lies beyond U+FFFF becomes its two halves."""
    return _BEYOND.sub(lambda found: chr(0xD7C0 + (ord(found[0]) >> 10)) + chr(0xDC00 + (ord(found[0]) & 0x3FF)), text)


def joined(text: str) -> str:
    """What `units` made, or a part of it, as it was; a half without the other is U+FFFD."""
    return text if text.isascii() else text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


class ScreenText:
    """The lines that a view shows as one text, with places in it and cells; made anew for each question.

    Places are counted as Qt counts: it finds words and lines around them by itself.
    """

    def __init__(self, view: TerminalView) -> None:
        self._view = view
        self._terminal = view.terminal
        self._rows = view.viewport.rows(self._terminal)
        self.first = view.grid.shown()[0]
        self.lines = [line_text(self._terminal, row) for row in self._rows]
        cursor = self._terminal.history_dropped + len(self._terminal.history) + self._terminal.cursor.y - self.first
        if 0 <= cursor < len(self.lines):
            # The cursor may stand behind the end of its line, as after a prompt.
            beyond = self._characters(cursor, self._terminal.cursor.x) - len(units(self.lines[cursor]))
            self.lines[cursor] += " " * beyond
        self._units = [units(line) for line in self.lines]
        self._text = "\n".join(self._units)

    def __len__(self) -> int:
        return len(self._text)

    def part(self, start: int, end: int) -> str:
        """The text between two places; what lies outside is left out."""
        return joined(self._text[max(0, start) : max(0, end)])

    def offset(self, line: int, column: int) -> int:
        """The place in the text of a cell; line counts from the first that shows. Outside: the nearest."""
        line = max(0, min(line, len(self.lines) - 1))
        return self.start(line) + min(self._characters(line, column), len(self._units[line]))

    def start(self, line: int) -> int:
        """Where a line begins."""
        return sum(len(text) + 1 for text in self._units[:line])

    def cell(self, offset: int) -> tuple[int, int]:
        """The line, counted from the first that shows, and column of a place in the text."""
        offset = max(0, min(offset, len(self)))
        for line, text in enumerate(self._units):
            if offset <= len(text):
                return line, self._column(line, offset)
            offset -= len(text) + 1
        return len(self.lines) - 1, 0

    def cursor(self) -> int:
        """The cursor's place."""
        terminal = self._terminal
        line = terminal.history_dropped + len(terminal.history) + terminal.cursor.y - self.first
        return self.offset(line, terminal.cursor.x)

    def _characters(self, line: int, column: int) -> int:
        row = self._rows[line]
        if row.text.isascii():
            return column
        return len(units(self._terminal.clusters.expand(row.text[:column]).replace(STUB, "")))

    def _column(self, line: int, characters: int) -> int:
        row = self._rows[line]
        if row.text.isascii():
            return characters
        for column, cell in enumerate(row.text):
            size = 0 if cell == STUB else len(units(self._terminal.clusters[cell]))
            if characters < size:
                return column
            characters -= size
        return len(row.text)


class Lasting:
    """A view for as long as it lasts. PySide keeps what a factory makes until the process ends, and no view shall be kept so long."""

    def __init__(self, view: TerminalView) -> None:
        self._reference = ref(view)

    def __call__(self) -> TerminalView:
        """The view. Raises `ReferenceError` when it is gone."""
        view = self._reference()
        if view is None:
            raise ReferenceError("the terminal's view is gone")
        return view

    @property
    def alive(self) -> bool:
        """Whether it is still there."""
        view = self._reference()
        return view is not None and isValid(view)


class TerminalText(QAccessibleTextInterface):
    """The text of one view."""

    def __init__(self, view: Lasting) -> None:
        super().__init__()
        self._view = view

    def text(self, start: int, end: int) -> str:
        """A part of what shows."""
        return ScreenText(self._view()).part(start, end)

    def characterCount(self) -> int:
        """How much shows."""
        return len(ScreenText(self._view()))

    def cursorPosition(self) -> int:
        """Where the program's cursor is."""
        return ScreenText(self._view()).cursor()

    def setCursorPosition(self, position: int) -> None:
        """The cursor is the program's."""

    def selectionCount(self) -> int:
        """None is told: PySide gives no way to say from where to where."""
        return 0

    def addSelection(self, start: int, end: int) -> None:
        """Select a part in place of what was; nothing if it is empty."""
        screen = ScreenText(self._view())
        start, end = sorted(max(0, min(place, len(screen))) for place in (start, end))
        if start == end:
            self._view().selecting.clear()
            return
        (line, column), (end_line, end_column) = screen.cell(start), screen.cell(end - 1)
        anchor, head = Position(screen.first + line, column), Position(screen.first + end_line, end_column)
        self._view().selecting.select(Selection(SelectionKind.CHARACTER, anchor, head))

    def setSelection(self, index: int, start: int, end: int) -> None:
        """Select another part."""
        self.addSelection(start, end)

    def removeSelection(self, index: int) -> None:
        """Select nothing."""
        self._view().selecting.clear()

    def characterRect(self, offset: int) -> QRect:
        """Where a character is on the screen."""
        screen = ScreenText(self._view())
        line, column = screen.cell(offset)
        area = self._view().grid.rect(Span(screen.first + line, column, column + 1)).toRect()
        return QRect(self._view().mapToGlobal(area.topLeft()), area.size())

    def offsetAtPoint(self, point: QPoint) -> int:
        """Which character is at a place of the screen."""
        column, line = self._view().grid.cell_at(self._view().mapFromGlobal(point))
        return ScreenText(self._view()).offset(line, column)

    def scrollToSubstring(self, start: int, end: int) -> None:
        """All of the text shows already."""


class TerminalActions(QAccessibleActionInterface):
    """What assistive technology can do with one view."""

    def __init__(self, view: Lasting) -> None:
        super().__init__()
        self._view = view

    def actionNames(self) -> list[str]:
        """It can be given the keyboard."""
        return [self.setFocusAction()]

    def doAction(self, name: str) -> None:
        """Give it the keyboard."""
        if name == self.setFocusAction():
            self._view().setFocus(Qt.FocusReason.OtherFocusReason)

    def keyBindingsForAction(self, name: str) -> list[str]:
        """No key does it."""
        return []


Interface = TerminalText | TerminalActions | Shiboken.VoidPtr


class TerminalAccessible(QAccessibleInterface):
    """What assistive technology sees of a view."""

    def __init__(self, view: TerminalView) -> None:
        super().__init__()
        self._view = Lasting(view)
        self._text = TerminalText(self._view)
        self._actions = TerminalActions(self._view)

    def isValid(self) -> bool:
        """Whether the view is still there."""
        return self._view.alive

    def object(self) -> QObject:
        """The view."""
        return self._view()

    def window(self) -> QWindow | None:  # type: ignore[override]  # Qt allows none; its stub does not
        """The native window."""
        return self._view().window().windowHandle()

    def parent(self) -> QAccessibleInterface | None:  # type: ignore[override]  # Qt allows none; its stub does not
        """The widget around it."""
        above = self._view().parentWidget()
        return QAccessible.queryAccessibleInterface(above) if above is not None else None

    def childCount(self) -> int:
        """The bars that show over it."""
        return len(self._children())

    def child(self, index: int) -> QAccessibleInterface | None:  # type: ignore[override]  # Qt allows none; its stub does not
        """One of them."""
        children = self._children()
        return QAccessible.queryAccessibleInterface(children[index]) if 0 <= index < len(children) else None

    def childAt(self, x: int, y: int) -> QAccessibleInterface | None:  # type: ignore[override]  # Qt allows none; its stub does not
        """The one at a place of the screen."""
        point = self._view().mapFromGlobal(QPoint(x, y))
        found = next((child for child in self._children() if child.geometry().contains(point)), None)
        return QAccessible.queryAccessibleInterface(found) if found is not None else None

    def indexOfChild(self, child: QAccessibleInterface) -> int:
        """The place of one of them; -1 for none."""
        wanted = child.object()
        return next((index for index, own in enumerate(self._children()) if own is wanted), -1)

    def role(self) -> QAccessible.Role:
        """A terminal."""
        return QAccessible.Role.Terminal

    def rect(self) -> QRect:
        """Where it is on the screen."""
        return QRect(self._view().mapToGlobal(QPoint(0, 0)), self._view().size())

    def text(self, kind: QAccessible.Text) -> str:
        """Its name with the program's title; what shows is its value."""
        if kind == QAccessible.Text.Name:
            title = self._view().terminal.title
            return f"{self._view().accessibleName()}: {title}" if title else self._view().accessibleName()
        return "\n".join(ScreenText(self._view()).lines) if kind == QAccessible.Text.Value else ""

    def setText(self, kind: QAccessible.Text, text: str) -> None:
        """Text is typed, not set."""

    def state(self) -> QAccessible.State:
        """Whether it has the keyboard, and may be typed in."""
        state = QAccessible.State()
        view = self._view()
        for name, value in (
            ("focusable", True),
            ("focused", view.hasFocus()),
            ("multiLine", True),
            ("readOnly", not view.interactive),
            ("invisible", not view.isVisible()),
            ("selectableText", True),
        ):
            setattr(state, name, int(value))
        return state

    def interface_cast(self, kind: QAccessible.InterfaceType) -> Interface:  # type: ignore[override]  # a void pointer
        """Its text and its actions. Nothing else, which a null pointer says: PySide dies of a None here."""
        if kind == QAccessible.InterfaceType.TextInterface:
            return self._text
        return self._actions if kind == QAccessible.InterfaceType.ActionInterface else Shiboken.VoidPtr(0)

    def _children(self) -> list[QWidget]:
        return [child for child in self._view().children() if isinstance(child, QWidget) and child.isVisible()]


@lru_cache(maxsize=1)
def install() -> None:
    """Let Qt know, once for the process."""
    QAccessible.installFactory(_make)


def _make(_class_name: str, candidate: QObject) -> QAccessibleInterface | None:
    from aether_desktop.widgets.terminal.view import TerminalView

    return TerminalAccessible(candidate) if isinstance(candidate, TerminalView) else None
