"""`kill -9` at any moment loses nothing that was shown and leaves nothing running."""

import asyncio
import json
import os
import signal
import sqlite3
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from kernel.agents.commands import plain
from kernel.bootstrap import build_kernel
from kernel.principal import LOCAL_USER
from kernel.protocol import agent, process, system
from tests.fakes.scripts import call, turn, write_script
from tests.integration.kernel.conftest import Bench, MakeBench

ROOT = Path(__file__).resolve().parents[3]
MARK = "aether-durability-mark"


class Victim:
    """`aether run --json` as a process of its own, to be killed."""

    def __init__(self, root: Path, model: str, *options: str) -> None:
        self._root = root
        self._arguments = ("run", "--role", "Coder", "--goal", "survive", "--model", model, "--json", *options)
        self.shown: list[dict[str, Any]] = []
        self.process: asyncio.subprocess.Process

    async def start(self) -> None:
        env = {**os.environ, "AETHER_FS_ROOT": str(self._root), "PYTHONPATH": str(ROOT)}
        self.process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "kernel.cli.main",
            *self._arguments,
            cwd=ROOT,
            env=env,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            limit=1 << 24,
        )

    async def read_until(self, kind: str) -> dict[str, Any]:
        assert self.process.stdout is not None
        async with asyncio.timeout(30):
            while line := await self.process.stdout.readline():
                self.shown.append(json.loads(line))
                if self.shown[-1]["type"] == kind:
                    return self.shown[-1]
        raise AssertionError(f"no {kind} came")

    async def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        await self.process.wait()
        assert self.process.stdout is not None
        rest = await self.process.stdout.read()
        self.shown.extend(json.loads(line) for line in rest.splitlines() if line.endswith(b"}"))


async def _nothing_left(mark: str = MARK) -> None:
    async with asyncio.timeout(10):
        while any(mark in " ".join(item.info["cmdline"] or ()) for item in psutil.process_iter(["cmdline"])):
            await asyncio.sleep(0.05)


async def _journal(root: Path, pid: int) -> list[dict[str, Any]]:
    kernel = build_kernel(root, {})
    await kernel.start()
    page = await kernel.execute(system.HistoryLogs(pid=pid, limit=10_000), LOCAL_USER)
    await kernel.stop()
    return list(page.events)


