"""An agent's run from spawn to reap, on a real kernel."""

import asyncio
import os
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kernel.agents.commands import plain
from kernel.clock import SystemClock
from kernel.errors import AetherError, ConflictError, InvalidArgumentError, LimitReachedError, NotFoundError
from kernel.principal import LOCAL_USER
from kernel.process.lifecycle import SIGNAL_NUMBERS
from kernel.protocol import agent, process, system
from kernel.protocol.ids import ROLES, SandboxType
from kernel.protocol.records import AgentConfig, SandboxConfig
from kernel.store.database import Database
from kernel.store.repositories.processes import ProcessRepository, RunRecord
from tests.fakes.kernel_client import make_info
from tests.fakes.scripts import call, turn
from tests.integration.kernel.conftest import Bench, MakeBench

DONE = turn("Done.", call("complete", summary="It is done."))


@pytest.mark.feature("PR01", "PR03", "PR04", "PR07", "AL01", "TL12", "ST01")
async def test_a_run_goes_through_its_states_and_is_reaped(bench: Bench) -> None:
    pid = await bench.deploy(turn("Look.", call("list_files")), DONE)
    exited = await bench.ended(pid)
    await bench.wait(process.ProcessReaped, pid)

    assert (exited.code, exited.summary) == (0, "It is done.")
    states = [event.state for event in bench.of(pid, process.ProcessStateChanged)]
    assert states == ["running", "zombie"]
    phases = [event.phase for event in bench.of(pid, agent.AgentPhaseChanged)]
    assert phases[0] == "thinking"
    assert phases[-1] == "completed"
    spawned = bench.of(pid, process.ProcessSpawned)[0].info
    assert (spawned.state, spawned.agent_phase) == ("created", "booting")
    listed = await bench.execute(system.HistoryProcesses())
    assert [(info.pid, info.state, info.exit_code) for info in listed.processes] == [(pid, "dead", 0)]
    assert (await bench.execute(process.ProcessList())).processes == ()


@pytest.mark.feature("PR09", "PR10", "FS02", "FS03")
async def test_the_environment_and_home_of_an_agent(bench: Bench) -> None:
    pid = await bench.deploy(
        turn("", call("run_command", command="env; pwd; id -un; ls -d Desktop Documents Downloads Projects .config .profile")), DONE
    )
    await bench.ended(pid)
    info = bench.of(pid, process.ProcessSpawned)[0].info
    assert (info.uid, info.cwd, info.owner_uid) == (f"agent_{pid}", f"/home/agent_{pid}", "local")
    output = bench.of(pid, agent.AgentObservation)[0]
    console = (bench.root / "var/kernel/terminals" / f"tty-{pid}-0.log").read_text()
    for line in ("TERM=xterm-256color", "AETHER_ROLE=Coder", "AETHER_GOAL=do it", f"HOME=/home/agent_{pid}", f"USER=agent_{pid}"):
        assert line in console
    assert "AETHER_MODEL=scripted:" in console
    assert "SHELL=" in console
    assert output.exit_code == 0
    assert (bench.root / "etc/hostname").read_text().strip() == "aether"
    assert {"home", "tmp", "etc", "var", "shared"} <= {path.name for path in bench.root.iterdir()}


@pytest.mark.feature("PR05")
async def test_pids_are_never_used_again(make_bench: MakeBench) -> None:
    first = await make_bench()
    one = await first.deploy(DONE)
    await first.ended(one)
    await first.kernel.stop()
    second = await make_bench()
    two = await second.deploy(DONE)
    await second.ended(two)
    await second.kernel.stop()
    assert two > one
    assert (second.root / "home" / f"agent_{one}").is_dir()


@pytest.mark.feature("PR05")
async def test_a_full_table_refuses_with_a_sentence(bench: Bench) -> None:
    """The setting is in force at once."""
    sleeping = turn("", call("run_command", command="sleep 60"))
    await bench.deploy(sleeping)
    await bench.execute(system.SettingsSet(name="agents.process_limit", value=1))
    with pytest.raises(LimitReachedError, match="as many as the table holds"):
        await bench.deploy(DONE)
    await bench.execute(system.SettingsSet(name="agents.process_limit", value=2))
    await bench.deploy(sleeping)
    with pytest.raises(LimitReachedError, match="There are 2 processes"):
        await bench.deploy(DONE)


@pytest.mark.feature("PR14")
async def test_every_role_can_be_deployed(bench: Bench) -> None:
    pids = [await bench.deploy(DONE, role=role) for role in ROLES]
    for pid in pids:
        assert (await bench.ended(pid)).code == 0


