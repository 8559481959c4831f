"""A message is in the store before anybody is shown it, and one that the store refuses never was."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from kernel.errors import StorageError
from kernel.process.mailbox import QUEUE_LIMIT, Mailbox
from kernel.process.table import Entry, ProcessTable
from kernel.protocol.base import JournalEvent
from kernel.protocol.records import AgentConfig, ProcessInfo
from kernel.store.connection import Statement
from kernel.store.repositories.messages import MessageRepository
from kernel.store.repositories.processes import RunRecord
from tests.fakes.clock import ManualClock


class SlowJournal:
    """Commits when it is told to, in order; keeps what was committed."""

    def __init__(self) -> None:
        self.waiting: list[asyncio.Future[None]] = []
        self.statements: list[Statement] = []

    async def record(
        self, *events: JournalEvent, also: Sequence[Statement], committed: Callable[[], None], refused: Callable[[], None]
    ) -> None:
        commit: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.waiting.append(commit)
        commit.add_done_callback(lambda done: refused() if done.exception() else (self.statements.extend(also), committed()))
        await asyncio.shield(commit)

    async def decide(self, error: StorageError | None = None) -> None:
        """Commit, or refuse, the one that waits longest."""
        while not self.waiting:
            await asyncio.sleep(0)
        commit = self.waiting.pop(0)
        if error is None:
            commit.set_result(None)
        else:
            commit.set_exception(error)
        for _ in range(3):
            await asyncio.sleep(0)


@pytest.fixture
def journal() -> SlowJournal:
    return SlowJournal()


@pytest.fixture
def mailbox(journal: SlowJournal) -> Mailbox:
    table = ProcessTable(lambda: 10)
    for pid in (1, 2):
        info = ProcessInfo(pid=pid, uid=f"agent_{pid}", name="x", command="x", state="running", cwd="/", created_at=0)
        table.put(Entry(info, AgentConfig(role="Coder", goal="x"), RunRecord()))
    repository: Any = MessageRepository(None)  # type: ignore[arg-type]  # its statements alone are used
    return Mailbox(table, repository, journal, ManualClock())  # type: ignore[arg-type]  # as much as is used


def texts(mailbox: Mailbox) -> list[Any]:
    return [message.payload for message in mailbox.waiting(2)]


@pytest.mark.feature("PR12", "ST02")
async def test_nobody_is_shown_a_message_before_its_commit(mailbox: Mailbox, journal: SlowJournal) -> None:
    sending = asyncio.ensure_future(mailbox.send(1, 2, "c", "hello"))
    ending = asyncio.ensure_future(mailbox.settled(2))
    await asyncio.sleep(0)
    assert texts(mailbox) == []
    assert not ending.done(), "its receiver cannot end before it is decided"
    await journal.decide()
    assert texts(mailbox) == ["hello"]
    assert sending.done() and ending.done()


@pytest.mark.feature("PR12", "ST02")
async def test_a_message_that_the_store_refuses_was_never_there(mailbox: Mailbox, journal: SlowJournal) -> None:
    sending = asyncio.ensure_future(mailbox.send(1, 2, "c", "lost"))
    await journal.decide(StorageError("The database is damaged."))
    with pytest.raises(StorageError):
        await sending
    assert texts(mailbox) == []
    async with asyncio.timeout(1):
        await mailbox.settled(2)


async def test_of_a_full_queue_the_oldest_goes_only_with_the_commit(mailbox: Mailbox, journal: SlowJournal) -> None:
    for number in range(QUEUE_LIMIT):
        sending = asyncio.ensure_future(mailbox.send(1, 2, "c", number))
        await journal.decide()
        await sending
    full = list(range(QUEUE_LIMIT))
    refused = asyncio.ensure_future(mailbox.send(1, 2, "c", "refused"))
    kept = asyncio.ensure_future(mailbox.send(1, 2, "c", "kept"))
    await asyncio.sleep(0)
    assert texts(mailbox) == full
    await journal.decide(StorageError("The database is damaged."))
    assert texts(mailbox) == full
    before = len(journal.statements)
    await journal.decide()
    # The second of two displaces the second oldest, in the store as in the queue.
    assert texts(mailbox) == [0, *full[2:], "kept"]
    assert len(journal.statements) - before == 2
    await asyncio.gather(refused, kept, return_exceptions=True)


async def test_a_sender_that_is_ended_leaves_what_is_recorded(mailbox: Mailbox, journal: SlowJournal) -> None:
    sending = asyncio.ensure_future(mailbox.send(1, 2, "c", "last words"))
    await asyncio.sleep(0)
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    ending = asyncio.ensure_future(mailbox.settled(2))
    await asyncio.sleep(0)
    assert not ending.done(), "its receiver does not end before the commit lands"
    await journal.decide()
    await ending
    assert texts(mailbox) == ["last words"]


async def test_what_lands_after_its_receivers_death_is_no_queue(mailbox: Mailbox, journal: SlowJournal) -> None:
    sending = asyncio.ensure_future(mailbox.send(1, 2, "c", "too late"))
    await asyncio.sleep(0)
    mailbox.forget(2)
    await journal.decide()
    await sending
    assert texts(mailbox) == []
