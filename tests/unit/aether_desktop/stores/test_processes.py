"""The store attaches, follows events, survives gaps, and says what changed once for each batch."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject

from aether_desktop.stores.processes import ProcessStore
from kernel.errors import UnavailableError
from kernel.protocol.agent import AgentThinkingChunk, AgentThought
from kernel.protocol.codec import to_builtins
from kernel.protocol.process import (
    ApprovalRequired,
    ProcessExited,
    ProcessList,
    ProcessListReply,
    ProcessReaped,
    ProcessSpawned,
    ProcessStateChanged,
    ProcessUpdated,
    ProcessUsage,
    RunCounts,
)
from tests.fakes.kernel_client import FakeKernelClient, make_approval, make_info

pytestmark = pytest.mark.usefixtures("qapp")


@pytest.fixture
def client() -> FakeKernelClient:
    return FakeKernelClient()


@pytest.fixture
def store(client: FakeKernelClient) -> Iterator[ProcessStore]:
    parent = QObject()
    yield ProcessStore(client, parent)
    parent.deleteLater()


def watched(store: ProcessStore) -> list[frozenset[int]]:
    seen: list[frozenset[int]] = []
    store.changed.connect(seen.append)
    return seen


async def turns() -> None:
    for _ in range(6):
        await asyncio.sleep(0)


async def test_a_snapshot_has_the_living_with_their_questions_and_the_runs_of_before(
    client: FakeKernelClient, store: ProcessStore
) -> None:
    client.processes = [make_info(5), make_info(6)]
    client.past = [make_info(2, state="dead", exit_code=0)]
    client.approvals = [make_approval(6)]
    seen = watched(store)
    await store.attach()
    assert [view.pid for view in store.all()] == [2, 5, 6]
    assert [view.pid for view in store.needs_you()] == [6]
    assert seen == [frozenset({2, 5, 6})]


async def test_events_of_meanwhile_are_applied_and_those_of_before_are_not(
    client: FakeKernelClient, store: ProcessStore
) -> None:
    client.publish(ProcessUsage(pid=5, cpu_percent=1, memory_mb=1, children=1))

    def while_asking(_command: ProcessList) -> ProcessListReply:
        client.publish(ProcessUsage(pid=5, cpu_percent=11, memory_mb=1, children=1))
        reply = ProcessListReply(processes=(make_info(5, cpu_percent=22.0),), seq=2)
        client.publish(ProcessSpawned(pid=8, info=make_info(8)))
        return reply

    client.answer(ProcessList, while_asking)
    await store.attach()
    view = store.get(5)
    assert view is not None
    assert view.info.cpu_percent == 22.0
    assert store.get(8) is not None


async def test_one_batch_is_announced_once(client: FakeKernelClient, store: ProcessStore) -> None:
    client.processes = [make_info(1), make_info(2), make_info(3)]
    await store.attach()
    seen = watched(store)
    client.publish(*(AgentThinkingChunk(pid=pid, step=1, kind="text", content="a ") for pid in (1, 2, 1, 2)))
    assert seen == [frozenset({1, 2})]
    client.publish(ProcessUsage(pid=99, cpu_percent=1, memory_mb=1, children=0))
    assert len(seen) == 1


async def test_the_oldest_question_comes_first(client: FakeKernelClient, store: ProcessStore) -> None:
    client.processes = [make_info(1), make_info(2)]
    await store.attach()
    for pid, moment in ((1, 20.0), (2, 10.0)):
        approval = make_approval(pid, created_at=moment)
        client.publish(ApprovalRequired(pid=pid, action="", details={}, approval=approval))
    assert [view.pid for view in store.needs_you()] == [2, 1]


async def test_what_ended_stays_to_be_seen(client: FakeKernelClient, store: ProcessStore) -> None:
    client.processes = [make_info(1)]
    await store.attach()
    client.publish(ProcessExited(pid=1, code=0, summary="Done."), ProcessReaped(pid=1))
    view = store.get(1)
    assert view is not None
    assert view.info.state == "dead"


async def test_after_a_gap_it_asks_again_and_keeps_what_was_told(client: FakeKernelClient, store: ProcessStore) -> None:
    client.processes = [make_info(1)]
    await store.attach()
    client.publish(AgentThought(pid=1, step=1, thought="Still here."))
    client.processes = [make_info(1, step=40)]
    client.lose_events()
    await turns()
    view = store.get(1)
    assert view is not None
    assert (view.info.step, view.thought) == (40, "Still here.")


@pytest.mark.feature("MC02")
async def test_what_ended_in_sight_is_still_there_after_a_gap(client: FakeKernelClient, store: ProcessStore) -> None:
    await store.attach()
    infos = [make_info(pid) for pid in range(1, 201)]
    client.publish(*(ProcessSpawned(pid=info.pid, info=info) for info in infos))
    client.publish(*(ProcessExited(pid=info.pid, code=0) for info in infos[:150]), AgentThought(pid=200, step=1, thought="T"))
    assert store.ended == RunCounts(completed=150)
    assert [view.pid for view in store.living()] == list(range(151, 201))
    # Those from 151 on end unseen; the last 50 runs of the history do not reach back to all that were alive.
    client.past = [make_info(pid, state="dead", exit_code=0 if pid <= 150 else 1) for pid in range(1, 401)]
    client.lose_events()
    await turns()
    assert {view.pid for view in store.all()} == {*range(1, 201), *range(351, 401)}
    assert not store.living()
    assert [view.pid for view in store.all()] == sorted(view.pid for view in store.all())
    known = store.get(160)
    assert known is not None
    assert known.info.exit_code == 1
    assert store.ended == RunCounts(completed=150, failed=250)


async def test_an_end_that_the_snapshot_tells_already_is_counted_once(client: FakeKernelClient, store: ProcessStore) -> None:
    client.processes = [make_info(1, state="zombie", exit_code=0), make_info(2)]
    await store.attach()
    assert store.ended == RunCounts(completed=1)
    client.publish(ProcessExited(pid=1, code=0), ProcessExited(pid=2, code=143), ProcessReaped(pid=2))
    assert store.ended == RunCounts(completed=1, stopped=1)


async def test_an_end_is_counted_as_the_kernel_tells_it(client: FakeKernelClient, store: ProcessStore) -> None:
    client.processes = [make_info(1)]
    await store.attach()
    over = ProcessStateChanged(pid=1, state="zombie", agent_phase="completed")
    client.publish(over, ProcessExited(pid=1, code=0), ProcessReaped(pid=1))
    assert store.ended == RunCounts(completed=1)


async def test_who_the_kernel_does_not_know_any_more_goes(client: FakeKernelClient, store: ProcessStore) -> None:
    client.processes = [make_info(1), make_info(2)]
    client.approvals = [make_approval(1)]
    await store.attach()
    client.processes, client.approvals = [make_info(2)], []
    seen = watched(store)
    client.lose_events()
    await turns()
    assert [view.pid for view in store.all()] == [2]
    assert not store.needs_you()
    assert 1 in seen[0]


async def test_a_kernel_that_does_not_answer_leaves_what_is_known(client: FakeKernelClient, store: ProcessStore) -> None:
    client.processes = [make_info(1)]
    await store.attach()
    client.answer(ProcessList, UnavailableError("The kernel is gone."))
    client.lose_events()
    await turns()
    assert [view.pid for view in store.all()] == [1]
    client.publish(AgentThought(pid=1, step=1, thought="Back."))
    view = store.get(1)
    assert view is not None
    assert view.thought == "Back."


async def test_what_was_thought_before_is_read_once(client: FakeKernelClient, store: ProcessStore) -> None:
    client.processes = [make_info(1)]
    event = to_builtins(AgentThought(pid=1, log_id=3, step=2, thought="From the journal."))
    client.journals[1] = [{"type": "no.such.event"}, event]
    await store.attach()
    store.want_told(1)
    store.want_told(1)
    await turns()
    view = store.get(1)
    assert view is not None
    assert (view.thought, view.told) == ("From the journal.", True)
    assert sum(1 for sent in client.commands if type(sent).__name__ == "HistoryLogs") == 1


async def test_the_model_and_the_sandbox_of_a_new_agent_become_known(
    client: FakeKernelClient, store: ProcessStore
) -> None:
    await store.attach()
    client.publish(ProcessSpawned(pid=4, info=make_info(4, confinement="none", model="")))
    asked = len(client.commands)
    client.publish(ProcessUpdated(pid=4, info=make_info(4, confinement="bubblewrap", model="heuristic")))
    view = store.get(4)
    assert view is not None
    assert (view.info.confinement, view.info.model) == ("bubblewrap", "heuristic")
    assert len(client.commands) == asked


def test_a_store_that_goes_stops_listening(client: FakeKernelClient) -> None:
    from PySide6.QtCore import QCoreApplication, QEvent

    store = ProcessStore(client)
    assert client.listeners == 1
    store.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert client.listeners == 0
