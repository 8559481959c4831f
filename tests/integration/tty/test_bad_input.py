"""Programs that flood, print rubbish, die at once or refuse to die, on real terminals: the loop lives, memory is bounded, nothing is left.

What closing promises. A sandbox's shell: everything that it started goes, wherever it went. A shell of this machine: its session
and everything that descends from it while its parents live (other sessions made by setsid too), whatever signals they ignore. A
process that cut itself off before (double fork and setsid: a tmux server, a daemon) is the person's, as with any terminal, and
stays. When the application itself is killed, the system hangs its terminals up: shells go; who ignores that goes by the guardian or
the next start, which see only the session (`test_leftover_sessions`).
"""

import asyncio
import gc
import os
import signal
import subprocess
import sys
import time
import tracemalloc
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from kernel.sandbox.backend import ExecRequest
from kernel.tasks import Scope
from kernel.tty.backend import ShellSpec
from kernel.tty.channel import CHANNEL_BYTES
from kernel.tty.manager import TtyInfo, TtyManager
from kernel.tty.posix import AdoptedPty, PosixPtyBackend, session_members
from tests.integration.sandbox.conftest import make_backend
from tests.integration.sandbox.workbench import Workbench, is_alive

#: What one turn of the master's reading may put in above the limit.
ONE_READ = 320 << 10


@pytest.fixture
async def manager() -> AsyncIterator[TtyManager]:
    before = len(os.listdir("/proc/self/fd"))
    made = TtyManager(PosixPtyBackend())
    yield made
    await made.close_all()
    assert len(os.listdir("/proc/self/fd")) <= before


async def opened(manager: TtyManager, *argv: str) -> TtyInfo:
    return await manager.open_shell(ShellSpec(argv, cwd="/"))


async def until(condition: Callable[[], bool], timeout_s: float = 20) -> None:
    async with asyncio.timeout(timeout_s):
        while not condition():
            await asyncio.sleep(0.01)


async def parsed(manager: TtyManager, info: TtyInfo) -> None:
    """Until the program has ended and the kernel has parsed all of it."""
    await until(lambda: not manager.get(info.tty_id).running)
    lease = manager.lease(info.tty_id, lambda: None)
    while lease.parse(1 << 16):
        await asyncio.sleep(0)
    lease.release()


def screen_text(manager: TtyManager, info: TtyInfo) -> str:
    lease = manager.lease(info.tty_id, lambda: None)
    text = "\n".join(line.rstrip() for line in [*lease.terminal.history_text(), *lease.terminal.display])
    lease.release()
    return text.rstrip("\n")


class LongestTurn:
    """How long the loop was held at the most, in seconds."""

    def __init__(self) -> None:
        self.longest_s = 0.0
        self._last = time.monotonic()
        self._handle = asyncio.get_running_loop().call_soon(self._tick)

    def _tick(self) -> None:
        now = time.monotonic()
        self.longest_s = max(self.longest_s, now - self._last)
        self._last = now
        self._handle = asyncio.get_running_loop().call_later(0.001, self._tick)

    def stop(self) -> float:
        self._handle.cancel()
        return self.longest_s


@pytest.mark.parametrize("viewer", ["kernel", "absent owner", "slow reader"])
async def test_a_flood_is_held_up_where_nobody_takes_it(manager: TtyManager, viewer: str) -> None:
    info = await opened(manager, "/bin/sh", "-c", "exec yes 0123456789012345678901234567890123456789")
    lease = manager.lease(info.tty_id, lambda: None) if viewer == "absent owner" else None
    reader = manager.subscribe(info.tty_id, replay=False) if viewer == "slow reader" else None
    turns = LongestTurn()
    tracemalloc.start()
    written = -1
    if viewer == "kernel":
        await asyncio.sleep(1)
    else:
        assert info.host_pid is not None
        while written != (written := _written(info.host_pid)):
            await asyncio.sleep(0.2)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 40 << 20
    if lease is not None:
        assert 0 < lease.parse(1 << 20) <= CHANNEL_BYTES + ONE_READ
    if reader is not None:
        assert CHANNEL_BYTES <= reader.state.waiting_bytes <= CHANNEL_BYTES + ONE_READ
    assert turns.stop() < 0.5
    begun = time.monotonic()
    await manager.close(info.tty_id)
    assert time.monotonic() - begun < 5
    assert info.host_pid is not None
    assert session_members(info.host_pid) == ()