@pytest.mark.feature("PR06", "PR07")
@pytest.mark.parametrize(("signal", "code"), [("SIGTERM", 143), ("SIGKILL", 137), ("SIGINT", 130)])
async def test_a_signal_ends_the_agent_and_all_its_processes(bench: Bench, signal: str, code: int) -> None:
    pid = await bench.deploy(turn("", call("run_command", command="setsid sleep 987 & sleep 987")))
    await _children(bench, pid, at_least=2)
    children = (await bench.execute(process.ProcessInfoGet(pid=pid))).children
    assert any("sleep" in child.command for child in children)
    await bench.execute(process.ProcessSignal(pid=pid, signal=signal))
    exited = await bench.ended(pid)
    assert (exited.code, exited.signal) == (code, signal)
    assert code == 128 + SIGNAL_NUMBERS[signal]
    assert not [child for child in children if _alive(child.pid)]
    phases = [event.phase for event in bench.of(pid, agent.AgentPhaseChanged)]
    assert phases[-1] == "failed"


@pytest.mark.feature("PR02", "PR08", "AL09")
async def test_stop_freezes_everything_and_continue_goes_on_at_the_same_step(bench: Bench) -> None:
    counting = "i=0; while [ $i -lt 40 ]; do echo tick; i=$((i+1)); sleep 0.05; done"
    pid = await bench.deploy(turn("Count.", call("run_command", command=counting)), DONE)
    await _console_has(bench, pid, "tick")
    await bench.execute(process.ProcessSignal(pid=pid, signal="SIGSTOP"))
    info = (await bench.execute(process.ProcessInfoGet(pid=pid))).info
    assert info.state == "stopped"
    frozen_at = _console(bench, pid)
    await asyncio.sleep(0.3)
    assert _console(bench, pid) == frozen_at
    await bench.execute(process.ProcessSignal(pid=pid, signal="SIGCONT"))
    assert (await bench.ended(pid)).code == 0
    assert _console(bench, pid).count("tick") >= 40
    steps = [event.step for event in bench.of(pid, agent.AgentStepStarted)]
    assert steps == [1, 2]


@pytest.mark.feature("PR06")
async def test_user_signals_reach_the_agent(bench: Bench) -> None:
    pid = await bench.deploy(turn("", call("run_command", command="sleep 0.3")), DONE)
    await bench.execute(process.ProcessSignal(pid=pid, signal="SIGUSR1"))
    told = await bench.wait(agent.AgentUserMessage, pid)
    assert "SIGUSR1" in told.text
    await bench.ended(pid)


@pytest.mark.feature("AL02")
async def test_the_step_limit_ends_the_run_as_completed(bench: Bench) -> None:
    pid = await bench.deploy(turn("again", call("think", thought="a")), script={"at_end": "repeat"}, max_steps=3)
    exited = await bench.ended(pid)
    assert exited.code == 0
    assert "3 steps" in exited.summary
    assert max(event.step for event in bench.of(pid, agent.AgentStepStarted)) == 3


REFUSED = {"kind": "refused", "message": "The connection was refused.", "hint": "Start the server.", "retryable": True}


@pytest.mark.feature("AL02")
@pytest.mark.parametrize(("steps", "limit"), [(1, "The limit of 1 step is reached."), (2, "The limit of 2 steps is reached.")])
async def test_a_run_whose_model_never_answered_has_failed_whatever_the_limit(bench: Bench, steps: int, limit: str) -> None:
    pid = await bench.deploy(turn("", error=REFUSED), script={"at_end": "repeat", "position": "calls"}, max_steps=steps)
    exited = await bench.ended(pid)
    assert exited.code == 1
    assert exited.summary == f"The connection was refused. Start the server. {limit}"
    assert not bench.of(pid, agent.AgentCompleted)
    (said,) = [notice for notice in bench.of(pid, agent.AgentNotice) if notice.kind == "limit"]
    assert (said.message, said.hint) == (limit, "Its model never answered.")


@pytest.mark.feature("AL02")
@pytest.mark.parametrize("turns", [(turn("", error=REFUSED), turn("a", call("think", thought="a"))), (turn("Half a thought."),)])
async def test_a_run_that_did_something_ends_at_the_limit_as_completed(bench: Bench, turns: tuple[dict[str, Any], ...]) -> None:
    pid = await bench.deploy(*turns, script={"position": "calls"}, max_steps=len(turns))
    exited = await bench.ended(pid)
    assert (exited.code, exited.summary.startswith("The limit of")) == (0, True)


@pytest.mark.feature("AL03")
async def test_steps_follow_each_other_at_once_unless_a_pacing_is_set(bench: Bench) -> None:
    await bench.execute(system.SettingsSet(name="agents.pacing_s", value=0.2))
    pid = await bench.deploy(turn("a", call("think", thought="a")), DONE)
    await bench.ended(pid)
    started = [event.timestamp for event in bench.of(pid, agent.AgentStepStarted)]
    assert started[1] - started[0] >= 0.2