def _missing(shown: list[dict[str, Any]], kept: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What was shown and is not in the journal (a chunk may have become a thought)."""
    ids = {event["logId"] for event in kept}
    thoughts = " ".join(
        event.get("thought", "") + event.get("reasoning", "") + event.get("content", "")
        for event in kept
        if event["type"] in ("agent.thought", "agent.thinkingChunk")
    )
    lost = []
    for event in shown:
        if "logId" not in event or event["logId"] in ids:
            continue
        if event["type"] == "agent.thinkingChunk" and event["content"] in thoughts:
            continue
        lost.append(event)
    return lost


@pytest.mark.feature("PR11", "ST01")
async def test_killed_while_a_command_runs_and_resumed(tmp_path: Path) -> None:
    root = tmp_path / "root"
    model = write_script(
        tmp_path,
        turn("Write first.", call("write_file", path="kept.txt", content="kept")),
        turn("Now wait.", call("run_command", command=f"setsid sleep 300 {MARK} & echo begun; sleep 300; : {MARK}")),
        turn("Finish.", call("complete", summary="Resumed and done.")),
    )
    victim = Victim(root, model, "--yes")
    await victim.start()
    pid = (await victim.read_until("process.spawned"))["pid"]
    while (await victim.read_until("agent.toolStarted"))["tool"] != "run_command":
        pass
    console = root / "var/kernel/terminals" / f"tty-{pid}-0.log"
    async with asyncio.timeout(20):
        while not console.exists() or "\nbegun" not in plain(console.read_text()):
            await asyncio.sleep(0.05)
    await victim.kill()
    await _nothing_left()

    kept = await _journal(root, pid)
    assert not _missing(victim.shown, kept)
    assert (root / "home" / f"agent_{pid}" / "kept.txt").read_text() == "kept"
    assert "begun" in console.read_text()

    kernel = build_kernel(root, {})
    await kernel.start()
    bench = Bench(kernel, root, tmp_path)
    listed = (await bench.execute(process.ProcessList())).processes
    assert [(info.pid, info.state, info.interrupted, info.step) for info in listed] == [(pid, "stopped", True, 2)]
    await bench.execute(process.ProcessResume(pid=pid))
    exited = await bench.ended(pid)
    assert (exited.code, exited.summary) == (0, "Resumed and done.")
    results = [event["result"] for event in (await bench.execute(system.HistoryLogs(pid=pid, limit=1000))).events if "result" in event]
    assert any("Outcome unknown" in result for result in results)
    await kernel.stop()


@pytest.mark.feature("PR11", "ST01")
async def test_a_command_that_an_ordinary_quit_ends_has_no_result(make_bench: MakeBench) -> None:
    """Its model is told that the outcome is unknown, not that it failed."""
    first = await make_bench()
    pid = await first.deploy(
        turn("", call("run_command", command="touch begun; sleep 60")), turn("", call("complete", summary="went on"))
    )
    async with asyncio.timeout(20):
        while not (first.home(pid) / "begun").exists():
            await asyncio.sleep(0.02)
    await first.kernel.stop()
    assert not first.of(pid, agent.AgentObservation)
    second = await make_bench()
    await second.execute(process.ProcessResume(pid=pid))
    assert (await second.ended(pid)).code == 0
    assert "Outcome unknown" in second.of(pid, agent.AgentObservation)[0].result
    await second.kernel.stop()


@pytest.mark.feature("PR08", "ST01", "AL02")
async def test_a_step_that_was_cut_off_while_it_thought_is_taken_again(tmp_path: Path) -> None:
    """It is not counted twice, so the last allowed step is still there; and the words that were shown of it stay."""
    root = tmp_path / "root"
    slow = turn("A thought that takes its time, word by word.", call("complete", summary="done"), chunk_chars=6, delay_s=0.4)
    victim = Victim(root, write_script(tmp_path, turn("One.", call("think", thought="x")), slow), "--yes", "--max-steps", "2")
    await victim.start()
    pid = (await victim.read_until("process.spawned"))["pid"]
    while (await victim.read_until("agent.thinkingChunk"))["step"] != 2:
        pass
    await victim.kill()
    shown = [event for event in victim.shown if event["type"] == "agent.thinkingChunk" and event["step"] == 2]

    kernel = build_kernel(root, {})
    await kernel.start()
    bench = Bench(kernel, root, tmp_path)
    await bench.execute(process.ProcessResume(pid=pid))
    exited = await bench.ended(pid)
    assert (exited.code, exited.summary, exited.step) == (0, "done", 2)
    assert [event.step for event in bench.of(pid, agent.AgentStepStarted)] == [2]
    await kernel.stop()
    assert shown
    assert not _missing(shown, await _journal(root, pid))


@pytest.mark.parametrize("moment", range(8))
async def test_killed_at_any_moment_the_database_is_whole_and_every_shown_line_is_there(tmp_path: Path, moment: int) -> None:
    root = tmp_path / "root"
    work = [
        turn(
            "Thinking about this step for a while.",
            call("write_file", path=f"f{number}", content="x" * 1000),
            call("run_command", command=f"echo step {number} {MARK}"),
            chunk_chars=4,
            delay_s=0.002,
        )
        for number in range(40)
    ]
    victim = Victim(root, write_script(tmp_path, *work), "--yes")
    await victim.start()
    pid = (await victim.read_until("process.spawned"))["pid"]
    reader = asyncio.get_running_loop().create_task(_drain(victim))
    await asyncio.sleep(0.05 + moment * 0.137)
    await _stop(reader)
    await victim.kill()
    await _nothing_left()

    connection = sqlite3.connect(root / "var/kernel/aether.db")
    assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    connection.close()
    kept = await _journal(root, pid)
    assert victim.shown
    assert not _missing(victim.shown, kept)


@pytest.mark.feature("ST01")
async def test_a_call_that_never_began_is_no_unknown_one_although_an_earlier_one_had_its_id(make_bench: MakeBench) -> None:
    """A server that numbers the calls of each turn anew uses an id again once the first one was compacted away."""
    first = await make_bench()
    turns = (
        turn("", {**call("run_command", command="true"), "id": "call_0"}),
        turn("", {**call("run_command", command="touch a; rm a"), "id": "call_1"}),
        turn("", call("complete", summary="ok")),
    )
    pid = await first.deploy(*turns, approval="ask")
    await first.wait(process.ApprovalRequired, pid)
    await first.kernel.stop()
    database = sqlite3.connect(first.root / "var/kernel/aether.db")
    database.execute("UPDATE transcript SET body = replace(body, 'call_0', 'gone')")
    database.execute("UPDATE transcript SET body = replace(body, 'call_1', 'call_0')")
    database.commit()
    database.close()
    second = await make_bench()
    await second.execute(process.ProcessResume(pid=pid))
    await second.wait(process.ApprovalRequired, pid)
    await second.execute(process.ProcessApprove(pid=pid))
    assert (await second.ended(pid)).code == 0
    assert second.of(pid, agent.AgentObservation)[0].result.startswith("exit code 0")
    await second.kernel.stop()


async def test_an_interrupted_approval_is_asked_again(tmp_path: Path) -> None:
    root = tmp_path / "root"
    model = write_script(
        tmp_path,
        turn("Risky.", call("run_command", command="touch a; rm -f a")),
        turn("", call("complete", summary="ok")),
    )
    kernel = build_kernel(root, {})
    await kernel.start()
    bench = Bench(kernel, root, tmp_path)
    pid = await bench.deploy(model=model, approval="ask")
    first = await bench.wait(process.ApprovalRequired, pid)
    await kernel.stop()

    again = build_kernel(root, {})
    await again.start()
    second_bench = Bench(again, root, tmp_path)
    await second_bench.execute(process.ProcessResume(pid=pid))
    second = await second_bench.wait(process.ApprovalRequired, pid)
    assert second.approval.approval_id != first.approval.approval_id
    assert second.details == first.details
    await second_bench.execute(process.ProcessApprove(pid=pid))
    assert (await second_bench.ended(pid)).code == 0
    await again.stop()


async def test_interrupted_agents_resume_at_once_where_the_setting_says_so(make_bench: MakeBench) -> None:
    bench = await make_bench()
    await bench.execute(system.SettingsSet(name="agents.resume_at_start", value=True))
    pid = await bench.deploy(
        turn("", call("run_command", command="sleep 60")), turn("", call("complete", summary="went on"))
    )
    await bench.wait(process.ProcessStateChanged, pid)
    await asyncio.sleep(0.2)
    await bench.kernel.stop()

    kernel = build_kernel(bench.root, {})
    second = Bench(kernel, bench.root, bench.scripts)
    await kernel.start()
    assert (await second.ended(pid)).code == 0
    await kernel.stop()


@pytest.mark.expects_records
async def test_a_damaged_database_is_kept_aside_and_said_so(make_bench: MakeBench) -> None:
    bench = await make_bench()
    pid = await bench.deploy(turn("", call("complete", summary="x")))
    await bench.ended(pid)
    await bench.kernel.stop()
    database = bench.root / "var/kernel/aether.db"
    database.write_bytes(b"this is no database, it only looks like a file" * 100)
    second = await make_bench()
    notices = (await second.execute(system.KernelStatus())).notices
    assert any("damaged" in notice for notice in notices)
    assert list(database.parent.glob("aether.db.damaged-*"))
    await second.kernel.stop()


async def _drain(victim: Victim) -> None:
    assert victim.process.stdout is not None
    while line := await victim.process.stdout.readline():
        victim.shown.append(json.loads(line))


async def _stop(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.wait((task,))
