"""Many sizes within milliseconds while a shell shows its prompt: each line of output and of the prompt is there once at the end.

Once for screens that the kernel parses, and once for those that the window owns, with the bridge between the two threads.
"""

from __future__ import annotations

import asyncio
import os
import random
import select
import signal
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any, Protocol

import pytest
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication

from aether_desktop.bridge.in_process import InProcessClient, KernelThread
from aether_desktop.stores.terminal_schedule import TerminalSchedule
from aether_desktop.stores.terminals import TerminalStore
from kernel.principal import LOCAL_USER, Principal
from kernel.protocol.base import Command, Empty
from kernel.protocol.tty import TtyInput, TtyResize
from kernel.term import Terminal
from kernel.term.size_steps import PATIENCE_S
from kernel.tty.backend import ShellSpec
from kernel.tty.manager import TtyInfo, TtyManager
from kernel.tty.posix import PosixPtyBackend
from kernel.tty.screen import LiveScreen, ScreenLease
from kernel.tty.screen_copy import ScreenCopy
from tests.integration.tty.test_resize_shells import ONE_LINE, SHELLS, TWO_LINES, TYPED

_PATIENCE = 30
_TURN = 0.002
#: A shell that sleeps, and whose screen was the same for so long, draws no more: longer than it is waited for with the next size.
_QUIET = PATIENCE_S + 0.05
OUTPUT = [f"{number:02d}:" + "abcdefghij" * (number % 3) for number in range(40)]


class Owner(Protocol):
    """Who parses the screen of one shell."""

    @property
    def terminal(self) -> Terminal: ...

    @property
    def info(self) -> TtyInfo: ...

    def output_comes(self) -> bool:
        """Let nobody read until the shell has printed something; False when it does not."""
        ...

    async def open(self, columns: int, lines: int) -> None: ...

    def resize(self, columns: int, lines: int) -> None: ...

    def type(self, text: str) -> None: ...

    async def close(self) -> None: ...


def output_comes(manager: TtyManager, tty_id: str) -> bool:
    """Stands still: the window's loop does not run meanwhile, and a kernel's that is on the same thread neither."""
    descriptor: int = manager._find(tty_id).pty._master._descriptor  # type: ignore[attr-defined] # of the POSIX terminals
    return bool(select.select([descriptor], [], [], _PATIENCE)[0])


class KernelOwner:
    """Nobody looks."""

    def __init__(self) -> None:
        self.manager = TtyManager(PosixPtyBackend())
        self.tty_id = ""

    @property
    def terminal(self) -> Terminal:
        screen: LiveScreen = self.manager._find(self.tty_id).screen
        return screen.terminal

    @property
    def info(self) -> TtyInfo:
        return self.manager.get(self.tty_id)

    def output_comes(self) -> bool:
        return output_comes(self.manager, self.tty_id)

    async def open(self, columns: int, lines: int) -> None:
        self.tty_id = (await self.manager.open_shell(ShellSpec(columns=columns, lines=lines))).tty_id

    def resize(self, columns: int, lines: int) -> None:
        self.manager.resize(self.tty_id, columns, lines)

    def type(self, text: str) -> None:
        self.manager.input(self.tty_id, text.encode())

    async def close(self) -> None:
        await self.manager.close_all()


class Shells:
    """As much of a kernel as its thread and a terminal's window need."""

    def __init__(self) -> None:
        self.manager = TtyManager(PosixPtyBackend())

    async def execute(self, command: Command[Any], _principal: Principal) -> Empty:
        if isinstance(command, TtyResize):
            self.manager.resize(command.tty_id, command.cols, command.rows)
        elif isinstance(command, TtyInput):
            self.manager.input(command.tty_id, command.data.encode())
        return Empty()

    def view_terminal(self, tty_id: str, on_readable: Callable[[], None], _recent_bytes: int) -> ScreenLease | ScreenCopy:
        return self.manager.view(tty_id, on_readable)

    def subscribe(self, _principal: Principal, *, on_readable: Callable[[], None]) -> None:
        """It has no events."""

    async def stop(self) -> None:
        await self.manager.close_all()


async def _shells() -> Any:
    return Shells()


