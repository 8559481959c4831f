"""A joined instance that stands still is not waited for; one that is only slow is."""

import asyncio
import gc
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kernel.cli import connection as module
from kernel.cli.connection import connect
from kernel.errors import AetherError, InvalidArgumentError, NotFoundError, UnavailableError
from kernel.gateway.instance import InstanceLock
from kernel.paths import Paths
from kernel.protocol.base import Empty
from kernel.protocol.process import ProcessApprove, ProcessInfoGet, ProcessSend

SEND = ProcessSend(pid=1, text="hello", mode="steer")
Answer = Callable[[str, dict[str, Any]], Awaitable[dict[str, Any] | None]]


@asynccontextmanager
async def instance(root: Path, answer: Answer) -> AsyncIterator[None]:
    """Who holds the root's lock and serves its socket. answer: by what is asked; None stays silent."""
    paths = Paths(root)
    paths.create()
    lock = InstanceLock(paths.runtime / "lock")
    assert lock.acquire()
    tasks: set[asyncio.Task[None]] = set()

    async def reply(line: bytes, writer: asyncio.StreamWriter) -> None:
        asked = msgspec.json.decode(line)
        said = await answer(asked["type"], asked)
        if said is not None:
            writer.write(msgspec.json.encode({"id": asked.get("id", ""), **said}) + b"\n")

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            task = asyncio.ensure_future(reply(line, writer))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        writer.close()

    server = await asyncio.start_unix_server(serve, str(module.control_socket(paths.runtime)))
    try:
        yield
    finally:
        server.close()
        for task in tuple(tasks):
            task.cancel()
        lock.release()


OK: dict[str, Any] = {"type": "response.ok", "data": {}}


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LIFE_S", 0.1)


async def test_one_that_stands_still_when_it_is_joined(tmp_path: Path) -> None:
    async def silent(kind: str, asked: dict[str, Any]) -> None:
        return None

    async with asyncio.timeout(5), instance(tmp_path, silent):
        with pytest.raises(UnavailableError, match="does not answer"):
            async with connect(tmp_path):
                raise AssertionError("it was not joined")


@pytest.mark.parametrize("command", [SEND, ProcessApprove(pid=1, approval_id="a")])
async def test_one_that_is_stopped_while_it_is_asked(tmp_path: Path, command: Any) -> None:
    stopped = asyncio.Event()

    async def answer(kind: str, asked: dict[str, Any]) -> dict[str, Any] | None:
        return None if stopped.is_set() or kind != "kernel.status" else OK

    async with asyncio.timeout(5), instance(tmp_path, answer), connect(tmp_path) as connection:
        stopped.set()
        with pytest.raises(UnavailableError, match="does not answer"):
            await connection.execute(command)
        with pytest.raises(UnavailableError, match="does not answer"):
            async with connection.events():
                raise AssertionError("it did not greet")


async def test_one_that_lives_may_take_as_long_as_it_needs(tmp_path: Path) -> None:
    """As where a record waits for room on the disk."""
    asked_for_life = 0
    room = asyncio.Event()

    async def answer(kind: str, asked: dict[str, Any]) -> dict[str, Any]:
        nonlocal asked_for_life
        if kind == "kernel.status":
            asked_for_life += 1
            if asked_for_life == 4:
                room.set()
        else:
            await room.wait()
        return OK

    async with asyncio.timeout(5), instance(tmp_path, answer), connect(tmp_path) as connection:
        assert await connection.execute(SEND) == Empty()
    assert asked_for_life == 4


LEAVING: dict[str, Any] = {"type": "response.error", "error": "Aether is ending.", "code": "unavailable", "hint": ""}


async def test_one_that_is_just_ending_is_no_reason_to_give_up(tmp_path: Path) -> None:
    """As the kernel of another short command; the next one is joined, or made."""
    answers = [LEAVING, LEAVING, OK, OK]

    async def answer(kind: str, asked: dict[str, Any]) -> dict[str, Any]:
        return answers.pop(0)

    async with asyncio.timeout(5), instance(tmp_path, answer), connect(tmp_path) as connection:
        assert await connection.execute(SEND) == Empty()
    assert not answers


GONE: dict[str, Any] = {"type": "response.error", "error": "Aether is ending.", "code": "leaving", "hint": ""}