def _written(pid: int) -> int:
    for line in Path(f"/proc/{pid}/io").read_text().splitlines():
        if line.startswith("wchar:"):
            return int(line.split()[1])
    return 0


async def test_a_binary_file(manager: TtyManager) -> None:
    info = await opened(manager, "/bin/sh", "-c", "stty raw -echo; cat /bin/bash; printf '\\033c\\033[2J\\033[Hstill here'")
    await parsed(manager, info)
    assert screen_text(manager, info) == "still here"
    lease = manager.lease(info.tty_id, lambda: None)
    assert (lease.terminal.columns, lease.terminal.lines) == (info.columns, info.lines)


async def test_an_endless_osc_is_cut_and_text_shows_again(manager: TtyManager) -> None:
    script = "printf '\\033]0;'; yes aaaaaaaa | head -c 6000000 | tr -d '\\n'; printf '\\r\\nvisible'"
    info = await opened(manager, "/bin/sh", "-c", script)
    tracemalloc.start()
    await parsed(manager, info)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert screen_text(manager, info).endswith("visible")
    assert peak < 48 << 20


async def test_a_line_of_ten_megabytes(manager: TtyManager) -> None:
    info = await opened(manager, "/bin/sh", "-c", "yes abcdefghi | head -c 11000000 | tr -d '\\n'; printf '\\r\\nend'")
    turns = LongestTurn()
    await parsed(manager, info)
    lease = manager.lease(info.tty_id, lambda: None)
    assert len(lease.terminal.history) == 10_000
    assert lease.terminal.history[0].wrapped
    assert turns.stop() < 0.5
    lease.release()
    assert screen_text(manager, info).endswith("end")


async def test_resizes_during_output(manager: TtyManager) -> None:
    script = "for i in $(seq 300); do seq 300; printf '\\033[31m%0300d\\033[m\\r\\n' $i; done; stty size; echo end"
    info = await opened(manager, "/bin/sh", "-c", script)
    copy_owner = manager.view(info.tty_id, lambda: None)
    copy = manager.view(info.tty_id, lambda: None)
    sizes = [(1, 1), (1000, 500), (2, 3), (80, 24), (1, 500), (1000, 1)]
    for number in range(60):
        manager.resize(info.tty_id, *sizes[number % len(sizes)])
        for _ in range(5):
            copy_owner.parse(5000)
            copy.parse(7000)
        await asyncio.sleep(0.005)
    manager.resize(info.tty_id, 90, 20)
    async with asyncio.timeout(30):
        while manager.get(info.tty_id).running or not (copy_owner.ended and copy.ended):
            copy_owner.parse(1 << 16)
            copy.parse(1 << 16)
            await asyncio.sleep(0)
    for view in (copy_owner, copy):
        assert view.parse(1 << 16) == 0
    for screen in (copy_owner.terminal, copy.terminal):
        assert (screen.columns, screen.lines) == (90, 20)
        text = [line.rstrip() for line in [*screen.history_text(), *screen.display]]
        assert "end" in text
        assert len(screen.history) <= 10_000


async def test_a_child_that_dies_at_once_keeps_what_it_said(manager: TtyManager) -> None:
    infos = [await opened(manager, "/bin/sh", "-c", f"echo last words {number}; kill -9 $$") for number in range(20)]
    for number, info in enumerate(infos):
        await parsed(manager, info)
        assert screen_text(manager, info) == f"last words {number}"
        assert manager.get(info.tty_id).exit_code == 137
    missing = await opened(manager, "/bin/sh", "-c", "exec /no/such/program")
    await parsed(manager, missing)
    assert manager.get(missing.tty_id).exit_code == 127


STUBBORN = """
import os, signal, sys, time
for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
    signal.signal(number, signal.SIG_IGN)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(600)
    time.sleep(600)
if os.fork() == 0:
    os.setpgid(0, 0)
    time.sleep(600)
print('ready', flush=True)
time.sleep(600)
"""