@pytest.mark.feature("AL14")
async def test_an_unknown_tool_is_an_observation(bench: Bench) -> None:
    pid = await bench.deploy(turn("", call("read_fil", path="x")), DONE)
    assert (await bench.ended(pid)).code == 0
    observation = bench.of(pid, agent.AgentObservation)[0]
    assert not observation.ok
    assert "read_file" in observation.result


@pytest.mark.feature("AL13")
async def test_a_model_that_fails_costs_a_step_not_the_agent(bench: Bench) -> None:
    pid = await bench.deploy(
        turn("", error={"kind": "bad_response", "message": "It answered nonsense."}), DONE, script={"position": "calls"}
    )
    assert (await bench.ended(pid)).code == 0
    thoughts = [event.thought for event in bench.of(pid, agent.AgentThought)]
    assert any("nonsense" in thought for thought in thoughts)
    assert max(event.step for event in bench.of(pid, agent.AgentStepStarted)) == 2


async def test_a_model_that_keeps_failing_ends_the_agent_with_the_reason(bench: Bench) -> None:
    error = {"kind": "auth", "message": "The key was refused.", "hint": "Set OPENAI_API_KEY.", "retryable": False}
    pid = await bench.deploy(turn("", error=error), script={"at_end": "repeat", "position": "calls"})
    exited = await bench.ended(pid)
    assert exited.code == 1
    assert "OPENAI_API_KEY" in exited.summary


@pytest.mark.feature("AL05", "AL06", "AL07", "AL08", "TL13", "EV01")
async def test_the_order_of_a_steps_events(bench: Bench) -> None:
    pid = await bench.deploy(turn("Let me look.", call("list_files"), chunk_chars=3, delay_s=0.01), DONE)
    await bench.ended(pid)
    kinds = (
        agent.AgentPlanCreated,
        agent.AgentStepStarted,
        agent.AgentThinkingChunk,
        agent.AgentThought,
        agent.AgentAction,
        agent.AgentToolStarted,
        agent.AgentObservation,
    )
    names = [type(event).__name__ for event in bench.of(pid, *kinds)]
    assert names[0] == "AgentPlanCreated"
    first = [name for index, name in enumerate(names[1:]) if index == 0 or names[index] != name]
    assert first[:6] == [
        "AgentStepStarted",
        "AgentThinkingChunk",
        "AgentThought",
        "AgentAction",
        "AgentToolStarted",
        "AgentObservation",
    ]
    streamed = "".join(event.content for event in bench.of(pid, agent.AgentThinkingChunk) if event.step == 1)
    assert "Let me look.".startswith(streamed)
    assert streamed
    assert bench.of(pid, agent.AgentCompleted)[0].summary == "It is done."
    assert [event.log_id for event in bench.of(pid, *kinds)] == sorted(event.log_id for event in bench.of(pid, *kinds))


@pytest.mark.feature("AL15")
async def test_a_long_result_is_cut_for_people_and_kept_for_the_model(bench: Bench) -> None:
    pid = await bench.deploy(turn("", call("run_command", command="seq 1 2000")), DONE)
    await bench.ended(pid)
    observation = bench.of(pid, agent.AgentObservation)[0]
    assert len(observation.result) <= 500
    assert "left out" in observation.result


@pytest.mark.feature("AL17")
async def test_an_aborted_run_has_failed(bench: Bench) -> None:
    pid = await bench.deploy(turn("x", delay_s=5.0))
    await bench.execute(process.ProcessSignal(pid=pid, signal="SIGTERM"))
    await bench.ended(pid)
    listed = await bench.execute(process.ProcessInfoGet(pid=pid))
    assert listed.info.agent_phase == "failed"


@pytest.mark.feature("AL16", "PR11")
async def test_commands_are_answered_while_agents_work(bench: Bench) -> None:
    pids = [await bench.deploy(turn("", call("run_command", command="sleep 0.5")), DONE) for _ in range(5)]
    listed = await asyncio.wait_for(bench.execute(process.ProcessList()), 0.3)
    assert len(listed.processes) == 5
    for pid in pids:
        await bench.ended(pid)


