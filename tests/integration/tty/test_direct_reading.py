"""The owner of a screen reads for itself, and the loop takes over whenever somebody else wants the same bytes: none is lost or doubled."""

import asyncio
import threading
from collections.abc import AsyncIterator

import pytest

from kernel.tty.backend import ShellSpec
from kernel.tty.manager import TtyManager
from kernel.tty.posix import PosixPtyBackend
from kernel.tty.screen import ScreenLease

LINES = 60_000
ROUNDS = 30


@pytest.fixture
async def manager() -> AsyncIterator[TtyManager]:
    made = TtyManager(PosixPtyBackend(), scrollback=lambda: LINES + 100)
    yield made
    await made.close_all()


class Window:
    """Parses on a thread of its own, as a window does."""

    def __init__(self, manager: TtyManager, tty_id: str) -> None:
        self._news = threading.Event()
        self.lease: ScreenLease = manager.lease(tty_id, self._news.set)
        self.over = threading.Event()
        self._thread = threading.Thread(target=self._parse, daemon=True)
        self._thread.start()

    def _parse(self) -> None:
        while not self.over.is_set():
            self._news.clear()
            if not self.lease.parse(16 << 10):
                self._news.wait(0.5)

    def stop(self) -> None:
        self.over.set()
        self._news.set()
        self._thread.join()


def numbers(lease: ScreenLease) -> list[int]:
    terminal = lease.terminal
    text = [row.text for row in terminal.history] + [row.text for row in terminal.rows]
    return [int(line) for line in text if line.strip().isdigit()]


async def test_a_flood_keeps_its_order_while_viewers_come_and_go(manager: TtyManager) -> None:
    count = f"i=0; while [ $i -lt {LINES} ]; do i=$((i+1)); echo $i; done; echo over; sleep 60"
    info = await manager.open_shell(ShellSpec(argv=("/bin/sh", "-c", count)))
    window = Window(manager, info.tty_id)
    copied = 0
    try:
        async with asyncio.timeout(50):
            for _ in range(ROUNDS):
                channel = manager.subscribe(info.tty_id)
                copied += len(await channel.read())
                await asyncio.sleep(0.005)
                channel.close()
                await asyncio.sleep(0.005)
            while not any("over" in line for line in window.lease.terminal.display):
                await asyncio.sleep(0.05)
    finally:
        await asyncio.to_thread(window.stop)
    assert numbers(window.lease) == list(range(1, LINES + 1))
    assert copied > 0


async def test_what_a_window_leaves_is_parsed_by_the_loop(manager: TtyManager) -> None:
    info = await manager.open_shell(ShellSpec(argv=("/bin/sh", "-c", "read a; echo one $a; read b; echo two $b; sleep 60")))
    window = Window(manager, info.tty_id)
    manager.input(info.tty_id, b"first\n")
    terminal = window.lease.terminal
    async with asyncio.timeout(10):
        while not any("one first" in line for line in terminal.display):
            await asyncio.sleep(0.01)
        await asyncio.to_thread(window.stop)
        window.lease.release()
        manager.input(info.tty_id, b"second\n")
        while not any("two second" in line for line in terminal.display):
            await asyncio.sleep(0.01)


async def test_the_end_of_a_program_is_told_after_its_last_words(manager: TtyManager) -> None:
    for _ in range(10):
        info = await manager.open_shell(ShellSpec(argv=("/bin/sh", "-c", "seq 1 3000; echo last words")))
        window = Window(manager, info.tty_id)
        async with asyncio.timeout(10):
            while not window.lease.ended:
                await asyncio.sleep(0.005)
        await asyncio.to_thread(window.stop)
        assert any("last words" in line for line in window.lease.terminal.display)
        await manager.close(info.tty_id)
