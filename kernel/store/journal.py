"""The journal: what an agent does is written here before anybody sees it.

`record` gives each event its log_id, commits it together with the rows that belong to it, and only then publishes it.
Called by the process manager and the agents. While the disk is full it waits and tries again, so that nothing is lost.
"""

import asyncio
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from kernel.bus import EventBus
from kernel.clock import Clock
from kernel.errors import StorageError
from kernel.log import get_logger
from kernel.protocol import codec
from kernel.protocol.agent import AgentNotice, AgentThinkingChunk
from kernel.protocol.base import JournalEvent, tag_of
from kernel.store.connection import Statement
from kernel.store.database import Database
from kernel.store.rows import decoded

RETRY_S = 2.0
PAGE_BYTES = 8 * 1024 * 1024
INSERT = "INSERT INTO agent_logs (log_id, pid, step, timestamp, type, body) VALUES (?, ?, ?, ?, ?, ?)"
DROP_CHUNKS = "DELETE FROM agent_logs WHERE pid = ? AND step = ? AND type = 'agent.thinkingChunk'"
ENTRIES = "pid = ? AND log_id NOT IN (SELECT log_id FROM agent_logs WHERE pid = ? AND type = 'agent.thinkingChunk') AND log_id <= ?"

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What recording a result brings about: events, and the statements that belong into their commit."""

    events: tuple[JournalEvent, ...] = ()
    statements: tuple[Statement, ...] = ()


@dataclass(slots=True)
class _Group:
    """What is shown when it is in the store. alone: who recorded it was cancelled while its commit went on."""

    events: Sequence[JournalEvent]
    committed: Callable[[], None]
    refused: Callable[[], None]
    alone: bool = False


@dataclass(slots=True)
class _Words:
    """Chunks of one thought that follow each other. chunk: the first of them; last: the log_id of the last."""

    chunk: AgentThinkingChunk
    last: int
    contents: list[str]


class Journal:
    """Writes events, then publishes them; reads them back in pages."""

    def __init__(self, database: Database, bus: EventBus, clock: Clock) -> None:
        self._database = database
        self._bus = bus
        self._clock = clock
        self._next_id = 1
        self._warned: set[int] = set()
        self._waiting = asyncio.Lock()  # held by what waits for room; what comes later waits behind it
        self._held_back = 0
        self._trouble: StorageError | None = None

    @property
    def holds_back(self) -> bool:
        """Whether anything waits for room: a smaller row may well find some meanwhile."""
        return self._held_back > 0

    @property
    def trouble(self) -> StorageError | None:
        """Why something waits to be written just now; None where nothing does."""
        return self._trouble if self.holds_back else None

    async def open(self) -> None:
        """Find the last log_id."""
        rows = await self._database.query("SELECT coalesce(max(log_id), 0) FROM agent_logs")
        self._next_id = int(rows[0][0]) + 1

    async def record(
        self,
        *events: JournalEvent,
        also: Sequence[Statement] = (),
        committed: Callable[[], None] = lambda: None,
        refused: Callable[[], None] = lambda: None,
    ) -> None:
        """Commit `events` and the statements `also` as one group, then call `committed` and publish the events in order.

        Waits while the disk is full, telling people of it once for each agent. Raises StorageError for what no waiting mends.
        refused: called instead once it is certain that nothing of this is in the store or ever will be. Exactly one of the two is
        called, also where the caller is cancelled: a commit that was begun goes on without it, one that was not is refused.
        """
        group = _Group(events, committed, refused)
        try:
            group.events = [self._stamp(event) for event in events]
            await self._commit([*also, *(_insert(event) for event in group.events)], group)
        except BaseException:
            if not group.alone:
                group.refused()
            raise
        self._show(group)

    async def write(self, *statements: Statement) -> None:
        """Commit rows without events, or say at once that it cannot be done. Raises StorageError."""
        await self._database.write(statements)

    async def page(
        self, pid: int, *, before_log_id: int = 0, index: int | None = None, limit: int = 200
    ) -> tuple[tuple[dict[str, Any], ...], int, int]:
        """(entries by rising log_id as JSON objects, how many the run has, how many are older than the first).

        A page may hold fewer than `limit` where the entries are large. One that reaches the end has also the words of a thought that
        streams or was cut off, as one event for each kind, where they began; they count as no entry, since the thought replaces them.
        """
        newest = int((await self._database.query("SELECT coalesce(max(log_id), 0) FROM agent_logs WHERE pid = ?", (pid,)))[0][0])
        bound = newest if index is not None or not before_log_id else before_log_id - 1
        # First: a thought that comes meanwhile is newer than the bound, and its words must not be missed.
        words = await self._words(pid, bound) if bound == newest else ()
        total = await self._count(pid, newest)
        if index is not None:
            start = min(max(0, index), total)
            rows, _ = await self._rows(pid, bound, "ASC", limit, start)
        else:
            rows, first = await self._rows(pid, bound, "DESC", limit, 0)
            start = await self._count(pid, first - 1 if first else bound)
        return (_with_words(rows, words) if start + len(rows) >= total else rows), total, start

    async def tool_started(self, pid: int, step: int, call_id: str) -> bool:
        """Whether a tool call of a step began to run (its outcome may be unknown). Other steps may have used the id, too."""
        rows = await self._database.query(
            "SELECT 1 FROM agent_logs WHERE pid = ? AND step = ? AND type = 'agent.toolStarted' "
            "AND CASE WHEN json_valid(body) THEN json_extract(body, '$.callId') END = ? LIMIT 1",
            (pid, step, call_id),
        )
        return bool(rows)

    async def words_of_step(self, pid: int, step: int) -> tuple[str, str]:
        """(text, reasoning) that were shown of a step's thought and did not become a thought: it was cut off."""
        rows = await self._database.query(
            "SELECT body FROM agent_logs WHERE pid = ? AND step = ? AND type = 'agent.thinkingChunk' ORDER BY log_id", (pid, step)
        )
        chunks = [chunk for row in rows if (chunk := decoded(row[0], AgentThinkingChunk, f"a chunk of step {step}")) is not None]
        text = "".join(chunk.content for chunk in chunks if chunk.kind == "text")
        return text, "".join(chunk.content for chunk in chunks if chunk.kind != "text")

    async def _rows(self, pid: int, bound: int, order: str, limit: int, offset: int) -> tuple[tuple[dict[str, Any], ...], int]:
        """At most `limit` entries and about `PAGE_BYTES`, one at least, by rising log_id; and the first one's log_id or 0.

        The sizes are read first: a flood of large entries must not fill the memory.
        """
        window = f"SELECT log_id, length(body) FROM agent_logs WHERE {ENTRIES} ORDER BY log_id {order} LIMIT ? OFFSET ?"
        sizes = await self._database.query(window, (pid, pid, bound, limit, offset))
        if not sizes:
            return (), 0
        count = sum(1 for size in itertools.accumulate(int(row[1]) for row in sizes) if size <= PAGE_BYTES)
        taken = sorted(int(row[0]) for row in sizes[: max(1, count)])
        rows = await self._database.query(
            f"SELECT body, log_id, pid, step, timestamp FROM agent_logs WHERE {ENTRIES} AND log_id BETWEEN ? AND ? ORDER BY log_id",
            (pid, pid, bound, taken[0], taken[-1]),
        )
        return tuple(_shown(row) for row in rows), taken[0]

    async def _words(self, pid: int, bound: int) -> tuple["_Words", ...]:
        """The words, up to an entry, that no thought has replaced yet."""
        query = (
            "SELECT body, log_id FROM agent_logs INDEXED BY agent_logs_chunks "
            "WHERE pid = ? AND log_id <= ? AND type = 'agent.thinkingChunk' ORDER BY log_id"
        )
        found: list[_Words] = []
        for body, log_id in await self._database.query(query, (pid, bound)):
            chunk = decoded(body, AgentThinkingChunk, f"entry {log_id} of the log")
            if chunk is None:
                continue
            if not found or (found[-1].chunk.step, found[-1].chunk.kind) != (chunk.step, chunk.kind):
                found.append(_Words(chunk, chunk.log_id, []))
            found[-1].contents.append(chunk.content)
            found[-1].last = chunk.log_id
        return tuple(found)

    async def _count(self, pid: int, bound: int) -> int:
        """How many entries there are up to one: both numbers come from indexes alone."""
        query = (
            "SELECT (SELECT count(*) FROM agent_logs WHERE pid = ? AND log_id <= ?) - "
            "(SELECT count(*) FROM agent_logs INDEXED BY agent_logs_chunks WHERE pid = ? AND log_id <= ? AND type = 'agent.thinkingChunk')"
        )
        return int((await self._database.query(query, (pid, bound, pid, bound)))[0][0])

    async def _commit(self, statements: list[Statement], group: "_Group") -> None:
        # Nothing is tried beside what waits: an older row must never come behind a newer one.
        if not self._held_back and await self._commit_once(statements, group):
            return
        is_first = not self._held_back
        self._held_back += 1
        try:
            async with self._waiting:
                if is_first:
                    await self._clock.sleep(RETRY_S)
                await self._commit_until_it_holds(statements, group)
        finally:
            self._held_back -= 1

    async def _commit_until_it_holds(self, statements: list[Statement], group: "_Group") -> None:
        while not await self._commit_once(statements, group):
            await self._clock.sleep(RETRY_S)

    async def _commit_once(self, statements: list[Statement], group: "_Group") -> bool:
        """Whether it is in the store; False where it can be tried again."""
        commit = self._database.submit(statements)
        try:
            await asyncio.shield(commit)
        except asyncio.CancelledError:
            group.alone = True
            commit.add_done_callback(lambda done: self._on_committed_alone(done, group))
            raise
        except StorageError as error:
            self._tell(group.events, error)
            if not _may_pass(error):
                raise
            return False
        for event in group.events:
            self._warned.discard(event.pid)
        return True

    def _on_committed_alone(self, commit: "asyncio.Future[None]", group: "_Group") -> None:
        """Who recorded this was cancelled meanwhile; what is in the journal is shown all the same."""
        if not commit.cancelled() and commit.exception() is None:
            self._show(group)
        else:
            group.refused()

    def _show(self, group: "_Group") -> None:
        group.committed()
        for event in group.events:
            self._bus.publish(event)

    def _tell(self, events: Sequence[JournalEvent], error: StorageError) -> None:
        """Say once that an agent waits for the disk; this cannot be in the journal, so it has no log_id."""
        _log.warning("%s", error)
        self._trouble = error
        for pid in {event.pid for event in events} - self._warned:
            self._warned.add(pid)
            self._bus.publish(AgentNotice(pid=pid, kind="error", message=error.message, hint=error.hint))

    def _stamp(self, event: JournalEvent) -> JournalEvent:
        log_id = self._next_id
        self._next_id += 1
        return msgspec.structs.replace(event, log_id=log_id, timestamp=event.timestamp or self._clock.now())


