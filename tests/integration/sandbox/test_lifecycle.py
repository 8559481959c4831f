"""Beginnings and ends of sandboxes: many at once, churn, loss, crashes, leftovers, mounts."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kernel.errors import ConflictError, InvalidArgumentError, UnavailableError
from kernel.sandbox import call
from kernel.sandbox.backend import ExecRequest, LeftoverRecord, LossReason, Mount, SandboxSpec
from kernel.sandbox.manager import SandboxManager
from kernel.sandbox.processes import start_time
from kernel.tasks import Scope
from tests.integration.sandbox.conftest import make_backend
from tests.integration.sandbox.workbench import Workbench, control_group_folders, is_alive, own_children, run

ROOT = Path(__file__).resolve().parents[3]


async def test_a_hundred_at_once(confined: Workbench) -> None:
    sandboxes = [confined.make(pid) for pid in range(1, 101)]
    done = await asyncio.gather(*(run(sandbox, "whoami") for sandbox in sandboxes))
    assert [one.output for one in done] == [f"agent_{pid}\n" for pid in range(1, 101)]


async def test_churn_leaves_nothing(bench: Workbench) -> None:
    warm = bench.make(1)
    await run(warm, "true")
    await warm.kill()
    children, descriptors = own_children(), len(os.listdir("/proc/self/fd"))
    groups = control_group_folders()
    pids: list[int] = []
    for round_ in range(10):
        made = [bench.make(pid) for pid in range(10 * round_ + 10, 10 * round_ + 15)]
        await asyncio.gather(*(run(one, "sh", "-c", "(setsid sleep 300 >/dev/null 2>&1 &)") for one in made))
        pids += [pid for one in made for pid in one.host_pids()]
        await asyncio.gather(*(one.kill() for one in made))
    assert len(pids) >= 250
    assert [pid for pid in pids if is_alive(pid)] == []
    assert own_children() == children
    assert len(os.listdir("/proc/self/fd")) == descriptors
    assert control_group_folders() == groups


@pytest.mark.expects_records
async def test_killing_the_supervisor_ends_the_sandbox_and_the_next_command_has_a_fresh_one(bench: Workbench) -> None:
    sandbox = bench.make()
    await sandbox.execute(ExecRequest(("sleep", "300"), sandbox.home_path))
    pids = sandbox.host_pids()
    done = await run(sandbox, "sh", "-c", "kill -9 2; sleep 300")
    assert done.status.code == 137
    async with asyncio.timeout(5):
        while not bench.lost:
            await asyncio.sleep(0.01)
    assert bench.lost == [(7, LossReason.SUPERVISOR_ENDED)]
    assert [pid for pid in pids if is_alive(pid)] == []
    assert (await run(sandbox, "echo", "fresh")).output == "fresh\n"


async def test_killing_the_shim_takes_its_children_along(bench: Workbench) -> None:
    sandbox = bench.make()
    await run(sandbox, "sh", "-c", "(setsid sleep 301 >/dev/null 2>&1 &) ; kill -9 $PPID; sleep 300")
    async with asyncio.timeout(5):
        while "sleep" in (await run(sandbox, "sh", "-c", "cat /proc/[0-9]*/comm")).output:
            await asyncio.sleep(0.02)
    assert bench.lost == []


@pytest.mark.expects_records
@pytest.mark.parametrize("deadline_s", [0.2, None])
async def test_a_stopped_supervisor_is_given_up(
    confined: Workbench, deadline_s: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An agent may stop its own supervisor; its deadlines hold all the same, and it gets a fresh sandbox."""
    monkeypatch.setattr(call, "KILL_CONFIRM_S", 0.5)
    monkeypatch.setattr(call, "START_CONFIRM_S", 0.5)
    sandbox = confined.make()
    if deadline_s is None:
        await run(sandbox, "sh", "-c", "(sleep 0.1; kill -STOP 2) >/dev/null 2>&1 &")
        await asyncio.sleep(0.4)
        with pytest.raises(UnavailableError):
            await run(sandbox, "true")
    else:
        done = await run(sandbox, "sh", "-c", "kill -STOP 2; sleep 300", deadline_s=deadline_s)
        assert done.status.timed_out
    async with asyncio.timeout(5):
        while not confined.lost:
            await asyncio.sleep(0.01)
    assert confined.lost == [(7, LossReason.UNRESPONSIVE)]
    assert (await run(sandbox, "echo", "fresh")).output == "fresh\n"


