"""A flood in a terminal gives way: real shells and the system's own groups."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from kernel.tty import precedence
from kernel.tty.backend import ShellSpec
from kernel.tty.manager import TtyManager, default_backend
from kernel.tty.precedence import LOWEST, NORMAL

HAS_GROUPS = Path("/proc/self/autogroup").exists()


def nice_of(pid: int | None) -> int:
    """The precedence of a process's session; normal where the system has no groups."""
    return int(Path(f"/proc/{pid}/autogroup").read_text().split()[-1]) if HAS_GROUPS else NORMAL


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not holds():
            await asyncio.sleep(0.02)


async def test_a_flood_gives_way_until_it_has_calmed_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precedence, "CALM_S", 0.2)
    manager = TtyManager(default_backend())
    info = await manager.open_shell(ShellSpec(argv=("/bin/sh",)))
    try:
        assert nice_of(info.host_pid) == NORMAL
        manager.input(info.tty_id, b"yes flood\r")
        await until(lambda: nice_of(info.host_pid) == (LOWEST if HAS_GROUPS else NORMAL))
        manager.input(info.tty_id, b"\x03")
        await until(lambda: nice_of(info.host_pid) == NORMAL)
    finally:
        await manager.close_all()


async def test_a_quiet_shell_keeps_its_share() -> None:
    manager = TtyManager(default_backend())
    info = await manager.open_shell(ShellSpec(argv=("/bin/sh",)))
    try:
        manager.input(info.tty_id, b"seq 100; echo do''ne\r")
        await until(lambda: any("done" in line for line in manager._find(info.tty_id).screen.terminal.display))
        assert nice_of(info.host_pid) == NORMAL
    finally:
        await manager.close_all()
