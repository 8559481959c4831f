"""Feeds a terminal for a slice's time: a sequence may cost a thousand times what text of its length does.

Used by each source of a screen (`screen`, `screen_copy`, `kernel.agents.console_screen`), which keeps what was not fed. A fault of the
parser costs the piece that it was in, never the terminal.
"""

import logging
import re
import time
from itertools import islice

from kernel.term import Terminal

_log = logging.getLogger("aether.tty")
#: What may cost much for its length: REP, protected cells, rectangles, columns, tab stops, resets, and margins at the sides, which make
#: others dear. What is commonest is passed over first, which halves the time of the search.
_COSTLY = re.compile(rb"\x1b(?!\[[0-9;]*[A-Km])(?:[V69c]|\[(?:[0-9;]*(?:[b\"$#'*]| [@A])|\?[0-9;]*(?:69|W)))")
#: In modes that make most controls dear, and where a sequence may be one byte.
_ANY_CONTROL = re.compile(rb"[\n-\x0c\x1b\x80-\x9f]")
#: 8-bit controls where there should be UTF-8, of which each is parsed alone. Only the beginning is looked at, everywhere would cost text
#: too much: what is not ASCII goes in smaller pieces.
_RAW_CONTROLS = re.compile(rb"[\x80-\xbf]{4}")
_C1_INTRODUCER = b"\xc2\x9b"
#: Where there is some of it, a slice ends after so much of the processor's time.
SLICE_S = 0.005
#: So much is parsed at once then, and less where that took longer than `SLOW_S`.
LEAST_PIECE_BYTES, MOST_PIECE_BYTES = 32, 8 << 10
SLOW_S = 0.002
#: A piece has one dear sequence for so many bytes that it may have: behind text pieces are large when the first of them comes.
BYTES_PER_DEAR_ONE = 256
#: What shows nothing dear goes in large pieces, of which each has to keep up with this rate: else there is something all the same.
#: The second is not at its largest yet, for a text that dear things follow; and all of it ends after a time, too.
FIRST_PIECE_BYTES, MOST_PLAIN_PIECE_BYTES, GROWTH = 4 << 10, 64 << 10, 4
MOST_OTHER_BYTES = 16 << 10
#: A piece has at most so many sequences and line feeds: behind text it is large, and one that erases a screen may come for 4 bytes.
MOST_SEQUENCES, MOST_LINE_FEEDS = 2048, 8192
LEAST_BYTES_PER_S = 1_000_000
MOST_PLAIN_S = 0.02
SHORTEST_S = 1e-6
#: Faults of one terminal that are logged.
MOST_LOGGED = 3


class Feeding:
    """For one terminal, on the thread of its owner."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._piece_bytes = LEAST_PIECE_BYTES
        self._faults = 0

    def feed(self, data: bytes, max_bytes: int) -> int:
        """Parse at most `max_bytes` of `data`, and a piece of it at least; how many bytes it was."""
        done, size, started = 0, min(len(data), max_bytes), time.thread_time()
        until, plain_until = started + SLICE_S, started + MOST_PLAIN_S
        costly = _ANY_CONTROL if self._in_dear_mode else _COSTLY
        dear = self._in_dear_mode or _may_cost(data)
        plain_bytes, most_bytes = FIRST_PIECE_BYTES, MOST_PLAIN_PIECE_BYTES if data.isascii() else MOST_OTHER_BYTES
        while done < size and started < (until if dear else plain_until):
            wanted = min(size, done + plain_bytes)
            end = self._end_of_dear_piece(data, done, size, costly) if dear else _end_of_plain_piece(data, done, wanted)
            self._feed_piece(data[done:end])
            length, spent_s, done = end - done, time.thread_time() - started, end
            started += spent_s
            if dear:
                self._choose_piece(spent_s)
            else:
                in_time = int(length * (plain_until - started) / max(spent_s, SHORTEST_S))
                plain_bytes = max(FIRST_PIECE_BYTES, min(most_bytes, length * (GROWTH if end == wanted else 1), in_time))
                dear = spent_s > SLOW_S and length < spent_s * LEAST_BYTES_PER_S
        return done

    def _feed_piece(self, piece: bytes) -> None:
        try:
            self._terminal.feed(piece)
        except Exception:  # noqa: BLE001  # edge: what comes behind it, whatever the parser met, is parsed
            self._faults += 1
            if self._faults <= MOST_LOGGED:
                _log.exception("a piece of a terminal's output could not be parsed")

    def _end_of_dear_piece(self, data: bytes, start: int, size: int, costly: re.Pattern[bytes]) -> int:
        end = min(size, start + self._piece_bytes)
        several = max(1, self._piece_bytes // BYTES_PER_DEAR_ONE)
        next_one = next(islice(costly.finditer(data, start, end), several, None), None)
        return end if next_one is None else next_one.start()

    def _choose_piece(self, spent_s: float) -> None:
        if spent_s > SLOW_S:
            self._piece_bytes = max(LEAST_PIECE_BYTES, self._piece_bytes // 4)
        else:
            self._piece_bytes = min(MOST_PIECE_BYTES, self._piece_bytes * 2)

    @property
    def _in_dear_mode(self) -> bool:
        """Whether modes are set that make others dear, or line feeds move marks."""
        screen = self._terminal.screen
        return bool(screen.protection or screen.side_margins or screen.modes.vt52 or not screen.utf8 or screen.region_marked)


def _may_cost(data: bytes) -> bool:
    """Whether there may be dear sequences."""
    if _COSTLY.search(data) is not None:
        return True
    return not data.isascii() and (_RAW_CONTROLS.match(data) is not None or _C1_INTRODUCER in data)


def _end_of_plain_piece(data: bytes, start: int, end: int) -> int:
    """Return where a piece from `start` to at most `end` ends: earlier where it has many sequences or line feeds."""
    while end - start > FIRST_PIECE_BYTES:
        # No more line feeds than bytes: mostly it need not be counted.
        lines = data.count(b"\n", start, end) if end - start > MOST_LINE_FEEDS else 0
        share = max(data.count(b"\x1b", start, end) / MOST_SEQUENCES, lines / MOST_LINE_FEEDS)
        if share <= 1:
            break
        end = max(start + FIRST_PIECE_BYTES, start + int((end - start) / share))
    return end
