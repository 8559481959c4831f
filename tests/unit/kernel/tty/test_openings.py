"""Opening a terminal takes time; what others do meanwhile must not lose a shell."""

import asyncio

import pytest

from kernel.errors import LimitReachedError, UnavailableError
from kernel.tty import manager as manager_module
from kernel.tty.backend import DirectOutput, OnData, OnExit, Pty, ShellSpec
from kernel.tty.foreground import Foreground
from kernel.tty.manager import TtyEvent, TtyManager

SPEC = ShellSpec(("sh",), cwd="/")


class QuietPty:
    """A pty that does nothing; closing takes a while."""

    pid: int | None = None
    direct: DirectOutput | None = None

    def __init__(self) -> None:
        self.closed = 0

    def start_reading(self, on_data: OnData, on_exit: OnExit) -> None: ...

    def resume_reading(self) -> None: ...

    def write(self, data: bytes) -> None: ...

    def resize(self, columns: int, lines: int) -> None: ...

    def foreground(self) -> Foreground | None:
        return None

    async def close(self) -> None:
        await asyncio.sleep(0.01)
        self.closed += 1


class SlowBackend:
    """Opens once it may."""

    def __init__(self) -> None:
        self.may_go_on = asyncio.Event()
        self.made: list[QuietPty] = []
        self.error: Exception | None = None

    async def open(self, spec: ShellSpec) -> Pty:
        self.made.append(QuietPty())
        await self.may_go_on.wait()
        if self.error is not None:
            raise self.error
        return self.made[-1]


class Rig:
    def __init__(self) -> None:
        self.backend = SlowBackend()
        self.events: list[TtyEvent] = []
        self.manager = TtyManager(self.backend, lambda event, info: self.events.append(event))

    async def opening(self) -> "asyncio.Task[object]":
        """A terminal that is being opened."""
        task: asyncio.Task[object] = asyncio.get_running_loop().create_task(self.manager.open_shell(SPEC))
        await turns()
        assert self.backend.made
        return task


async def turns(count: int = 5) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


@pytest.fixture
async def rig() -> Rig:
    return Rig()


async def test_what_is_being_opened_counts_for_the_limit(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manager_module, "MAX_TERMINALS", 3)
    opening = [asyncio.get_running_loop().create_task(rig.manager.open_shell(SPEC)) for _ in range(8)]
    await turns()
    rig.backend.may_go_on.set()
    results = await asyncio.gather(*opening, return_exceptions=True)
    assert [type(result) for result in results[3:]] == [LimitReachedError] * 5
    assert (len(rig.manager.list()), len(rig.backend.made)) == (3, 3)
    await rig.manager.close(rig.manager.list()[0].tty_id)
    await rig.manager.open_shell(SPEC)
    with pytest.raises(LimitReachedError):
        await rig.manager.open_shell(SPEC)


async def test_what_could_not_be_opened_counts_no_more(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manager_module, "MAX_TERMINALS", 1)
    rig.backend.may_go_on.set()
    rig.backend.error = UnavailableError("no")
    for _ in range(2):
        with pytest.raises(UnavailableError, match="no"):
            await rig.manager.open_shell(SPEC)
    rig.backend.error = None
    await rig.manager.open_shell(SPEC)


async def test_closing_everything_waits_for_what_is_being_opened_and_closes_it(rig: Rig) -> None:
    opening = await rig.opening()
    closing = asyncio.get_running_loop().create_task(rig.manager.close_all())
    await turns()
    assert not closing.done()
    rig.backend.may_go_on.set()
    await asyncio.wait_for(closing, 5)
    assert rig.backend.made[0].closed == 1
    with pytest.raises(UnavailableError, match="ending"):
        await opening
    assert (rig.manager.list(), rig.events) == ((), [])
    with pytest.raises(UnavailableError, match="ending"):
        await rig.manager.open_shell(SPEC)
    with pytest.raises(UnavailableError, match="ending"):
        rig.manager.adopt(QuietPty(), owner_pid=1, title="")
    assert len(rig.backend.made) == 1


async def test_who_gives_up_gets_control_back_once_nothing_is_left(rig: Rig) -> None:
    opening = await rig.opening()
    opening.cancel()
    await turns()
    assert not opening.done()
    rig.backend.may_go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(opening, 5)
    assert (rig.manager.list(), rig.backend.made[0].closed, rig.events) == ((), 1, [])


async def test_who_gives_up_twice_does_not_wait_and_nothing_is_left_either(rig: Rig) -> None:
    opening = await rig.opening()
    for _ in range(2):
        opening.cancel()
        await turns()
    assert opening.cancelled()
    closing = asyncio.get_running_loop().create_task(rig.manager.close_all())
    await turns()
    assert not closing.done()
    rig.backend.may_go_on.set()
    await asyncio.wait_for(closing, 5)
    assert (rig.manager.list(), rig.backend.made[0].closed) == ((), 1)


@pytest.mark.parametrize("late", range(4))
async def test_giving_up_in_the_turn_in_which_it_is_opened_leaves_nothing(rig: Rig, late: int) -> None:
    opening = await rig.opening()
    rig.backend.may_go_on.set()
    await turns(late)
    was_done = opening.done()
    opening.cancel()
    await asyncio.wait([opening], timeout=5)
    assert opening.cancelled() == (not was_done)
    assert len(rig.manager.list()) == was_done
    assert rig.backend.made[0].closed == (not was_done)


@pytest.mark.parametrize("late", range(8))
async def test_giving_up_while_everything_closes_does_not_cut_the_closing_short(rig: Rig, late: int) -> None:
    opening = await rig.opening()
    closing = asyncio.get_running_loop().create_task(rig.manager.close_all())
    await turns()
    rig.backend.may_go_on.set()
    await turns(late)
    opening.cancel()
    await asyncio.wait_for(closing, 5)
    assert rig.backend.made[0].closed == 1
    await asyncio.wait([opening], timeout=5)
    assert (opening.cancelled(), rig.manager.list()) == (True, ())


async def test_an_opening_that_fails_after_its_caller_gave_up_has_nothing_to_close(rig: Rig) -> None:
    opening = await rig.opening()
    opening.cancel()
    await turns()
    rig.backend.error = UnavailableError("no")
    rig.backend.may_go_on.set()
    await asyncio.wait([opening], timeout=5)
    assert opening.cancelled()
    assert (rig.backend.made[0].closed, rig.events) == (0, [])


async def test_nothing_is_read_before_the_caller_has_it(rig: Rig) -> None:
    """So that whoever opens and subscribes at once misses nothing."""
    rig.backend.may_go_on.set()
    loop, seen = asyncio.get_running_loop(), list[str]()
    rig.manager = TtyManager(rig.backend, lambda event, info: loop.call_soon(seen.append, "a turn later"))
    await rig.manager.open_shell(SPEC)
    assert seen == []
    await turns(1)
    assert seen == ["a turn later"]
