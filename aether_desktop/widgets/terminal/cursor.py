"""The cursor of a terminal, and the text that an input method is composing at it. Called by `view` when it paints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QPainter

from aether_desktop.widgets.terminal.colours import Scheme
from aether_desktop.widgets.terminal.preedit import Preedit
from kernel.term.rows import STUB
from kernel.term.selection import Span

if TYPE_CHECKING:
    from aether_desktop.widgets.terminal.painter import ScreenPainter
    from aether_desktop.widgets.terminal.view import TerminalView

BAR_PX = 2


class CursorPaint:
    """Paints for one view."""

    def __init__(self, scheme: Scheme, preedit: Preedit) -> None:
        self._scheme = scheme
        self._preedit = preedit

    def paint(
        self, painter: QPainter, view: TerminalView, screen: ScreenPainter, *, hidden: bool, preedit: str
    ) -> None:
        """Draw the cursor where the program put it. hidden: it is in the dark half of blinking."""
        terminal = view.terminal
        cursor = terminal.cursor
        column = min(cursor.x, terminal.columns - 1)
        row = terminal.rows[min(cursor.y, terminal.lines - 1)]
        if row.text[column] == STUB and column:
            column -= 1
        wide = column + 1 < len(row.text) and row.text[column + 1] == STUB
        line = terminal.history_dropped + len(terminal.history) + cursor.y
        area = view.grid.rect(Span(line, column, column + 1 + wide))
        if area.isEmpty():
            return
        if preedit:
            self._preedit.paint(painter, preedit, area, view.grid.rect(Span(line, 0, terminal.columns)))
            return
        focused = view.hasFocus() and view.interactive
        if cursor.hidden or (hidden and focused and cursor.blinking):
            return
        colour = QColor(terminal.palette.overrides.get("cursor", self._scheme.cursor))
        if not focused:
            painter.setPen(colour)
            painter.drawRect(area.adjusted(0.5, 0.5, -0.5, -0.5))
        elif cursor.shape == "block":
            paper = terminal.palette.overrides.get("background", self._scheme.background)
            painter.drawImage(area.topLeft(), screen.tile(terminal, row, column, ink=paper, paper=colour.rgb() & 0xFFFFFF))
        elif cursor.shape == "underline":
            painter.fillRect(QRectF(area.left(), area.bottom() - BAR_PX, area.width(), BAR_PX), colour)
        else:
            painter.fillRect(QRectF(area.left(), area.top(), BAR_PX, area.height()), colour)