async def test_what_an_agent_stopped_itself_stays_stopped(bench: Workbench) -> None:
    sandbox = bench.make()
    done = await run(sandbox, "sh", "-c", "sleep 300 >/dev/null 2>&1 & kill -STOP $!; echo $!")
    stopped = int(done.output)
    await sandbox.freeze()
    await sandbox.thaw()
    assert ") T " in (await run(sandbox, "cat", f"/proc/{stopped}/stat")).output


async def test_what_a_supervisor_ignores_cannot_end_it(bench: Workbench) -> None:
    sandbox = bench.make()
    await run(sandbox, "sh", "-c", "for s in HUP INT QUIT TERM USR1 USR2 ALRM PIPE TSTP TTIN TTOU; do kill -$s 2; done")
    assert (await run(sandbox, "echo", "alive")).output == "alive\n"
    assert bench.lost == []


@pytest.mark.parametrize("kind", ["groups", "rlimits", "host"])
async def test_kill_dash_nine_of_the_owner_leaves_nothing(kind: str, tmp_path: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.integration.sandbox.owner", kind, str(tmp_path)],
        stdout=subprocess.PIPE,
        cwd=ROOT,
        text=True,
    )
    assert child.stdout is not None
    try:
        # What a server runs while it starts may end by itself after it was counted.
        pids = [pid for pid in json.loads(await asyncio.to_thread(child.stdout.readline)) if is_alive(pid)]
        assert len(pids) >= 4
    finally:
        child.kill()
        child.wait()
        child.stdout.close()
    async with asyncio.timeout(5):
        while any(is_alive(pid) for pid in pids):
            await asyncio.sleep(0.01)
    # The next start removes its control groups.
    scope = Scope("next")
    backend = make_backend("groups", scope)
    await backend.probe()
    prefix = f"aether-{child.pid}-"
    assert not [name for _, names, _ in os.walk("/sys/fs/cgroup") for name in names if name.startswith(prefix)]
    await backend.close()
    await scope.close()


async def test_sweep_kills_by_identity_and_never_by_number_alone(tmp_path: Path) -> None:
    scope = Scope("sweep")
    manager = SandboxManager((make_backend("groups", scope),), scope)
    left = subprocess.Popen(["sleep", "300"])
    other = subprocess.Popen(["sleep", "300"])
    try:
        started = start_time(left.pid)
        assert started is not None
        wrong = LeftoverRecord(other.pid, 1)
        assert await manager.sweep([LeftoverRecord(left.pid, started), wrong, LeftoverRecord(2**22 - 1, 5)]) == (
            LeftoverRecord(left.pid, started),
        )
        assert left.wait(5) == -signal.SIGKILL
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()
        await manager.close()
        await scope.close()


async def test_sweep_ends_the_whole_tree_of_an_unconfined_agent_that_was_paused(tmp_path: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.integration.sandbox.owner", "host", str(tmp_path), "frozen"],
        stdout=subprocess.PIPE,
        cwd=ROOT,
        text=True,
    )
    assert child.stdout is not None
    pids = json.loads(await asyncio.to_thread(child.stdout.readline))
    identity = json.loads(await asyncio.to_thread(child.stdout.readline))
    child.kill()
    child.wait()
    child.stdout.close()
    assert all(is_alive(pid) for pid in pids)
    scope = Scope("next")
    manager = SandboxManager((make_backend("host", scope),), scope)
    assert await manager.sweep([LeftoverRecord(*identity)]) == (LeftoverRecord(*identity),)
    async with asyncio.timeout(5):
        while any(is_alive(pid) for pid in pids):
            await asyncio.sleep(0.01)
    await manager.close()
    await scope.close()


