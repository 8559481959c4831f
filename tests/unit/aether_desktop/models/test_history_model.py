"""Runs of before are fetched page by page."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QModelIndex, QObject
from PySide6.QtTest import QAbstractItemModelTester

from aether_desktop.models.history_model import FIRST_PAGE, HistoryModel
from aether_desktop.stores.processes import ProcessStore
from kernel.errors import AetherError, UnavailableError
from kernel.protocol.process import ProcessExited, ProcessSpawned
from kernel.protocol.system import HistoryProcesses
from tests.fakes.kernel_client import FakeKernelClient, make_info

pytestmark = pytest.mark.usefixtures("qapp")
ROOT = QModelIndex()


class History:
    def __init__(self, parent: QObject, runs: int) -> None:
        self.client = FakeKernelClient()
        self.client.past = [make_info(pid, state="dead", exit_code=0) for pid in range(runs, 0, -1)]
        self.errors: list[AetherError] = []
        self.store = ProcessStore(self.client, parent)
        self.model = HistoryModel(self.client, self.store, self.errors.append, parent)
        if runs < FIRST_PAGE:
            # The tester fetches more by itself, which a test of the pages must not have.
            fatal = QAbstractItemModelTester.FailureReportingMode.Fatal
            self.tester = QAbstractItemModelTester(self.model, fatal, parent)

    async def rest(self) -> None:
        for _ in range(4):
            await asyncio.sleep(0)


@pytest.fixture
def parent() -> Iterator[QObject]:
    owner = QObject()
    yield owner
    owner.deleteLater()


@pytest.mark.feature("MC06")
async def test_ten_thousand_runs_open_with_one_small_page_and_grow(parent: QObject) -> None:
    history = History(parent, 10_000)
    history.model.load()
    await history.rest()
    assert history.model.rowCount() == FIRST_PAGE
    assert history.model.total == 10_000
    assert [sent.limit for sent in history.client.sent(HistoryProcesses)] == [FIRST_PAGE]
    first = history.model.info_at(0)
    assert first is not None
    assert first.pid == 10_000
    assert history.model.canFetchMore(ROOT)
    history.model.fetchMore(ROOT)
    assert not history.model.canFetchMore(ROOT)
    await history.rest()
    last = history.model.info_at(history.model.rowCount() - 1)
    assert last is not None
    assert last.pid == 10_000 - history.model.rowCount() + 1


async def test_a_search_that_is_overtaken_is_dropped(parent: QObject) -> None:
    history = History(parent, 30)
    history.model.load("nothing has this word")
    history.model.load("1")
    await history.rest()
    assert history.model.total == len([pid for pid in range(1, 31) if "1" in str(pid)])


async def test_a_page_that_fails_is_said_and_can_be_asked_for_again(parent: QObject) -> None:
    history = History(parent, 3)
    history.client.answer(HistoryProcesses, UnavailableError("The store is locked."))
    history.model.load()
    await history.rest()
    assert [error.message for error in history.errors] == ["The store is locked."]
    history.client._answers.clear()
    history.model.load()
    await history.rest()
    assert history.model.rowCount() == 3


async def test_what_happens_meanwhile_shows(parent: QObject) -> None:
    history = History(parent, 2)
    await history.store.attach()
    history.model.load()
    await history.rest()
    history.client.publish(ProcessSpawned(pid=3, info=make_info(3)))
    assert history.model.rowCount() == history.model.total == 3
    history.client.publish(ProcessExited(pid=3, code=1, timestamp=9.0))
    newest = history.model.info_at(0)
    assert newest is not None
    assert (newest.pid, newest.exit_code) == (3, 1)
