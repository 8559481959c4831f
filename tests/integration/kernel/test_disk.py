"""A disk that is full or read-only, for real: a small file system of its own."""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from kernel.errors import StorageError
from kernel.gateway.control import ControlServer
from kernel.gateway.instance import InstanceLock, control_socket
from kernel.paths import Paths
from kernel.protocol import agent, process, system
from kernel.store.journal import Journal
from kernel.tasks import Scope
from tests import small_disk as disk
from tests.fakes.scripts import call, turn
from tests.integration.kernel.conftest import MakeBench
from tests.small_disk import fill

PROJECT = Path(__file__).resolve().parents[3]
DONE = turn("Done.", call("complete", summary="done"))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A mounted file system of 16 MB."""
    with disk.small_disk(tmp_path) as folder:
        yield folder


@pytest.mark.expects_records
async def test_an_agent_waits_while_the_disk_is_full_and_loses_nothing(small_disk: Path, make_bench: MakeBench) -> None:
    bench = await make_bench(small_disk / "root")
    waiting = "while [ ! -e go ]; do sleep 0.05; done; echo printed"
    pid = await bench.deploy(
        turn("First.", call("run_command", command=waiting)),
        turn("Second.", call("write_file", path="kept.txt", content="kept"), call("run_command", command="echo " + "b" * 3000)),
        DONE,
    )
    await bench.wait(agent.AgentToolStarted, pid)
    (bench.home(pid) / "go").touch()
    ballast = fill(small_disk)
    for _ in range(3):
        with pytest.raises(StorageError, match=r"full|No space"):
            await bench.deploy(DONE)
    homes = sorted(path.name for path in (small_disk / "root/home").iterdir())
    assert homes == [f"agent_{pid}"]
    notice = await bench.wait(agent.AgentNotice, pid, lambda event: "full" in event.message)
    assert "Free some space" in notice.hint
    await bench.wait(system.KernelMetrics, 0, lambda event: not event.can_save)  # a sample that fails must not end those to come
    ballast.unlink()
    assert (await bench.ended(pid)).code == 0
    assert (await bench.kernel.bus.wait(system.KernelMetrics, timeout_s=12)).can_save
    page = (await bench.execute(system.HistoryLogs(pid=pid, limit=1000))).events
    shown = [event for event in bench.events if getattr(event, "log_id", 0) and getattr(event, "pid", 0) == pid]
    dropped = [event for event in shown if event.log_id not in {item["logId"] for item in page}]  # type: ignore[attr-defined]
    assert all(isinstance(event, agent.AgentThinkingChunk) for event in dropped)
    assert (bench.home(pid) / "kept.txt").read_text() == "kept"
    console = (small_disk / f"root/var/kernel/terminals/tty-{pid}-0.log").read_text()
    assert "printed" in console
    assert "b" * 3000 in console
    after = await bench.deploy(DONE)
    assert (await bench.ended(after)).code == 0
    await bench.kernel.stop()


async def test_while_anything_waits_for_room_the_kernel_says_that_not_all_is_saved(
    make_bench: MakeBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where its own sample, which is small, finds room."""
    monkeypatch.setattr(Journal, "holds_back", True)
    bench = await make_bench()
    assert not (await bench.wait(system.KernelMetrics, 0)).can_save
    monkeypatch.setattr(Journal, "holds_back", False)
    assert (await bench.kernel.bus.wait(system.KernelMetrics)).can_save
    await bench.kernel.stop()


@pytest.mark.expects_records
async def test_an_agent_can_be_ended_while_the_disk_is_full(small_disk: Path, make_bench: MakeBench) -> None:
    bench = await make_bench(small_disk / "root")
    pid = await bench.deploy(turn("", call("run_command", command="sleep 60")))
    await bench.wait(agent.AgentToolStarted, pid)
    ballast = fill(small_disk)
    ending = asyncio.get_running_loop().create_task(bench.execute(process.ProcessSignal(pid=pid, signal="SIGKILL")))
    await asyncio.sleep(0.3)
    ballast.unlink()
    await asyncio.wait_for(ending, 10)
    assert (await bench.ended(pid)).code == 137
    await bench.kernel.stop()