@pytest.mark.parametrize("kind", ["rlimits", "host"])
async def test_every_start_of_a_sandbox_is_written_down(kind: str, tmp_path: Path) -> None:
    scope = Scope("recorded")
    manager = SandboxManager((make_backend(kind, scope),), scope)
    written: asyncio.Queue[tuple[int, int, int]] = asyncio.Queue()
    told: asyncio.Queue[tuple[int, str]] = asyncio.Queue()
    manager.report_to(lambda *launched: written.put(launched), lambda *note: told.put(note))
    await manager.detect()
    (tmp_path / "home").mkdir()
    (tmp_path / "tmp").mkdir()
    (tmp_path / "more").mkdir()
    sandbox = manager.create(SandboxSpec(5, "agent_5", str(tmp_path / "home"), str(tmp_path / "tmp")))
    try:
        await sandbox.start()
        async with asyncio.timeout(10):
            assert await written.get() == (5, *(sandbox.identity() or ()))
            await sandbox.set_mounts((Mount(str(tmp_path / "more"), "/mnt/more", True),))
            await sandbox.start()
            assert await written.get() == (5, *(sandbox.identity() or ()))
        if kind == "host":
            assert "is not confined" in told.get_nowait()[1]
        else:
            assert sandbox.confinement_note == "" or told.get_nowait() == (5, sandbox.confinement_note)
        assert told.empty()
    finally:
        await manager.close()
        await scope.close()


async def test_home_below_a_folder_that_only_its_owner_may_enter(bench: Workbench) -> None:
    bench.root = bench.root / "private"
    bench.root.mkdir(mode=0o700)
    work = bench.root / "work"
    work.mkdir(mode=0o700)
    (work / "given.txt").write_text("given")
    (work / "given.txt").chmod(0o600)
    fixed = bench.root / "fixed"
    fixed.mkdir()
    (fixed / "read.txt").write_text("read me")
    mounts = (Mount(str(work), "/home/agent_7/work", False), Mount(str(fixed), "/mnt/fixed", True))
    sandbox = bench.make(mounts=mounts)
    script = "cat work/given.txt /mnt/fixed/read.txt; echo new > work/new.txt; echo mine > mine.txt; echo t > /tmp/t; touch /mnt/fixed/x"
    done = await run(sandbox, "sh", "-c", script)
    assert done.output.startswith("givenread me")
    assert "Read-only file system" in done.output
    assert (work / "new.txt").read_text() == "new\n"
    assert (Path(sandbox.spec.home) / "mine.txt").read_text() == "mine\n"
    assert (Path(sandbox.spec.tmp) / "t").read_text() == "t\n"
    # What the kernel writes later is the agent's to change, and what the agent makes belongs to the folder's owner.
    (Path(sandbox.spec.home) / "from_kernel.txt").write_text("a")
    assert (await run(sandbox, "sh", "-c", "echo b >> from_kernel.txt && cat from_kernel.txt")).output == "ab\n"
    assert (work / "new.txt").stat().st_uid == work.stat().st_uid


async def test_mounts_can_be_changed_while_idle(bench: Workbench, tmp_path: Path) -> None:
    more = tmp_path / "more"
    more.mkdir()
    (more / "seen.txt").write_text("seen")
    sandbox = bench.make()
    assert (await run(sandbox, "ls", "/home/agent_7/more")).status.code == 2
    running = await sandbox.execute(ExecRequest(("sleep", "300"), sandbox.home_path))
    mount = Mount(str(more), "/home/agent_7/more", True)
    with pytest.raises(ConflictError):
        await sandbox.set_mounts((mount,))
    await running.kill()
    await sandbox.set_mounts((mount,))
    assert (await run(sandbox, "cat", "more/seen.txt")).output == "seen"
    await sandbox.set_mounts(())
    assert (await run(sandbox, "cat", "more/seen.txt")).status.code == 1
    assert bench.lost == []


@pytest.mark.parametrize(
    "guest", ["/", "/usr/local/x", "/etc", "relative", "/home/agent_7/../x", "/proc/x", "/run/aether"]
)
async def test_mounts_cannot_cover_the_system(confined: Workbench, guest: str) -> None:
    with pytest.raises(InvalidArgumentError):
        confined.make(mounts=(Mount("/tmp", guest, False),))


