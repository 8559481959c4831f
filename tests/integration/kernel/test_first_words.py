"""What an agent is told of its machine is true."""

import contextlib
import sqlite3
from pathlib import Path

import pytest

from kernel.protocol.records import SandboxConfig
from kernel.sandbox.gpu import GpuSource
from kernel.sandbox.network import SlirpNetwork
from tests.fakes.gpu_machine import add_nvidia
from tests.fakes.scripts import call, turn
from tests.integration.kernel.conftest import Bench, MakeBench

DONE = turn("Done.", call("complete", summary="done"))


def first_words(bench: Bench, pid: int) -> str:
    """The system message that the agent's model was given."""
    with contextlib.closing(sqlite3.connect(bench.root / "var/kernel/aether.db")) as database:
        return str(database.execute("SELECT body FROM transcript WHERE pid = ? ORDER BY position LIMIT 1", (pid,)).fetchone()[0])


@pytest.mark.parametrize("there", [True, False], ids=["slirp4netns works", "slirp4netns is missing"])
async def test_a_network_that_was_allowed_is_promised_only_where_there_is_one(
    make_bench: MakeBench, monkeypatch: pytest.MonkeyPatch, there: bool
) -> None:
    made = SlirpNetwork("/usr/bin/slirp4netns", "/usr/bin/python3") if there else None
    monkeypatch.setattr(SlirpNetwork, "detect", classmethod(lambda kind, *arguments: made))
    bench = await make_bench()
    pid = await bench.deploy(DONE, sandbox=SandboxConfig(network_access=True))
    await bench.ended(pid)
    assert ("You have network access." in first_words(bench, pid)) is there
    assert ("Commands have no network access, since this machine lacks" in first_words(bench, pid)) is not there
    await bench.kernel.stop()


@pytest.mark.feature("MC05")
async def test_the_gpu_that_it_was_given_is_named(make_bench: MakeBench, tmp_path: Path) -> None:
    add_nvidia(tmp_path / "machine", 0)
    bench = await make_bench(gpus=GpuSource(tmp_path / "machine"))
    given = await bench.deploy(DONE, sandbox=SandboxConfig(gpu=True))
    other = await bench.deploy(DONE)
    await bench.ended(given)
    await bench.ended(other)
    assert "You may use this GPU: NVIDIA H200 (/dev/nvidia0)." in first_words(bench, given)
    assert "You have no GPU." in first_words(bench, other)
    await bench.kernel.stop()
