"""Signals at awkward moments: while a sandbox starts, one right behind the other, while another one is carried out."""

import asyncio

import pytest

from kernel.protocol import agent, process
from tests.fakes.scripts import call, turn
from tests.integration.kernel.conftest import Bench

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
