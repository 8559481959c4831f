"""Publish and subscribe."""

import asyncio

import pytest

from kernel.bus import EventBus
from kernel.errors import TimeoutExceededError
from kernel.principal import LOCAL_USER, Principal
from kernel.protocol.agent import AgentThought
from kernel.protocol.base import Event, JournalEvent
from kernel.protocol.process import ProcessReaped
from kernel.protocol.system import KernelReady
from tests.fakes.clock import ManualClock


def ready() -> KernelReady:
    return KernelReady(version="1", uptime=0.0)


@pytest.fixture
def bus() -> EventBus:
    return EventBus(ManualClock(500.0))


@pytest.mark.feature("EV02")
def test_listeners_by_type_and_for_everything(bus: EventBus) -> None:
    everything: list[Event] = []
    journal: list[Event] = []
    bus.on(Event, everything.append)
    off = bus.on(JournalEvent, journal.append)
    thought = bus.publish(AgentThought(pid=1, thought="x"))
    bus.publish(ready())
    off()
    off()
    bus.publish(AgentThought(pid=1, thought="y"))
    assert journal == [thought]
    assert len(everything) == 3
    assert [event.seq for event in everything] == [1, 2, 3]
    assert thought.timestamp == 500.0
    assert bus.last_seq == 3


@pytest.mark.feature("EV02")
def test_once_is_once_even_when_the_listener_publishes(bus: EventBus) -> None:
    seen: list[Event] = []

    def listener(event: KernelReady) -> None:
        seen.append(event)
        if len(seen) < 5:
            bus.publish(ready())

    bus.once(KernelReady, listener)
    bus.publish(ready())
    bus.publish(ready())
    assert len(seen) == 1


@pytest.mark.feature("EV02")
async def test_wait_finds_what_fits_or_says_that_nothing_came(bus: EventBus) -> None:
    waiting = asyncio.get_running_loop().create_task(bus.wait(ProcessReaped, lambda event: event.pid == 2))
    await asyncio.sleep(0)
    bus.publish(ProcessReaped(pid=1))
    bus.publish(ProcessReaped(pid=2))
    assert (await waiting).pid == 2
    with pytest.raises(TimeoutExceededError, match="ProcessReaped"):
        await bus.wait(ProcessReaped, timeout_s=0.01)
    assert bus.statistics()["listeners"] == 0


@pytest.mark.feature("EV02")
@pytest.mark.expects_records
def test_a_listeners_error_reaches_nobody_else(bus: EventBus) -> None:
    seen: list[Event] = []

    def broken(event: Event) -> None:
        raise RuntimeError("no")

    bus.on(Event, broken)
    bus.on(Event, seen.append)
    queue = bus.subscribe(LOCAL_USER)
    bus.publish(ready())
    assert len(seen) == 1
    assert len(queue) == 1


def test_a_slow_subscriber_is_told_of_the_gap_and_costs_no_more(bus: EventBus) -> None:
    queue = bus.subscribe(LOCAL_USER, capacity=3)
    for _ in range(10):
        bus.publish(ready())
    events, gap = queue.take()
    assert ([event.seq for event in events], gap) == ([8, 9, 10], True)
    bus.publish(ready())
    assert queue.take()[1] is False
    bus.unsubscribe(queue)
    bus.publish(ready())
    assert len(queue) == 0


def test_events_reach_only_those_who_may_see_them() -> None:
    bus = EventBus(ManualClock(), lambda event, principal: principal.uid == "alice")
    woken: list[str] = []
    hers = bus.subscribe(Principal("alice"), on_readable=lambda: woken.append("alice"))
    his = bus.subscribe(Principal("bob"), on_readable=lambda: woken.append("bob"))
    bus.publish(ready())
    assert (len(hers), len(his), woken) == (1, 0, ["alice"])


def test_a_stamp_that_is_there_is_kept(bus: EventBus) -> None:
    assert bus.publish(KernelReady(version="1", uptime=0, timestamp=3.0)).timestamp == 3.0
