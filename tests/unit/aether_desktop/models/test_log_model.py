"""A filtered log shows every entry that matches, however it came."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject

from aether_desktop.models.log_model import LogModel
from aether_desktop.stores.journal import LONGEST_TAIL, NEWEST, JournalStore
from kernel.protocol.agent import AgentThought
from kernel.protocol.codec import to_builtins
from kernel.protocol.system import HistoryLogs
from tests.fakes.kernel_client import FakeKernelClient
from tests.unit.aether_desktop.apps.conftest import wait_until

pytestmark = pytest.mark.usefixtures("qapp")
PID = 7


class Log:
    """A kernel that journals what it publishes."""

    def __init__(self, parent: QObject) -> None:
        self.client = FakeKernelClient()
        self.client.journals[PID] = []
        self.store = JournalStore(self.client, PID, parent)
        self.model = LogModel(self.client, self.store, parent)
        self.count = 0

    def journal(self, count: int = 1) -> list[AgentThought]:
        events = []
        for _ in range(count):
            self.count += 1
            events.append(AgentThought(pid=PID, log_id=self.count, step=self.count, timestamp=1.0, thought=f"word {self.count}"))
        self.client.journals[PID] += [to_builtins(event) for event in events]
        return events

    async def load(self) -> None:
        self.store.load()
        await wait_until(lambda: self.store.loaded and not self.store._loading)

    async def search(self) -> None:
        self.model.set_filter("", "word")
        await wait_until(lambda: not self.model.searching)

    @property
    def lines(self) -> list[int]:
        return [int(self.model.line(row).words.rsplit(" ", 1)[1]) for row in range(self.model.rowCount())]


@pytest.fixture
def log() -> Iterator[Log]:
    parent = QObject()
    yield Log(parent)
    parent.deleteLater()


async def test_a_search_goes_on_over_reloads_of_the_live_end(log: Log) -> None:
    log.journal(30)
    await log.load()
    await log.search()
    for _ in range(3 * LONGEST_TAIL // 20):
        log.client.publish(*log.journal(20))
        # What is published while a page is on its way comes with that page.
        await wait_until(lambda: not log.store._loading)
    assert len(log.client.sent(HistoryLogs)) > 2
    assert log.lines == list(range(1, log.count + 1))


async def test_what_a_gap_swallowed_is_found_by_the_search(log: Log) -> None:
    log.journal(5)
    await log.load()
    await log.search()
    log.journal(NEWEST // 2)
    log.client.lose_events()
    await wait_until(lambda: not log.store._loading and log.store.total == log.count)
    assert log.lines == list(range(1, log.count + 1))
    log.journal(3 * NEWEST)
    log.client.lose_events()
    await wait_until(lambda: not log.store._loading and log.store.total == log.count)
    await wait_until(lambda: not log.model.searching)
    log.client.publish(*log.journal())
    assert log.lines == list(range(1, log.count + 1))


async def test_a_search_before_the_first_page_finds_all_of_it(log: Log) -> None:
    log.journal(2 * NEWEST)
    await log.search()
    await log.load()
    await wait_until(lambda: not log.model.searching and len(log.lines) == log.count)
    assert log.lines == list(range(1, log.count + 1))


async def test_with_a_filter_for_words_only_new_lines_that_match_come(log: Log) -> None:
    log.journal(5)
    await log.load()
    log.model.set_filter("", "word 7")
    log.journal(3)
    log.client.lose_events()
    await wait_until(lambda: not log.store._loading and log.store.total == log.count)
    await wait_until(lambda: not log.model.searching)
    assert log.lines == [7]
