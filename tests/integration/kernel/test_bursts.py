"""Many agents at once, each in a sandbox of its own. A loop that stands still meanwhile fails the test (conftest)."""

import asyncio

import pytest

from kernel.protocol.agent import AgentObservation
from tests.fakes.scripts import call, turn
from tests.integration.kernel.conftest import Bench


@pytest.mark.feature("PR04", "PR11")
async def test_fifty_agents_deployed_at_once_all_do_their_work(bench: Bench) -> None:
    turns = (
        turn("", call("run_command", command="echo from $USER")),
        turn("", call("write_file", path="note.txt", content="written")),
        turn("", call("complete", summary="done")),
    )
    pids = await asyncio.gather(*(bench.deploy(*turns) for _ in range(50)))
    assert len(set(pids)) == 50
    ends = await asyncio.gather(*(bench.ended(pid) for pid in pids))
    assert {end.code for end in ends} == {0}
    for pid in pids:
        said = bench.of(pid, AgentObservation)[0]
        assert (said.exit_code, said.result.count(f"agent_{pid}")) == (0, 1)
        assert (bench.home(pid) / "note.txt").read_text() == "written"
