"""A folder that is mounted stays the folder that was mounted, whatever an agent makes of the path to it."""

from pathlib import Path

import pytest

from kernel.errors import InvalidArgumentError
from kernel.protocol import agent, process
from kernel.protocol.process import ProcessResume
from kernel.protocol.records import SandboxConfig, WorkspaceMount
from tests.fakes.scripts import call, turn
from tests.integration.kernel.conftest import Bench, MakeBench

DONE = turn("Done.", call("complete", summary="done"))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A person's folder, with another one in it and a private one beside it."""
    (tmp_path / "project/data").mkdir(parents=True)
    (tmp_path / "project/data/mine").write_text("mine")
    (tmp_path / "private").mkdir()
    (tmp_path / "private/key").write_text("SECRET")
    return tmp_path / "project"


def both(project: Path, inner: str = "d") -> SandboxConfig:
    mounts = (
        WorkspaceMount(host_path=str(project), guest_path="work"),
        WorkspaceMount(host_path=str(project / "data"), guest_path=inner),
    )
    return SandboxConfig(mounts=mounts)


def one(folder: Path, guest: str = "work") -> SandboxConfig:
    return SandboxConfig(mounts=(WorkspaceMount(host_path=str(folder), guest_path=guest),))


def results(bench: Bench, pid: int) -> list[tuple[str, bool, str]]:
    return [(seen.tool, seen.ok, seen.result) for seen in bench.of(pid, agent.AgentObservation)]


@pytest.mark.feature("FS09")
@pytest.mark.parametrize("inner", ["d", "work/inner"])
async def test_a_mount_that_becomes_a_link_to_any_folder_is_used_by_no_file_tool(
    bench: Bench, project: Path, tmp_path: Path, inner: str
) -> None:
    (project / "inner").mkdir()
    swap = f"mv work/data work/old; ln -s {tmp_path}/private work/data"
    turns = (
        turn("", call("read_file", path=f"{inner}/mine")),
        turn("", call("run_command", command=swap)),
        turn("", call("read_file", path=f"{inner}/key")),
        turn("", call("list_files", path=inner)),
        turn("", call("write_file", path=f"{inner}/evil", content="x")),
        turn("", call("run_command", command=f"ls {inner}")),
    )
    pid = await bench.deploy(*turns, DONE, sandbox=both(project, inner))
    assert (await bench.ended(pid)).code == 0
    before, swapped, *tools, command = results(bench, pid)[:6]
    assert before[1] and "mine" in before[2]
    assert swapped[1], swapped
    for tool, ok, result in tools:
        assert not ok and f"{project}/data cannot be used: data in it is a link now" in result, tool
        assert "deploy a new agent" in result
    assert "SECRET" not in str(results(bench, pid))
    assert not (tmp_path / "private/evil").exists()
    if inner == "d":
        assert command[1] and "mine" in command[2]  # its sandbox keeps the folder that it began with


@pytest.mark.feature("FS09")
@pytest.mark.parametrize("turned", [False, True])
async def test_tools_and_commands_see_the_same_where_one_folder_is_mounted_within_another(
    bench: Bench, project: Path, tmp_path: Path, turned: bool
) -> None:
    mounts = (
        WorkspaceMount(host_path=str(project), guest_path="work"),
        WorkspaceMount(host_path=str(tmp_path / "private"), guest_path="~/work/data"),
    )
    config = SandboxConfig(mounts=mounts[::-1] if turned else mounts)
    turns = (
        turn("", call("read_file", path="work/data/key")),
        turn("", call("run_command", command="cat work/data/key; ls work/data")),
        turn("", call("write_file", path="work/data/tool", content="x")),
        turn("", call("run_command", command="ls work/data")),
    )
    pid = await bench.deploy(*turns, DONE, sandbox=config)
    assert (await bench.ended(pid)).code == 0
    read, shown, _written, after = results(bench, pid)[:4]
    assert "SECRET" in read[2] and "SECRET" in shown[2] and "mine" not in shown[2]
    assert "tool" in after[2] and [path.name for path in (project / "data").iterdir()] == ["mine"]


@pytest.mark.feature("FS09")
async def test_what_would_need_a_new_folder_in_a_persons_folder_is_refused_at_the_deployment(bench: Bench, project: Path) -> None:
    with pytest.raises(InvalidArgumentError, match=r"there is no d in .*project, which is mounted around it") as refused:
        await bench.deploy(DONE, sandbox=both(project, "work/d"))
    assert refused.value.hint == f"Make the folder {project}/d first, or choose a place outside of work."
    assert [path.name for path in project.iterdir()] == ["data"]


@pytest.mark.feature("FS09", "SH01")
async def test_a_workspace_is_not_made_within_a_persons_folder(bench: Bench, project: Path) -> None:
    turns = (turn("", call("create_shared_workspace", name="team")), turn("", call("run_command", command="ls shared")))
    pid = await bench.deploy(*turns, DONE, sandbox=one(project, "shared"))
    assert (await bench.ended(pid)).code == 0
    made, listed = results(bench, pid)[:2]
    assert not made[1] and "lies in a folder that is mounted already" in made[2]
    assert listed[1] and "data" in listed[2] and [path.name for path in project.iterdir()] == ["data"]


