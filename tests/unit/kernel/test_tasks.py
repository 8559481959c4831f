"""Everything started has an owner that ends it."""

import asyncio
import time

import pytest

from kernel.tasks import Scope, StallMonitor


async def test_closing_ends_tasks_and_child_scopes() -> None:
    scope = Scope("outer")
    ended: list[str] = []

    async def work(name: str) -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(name)

    scope.spawn(work("own"), name="own")
    scope.child("inner").spawn(work("child"), name="child")
    await asyncio.sleep(0)
    assert scope.statistics() == {"tasks": 1, "children": 1}
    await scope.close()
    assert ended == ["child", "own"]
    assert scope.statistics() == {"tasks": 0, "children": 0}
    with pytest.raises(RuntimeError, match="outer is closed"):
        scope.spawn(work("late"), name="late")


async def test_an_error_is_told_once_and_touches_nobody_else() -> None:
    told: list[tuple[str, BaseException]] = []
    scope = Scope("s", on_error=lambda name, error: told.append((name, error)))

    async def fail() -> None:
        raise ValueError("no")

    sleeper = scope.spawn(asyncio.sleep(60), name="sleeper")
    scope.spawn(fail(), name="bad")
    await asyncio.sleep(0.01)
    assert [(name, str(error)) for name, error in told] == [("s/bad", "no")]
    assert not sleeper.done()
    await scope.close()
    assert len(told) == 1


@pytest.mark.expects_records
async def test_what_does_not_end_is_named_and_not_waited_for() -> None:
    scope = Scope("s")

    async def stubborn() -> None:
        for _ in range(2):
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                continue

    task = scope.spawn(stubborn(), name="stubborn")
    await asyncio.sleep(0)
    await asyncio.wait_for(scope.close(timeout_s=0.05), 2)
    task.cancel()
    await asyncio.wait((task,))


async def test_a_task_may_close_its_own_scope() -> None:
    scope = Scope("s")

    async def suicide() -> None:
        await scope.close()

    await asyncio.wait_for(scope.spawn(suicide(), name="x"), 2)


async def test_a_turn_that_holds_the_loop_is_reported() -> None:
    found: list[float] = []
    monitor = StallMonitor(found.append, limit_s=0.05)
    monitor.start()
    await asyncio.sleep(0.3)
    time.sleep(0.2)
    await asyncio.sleep(0.3)
    monitor.stop()
    assert [seconds for seconds in found if 0.05 < seconds < 1]
