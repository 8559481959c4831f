"""Whose terminal is parsed when."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication

from aether_desktop.stores import terminal_schedule
from aether_desktop.stores.terminal_schedule import (
    BUDGET_S,
    ECHO_PATIENCE_S,
    MOST_FAULTS,
    TYPING_PAUSE_S,
    TerminalSchedule,
)
from tests.unit.aether_desktop.apps.conftest import wait_until

pytestmark = [pytest.mark.usefixtures("qapp"), pytest.mark.feature("TT07")]


class Clock:
    """The schedule's time; it goes on where something is parsed, however slow the machine is."""

    now = 1000.0

    def monotonic(self) -> float:
        return self.now

    perf_counter = monotonic


def clock() -> Clock:
    """That of the test's schedule."""
    found = terminal_schedule.time
    assert isinstance(found, Clock)
    return found


class Source:
    """Something to parse that takes half a millisecond for each slice."""

    def __init__(self, log: list[str], name: str, slices: int) -> None:
        self.log, self.name, self.slices = log, name, slices
        self.settled: list[bool] = []

    def parse(self, seconds: float) -> bool:
        if not self.slices:
            return False
        self.slices -= 1
        self.log.append(self.name)
        clock().now += 0.0005
        return True

    def settle(self, *, waiting: bool) -> None:
        self.settled.append(waiting)


@pytest.fixture
def schedule(monkeypatch: pytest.MonkeyPatch) -> Iterator[TerminalSchedule]:
    monkeypatch.setattr(terminal_schedule, "time", Clock())
    parent = QObject()
    yield TerminalSchedule(parent)
    parent.deleteLater()


async def test_all_take_turns_and_are_settled_when_they_are_done(schedule: TerminalSchedule) -> None:
    log: list[str] = []
    sources = [Source(log, name, 40) for name in "abc"]
    for source in sources:
        schedule.add(source)
        schedule.add(source)
    await wait_until(lambda: not schedule.busy)
    assert log[:6] == ["a", "b", "c", "a", "b", "c"]
    assert len(log) == 120
    assert all(source.settled[-1] is False and True in source.settled for source in sources)


async def test_the_focused_one_gets_half_of_each_turn(schedule: TerminalSchedule) -> None:
    log: list[str] = []
    others = [Source(log, name, 60) for name in "abc"]
    focused = Source(log, "f", 60)
    for source in (*others, focused):
        schedule.add(source)
    schedule.focus(focused)
    await wait_until(lambda: not schedule.busy)
    assert log[0] == "f"
    last = max(at for at, name in enumerate(log) if name == "f")
    assert log[:last].count("f") > 1.5 * log[:last].count("a")
    assert BUDGET_S < 0.008, "a turn leaves the frame room for painting"


async def test_after_a_key_floods_rest_until_its_echo_comes(schedule: TerminalSchedule) -> None:
    log: list[str] = []
    flood, typed = Source(log, "flood", 10_000), Source(log, "typed", 0)
    schedule.add(flood)
    await wait_until(lambda: len(log) > 20)
    schedule.note_typing(typed)
    count = len(log)
    for _ in range(10):
        clock().now += ECHO_PATIENCE_S / 11
        QApplication.processEvents()
        await asyncio.sleep(0.002)
    assert len(log) == count
    clock().now += ECHO_PATIENCE_S / 5
    await wait_until(lambda: len(log) > count)
    schedule.note_typing(typed)
    typed.slices = 1
    schedule.add(typed)
    count = len(log)
    await wait_until(lambda: len(log) > count)
    assert log[count] == "typed"
    schedule.remove(flood)
    await wait_until(lambda: not schedule.busy)


class Broken(Source):
    """Something that cannot be parsed or shown."""

    def parse(self, seconds: float) -> bool:
        raise ValueError("broken")

    def settle(self, *, waiting: bool) -> None:
        raise ValueError("broken")


async def test_an_echo_is_shown_before_a_flood_goes_on(schedule: TerminalSchedule) -> None:
    log: list[str] = []
    flood, typed = Source(log, "x", 200), Source(log, "t", 0)
    schedule.add(flood)
    schedule.note_typing(typed)
    typed.slices = 1
    typed.settle = lambda *, waiting: log.append("shown")  # type: ignore[method-assign]  # says when
    schedule.add(typed)
    await wait_until(lambda: "shown" in log)
    at = log.index("shown")
    assert log[at - 1] == "t"
    await wait_until(lambda: "x" in log[at:])


async def test_a_program_that_answers_every_key_at_length_starves_nobody(schedule: TerminalSchedule) -> None:
    log: list[str] = []
    other, typed = Source(log, "x", 30), Source(log, "t", 10_000)
    typed.parse = lambda seconds: bool(log.append("t"))  # type: ignore[method-assign]  # always all that there is
    schedule.add(other)
    schedule.note_typing(typed)
    while "x" not in log:
        schedule.add(typed)
        before = log.count("t")
        await wait_until(lambda: log.count("t") > before or "x" in log)  # noqa: B023  # awaited at once
        assert log.count("t") < 10
    schedule.remove(other)


async def test_what_is_typed_does_not_slow_its_own_terminal(schedule: TerminalSchedule) -> None:
    log: list[str] = []
    typed, other = Source(log, "t", 100), Source(log, "x", 100)
    rests: dict[str, set[int]] = {"t": set(), "x": set()}
    for source in (typed, other):

        def parse(seconds: float, source: Source = source) -> bool:
            rests[source.name].add(schedule._timer.interval())
            return Source.parse(source, seconds)

        source.parse = parse  # type: ignore[method-assign]  # says how long the schedule rested before
    schedule.note_typing(typed)
    schedule.add(typed)
    await wait_until(lambda: not schedule.busy)
    assert rests["t"] == {0} and len(typed.settled) > 5
    schedule.add(other)
    await wait_until(lambda: not schedule.busy)
    assert round(TYPING_PAUSE_S * 1000) in rests["x"], "another's output waits for what is typed"


@pytest.mark.expects_records
async def test_one_broken_terminal_does_not_stop_the_others(schedule: TerminalSchedule, caplog: pytest.LogCaptureFixture) -> None:
    log: list[str] = []
    schedule.add(Broken(log, "broken", 1))
    schedule.add(Source(log, "whole", 3))
    await wait_until(lambda: log == ["whole"] * 3 and not schedule.busy)
    assert 2 <= caplog.text.count("could not be") <= 2 * MOST_FAULTS


class Stumbling(Source):
    """Something whose first piece cannot be parsed."""

    stumbled = False

    def parse(self, seconds: float) -> bool:
        if not self.stumbled:
            self.stumbled = True
            raise ValueError("broken")
        return super().parse(1)


@pytest.mark.expects_records
async def test_a_terminal_is_parsed_on_after_a_fault(schedule: TerminalSchedule) -> None:
    log: list[str] = []
    schedule.add(Stumbling(log, "on", 3))
    await wait_until(lambda: not schedule.busy)
    assert log == ["on"] * 3
