"""Feeds a terminal for a slice's time: a sequence may cost a thousand times what text of its length does.

Used by each source of a screen (`screen`, `screen_copy`, `kernel.agents.console_screen`), which keeps what was not fed.
"""

import re
import time

from kernel.term import Terminal

#: What may cost much for its length: REP, protected cells, rectangles, columns, and margins at the sides, which make others dear.
_COSTLY = re.compile(rb"\x1b(?:V|\[(?:[0-9;]*[b\"$#'*]|\?[0-9;]*69))")
_C1_INTRODUCER = b"\xc2\x9b"
#: Where there is some of it, a slice ends after so much of the processor's time.
SLICE_S = 0.005
#: So much is parsed at once then, and less where that took longer than `SLOW_S`.
LEAST_PIECE_BYTES, MOST_PIECE_BYTES = 256, 8 << 10
SLOW_S = 0.002


class Feeding:
    """For one terminal, on the thread of its owner."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._piece_bytes = LEAST_PIECE_BYTES

    def feed(self, data: bytes, max_bytes: int) -> int:
        """Parse at most `max_bytes` of `data`, and a piece of it at least; how many bytes it was."""
        done, size, started = 0, min(len(data), max_bytes), time.thread_time()
        if not self._may_cost(data):
            self._terminal.feed(data[:size] if size < len(data) else data)
            return size
        until = started + SLICE_S
        while done < size and started < until:
            end = min(size, done + self._piece_bytes)
            self._terminal.feed(data[done:end])
            done, ended = end, time.thread_time()
            if ended - started > SLOW_S:
                self._piece_bytes = max(LEAST_PIECE_BYTES, self._piece_bytes // 4)
            else:
                self._piece_bytes = min(MOST_PIECE_BYTES, self._piece_bytes * 2)
            started = ended
        return done

    def _may_cost(self, data: bytes) -> bool:
        screen = self._terminal.screen
        if screen.protection or screen.side_margins or not screen.utf8:
            return True
        return _COSTLY.search(data) is not None or _C1_INTRODUCER in data
