"""Reading the host's process table, and stopping, continuing and killing trees of it.

Pure reading of /proc on Linux (one small file a process, 10 us each); elsewhere psutil, imported when first needed.
Functions that look at the whole table block and belong in a thread. A process is never signalled by its number alone where
its start time is known.
"""

import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

STOP_ROUNDS = 50
MAX_COMMAND_CHARS = 4096
_LINUX = sys.platform.startswith("linux")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096
TICKS_PER_S = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


@dataclass(frozen=True, slots=True)
class ProcessRow:
    """A line of the process table. start_time and cpu_ticks are in clock ticks, state is the kernel's letter."""

    pid: int
    ppid: int
    name: str
    state: str
    start_time: int
    cpu_ticks: int
    memory_bytes: int
    session: int = 0


def parse_stat(text: bytes) -> ProcessRow | None:
    """A row from the content of /proc/PID/stat; None when it is not one."""
    head, found, tail = text.rpartition(b")")
    pid, opened, name = head.partition(b"(")
    fields = tail.split()
    if not found or not opened or len(fields) < 22 or not pid.strip().isdigit():
        return None
    try:
        return ProcessRow(
            pid=int(pid),
            ppid=int(fields[1]),
            name=name.decode(errors="replace"),
            state=fields[0].decode(errors="replace"),
            start_time=int(fields[19]),
            cpu_ticks=int(fields[11]) + int(fields[12]),
            memory_bytes=max(0, int(fields[21])) * PAGE_BYTES,
            session=int(fields[3]),
        )
    except ValueError:
        return None


def read_process(pid: int) -> ProcessRow | None:
    """The row of one process, None when there is none."""
    if not _LINUX:
        return _psutil_table().get(pid)
    try:
        with open(f"/proc/{pid}/stat", "rb") as source:
            return parse_stat(source.read())
    except OSError:
        return None


def start_time(pid: int) -> int | None:
    """Start of a living process in clock ticks since boot; None when there is none."""
    row = read_process(pid)
    return None if row is None or row.state in ("Z", "X") else row.start_time


def process_table() -> dict[int, ProcessRow]:
    """Every process that can be seen."""
    if not _LINUX:
        return _psutil_table()
    table: dict[int, ProcessRow] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            row = read_process(int(name))
            if row is not None:
                table[row.pid] = row
    return table


def _psutil_table() -> dict[int, ProcessRow]:
    import psutil

    letters = {psutil.STATUS_ZOMBIE: "Z", psutil.STATUS_STOPPED: "T", psutil.STATUS_RUNNING: "R"}
    table: dict[int, ProcessRow] = {}
    for process in psutil.process_iter(["ppid", "name", "status", "create_time", "cpu_times", "memory_info"]):
        found = process.info
        times, memory = found["cpu_times"], found["memory_info"]
        table[process.pid] = ProcessRow(
            pid=process.pid,
            ppid=found["ppid"] or 0,
            name=found["name"] or "",
            state=letters.get(found["status"], "S"),
            start_time=int((found["create_time"] or 0) * TICKS_PER_S),
            cpu_ticks=int((times.user + times.system) * TICKS_PER_S) if times else 0,
            memory_bytes=memory.rss if memory else 0,
        )
    return table


def children_index(table: Mapping[int, ProcessRow]) -> dict[int, list[int]]:
    """{parent: its children} for one table; make it once and pass it to `below` for many roots."""
    index: dict[int, list[int]] = {}
    for row in table.values():
        index.setdefault(row.ppid, []).append(row.pid)
    return index


def below(root: int, index: Mapping[int, list[int]]) -> list[int]:
    """Everything below `root`, parents before children, without the root."""
    found: list[int] = []
    level = [root]
    seen = {root}
    while level:
        level = [child for parent in level for child in index.get(parent, ()) if child not in seen]
        seen.update(level)
        found.extend(level)
    return found


def tree_rows(root: int) -> list[ProcessRow]:
    """The living processes of a tree, root first. Walks only the tree where the kernel lists children."""
    table = process_table()
    pids = [root, *below(root, children_index(table))]
    return [table[pid] for pid in pids if pid in table and table[pid].state not in ("Z", "X")]


def command_line(pid: int) -> str:
    """The command with its arguments, cut at 4096 characters; empty when the process is gone."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as source:
            text = source.read(MAX_COMMAND_CHARS)
    except OSError:
        return ""
    return text.rstrip(b"\0").replace(b"\0", b" ").decode(errors="replace")


def proportional_bytes(row: ProcessRow) -> int:
    """Memory with shared pages divided among those who share them; the resident size where that cannot be read."""
    try:
        with open(f"/proc/{row.pid}/smaps_rollup", "rb") as source:
            for line in source:
                if line.startswith(b"Pss:"):
                    return int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        pass
    return row.memory_bytes


def signal_pids(pids: Iterable[int], signum: int) -> None:
    """Signal processes that may be gone by now."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signum)


def stop_tree(find: Callable[[], list[ProcessRow]]) -> tuple[ProcessRow, ...]:
    """SIGSTOP everything that `find` names, parents first so that none notices a stopped child, until all of it is stopped.

    Returns what ran and was stopped, in order. Blocks; a tree that forks faster than 50 rounds is left at the last round.
    """
    stopped: dict[int, ProcessRow] = {}
    for _ in range(STOP_ROUNDS):
        running = [row for row in find() if row.state not in ("T", "t")]
        if not running:
            break
        signal_pids([row.pid for row in running], signal.SIGSTOP)
        stopped.update({row.pid: row for row in running if row.pid not in stopped})
        time.sleep(0.001)
    return tuple(stopped.values())


def continue_all(rows: Iterable[ProcessRow]) -> None:
    """SIGCONT to those that are still the same, children first, so that no parent sees a stopped child."""
    for row in reversed(tuple(rows)):
        if start_time(row.pid) == row.start_time:
            signal_pids([row.pid], signal.SIGCONT)


def kill_identified(pid: int, started: int) -> bool:
    """SIGKILL a process if its start time is `started`; True when the signal was sent."""
    if start_time(pid) != started:
        return False
    if not hasattr(os, "pidfd_open"):
        signal_pids([pid], signal.SIGKILL)
        return True
    try:
        descriptor = os.pidfd_open(pid)
    except OSError:
        return False
    try:
        if start_time(pid) != started:
            return False
        signal.pidfd_send_signal(descriptor, signal.SIGKILL)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True


def kill_tree(pid: int, started: int) -> bool:
    """SIGKILL a process and all below it, stopped ones too, if its start time is `started`; True when it was.

    Blocks. What runs is stopped first, so that nothing is born meanwhile; the root goes last, since its children would lose their tree.
    """
    if start_time(pid) != started:
        return False
    stop_tree(lambda: tree_rows(pid))
    rows = tree_rows(pid)
    for row in reversed(rows[1:]):
        kill_identified(row.pid, row.start_time)
    return kill_identified(pid, started)
