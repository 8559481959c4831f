"""A terminal as a live picture on a card, painted by the same painter as the terminal itself.

Its last lines in a small font, since what a program printed last says most about what it does; or, while a program fills its
screen, all of the screen as a `miniature`. Called by Mission Control's previews.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QRectF, QSizeF
from PySide6.QtGui import QImage

from aether_desktop.widgets.terminal.colours import Scheme, paper_of
from aether_desktop.widgets.terminal.miniature import BUDGET_S, Miniature
from aether_desktop.widgets.terminal.painter import ScreenPainter
from kernel.term import Terminal
from kernel.term.reflow import is_blank
from kernel.term.rows import STUB, Row, blank_row

if TYPE_CHECKING:
    from aether_desktop.widgets.terminal.atlases import Atlases

FONT_PX = 10
MOST_CELLS = 20_000
"""Of a screen that is shown whole."""
MOST_BLANK = 500
"""Lines of the history without anything in them that are passed over in search of the last one with something."""


class PreviewPicture(NamedTuple):
    """What a card shows of a terminal. image: valid until the next one is asked for.

    whole: it is the whole screen, to be made smaller where there is no room; else the last lines, to be cut at their right.
    paper, ink: 0xRRGGBB of what is around it, and of the cursor. cursor: its cell in logical pixels, where one shows.
    """

    image: QImage
    whole: bool
    paper: int
    ink: int
    cursor: QRectF | None = None


class TerminalPreview:
    """Keeps the pictures of one terminal for one look. ratio: device pixels a logical pixel."""

    def __init__(self, atlases: Atlases, ratio: float, scheme: Scheme) -> None:
        self._scheme = scheme
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
        ink = terminal.palette.overrides.get("cursor", self._scheme.cursor)
        paper = paper_of(terminal, self._scheme)
        if terminal.modes.alternate_screen and terminal.columns * terminal.lines <= MOST_CELLS:
            self._lines = None
            return PreviewPicture(self._whole(terminal), True, paper, ink)
        self._miniature = None
        cell = self._atlas.geometry
        first, rows = last_rows(terminal, max(1, int(room.height() // cell.logical_height)), to_cursor=running)
        if not rows:
            self._complete = True
            return None
        return PreviewPicture(
            self._last_lines(terminal, rows, room), False, paper, ink, self._cursor_area(terminal, first, rows) if running else None
        )

    def _whole(self, terminal: Terminal) -> QImage:
        if self._miniature is None:
            self._miniature = Miniature(self._atlases.small(self._ratio), self._scheme)
        image = self._miniature.picture(terminal)
        self._complete = self._miniature.complete
        return image

    def _last_lines(self, terminal: Terminal, rows: list[Row], room: QSizeF) -> QImage:
        if self._lines is None:
            self._lines = ScreenPainter(self._atlas, self._scheme)
        fits = max(1, int(room.height() // self._atlas.geometry.logical_height))
        # A picture of one height, however little was printed: a new one would be made for each of the first lines.
        rows = rows + [blank_row(terminal.columns)] * (fits - len(rows))
        # All at once where there are few new glyphs, as there mostly are; else what is left a few rows at a time, which comes to an end.
        budget_s = None if self._complete else BUDGET_S
        _, self._complete = self._lines.paint(terminal, rows, budget_s=budget_s)
        return self._lines.image

    def _cursor_area(self, terminal: Terminal, first: int, rows: list[Row]) -> QRectF | None:
        """Where the cursor shows in a picture of `rows`, of which the first has the absolute number `first`."""
        line = terminal.history_dropped + len(terminal.history) + terminal.cursor.y - first
        if terminal.cursor.hidden or not 0 <= line < len(rows):
            return None
        column = min(terminal.cursor.x, terminal.columns - 1)
        if column and rows[line].text[column : column + 1] == STUB:
            column -= 1
        cell = self._atlas.geometry
        width, height = cell.logical_width, cell.logical_height
        return QRectF(column * width, line * height, width, height)


def last_rows(terminal: Terminal, count: int, *, to_cursor: bool) -> tuple[int, list[Row]]:
    """The last `count` lines in which something stands, top first, and the absolute number of the first of them.

    to_cursor: lines down to the cursor's are shown too, so that where the next text comes is seen. No line at all where nothing was
    printed, or long since only blank lines.
    """
    top = terminal.history_dropped + len(terminal.history)
    last = top + terminal.lines - 1
    oldest = max(terminal.history_dropped, top - MOST_BLANK)
    while last >= oldest and ((row := terminal.absolute_row(last)) is None or is_blank(row)):
        last -= 1
    if last < oldest:
        return 0, []
    if to_cursor and not terminal.cursor.hidden:
        last = max(last, top + terminal.cursor.y)
    first = max(terminal.history_dropped, last - count + 1)
    found = [row for line in range(first, last + 1) if (row := terminal.absolute_row(line)) is not None]
    return first, found