@pytest.mark.expects_records
@pytest.mark.feature("PR06")
async def test_a_kill_on_a_full_disk_says_what_it_waits_for_and_is_carried_out_without_it(
    small_disk: Path, make_bench: MakeBench
) -> None:
    """The processes end at once; who asked may leave; when there is room everything is as it should be, without a new start."""
    bench = await make_bench(small_disk / "root")
    server = ControlServer(bench.kernel, control_socket(bench.root / "var/kernel/run"), Scope("control"))
    lock = InstanceLock(bench.root / "var/kernel/run/lock")
    assert lock.acquire()
    await server.start()
    pid = await bench.deploy(turn("", call("run_command", command="touch begun; sleep 600")), DONE)
    async with asyncio.timeout(20):
        while not (bench.home(pid) / "begun").exists():
            await asyncio.sleep(0.02)
    processes = bench.supervisor_run(pid).workplace.started.host_pids()
    ballast = fill(small_disk)
    kill = await aether(small_disk / "root", "kill", "-s", "KILL", str(pid))
    assert kill.stderr is not None
    said = await asyncio.wait_for(kill.stderr.readuntil(b"Ctrl+C ends the waiting"), 20)
    assert b"is full; nothing can be saved. Free some space" in said
    assert f"What agent {pid} ran is ended all the same".encode() in said
    assert processes and not [number for number in processes if psutil.pid_exists(number)]
    kill.send_signal(signal.SIGINT)
    assert await asyncio.wait_for(kill.wait(), 20) == 130
    for code, words, sentence in ((0, ("ps",), b"as they were last saved"), (1, ("kill", str(pid)), b"not saved yet")):
        told = await aether(small_disk / "root", *words)
        _, complaint = await asyncio.wait_for(told.communicate(), 20)
        assert (told.returncode, sentence in complaint) == (code, True)
    assert str(pid) in [str(info.pid) for info in (await bench.execute(process.ProcessList())).processes]
    ballast.unlink()
    assert (await bench.ended(pid)).code == 137
    await bench.wait(process.ProcessReaped, pid)
    assert not (await bench.execute(system.KernelStatus())).cannot_save
    await server.stop()
    lock.release()
    await bench.kernel.stop()


async def aether(root: Path, *words: str) -> asyncio.subprocess.Process:
    """`aether` in a process of its own, its complaints in a pipe."""
    env = {**os.environ, "AETHER_FS_ROOT": str(root), "PYTHONPATH": str(PROJECT)}
    pipe = asyncio.subprocess.PIPE
    # A test run that was started in the background has Ctrl+C ignored, and so have its children.
    hearing = "import runpy, signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    command = (sys.executable, "-c", f"{hearing}; runpy.run_module('kernel.cli.main', run_name='__main__')", *words)
    return await asyncio.create_subprocess_exec(*command, cwd=PROJECT, env=env, stdout=pipe, stderr=pipe)


@pytest.mark.expects_records
async def test_a_kernel_on_a_full_disk_stops_in_good_time(small_disk: Path, make_bench: MakeBench) -> None:
    bench = await make_bench(small_disk / "root")
    pid = await bench.deploy(turn("", call("run_command", command="sleep 0.2")), DONE)
    await bench.wait(agent.AgentToolStarted, pid)
    fill(small_disk)
    await asyncio.wait_for(bench.kernel.stop(), 20)


@pytest.mark.parametrize("words", [("ps",), ("run", "--role", "Coder", "--goal", "list the files", "--model", "heuristic", "--yes")])
def test_a_read_only_or_full_root_is_said_in_a_sentence(small_disk: Path, words: tuple[str, ...]) -> None:
    env = {**os.environ, "AETHER_FS_ROOT": str(small_disk / "root"), "PYTHONPATH": str(PROJECT)}

    def aether() -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [sys.executable, "-m", "kernel.cli.main", *words], cwd=PROJECT, env=env, capture_output=True, timeout=40, check=False
        )

    ballast = fill(small_disk)
    full = aether()
    ballast.unlink()
    assert full.returncode == 1
    assert b"Traceback" not in full.stderr
    assert b"No space left" in full.stderr or b"full" in full.stderr
    assert aether().returncode == 0
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    refused = aether()
    assert refused.returncode == 1
    assert b"Traceback" not in refused.stderr
    assert b"ead-only" in refused.stderr
    assert b"AETHER_FS_ROOT" in refused.stderr


@pytest.mark.expects_records
async def test_what_ended_agents_left_in_tmp_is_removed_at_the_next_start(tmp_path: Path, make_bench: MakeBench) -> None:
    root = tmp_path / "root"
    Paths(root).create()
    for name in ("tmp/agent_7/deep", "tmp/agent_8", "tmp/other", "home/agent_7", "home/agent_8"):
        (root / name).mkdir(parents=True)
    (root / "tmp/agent_7/deep/big").write_bytes(b"x" * 100_000)
    bench = await make_bench(root)
    pid = await bench.deploy(turn("", call("run_command", command="touch /tmp/mine; sleep 60")))
    assert pid > 8
    await bench.wait(agent.AgentToolStarted, pid)
    async with asyncio.timeout(10):
        while (root / "tmp/agent_7").exists() or (root / "tmp/agent_8").exists():
            await asyncio.sleep(0.01)
    assert (root / "tmp/other").exists() and (root / "home/agent_7").exists()
    assert (root / f"tmp/agent_{pid}").exists()


async def test_a_start_without_room_for_temporary_files_tries_its_sandboxes_when_there_is_some(
    make_bench: MakeBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, full = tempfile.gettempdir, True

    def gettempdir() -> str:
        if full:
            raise FileNotFoundError("No usable temporary directory found")
        return found()

    monkeypatch.setattr(tempfile, "gettempdir", gettempdir)
    bench = await make_bench()
    turns = (turn("", call("run_command", command="id -un")), turn("", call("complete", summary="done")))
    early = await bench.deploy(*turns)
    assert (await bench.ended(early)).code == 0
    assert "Free some room in /tmp" in bench.of(early, agent.AgentObservation)[0].result
    full = False
    late = await bench.deploy(*turns)
    assert (await bench.ended(late)).code == 0
    assert f"agent_{late}" in bench.of(late, agent.AgentObservation)[0].result