def _shown(row: Any) -> dict[str, Any]:
    """An entry from (body, log_id, pid, step, timestamp); one that is damaged keeps its place in the log."""
    found = decoded(row[0], dict[str, Any], f"entry {row[1]} of the log")
    if found is not None and "type" in found:
        return found
    return {
        "type": tag_of(AgentNotice),
        "logId": row[1],
        "pid": row[2],
        "step": row[3] if isinstance(row[3], int) else 0,
        "timestamp": row[4] if isinstance(row[4], int | float) else 0.0,
        "kind": "error",
        "message": "This entry of the log is damaged in the database.",
    }


def _with_words(entries: tuple[dict[str, Any], ...], words: Sequence[_Words]) -> tuple[dict[str, Any], ...]:
    """The entries with words that no thought has replaced, where those began; each with the log_id of its last chunk."""
    if not words:
        return entries
    placed = [(int(entry["logId"]), entry) for entry in entries]
    for each in words:
        whole = msgspec.structs.replace(each.chunk, content="".join(each.contents), log_id=each.last)
        placed.append((each.chunk.log_id, codec.to_builtins(whole)))
    return tuple(event for _, event in sorted(placed, key=lambda item: item[0]))


def _may_pass(error: StorageError) -> bool:
    """Whether the same write may succeed later: the disk was full or the file was busy, not damaged or forbidden."""
    return "is full" in error.message or "locked" in error.message or "busy" in error.message


def _insert(event: JournalEvent) -> Statement:
    return Statement(
        INSERT, (event.log_id, event.pid, event.step, event.timestamp, tag_of(event), codec.encode(event).decode())
    )

