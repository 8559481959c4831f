"""The table goes with the store: what the store refuses never was, whatever figures came meanwhile."""

import asyncio
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from kernel.bus import EventBus
from kernel.config import Config
from kernel.errors import NotFoundError
from kernel.process.manager import ProcessManager
from kernel.process.table import Entry, ProcessTable
from kernel.protocol.base import JournalEvent
from kernel.protocol.process import ProcessSignal
from kernel.protocol.records import AgentConfig, ProcessInfo
from kernel.store.connection import Statement
from kernel.store.repositories.processes import ProcessRepository, RunRecord
from kernel.tasks import Scope
from tests.fakes.clock import ManualClock

PID = 1


class FullJournal:
    """Waits for room that does not come; who stops waiting is refused."""

    async def record(
        self, *_events: JournalEvent, also: Sequence[Statement] = (), committed: Callable[[], None], refused: Callable[[], None]
    ) -> None:
        try:
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            refused()
            raise


@pytest.fixture
def manager() -> ProcessManager:
    table = ProcessTable(lambda: 10)
    info = ProcessInfo(pid=PID, uid="agent_1", name="x", command="x", state="running", cwd="/", created_at=0)
    table.put(Entry(info, AgentConfig(role="Coder", goal="x"), RunRecord()))
    database: Any = SimpleNamespace(at_opening=lambda check: None)
    repository = ProcessRepository(database)  # its statements alone are used
    journal: Any = FullJournal()
    nothing: Any = None
    clock = ManualClock()
    return ProcessManager(table, repository, journal, EventBus(clock), clock, nothing, Config, Scope("test"))


async def _given_up(work: Any, meanwhile: Callable[[], Any]) -> None:
    """Begin to record, let something happen, and stop waiting."""
    waiting = asyncio.get_running_loop().create_task(work)
    await asyncio.sleep(0)
    meanwhile()
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


@pytest.mark.feature("PR06")
async def test_an_end_that_was_never_recorded_can_be_asked_for_again(manager: ProcessManager) -> None:
    """The figures of every second must not make it stay."""
    await _given_up(manager.finish(PID, code=137, signal="SIGKILL"), lambda: manager.note(PID, cpu_percent=7.0, children=2))
    info = manager.table.get(PID).info
    assert (info.state, info.exit_code, info.cpu_percent, info.children) == ("running", None, 7.0, 2)


async def test_what_others_started_from_stays(manager: ProcessManager) -> None:
    scope = Scope("later")
    later = manager.record(PID, changes={"summary": "later"})
    await _given_up(manager.record(PID, changes={"model": "new"}), lambda: scope.spawn(later, name="record"))
    info = manager.table.get(PID).info
    assert (info.model, info.summary) == ("new", "later")
    await scope.close()


async def test_an_end_that_waits_to_be_saved_is_not_called_one_that_is_in_the_history(manager: ProcessManager) -> None:
    waiting = asyncio.get_running_loop().create_task(manager.finish(PID, code=137, signal="SIGKILL"))
    await asyncio.sleep(0)
    with pytest.raises(NotFoundError, match="not saved yet"):
        await manager.signal(ProcessSignal(pid=PID, signal="SIGTERM"), None)  # type: ignore[arg-type]  # nobody is asked
    waiting.cancel()
