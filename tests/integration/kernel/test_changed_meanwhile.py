"""What is approved is what was shown: a file that changes while a person looks at its difference is shown again."""

from pathlib import Path

import pytest

from kernel.protocol import agent, process
from kernel.protocol.records import SandboxConfig, WorkspaceMount
from kernel.tools.files import CHANGED
from tests.fakes.scripts import call, turn
from tests.integration.kernel.conftest import Bench

DONE = turn("Done.", call("complete", summary="done"))
WRITE = turn("", call("write_file", path="work/notes", content="agent\n"))


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """A person's file in the folder that they mounted."""
    (tmp_path / "project").mkdir()
    file = tmp_path / "project/notes"
    file.write_text("mine\n")
    return file


async def deploy(bench: Bench, notes: Path) -> int:
    mounts = (WorkspaceMount(host_path=str(notes.parent), guest_path="work"),)
    return await bench.deploy(WRITE, DONE, approval="ask", sandbox=SandboxConfig(mounts=mounts))


async def asked_about(bench: Bench, pid: int, line: str) -> process.ApprovalRequired:
    """The question whose difference has a line."""
    found: process.ApprovalRequired = await bench.wait(
        process.ApprovalRequired, pid, lambda event: line in event.details["diff"].splitlines()
    )
    return found


async def approve(bench: Bench, asked: process.ApprovalRequired, **more: str) -> None:
    await bench.execute(process.ProcessApprove(pid=asked.pid, approval_id=asked.approval.approval_id, **more))  # type: ignore[arg-type]


@pytest.mark.feature("AP03")
@pytest.mark.parametrize("scope", ["once", "always"])
async def test_what_was_added_meanwhile_is_shown_before_it_is_replaced(bench: Bench, notes: Path, scope: str) -> None:
    pid = await deploy(bench, notes)
    first = await asked_about(bench, pid, "-mine")
    notes.write_text("mine\nnew\n")
    await approve(bench, first, scope=scope)
    second = await asked_about(bench, pid, "-new")
    assert notes.read_text() == "mine\nnew\n"
    assert second.details["diff"].startswith(f"[{CHANGED}]\n")
    assert second.action.endswith("wants to write a file, which has changed meanwhile")
    assert not bench.of(pid, agent.AgentToolStarted)
    await approve(bench, second)
    assert (await bench.ended(pid)).code == 0
    assert notes.read_text() == "agent\n"
    assert len(bench.of(pid, process.ApprovalRequired)) == 2


@pytest.mark.feature("AP03")
async def test_a_change_that_is_rejected_stays(bench: Bench, notes: Path) -> None:
    pid = await deploy(bench, notes)
    first = await asked_about(bench, pid, "-mine")
    notes.unlink()
    await approve(bench, first)
    second = await bench.wait(process.ApprovalRequired, pid, lambda event: event.details["exists"] == "no")
    await bench.execute(process.ProcessReject(pid=pid, approval_id=second.approval.approval_id, reason="I removed it"))
    assert (await bench.ended(pid)).code == 0
    assert not notes.exists()
    assert bench.of(pid, agent.AgentObservation)[0].result == "Rejected: I removed it"


async def test_a_file_that_keeps_changing_is_not_asked_about_for_ever(bench: Bench, notes: Path) -> None:
    pid = await deploy(bench, notes)
    for line in ("mine", "2", "3"):
        asked = await asked_about(bench, pid, f"-{line}")
        notes.write_text(f"{int(line) + 1 if line.isdigit() else 2}\n")
        await approve(bench, asked)
    assert (await bench.ended(pid)).code == 0
    assert notes.read_text() == "4\n"
    assert "kept changing" in bench.of(pid, agent.AgentObservation)[0].result


async def test_a_file_that_became_a_link_is_left_alone(bench: Bench, notes: Path) -> None:
    pid = await deploy(bench, notes)
    asked = await asked_about(bench, pid, "-mine")
    notes.rename(notes.with_name("kept"))
    notes.symlink_to("kept")
    await approve(bench, asked)
    assert (await bench.ended(pid)).code == 0
    assert notes.is_symlink() and notes.read_text() == "mine\n"
    assert "is a link" in bench.of(pid, agent.AgentObservation)[0].result
