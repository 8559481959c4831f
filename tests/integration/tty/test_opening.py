"""Shells that are written down while others close everything or give up: no process, no descriptor, no row is left."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kernel.clock import SystemClock
from kernel.errors import UnavailableError
from kernel.store.database import Database
from kernel.store.repositories.shells import ShellRepository
from kernel.tasks import Scope
from kernel.tty.backend import ShellSpec
from kernel.tty.guardian import Guardian
from kernel.tty.manager import TtyManager
from kernel.tty.posix import PosixPtyBackend
from kernel.tty.shell_sessions import ShellSessions

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="only where there is /proc")
SPEC = ShellSpec(("/bin/sh", "-c", "trap '' HUP; sleep 300"), cwd="/")


class Kept:
    """A manager whose shells are kept account of, in a real store."""

    def __init__(self, path: Path) -> None:
        self.database = Database(path, SystemClock())
        self.repository = ShellRepository(self.database)
        self.sessions = ShellSessions(self.repository, Guardian(), Scope("test"))
        self.manager = TtyManager(PosixPtyBackend(self.sessions))

    async def left(self) -> tuple[int, int, int]:
        """Terminals, rows, shells."""
        await self.database.write(())
        children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
        shells = sum(b"trap" in Path(f"/proc/{pid}/cmdline").read_bytes() for pid in children)
        return len(self.manager.list()), len(await self.repository.list()), shells


@pytest.fixture
async def kept(tmp_path: Path) -> AsyncIterator[Kept]:
    made = Kept(tmp_path / "a.db")
    await made.database.open()
    before = len(os.listdir("/proc/self/fd"))
    yield made
    await made.manager.close_all()
    await made.sessions.close()
    assert len(os.listdir("/proc/self/fd")) <= before
    await made.database.close()


async def test_closing_everything_while_shells_are_written_down(kept: Kept) -> None:
    opening = [asyncio.get_running_loop().create_task(kept.manager.open_shell(SPEC)) for _ in range(3)]
    await asyncio.sleep(0)
    await kept.manager.close_all()
    assert await kept.left() == (0, 0, 0)
    results = await asyncio.gather(*opening, return_exceptions=True)
    assert [type(result) for result in results] == [UnavailableError] * 3
    assert await kept.left() == (0, 0, 0)


@pytest.mark.parametrize("turns", range(4))
async def test_who_gives_up_leaves_nothing(kept: Kept, turns: int) -> None:
    opening = asyncio.get_running_loop().create_task(kept.manager.open_shell(SPEC))
    for _ in range(turns):
        await asyncio.sleep(0)
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(opening, 10)
    assert await kept.left() == (0, 0, 0)
