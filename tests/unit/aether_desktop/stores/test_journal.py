"""The journal's live end: pages and live events in any order lose nothing and show nothing twice."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtCore import QObject

from aether_desktop.stores.journal import LONGEST_TAIL, JournalStore
from kernel.errors import AetherError, NotFoundError, UnavailableError
from kernel.protocol.agent import AgentThinkingChunk, AgentThought
from kernel.protocol.codec import to_builtins
from kernel.protocol.system import HistoryLogs, HistoryLogsReply
from tests.fakes.kernel_client import FakeKernelClient
from tests.unit.aether_desktop.apps.conftest import wait_until

pytestmark = pytest.mark.usefixtures("qapp")
PID = 7


def thought(log_id: int) -> AgentThought:
    return AgentThought(pid=PID, log_id=log_id, step=log_id, timestamp=1.0, thought=f"t{log_id}")


def told(first: int, last: int) -> tuple[dict[str, Any], ...]:
    return tuple(to_builtins(thought(number)) for number in range(first, last + 1))


def shown(store: JournalStore) -> list[int]:
    return [event.log_id if (event := store.entry(place)) else 0 for place in range(store.total)]


class Pages:
    """Answers history.logs one request at a time, when the test says so."""

    def __init__(self, client: FakeKernelClient) -> None:
        self.asked: list[asyncio.Future[HistoryLogsReply]] = []
        client.answer(HistoryLogs, self._ask)

    def _ask(self, _command: HistoryLogs) -> asyncio.Future[HistoryLogsReply]:
        future = asyncio.get_running_loop().create_future()
        self.asked.append(future)
        return future

    def reply(self, number: int, first: int, last: int) -> None:
        self.asked[number].set_result(HistoryLogsReply(events=told(first, last), total=last, first_index=first - 1))

    def fail(self, number: int, error: AetherError) -> None:
        self.asked[number].set_exception(error)


@pytest.fixture
def client() -> FakeKernelClient:
    return FakeKernelClient()


@pytest.fixture
def pages(client: FakeKernelClient) -> Pages:
    return Pages(client)


@pytest.fixture
def store(client: FakeKernelClient, pages: Pages) -> Iterator[JournalStore]:
    parent = QObject()
    yield JournalStore(client, PID, parent)
    parent.deleteLater()


@pytest.fixture
def failures(store: JournalStore) -> list[AetherError]:
    told: list[AetherError] = []
    store.failed.connect(told.append)
    return told


async def test_live_events_come_though_the_page_could_not_be_read_and_it_is_tried_again(
    client: FakeKernelClient, pages: Pages, store: JournalStore, failures: list[AetherError]
) -> None:
    store._retry.setInterval(1)
    store.load()
    await wait_until(lambda: len(pages.asked) == 1)
    client.publish(thought(3))
    pages.fail(0, UnavailableError("The disk is busy."))
    await wait_until(lambda: shown(store) == [3])
    client.publish(thought(4))
    assert shown(store) == [3, 4]
    await wait_until(lambda: len(pages.asked) == 2)
    pages.fail(1, UnavailableError("The disk is busy."))
    await wait_until(lambda: len(pages.asked) == 3)
    pages.reply(2, 1, 4)
    await wait_until(lambda: store.loaded)
    assert shown(store) == [1, 2, 3, 4]
    assert len(failures) == 1, "the same trouble is said once"


async def test_a_run_that_never_was_is_not_asked_for_again(
    pages: Pages, store: JournalStore, failures: list[AetherError]
) -> None:
    store._retry.setInterval(0)
    store.load()
    await wait_until(lambda: len(pages.asked) == 1)
    pages.fail(0, NotFoundError("There was never a process 7."))
    await wait_until(lambda: bool(failures))
    assert not store._retry.isActive()


async def test_two_loads_are_one_behind_the_other_and_an_old_page_takes_nothing_away(
    client: FakeKernelClient, pages: Pages, store: JournalStore
) -> None:
    store.load()
    await wait_until(lambda: len(pages.asked) == 1)
    store.load()
    assert len(pages.asked) == 1
    pages.reply(0, 1, 2)
    await wait_until(lambda: len(pages.asked) == 2)
    client.publish(thought(3))
    pages.reply(1, 1, 3)
    await wait_until(lambda: shown(store) == [1, 2, 3])
    client.publish(thought(4), thought(5))
    store.load()
    await wait_until(lambda: len(pages.asked) == 3)
    pages.reply(2, 1, 3)  # older than what was shown live
    await wait_until(lambda: not store._loading)
    assert shown(store) == [1, 2, 3, 4, 5]
    assert store.newest_log_id == 5
    client.publish(thought(5), thought(6))
    assert shown(store) == [1, 2, 3, 4, 5, 6]


async def test_words_that_stream_for_long_are_one_row_and_drop_nothing(
    client: FakeKernelClient, pages: Pages, store: JournalStore
) -> None:
    store.load()
    await wait_until(lambda: len(pages.asked) == 1)
    pages.reply(0, 1, 3)
    await wait_until(lambda: store.loaded)
    words = [f"w{number} " for number in range(2 * LONGEST_TAIL)]
    for number, word in enumerate(words):
        chunk = AgentThinkingChunk(pid=PID, log_id=10 + 2 * number, step=9, kind="text", content=word)
        client.publish(chunk)
        if number == 100:
            client.publish(thought(11 + 2 * number))
    assert len(pages.asked) == 1, "the newest page is not read again, which would show the end of it alone"
    assert shown(store) == [1, 2, 3, 211]
    streaming = [row for row in store.rows if row.running]
    assert [row.text for row in streaming] == ["".join(words)]
    store.load()
    await wait_until(lambda: len(pages.asked) == 2)
    whole = AgentThinkingChunk(pid=PID, log_id=10 + 2 * len(words), step=9, kind="text", content="".join(words) + "more")
    events = (*told(1, 3), to_builtins(whole), *told(211, 211))
    pages.asked[1].set_result(HistoryLogsReply(events=events, total=4, first_index=0))
    await wait_until(lambda: any(row.text.endswith("more") for row in store.rows))
    assert shown(store) == [1, 2, 3, 211]
    assert [row.running for row in store.rows] == [False] * 3 + [True, False]


async def test_a_gap_during_a_load_is_read_behind_it(client: FakeKernelClient, pages: Pages, store: JournalStore) -> None:
    store.load()
    await wait_until(lambda: len(pages.asked) == 1)
    client.lose_events()
    pages.reply(0, 1, 2)
    await wait_until(lambda: len(pages.asked) == 2)
    pages.reply(1, 1, 9)
    await wait_until(lambda: shown(store) == list(range(1, 10)))
