"""Desktops without a sandbox: when they are started, started again, and given up."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from kernel.errors import UnavailableError
from kernel.tasks import Scope
from kernel.vnc.manager import MOST_STARTS, TOO_OFTEN, WITHIN_S, Absence, Desktops
from tests.fakes.clock import ManualClock


@dataclass(frozen=True, slots=True)
class Ended:
    code: int = 0
    quota_exceeded: bool = False
    oom_killed: bool = False


class FakeProgram:
    """Says what it is told to say; ends when it is told to."""

    def __init__(self, *says: bytes) -> None:
        self._says = list(says)
        self._over = asyncio.Event()
        self._status = Ended()
        self.closed = False

    async def read(self, limit: int = 65536) -> bytes:
        if self._says:
            return self._says.pop(0)
        await self._over.wait()
        return b""

    async def wait(self) -> Ended:
        await self._over.wait()
        return self._status

    async def kill(self) -> None:
        self.end(Ended(137))

    def end(self, status: Ended = Ended(1)) -> None:
        self._status = status
        self._over.set()

    def close(self) -> None:
        self.closed = True


class FakePlace:
    """Runs fakes. refuses: why nothing can be run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.paused = False
        self.generation: object = 1
        self.refuses = ""
        self.says: tuple[bytes, ...] = (b"noise\n9", b"9\n")
        self.servers: list[FakeProgram] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def passage(self) -> None:
        await self.gate.wait()

    async def run(self, command: tuple[str, ...]) -> FakeProgram:
        await self.gate.wait()
        if self.refuses:
            raise UnavailableError(self.refuses)
        if "Xtigervnc" not in command:
            return FakeProgram(b"99\n")
        self.servers.append(FakeProgram(*self.says))
        return self.servers[-1]


class World:
    """Desktops with a clock, and what people were told."""

    def __init__(self, folder: Path) -> None:
        self.clock = ManualClock()
        self.told: list[str] = []
        self.absence: Absence | None = None
        self.place = FakePlace(folder)
        self.desktops = Desktops(
            self.clock, Scope("desktops"), lambda: "1280x800", self._tell, lambda pid: self.absence, lambda name: f"/usr/bin/{name}"
        )

    async def _tell(self, pid: int, message: str, hint: str) -> None:
        self.told.append(f"{pid}: {message}")

    async def has_told(self, count: int) -> None:
        async with asyncio.timeout(5):
            while len(self.told) < count:
                await asyncio.sleep(0)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    made = World(tmp_path)
    yield made
    for server in made.place.servers:
        server.end()
    await made.desktops.close()


async def test_it_is_started_with_the_agent_and_waited_for(world: World) -> None:
    world.desktops.open(7, world.place)
    await world.desktops.ready(7)
    assert len(world.place.servers) == 1
    await world.desktops.ready(7)
    assert len(world.place.servers) == 1 and world.told == []


async def test_one_that_ended_is_told_of_and_started_at_the_next_command_but_not_for_ever(world: World) -> None:
    world.desktops.open(7, world.place)
    for count in range(1, MOST_STARTS + 1):
        await world.desktops.ready(7)
        world.place.servers[-1].end(Ended(128 + 9))
        await world.has_told(count)
    await world.desktops.ready(7)
    assert len(world.place.servers) == MOST_STARTS
    assert "signal 9" in world.told[0]
    viewer = world.desktops.view(7, lambda: None)
    async with asyncio.timeout(5):
        while not viewer.problem:
            await asyncio.sleep(0)
    assert viewer.problem.count(TOO_OFTEN) == 1
    await world.clock.advance(WITHIN_S + 1)
    await world.desktops.ready(7)
    assert len(world.place.servers) == MOST_STARTS + 1
    viewer.close()


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (Ended(1, quota_exceeded=True), "disk quota"),
        (Ended(137, oom_killed=True), "memory"),
        (Ended(3), "(noise)"),
        (Ended(0), "as it was told to"),
    ],
)
async def test_why_it_ended_is_said(world: World, status: Ended, words: str) -> None:
    world.desktops.open(7, world.place)
    await world.desktops.ready(7)
    world.place.servers[0].end(status)
    await world.has_told(1)
    assert words in world.told[0]


