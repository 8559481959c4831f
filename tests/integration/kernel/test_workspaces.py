"""A shared workspace that is taken away from an agent is gone from its sandbox, and not said to be gone before."""

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from kernel.errors import ConflictError
from kernel.protocol import agent, fs, process
from kernel.vfs.agent_files import AgentFiles
from tests.fakes.scripts import call, turn
from tests.integration.kernel.conftest import Bench

DONE = turn("Done.", call("complete", summary="done"))
MADE = turn("", call("create_shared_workspace", name="plans"), call("run_command", command="ls -Ad ~/shared/plans"))
ASKS = turn("", call("run_command", command="rm -f asked"))
LOOK = call("run_command", command="ls -A ~/shared/plans")
WRITE_OTHER = call("run_command", command="touch ~/shared/other/late")
WRITE = call("run_command", command="touch ~/shared/plans/late")


async def asked(bench: Bench, pid: int, count: int = 1) -> str:
    """The question that the agent waits on when it has asked `count` times."""
    async with asyncio.timeout(20):
        while len(bench.of(pid, process.ApprovalRequired)) < count:
            await asyncio.sleep(0.02)
    found: str = bench.of(pid, process.ApprovalRequired)[count - 1].approval.approval_id
    return found


async def approve(bench: Bench, pid: int, count: int = 1) -> None:
    await bench.execute(process.ProcessApprove(pid=pid, approval_id=await asked(bench, pid, count)))


def observed(bench: Bench, pid: int) -> list[str]:
    return [seen.result for seen in bench.of(pid, agent.AgentObservation)]


def workspace(bench: Bench) -> Path:
    folder = bench.root / "shared/plans"
    (folder / "one").write_text("x")
    return folder


@pytest.mark.feature("TL11", "FS09")
async def test_what_is_unmounted_is_gone_from_a_sandbox_that_runs(bench: Bench) -> None:
    pid = await bench.deploy(MADE, turn("", LOOK, WRITE), ASKS, turn("", LOOK, WRITE), DONE, approval="ask")
    await asked(bench, pid)
    folder = workspace(bench)
    await approve(bench, pid)
    await asked(bench, pid, 2)
    (folder / "late").unlink()
    await bench.execute(fs.FsUnmountShared(pid=pid, name="plans"))
    assert [event.name for event in bench.of(pid, fs.FsSharedUnmounted)] == ["plans"]
    await approve(bench, pid, 2)
    assert (await bench.ended(pid)).code == 0
    assert "plans" in observed(bench, pid)[1]
    assert "one" not in observed(bench, pid)[5] and "late" not in observed(bench, pid)[5]
    assert [path.name for path in folder.iterdir()] == ["one"]
    assert len(bench.of(pid, process.ApprovalRequired)) == 2  # what was written last went into its own home


@pytest.mark.feature("TL11", "FS09")
async def test_while_something_of_the_agent_runs_a_workspace_is_kept_and_judged_as_shared(bench: Bench) -> None:
    background = "(while [ ! -e ~/over ]; do sleep 0.05; done) > /dev/null 2>&1 & true"
    turns = (MADE, turn("", call("run_command", command=background)), ASKS, turn("", WRITE), turn("", WRITE), DONE)
    pid = await bench.deploy(*turns, approval="ask")
    await approve(bench, pid)
    await asked(bench, pid, 2)
    with pytest.raises(ConflictError, match="is running"):
        await bench.execute(fs.FsUnmountShared(pid=pid, name="plans"))
    with pytest.raises(ConflictError, match="is running"):
        await bench.execute(fs.FsMountShared(pid=pid, name="plans", mount_point="elsewhere"))
    mounted = (await bench.execute(fs.FsListShared())).mounts
    assert mounted[0].mounted_by == (pid,) and not bench.of(pid, fs.FsSharedUnmounted)
    await approve(bench, pid, 2)
    await approve(bench, pid, 3)  # the command that writes in it
    await asked(bench, pid, 4)
    assert (bench.root / "shared/plans/late").exists()
    (bench.home(pid) / "over").touch()
    async with asyncio.timeout(10):
        while (await bench.execute(fs.FsListShared())).mounts[0].mounted_by:
            try:
                await bench.execute(fs.FsUnmountShared(pid=pid, name="plans"))
            except ConflictError:
                await asyncio.sleep(0.05)
    (bench.root / "shared/plans/late").unlink()
    await approve(bench, pid, 4)
    assert (await bench.ended(pid)).code == 0
    assert not (bench.root / "shared/plans/late").exists()