class WindowOwner:
    """A session of the window."""

    def __init__(self) -> None:
        self.parent = QObject()
        self.thread = KernelThread(_shells)
        self.client = InProcessClient(self.thread, LOCAL_USER, self.parent)
        self.store = TerminalStore(self.client, TerminalSchedule(self.parent), self.parent)
        self.tty_id = ""

    @property
    def manager(self) -> TtyManager:
        shells: Any = self.thread.kernel
        manager: TtyManager = shells.manager
        return manager

    @property
    def terminal(self) -> Terminal:
        return self.session.terminal

    @property
    def info(self) -> TtyInfo:
        return self.manager.get(self.tty_id)

    def output_comes(self) -> bool:
        return output_comes(self.manager, self.tty_id)

    async def _run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return await self.thread.submit(coroutine)

    async def open(self, columns: int, lines: int) -> None:
        self.thread.start()
        await until(lambda: self.thread.running)
        opened = await self._run(self.manager.open_shell(ShellSpec(columns=columns, lines=lines)))
        self.tty_id = opened.tty_id
        self.session = self.store.open(self.tty_id)
        self.resize(columns, lines)
        await until(lambda: self.session.has_arrived)

    def resize(self, columns: int, lines: int) -> None:
        self.session.resize(columns, lines, tell=True)

    def type(self, text: str) -> None:
        self.session.write(text.encode())

    async def close(self) -> None:
        self.session.release()
        await asyncio.to_thread(self.thread.stop)
        self.parent.deleteLater()