@asynccontextmanager
async def changing(root: Path, first: Answer, second: Answer) -> AsyncIterator[asyncio.Event]:
    """An instance, and a second one in its place as soon as the event is set."""
    ended = asyncio.Event()

    async def follow() -> None:
        async with instance(root, first):
            await ended.wait()
        async with instance(root, second):
            await asyncio.Event().wait()

    task = asyncio.ensure_future(follow())
    await asyncio.sleep(0)
    try:
        yield ended
    finally:
        task.cancel()
        await asyncio.wait((task,))


async def test_what_one_had_not_begun_is_asked_of_the_next(tmp_path: Path) -> None:
    asked: list[str] = []

    async def refuse(kind: str, line: dict[str, Any]) -> dict[str, Any]:
        if kind == "kernel.status":
            return OK
        ended.set()
        return GONE

    async def answer(kind: str, line: dict[str, Any]) -> dict[str, Any]:
        asked.append(kind)
        return OK

    async with asyncio.timeout(5), changing(tmp_path, refuse, answer) as ended, connect(tmp_path) as connection:
        assert await connection.execute(SEND) == Empty()
        assert await connection.execute(SEND) == Empty()
    assert asked == ["kernel.status", "process.send", "process.send"]


async def test_a_farewell_says_that_nothing_more_is_begun(tmp_path: Path) -> None:
    """It has no command's id, and concerns what was not answered before it and what would be asked after it."""

    async def leave(kind: str, line: dict[str, Any]) -> dict[str, Any]:
        if kind == "kernel.status":
            return OK
        ended.set()
        return {**GONE, "id": ""}

    async def answer(kind: str, line: dict[str, Any]) -> dict[str, Any]:
        return OK

    async with asyncio.timeout(5), changing(tmp_path, leave, answer) as ended, connect(tmp_path) as connection:
        assert await connection.execute(SEND) == Empty()


@pytest.mark.parametrize("said", [None, LEAVING])
async def test_what_may_have_been_begun_is_not_asked_again(tmp_path: Path, said: dict[str, Any] | None) -> None:
    """Its instance went without a word to it, or says that it broke it off."""
    asked: list[str] = []

    async def go(kind: str, line: dict[str, Any]) -> dict[str, Any] | None:
        if kind == "kernel.status" and "process.send" not in asked:
            return OK
        asked.append(kind)
        return said

    async def answer(kind: str, line: dict[str, Any]) -> dict[str, Any]:
        asked.append(kind)
        return OK

    async with asyncio.timeout(5), changing(tmp_path, go, answer), connect(tmp_path) as connection:
        with pytest.raises(AetherError, match="is ending" if said else "does not answer"):
            await connection.execute(SEND)
    assert asked.count("process.send") == 1


async def test_one_that_goes_on_refusing_is_quoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def answer(kind: str, asked: dict[str, Any]) -> dict[str, Any]:
        return LEAVING

    monkeypatch.setattr(module, "CONNECT_RETRIES", 3)
    async with asyncio.timeout(5), instance(tmp_path, answer):
        with pytest.raises(AetherError, match="Aether is ending"):
            async with connect(tmp_path):
                raise AssertionError("it was not joined")


async def test_an_answer_of_another_version_is_a_sentence(tmp_path: Path) -> None:
    async def answer(kind: str, asked: dict[str, Any]) -> dict[str, Any]:
        return OK

    async with asyncio.timeout(5), instance(tmp_path, answer), connect(tmp_path) as connection:
        with pytest.raises(UnavailableError, match=r"another version.*missing required field"):
            await connection.execute(ProcessInfoGet(pid=1))


async def test_what_cannot_be_sent_leaves_nothing_behind(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def answer(kind: str, asked: dict[str, Any]) -> dict[str, Any]:
        return OK

    with caplog.at_level(logging.ERROR, "asyncio"):
        async with asyncio.timeout(5), instance(tmp_path, answer), connect(tmp_path) as connection:
            with pytest.raises(InvalidArgumentError, match="cannot be sent"):
                await connection.execute(ProcessSend(pid=1, text="bad \udcff", mode="steer"))
            assert not getattr(getattr(connection, "_now"), "_waiting")  # noqa: B009  # of the one that was joined
        gc.collect()
    assert "never retrieved" not in caplog.text


async def test_that_something_is_not_there_keeps_its_kind(tmp_path: Path) -> None:
    async def answer(kind: str, asked: dict[str, Any]) -> dict[str, Any]:
        if kind == "kernel.status":
            return OK
        return {"type": "response.error", "error": "There is no process 1.", "code": "not_found", "hint": ""}

    async with asyncio.timeout(5), instance(tmp_path, answer), connect(tmp_path) as connection:
        with pytest.raises(NotFoundError):
            await connection.execute(SEND)
