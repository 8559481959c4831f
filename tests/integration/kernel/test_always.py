"""What a person allowed always: what the words said, and never a folder of theirs that the words do not name."""

from pathlib import Path

import pytest

from kernel.errors import ConflictError
from kernel.protocol import agent, process
from kernel.protocol.records import SandboxConfig, WorkspaceMount
from tests.fakes.scripts import call, turn
from tests.integration.kernel.conftest import Bench

DONE = turn("Done.", call("complete", summary="done"))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A person's folder."""
    folder = tmp_path / "project"
    (folder / "mydocs").mkdir(parents=True)
    (folder / "mydocs/letter").write_text("mine")
    (folder / "mine.txt").write_text("mine")
    return folder


async def deploy(bench: Bench, project: Path, *calls: dict[str, object]) -> int:
    mounts = (WorkspaceMount(host_path=str(project), guest_path="work"),)
    return await bench.deploy(*(turn("", one) for one in calls), DONE, approval="ask", sandbox=SandboxConfig(mounts=mounts))


async def question(bench: Bench, pid: int, subject: str) -> process.ApprovalRequired:
    """What the agent asks about a command, or about a file of its home."""
    path = f"/home/agent_{pid}/{subject}"
    asked: process.ApprovalRequired = await bench.wait(
        process.ApprovalRequired, pid, lambda event: subject == event.details.get("command") or path == event.details.get("path")
    )
    return asked


async def answer(bench: Bench, asked: process.ApprovalRequired, *, always: bool = False) -> None:
    await bench.execute(
        process.ProcessApprove(pid=asked.pid, approval_id=asked.approval.approval_id, scope="always" if always else "once")
    )


async def refuse(bench: Bench, asked: process.ApprovalRequired) -> None:
    await bench.execute(process.ProcessReject(pid=asked.pid, approval_id=asked.approval.approval_id))


@pytest.mark.feature("PM04")
async def test_writing_in_its_home_always_leaves_a_mounted_folder_asked_for(bench: Bench, project: Path) -> None:
    names = ("x.txt", "sub/y.txt", "work/mine.txt", "work/new.txt", "work/other.txt")
    pid = await deploy(bench, project, *(call("write_file", path=name, content="agent") for name in names))
    first = await question(bench, pid, "x.txt")
    assert first.approval.always == "writing files in its own home"
    await answer(bench, first, always=True)
    second = await question(bench, pid, "work/mine.txt")
    assert second.approval.always == "writing files in ~/work"
    await refuse(bench, second)
    await answer(bench, await question(bench, pid, "work/new.txt"), always=True)
    assert (await bench.ended(pid)).code == 0
    assert len(bench.of(pid, process.ApprovalRequired)) == 3
    assert (project / "mine.txt").read_text() == "mine"
    assert (project / "new.txt").read_text() == (project / "other.txt").read_text() == "agent"


@pytest.mark.feature("PM04")
async def test_a_program_allowed_always_outside_a_mounted_folder_asks_inside(bench: Bench, project: Path) -> None:
    asking = [
        {"command": "touch b; rm -f b"},
        {"command": "rm -rf work/mydocs"},
        {"command": "cd work && rm -rf mydocs"},
        {"command": "rm -rf ./mydocs", "cwd": "work"},
        {"command": 'rm -rf "$HOME/work/mydocs"'},
        {"command": "rm -rf l/mydocs"},
        {"command": "rm -rf mydocs", "cwd": "l"},
        {"command": "rm -rf sub/../l/mydocs"},
    ]
    calls = [{"command": "rm -rf a"}, {"command": "rm -f b c"}, *asking]
    pid = await deploy(bench, project, *(call("run_command", **one) for one in calls))
    first = await question(bench, pid, "rm -rf a")
    assert first.approval.always == "`rm …` outside ~/work"
    (bench.home(pid) / "l").symlink_to("work")
    (bench.home(pid) / "sub").mkdir()
    await answer(bench, first, always=True)
    for one in asking:
        asked = await question(bench, pid, one["command"])
        assert "outside" not in asked.approval.always
        await refuse(bench, asked)
    assert (await bench.ended(pid)).code == 0
    assert len(bench.of(pid, process.ApprovalRequired)) == 1 + len(asking)
    assert (project / "mydocs/letter").read_text() == "mine"


