"""What the person runs in a shell does not outlive Aether, however Aether ends; what was put into a session of its own does."""

import asyncio
import contextlib
import json
import os
import select
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kernel.paths import Paths
from kernel.tty.sessions import read_row
from tests.integration.kernel.conftest import MakeBench

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="only where there is /proc")
REPOSITORY = Path(__file__).resolve().parents[3]
#: Each writes its number into a file of its name. The third has no environment, the fourth a name that is hard to read.
SCRIPT = """cd {folder}
(trap '' HUP TERM; exec sh -c 'echo $$ > ignoring; exec sleep 300') &
nohup sh -c 'echo $$ > nohup; exec sleep 300' >/dev/null 2>&1 &
(trap '' HUP; exec env -i /bin/sh -c 'echo $$ > bare; exec /bin/sleep 300') &
ln -s "$(command -v sleep)" 'a) S 1 (
'; (trap '' HUP; exec sh -c 'echo $$ > named; exec "./a) S 1 (
" 300') &
setsid -f sh -c 'echo $$ > apart; exec sleep 300' >/dev/null 2>&1 </dev/null
for name in ignoring nohup bare named apart; do while ! [ -s "$name" ]; do sleep 0.05; done; done
echo > ready
{last}
"""
INSIDE = ("ignoring", "nohup", "bare", "named")


class Owner:
    """A kernel in another process with a shell and what it runs."""

    def __init__(self, folder: Path, shell: str, last: str) -> None:
        self.root, self._folder = folder / "root", folder
        script = folder / "script"
        script.write_text(SCRIPT.format(folder=folder, last=last))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.integration.kernel.shell_owner", str(self.root), str(script)],
            cwd=REPOSITORY, env={**os.environ, "SHELL": shell, "HOME": str(folder)}, stdout=subprocess.PIPE,
        )  # fmt: skip
        assert self.process.stdout is not None
        self.guardian: int = json.loads(self.process.stdout.readline())["guardian"]
        self.inside = {name: self._pid(name) for name in INSIDE}
        self.apart = self._pid("apart")
        self.session = os.getsid(self.inside["nohup"])
        assert [os.getsid(pid) for pid in self.inside.values()] == [self.session] * len(INSIDE)

    def _pid(self, name: str) -> int:
        return int((self._folder / name).read_text())

    def die(self) -> None:
        self.process.kill()
        self.process.wait(10)

    def alive(self) -> list[str]:
        return [name for name, pid in self.inside.items() if (row := read_row(pid)) is not None and row.alive]

    def rows(self) -> int:
        with contextlib.closing(sqlite3.connect(Paths(self.root).database)) as connection:
            return int(connection.execute("SELECT COUNT(*) FROM shell_sessions").fetchone()[0])

    def gone_within(self, seconds: float) -> bool:
        """Whether everything in the shell's session ends in time."""
        return all(ended_within(pid, seconds) for pid in (self.session, *self.inside.values()))

    def close(self) -> None:
        for pid in (*self.inside.values(), self.apart):
            row = read_row(pid)
            if row is not None and row.session in (self.session, self.apart):
                os.kill(pid, signal.SIGKILL)
        self.die()


def ended_within(pid: int, seconds: float) -> bool:
    """Wait for the end of a process that need not be ours."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([descriptor], [], [], seconds)[0])
    finally:
        os.close(descriptor)


@pytest.fixture(params=["/bin/bash", "/bin/sh"])
def shell(request: pytest.FixtureRequest) -> str:
    if not Path(request.param).exists():
        pytest.skip(f"no {request.param}")
    return str(request.param)


@contextlib.contextmanager
def owner(folder: Path, shell: str, last: str = "") -> Iterator[Owner]:
    made = Owner(folder, shell, last)
    try:
        yield made
    finally:
        made.close()


@pytest.mark.feature("TT03")
@pytest.mark.parametrize("last", ["", "trap '' HUP; sleep 300"], ids=["prompt", "leader-stays"])
def test_a_sudden_death_ends_the_person_s_shells_at_once(tmp_path: Path, shell: str, last: str) -> None:
    with owner(tmp_path, shell, last) as made:
        assert made.rows() == 1
        made.die()
        assert made.gone_within(10.0)
        assert ended_within(made.guardian, 10.0)
        assert not ended_within(made.apart, 0)


@pytest.mark.feature("TT03")
@pytest.mark.parametrize("last", ["", "trap '' HUP; sleep 300"], ids=["prompt", "leader-stays"])
async def test_where_nobody_ended_them_the_next_start_does(tmp_path: Path, make_bench: MakeBench, shell: str, last: str) -> None:
    with owner(tmp_path, shell, last) as made:
        os.kill(made.guardian, signal.SIGKILL)
        made.die()
        if not last:
            assert ended_within(made.session, 10.0)
        assert made.alive() == list(INSIDE)
        bench = await make_bench(made.root)
        assert made.gone_within(10.0)
        assert not ended_within(made.apart, 0)
        async with asyncio.timeout(10):
            while made.rows():
                await asyncio.sleep(0.02)
        await bench.kernel.stop()


@pytest.mark.feature("TT03")
def test_a_proper_end_ends_them_too(tmp_path: Path, shell: str) -> None:
    with owner(tmp_path, shell) as made:
        made.process.terminate()
        assert made.process.wait(10) == 0
        assert made.alive() == []
        assert ended_within(made.guardian, 0)
        assert made.rows() == 0
        assert not ended_within(made.apart, 0)


def test_the_guardian_costs_little_and_holds_nothing_of_aether(tmp_path: Path) -> None:
    with owner(tmp_path, "/bin/sh") as made:
        links = {name: os.readlink(f"/proc/{made.guardian}/fd/{name}") for name in os.listdir(f"/proc/{made.guardian}/fd")}
        assert {name: link.partition(":")[0] for name, link in links.items()} == {"0": "pipe", "1": "/dev/null", "2": "/dev/null"}
        assert os.readlink(f"/proc/{made.guardian}/cwd") == "/"
        row = read_row(made.guardian)
        assert row is not None and row.session == made.guardian
        status = Path(f"/proc/{made.guardian}/smaps_rollup").read_text()
        sizes = {line.split()[0]: int(line.split()[1]) for line in status.splitlines()[1:]}
        assert sizes["Private_Dirty:"] < 1024
        assert sizes["Pss:"] < 4096, "alone on this machine, sh has what all share for itself: 3 MB where it is bash"
        for name in ("SIGHUP", "SIGINT", "SIGTERM"):
            os.kill(made.guardian, getattr(signal, name))
        assert not ended_within(made.guardian, 0.1)