async def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition, with both loops running."""
    deadline = time.monotonic() + _PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it never came to be"
        QApplication.processEvents()
        await asyncio.sleep(_TURN)


async def settled(owner: Owner) -> None:
    """Wait until the shell sleeps and its screen stays as it is."""
    stat = Path(f"/proc/{owner.info.host_pid}/stat")
    last, since = None, time.monotonic()

    def rests() -> bool:
        nonlocal last, since
        terminal = owner.terminal
        now = (terminal.columns, terminal.lines, terminal.cursor.x, terminal.cursor.y, tuple(map(id, terminal.rows)))
        if now != last or stat.read_text().rpartition(")")[2].split()[0] != "S":
            last, since = now, time.monotonic()
        return time.monotonic() - since > _QUIET

    await until(rests)


def whole_lines(terminal: Terminal) -> list[str]:
    """Every line as it was before it was broken into rows, without its spaces."""
    found = [""]
    for row in [*terminal.history, *terminal.rows, *terminal.screen.rows_below]:
        found[-1] += terminal.clusters.expand(row.text)
        if not row.wrapped:
            found.append("")
    return [line.replace(" ", "") for line in found if line.strip()]


def below(terminal: Terminal) -> tuple[list[str], str]:
    """The lines of output, and all that is below them, joined: shells break what they draw again themselves."""
    lines = whole_lines(terminal)
    numbered = [index for index, line in enumerate(lines) if line[2:3] == ":"]
    return [lines[index] for index in numbered], "".join(lines[numbered[-1] + 1 :])


def prompts(terminal: Terminal) -> int:
    return sum(mark.kind == "B" for mark in terminal.screen.prompt_marks)


async def begin(owner: Owner, home: Path, monkeypatch: pytest.MonkeyPatch, shell: str, files: dict[str, str], typed: str) -> None:
    """A shell of 100 x 30 with some output, and a command that was not entered."""
    for name, text in files.items():
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (home / "output").write_text("\n".join(OUTPUT) + "\n")
    monkeypatch.setenv("SHELL", SHELLS[shell])
    monkeypatch.setenv("HOME", str(home))
    for name in ("ZDOTDIR", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    await owner.open(100, 30)
    await until(lambda: prompts(owner.terminal) == 1)
    await settled(owner)
    owner.type(" cat ~/output\r")
    await until(lambda: OUTPUT[-1] in whole_lines(owner.terminal))
    await settled(owner)
    owner.type(typed)
    await until(lambda: below(owner.terminal)[1].removesuffix("right").endswith(typed.replace(" ", "")))
    await settled(owner)
    assert below(owner.terminal)[0] == OUTPUT


@pytest.fixture(params=[KernelOwner, WindowOwner], ids=["kernel", "window"])
async def owner(request: pytest.FixtureRequest, qapp: QApplication) -> AsyncIterator[Owner]:
    made: Owner = request.param()
    yield made
    await made.close()


@pytest.mark.feature("TT02")
@pytest.mark.parametrize("shell", SHELLS)
async def test_the_next_size_waits_for_the_prompt_that_was_drawn_for_the_one_before(
    owner: Owner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shell: str
) -> None:
    """The shell has drawn and nobody has read it: at this moment a screen of another width lost output, each time."""
    await begin(owner, tmp_path, monkeypatch, shell, ONE_LINE, TYPED)
    before = below(owner.terminal)
    for narrow in (12, 9):
        owner.resize(narrow, 30)
        while owner.info.columns != narrow:
            await asyncio.sleep(0)
        assert owner.output_comes()
        for columns in (150, 40, 120):
            owner.resize(columns, 30)
        await settled(owner)
        assert (owner.terminal.columns, owner.info.columns) == (120, 120)
        assert below(owner.terminal) == before


@pytest.mark.feature("TT02")
@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("files", [ONE_LINE, TWO_LINES], ids=["one line", "two lines"])
async def test_storms_of_sizes(
    owner: Owner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shell: str, files: dict[str, str]
) -> None:
    await begin(owner, tmp_path, monkeypatch, shell, files, "echo hello")
    before = below(owner.terminal)
    generator = random.Random(shell)
    for longest_ms in (0, 2, 16):
        sizes = [(generator.randint(20, 200), generator.randint(20, 60)) for _ in range(12)]
        for size in sizes:
            owner.resize(*size)
            QApplication.processEvents()
            await asyncio.sleep(generator.uniform(0, longest_ms) / 1000)
        await settled(owner)
        assert (owner.terminal.columns, owner.terminal.lines) == sizes[-1] == (owner.info.columns, owner.info.lines)
        assert below(owner.terminal)[0] == OUTPUT
        owner.resize(120, 40)
        await settled(owner)
        assert below(owner.terminal) == before


async def test_what_is_typed_waits_for_no_size(owner: Owner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await begin(owner, tmp_path, monkeypatch, "bash", ONE_LINE, TYPED)
    for columns in (50, 70, 90):
        owner.resize(columns, 30)
    owner.type("0123")
    owner.resize(110, 30)
    owner.type("456789")
    await until(lambda: below(owner.terminal)[1].endswith("abcdefghi0123456789"))
    await settled(owner)
    assert below(owner.terminal) == (OUTPUT, "$" + TYPED.replace(" ", "") + "0123456789")
    assert owner.terminal.columns == owner.info.columns == 110


async def test_a_shell_that_cannot_answer_has_the_last_size_when_it_can(
    owner: Owner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await begin(owner, tmp_path, monkeypatch, "bash", ONE_LINE, TYPED)
    pid = owner.info.host_pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    for columns in (60, 12, 150, 110):
        owner.resize(columns, 30)
    await until(lambda: owner.terminal.columns == owner.info.columns == 110)
    os.kill(pid, signal.SIGCONT)
    await settled(owner)
    assert below(owner.terminal) == (OUTPUT, "$" + TYPED.replace(" ", ""))


async def test_who_takes_the_screen_over_finds_it_at_the_newest_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = KernelOwner()
    try:
        await begin(owner, tmp_path, monkeypatch, "bash", ONE_LINE, TYPED)
        for columns in (60, 90, 70):
            owner.resize(columns, 30)
        assert owner.info.columns == 60
        lease = owner.manager.lease(owner.tty_id, lambda: None)
        assert (lease.terminal.columns, owner.info.columns) == (70, 70)
        owner.resize(80, 30)
        assert owner.info.columns == 80
        lease.release()
        await settled(owner)
        for columns in (60, 50):
            owner.resize(columns, 30)
        screen = owner.manager._find(owner.tty_id).screen
        assert screen._stepping is not None
        await owner.manager.close(owner.tty_id)
        assert screen._stepping is None
    finally:
        await owner.close()