@pytest.mark.feature("FS09")
async def test_a_mount_that_becomes_a_link_to_aethers_root_shows_and_takes_nothing(bench: Bench, project: Path) -> None:
    swap = f"mv work/data work/old; ln -s {bench.root} work/data"
    turns = (
        turn("", call("run_command", command=swap)),
        turn("", call("list_files", path="d/var/kernel")),
        turn("", call("write_file", path="d/etc/evil.toml", content="x")),
    )
    pid = await bench.deploy(*turns, DONE, sandbox=both(project))
    await bench.ended(pid)
    _, listed, written = results(bench, pid)[:3]
    assert not listed[1] and not written[1]
    assert "aether.db" not in listed[2]
    assert not (bench.root / "etc/evil.toml").exists()


@pytest.mark.feature("FS09")
async def test_what_was_a_link_at_the_deployment_is_kept_as_the_folder_it_led_to(bench: Bench, project: Path) -> None:
    (project / "link").symlink_to("data")
    mounts = (
        WorkspaceMount(host_path=str(project), guest_path="work"),
        WorkspaceMount(host_path=str(project / "link"), guest_path="l"),
    )
    turns = (
        turn("", call("run_command", command=f"ln -sfn {bench.root} work/link")),
        turn("", call("list_files", path="l/var/kernel")),
        turn("", call("read_file", path="l/mine")),
    )
    pid = await bench.deploy(*turns, DONE, sandbox=SandboxConfig(mounts=mounts))
    await bench.ended(pid)
    _, listed, read = results(bench, pid)[:3]
    assert not listed[1] and "There is no" in listed[2]
    assert read[1] and "mine" in read[2]


@pytest.mark.feature("FS09")
async def test_another_agent_cannot_turn_a_mount_around(bench: Bench, project: Path, tmp_path: Path) -> None:
    """Neither while the first one's sandbox has not begun: then it does not begin."""
    first = await bench.deploy(
        turn("", call("write_file", path="x", content="x")),
        turn("", call("read_file", path="d/key")),
        turn("", call("run_command", command="cat d/key")),
        DONE,
        approval="ask",
        sandbox=one(project / "data", "d"),
    )
    asked = await bench.wait(process.ApprovalRequired, first)
    swap = f"mv work/data work/old; ln -s {tmp_path}/private work/data"
    second = await bench.deploy(turn("", call("run_command", command=swap)), DONE, sandbox=one(project))
    assert (await bench.ended(second)).code == 0
    await bench.execute(process.ProcessApprove(pid=first, approval_id=asked.approval.approval_id))
    await bench.ended(first)
    _, read, ran = results(bench, first)[:3]
    for _tool, ok, result in (read, ran):
        assert not ok and "data in it is a link now" in result
    assert "SECRET" not in str(results(bench, first))


@pytest.mark.parametrize(
    ("change", "said"),
    [("replaced", "it is another folder than the one that was mounted"), ("gone", "it is not there any more"),
     ("file", "data in it is no folder now")],
)  # fmt: skip
async def test_a_folder_that_is_another_one_or_gone_is_refused_with_a_sentence(
    bench: Bench, project: Path, change: str, said: str
) -> None:
    turns = (
        turn("", call("write_file", path="x", content="x")),
        turn("", call("read_file", path="d/mine")),
        turn("", call("list_files", path="d")),
    )
    pid = await bench.deploy(*turns, DONE, approval="ask", sandbox=one(project / "data", "d"))
    asked = await bench.wait(process.ApprovalRequired, pid)
    (project / "data").rename(project / "old")
    if change == "replaced":
        (project / "data").mkdir()
        (project / "data/mine").write_text("other")
    elif change == "file":
        (project / "data").write_text("other")
    await bench.execute(process.ProcessApprove(pid=pid, approval_id=asked.approval.approval_id))
    await bench.ended(pid)
    for _tool, ok, result in results(bench, pid)[1:3]:
        assert not ok and said in result


@pytest.mark.feature("FS09")
@pytest.mark.parametrize("change", ["link", "nothing", "link elsewhere"])
async def test_after_a_restart_the_real_path_is_what_counts(make_bench: MakeBench, project: Path, tmp_path: Path, change: str) -> None:
    """The config holds the real path: what the link says by then is nothing to it, and a link in the real path ends the run."""
    (tmp_path / "link").symlink_to(project / "data")
    first: Bench = await make_bench()
    turns = (turn("", call("write_file", path="x", content="x")), turn("", call("read_file", path="d/mine")))
    pid = await first.deploy(*turns, DONE, approval="ask", sandbox=one(tmp_path / "link", "d"))
    await first.wait(process.ApprovalRequired, pid)
    await first.kernel.stop()
    if change == "link":
        (project / "data").rename(project / "old")
        (project / "data").symlink_to(tmp_path / "private")
    elif change == "link elsewhere":
        (tmp_path / "link").unlink()
        (tmp_path / "link").symlink_to(tmp_path / "private")
    second: Bench = await make_bench()
    await second.execute(ProcessResume(pid=pid))
    if change == "link":
        ended = await second.ended(pid)
        assert ended.code == 1 and f"{project}/data cannot be used: data in it is a link now" in ended.summary
        return
    asked = await second.wait(process.ApprovalRequired, pid)
    await second.execute(process.ProcessApprove(pid=pid, approval_id=asked.approval.approval_id))
    assert (await second.ended(pid)).code == 0
    read = next(seen for seen in second.of(pid, agent.AgentObservation) if seen.tool == "read_file")
    assert read.ok and "mine" in read.result
