"""Sessions of the host's processes: who is in one, and signals to all of it.

Reads /proc; where there is none, only the session's first process group is known. Functions that look at the whole table block
and belong in a thread. Called by `posix`, `shell_sessions` and `leftovers`.
"""

import contextlib
import os
import signal
import time
from collections.abc import Iterable
from dataclasses import dataclass

POLL_S = 0.02


def _signals(*names: str) -> tuple[int, ...]:
    """Windows has none of them."""
    return tuple(int(getattr(signal, name)) for name in names if hasattr(signal, name))


#: The polite end: a stopped program can hear it only when it goes on.
HANG_UP = _signals("SIGHUP", "SIGCONT")
#: The other one. Everybody is stopped before anybody is ended: no script must go on to its next command, nobody can fork meanwhile.
END = _signals("SIGSTOP", "SIGKILL")


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the process table. started: clock ticks since boot. state: the kernel's letter."""

    pid: int
    parent: int
    session: int
    started: int
    state: bytes

    @property
    def alive(self) -> bool:
        """Whether it can still do something."""
        return self.state not in (b"Z", b"X")


def parse_stat(text: bytes) -> Row | None:
    """A row from the content of /proc/PID/stat; None when it is not one. The name in it may hold anything."""
    head, _, tail = text.rpartition(b")")
    fields = tail.split()
    try:
        return Row(int(head.partition(b"(")[0]), int(fields[1]), int(fields[3]), int(fields[19]), fields[0])
    except (ValueError, IndexError):
        return None


def read_row(pid: int) -> Row | None:
    """The row of one process; None when there is none, or no /proc."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as source:
            return parse_stat(source.read(4096))
    except OSError:
        return None


def process_table() -> dict[int, Row] | None:
    """Every process that can be seen, by number; None without /proc. Blocks: 20 us for each."""
    try:
        names = [name for name in os.listdir("/proc") if name.isdigit()]
    except OSError:
        return None
    rows = (read_row(int(name)) for name in names)
    return {row.pid: row for row in rows if row is not None}


def parents_first(rows: Iterable[Row]) -> list[Row]:
    """The order to signal in: a shell whose command is ended, or stopped, before the shell is goes on to its next command."""
    return sorted(rows, key=lambda row: (row.started, row.pid))


def session_members(session: int) -> tuple[int, ...]:
    """Living processes of a session and everything that descends from them, the oldest first.

    A program below them that made a session of its own is among them while its parents live. Blocks for one look at the process
    table.
    """
    table = process_table()
    if table is None:
        return _members_by_group(session)
    found = {row.pid for row in table.values() if row.session == session}
    grown = True
    while grown:
        more = {row.pid for row in table.values() if row.parent in found} - found
        found |= more
        grown = bool(more)
    return tuple(row.pid for row in parents_first(table[pid] for pid in found) if row.alive)


def _members_by_group(session: int) -> tuple[int, ...]:
    """Where there is no /proc: the process group alone, if anybody is in it."""
    try:
        os.killpg(session, 0)
    except OSError:
        return ()
    return (-session,)


def signal_session(session: int, signals: tuple[int, ...]) -> None:
    """Every member gets the first signal, parents first, then every member the next. Blocks for a look at the process table."""
    members = session_members(session)
    for signum in signals:
        for pid in members:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signum)


def end_session(session: int, timeout_s: float) -> bool:
    """SIGKILL to every member until none lives; False after `timeout_s`. Blocks."""
    end = time.monotonic() + timeout_s
    while True:
        signal_session(session, END)
        if session_over(session, POLL_S):
            return True
        if time.monotonic() > end:
            return False


def session_over(session: int, timeout_s: float) -> bool:
    """Wait until no member lives; False after `timeout_s`. Blocks."""
    end = time.monotonic() + timeout_s
    while session_members(session):
        if time.monotonic() > end:
            return False
        time.sleep(POLL_S)
    return True
