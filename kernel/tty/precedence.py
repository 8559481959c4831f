"""A program that prints faster than anybody can read gives way to everything else.

Linux shares the processor between sessions, each terminal's being one, so that sixteen floods leave the window a seventeenth: its
frames wait for programs whose output nobody can follow. While a terminal floods, its session runs at the lowest precedence, which
it only feels where others want the processor too. Used by `TtyManager` on the kernel's loop; where the system has no such groups
(man 7 sched, "The autogroup feature"), nothing happens.
"""

import asyncio
import contextlib

LOWEST = 19
NORMAL = 0
#: More than this many bytes within the span is a flood: ten full screens a second.
FLOOD_BYTES = 64 << 10
SPAN_S = 0.25
#: So long a session must not have flooded before it has its share again. Unprivileged changes are taken ten times a second.
CALM_S = 1.0


class Precedence:
    """One session's precedence.

    leader: the session's first process; None where it is not ours to know, and then nothing is changed.
    """

    def __init__(self, leader: int | None) -> None:
        self._leader = leader
        self._loop = asyncio.get_running_loop()
        self._since = 0.0
        self._printed = 0
        self._flooded_at = 0.0
        self._lowered = False
        self._check: asyncio.TimerHandle | None = None

    def note_output(self, size: int) -> None:
        """The session has printed so many bytes."""
        if self._leader is None:
            return
        now = self._loop.time()
        if now - self._since > SPAN_S:
            self._since = now
            self._printed = 0
        self._printed += size
        if self._printed > FLOOD_BYTES:
            self._flooded_at = now
            self._lower(self._leader)

    def forget(self) -> None:
        """The session is over."""
        self._leader = None
        if self._check is not None:
            self._check.cancel()
            self._check = None

    def _lower(self, leader: int) -> None:
        if self._lowered:
            return
        self._since = self._flooded_at + SPAN_S  # one try in a span, where the system refuses
        self._printed = 0
        self._lowered = _set_nice(leader, LOWEST)
        if self._lowered:
            self._check = self._loop.call_later(CALM_S, self._restore_if_calm)

    def _restore_if_calm(self) -> None:
        self._check = None
        if self._leader is None:
            return
        left = self._flooded_at + CALM_S - self._loop.time()
        if left <= 0 and _set_nice(self._leader, NORMAL):
            self._lowered = False
            return
        self._check = self._loop.call_later(max(left, SPAN_S), self._restore_if_calm)


def _set_nice(leader: int, nice: int) -> bool:
    """Change the precedence of a process's session; False when the system does not take it (now)."""
    with contextlib.suppress(OSError), open(f"/proc/{leader}/autogroup", "w", encoding="ascii") as group:
        group.write(str(nice))
        group.flush()
        return True
    return False
