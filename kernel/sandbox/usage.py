"""What the agents' processes use, from one look at the process table for all of them.

Pure arithmetic over two tables; the manager takes the tables in a thread and keeps the `Meter`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from kernel.sandbox.backend import ChildProcess, Usage
from kernel.sandbox.processes import TICKS_PER_S, ProcessRow, below, children_index

MAX_LISTED = 500


@dataclass(frozen=True, slots=True)
class Root:
    """Where an agent's processes hang: the process that Aether started and how many generations are helpers."""

    host_pid: int
    helper_depth: int


class Meter:
    """Remembers processor ticks between looks, so that CPU is a share of the time in between.

    command_of: gives the command line of a process; asked for listed processes only.
    """

    def __init__(self, command_of: Callable[[int], str]) -> None:
        self._command_of = command_of
        self._ticks: dict[tuple[int, int], int] = {}
        self._time_s: float | None = None

    def measure(self, roots: Mapping[int, Root], table: Mapping[int, ProcessRow], now_s: float) -> dict[int, Usage]:
        """{agent pid: usage}. roots: by agent pid. now_s: monotonic time of the table."""
        elapsed_s = 0.0 if self._time_s is None else now_s - self._time_s
        index = children_index(table)
        ticks: dict[tuple[int, int], int] = {}
        found: dict[int, Usage] = {}
        for pid, root in roots.items():
            rows = [table[number] for number in (root.host_pid, *below(root.host_pid, index)) if number in table]
            shares = {row.pid: self._share(row, elapsed_s) for row in rows}
            ticks.update({(row.pid, row.start_time): row.cpu_ticks for row in rows})
            helpers = _helpers(root, index)
            listed = [row for row in rows if row.pid not in helpers][:MAX_LISTED]
            found[pid] = Usage(
                cpu_percent=sum(shares.values()),
                memory_bytes=sum(row.memory_bytes for row in rows),
                processes=tuple(self._child(row, shares[row.pid]) for row in listed),
            )
        self._ticks, self._time_s = ticks, now_s
        return found

    def _share(self, row: ProcessRow, elapsed_s: float) -> float:
        if elapsed_s <= 0:
            return 0.0
        before = self._ticks.get((row.pid, row.start_time), 0)  # unseen so far: it began after the last look
        return max(0, row.cpu_ticks - before) / TICKS_PER_S / elapsed_s * 100

    def _child(self, row: ProcessRow, cpu_percent: float) -> ChildProcess:
        command = self._command_of(row.pid) or row.name
        return ChildProcess(row.pid, row.ppid, row.name, command, cpu_percent, row.memory_bytes, row.state)


def _helpers(root: Root, index: Mapping[int, list[int]]) -> set[int]:
    """The processes less than `helper_depth` generations below the root, and the root."""
    found: set[int] = set()
    level = [root.host_pid]
    for _ in range(root.helper_depth):
        found.update(level)
        level = [child for parent in level for child in index.get(parent, ())]
    return found
