"""A shared workspace that is taken away from an agent is gone from its sandbox, and not said to be gone before."""

import asyncio
from pathlib import Path

import pytest

from kernel.errors import ConflictError
from kernel.protocol import agent, fs, process
from tests.fakes.scripts import call, turn
from tests.integration.kernel.conftest import Bench

DONE = turn("Done.", call("complete", summary="done"))
MADE = turn("", call("create_shared_workspace", name="plans"), call("run_command", command="ls -Ad ~/shared/plans"))
ASKS = turn("", call("run_command", command="rm -f asked"))
LOOK = call("run_command", command="ls -A ~/shared/plans")
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
    old, new = observed(bench, pid)[3].split("elsewhere:")[-1], observed(bench, pid)[3]
    assert new.count("one") == 1 and "one" in old
