"""What stands in the transcript of the call that ends a run is as true as the run's end."""

from pathlib import Path

import pytest

from kernel.agents import acting
from kernel.agents.agent import Agent
from kernel.errors import ConflictError
from kernel.protocol import agent, process
from kernel.providers.base import ToolCall
from kernel.tools.base import ToolResult
from tests.fakes.scripts import call, turn
from tests.integration.kernel.conftest import Bench
from tests.integration.kernel.test_command_line import Shell

ENDS = turn("Done.", call("complete", summary="done"))


@pytest.mark.feature("AL12")
@pytest.mark.parametrize(
    ("goal", "why"),
    [("run `false`", "could not run `false`: exit code 1"), ("Design a rocket that reaches Mars", "cannot read this goal")],
)
async def test_a_run_that_fails_nowhere_says_that_it_is_complete(tmp_path: Path, goal: str, why: str) -> None:
    aether = Shell(tmp_path / "root")
    words = ("run", "--role", "Coder", "--model", "heuristic", "--yes", "--goal", goal)
    plain = await aether(*words)
    json = await aether(*words, "--json")
    logs = await aether("logs", "1")
    stored = await aether("logs", "1", "--json")
    assert (plain.code, json.code) == (1, 1)
    for shown in (plain.out, json.out, logs.out, stored.out):
        assert "The run is complete" not in shown
        assert "The run ends without reaching its goal." in shown and why in shown
    done = await aether(*words[:-1], "list the files")
    assert done.code == 0 and "The run is complete." in done.out


async def test_an_end_that_a_message_puts_off_is_told_as_that(bench: Bench) -> None:
    waits = turn("", call("run_command", command="while [ ! -e go ]; do sleep 0.02; done"), call("complete", summary="first"))
    pid = await bench.deploy(waits, ENDS)
    await bench.wait(agent.AgentToolStarted, pid)
    await bench.execute(process.ProcessSend(pid=pid, text="And the second thing.", mode="queue"))
    (bench.home(pid) / "go").touch()
    await bench.ended(pid)
    results = [event.result for event in bench.of(pid, agent.AgentObservation) if event.tool == "complete"]
    assert results == ["Not the end yet: there is a message to be read first.", "The run is complete."]


async def test_a_message_that_comes_while_the_end_is_recorded_is_refused(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    observe, refused = acting._observe, []

    async def sends_first(agent_: Agent, call_: ToolCall, result: ToolResult, duration_s: float = 0.0) -> None:
        if result.completed is not None:
            try:
                await bench.execute(process.ProcessSend(pid=agent_.pid, text="One more thing.", mode="queue"))
            except ConflictError as error:
                refused.append(error)
        await observe(agent_, call_, result, duration_s)

    monkeypatch.setattr(acting, "_observe", sends_first)
    pid = await bench.deploy(ENDS, ENDS)
    await bench.ended(pid)
    results = [event.result for event in bench.of(pid, agent.AgentObservation) if event.tool == "complete"]
    assert results == ["The run is complete."] and len(refused) == 1
