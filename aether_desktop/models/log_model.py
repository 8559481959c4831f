"""A journal's entries as the lines of a log, for a list view.

Without a filter there is a line for every entry, and pages come as they are looked at. With a filter or a search the lines are those
that match, gathered by ``LogSearch`` from the newest page backwards.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from aether_desktop.bridge.client import KernelClient
from aether_desktop.bridge.tasks import TaskOwner
from aether_desktop.stores.journal import JournalStore
from aether_desktop.stores.reducers.log_lines import LogLine, line_of
from kernel.errors import AetherError
from kernel.protocol.agent import AgentThinkingChunk
from kernel.protocol.base import JournalEvent
from kernel.protocol.codec import event_from_builtins
from kernel.protocol.system import HistoryLogs

LINE_ROLE = int(Qt.ItemDataRole.UserRole)
Index = QModelIndex | QPersistentModelIndex
SEARCH_PAGE = 1_000
MOST_MATCHES = 10_000
_NOWHERE = QModelIndex()
_TEXT_ROLES = frozenset((int(Qt.ItemDataRole.DisplayRole), int(Qt.ItemDataRole.AccessibleTextRole)))
_WAITING = LogLine("states", "stopped", "…")


class LogModel(QAbstractListModel):
    """One line an item."""

    progressed = Signal()
    """A search came further, ended, or found nothing more to read."""
    failed = Signal(object)
    """A page could not be read: an AetherError."""

    def __init__(self, client: KernelClient, store: JournalStore, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._client = client
        self._store = store
        self._kind = ""
        self._words = ""
        self._matches: deque[LogLine] = deque()
        self._count = store.total
        self._searched = 0
        self._seen = 0
        self._tasks = TaskOwner(self, self._on_error)
        self._search: asyncio.Task[None] | None = None
        store.reset.connect(self._on_reset)
        store.entry_added.connect(self._on_added)

    @property
    def filtered(self) -> bool:
        """Whether only some lines are shown."""
        return bool(self._kind or self._words)

    @property
    def searching(self) -> bool:
        """Whether older pages are still read."""
        return self._search is not None and not self._search.done()

    @property
    def searched(self) -> int:
        """How many entries were looked at by the search."""
        return self._searched

    def set_filter(self, kind: str, words: str) -> None:
        """Show the lines of a kind ("" for all) that contain `words` (in any case)."""
        words = words.casefold()
        if (kind, words) == (self._kind, self._words):
            return
        self._begin(kind, words)

    def _begin(self, kind: str, words: str) -> None:
        self.stop_search()
        self.beginResetModel()
        self._kind, self._words = kind, words
        self._matches.clear()
        self._searched = 0
        self._seen = self._store.newest_log_id
        self._count = 0 if self.filtered else self._store.total
        self.endResetModel()
        if self.filtered:
            self._search = self._tasks.spawn(self._gather(), name="search the log")
        self.progressed.emit()

    def stop_search(self) -> None:
        """Read no older pages; what was found stays."""
        if self._search is not None:
            self._search.cancel()
            self._search = None
            self.progressed.emit()

    def line(self, row: int) -> LogLine:
        """The line at an index; one that says "…" while its page is on its way."""
        if self.filtered:
            return self._matches[row]
        event = self._store.entry(row)
        if event is None:
            self._store.want_entry(row)
            return _WAITING
        return line_of(event)

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        """See QAbstractItemModel."""
        return 0 if parent.isValid() else self._count

    def data(self, index: Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> Any:
        """The line (``LINE_ROLE``), or its words."""
        if not index.isValid() or index.row() >= self._count or (not self.filtered and index.row() >= self._store.total):
            return None
        if role == LINE_ROLE:
            return self.line(index.row())
        return self.line(index.row()).words if role in _TEXT_ROLES else None

    async def _gather(self) -> None:
        before = self._seen + 1
        while len(self._matches) < MOST_MATCHES:
            page = await self._client.execute(HistoryLogs(pid=self._store.pid, before_log_id=before, limit=SEARCH_PAGE))
            events = [event for item in page.events if (event := _decode(item)) is not None]
            found = [line for event in events if self._matching(line := line_of(event))]
            if found:
                # The oldest come first; what came live meanwhile stays behind them.
                self.beginInsertRows(QModelIndex(), 0, len(found) - 1)
                self._matches.extendleft(reversed(found))
                self._count = len(self._matches)
                self.endInsertRows()
            entries = [event for event in events if not isinstance(event, AgentThinkingChunk)]
            self._searched += len(entries)
            if not page.first_index or not entries or entries[0].log_id == before:
                break
            before = entries[0].log_id
            self.progressed.emit()
        self._search = None
        self.progressed.emit()

    def _matching(self, line: LogLine) -> bool:
        return (not self._kind or line.kind == self._kind) and self._words in line.words.casefold()

    def _on_reset(self) -> None:
        """Entries came or are others; those that stay keep their places, so what is looked at and chosen stays too."""
        if self.filtered:
            self._catch_up()
            return
        before, total = self._count, self._store.total
        if total > before:
            self.beginInsertRows(QModelIndex(), before, total - 1)
            self._count = total
            self.endInsertRows()
        elif total < before:
            self.beginRemoveRows(QModelIndex(), total, before - 1)
            self._count = total
            self.endRemoveRows()
        if total:
            self.dataChanged.emit(self.index(0), self.index(total - 1))

    def _on_added(self, position: int) -> None:
        if not self.filtered:
            self.beginInsertRows(QModelIndex(), position, position)
            self._count = position + 1
            self.endInsertRows()
            return
        event = self._store.entry(position)
        if event is not None and (not event.log_id or event.log_id > self._seen):
            self._append([event])

    def _catch_up(self) -> None:
        """Take the entries that came with a page and not live. Where more were missed than the page holds, search anew."""
        missed: list[JournalEvent] = []
        position = self._store.total - 1
        while position >= 0:
            event = self._store.entry(position)
            if event is None:
                self._begin(self._kind, self._words)
                return
            if event.log_id and event.log_id <= self._seen:
                break
            if event.log_id:
                missed.append(event)
            position -= 1
        self._append(missed[::-1])

    def _append(self, events: list[JournalEvent]) -> None:
        """Show those of newer entries that match, behind all others."""
        if events:
            self._seen = max(self._seen, events[-1].log_id)
        found = [line for event in events if self._matching(line := line_of(event))]
        if found:
            self.beginInsertRows(QModelIndex(), self._count, self._count + len(found) - 1)
            self._matches.extend(found)
            self._count = len(self._matches)
            self.endInsertRows()
            self._drop_oldest()

    def _drop_oldest(self) -> None:
        if self._count > 2 * MOST_MATCHES:
            self.beginRemoveRows(QModelIndex(), 0, MOST_MATCHES - 1)
            for _ in range(MOST_MATCHES):
                self._matches.popleft()
            self._count = len(self._matches)
            self.endRemoveRows()

    def _on_error(self, error: BaseException) -> None:
        if not isinstance(error, AetherError):
            raise error
        self._search = None
        self.failed.emit(error)
        self.progressed.emit()


def _decode(item: dict[str, Any]) -> JournalEvent | None:
    try:
        event = event_from_builtins(item)
    except AetherError:
        return None
    return event if isinstance(event, JournalEvent) else None
