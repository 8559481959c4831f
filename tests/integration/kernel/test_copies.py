"""A copy in the file browser, cut by the end of the process that makes it: properly, or by a kill."""

import asyncio
import itertools
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kernel.cli.connection import connect
from kernel.errors import AetherError, UnavailableError
from kernel.paths import Paths
from kernel.protocol import fs
from kernel.vfs.tree import Tree
from tests.integration.kernel.conftest import Bench, MakeBench

PROJECT = Path(__file__).resolve().parents[3]
COUNT, MANY = 1_000, 20
#: For each file of a copy: the whole of it then takes half a minute, and is not over before it is cut.
PAUSE_S = 0.03
SLOW = f"""
import runpy, time
from kernel.vfs.tree import Tree

write = Tree.write

def slow(*words, **more):
    time.sleep({PAUSE_S})
    return write(*words, **more)

Tree.write = slow
runpy.run_module("kernel", run_name="__main__", alter_sys=True)
"""


def fill(folder: Path) -> None:
    folder.mkdir()
    for number in range(COUNT):
        (folder / f"{number}").write_bytes(b"x" * 2_000)


async def begun(shared: Path) -> None:
    """Until some of the files are there."""
    async with asyncio.timeout(30):
        while len(list(shared.glob(".aether-*.part/*"))) < MANY:
            await asyncio.sleep(0.005)


def hold_up(monkeypatch: pytest.MonkeyPatch, wait: Callable[[], object]) -> None:
    """Before each file of a copy, wait."""
    write = Tree.write

    def slow(*words: Any, **more: Any) -> bool:
        wait()
        return write(*words, **more)

    monkeypatch.setattr(Tree, "write", slow)


@pytest.mark.feature("FS05")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
async def test_the_process_is_ended_while_it_copies(tmp_path: Path, number: signal.Signals) -> None:
    root = tmp_path / "root"
    shared = root / "shared"
    env = {**os.environ, "AETHER_FS_ROOT": str(root), "PYTHONPATH": str(PROJECT)}
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SLOW, env=env, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        assert server.stdout is not None and server.stderr is not None
        assert b"serves" in await asyncio.wait_for(server.stdout.readline(), 30)
        await asyncio.to_thread(fill, shared / "folder")
        async with connect(root) as connection:
            assert not connection.owns_kernel
            asked = asyncio.ensure_future(connection.execute(fs.FsCp(from_="/shared/folder", to="/shared/copy")))  # awaited below
            await begun(shared)
            assert not (shared / "copy").exists()
            server.send_signal(number)
            with pytest.raises(AetherError):
                await asked
        said = (await asyncio.wait_for(server.stderr.read(), 30)).decode()
        assert "Traceback" not in said
        assert await server.wait() == (0 if number == signal.SIGTERM else -signal.SIGKILL)
    finally:
        if server.returncode is None:
            server.kill()
            await server.wait()
    assert not (shared / "copy").exists()
    assert len(os.listdir(shared / "folder")) == COUNT
    left = [path.name for path in shared.iterdir() if path.name != "folder"]
    if number == signal.SIGTERM:
        assert left == []
    else:
        assert [name.startswith(".aether-") and name.endswith(".part") for name in left] == [True]
        somebodys = shared / ".aether-0123456789abcdef.part"
        somebodys.write_text("called so by somebody else")
        async with connect(root) as connection:
            assert connection.owns_kernel
            async with asyncio.timeout(30):
                while len(os.listdir(shared)) > 2 or os.listdir(Paths(root).unfinished):
                    await asyncio.sleep(0.01)
        assert sorted(os.listdir(shared)) == [somebodys.name, "folder"]
        assert len(os.listdir(shared / "folder")) == COUNT


async def test_a_kernel_that_stops_waits_until_nothing_half_done_is_left(
    make_bench: MakeBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold_up(monkeypatch, lambda: time.sleep(PAUSE_S))
    bench: Bench = await make_bench()
    shared = bench.root / "shared"
    await asyncio.to_thread(fill, shared / "folder")
    asked = asyncio.ensure_future(bench.execute(fs.FsCp(from_="/shared/folder", to="/shared/copy")))  # awaited below
    await begun(shared)
    await bench.kernel.stop()
    assert os.listdir(shared) == ["folder"]
    with pytest.raises(UnavailableError, match="was not finished"):
        await asked


async def test_who_waits_no_longer_for_a_copy_does_not_keep_it_from_being_whole(
    make_bench: MakeBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    left, written = threading.Event(), itertools.count(1)
    hold_up(monkeypatch, lambda: next(written) <= MANY or left.wait(60))
    bench: Bench = await make_bench()
    shared = bench.root / "shared"
    await asyncio.to_thread(fill, shared / "folder")
    asked = asyncio.ensure_future(bench.execute(fs.FsCp(from_="/shared/folder", to="/shared/copy")))  # cancelled below
    await begun(shared)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    left.set()
    async with asyncio.timeout(30):
        while not (shared / "copy").exists():
            await asyncio.sleep(0.01)
    assert len(os.listdir(shared / "copy")) == COUNT
    await bench.kernel.stop()
