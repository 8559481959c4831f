"""A terminal as a live picture on a card, painted by the same painter as the terminal itself.

Its last lines in a small font, since what a program printed last says most about what it does; or, while a program fills its
screen, all of the screen as a `miniature`. Called by Mission Control's previews.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QRectF, QSizeF
from PySide6.QtGui import QImage

from aether_desktop.theme.tokens import TerminalColours
from aether_desktop.widgets.terminal.colours import Scheme
from aether_desktop.widgets.terminal.miniature import Miniature
from aether_desktop.widgets.terminal.painter import ScreenPainter
from kernel.term import Terminal
from kernel.term.reflow import is_blank
from kernel.term.rows import STUB, Row

if TYPE_CHECKING:
    from aether_desktop.widgets.terminal.atlases import Atlases

FONT_PX = 10
MOST_CELLS = 20_000
"""Of a screen that is shown whole."""


class PreviewPicture(NamedTuple):
    """What a card shows of a terminal. image: valid until the next one is asked for.

    whole: it is the whole screen, to be made smaller where there is no room; else the last lines, to be cut at their right.
    cursor: the cell of the cursor in logical pixels, where one shows.
    """

    image: QImage
    whole: bool
    cursor: QRectF | None = None


class TerminalPreview:
    """Keeps the pictures of one terminal for one look. ratio: device pixels a logical pixel."""

    def __init__(self, atlases: Atlases, ratio: float, colours: TerminalColours) -> None:
        self._scheme = Scheme.of(colours)
        self._atlases = atlases
        self._atlas = atlases.get(FONT_PX, ratio)
        self._ratio = ratio
        self._lines: ScreenPainter | None = None
        self._miniature: Miniature | None = None
        self._complete = True

    @property
    def complete(self) -> bool:
        """Whether the last picture shows everything; else the next one shows more."""
        return self._complete

    def picture(self, terminal: Terminal, room: QSizeF, *, running: bool) -> PreviewPicture | None:
        """What fits into `room` (logical pixels); None where the terminal is empty.

        running: somebody may still write into it, so that the place where they would is shown.
        """
        if terminal.modes.alternate_screen and terminal.columns * terminal.lines <= MOST_CELLS:
            self._lines = None
            return self._whole(terminal)
        self._miniature = None
        return self._last_lines(terminal, room, running=running)

    def _whole(self, terminal: Terminal) -> PreviewPicture:
        if self._miniature is None:
            self._miniature = Miniature(self._atlases.small(self._ratio), self._scheme)
        image = self._miniature.picture(terminal)
        self._complete = self._miniature.complete
        return PreviewPicture(image, whole=True)

    def _last_lines(self, terminal: Terminal, room: QSizeF, *, running: bool) -> PreviewPicture | None:
        cell = self._atlas.geometry
        fits = max(1, int(room.height() // cell.logical_height))
        first, rows = last_rows(terminal, fits, to_cursor=running)
        if not rows:
            self._complete = True
            return None
        if self._lines is None:
            self._lines = ScreenPainter(self._atlas, self._scheme)
        # A picture of one height, however little was printed: a new one would be made for each of the first lines.
        _, self._complete = self._lines.paint(terminal, [*rows, *[None] * (fits - len(rows))])
        cursor = _cursor_cell(terminal, first, rows) if running else None
        area = cursor and QRectF(
            cursor[0] * cell.logical_width, cursor[1] * cell.logical_height, cell.logical_width, cell.logical_height
        )
        return PreviewPicture(self._lines.image, whole=False, cursor=area)


def last_rows(terminal: Terminal, count: int, *, to_cursor: bool) -> tuple[int, list[Row]]:
    """The last `count` lines in which something stands, top first, and the absolute number of the first of them.

    to_cursor: lines down to the cursor's are shown too, so that where the next text comes is seen. No line at all where nothing was
    ever printed.
    """
    top = terminal.history_dropped + len(terminal.history)
    last = top + terminal.lines - 1
    while last >= terminal.history_dropped and ((row := terminal.absolute_row(last)) is None or is_blank(row)):
        last -= 1
    if last < terminal.history_dropped:
        return 0, []
    if to_cursor and not terminal.cursor.hidden:
        last = max(last, top + terminal.cursor.y)
    first = max(terminal.history_dropped, last - count + 1)
    found = [row for line in range(first, last + 1) if (row := terminal.absolute_row(line)) is not None]
    return first, found


def _cursor_cell(terminal: Terminal, first: int, rows: list[Row]) -> tuple[int, int] | None:
    """Column and line (in `rows`) of the cursor; None where it does not show."""
    line = terminal.history_dropped + len(terminal.history) + terminal.cursor.y - first
    if terminal.cursor.hidden or not 0 <= line < len(rows):
        return None
    column = min(terminal.cursor.x, terminal.columns - 1)
    if column and rows[line].text[column : column + 1] == STUB:
        column -= 1
    return column, line
