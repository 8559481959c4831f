"""Batches of events reach every listener, whatever the others do; a start that has no room is tried again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from aether_desktop.bridge import in_process
from aether_desktop.bridge.in_process import InProcessClient, KernelThread
from kernel.errors import AetherError, DiskFullError, StorageError, UnavailableError
from kernel.principal import LOCAL_USER
from kernel.protocol.base import Event
from kernel.protocol.process import ProcessList, ProcessReaped
from tests.unit.aether_desktop.apps.conftest import wait_until

pytestmark = pytest.mark.usefixtures("qapp")


class FakeThread:
    """A kernel's thread that hands over what the test puts into ``waiting``."""

    running = True
    delay = None

    def __init__(self) -> None:
        self.waiting: list[Event] = []
        self.gap = False
        self.readable: Callable[[], None] = lambda: None
        self.kernel = self

    def on_ready(self, listener: Callable[[], None]) -> None:
        self.ready = listener

    def subscribe(self, _principal: object, *, on_readable: Callable[[], None]) -> FakeThread:
        self.readable = on_readable
        return self

    def take(self) -> tuple[Sequence[Event], bool]:
        taken, self.waiting = self.waiting, []
        gap, self.gap = self.gap, False
        return taken, gap

    def say(self, *events: Event, gap: bool = False) -> None:
        self.waiting += events
        self.gap = gap
        self.readable()


@pytest.fixture
def thread() -> FakeThread:
    return FakeThread()


@pytest.fixture
def client(thread: FakeThread) -> InProcessClient:
    made = InProcessClient(thread, LOCAL_USER)  # type: ignore[arg-type] # all it uses of a thread
    thread.ready()
    return made


@pytest.mark.expects_records
async def test_a_listener_that_fails_takes_nothing_from_the_others(
    thread: FakeThread, client: InProcessClient, caplog: pytest.LogCaptureFixture
) -> None:
    heard: list[str] = []

    def broken(_events: Sequence[Event]) -> None:
        heard.append("broken")
        raise ValueError("not what I expected")

    def broken_gap() -> None:
        raise ValueError("nor this")

    client.subscribe(broken, broken_gap)
    client.subscribe(lambda events: heard.append(f"second {len(events)}"), lambda: heard.append("gap"))
    thread.say(ProcessReaped(pid=1), ProcessReaped(pid=2))
    await wait_until(lambda: "second 2" in heard)
    thread.say(gap=True)
    await wait_until(lambda: "gap" in heard)
    assert heard == ["broken", "second 2", "gap"]
    assert "not what I expected" in caplog.text


async def test_who_was_unsubscribed_by_an_earlier_listener_hears_nothing_more(thread: FakeThread, client: InProcessClient) -> None:
    heard: list[Any] = []
    unsubscribe: Callable[[], None] = lambda: None  # noqa: E731  # set below, where it is known

    def first(_events: Sequence[Event]) -> None:
        heard.append("first")
        unsubscribe()

    client.subscribe(first)
    unsubscribe = client.subscribe(lambda _events: heard.append("second"))
    thread.say(ProcessReaped(pid=1))
    await wait_until(lambda: bool(heard))
    assert heard == ["first"]


class FakeKernel:
    """What a thread and its client use of a kernel."""

    stopped = False

    def subscribe(self, _principal: object, *, on_readable: Callable[[], None]) -> None:
        pass

    async def stop(self) -> None:
        self.stopped = True


async def test_a_start_without_room_is_said_once_and_goes_on_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(in_process, "ROOM_RETRY_S", 0.02)
    kernel, tries, room = FakeKernel(), [0], [False]

    async def start() -> Any:
        tries[0] += 1
        if not room[0]:
            raise DiskFullError("The disk is full.", "Free some space.")
        return kernel

    thread = KernelThread(start)
    client = InProcessClient(thread, LOCAL_USER)
    said: list[str] = []
    client.delayed.connect(lambda: said.append("delayed"))
    client.became_ready.connect(lambda: said.append("ready"))
    thread.start()
    await wait_until(lambda: tries[0] > 3)
    assert (client.connected, client.failure, str(client.delay)) == (False, None, "The disk is full. Free some space.")
    with pytest.raises(UnavailableError, match=r"The disk is full\. Free some space\."):
        await client.execute(ProcessList())
    room[0] = True
    await wait_until(lambda: "ready" in said)
    assert said == ["delayed", "ready"]
    assert client.connected
    assert client.delay is None
    thread.stop()
    assert kernel.stopped


async def test_a_thread_is_stopped_while_its_start_waits_for_room() -> None:
    async def start() -> Any:
        raise DiskFullError("The disk is full.")

    thread = KernelThread(start)
    thread.start()
    await wait_until(lambda: thread.delay is not None)
    thread.stop()
    assert not thread._thread.is_alive()


async def test_a_start_that_fails_later_for_another_reason_has_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(in_process, "ROOM_RETRY_S", 0.02)
    reasons: list[StorageError] = [StorageError("The database was written by a newer Aether."), DiskFullError("The disk is full.")]

    async def start() -> Any:
        raise reasons.pop()

    thread = KernelThread(start)
    client = InProcessClient(thread, LOCAL_USER)
    thread.start()
    await wait_until(lambda: client.failure is not None)
    assert "newer Aether" in str(client.failure)
    assert client.delay is None
    thread.stop()


async def test_whatever_made_the_start_fail_is_an_error_that_a_person_can_read() -> None:
    async def start() -> Any:
        raise RuntimeError("a bug")

    thread = KernelThread(start)
    client = InProcessClient(thread, LOCAL_USER)
    thread.start()
    await wait_until(lambda: client.failure is not None)
    with pytest.raises(AetherError, match=r"could not start.*a bug.*aether doctor"):
        await client.execute(ProcessList())
    thread.stop()
