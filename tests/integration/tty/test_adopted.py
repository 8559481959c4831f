"""A sandbox's terminal handed over to the manager: shell of an agent, its end, its resize."""

import asyncio
import os
from pathlib import Path

from kernel.sandbox.backend import ExecRequest
from kernel.tasks import Scope
from kernel.tty.manager import TtyEvent, TtyInfo, TtyManager
from kernel.tty.posix import AdoptedPty, PosixPtyBackend
from tests.integration.sandbox.conftest import make_backend
from tests.integration.sandbox.workbench import Workbench, is_alive, run
from tests.integration.tty.test_host_shell import read_until


async def test_an_agents_shell(tmp_path: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    scope = Scope("adopted")
    backend = make_backend("groups", scope)
    await backend.probe()
    bench = Workbench(backend, tmp_path)
    events: list[tuple[TtyEvent, TtyInfo]] = []
    manager = TtyManager(PosixPtyBackend(), lambda event, info: events.append((event, info)))
    sandbox = bench.make()
    try:
        shell = ("bash", "--norc", "--noprofile", "-i")
        call = await sandbox.execute(ExecRequest(shell, sandbox.home_path, pty=True, columns=100, lines=40))
        pty = AdoptedPty(call)
        info = manager.adopt(pty, owner_pid=7, title="shell", columns=100, lines=40)
        watching = scope.spawn(pty.wait_exit(), name="exit")
        channel = manager.subscribe(info.tty_id)
        manager.input(info.tty_id, b"tty; whoami; stty size\n")
        assert b"agent_7" in await read_until(channel, b"40 100")
        manager.resize(info.tty_id, 90, 20)
        manager.input(info.tty_id, b"stty size; sleep 300\n")
        await read_until(channel, b"20 90")
        await asyncio.sleep(0.1)
        manager.input(info.tty_id, b"\x03")
        manager.input(info.tty_id, b"sleep 301 & exit 9\n")
        rest = b"".join([piece async for piece in channel])
        assert b"exit" in rest
        await watching
        assert events[-1][0] is TtyEvent.EXITED
        assert events[-1][1].exit_code == 9
        await manager.close(info.tty_id)
        assert "sleep" not in (await run(sandbox, "sh", "-c", "cat /proc/[0-9]*/comm")).output
    finally:
        await manager.close_all()
        await bench.close()
        await backend.close()
        await scope.close()
    assert len(os.listdir("/proc/self/fd")) <= before + 1


async def test_killing_the_sandbox_ends_its_terminals(tmp_path: Path) -> None:
    scope = Scope("adopted")
    backend = make_backend("groups", scope)
    await backend.probe()
    bench = Workbench(backend, tmp_path)
    manager = TtyManager(PosixPtyBackend())
    sandbox = bench.make()
    call = await sandbox.execute(ExecRequest(("cat",), sandbox.home_path, pty=True))
    pty = AdoptedPty(call)
    info = manager.adopt(pty, owner_pid=7, title="cat")
    watching = scope.spawn(pty.wait_exit(), name="exit")
    pids = sandbox.host_pids()
    await sandbox.kill()
    await watching
    assert manager.get(info.tty_id).exit_code == 137
    await manager.close_all()
    assert [pid for pid in pids if is_alive(pid)] == []
    await backend.close()
    await scope.close()
