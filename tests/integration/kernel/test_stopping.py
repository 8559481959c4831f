"""Signals at awkward moments: while a sandbox starts, one right behind the other, while another one is carried out."""

import asyncio
import time

import psutil
import pytest

from kernel.agents import supervisor
from kernel.errors import ConflictError, StorageError
from kernel.protocol import agent, process
from kernel.store.journal import Journal
from tests.fakes.scripts import call, turn
from tests.integration.kernel.conftest import Bench, MakeBench

DONE = turn("Done.", call("complete", summary="It is done."))


async def signal(bench: Bench, pid: int, name: str) -> None:
    await bench.execute(process.ProcessSignal(pid=pid, signal=name))  # type: ignore[arg-type]  # a name of the protocol


async def state(bench: Bench, pid: int) -> str:
    return str((await bench.execute(process.ProcessInfoGet(pid=pid))).info.state)


@pytest.mark.feature("PR08", "AL09")
async def test_an_agent_stopped_while_its_sandbox_starts_runs_nothing(bench: Bench) -> None:
    """Its first command waits behind the starts of other agents when the signal comes."""
    pid = await bench.deploy(turn("", call("run_command", command="touch begun")), DONE)
    workplace = bench.supervisor_run(pid).workplace
    starts = [workplace._factory.launching.acquire() for _ in range(4)]
    await asyncio.gather(*starts)
    await bench.wait(agent.AgentToolStarted, pid)
    async with asyncio.timeout(10):
        while workplace._launch is None:
            await asyncio.sleep(0.01)
    await signal(bench, pid, "SIGSTOP")
    for _ in starts:
        workplace._factory.launching.release()
    sandbox = await workplace._launch
    assert sandbox.frozen
    await asyncio.sleep(0.3)
    assert await state(bench, pid) == "stopped"
    assert not (bench.home(pid) / "begun").exists()
    await signal(bench, pid, "SIGCONT")
    assert (await bench.ended(pid)).code == 0
    assert (bench.home(pid) / "begun").exists()


