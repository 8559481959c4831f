"""Who there is: the living processes and zombies, each as a frozen record.

Owned by the manager, which alone changes it; everybody else reads. PIDs come from the store's counter, so that no two runs ever
share one.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import msgspec

from kernel.errors import LimitReachedError, no_process
from kernel.protocol.records import AgentConfig, ProcessInfo
from kernel.store.repositories.processes import RunRecord

FIGURES = ("cpu_percent", "memory_mb", "children")


@dataclass(frozen=True, slots=True)
class Entry:
    """A process, what it was asked to do, and how far it is."""

    info: ProcessInfo
    config: AgentConfig
    run: RunRecord


class ProcessTable:
    """At most `limit()` processes that are not dead; the limit in force is asked for at each new one.

    `get` and `find` give what the next change starts from; `recorded` and iterating give what is in the store, which is all
    that may be shown.
    """

    def __init__(self, limit: Callable[[], int]) -> None:
        self._limit = limit
        self._entries: dict[int, Entry] = {}
        self._recorded: dict[int, Entry] = {}
        self._next_pid = 1

    def start_at(self, pid: int) -> None:
        """The first pid to give out."""
        self._next_pid = pid

    def allocate(self) -> int:
        """A new pid. Raises LimitReachedError when the table is full."""
        if len(self._entries) >= self._limit():
            raise LimitReachedError(
                f"There are {len(self._entries)} processes, as many as the table holds.",
                "End some, or raise the setting agents.process_limit.",
            )
        pid = self._next_pid
        self._next_pid += 1
        return pid

    def put(self, entry: Entry) -> None:
        """Add or replace what needs no recording, or is recorded already."""
        self._entries[entry.info.pid] = entry
        self._recorded[entry.info.pid] = entry

    def change(self, entry: Entry) -> None:
        """Add or replace; it is shown when it is recorded."""
        self._entries[entry.info.pid] = entry

    def show(self, entry: Entry) -> None:
        """It is recorded now."""
        if entry.info.pid in self._entries:
            self._recorded[entry.info.pid] = entry

    def take_back(self, change: Entry, before: Entry) -> None:
        """A change will never be recorded: what was before it is there again, unless more was changed since. Figures stay as they are."""
        now = self._entries.get(change.info.pid)
        if now is not None and _with_figures_of(change.info, now) == change:
            self._entries[change.info.pid] = _with_figures_of(now.info, before)

    def get(self, pid: int) -> Entry:
        """The entry. Raises NotFoundError."""
        entry = self._entries.get(pid)
        if entry is None:
            raise no_process(pid)
        return entry

    def find(self, pid: int) -> Entry | None:
        """The entry or None."""
        return self._entries.get(pid)

    def recorded(self, pid: int) -> Entry | None:
        """The entry as it is in the store, or None."""
        return self._recorded.get(pid)

    def remove(self, pid: int) -> None:
        """Forget a dead one."""
        self._entries.pop(pid, None)
        self._recorded.pop(pid, None)

    def __iter__(self) -> Iterator[Entry]:
        return iter(tuple(self._recorded.values()))

    def __len__(self) -> int:
        return len(self._entries)


def _with_figures_of(info: ProcessInfo, entry: Entry) -> Entry:
    """An entry with another's figures, which change every second."""
    figures = {name: getattr(info, name) for name in FIGURES}
    return Entry(msgspec.structs.replace(entry.info, **figures), entry.config, entry.run)