@pytest.mark.feature("PM04")
async def test_a_program_allowed_in_a_mounted_folder_by_name_goes_on_there(bench: Bench, project: Path) -> None:
    commands = [call("run_command", command=line) for line in ("rm work/mine.txt", "rm -rf work/mydocs", "rm -f a", "rm -rf work")]
    pid = await deploy(bench, project, *commands)
    first = await question(bench, pid, "rm work/mine.txt")
    assert first.approval.always == "`rm …` also in ~/work"
    await answer(bench, first, always=True)
    whole = await question(bench, pid, "rm -rf work")
    assert whole.approval.always == ""
    with pytest.raises(ConflictError, match="once for all"):
        await answer(bench, whole, always=True)
    await refuse(bench, whole)
    assert (await bench.ended(pid)).code == 0
    assert list(project.iterdir()) == []
    assert [seen.ok for seen in bench.of(pid, agent.AgentObservation)][:4] == [True, True, True, False]


@pytest.mark.feature("PM04")
async def test_a_mounted_folder_is_known_however_its_place_is_spelt(bench: Bench, project: Path) -> None:
    mounts = (WorkspaceMount(host_path=str(project), guest_path="./work/"),)
    calls = (
        call("write_file", path="x", content="x"),
        call("write_file", path="work/mine.txt", content="x"),
        call("run_command", command="rm work/mine.txt"),
    )
    pid = await bench.deploy(*(turn("", one) for one in calls), DONE, approval="ask", sandbox=SandboxConfig(mounts=mounts))
    await answer(bench, await question(bench, pid, "x"), always=True)
    await refuse(bench, await question(bench, pid, "work/mine.txt"))
    asked = await question(bench, pid, "rm work/mine.txt")
    assert asked.approval.always == "`rm …` also in ~/work"
    await refuse(bench, asked)
    assert (await bench.ended(pid)).code == 0
    assert (project / "mine.txt").read_text() == "mine"


@pytest.mark.feature("PM04", "SH01")
async def test_a_workspace_is_mounted_over_nothing_that_was_allowed_already(bench: Bench, project: Path) -> None:
    calls = [
        call("create_shared_workspace", name="team"),
        call("create_shared_workspace", name="other"),
        *(call("mount_workspace", name="team", mount_point=point) for point in ("work", "~/work/inner", "shared/other", "shared/other/in")),
        call("mount_workspace", name="team"),
        call("mount_workspace", name="team", mount_point="here"),
    ]
    pid = await deploy(bench, project, *calls)
    assert (await bench.ended(pid)).code == 0
    seen = bench.of(pid, agent.AgentObservation)[: len(calls)]
    assert [one.ok for one in seen] == [True, True, False, False, False, False, True, True]
    assert all("is mounted already" in one.result for one in seen[2:6])
    assert sorted(path.name for path in project.iterdir()) == ["mine.txt", "mydocs"]


@pytest.mark.feature("PM04")
async def test_an_always_holds_for_what_the_line_did_when_it_was_asked_for(bench: Bench, project: Path) -> None:
    pid = await deploy(bench, project, call("run_command", command="rm -f l/mine.txt"))
    first = await question(bench, pid, "rm -f l/mine.txt")
    assert first.approval.always == "`rm …` outside ~/work"
    (bench.home(pid) / "l").symlink_to("work")
    await answer(bench, first, always=True)
    second: process.ApprovalRequired = await bench.wait(
        process.ApprovalRequired, pid, lambda event: event.approval.approval_id != first.approval.approval_id
    )
    assert second.approval.always == "`rm …` also in ~/work"
    await refuse(bench, second)
    assert (await bench.ended(pid)).code == 0
    assert (project / "mine.txt").read_text() == "mine"
