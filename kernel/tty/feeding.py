"""Feeds a terminal for a slice's time, whatever it is fed with: a sequence may cost a thousand times what text of its length does.

Used by each source of a screen (`screen`, `screen_copy`, `kernel.agents.console_screen`), which keeps what was not fed.
"""

import time

from kernel.term import Terminal

#: A slice ends after so long.
SLICE_S = 0.005
#: So much is parsed at once, and less where that took longer than `SLOW_S`.
LEAST_PIECE_BYTES, MOST_PIECE_BYTES = 256, 8 << 10
SLOW_S = 0.002


class Feeding:
    """For one terminal, on the thread of its owner."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._piece_bytes = LEAST_PIECE_BYTES

    def feed(self, data: bytes, max_bytes: int) -> int:
        """Parse at most `max_bytes` of `data`, and a piece of it at least; how many bytes it was."""
        done, size, started = 0, min(len(data), max_bytes), time.perf_counter()
        until = started + SLICE_S
        while done < size and started < until:
            end = min(size, done + self._piece_bytes)
            self._terminal.feed(data[done:end])
            done, ended = end, time.perf_counter()
            if ended - started > SLOW_S:
                self._piece_bytes = max(LEAST_PIECE_BYTES, self._piece_bytes // 4)
            else:
                self._piece_bytes = min(MOST_PIECE_BYTES, self._piece_bytes * 2)
            started = ended
        return done
