"""One agent's journal for the window: the newest page first, older ones on request, then live events.

``JournalStores`` hands out a ``JournalStore`` for each window that shows an agent; closing the window closes the store. The rows
themselves are made by the pure ``reducers.timeline``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QObject, Signal

from aether_desktop.bridge.client import KernelClient
from aether_desktop.bridge.tasks import TaskOwner
from aether_desktop.stores.reducers.timeline import Row, Timeline
from kernel.errors import AetherError
from kernel.protocol.base import Event, JournalEvent
from kernel.protocol.codec import event_from_builtins
from kernel.protocol.system import HistoryLogs

FIRST_PAGE = 400
PAGE = 400


class JournalStore(QObject):
    """The rows of one agent's journal, growing at both ends."""

    reset = Signal()
    """All rows are others now (loaded, or older ones came in front)."""
    inserted = Signal(int)
    """A row came at this index."""
    updated = Signal(int)
    """The row at this index changed."""
    failed = Signal(object)
    """A page could not be read: an AetherError."""

    def __init__(self, client: KernelClient, pid: int, parent: QObject) -> None:
        super().__init__(parent)
        self.pid = pid
        self._client = client
        self._timeline = Timeline()
        self._events: list[JournalEvent] = []
        self._pending: list[JournalEvent] = []
        self._first_index = 0
        self._last_log_id = 0
        self._loaded = False
        self._loading = False
        self._tasks = TaskOwner(self, self._on_error)
        self._unsubscribe = client.subscribe(self._on_events, self.load)
        self.destroyed.connect(lambda: self._unsubscribe())

    @property
    def rows(self) -> Sequence[Row]:
        """The rows loaded so far, oldest first."""
        return self._timeline.rows

    @property
    def older(self) -> int:
        """How many older journal entries are not loaded."""
        return self._first_index

    @property
    def loaded(self) -> bool:
        """Whether the first page is here."""
        return self._loaded

    def load(self) -> None:
        """Read the newest page (again)."""
        self._tasks.spawn(self._load(), name="load")

    def load_older(self) -> None:
        """Read one page more at the beginning; nothing happens while one is read or none is left."""
        if self._first_index and not self._loading:
            self._tasks.spawn(self._load_older(), name="older")

    def close(self) -> None:
        """Stop listening."""
        self._unsubscribe()
        self._tasks.cancel()
        self.deleteLater()

    async def _load(self) -> None:
        page = await self._client.execute(HistoryLogs(pid=self.pid, limit=FIRST_PAGE))
        self._events = _decode(page.events)
        self._first_index = page.first_index
        self._last_log_id = self._events[-1].log_id if self._events else 0
        self._loaded = True
        self._rebuild()
        waiting, self._pending = self._pending, []
        for event in waiting:
            self._take(event)

    async def _load_older(self) -> None:
        self._loading = True
        try:
            before = self._events[0].log_id if self._events else 0
            page = await self._client.execute(HistoryLogs(pid=self.pid, before_log_id=before, limit=PAGE))
            self._events = [*_decode(page.events), *self._events]
            self._first_index = page.first_index
            self._rebuild()
        finally:
            self._loading = False

    def _rebuild(self) -> None:
        self._timeline = Timeline()
        for event in self._events:
            self._timeline.apply(event)
        self.reset.emit()

    def _on_events(self, events: Sequence[Event]) -> None:
        for event in events:
            if isinstance(event, JournalEvent) and event.pid == self.pid:
                if self._loaded:
                    self._take(event)
                else:
                    self._pending.append(event)

    def _take(self, event: JournalEvent) -> None:
        if event.log_id and event.log_id <= self._last_log_id:
            return
        self._last_log_id = max(self._last_log_id, event.log_id)
        self._events.append(event)
        change = self._timeline.apply(event)
        if change is None:
            return
        (self.inserted if change.added else self.updated).emit(change.index)

    def _on_error(self, error: BaseException) -> None:
        if isinstance(error, AetherError):
            self.failed.emit(error)
        else:
            raise error


class JournalStores:
    """Makes the stores of a kernel's agents."""

    def __init__(self, client: KernelClient) -> None:
        self._client = client

    def open(self, pid: int, parent: QObject) -> JournalStore:
        """The journal of an agent, living or dead; it is read at once. `parent` owns it."""
        store = JournalStore(self._client, pid, parent)
        store.load()
        return store


def _decode(raw: Sequence[dict[str, Any]]) -> list[JournalEvent]:
    events = (event_from_builtins(item) for item in raw)
    return [event for event in events if isinstance(event, JournalEvent)]