async def test_who_ignores_every_signal_goes_with_the_terminal(manager: TtyManager) -> None:
    info = await opened(manager, sys.executable, "-c", STUBBORN)
    await until(lambda: "ready" in screen_text(manager, info) and len(session_members(info.host_pid or 0)) == 4)
    members = session_members(info.host_pid or 0)
    begun = time.monotonic()
    await manager.close(info.tty_id)
    assert time.monotonic() - begun < 3
    assert [pid for pid in members if is_alive(pid)] == []


async def test_nohup_and_setsid_below_a_living_shell_go_too(manager: TtyManager) -> None:
    script = "nohup sleep 611 >/dev/null 2>&1 & setsid -w sleep 612 & (setsid sleep 613 & wait) & echo rea''dy; wait"
    info = await opened(manager, "/bin/sh", "-c", script)
    await until(lambda: "ready" in screen_text(manager, info) and len(session_members(info.host_pid or 0)) >= 5)
    members = session_members(info.host_pid or 0)
    await manager.close(info.tty_id)
    assert [pid for pid in members if is_alive(pid)] == []


async def test_in_a_sandbox_everything_goes_wherever_it_went(tmp_path: Path) -> None:
    scope = Scope("bad input")
    backend = make_backend("groups", scope)
    await backend.probe()
    bench = Workbench(backend, tmp_path)
    manager = TtyManager(PosixPtyBackend())
    sandbox = bench.make()
    try:
        script = "trap '' HUP TERM; nohup setsid sleep 621 & (setsid sleep 622 &) & (setsid sh -c 'sleep 623 & exit' &); sleep 624"
        call = await sandbox.execute(ExecRequest(("/bin/sh", "-c", script), sandbox.home_path, pty=True))
        pty = AdoptedPty(call)
        info = manager.adopt(pty, owner_pid=7, title="shell")
        scope.spawn(pty.wait_exit(), name="exit")

        def sleeping() -> set[str]:
            found = set()
            for pid in sandbox.host_pids():
                try:
                    command = Path(f"/proc/{pid}/cmdline").read_bytes()
                except OSError:
                    continue
                found |= {number for number in ("621", "622", "623", "624") if command == f"sleep\0{number}\0".encode()}
            return found

        await until(lambda: sleeping() == {"621", "622", "623", "624"})
        await manager.close(info.tty_id)
        await until(lambda: sleeping() == set(), 5)
    finally:
        await manager.close_all()
        await bench.close()
        await backend.close()
        await scope.close()


async def test_five_hundred_terminals_leave_nothing(manager: TtyManager) -> None:
    for _ in range(3):
        info = await opened(manager, "/bin/true")
        await manager.close(info.tty_id)
    gc.collect()
    descriptors, children = _descriptors(), _children()
    for _ in range(50):
        infos = await asyncio.gather(*(opened(manager, "/bin/sh", "-c", "sleep 600") for _ in range(10)))
        await asyncio.gather(*(manager.close(info.tty_id) for info in infos))
    assert manager.list() == ()
    assert _descriptors() == descriptors
    assert _children() == children


def _descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def _children() -> set[str]:
    return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())


APPLICATION = """
import asyncio, sys
from kernel.tty.backend import ShellSpec
from kernel.tty.manager import TtyManager
from kernel.tty.posix import PosixPtyBackend

async def main():
    manager = TtyManager(PosixPtyBackend())
    for argv in ((), ("/bin/sh", "-c", "sleep 631"), ("/bin/sh", "-c", "exec cat")):
        info = await manager.open_shell(ShellSpec(argv, cwd="/"))
        print(info.host_pid, flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


async def test_kill_9_of_the_application_leaves_no_shell() -> None:
    """The masters close with the process, so the system hangs the terminals up."""
    application = subprocess.Popen([sys.executable, "-c", APPLICATION], stdout=subprocess.PIPE, text=True)
    assert application.stdout is not None
    pids = [int(await asyncio.to_thread(application.stdout.readline)) for _ in range(3)]
    await until(lambda: all(is_alive(pid) for pid in pids))
    members = [member for pid in pids for member in session_members(pid)]
    application.send_signal(signal.SIGKILL)
    await asyncio.to_thread(application.wait)
    application.stdout.close()
    await until(lambda: not [pid for pid in members if is_alive(pid)], 10)
