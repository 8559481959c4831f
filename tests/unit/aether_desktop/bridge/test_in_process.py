"""Batches of events reach every listener, whatever the others do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from aether_desktop.bridge.in_process import InProcessClient
from kernel.principal import LOCAL_USER
from kernel.protocol.base import Event
from kernel.protocol.process import ProcessReaped
from tests.unit.aether_desktop.apps.conftest import wait_until

pytestmark = pytest.mark.usefixtures("qapp")


class FakeThread:
    """A kernel's thread that hands over what the test puts into ``waiting``."""

    running = True

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
