"""A run in the older session vocabulary, and what of it is kept beyond the run."""

import pytest

from kernel.protocol import agent, process, system
from kernel.protocol.session import Envelope, envelope
from tests.fakes.scripts import call, turn
from tests.integration.kernel.conftest import Bench

STATES = {"idle", "planning", "thinking", "tool_calling", "observing", "compiling", "paused"}
DONE = turn("Done.", call("complete", summary="It is done."))


def session(bench: Bench, pid: int) -> list[Envelope]:
    """The envelopes of a run, in order."""
    found = (envelope(event) for event in bench.events if getattr(event, "pid", None) == pid)
    return [item for item in found if item is not None]


@pytest.mark.feature("AL04", "AL10", "AL19")
async def test_a_run_in_envelopes(bench: Bench) -> None:
    pid = await bench.deploy(
        turn("Look.", call("write_file", path="a", content="x"), call("run_command", command="rm -f a; exit 3")),
        turn("", error={"kind": "bad_response", "message": "Nonsense."}),
        turn("", call("browse_web", url="http://127.0.0.1:1/")),
        DONE,
        approval="ask",
    )
    for _ in range(3):
        waiting = await bench.wait(process.ApprovalRequired, pid, lambda event: event.approval.approval_id not in answered(bench))
        await bench.execute(process.ProcessApprove(pid=pid, approval_id=waiting.approval.approval_id))
        await bench.wait(process.ApprovalAnswered, pid, lambda event, one=waiting: event.approval_id == one.approval.approval_id)
    await bench.ended(pid)
    told = session(bench, pid)
    assert {item.state for item in told} == STATES
    assert {item.session_id for item in told} == {f"session-{pid}"}
    assert [item.timestamp for item in told] == sorted(item.timestamp for item in told)
    names = [item.event_type for item in told]
    for expected in (
        "plan_created",
        "thinking_start",
        "thinking_chunk",
        "tool_call_start",
        "tool_result",
        "file_write",
        "code_execution",
        "approval_required",
        "error",
        "response_complete",
        "complete",
    ):
        assert expected in names
    assert names[0] == "plan_created"
    assert names.index("tool_call_start") < names.index("file_write") < names.index("tool_result")
    by_name = {item.event_type: item for item in told}
    assert by_name["file_write"].payload == {"path": f"/home/agent_{pid}/a"}
    assert by_name["response_complete"].payload == {"content": "It is done."}
    assert told[-1].state == "idle"
    assert told[-1].payload["exit_code"] == 0
    command = next(item for item in told if item.event_type == "tool_result" and item.payload["tool"] == "run_command")
    assert set(command.payload) >= {"output", "screenshot", "logs", "exit_code"}
    assert command.payload["exit_code"] == 3


def answered(bench: Bench) -> set[str]:
    """The questions that have their answer."""
    return {event.approval_id for event in bench.events if isinstance(event, process.ApprovalAnswered)}


@pytest.mark.feature("AL19")
def test_the_other_words_of_the_vocabulary() -> None:
    browsed = envelope(agent.AgentBrowsing(pid=1, url="http://a/", summary=""))
    assert browsed is not None
    assert (browsed.event_type, browsed.payload) == ("browser_navigate", {"url": "http://a/", "screenshot": None})
    paused = envelope(agent.AgentPaused(pid=1, reason="SIGSTOP"))
    assert paused is not None
    assert paused.state == "paused"
    assert envelope(system.KernelReady(version="1", uptime=0)) is None
    assert envelope(agent.AgentNotice(pid=1, kind="retry", message="x")) is None


@pytest.mark.feature("AL11")
async def test_a_session_begins_with_nothing_of_another_and_what_the_person_chose_stays(bench: Bench) -> None:
    await bench.execute(system.SettingsSet(name="agents.max_steps", value=7))
    first = await bench.deploy(turn("The password is heron.", call("write_file", path="memo", content="heron")), DONE)
    await bench.ended(first)
    second = await bench.deploy(turn("", call("list_files"), call("run_command", command="grep -r heron ~ | wc -l")), DONE)
    await bench.ended(second)
    assert bench.of(second, agent.AgentObservation)[1].result.endswith("0")
    page = await bench.execute(system.HistoryLogs(pid=second))
    assert "password" not in str(page.events)
    assert bench.of(second, process.ProcessSpawned)[0].info.max_steps == 7
    assert session(bench, first)[0].session_id != session(bench, second)[0].session_id


@pytest.mark.feature("AL18")
async def test_each_agent_thinks_with_its_own_model(bench: Bench) -> None:
    scripted = await bench.deploy(DONE)
    built_in = await bench.deploy(model="heuristic", goal="list the files")
    assert (await bench.ended(scripted)).code == 0
    assert (await bench.ended(built_in)).code == 0
    models = [(await bench.execute(process.ProcessInfoGet(pid=pid))).info.model for pid in (scripted, built_in)]
    assert models == ["scripted/script", "heuristic/built-in"]
