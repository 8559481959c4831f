"""Asking before anything risky."""

import os
from pathlib import Path

import pytest

from kernel.errors import ConflictError, InvalidArgumentError, PermissionDeniedError
from kernel.protocol import agent, process, system
from kernel.protocol.records import SandboxConfig, WorkspaceMount
from tests.fakes.scripts import call, turn
from tests.integration.kernel.conftest import Bench

DONE = turn("Done.", call("complete", summary="done"))
RISKY = turn("Clean.", call("run_command", command="mkdir -p build; touch build/x; rm -r build"))


@pytest.mark.feature("AP01", "AP02", "AP03")
async def test_a_risky_call_waits_before_it_runs_and_goes_on_when_approved(bench: Bench) -> None:
    pid = await bench.deploy(RISKY, DONE, approval="ask")
    required = await bench.wait(process.ApprovalRequired, pid)
    info = (await bench.execute(process.ProcessInfoGet(pid=pid))).info
    assert (info.state, info.agent_phase) == ("sleeping", "waiting")
    assert required.details["command"] == "mkdir -p build; touch build/x; rm -r build"
    assert required.approval.risk == "deletes files"
    assert not bench.of(pid, agent.AgentToolStarted)
    await bench.execute(process.ProcessApprove(pid=pid, approval_id=required.approval.approval_id))
    assert (await bench.ended(pid)).code == 0
    phases = [event.phase for event in bench.of(pid, agent.AgentPhaseChanged)]
    assert phases[phases.index("waiting") + 1] == "executing"


@pytest.mark.feature("AP03")
async def test_a_rejection_reaches_the_model_with_its_reason(bench: Bench) -> None:
    pid = await bench.deploy(RISKY, DONE, approval="ask")
    await bench.wait(process.ApprovalRequired, pid)
    await bench.execute(process.ProcessReject(pid=pid, reason="keep the build"))
    assert (await bench.ended(pid)).code == 0
    observation = bench.of(pid, agent.AgentObservation)[0]
    assert observation.result == "Rejected: keep the build"
    assert not bench.of(pid, agent.AgentToolStarted)[0:1] or bench.of(pid, agent.AgentToolStarted)[0].tool == "complete"
    phases = [event.phase for event in bench.of(pid, agent.AgentPhaseChanged)]
    assert phases[phases.index("waiting") + 1] == "thinking"


@pytest.mark.feature("AP04")
async def test_no_answer_is_a_rejection_after_the_timeout(bench: Bench) -> None:
    await bench.execute(system.SettingsSet(name="approvals.timeout_s", value=0.2))
    pid = await bench.deploy(RISKY, DONE, approval="ask")
    answered = await bench.wait(process.ApprovalAnswered, pid)
    assert (answered.approved, answered.by) == (False, "timeout")
    await bench.ended(pid)
    assert "Nobody answered" in bench.of(pid, agent.AgentObservation)[0].result
    defaults = await bench.execute(system.SettingsSet(name="approvals.timeout_s", value=300.0))
    assert defaults.values["approvals.timeout_s"] == 300.0


@pytest.mark.feature("AP06")
@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("write_file", {"path": "a.txt", "content": "a"}),
        ("run_command", {"command": "rm -f a.txt"}),
        ("run_command", {"command": "curl http://example.com"}),
        ("browse_web", {"url": "http://example.com"}),
    ],
)
async def test_writing_deleting_and_the_network_ask(bench: Bench, tool: str, arguments: dict[str, str]) -> None:
    pid = await bench.deploy(turn("", call(tool, **arguments)), DONE, approval="ask")
    await bench.wait(process.ApprovalRequired, pid)
    await bench.execute(process.ProcessReject(pid=pid))
    assert (await bench.ended(pid)).code == 0


async def test_reading_and_plain_commands_do_not_ask(bench: Bench) -> None:
    pid = await bench.deploy(
        turn("", call("list_files"), call("run_command", command="ls -la | wc -l"), call("mkdir", path="new")),
        DONE,
        approval="ask",
    )
    assert (await bench.ended(pid)).code == 0
    assert not bench.of(pid, process.ApprovalRequired)


@pytest.mark.feature("AP07")
async def test_answering_an_agent_that_does_not_wait_is_an_error(bench: Bench) -> None:
    pid = await bench.deploy(turn("x", delay_s=2.0), DONE)
    with pytest.raises(ConflictError, match="does not wait"):
        await bench.execute(process.ProcessApprove(pid=pid))
    await bench.execute(process.ProcessSignal(pid=pid, signal="SIGKILL"))


