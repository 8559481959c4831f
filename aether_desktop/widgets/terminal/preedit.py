"""What an input method is composing, at the cursor and in the grid's cells.

It has the scheme's own colours: what the program will make of it is not known before it is typed. Called by `cursor`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QPainter

from aether_desktop.widgets.terminal.colours import Scheme
from aether_desktop.widgets.terminal.painter import ScreenPainter
from kernel.term import Terminal

if TYPE_CHECKING:
    from aether_desktop.widgets.terminal.atlas import TileAtlas

#: More is composed nowhere; the end of it shows.
MOST_CHARACTERS = 500


class Preedit:
    """Paints for one view."""

    def __init__(self, atlas: TileAtlas, scheme: Scheme) -> None:
        self._atlas = atlas
        self._scheme = scheme
        self._painter = ScreenPainter(atlas, scheme)
        self._text = ""
        self._cells = 0

    def paint(self, painter: QPainter, text: str, cursor: QRectF, line: QRectF) -> QRectF:
        """Paint `text` where the cursor is, further left where the line has no room for it, its end where it has not for all.

        cursor: the cell of the cursor; line: all cells of its line; both in the widget's pixels. Returns where the text is.
        """
        self._lay_out(text)
        cell = self._atlas.geometry
        width = min(max(self._cells * cell.logical_width, cursor.width()), line.width())
        area = QRectF(max(line.left(), min(cursor.left(), line.right() - width)), cursor.top(), width, cursor.height())
        first = max(0, self._cells - int(line.width() / cell.logical_width + 0.5)) * cell.width
        painter.drawImage(area, self._painter.image, QRectF(first, 0, width * cell.ratio, cell.height))
        painter.fillRect(QRectF(area.left(), area.bottom() - 1, area.width(), 1), QColor(self._scheme.cursor))
        return area

    def _lay_out(self, text: str) -> None:
        if text == self._text and self._cells:
            return
        self._text = text
        shown = "".join(char for char in text if char >= " " and not "\x7f" <= char <= "\x9f")[-MOST_CHARACTERS:]
        # Nothing is wider than two cells, and behind the last one there is room: no line wraps.
        terminal = Terminal(2 * len(shown) + 2, 1, scrollback=0)
        terminal.feed(shown.encode("utf-8", "replace"))
        self._cells = terminal.cursor.x
        self._painter.paint(terminal, list(terminal.rows), patient=True)