@pytest.mark.feature("TL11", "FS09")
async def test_a_workspace_that_is_mounted_elsewhere_is_gone_from_its_old_place(bench: Bench) -> None:
    there = call("run_command", command="ls -A ~/shared/plans ~/elsewhere")
    pid = await bench.deploy(MADE, ASKS, turn("", there), DONE, approval="ask")
    await asked(bench, pid)
    workspace(bench)
    await bench.execute(fs.FsMountShared(pid=pid, name="plans", mount_point="elsewhere"))
    await approve(bench, pid)
    assert (await bench.ended(pid)).code == 0
    home = f"/home/agent_{pid}"
    assert observed(bench, pid)[3].split("\n", 1)[1].split("\n") == [f"{home}/elsewhere:", "one", "", f"{home}/shared/plans:"]


@pytest.mark.feature("TL11", "FS09")
async def test_a_workspace_that_is_unmounted_while_the_sandbox_starts_is_in_no_sandbox(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = AgentFiles.mkdir
    entered, go = asyncio.Event(), asyncio.Event()

    async def slow(files: AgentFiles, path: str) -> Any:
        made = await real(files, path)
        if bench.of(pid, process.ApprovalRequired) and not entered.is_set():
            entered.set()
            await go.wait()
        return made

    monkeypatch.setattr(AgentFiles, "mkdir", slow)
    made = turn("", call("create_shared_workspace", name="plans"))
    pid = await bench.deploy(made, ASKS, turn("", WRITE), DONE, approval="ask")
    await approve(bench, pid)
    await asyncio.wait_for(entered.wait(), 20)
    unmounting = asyncio.ensure_future(bench.execute(fs.FsUnmountShared(pid=pid, name="plans")))
    await asyncio.sleep(0.05)
    go.set()
    with suppress(ConflictError):  # its command may have begun meanwhile: then it keeps the workspace, and is asked
        await unmounting
    mounted = bool((await bench.execute(fs.FsListShared())).mounts[0].mounted_by)
    if mounted:
        await approve(bench, pid, 2)
    assert (await bench.ended(pid)).code == 0
    assert (bench.root / "shared/plans/late").exists() == mounted


@pytest.mark.feature("TL11", "FS09")
async def test_a_mount_beside_an_unmount_that_is_refused_is_not_lost(bench: Bench) -> None:
    background = "(while [ ! -e ~/over ]; do sleep 0.05; done) > /dev/null 2>&1 & true"
    turns = (MADE, turn("", call("run_command", command=background)), ASKS, ASKS, turn("", WRITE_OTHER), DONE)
    pid = await bench.deploy(*turns, approval="ask")
    await approve(bench, pid)
    await asked(bench, pid, 2)
    await bench.execute(fs.FsCreateShared(name="other", owner_pid=pid))
    changes = (fs.FsUnmountShared(pid=pid, name="plans"), fs.FsMountShared(pid=pid, name="other"))
    told = await asyncio.gather(*(bench.execute(change) for change in changes), return_exceptions=True)
    assert [type(each) for each in told] == [ConflictError, ConflictError]
    (bench.home(pid) / "over").touch()
    for count in (2, 3, 4):
        await approve(bench, pid, count)
    assert (await bench.ended(pid)).code == 0
    assert (bench.root / "shared/other/late").exists()


@pytest.mark.feature("TL11", "FS09")
async def test_while_an_agent_is_being_ended_nothing_is_said_to_be_unmounted(bench: Bench) -> None:
    stubborn = "trap '' TERM; while true; do date >> ~/shared/plans/beat; sleep 0.02; done"
    made = turn("", call("create_shared_workspace", name="plans"))
    pid = await bench.deploy(made, turn("", call("run_command", command=stubborn)), DONE)
    beat = bench.root / "shared/plans/beat"
    async with asyncio.timeout(20):
        while not beat.exists():
            await asyncio.sleep(0.02)
    ending = asyncio.ensure_future(bench.execute(process.ProcessSignal(pid=pid, signal="SIGTERM")))
    await asyncio.sleep(0.1)
    with suppress(ConflictError):
        await bench.execute(fs.FsUnmountShared(pid=pid, name="plans"))
        size = beat.stat().st_size
        await asyncio.sleep(0.3)
        assert beat.stat().st_size == size
    await ending
    await bench.ended(pid)