async def test_what_keeps_it_from_starting_is_said_once(world: World) -> None:
    """However often it is tried; another reason is said, and the same one after it had been up."""
    for count, reason in ((1, "Nothing runs here."), (1, "Nothing runs here."), (2, "There is no room.")):
        world.place.refuses = reason
        world.desktops.open(7, world.place)
        await world.desktops.ready(7)
        await world.has_told(count)
        assert len(world.told) == count
    assert world.told[0] == "7: Its graphical desktop could not be started: Nothing runs here."
    world.place.refuses = ""
    world.desktops.open(7, world.place)
    await world.desktops.ready(7)
    assert len(world.place.servers) == 1
    for count in (3, 4):
        world.place.servers[-1].end(Ended(128 + 9))
        await world.has_told(count)
        await world.desktops.ready(7)


async def test_a_server_that_ends_before_it_is_up_says_why(world: World) -> None:
    world.place.says = (b"_XSERVTransmkdir: x\nCannot bind.\n",)
    world.desktops.open(7, world.place)
    async with asyncio.timeout(5):
        while not world.place.servers:
            await asyncio.sleep(0)
    world.place.servers[0].end()
    await world.has_told(1)
    assert world.told == ["7: Its graphical desktop could not be started: Cannot bind."]


async def test_with_its_place_it_begins_anew_and_nobody_is_told(world: World) -> None:
    world.desktops.open(7, world.place)
    for generation in range(2, 2 * MOST_STARTS + 2):
        await world.desktops.ready(7)
        world.place.generation = generation
        world.place.servers[-1].end(Ended(137))
        world.desktops.renew(7)
        async with asyncio.timeout(5):
            while len(world.place.servers) < generation:
                await asyncio.sleep(0)
    assert world.told == []


async def test_a_place_that_was_lost_is_no_news_of_the_desktop(world: World) -> None:
    world.desktops.open(7, world.place)
    await world.desktops.ready(7)
    world.place.generation = None
    world.place.servers[0].end(Ended(137))
    for _ in range(20):
        await asyncio.sleep(0)
    assert world.told == [] and len(world.place.servers) == 1
    await world.desktops.ready(7)
    assert len(world.place.servers) == 2


async def test_an_agent_that_is_left_while_its_desktop_starts_gets_none(world: World) -> None:
    world.place.gate.clear()
    world.desktops.open(7, world.place)
    viewer = world.desktops.view(7, lambda: None)
    await asyncio.sleep(0)
    await world.desktops.leave(7)
    await world.desktops.leave(7)
    world.place.gate.set()
    await world.desktops.ready(7)
    assert world.place.servers == [] and world.told == []
    world.desktops.forget(7)
    assert viewer.ended and viewer.problem


async def test_why_there_is_none_is_told_to_who_looks(world: World) -> None:
    world.absence = Absence("It has none.", ended=True)
    viewer = world.desktops.view(7, lambda: None)
    assert (viewer.problem, viewer.ended) == ("It has none.", True)
    world.absence = Absence("Not now.", ended=False)
    later = world.desktops.view(7, lambda: None)
    async with asyncio.timeout(5):
        while not later.problem:
            await asyncio.sleep(0)
    assert (later.problem, later.ended) == ("Not now.", False)
    await world.desktops.close()
    assert later.closed


async def test_who_looks_is_told_why_it_could_not_be_started_again(world: World) -> None:
    world.desktops.open(7, world.place)
    await world.desktops.ready(7)
    viewer = world.desktops.view(7, lambda: None)
    async with asyncio.timeout(5):
        while not viewer.problem:
            await asyncio.sleep(0)
    assert "socket is not there" in viewer.problem
    world.place.refuses = "Nothing runs here."
    world.place.servers[0].end()
    async with asyncio.timeout(5):
        while "Nothing runs here." not in viewer.problem:
            await asyncio.sleep(0)
    viewer.close()