@pytest.mark.feature("PR06", "PR07")
async def test_a_kill_ends_the_moment_that_a_termination_gives(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both return when nothing is left, and the agent was killed."""
    monkeypatch.setattr(supervisor, "TERMINATE_GRACE_S", 45.0)
    pid = await bench.deploy(turn("", call("run_command", command="trap '' TERM; touch deaf; while :; do sleep 0.2; done")), DONE)
    async with asyncio.timeout(20):
        while not (bench.home(pid) / "deaf").exists():
            await asyncio.sleep(0.02)
    processes = bench.supervisor_run(pid).workplace.started.host_pids()
    run = bench.supervisor_run(pid)
    terminating = asyncio.get_running_loop().create_task(signal(bench, pid, "SIGTERM"))
    async with asyncio.timeout(20):
        while run.ended_by is None:
            await asyncio.sleep(0.01)
    assert not terminating.done()
    async with asyncio.timeout(20):
        await signal(bench, pid, "SIGKILL")
        assert processes
        assert not [number for number in processes if psutil.pid_exists(number)]
        await terminating
    exited = await bench.ended(pid)
    assert (exited.code, exited.signal, len(bench.of(pid, process.ProcessExited))) == (137, "SIGKILL", 1)


@pytest.mark.feature("PR06", "PR08")
async def test_each_signal_is_judged_by_what_the_one_before_it_brought(bench: Bench) -> None:
    """SIGCONT right behind SIGSTOP is not lost, nor the other way round."""
    pid = await bench.deploy(turn("", call("run_command", command="while [ ! -e go ]; do sleep 0.02; done")), DONE)
    async with asyncio.timeout(20):
        while bench.supervisor_run(pid).workplace.started is None:
            await asyncio.sleep(0.02)
    await asyncio.gather(signal(bench, pid, "SIGSTOP"), signal(bench, pid, "SIGCONT"))
    assert await state(bench, pid) == "running"
    await asyncio.gather(signal(bench, pid, "SIGSTOP"), signal(bench, pid, "SIGCONT"), signal(bench, pid, "SIGSTOP"))
    assert await state(bench, pid) == "stopped"
    await signal(bench, pid, "SIGCONT")
    (bench.home(pid) / "go").touch()
    assert (await bench.ended(pid)).code == 0


async def test_an_interrupted_agent_is_taken_up_once(make_bench: MakeBench) -> None:
    """However many ask for it at the same moment."""
    first = await make_bench()
    pid = await first.deploy(turn("", call("run_command", command="sleep 60")), DONE)
    await first.wait(agent.AgentToolStarted, pid)
    await first.kernel.stop()
    second = await make_bench()
    answers = await asyncio.gather(
        *(second.execute(process.ProcessResume(pid=pid)) for _ in range(3)), signal(second, pid, "SIGCONT"), return_exceptions=True
    )
    assert [type(answer) for answer in answers if isinstance(answer, Exception)] == [ConflictError, ConflictError]
    assert (await second.ended(pid)).code == 0
    assert len(second.of(pid, agent.AgentResumed)) == 1
    await second.kernel.stop()


@pytest.mark.feature("AL09", "PR08")
async def test_a_paused_agent_that_is_interrupted_ends_its_command_when_it_goes_on(bench: Bench) -> None:
    """Its model is told that the command was aborted, and the command does nothing more."""
    ticking = "touch begun; while :; do echo tick >> ticks; sleep 0.05; done"
    pid = await bench.deploy(turn("", call("run_command", command=ticking)), DONE)
    async with asyncio.timeout(20):
        while not (bench.home(pid) / "ticks").exists():
            await asyncio.sleep(0.02)
    await signal(bench, pid, "SIGSTOP")
    await bench.execute(process.ProcessSend(pid=pid, text="leave that", mode="interrupt"))
    aborted = await bench.wait(agent.AgentObservation, pid)
    assert aborted.result == "Aborted by the person while it ran."
    ticks = (bench.home(pid) / "ticks").read_text()
    await signal(bench, pid, "SIGCONT")
    assert (await bench.ended(pid)).code == 0
    assert len((bench.home(pid) / "ticks").read_text()) <= len(ticks) + len("tick\n")


@pytest.mark.feature("PR11")
async def test_a_paused_agent_is_interrupted_by_a_quit_like_any_other(make_bench: MakeBench) -> None:
    first = await make_bench()
    pid = await first.deploy(turn("", call("run_command", command="touch begun; sleep 60")), DONE)
    async with asyncio.timeout(20):
        while not (first.home(pid) / "begun").exists():
            await asyncio.sleep(0.02)
    await signal(first, pid, "SIGSTOP")
    async with asyncio.timeout(8):
        await first.kernel.stop()
    assert not first.of(pid, agent.AgentObservation)


@pytest.mark.feature("PR08")
async def test_neither_a_wait_for_an_answer_nor_a_pause_is_work(bench: Bench) -> None:
    command = "while [ ! -e go ]; do sleep 0.02; done; rm -f nothing"
    pid = await bench.deploy(turn("", call("run_command", command=command)), DONE, approval="ask")
    await bench.wait(process.ApprovalRequired, pid)
    await asyncio.sleep(1.0)
    begun = time.monotonic()
    await bench.execute(process.ProcessApprove(pid=pid))
    await bench.wait(agent.AgentToolStarted, pid)
    await signal(bench, pid, "SIGSTOP")
    await asyncio.sleep(1.0)
    await signal(bench, pid, "SIGCONT")
    (bench.home(pid) / "go").touch()
    assert (await bench.ended(pid)).code == 0
    since_s = time.monotonic() - begun
    assert bench.of(pid, agent.AgentObservation)[0].duration_s <= since_s - 1.0


@pytest.mark.feature("PR06", "PR11")
async def test_a_quit_right_behind_a_termination_lets_it_come_to_its_end(make_bench: MakeBench) -> None:
    """Who was told to end does not come back as interrupted."""
    bench = await make_bench()
    pid = await bench.deploy(turn("", call("run_command", command="trap '' TERM; touch deaf; while :; do sleep 0.2; done")), DONE)
    async with asyncio.timeout(20):
        while not (bench.home(pid) / "deaf").exists():
            await asyncio.sleep(0.02)
    run = bench.supervisor_run(pid)
    ending = asyncio.get_running_loop().create_task(signal(bench, pid, "SIGTERM"))
    async with asyncio.timeout(20):
        while run.ended_by is None:
            await asyncio.sleep(0.01)
    await bench.kernel.stop()
    await ending
    assert (await bench.ended(pid)).code == 143
    second = await make_bench()
    assert not (await second.execute(process.ProcessList())).processes
    await second.kernel.stop()


@pytest.mark.expects_records
async def test_a_stop_that_cannot_be_recorded_leaves_nothing_standing_still(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody could let it go on: it is not called stopped."""
    pid = await bench.deploy(turn("", call("run_command", command="while [ ! -e go ]; do sleep 0.02; done")), DONE)
    async with asyncio.timeout(20):
        while bench.supervisor_run(pid).workplace.started is None:
            await asyncio.sleep(0.02)
    run = bench.supervisor_run(pid)

    async def refuse(*_events: object, **_arguments: object) -> None:
        raise StorageError("The database refused: damaged.")

    with monkeypatch.context() as damaged:
        damaged.setattr(Journal, "record", refuse)
        with pytest.raises(StorageError):
            await signal(bench, pid, "SIGSTOP")
    assert not run.gate.closed
    assert not run.workplace.started.frozen
    (bench.home(pid) / "go").touch()
    assert (await bench.ended(pid)).code == 0
