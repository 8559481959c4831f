"""A command that waits for room says so, once; one that is answered in time says nothing."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from kernel.cli import patience
from kernel.cli.patience import execute_patiently
from kernel.errors import NotFoundError
from kernel.protocol.base import Empty
from kernel.protocol.process import ProcessSignal
from kernel.protocol.system import KernelStatus

KILL = ProcessSignal(pid=1, signal="SIGKILL")


class Waiting:
    """A connection whose answer comes when `room` is set. reason: why the kernel cannot save."""

    def __init__(self, reason: str, *, owns_kernel: bool = False) -> None:
        self.owns_kernel = owns_kernel
        self.reason = reason
        self.room = asyncio.Event()
        self.asked = 0

    async def execute(self, command: Any) -> Any:
        if isinstance(command, KernelStatus):
            self.asked += 1
            if self.asked == 3:
                self.room.set()
            return SimpleNamespace(cannot_save=self.reason)
        await self.room.wait()
        return Empty()


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "PATIENCE_S", 0.01)


@pytest.mark.parametrize("owns_kernel", [False, True])
async def test_what_it_waits_for_is_said_once(owns_kernel: bool, capsys: pytest.CaptureFixture[str]) -> None:
    connection: Any = Waiting("The disk is full. Free some space.", owns_kernel=owns_kernel)
    asking = asyncio.get_running_loop().create_task(execute_patiently(connection, KILL, "It is ended all the same."))
    async with asyncio.timeout(5):
        while not connection.asked:
            await asyncio.sleep(0.005)
    await asyncio.sleep(0.1)
    assert connection.asked == 1
    connection.room.set()
    assert await asking == Empty()
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("The disk is full. Free some space.") == 1
    assert "It is ended all the same." in said.err
    assert ("Ctrl+C" in said.err) is not owns_kernel


async def test_a_wait_for_something_else_is_not_blamed_on_the_disk(capsys: pytest.CaptureFixture[str]) -> None:
    connection: Any = Waiting("")
    assert await execute_patiently(connection, KILL, "x") == Empty()
    assert connection.asked == 3
    assert capsys.readouterr().err == ""


async def test_a_refusal_is_raised() -> None:
    class Refusing(Waiting):
        async def execute(self, command: Any) -> Any:
            raise NotFoundError("There is no process 1.")

    connection: Any = Refusing("")
    with pytest.raises(NotFoundError):
        await execute_patiently(connection, KILL, "x")
