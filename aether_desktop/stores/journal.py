"""One agent's journal for the window: the newest page at once, any other page when it is looked at, then live events.

``JournalStores`` hands out a ``JournalStore`` for each window that shows an agent; closing the window closes the store. The rows
themselves are made by the pure ``reducers.timeline``: pages that lie side by side are read as one, pages that are not loaded are one
row of kind "gap". A few pages are kept; the live end gives its older entries back when it has grown long. So a run of 100,000 entries
costs what its visible part costs.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import msgspec
from PySide6.QtCore import QObject, QTimer, Signal

from aether_desktop.bridge.client import KernelClient
from aether_desktop.bridge.tasks import TaskOwner
from aether_desktop.stores.reducers.timeline import Row, Timeline
from kernel.errors import AetherError, InvalidArgumentError, NotFoundError, PermissionDeniedError
from kernel.protocol.agent import AgentNotice, AgentThinkingChunk, AgentThought
from kernel.protocol.base import Event, JournalEvent
from kernel.protocol.codec import event_from_builtins
from kernel.protocol.system import HistoryLogs

PAGE = 25
NEWEST = 100
KEPT_PAGES = 16
LONGEST_TAIL = 400
DECODED_AT_ONCE = 25
RETRY_MS = 2_000
LOOKED_AT = 20
"""Entries, for the words before a word: few things come between them."""
LONGEST_GAP = 500
"""Entries; a list view finds no place in a row that is higher than some 32,000 px."""
_FINAL = (InvalidArgumentError, NotFoundError, PermissionDeniedError)


class JournalStore(QObject):
    """The rows and the entries of one agent's journal.

    Rows are what the timeline shows; entries are the journal's events by their position, of which those of pages that are not loaded
    are None until they were wanted.
    """

    about_to_reset = Signal()
    """All rows and entries will be others."""
    reset = Signal()
    """All rows and entries are others now."""
    inserted = Signal(int)
    """A row came at this index."""
    updated = Signal(int)
    """The row at this index changed."""
    moved_last = Signal(int)
    """The row that was at this index changed and is the last one now."""
    entry_added = Signal(int)
    """An entry came at this position."""
    failed = Signal(object)
    """A page could not be read: an AetherError. The newest page is tried again by itself, which is said once."""

    def __init__(self, client: KernelClient, pid: int, parent: QObject) -> None:
        super().__init__(parent)
        self.pid = pid
        self._client = client
        self._pages: OrderedDict[int, list[JournalEvent]] = OrderedDict()
        self._page_rows: dict[int, tuple[int, int]] = {}
        self._before: list[Row] = []
        self._timeline = Timeline()
        self._tail: list[JournalEvent] = []
        self._tail_first = 0
        self._entries: list[JournalEvent] = []
        self._waiting: list[JournalEvent] | None = []
        self._last_log_id = 0
        self._loaded = False
        self._loading = False
        self._load_again = False
        self._retry = QTimer(self)
        self._retry.setSingleShot(True)
        self._retry.setInterval(RETRY_MS)
        self._retry.timeout.connect(self.load)
        self._failing = False
        self._reading: set[int] = set()
        self._tasks = TaskOwner(self, self._on_error)
        self._unsubscribe = unsubscribe = client.subscribe(self._on_events, self.load)
        self.destroyed.connect(lambda: unsubscribe())

    @property
    def rows(self) -> Sequence[Row]:
        """All rows, gaps included, oldest first."""
        return [*self._before, *self._timeline.rows]

    @property
    def row_count(self) -> int:
        """How many rows there are."""
        return len(self._before) + len(self._timeline.rows)

    def row(self, index: int) -> Row:
        """The row at an index. Raises IndexError."""
        known = len(self._before)
        return self._before[index] if index < known else self._timeline.rows[index - known]

    def rows_of_page(self, page: int) -> tuple[int, int] | None:
        """The index of a loaded page's first row and of the first one behind it; None while it is not loaded."""
        return self._page_rows.get(page)

    @property
    def total(self) -> int:
        """How many entries the journal has (words that still stream are none yet)."""
        return self._tail_first + len(self._entries)

    def entry(self, position: int) -> JournalEvent | None:
        """The entry at a position; None where its page is not loaded. Raises IndexError behind the end."""
        if position >= self._tail_first:
            return self._entries[position - self._tail_first]
        events = self._pages.get(position // PAGE)
        return events[position % PAGE] if events is not None and position % PAGE < len(events) else None

    @property
    def newest_log_id(self) -> int:
        """The log_id of the newest entry; 0 before the first."""
        return self._last_log_id

    @property
    def loaded(self) -> bool:
        """Whether the newest page is here."""
        return self._loaded

    def load(self) -> None:
        """Read the newest page (again). One is read at a time: what is asked for meanwhile is read behind it."""
        if self._loading:
            self._load_again = True
            return
        self._loading = True
        self._retry.stop()
        if self._waiting is None:
            self._waiting = []
        self._tasks.spawn(self._load(), name="load")

    def want_page(self, page: int) -> None:
        """Read a page that is looked at; nothing happens where it is here already or on its way."""
        if page in self._pages:
            self._pages.move_to_end(page)
        elif page not in self._reading and 0 <= page * PAGE < self._tail_first:
            self._reading.add(page)
            self._tasks.spawn(self._load_page(page), name=f"page {page}")

    def want_entry(self, position: int) -> None:
        """Read the page of an entry."""
        if position < self._tail_first:
            self.want_page(position // PAGE)

    def close(self) -> None:
        """Stop listening."""
        self._unsubscribe()
        self._retry.stop()
        self._tasks.cancel()
        self.deleteLater()

    async def _load(self) -> None:
        try:
            while True:
                self._load_again = False
                page = await self._client.execute(HistoryLogs(pid=self.pid, limit=NEWEST))
                self._show_newest(await _decode_all(page.events), page.first_index)
                if not self._load_again:
                    break
        except AetherError as error:
            if not self._failing:
                self._failing = True
                self.failed.emit(error)
            if not isinstance(error, _FINAL):
                self._retry.start()
        else:
            self._failing = False
        finally:
            self._loading = False
            waiting, self._waiting = self._waiting or [], None
        for event in waiting:
            self._take(event)

    def _show_newest(self, newest: list[JournalEvent], first_index: int) -> None:
        """Put a page at the live end. What came live and is newer than the page stays behind it."""
        page_end = max((event.log_id for event in newest), default=0)
        newer = [event for event in self._tail if event.log_id > page_end and not isinstance(event, AgentThinkingChunk)]
        self.about_to_reset.emit()
        before, first = [event for event in self._tail if not isinstance(event, AgentThinkingChunk)], self._tail_first
        self._tail = [*newest, *newer]
        self._tail_first = first_index
        self._keep_as_pages(before, first)
        self._last_log_id = max(self._last_log_id, page_end)
        self._loaded = True
        self._rebuild()
        self.reset.emit()

    def _keep_as_pages(self, before: list[JournalEvent], first: int) -> None:
        """What the live end held, from entry `first` on, stays as pages in front of the new end: it may be looked at."""
        joint = self._tail_first - first
        fits = 0 < joint < len(before) and bool(self._tail) and before[joint].log_id == self._tail[0].log_id
        for number in [number for number in self._pages if (number + 1) * PAGE > min(first, self._tail_first)]:
            start, events = number * PAGE, self._pages.pop(number)
            if fits and start + len(events) == first:
                before, first = [*events, *before], start
        if fits:
            for start in range(-(-first // PAGE) * PAGE, self._tail_first, PAGE):
                self._pages[start // PAGE] = before[start - first : min(start + PAGE, self._tail_first) - first]
            self._drop_oldest_pages()

    def _drop_oldest_pages(self) -> None:
        while len(self._pages) > KEPT_PAGES:
            self._pages.popitem(last=False)

    async def _load_page(self, page: int) -> None:
        try:
            start, events = page * PAGE, list[JournalEvent]()
            wanted = min(PAGE, self._tail_first - start)
            while len(events) < wanted:
                # A page with large entries comes in pieces.
                reply = await self._client.execute(
                    HistoryLogs(pid=self.pid, index=start + len(events), limit=wanted - len(events))
                )
                if not reply.events:
                    break
                events.extend(await _decode_all(reply.events))
        finally:
            self._reading.discard(page)
        if start >= self._tail_first:
            return
        self.about_to_reset.emit()
        self._pages[page] = events
        self._drop_oldest_pages()
        self._rebuild()
        self.reset.emit()

    def _rebuild(self) -> None:
        rows: list[Row] = []
        run = Timeline()
        self._page_rows = {}
        begin = 0
        for page in sorted(self._pages):
            if begin < page * PAGE:
                rows += [*run.rows, *_gaps(begin, page * PAGE)]
                run = Timeline()
            first = len(rows) + len(run.rows)
            for event in self._pages[page]:
                run.apply(event)
            self._page_rows[page] = (first, len(rows) + len(run.rows))
            begin = min((page + 1) * PAGE, self._tail_first)
        if begin < self._tail_first:
            rows += [*run.rows, *_gaps(begin, self._tail_first)]
            run = Timeline()
        for event in self._tail:
            run.apply(event)
        self._before, self._timeline = rows, run
        self._entries = [event for event in self._tail if not isinstance(event, AgentThinkingChunk)]

    def _on_events(self, events: Sequence[Event]) -> None:
        for event in events:
            if isinstance(event, JournalEvent) and event.pid == self.pid:
                if self._waiting is not None:
                    self._waiting.append(event)
                else:
                    self._take(event)
        if self._waiting is None and len(self._tail) > LONGEST_TAIL and not self._retry.isActive():
            self.load()

    def _take(self, event: JournalEvent) -> None:
        if event.log_id and event.log_id <= self._last_log_id:
            return
        self._last_log_id = max(self._last_log_id, event.log_id)
        if isinstance(event, AgentThought):
            self._tail = [item for item in self._tail if not _is_chunk_of(item, event.step)]
        self._keep(event)
        if not isinstance(event, AgentThinkingChunk):
            self._entries.append(event)
            self.entry_added.emit(self.total - 1)
        change = self._timeline.apply(event)
        if change is not None:
            told = self.inserted if change.added else self.moved_last if change.moved else self.updated
            told.emit(len(self._before) + change.index)

    def _keep(self, event: JournalEvent) -> None:
        """Put an event at the live end; words join the ones before them, however many come."""
        if isinstance(event, AgentThinkingChunk):
            for place in reversed(range(max(0, len(self._tail) - LOOKED_AT), len(self._tail))):
                before = self._tail[place]
                if not isinstance(before, AgentThinkingChunk):
                    continue
                if (before.step, before.kind) != (event.step, event.kind):
                    break
                self._tail[place] = msgspec.structs.replace(before, content=before.content + event.content, log_id=event.log_id)
                return
        self._tail.append(event)

    @property
    def running_command(self) -> str | None:
        """The command that runs now, as it was given; None where none does."""
        row = self._timeline.running_command()
        return None if row is None else row.text

    def show_output(self, text: str) -> None:
        """The running command has printed this so far."""
        change = self._timeline.note_output(text)
        if change is not None:
            self.updated.emit(len(self._before) + change.index)

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


def _is_chunk_of(event: JournalEvent, step: int) -> bool:
    return isinstance(event, AgentThinkingChunk) and event.step == step


def _gaps(begin: int, end: int) -> list[Row]:
    """Rows for the entries from `begin` (where a page begins) up to `end`."""
    return [
        Row(key=f"gap-{first // PAGE}", kind="gap", word="idle", title="", step=first // PAGE, hidden=min(LONGEST_GAP, end - first))
        for first in range(begin, end, LONGEST_GAP)
    ]


async def _decode_all(items: Sequence[dict[str, Any]]) -> list[JournalEvent]:
    """The events; the window may paint in between."""
    events: list[JournalEvent] = []
    for start in range(0, len(items), DECODED_AT_ONCE):
        if start:
            await asyncio.sleep(0)
        events.extend(_decode(item) for item in items[start : start + DECODED_AT_ONCE])
    return events


def _decode(item: dict[str, Any]) -> JournalEvent:
    """The event; one that this version does not know keeps its place as a notice."""
    try:
        event = event_from_builtins(item)
    except AetherError as error:
        return AgentNotice(pid=0, kind="info", message="An entry that this version cannot read.", hint=error.message)
    if isinstance(event, JournalEvent):
        return event
    return AgentNotice(pid=0, kind="info", message="An entry that is not of a journal.")
