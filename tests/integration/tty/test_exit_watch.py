"""How a shell's end is noticed with and without the system's help."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from kernel.tty import exit_watch
from kernel.tty.backend import ShellSpec
from kernel.tty.exit_watch import watch_exit
from kernel.tty.manager import TtyManager
from kernel.tty.posix import PosixPtyBackend, session_members


@pytest.fixture(params=["pidfd", "nothing"])
def helped_by(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "nothing":
        monkeypatch.delattr(os, "pidfd_open")
    return str(request.param)


@pytest.fixture
async def manager() -> AsyncIterator[TtyManager]:
    made = TtyManager(PosixPtyBackend())
    yield made
    await made.close_all()


class FakeKqueue:
    """As much of the BSDs' `select` as is used, over a pipe that a test writes to."""

    KQ_NOTE_EXIT, KQ_FILTER_PROC, KQ_EV_ADD, KQ_EV_ONESHOT = 0x80000000, -5, 1, 16

    def __init__(self) -> None:
        self.source, self.sink = os.pipe()
        self.wishes: list[tuple[int, int, int, int]] = []
        self.status = 0
        self.closed = False

    def kqueue(self) -> "FakeKqueue":
        return self

    def kevent(self, *wish: int) -> tuple[int, ...]:
        return wish

    def control(self, wishes: list[Any], most: int, _timeout_s: float) -> list[Any]:
        self.wishes += wishes
        return [type("Event", (), {"data": self.status})] if most and os.read(self.source, 1) else []

    def fileno(self) -> int:
        return self.source

    def close(self) -> None:
        self.closed = True
        os.close(self.source)

    def end(self, status: int) -> None:
        """The child ends so, in the form that wait(2) has."""
        self.status = status
        os.write(self.sink, b"x")


@pytest.mark.parametrize(("command", "expected"), [("exit 5", 5), ("kill -9 $$", -9)])
async def test_an_end_is_told_once_and_the_child_stays_unreaped(helped_by: str, command: str, expected: int) -> None:
    before = len(os.listdir("/proc/self/fd"))
    told: asyncio.Queue[int] = asyncio.Queue()
    child = subprocess.Popen(["/bin/sh", "-c", f"sleep 0.2; {command}"])
    stop = watch_exit(child.pid, told.put_nowait)
    async with asyncio.timeout(10):
        assert await told.get() == expected
    assert os.path.exists(f"/proc/{child.pid}/stat"), "not reaped"
    await asyncio.sleep(2 * exit_watch.POLL_S)
    stop()
    assert told.empty() and len(os.listdir("/proc/self/fd")) == before
    assert child.wait() == expected


async def test_after_stopping_nothing_is_told_and_nothing_left(helped_by: str) -> None:
    before = len(os.listdir("/proc/self/fd"))
    told: list[int] = []
    child = subprocess.Popen(["/bin/sh", "-c", "exec sleep 300"])
    stop = watch_exit(child.pid, told.append)
    stop()
    stop()
    child.send_signal(signal.SIGKILL)
    child.wait()
    await asyncio.sleep(2 * exit_watch.POLL_S)
    assert told == [] and len(os.listdir("/proc/self/fd")) == before


async def test_shells_hold_no_thread_and_their_background_jobs_go_with_them(helped_by: str, manager: TtyManager) -> None:
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(max_workers=1))
    shells = [await manager.open_shell(ShellSpec(("/bin/sh", "-c", "trap '' HUP; sleep 300 & read line; exit 5"))) for _ in range(3)]
    async with asyncio.timeout(5):
        await asyncio.to_thread(int)
    manager.input(shells[0].tty_id, b"\n")
    async with asyncio.timeout(10):
        while manager.get(shells[0].tty_id).running:
            await asyncio.sleep(0.02)
    assert manager.get(shells[0].tty_id).exit_code == 5
    assert shells[0].host_pid is not None and len(session_members(shells[0].host_pid)) == 1
    async with asyncio.timeout(20):
        await manager.close_all()
    assert not any(session_members(shell.host_pid) for shell in shells if shell.host_pid is not None)


@pytest.mark.parametrize(("status", "expected"), [(5 << 8, 5), (9, -9)])
async def test_a_kqueue_tells_the_status_itself(monkeypatch: pytest.MonkeyPatch, status: int, expected: int) -> None:
    queue = FakeKqueue()
    monkeypatch.delattr(os, "pidfd_open")
    monkeypatch.setattr(exit_watch, "select", queue)
    monkeypatch.setattr(sys, "platform", "darwin")
    told: asyncio.Queue[int] = asyncio.Queue()
    watch_exit(1234, told.put_nowait)
    monkeypatch.undo()
    assert queue.wishes == [(1234, -5, 17, 0x84000000)]
    queue.end(status)
    async with asyncio.timeout(5):
        assert await told.get() == expected
    os.close(queue.sink)
    assert queue.closed
