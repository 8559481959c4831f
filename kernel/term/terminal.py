"""The terminal as everybody else uses it: bytes in, rows, replies and events out. No I/O and no Qt.

One owner at a time feeds it (it is not thread-safe); rows are immutable and may be handed anywhere. Callers: the tty
manager, the desktop's terminal widget and its previews, and tests.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence

from kernel.term.attributes import AttributeTable
from kernel.term.cells import CellGrid
from kernel.term.clusters import ClusterTable
from kernel.term.events import TermEvent
from kernel.term.history import History
from kernel.term.modes import Modes
from kernel.term.palette import Palette
from kernel.term.places import HeldLine
from kernel.term.rows import Row
from kernel.term.screen import Screen
from kernel.term.state import Cursor
from kernel.term.stream import ESCAPE_STATE, GROUND, STRING_ESCAPE, Stream

_ERRORS = "kernel.term.bytes"
_PRINTABLE = bytes(range(0x20, 0x7F))
#: ESC % @, ESC % G and ESC % 8, with controls inside.
_ENCODING_SWITCH = re.compile(rb"\x1b[^\x1b%\x30-\x7e]*%[^\x1b\x30-\x7e]*[@G8]")
#: "%" behind a control or an intermediate, which every switch has: a search for that first takes a quarter of the time.
_SWITCH_MIDDLE = re.compile(rb"%(?<=[^\x30-\x7e]%)")
#: Whatever may be one of these, or ESC c, or the rest of one that has begun.
_SWITCH_END = re.compile(rb"(?:\x1b|\A)[^\x1b\x30-\x7e]*[@G8c]")


def _replace_undecodable(error: UnicodeError) -> tuple[str, int]:
    """Error handler of the decoder: a lone C1 byte stays recognisable, anything else is U+FFFD."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    byte = error.object[error.start]
    if error.end - error.start == 1 and 0x80 <= byte <= 0x9F:
        return chr(0xDC00 + byte), error.end
    return "\ufffd", error.end


codecs.register_error(_ERRORS, _replace_undecodable)


