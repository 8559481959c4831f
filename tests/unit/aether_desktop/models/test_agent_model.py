"""The list of agents: filter, search, order, and one announcement for one changed row."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject, QPersistentModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester

from aether_desktop.models.agent_model import PID_ROLE, VIEW_ROLE, AgentListModel
from aether_desktop.models.agent_order import Sort
from aether_desktop.models.agent_status import Group
from aether_desktop.stores.processes import ProcessStore
from kernel.protocol.agent import AgentThinkingChunk
from kernel.protocol.process import ApprovalAnswered, ApprovalRequired, ProcessExited, ProcessSpawned
from tests.fakes.app_context import run_now
from tests.fakes.kernel_client import FakeKernelClient, make_approval, make_info

pytestmark = pytest.mark.usefixtures("qapp")


class Table:
    """A store, its model under Qt's own model tester, and what the model said."""

    def __init__(self, parent: QObject, count: int) -> None:
        self.client = FakeKernelClient()
        self.client.processes = [make_info(pid) for pid in range(1, count + 1)]
        self.store = ProcessStore(self.client, parent)
        run_now(self.store.attach())
        self.model = AgentListModel(self.store, parent)
        self.tester = QAbstractItemModelTester(
            self.model, QAbstractItemModelTester.FailureReportingMode.Fatal, parent
        )
        self.changed: list[tuple[int, int]] = []
        self.model.dataChanged.connect(lambda first, last, _roles: self.changed.append((first.row(), last.row())))

    @property
    def pids(self) -> list[int]:
        return [self.model.index(row).data(PID_ROLE) for row in range(self.model.rowCount())]

    def ask(self, pid: int) -> None:
        approval = make_approval(pid)
        self.client.publish(ApprovalRequired(pid=pid, action="", details={}, approval=approval))


@pytest.fixture
def table() -> Iterator[Table]:
    parent = QObject()
    yield Table(parent, 4)
    parent.deleteLater()


def test_the_newest_is_first(table: Table) -> None:
    assert table.pids == [4, 3, 2, 1]
    table.client.publish(ProcessSpawned(pid=9, info=make_info(9)))
    assert table.pids == [9, 4, 3, 2, 1]


def test_one_changed_agent_is_one_announced_row(table: Table) -> None:
    table.client.publish(AgentThinkingChunk(pid=3, step=1, kind="text", content="a"))
    assert table.changed == [(1, 1)]


def test_who_needs_you_moves_to_the_front_and_keeps_its_selection(table: Table) -> None:
    kept = QPersistentModelIndex(table.model.index(2))
    table.ask(2)
    assert table.pids == [2, 4, 3, 1]
    assert kept.row() == 0
    table.client.publish(ApprovalAnswered(pid=2, approval_id="approval-2", call_id="call-1", approved=True))
    assert table.pids == [4, 3, 2, 1]
    assert kept.row() == 2


@pytest.mark.feature("MC03")
def test_filters_show_their_groups_and_counts(table: Table) -> None:
    told: list[int] = []
    table.model.counts_changed.connect(lambda: told.append(1))
    table.ask(1)
    table.client.publish(ProcessExited(pid=2, code=0), ProcessExited(pid=3, code=1))
    assert told
    counts = table.model.counts
    assert [counts.of(group) for group in Group] == [4, 1, 1, 0, 1, 1]
    shown = {}
    for group in Group:
        table.model.set_filter(group)
        shown[group] = table.pids
    assert shown == {
        Group.ALL: [1, 4, 3, 2], Group.ACTIVE: [4], Group.NEEDS_YOU: [1], Group.IDLE: [], Group.DONE: [2],
        Group.FAILED: [3],
    }  # fmt: skip


def test_an_agent_leaves_a_filter_that_it_no_longer_fits(table: Table) -> None:
    table.model.set_filter(Group.ACTIVE)
    table.client.publish(ProcessExited(pid=4, code=0))
    assert table.pids == [3, 2, 1]


def test_a_search_narrows_what_is_shown(table: Table) -> None:
    table.client.publish(ProcessSpawned(pid=9, info=make_info(9, goal="Something else entirely")))
    table.model.set_query("ENTIRELY")
    assert table.pids == [9]
    table.model.set_query("")
    assert len(table.pids) == 5


def test_another_order(table: Table) -> None:
    table.client.publish(ProcessSpawned(pid=9, info=make_info(9, name="Analyst")))
    table.model.set_order(Sort.NAME)
    assert table.pids == [9, 4, 3, 2, 1]
    table.model.set_order(Sort.NEWEST)
    assert table.model.order is Sort.NEWEST


def test_a_thousand_agents_come_in_one_reset() -> None:
    parent = QObject()
    table = Table(parent, 0)
    resets: list[int] = []
    table.model.modelReset.connect(lambda: resets.append(1))
    table.client.publish(*(ProcessSpawned(pid=pid, info=make_info(pid)) for pid in range(1, 1001)))
    assert table.model.rowCount() == 1000
    assert resets == [1]
    parent.deleteLater()


def test_a_row_is_spoken(table: Table) -> None:
    index = table.model.index(0)
    assert index.data(VIEW_ROLE).pid == 4
    assert index.data(Qt.ItemDataRole.DisplayRole) == "Coder 4"
    assert "thinking" in index.data(Qt.ItemDataRole.AccessibleTextRole)
    assert table.model.view_at(99) is None
    assert table.model.row_of(99) == -1