@pytest.mark.feature("AP07")
async def test_an_answer_to_a_question_that_was_answered_answers_no_other(bench: Bench) -> None:
    pid = await bench.deploy(RISKY, turn("", call("run_command", command="rm -f x")), turn("x", delay_s=60.0), approval="ask")
    first = (await bench.wait(process.ApprovalRequired, pid)).approval.approval_id
    await bench.execute(process.ProcessApprove(pid=pid, approval_id=first))
    second = await bench.wait(process.ApprovalRequired, pid, lambda event: event.details["command"] == "rm -f x")
    for command in (process.ProcessApprove(pid=pid, approval_id=first), process.ProcessReject(pid=pid, approval_id=first)):
        with pytest.raises(ConflictError, match="answered already; the agent asks another"):
            await bench.execute(command)
    await bench.execute(process.ProcessReject(pid=pid, approval_id=second.approval.approval_id))
    with pytest.raises(ConflictError, match=r"answered already\. The agent asks nothing"):
        await bench.execute(process.ProcessApprove(pid=pid, approval_id=first))
    await bench.execute(process.ProcessSignal(pid=pid, signal="SIGKILL"))
    await bench.ended(pid)


@pytest.mark.feature("AP08")
async def test_a_kill_releases_the_wait(bench: Bench) -> None:
    pid = await bench.deploy(RISKY, approval="ask")
    await bench.wait(process.ApprovalRequired, pid)
    await bench.execute(process.ProcessSignal(pid=pid, signal="SIGKILL"))
    assert (await bench.ended(pid)).code == 137
    assert (await bench.execute(process.ProcessList())).approvals == ()


async def test_always_covers_the_next_calls_of_the_same_kind(bench: Bench) -> None:
    writes = [turn("", call("write_file", path=f"f{number}", content="x")) for number in range(3)]
    pid = await bench.deploy(*writes, DONE, approval="ask")
    required = await bench.wait(process.ApprovalRequired, pid)
    assert "home" in required.approval.always
    await bench.execute(process.ProcessApprove(pid=pid, scope="always"))
    assert (await bench.ended(pid)).code == 0
    assert len(bench.of(pid, process.ApprovalRequired)) == 1


async def test_a_sweeping_deletion_can_never_be_allowed_always(bench: Bench) -> None:
    pid = await bench.deploy(turn("", call("run_command", command="rm -rf /")), DONE, approval="ask")
    required = await bench.wait(process.ApprovalRequired, pid)
    assert required.approval.always == ""
    with pytest.raises(ConflictError):
        await bench.execute(process.ProcessApprove(pid=pid, scope="always"))
    await bench.execute(process.ProcessReject(pid=pid))
    await bench.ended(pid)


async def test_deny_refuses_without_asking(bench: Bench) -> None:
    pid = await bench.deploy(RISKY, DONE, approval="deny")
    assert (await bench.ended(pid)).code == 0
    assert "may not ask" in bench.of(pid, agent.AgentObservation)[0].result
    assert not bench.of(pid, process.ApprovalRequired)


async def test_a_write_shows_its_diff(bench: Bench) -> None:
    pid = await bench.deploy(
        turn("", call("run_command", command="printf 'one\\ntwo\\n' > notes")),
        turn("", call("write_file", path="notes", content="one\n2\n")),
        DONE,
        approval="ask",
    )
    required = await bench.wait(process.ApprovalRequired, pid)
    assert "-two" in required.details["diff"]
    assert "+2" in required.details["diff"]
    await bench.execute(process.ProcessApprove(pid=pid))
    await bench.ended(pid)


async def test_budgets_pause_and_ask(bench: Bench) -> None:
    usage = {"input_tokens": 600, "output_tokens": 0}
    pid = await bench.deploy(
        turn("a", call("think", thought="1"), usage=usage),
        turn("b", call("think", thought="2"), usage=usage),
        DONE,
        approval="ask",
        token_budget=1000,
    )
    required = await bench.wait(process.ApprovalRequired, pid)
    assert required.approval.kind == "budget"
    assert "1,000" in required.details["reason"]
    await bench.execute(process.ProcessApprove(pid=pid))
    assert (await bench.ended(pid)).code == 0


async def test_going_in_circles_asks(bench: Bench) -> None:
    pid = await bench.deploy(
        turn("", call("run_command", command="true")), approval="ask", script={"at_end": "repeat"}, max_steps=30
    )
    required = await bench.wait(process.ApprovalRequired, pid)
    assert required.approval.kind == "loop"
    await bench.execute(process.ProcessSignal(pid=pid, signal="SIGTERM"))
    await bench.ended(pid)


