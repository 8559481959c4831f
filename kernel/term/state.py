"""What a screen consists of: the fields that all parts of ``kernel.term.screen.Screen`` share, and its reset.

The parts (cursor, drawing, editing, rectangles, modes, reports, osc, window) are classes over this one, each with
one topic. It replaces the storage of ``pyte.Screen``, whose event names it keeps, and never calls its constructor.
"""

from __future__ import annotations

import re
from collections import deque
from typing import Any, NamedTuple

import pyte
from pyte.screens import Cursor as PyteCursor

from kernel.term.attributes import AttributeTable
from kernel.term.charsets import Charsets, CharsetState
from kernel.term.clusters import ClusterTable
from kernel.term.collection import Collector
from kernel.term.edited import EditedRows
from kernel.term.events import ClipboardRequest, PromptMark, TermEvent
from kernel.term.history import History
from kernel.term.marks import Marks
from kernel.term.modes import Modes
from kernel.term.palette import Palette
from kernel.term.places import HeldLines
from kernel.term.redraw import Drawn, Redrawn
from kernel.term.rows import ERASED, PLAIN, Row, blank_row
from kernel.term.sgr import Attributes
from kernel.term.width import Shaper

MAX_COLUMNS = 4096
MAX_LINES = 4096
_MAX_EVENTS = 4096
#: Which erasing spares protected cells: none, all of it (SPA), the selective kind (DECSCA).
UNPROTECTED, ISO_PROTECTION, DEC_PROTECTION = range(3)
#: What a program reads as a person's keys: no answer may hold a line end, however it got there.
_TYPED_CONTROLS = re.compile("[\x00-\x06\x08-\x1a\x1c-\x1f\x7f]")
#: Replies that nobody takes are dropped past this size.
_MAX_REPLY_CHARS = 256 * 1024


class Cursor(PyteCursor):
    """The cursor: 0-based cell, ``hidden``, ``shape`` (``block``, ``underline``, ``bar``) and ``blinking``."""

    __slots__ = ("blinking", "shape")

    def __init__(self) -> None:
        super().__init__(0, 0)
        self.shape = "block"
        self.blinking = True


class SavedCursor(NamedTuple):
    """What DECSC saves."""

    x: int = 0
    y: int = 0
    attributes: Attributes = Attributes(drawn=True)
    charsets: CharsetState = CharsetState(("B", "B", "B", "B"), 0, 2)
    origin: bool = False


