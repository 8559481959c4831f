"""A terminal for screen readers: the lines that show as text with a cursor and a selection.

Qt asks the factory that `install` registers, once, when assistive technology looks at a view. Nothing here runs otherwise.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, QRect
from PySide6.QtGui import QAccessible, QAccessibleInterface, QAccessibleTextInterface, QWindow
from PySide6.QtWidgets import QWidget
from shiboken6 import isValid

from aether_desktop.widgets.terminal.selecting import Selection
from kernel.term import STUB, Row, Terminal
from kernel.term.selection import Position, SelectionKind, Span

if TYPE_CHECKING:
    from aether_desktop.widgets.terminal.view import TerminalView


def line_text(terminal: Terminal, row: Row | None) -> str:
    """The text of a row without what is blank at its end."""
    return terminal.clusters.expand(row.text).replace(STUB, "").rstrip() if row is not None else ""


class ScreenText:
    """The lines that a view shows as one text, with places in it and cells; made anew for each question."""

    def __init__(self, view: TerminalView) -> None:
        self._view = view
        self._terminal = view.terminal
        self._rows = view.viewport.rows(self._terminal)
        self.first = view.grid.shown()[0]
        self.lines = [line_text(self._terminal, row) for row in self._rows]
        cursor = self._terminal.history_dropped + len(self._terminal.history) + self._terminal.cursor.y - self.first
        if 0 <= cursor < len(self.lines):
            # The cursor may stand behind the end of its line, as after a prompt.
            self.lines[cursor] = self.lines[cursor].ljust(self._characters(cursor, self._terminal.cursor.x))
        self.text = "\n".join(self.lines)

    def offset(self, line: int, column: int) -> int:
        """The place in the text of a cell; line counts from the first that shows. Outside: the nearest."""
        line = max(0, min(line, len(self.lines) - 1))
        before = sum(len(text) + 1 for text in self.lines[:line])
        return before + min(self._characters(line, column), len(self.lines[line]))

    def cell(self, offset: int) -> tuple[int, int]:
        """The line, counted from the first that shows, and column of a place in the text."""
        offset = max(0, min(offset, len(self.text)))
        for line, text in enumerate(self.lines):
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
        if row is None or row.text.isascii():
            return column
        return len(self._terminal.clusters.expand(row.text[:column]).replace(STUB, ""))

    def _column(self, line: int, characters: int) -> int:
        row = self._rows[line]
        if row is None or row.text.isascii():
            return characters
        for column, cell in enumerate(row.text):
            size = 0 if cell == STUB else len(self._terminal.clusters[cell])
            if characters < size:
                return column
            characters -= size
        return len(row.text)


class TerminalText(QAccessibleTextInterface):
    """The text of one view."""

    def __init__(self, view: TerminalView) -> None:
        super().__init__()
        self._view = view

    def text(self, start: int, end: int) -> str:
        """A part of what shows."""
        return ScreenText(self._view).text[max(0, start) : max(0, end)]

    def characterCount(self) -> int:
        """How much shows."""
        return len(ScreenText(self._view).text)

    def cursorPosition(self) -> int:
        """Where the program's cursor is."""
        return ScreenText(self._view).cursor()

    def setCursorPosition(self, position: int) -> None:
        """The cursor is the program's."""

    def selectionCount(self) -> int:
        """One at most."""
        return 1 if self._selected() is not None else 0

    def selection(self, index: int) -> tuple[int, int]:
        """The selected part; (0, 0) for none."""
        return self._selected() or (0, 0)

    def addSelection(self, start: int, end: int) -> None:
        """Select a part."""
        screen = ScreenText(self._view)
        (line, column), (end_line, end_column) = screen.cell(start), screen.cell(max(start, end - 1))
        anchor, head = Position(screen.first + line, column), Position(screen.first + end_line, end_column)
        self._view.selecting.select(Selection(SelectionKind.CHARACTER, anchor, head))

    def setSelection(self, index: int, start: int, end: int) -> None:
        """Select another part."""
        self.addSelection(start, end)

    def removeSelection(self, index: int) -> None:
        """Select nothing."""
        self._view.selecting.clear()

    def characterRect(self, offset: int) -> QRect:
        """Where a character is on the screen."""
        screen = ScreenText(self._view)
        line, column = screen.cell(offset)
        area = self._view.grid.rect(Span(screen.first + line, column, column + 1)).toRect()
        return QRect(self._view.mapToGlobal(area.topLeft()), area.size())

    def offsetAtPoint(self, point: QPoint) -> int:
        """Which character is at a place of the screen."""
        column, line = self._view.grid.cell_at(self._view.mapFromGlobal(point))
        return ScreenText(self._view).offset(line, column)

    def scrollToSubstring(self, start: int, end: int) -> None:
        """All of the text shows already."""

    def attributes(self, offset: int) -> tuple[str, int, int]:
        """Looks are not told."""
        return "", offset, offset + 1

    def _selected(self) -> tuple[int, int] | None:
        screen = ScreenText(self._view)
        spans = self._view.selecting.spans(self._view.terminal, *self._view.grid.shown())
        if not spans:
            return None
        first, last = spans[0], spans[-1]
        return screen.offset(first.line - screen.first, first.start), screen.offset(last.line - screen.first, last.end)


class TerminalAccessible(QAccessibleInterface):
    """What assistive technology sees of a view."""

    def __init__(self, view: TerminalView) -> None:
        super().__init__()
        self._view = view
        self._text = TerminalText(view)

    def isValid(self) -> bool:
        """Whether the view is still there."""
        return isValid(self._view)

    def object(self) -> QObject:
        """The view."""
        return self._view

    def window(self) -> QWindow | None:  # type: ignore[override]  # Qt allows none; its stub does not
        """The native window."""
        return self._view.window().windowHandle()

    def parent(self) -> QAccessibleInterface | None:  # type: ignore[override]  # Qt allows none; its stub does not
        """The widget around it."""
        above = self._view.parentWidget()
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
        point = self._view.mapFromGlobal(QPoint(x, y))
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
        return QRect(self._view.mapToGlobal(QPoint(0, 0)), self._view.size())

    def text(self, kind: QAccessible.Text) -> str:
        """Its name with the program's title; what shows is its value."""
        if kind == QAccessible.Text.Name:
            title = self._view.terminal.title
            return f"{self._view.accessibleName()}: {title}" if title else self._view.accessibleName()
        return ScreenText(self._view).text if kind == QAccessible.Text.Value else ""

    def setText(self, kind: QAccessible.Text, text: str) -> None:
        """Text is typed, not set."""

    def state(self) -> QAccessible.State:
        """Whether it has the keyboard, and may be typed in."""
        state = QAccessible.State()
        view = self._view
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

    def interface_cast(self, kind: QAccessible.InterfaceType) -> TerminalText | None:  # type: ignore[override]  # a void pointer
        """The text."""
        return self._text if kind == QAccessible.InterfaceType.TextInterface else None

    def _children(self) -> list[QWidget]:
        return [child for child in self._view.children() if isinstance(child, QWidget) and child.isVisible()]


@lru_cache(maxsize=1)
def install() -> None:
    """Let Qt know, once for the process."""
    QAccessible.installFactory(_make)


def _make(_class_name: str, candidate: QObject) -> QAccessibleInterface | None:
    from aether_desktop.widgets.terminal.view import TerminalView

    return TerminalAccessible(candidate) if isinstance(candidate, TerminalView) else None