@pytest.mark.parametrize("mode", ["steer", "queue", "interrupt"])
@pytest.mark.feature("AL09", "EV10")
async def test_the_three_ways_to_tell_an_agent_something(bench: Bench, mode: str) -> None:
    pid = await bench.deploy(
        turn("Work.", call("run_command", command="sleep 0.4")),
        turn("More.", call("think", thought="x")),
        DONE,
        DONE,
    )
    await bench.wait(agent.AgentToolStarted, pid)
    await bench.execute(process.ProcessSend(id="ui-7", pid=pid, text="look left", mode=mode))
    await bench.ended(pid)
    said = bench.of(pid, agent.AgentUserMessage)
    assert [(event.message_id, event.delivered) for event in said] == [("ui-7", False), ("ui-7", True)]
    first = bench.of(pid, agent.AgentObservation)[0]
    if mode == "interrupt":
        assert "Aborted by the person" in first.result
    else:
        assert first.exit_code == 0
    if mode == "queue":
        finished = [event.log_id for event in bench.of(pid, agent.AgentObservation) if event.tool == "complete"]
        assert said[1].log_id > finished[0]


@pytest.mark.feature("AP03")
async def test_nobody_is_asked_for_a_write_that_would_be_refused(bench: Bench, tmp_path: Path) -> None:
    folder = tmp_path / "project"
    (folder / "folder").mkdir(parents=True)
    (folder / "out").symlink_to("/etc")
    (folder / "link").symlink_to("/etc/passwd")
    (folder / "file").touch()
    os.mkfifo(folder / "pipe")
    paths = ("out/evil", "pipe", "link", "folder", "file/below")
    mounts = (WorkspaceMount(host_path=str(folder), guest_path="work"),)
    turns = (turn("", *(call("write_file", path=f"work/{path}", content="x") for path in paths)), DONE)
    pid = await bench.deploy(*turns, approval="ask", sandbox=SandboxConfig(mounts=mounts))
    assert (await bench.ended(pid)).code == 0
    refused = bench.of(pid, agent.AgentObservation)[: len(paths)]
    assert [seen.ok for seen in refused] == [False] * len(paths)
    assert "leads out" in refused[0].result
    assert not bench.of(pid, process.ApprovalRequired)


@pytest.mark.parametrize("folder", ["/proc", "/sys", "/dev", "/proc/self", "/sys/kernel"])
async def test_folders_that_the_system_makes_up_are_no_place_to_work(bench: Bench, folder: str) -> None:
    with pytest.raises(PermissionDeniedError, match="what the system makes up"):
        await bench.deploy(DONE, sandbox=SandboxConfig(mounts=(WorkspaceMount(host_path=folder, guest_path="work"),)))


@pytest.mark.feature("FS09")
@pytest.mark.parametrize("inner", ["var", "home", "etc", "tmp", "shared", "."])
async def test_aethers_own_folders_are_no_place_to_work(bench: Bench, tmp_path: Path, inner: str) -> None:
    (tmp_path / "link").symlink_to(bench.root / inner)
    for folder in (bench.root / inner, tmp_path / "link"):
        with pytest.raises(PermissionDeniedError, match="lies among Aether's own files"):
            await bench.deploy(DONE, sandbox=SandboxConfig(mounts=(WorkspaceMount(host_path=str(folder), guest_path="work"),)))


@pytest.mark.feature("FS09")
async def test_a_link_to_a_workspace_that_is_turned_around_changes_nothing(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "project")
    turns = (turn("", call("write_file", path="x", content="x")), turn("", call("run_command", command="ls work/kernel")), DONE)
    mounts = (WorkspaceMount(host_path=str(link), guest_path="work"),)
    pid = await bench.deploy(*turns, approval="ask", sandbox=SandboxConfig(mounts=mounts))
    asked = await bench.wait(process.ApprovalRequired, pid)
    link.unlink()
    link.symlink_to(bench.root / "var")
    await bench.execute(process.ProcessApprove(pid=pid, approval_id=asked.approval.approval_id))
    assert (await bench.ended(pid)).code == 0
    seen = bench.of(pid, agent.AgentObservation)[1]
    assert not seen.ok and "No such file" in seen.result


@pytest.mark.parametrize(("name", "said"), [("", "length >= 1"), ("  ", "An empty name is not an absolute path")])
async def test_a_folder_without_a_name_is_refused_and_not_the_one_where_aether_runs(bench: Bench, name: str, said: str) -> None:
    with pytest.raises(InvalidArgumentError, match=said):
        await bench.deploy(DONE, sandbox=SandboxConfig(mounts=(WorkspaceMount(host_path=name, guest_path="work"),)))