class ScreenState(pyte.Screen):
    """Storage of a screen; the class that is used is ``kernel.term.screen.Screen``."""

    def __init__(self, columns: int, lines: int, scrollback: int) -> None:
        self.columns = max(1, min(columns, MAX_COLUMNS))
        self.lines = max(1, min(lines, MAX_LINES))
        self.attributes = AttributeTable()
        self.clusters = ClusterTable()
        self.shaper = Shaper(self.clusters)
        self.history = History(self.columns, scrollback, self.attributes)
        self.collector = Collector(self.history, self.attributes, self.clusters)
        self.marks = Marks()
        self.held_lines = HeldLines(self.history)
        self.edited = EditedRows()
        self.modes = Modes()
        self.charsets = Charsets()
        self.palette = Palette()
        self.events_out: deque[TermEvent] = deque(maxlen=_MAX_EVENTS)
        self._replies: list[str] = []
        self._reply_size = 0
        #: Whether programs may change the size of the terminal and read back its titles and what it shows, as xterm's
        #: allowWindowOps. An owner that shows what strangers print turns it off.
        self.window_operations = True
        #: Pixel size of a cell, set by the owner; only size reports use it.
        self.cell_width, self.cell_height = 8, 16
        self.title = ""
        self.icon_name = ""
        #: The working directory that the shell told last, as it wrote it (OSC 7).
        self.cwd = ""
        self.initial_columns = self.columns
        # What programs put aside outlives resets, as in xterm.
        self.title_stack: list[tuple[str, str]] = []
        #: What XTPUSHSGR kept: which attributes count (none named: all), and the attributes.
        self.rendition_stack: list[tuple[tuple[int, ...], Attributes]] = []
        #: What XTPUSHCOLORS kept by its place, counted from 1, and the place in use.
        self.colour_stack: list[dict[int | str, int] | None] = []
        self.colour_level = 0
        self.full_reset()

    def full_reset(self) -> None:
        """Everything but history, size, palette and what was put aside to its initial state."""
        self.marks.clear()
        self.history.end_last_line()
        blank = blank_row(self.columns)
        self.rows: list[Row] = [blank] * self.lines
        self.other_rows: list[Row] = [blank] * self.lines
        #: Rows of the main screen that did not fit at its bottom when its size changed, uppermost first (``kernel.term.below``).
        self.rows_below: list[Row] = []
        self.edited.forget()
        #: What was on the main screen when its size changed, until the next output, and whether that drew it again the last time.
        self.drawn: Drawn | None = None
        self.redrawn: Redrawn | None = None
        self.put_aside: tuple[Redrawn, int, int] | None = None  # while no line editor edits, with the cursor's column and line
        self.draws_again = False
        self.on_alternate = False
        self.modes.reset()
        self.charsets.reset()
        self.charsets.bytewise = False
        self.cursor: Cursor = Cursor()
        self.saved_cursor = SavedCursor()
        self.other_saved_cursor = SavedCursor()
        self.pen = PLAIN
        self.link = ("", "")
        self.wrap_pending = False
        self.joined_at: tuple[int, int, bool] | None = None
        self.last_char = ""
        self.reset_margins()
        self.tabstops: set[int] = set(range(0, MAX_COLUMNS, 8))
        self.title_modes: set[int] = set()
        self.conformance = 64
        self.eight_bit = False
        self.utf8 = True
        self.checksum_flags = 0
        self.attribute_extent_rectangle = False
        self.protection = UNPROTECTED
        #: DECSED and DECSEL work, as in xterm. Alacritty ignores them, and its authors' recording holds that. The one
        #: thing in it that programs do not do is to end protection by DECSCA 2 without having reset the terminal
        #: (DECSTR, DECSCL) before: a program that does so does not know what it speaks to, and nothing is erased.
        self.selective_erase = True
        self.was_reset_softly = False
        self.other_kitty: list[int] = [0]
        self.refresh_fast()

    def reset_margins(self) -> None:
        """The whole screen scrolls."""
        self.top, self.bottom = 0, self.lines - 1
        self.left, self.right = 0, self.columns - 1

    def refresh_fast(self) -> None:
        """Recompute what text may be drawn how after a change of modes, margins or character sets.

        ``drawn_whole``: a text at once, not character by character. ``plain_drawing``: whole lines and spans at once, untranslated.
        """
        self.autowrap = self.modes.private[7]
        self.inserting = self.modes.ansi[4]
        self.origin = self.modes.private[6]
        self.side_margins = self.modes.private[69] and (self.left > 0 or self.right < self.columns - 1)
        self.translating = self.charsets.active
        self.drawn_whole = self.autowrap and self.columns > 1 and not (self.inserting or self.side_margins)
        self.plain_drawing = self.drawn_whole and not (self.translating or self.modes.ansi[20]) and self.top < self.bottom

    # --- output to the owner

    def reply(self, text: str, *, seven_bit: bool = False) -> None:
        """Queue an answer to the program; C1 introducers in 7-bit form become 8-bit ones where it asked for that.

        seven_bit: they never do in this answer.
        """
        if self._reply_size > _MAX_REPLY_CHARS:
            return
        text = _TYPED_CONTROLS.sub("", text)
        if self.eight_bit and not seven_bit:
            for introducer, c1 in (("\x1b[", "\x9b"), ("\x1bP", "\x90"), ("\x1b]", "\x9d"), ("\x1b\\", "\x9c")):
                text = text.replace(introducer, c1)
        self._replies.append(text)
        self._reply_size += len(text)

    def take_reply(self) -> str:
        """Return the queued answers, one character a byte, and forget them."""
        text = "".join(self._replies)
        self._replies.clear()
        self._reply_size = 0
        return text

    def emit(self, event: TermEvent) -> None:
        """Queue an event for the owner; the oldest goes when nobody takes them, and of clipboard requests the last one counts."""
        events = self.events_out
        if isinstance(event, ClipboardRequest):
            # From the newest on: what came since the last request is looked at once.
            earlier = next((at for at in range(len(events) - 1, -1, -1) if isinstance(events[at], ClipboardRequest)), None)
            if earlier is not None:
                del events[earlier]
        events.append(event)

    # --- rows

    def end_line_above(self, y: int) -> None:
        """The row ``y`` of the screen that shows begins anew, or is another one: the row above it does not go on in it."""
        if y == 0:
            if not self.on_alternate:
                self.history.end_last_line()
        elif self.rows[y - 1].wrapped:
            self.rows[y - 1] = self.rows[y - 1]._replace(wrapped=False)

    @property
    def blank_attr(self) -> str:
        """Attribute of cells erased now: the background of the pen."""
        return ERASED if self.pen == PLAIN else self.attributes.blank(self.pen)

    def blank_line(self) -> Row:
        """An erased row in the background of the pen."""
        return blank_row(self.columns, self.blank_attr)

    def set_pen(self, attributes: Attributes) -> None:
        """Draw with ``attributes`` from now on."""
        self.pen = self.attributes.intern(attributes)

    def collect_if_full(self) -> None:
        """Free some attribute ids and cluster codes that no row uses, and what links take too much, when a table is full.

        Called between chunks.
        """
        attributes, clusters = self.attributes, self.clusters
        if not (attributes.filling or clusters.filling):
            return
        if not self.collector.follow() or not (attributes.full or clusters.full):
            return
        noted = [] if self.drawn is None else [row for row in self.drawn.rows if isinstance(row, Row)]
        held = [*self.rows_below, *self.edited.originals(), *noted]
        shaped_anew = clusters.full
        done = self.collector.collect([*self.rows, *self.other_rows], held, self.pen, self.edited.shown())
        if shaped_anew:
            self.shaper.forget()
        if done and attributes.has_too_many_links:
            pen = attributes[self.pen]
            attributes.lose_oldest_links()
            # However old, a link that is being written is not lost.
            self.set_pen(pen)

    @property
    def absolute_line(self) -> int:
        """Number of the cursor's line, counted from the first line ever and stable while lines scroll off."""
        return self.history.dropped + len(self.history) + self.cursor.y

    @property
    def prompt_marks(self) -> list[PromptMark]:
        """Prompts, commands and outputs that the shell marked on the main screen and in its history, oldest first."""
        first = self.history.dropped
        return self.marks.between(first, first + len(self.history) + self.lines)

    @property
    def marked(self) -> bool:
        """Whether there are marks that go with the rows of the screen that shows."""
        return not self.on_alternate and len(self.marks) > 0

    def erase_marks(self, first: int, end: int) -> None:
        """Forget what marked the rows ``first:end`` of the screen, which are erased now.

        Shells clear the line of a prompt that they have marked and not drawn yet: what is on the cursor's row stays while it is empty.
        """
        if self.marked:
            base = self.history.dropped + len(self.history)
            drawn = self.rows[first].text.strip() if first < end else ""
            self.marks.erase(base + first, base + end, at_start=first == self.cursor.y and not drawn)

    @property
    def display(self) -> list[str]:
        """The lines of the screen as text; a wide character counts once."""
        return [self.clusters.expand(row.text) for row in self.rows]

    def debug(self, *args: Any, **kwargs: Any) -> None:
        """An unknown sequence: ignored."""