class Terminal:
    """A terminal of ``columns`` x ``lines`` cells that keeps ``scrollback`` lines of history.

    window_operations: programs may change its size, and ask for its titles and checksums of what it shows. What strangers print
    into it could use the answers, which reach the program as if they had been typed.
    """

    def __init__(
        self, columns: int, lines: int, scrollback: int = 10_000, *, window_operations: bool = True
    ) -> None:
        self.screen = Screen(columns, lines, scrollback)
        self.screen.window_operations = window_operations
        self._stream = Stream(self.screen)
        self._decoder = codecs.getincrementaldecoder("utf-8")(_ERRORS)

    def feed(self, data: bytes) -> None:
        """Interpret ``data``, any part of a program's output; never raises for what is in it."""
        if self._is_block(data):
            self.screen.draw_block(data.decode("ascii"))
        elif self.screen.utf8 and not self._may_switch(data):
            self._stream.feed(self._decoder.decode(data))
        else:
            # The encoding may change inside: cut behind whatever could end such a sequence.
            start = 0
            for match in _SWITCH_END.finditer(data):
                self._feed_piece(data[start : match.end()])
                start = match.end()
            self._feed_piece(data[start:])
        self.screen.collect_if_full()

    @property
    def holds(self) -> bool:
        """Whether the first controls after a change of size wait for what follows them; ``let_go`` does them."""
        return self._stream.holds

    def let_go(self) -> None:
        """Nothing has followed for a while: do the controls that wait."""
        self._stream.let_go()

    def _is_block(self, data: bytes) -> bool:
        """Whether ``data`` is lines of plain text: to see that takes an eighth of the parser's time."""
        if not data or b"\x1b" in data or not data.isascii():
            return False
        # Nothing but text and line ends is left where each two of the rest stand side by side as one.
        return len(data.translate(None, _PRINTABLE)) == 2 * data.count(b"\r\n") and self._is_idle

    @property
    def _is_idle(self) -> bool:
        """Whether text is drawn as it is: nothing has begun or waits."""
        screen, stream = self.screen, self._stream
        if stream.state != GROUND or stream.holds or screen.drawn is not None or screen.modes.vt52:
            return False
        return screen.utf8 and not self._decoder.getstate()[0]

    def _may_switch(self, data: bytes) -> bool:
        """Whether the encoding may change in ``data``, before which it is UTF-8."""
        if self._stream.holds or self._stream.state in (ESCAPE_STATE, STRING_ESCAPE):
            return True
        return _SWITCH_MIDDLE.search(data) is not None and _ENCODING_SWITCH.search(data) is not None

    def _feed_piece(self, data: bytes) -> None:
        if self.screen.utf8:
            self._stream.feed(self._decoder.decode(data))
        else:
            self._decoder.reset()
            self._stream.feed(data.decode("latin-1"))

    def unfinished_input(self) -> bytes:
        """Return the bytes of a character or sequence that has begun and not ended."""
        return self._stream.unfinished(utf8=self.screen.utf8) + self._decoder.getstate()[0]

    def take_reply(self) -> bytes:
        """Return what the terminal answers to the program since the last call."""
        text = self.screen.take_reply()
        if text.isascii():
            return text.encode("ascii")
        # Characters below U+00A0 are 8-bit controls: one byte each, in UTF-8 mode too.
        return b"".join([char.encode("latin-1" if char < "\xa0" else "utf-8", "replace") for char in text])

    def take_events(self) -> list[TermEvent]:
        """Return the events since the last call, oldest first."""
        events = list(self.screen.events_out)
        self.screen.events_out.clear()
        return events

    def resize(self, columns: int, lines: int) -> None:
        """Change the size; the main screen and its history rewrap."""
        self.screen.resize(lines, columns)

    # --- what a painter reads

    @property
    def columns(self) -> int:
        """Cells in a line."""
        return self.screen.columns

    @property
    def lines(self) -> int:
        """Lines on the screen."""
        return self.screen.lines

    @property
    def rows(self) -> Sequence[Row]:
        """The lines of the screen, top first. The list changes with ``feed``; its rows never do."""
        return self.screen.rows

    @property
    def attributes(self) -> AttributeTable:
        """Attribute tuples by the ids (or characters) in rows."""
        return self.screen.attributes

    @property
    def clusters(self) -> ClusterTable:
        """Grapheme clusters by their private code points in rows."""
        return self.screen.clusters

    @property
    def history(self) -> History:
        """Rows that scrolled off the top, oldest first."""
        return self.screen.history

    @property
    def history_dropped(self) -> int:
        """How many rows the history has lost: absolute line = dropped + index in the history, then the screen.

        See ``kernel.term.history`` for when a line gets another number.
        """
        return self.screen.history.dropped

    @property
    def modes(self) -> Modes:
        """Flags that a widget needs to encode keys, mouse and paste, and to paint."""
        return self.screen.modes

    @property
    def palette(self) -> Palette:
        """Colours that the program changed."""
        return self.screen.palette

    @property
    def cursor(self) -> Cursor:
        """Cell, visibility, shape and blinking of the cursor."""
        return self.screen.cursor

    @property
    def title(self) -> str:
        """Window title."""
        return self.screen.title

    @property
    def icon_name(self) -> str:
        """Icon title."""
        return self.screen.icon_name

    @property
    def cwd(self) -> str:
        """Working directory that the shell told by OSC 7, as it wrote it."""
        return self.screen.cwd

    # --- text

    @property
    def display(self) -> list[str]:
        """Lines of the screen as text, padded with spaces; a wide character counts once."""
        return self.screen.display

    @property
    def buffer(self) -> CellGrid:
        """Cells by line and column, as in pyte: ``buffer[y][x].data``."""
        return CellGrid(self.screen.rows, self.screen.attributes, self.screen.clusters)

    @property
    def history_buffer(self) -> CellGrid:
        """Cells of the history by line and column."""
        return CellGrid(self.screen.history, self.screen.attributes, self.screen.clusters)

    def history_text(self) -> list[str]:
        """Lines of the history as text, oldest first, padded with spaces."""
        return [self.screen.clusters.expand(row.text) for row in self.screen.history]

    def hold_line(self, line: int) -> HeldLine:
        """Return an absolute line of the history or the screen, which stays at its text for as long as somebody has it."""
        return self.screen.held_lines.hold(line)

    def absolute_row(self, line: int) -> Row | None:
        """Return the row with the absolute number ``line``; None when it is gone or not there yet."""
        index = line - self.screen.history.dropped
        if index < 0:
            return None
        size = len(self.screen.history)
        if index < size:
            return self.screen.history[index]
        return self.screen.rows[index - size] if index - size < self.screen.lines else None