@pytest.mark.feature("ST03")
async def test_two_runs_never_mix(bench: Bench) -> None:
    one = await bench.deploy(turn("", call("write_file", path="who", content="one")), DONE)
    two = await bench.deploy(turn("", call("write_file", path="who", content="two")), DONE)
    await bench.ended(one)
    await bench.ended(two)
    assert (bench.home(one) / "who").read_text() == "one"
    assert (bench.home(two) / "who").read_text() == "two"
    page = await bench.execute(system.HistoryLogs(pid=one))
    assert {event["pid"] for event in page.events} == {one}
    older = await bench.execute(system.HistoryLogs(pid=one, before_log_id=page.events[-1]["logId"], limit=2))
    assert [event["logId"] for event in older.events] == [event["logId"] for event in page.events[-3:-1]]
    assert [info.pid for info in (await bench.execute(system.HistoryProcesses(limit=1))).processes] == [two]
    assert (await bench.execute(system.HistoryMetrics())).samples[-1].uptime >= 0


@pytest.mark.parametrize("pid", [99, -1])
async def test_commands_about_nobody_are_refused(bench: Bench, pid: int) -> None:
    with pytest.raises(NotFoundError):
        await bench.execute(process.ProcessSignal(pid=pid, signal="SIGTERM"))
    with pytest.raises(NotFoundError):
        await bench.execute(system.HistoryLogs(pid=pid))


async def test_the_kernel_is_not_said_to_have_ended(bench: Bench) -> None:
    with pytest.raises(InvalidArgumentError, match="the kernel itself") as caught:
        await bench.execute(process.ProcessSignal(pid=0, signal="SIGTERM"))
    assert "kernel.shutdown" in caught.value.hint
    with pytest.raises(InvalidArgumentError, match="the kernel itself"):
        await bench.execute(process.ProcessSignal(pid=0, signal="SIGSTOP"))
    with pytest.raises(InvalidArgumentError, match="the kernel itself"):
        await bench.execute(process.ProcessResume(pid=0))


async def test_the_dead_cannot_be_signalled(bench: Bench) -> None:
    pid = await bench.deploy(DONE)
    await bench.ended(pid)
    with pytest.raises(AetherError):
        await bench.execute(process.ProcessSignal(pid=pid, signal="SIGTERM"))
    with pytest.raises(ConflictError):
        await bench.execute(process.ProcessResume(pid=await bench.deploy(turn("x", delay_s=3))))


async def test_a_goal_of_a_megabyte_is_refused(bench: Bench) -> None:
    with pytest.raises(AetherError, match="goal"):
        await bench.kernel.execute(
            process.ProcessSpawn(config=AgentConfig(role="Coder", goal="x" * 1_000_000)), LOCAL_USER
        )


async def test_names_in_any_script_survive(bench: Bench) -> None:
    name = "שלום 🚀 مرحبا é"
    pid = await bench.deploy(turn("", call("write_file", path=f"{name}.txt", content=name)), DONE, goal=name, name=name)
    assert (await bench.ended(pid)).code == 0
    assert (bench.home(pid) / f"{name}.txt").read_text() == name
    assert (await bench.execute(system.HistoryProcesses(query="שלום"))).processes[0].goal == name


def _alive(host_pid: int) -> bool:
    return os.path.exists(f"/proc/{host_pid}")


def _console(bench: Bench, pid: int) -> str:
    path = bench.root / "var/kernel/terminals" / f"tty-{pid}-0.log"
    return plain(path.read_text()) if path.exists() else ""


async def _console_has(bench: Bench, pid: int, text: str) -> None:
    async with asyncio.timeout(20):
        while f"\n{text}" not in _console(bench, pid):
            await asyncio.sleep(0.02)


async def _children(bench: Bench, pid: int, *, at_least: int) -> None:
    async with asyncio.timeout(20):
        while len((await bench.execute(process.ProcessInfoGet(pid=pid))).children) < at_least:
            await asyncio.sleep(0.1)


async def test_a_sandbox_of_a_kind_that_there_is_not_is_refused(bench: Bench) -> None:
    with pytest.raises(InvalidArgumentError, match=r"no sandbox of the type 'container'.*Leave the type out"):
        await bench.deploy(DONE, sandbox=SandboxConfig(type="container"))
    assert (await bench.execute(process.ProcessList())).processes == ()


@pytest.mark.parametrize("kind", ["process", "container"])
async def test_the_record_of_an_earlier_run_is_read_whatever_sandbox_it_asked_for(tmp_path: Path, kind: SandboxType) -> None:
    """As the database of an earlier version has it."""
    database = Database(tmp_path / "aether.db", SystemClock())
    await database.open()
    info = msgspec.structs.replace(make_info(3), state="stopped", interrupted=True)
    config = AgentConfig(role="Coder", goal="g", sandbox=SandboxConfig(type=kind))
    repository = ProcessRepository(database)
    await database.write((repository.save(info, config, RunRecord()),))
    stored = await repository.get(3)
    assert stored is not None
    assert (stored.info.goal, stored.config.sandbox.type) == (info.goal, kind)
    assert [kept.info.pid for kept in await repository.not_dead()] == [3]
    await database.close()
