"""The kernel's load, every five seconds."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kernel.bus import EventBus
from kernel.principal import LOCAL_USER
from kernel.process.accounting import Accounting
from kernel.process.table import Entry, ProcessTable
from kernel.protocol.process import ProcessUsage
from kernel.protocol.records import AgentConfig, ProcessInfo
from kernel.protocol.system import HistoryMetrics, KernelMetrics
from kernel.sandbox.backend import Usage
from kernel.store import database as database_module
from kernel.store.database import Database
from kernel.store.repositories.metrics import MetricsRepository
from kernel.store.repositories.processes import RunRecord
from tests.fakes.clock import ManualClock


class _Manager:
    """The table and `note`, as accounting needs them."""

    def __init__(self) -> None:
        self.table = ProcessTable(lambda: 10)

    def note(self, pid: int, **changes: object) -> None:
        import msgspec

        entry = self.table.get(pid)
        self.table.put(Entry(msgspec.structs.replace(entry.info, **changes), entry.config, entry.run))


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def database(tmp_path: Path, clock: ManualClock) -> AsyncIterator[Database]:
    made = Database(tmp_path / "a.db", clock)
    await made.open()
    yield made
    await made.close()


@pytest.mark.feature("EV09", "ST02")
async def test_metrics_come_every_five_seconds_and_stay(database: Database, clock: ManualClock) -> None:
    bus = EventBus(clock)
    said: list[KernelMetrics] = []
    bus.on(KernelMetrics, said.append)
    used: list[ProcessUsage] = []
    bus.on(ProcessUsage, used.append)
    manager = _Manager()
    info = ProcessInfo(pid=1, uid="agent_1", name="x", command="x", state="running", cwd="/", created_at=0)
    manager.table.put(Entry(info, AgentConfig(role="Coder", goal="x"), RunRecord()))

    async def usage() -> dict[int, Usage]:
        return {}

    accounting = Accounting(manager, MetricsRepository(database), bus, clock, usage)  # type: ignore[arg-type]  # as much as is used
    started = clock.monotonic()
    running = asyncio.get_running_loop().create_task(accounting.run())
    await _asleep(clock, 0)
    while clock.monotonic() < started + 30:
        rounds = len(clock.slept)
        await clock.advance(clock.slept[-1])
        await _asleep(clock, rounds)
    running.cancel()
    times = [round(event.uptime) for event in said]
    assert times == [0, 5, 10, 15, 20, 25, 30]
    assert all(event.process_count == 1 and event.memory_mb > 1 for event in said)
    assert not used
    stored = (await accounting.history(HistoryMetrics(since=started), LOCAL_USER)).samples
    assert [round(sample.timestamp - started) for sample in stored] == [5, 10, 15, 20, 25, 30]


async def test_a_sample_that_cannot_be_kept_is_shown_and_says_so(
    database: Database, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    bus = EventBus(clock)
    said: list[KernelMetrics] = []
    bus.on(KernelMetrics, said.append)

    async def usage() -> dict[int, Usage]:
        return {}

    accounting = Accounting(_Manager(), MetricsRepository(database), bus, clock, usage)  # type: ignore[arg-type]  # as much as is used
    await accounting._publish_metrics()
    assert database._writer is not None
    await database._writer.execute("PRAGMA query_only=ON")
    await accounting._publish_metrics()
    await database._writer.execute("PRAGMA query_only=OFF")
    await accounting._publish_metrics()
    monkeypatch.setattr(database_module, "ROOM_BYTES", 1 << 62)
    await accounting._publish_metrics()
    assert [event.can_save for event in said] == [True, False, True, False]


@pytest.mark.parametrize("held", [True, False])
async def test_what_waits_for_room_is_not_saved_though_a_sample_is(database: Database, clock: ManualClock, held: bool) -> None:
    bus = EventBus(clock)
    said: list[KernelMetrics] = []
    bus.on(KernelMetrics, said.append)

    async def usage() -> dict[int, Usage]:
        return {}

    accounting = Accounting(_Manager(), MetricsRepository(database), bus, clock, usage, lambda: held)  # type: ignore[arg-type]  # as above
    await accounting._publish_metrics()
    assert [event.can_save for event in said] == [not held]
    assert len((await accounting.history(HistoryMetrics(since=0), LOCAL_USER)).samples) == 1


async def _asleep(clock: ManualClock, before: int) -> None:
    """Until the sampler has done its round and sleeps again."""
    async with asyncio.timeout(5):
        while len(clock.slept) <= before:
            await asyncio.sleep(0.001)
