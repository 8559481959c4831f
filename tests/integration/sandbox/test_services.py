"""What belongs to a sandbox itself, such as the server of a desktop: in nobody's way, bounded, frozen and ended with the rest."""

import asyncio
import contextlib
import socket
from pathlib import Path

import pytest

from kernel.errors import ConflictError
from kernel.sandbox import supervised
from kernel.sandbox.backend import ExecRequest, Mount
from kernel.sandbox.supervised import SupervisedSandbox
from kernel.vnc.display import SOCKET_NAME, programs
from kernel.vnc.manager import find_program
from tests.integration.sandbox.workbench import Workbench, is_alive, run


async def serve(sandbox: SupervisedSandbox, *argv: str) -> supervised.Call:
    return await sandbox.execute(ExecRequest(argv or ("sleep", "300"), sandbox.home_path, service=True))


async def desktop(sandbox: SupervisedSandbox) -> supervised.Call:
    """The server of a desktop, once it is up."""
    server = await serve(sandbox, *programs("640x480", find_program).server)
    said = b""
    async with asyncio.timeout(20):
        while b"99\n" not in said:
            said += await server.read()
    return server


async def test_mounts_are_changed_with_a_service_running_which_ends(bench: Workbench, tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    sandbox = bench.make()
    service = await serve(sandbox)
    pids = sandbox.host_pids()
    mounts = (Mount(str(tmp_path / "more"), "/mnt/more", False),)
    running = await sandbox.execute(ExecRequest(("sleep", "300"), sandbox.home_path))
    with pytest.raises(ConflictError, match="is running"):
        await sandbox.set_mounts(mounts)
    await running.kill()
    await sandbox.set_mounts(mounts)
    assert (await service.wait()).code == 137
    assert [pid for pid in pids if is_alive(pid)] == []
    assert (await run(sandbox, "ls", "/mnt")).output == "more\n"


async def test_services_count_for_no_limit_of_commands(confined: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervised, "MAX_LIVE_CALLS", 1)
    sandbox = confined.make()
    for _ in range(3):
        await serve(sandbox)
    await sandbox.execute(ExecRequest(("sleep", "300"), sandbox.home_path))
    with pytest.raises(ConflictError, match="1 commands"):
        await sandbox.execute(ExecRequest(("true",), sandbox.home_path))
    await serve(sandbox)


async def test_an_end_does_not_wait_for_a_service_that_stays(bench: Workbench) -> None:
    sandbox = bench.make()
    service = await serve(sandbox, "sh", "-c", "trap '' TERM; sleep 300; :")
    pids = sandbox.host_pids()
    async with asyncio.timeout(10):
        await sandbox.terminate(grace_s=60)
    assert [pid for pid in pids if is_alive(pid)] == []
    assert (await service.wait()).code == 137


async def test_the_quota_ends_the_command_that_breaks_it_and_then_what_else_takes_more(bench: Workbench) -> None:
    sandbox = bench.make()
    service = await serve(sandbox)
    done = await run(sandbox, "sh", "-c", "for n in 1 2 3 4 5; do head -c 30000000 /dev/zero > $n; done; sleep 60", deadline_s=40)
    assert done.status.quota_exceeded
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(1):
            await service.wait()
    assert not service.exited
    script = "sleep 1; for n in 1 2 3 4 5; do head -c 30000000 /dev/zero > $n; done; sleep 60"
    filler = await serve(bench.make(8), "sh", "-c", script)
    async with asyncio.timeout(30):
        assert (await filler.wait()).quota_exceeded


@pytest.mark.feature("VN01")
async def test_a_desktop_stands_still_with_the_agent(bench: Workbench) -> None:
    sandbox = bench.make()
    await desktop(sandbox)
    loop = asyncio.get_running_loop()
    await sandbox.freeze()
    with socket.socket(socket.AF_UNIX) as client:
        client.setblocking(False)
        client.connect(f"{sandbox.spec.tmp}/{SOCKET_NAME}")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await loop.sock_recv(client, 12)
        await sandbox.thaw()
        async with asyncio.timeout(5):
            assert await loop.sock_recv(client, 12) == b"RFB 003.008\n"


@pytest.mark.feature("VN01")
async def test_a_desktop_starts_where_one_was_killed_before(bench: Workbench) -> None:
    """What that one left in /tmp, or another program that was killed (a lock with a number that lives here), is in nobody's way."""
    sandbox = bench.make()
    await (await desktop(sandbox)).kill()
    Path(sandbox.spec.tmp, ".X99-lock").write_text("         2\n")
    await (await desktop(sandbox)).kill()
    Path(sandbox.spec.tmp, SOCKET_NAME).unlink()
    Path(sandbox.spec.tmp, SOCKET_NAME, "in the way").mkdir(parents=True)
    await desktop(sandbox)


@pytest.mark.feature("VN01")
async def test_two_desktops_do_not_see_each_other(confined: Workbench) -> None:
    one, other = confined.make(1), confined.make(2)
    await asyncio.gather(desktop(one), desktop(other))
    names = "cat /proc/[0-9]*/comm | grep -c Xtigervnc; ls -A /tmp | sort | tr '\\n' ' '"
    for sandbox in (one, other):
        assert (await run(sandbox, "sh", "-c", names)).output == f"1\n.X11-unix {SOCKET_NAME} "
    Path(one.spec.tmp, SOCKET_NAME).unlink()
    assert Path(other.spec.tmp, SOCKET_NAME).exists()