async def test_two_agents_do_not_see_each_other(confined: Workbench) -> None:
    first, second = confined.make(1), confined.make(2)
    await run(first, "sh", "-c", "echo secret > /tmp/shared-name; echo secret > note; (sleep 300 >/dev/null 2>&1 &)")
    listing = (await run(second, "sh", "-c", "ls /tmp /home; cat /proc/[0-9]*/comm")).output
    assert "shared-name" not in listing
    assert "agent_1" not in listing
    assert "sleep" not in listing


@pytest.mark.feature("PR06")
async def test_manager_measures_every_agent_in_one_look(tmp_path: Path) -> None:
    scope = Scope("manager")
    manager = SandboxManager((make_backend("groups", scope),), scope)
    probe = await manager.detect()
    assert probe.confinement == "bubblewrap"
    try:
        for pid in (1, 2):
            home, tmp = tmp_path / f"h{pid}", tmp_path / f"t{pid}"
            home.mkdir()
            tmp.mkdir()
            sandbox = manager.create(SandboxSpec(pid, f"agent_{pid}", str(home), str(tmp)))
            await sandbox.execute(ExecRequest(("sh", "-c", "sleep 300 & while :; do :; done"), sandbox.home_path))
        with pytest.raises(ConflictError):
            manager.create(SandboxSpec(1, "agent_1", str(tmp_path), str(tmp_path)))
        await manager.usage()
        assert await manager.usage() == await manager.usage()
        await asyncio.sleep(1.05)
        usage = await manager.usage()
        assert usage.keys() == {1, 2}
        for pid, found in usage.items():
            assert sorted(process.name for process in found.processes) == ["sh", "sleep"], pid
            assert any("while :" in process.command for process in found.processes)
            assert found.cpu_percent > 5
            assert found.memory_bytes > 1 << 20
    finally:
        await manager.close()
        await scope.close()
    assert manager.find(1) is None


async def test_start_says_what_is_wrong(confined: Workbench) -> None:
    sandbox = confined.make()
    os.rmdir(sandbox.spec.home)
    with pytest.raises(UnavailableError) as caught:
        await run(sandbox, "true")
    assert "home7" in caught.value.message or "No such file" in caught.value.message
    os.mkdir(sandbox.spec.home)
    assert (await run(sandbox, "echo", "mended")).output == "mended\n"


async def test_a_machine_without_bubblewrap_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    from kernel.sandbox import machine

    monkeypatch.setattr(machine, "find_bwrap", lambda: None)
    scope = Scope("absent")
    manager = SandboxManager((make_backend("rlimits", scope), make_backend("host", scope)), scope)
    probe = await manager.detect()
    assert probe.confinement == "none"
    assert "not confined" in probe.reason
    assert "Bubblewrap is not installed" in probe.reason, "why not"
    assert "apt install bubblewrap" in probe.remedy
    absent = await make_backend("rlimits", scope).probe()
    assert "not installed" in absent.reason
    assert "apt install bubblewrap" in absent.remedy
    await manager.close()
    await scope.close()


async def test_a_sandbox_that_could_not_be_tried_is_not_said_to_confine_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere() -> str:
        raise FileNotFoundError(2, "No usable temporary directory found")

    monkeypatch.setattr("tempfile.gettempdir", nowhere)
    scope = Scope("read-only")
    manager = SandboxManager((make_backend("rlimits", scope), make_backend("host", scope)), scope)
    probe = await manager.detect()
    assert "could not be tried" in probe.reason and "TMPDIR" in probe.remedy
    assert "not confined" not in probe.reason
    with pytest.raises(UnavailableError, match="TMPDIR"):
        manager.create(SandboxSpec(1, "agent_1", "/nowhere", "/nowhere"))
    await manager.close()
    await scope.close()


async def test_commands_cost_little(confined: Workbench) -> None:
    """No bare time is asserted beyond a limit that only a mistake can reach; the benchmark has the figure."""
    sandbox = confined.make()
    await run(sandbox, "true")
    times = []
    for _ in range(20):
        begun = time.perf_counter()
        await run(sandbox, "true")
        times.append(time.perf_counter() - begun)
    assert sorted(times)[10] < 0.5
