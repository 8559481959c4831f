"""Feeds a terminal for a slice's time: a sequence may cost a thousand times what text of its length does.

Used by each source of a screen (`screen`, `screen_copy`, `kernel.agents.console_screen`), which keeps what was not fed.
"""

import re
import time

from kernel.term import Terminal

#: What may cost much for its length: REP, protected cells, rectangles, columns, tab stops, resets, and margins at the sides, which make
#: others dear.
_COSTLY = re.compile(rb"\x1b(?:[V69c]|\[(?:[0-9;]*(?:[b\"$#'*]| [@A])|\?[0-9;]*(?:69|W)))")
#: 8-bit controls where there should be UTF-8, of which each is parsed alone; to look for them everywhere would cost text too much.
_RAW_CONTROLS = re.compile(rb"[\x80-\xbf]{4}")
_C1_INTRODUCER = b"\xc2\x9b"
#: A slice ends after so much of the processor's time.
SLICE_S = 0.005
#: So much is parsed at once at first. Where a piece took longer than `SLOW_S` the next is smaller, else it is larger: little by little
#: where there is something that may cost much, at once where not.
LEAST_PIECE_BYTES, MOST_PIECE_BYTES = 256, 8 << 10
FIRST_PIECE_BYTES, MOST_PLAIN_PIECE_BYTES = 2 << 10, 32 << 10
SLOW_S = 0.002


class Feeding:
    """For one terminal, on the thread of its owner."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._piece_bytes = LEAST_PIECE_BYTES

    def feed(self, data: bytes, max_bytes: int) -> int:
        """Parse at most `max_bytes` of `data`, and a piece of it at least; how many bytes it was."""
        done, size, started = 0, min(len(data), max_bytes), time.thread_time()
        until = started + SLICE_S
        dear = self._may_cost(data)
        piece = self._piece_bytes if dear else FIRST_PIECE_BYTES
        while done < size and started < until:
            end = min(size, done + piece)
            self._terminal.feed(data[done:end])
            done, ended = end, time.thread_time()
            piece = _next_piece(piece, ended - started, dear=dear)
            started = ended
        if dear:
            self._piece_bytes = min(piece, MOST_PIECE_BYTES)
        return done

    def _may_cost(self, data: bytes) -> bool:
        screen = self._terminal.screen
        if screen.protection or screen.side_margins or screen.modes.vt52 or not screen.utf8:
            return True
        if _COSTLY.search(data) is not None:
            return True
        return _RAW_CONTROLS.match(data) is not None or _C1_INTRODUCER in data


def _next_piece(piece: int, spent_s: float, *, dear: bool) -> int:
    if spent_s > SLOW_S:
        return max(LEAST_PIECE_BYTES, piece // 4)
    return min(MOST_PIECE_BYTES, piece * 2) if dear else min(MOST_PLAIN_PIECE_BYTES, piece * 16)
