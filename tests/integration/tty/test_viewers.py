"""Who looks at a terminal and when: late viewers, owners and copies of a screen, and questions answered exactly once."""

import asyncio
import sys
import threading
from collections.abc import AsyncIterator, Callable
from functools import partial

import pytest

from kernel.term import Terminal
from kernel.tty.backend import ShellSpec
from kernel.tty.manager import TtyManager
from kernel.tty.posix import PosixPtyBackend
from kernel.tty.screen import ScreenLease
from kernel.tty.screen_copy import ScreenCopy

#: Asks each question once, waits for as many answers, and prints how many there were and how often each came.
ASKING = r"""
import os, re, select, sys, time, tty
tty.setraw(0)
time.sleep(float(sys.argv[1]))
questions = [b"\x1b[c", b"\x1b[6n", b"\x1b[?2026$p", b"\x1b[>q", b"\x1b]11;?\x07"]
os.write(1, b"".join(questions))
seen = b""
while select.select([0], [], [], 0.6)[0]:
    seen += os.read(0, 4096)
kinds = [rb"\x1b\[\?64;[0-9;]*c", rb"\x1b\[\d+;\d+R", rb"\x1b\[\?2026;2\$y", rb"\x1bP>\|Aether", rb"\x1b\]11;rgb:"]
print("\x1b[2J\x1b[H" + "answers", *[len(re.findall(kind, seen)) for kind in kinds], "over", end="\r\n", flush=True)
time.sleep(300)
"""


@pytest.fixture
async def manager() -> AsyncIterator[TtyManager]:
    made = TtyManager(PosixPtyBackend())
    yield made
    await made.close_all()


async def wait_for(condition: Callable[[], bool]) -> None:
    """Until something became true on the kernel's loop."""
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.01)


def shown(terminal: Terminal) -> str:
    return "\n".join(line.rstrip() for line in terminal.display)


class Viewer:
    """Parses a screen whenever it is told to, as a window does."""

    def __init__(self, manager: TtyManager, tty_id: str) -> None:
        self.source = manager.view(tty_id, self._on_readable)

    def _on_readable(self) -> None:
        asyncio.get_running_loop().call_soon(self.parse)

    def parse(self) -> None:
        while self.source.parse(64 << 10):
            pass

    @property
    def text(self) -> str:
        self.parse()
        return shown(self.source.terminal)


@pytest.mark.feature("TT03")
async def test_a_client_that_attaches_later_gets_the_screen_and_its_history(manager: TtyManager) -> None:
    info = await manager.open_shell(ShellSpec(("/bin/sh", "-c", "seq 3000; printf '\\033[1;32mdone\\033[m'; cat"), cwd="/"))
    first = Viewer(manager, info.tty_id)
    await wait_for(lambda: "done" in first.text)
    late = Terminal(info.columns, info.lines)
    channel = manager.subscribe(info.tty_id)
    late.feed(channel.take(1 << 20))
    assert shown(late) == first.text
    assert [line.rstrip() for line in late.history_text()] == [
        line.rstrip() for line in first.source.terminal.history_text()
    ]
    assert late.history_text()[0].rstrip() == "1"
    assert late.buffer[late.cursor.y][0].bold
    manager.input(info.tty_id, b"typed\n")
    await wait_for(lambda: "typed" in first.text)
    await asyncio.sleep(0.05)
    late.feed(channel.take(1 << 20))
    assert shown(late) == first.text


async def test_what_was_not_parsed_yet_reaches_the_late_viewer_once(manager: TtyManager) -> None:
    info = await manager.open_shell(ShellSpec(("/bin/sh", "-c", "seq 200; printf end; cat"), cwd="/"))
    lease = manager.lease(info.tty_id, lambda: None)
    watch = manager.subscribe(info.tty_id, replay=False)
    seen = b""
    while not seen.endswith(b"end"):
        seen += await watch.read()
    lease.parse(301)
    late = Terminal(info.columns, info.lines)
    late.feed(manager.subscribe(info.tty_id).take(1 << 20))
    while lease.parse(1000):
        pass
    assert shown(late) == shown(lease.terminal)
    assert late.history_text() == lease.terminal.history_text()


async def test_a_snapshot_larger_than_the_channel_is_whole_for_a_viewer_that_may_lose(manager: TtyManager) -> None:
    script = "import sys; sys.stdout.write(''.join(f'{n:06d} ' + 'x' * 190 + '\\r\\n' for n in range(9000)))"
    info = await manager.open_shell(ShellSpec((sys.executable, "-c", script), cwd="/", columns=200))
    await wait_for(lambda: not manager.get(info.tty_id).running)
    screen = manager.lease(info.tty_id, lambda: None)
    while screen.parse(1 << 20):
        pass
    late = Terminal(200, info.lines)
    channel = manager.subscribe(info.tty_id, lossless=False)
    while data := channel.take():
        late.feed(data)
    assert channel.state.dropped_bytes == 0
    assert late.history_text()[0].startswith("000000 ")
    assert channel.ended


async def test_the_second_viewer_of_a_screen_gets_a_copy(manager: TtyManager) -> None:
    info = await manager.open_shell(ShellSpec(("/bin/sh", "-c", "stty -echo; seq 100; exec cat"), cwd="/"))
    owner = Viewer(manager, info.tty_id)
    await wait_for(lambda: "100" in owner.text)
    second = Viewer(manager, info.tty_id)
    assert isinstance(owner.source, ScreenLease)
    assert isinstance(second.source, ScreenCopy)
    assert second.source.terminal is not owner.source.terminal
    assert second.text == owner.text
    manager.input(info.tty_id, b"live\n")
    await wait_for(lambda: "live" in owner.text and "live" in second.text)
    second.source.resize(3, 3)
    manager.resize(info.tty_id, 40, 10)
    owner.source.resize(40, 10)
    await wait_for(lambda: second.text == owner.text)
    assert (second.source.terminal.columns, second.source.terminal.lines) == (40, 10)
    owner.source.release()
    manager.input(info.tty_id, b"after\n")
    await wait_for(lambda: "after" in second.text)
    third = Viewer(manager, info.tty_id)
    assert isinstance(third.source, ScreenLease)
    await manager.close(info.tty_id)
    second.parse()
    assert second.source.ended
    second.source.release()


async def test_a_program_that_asks_for_another_size_gets_it_in_no_copy_either(manager: TtyManager) -> None:
    script = r"stty -echo; read line; printf '\033[8;3;20t\033[10;50Hend'; cat"
    info = await manager.open_shell(ShellSpec(("/bin/sh", "-c", script), cwd="/"))
    owner = Viewer(manager, info.tty_id)
    second = Viewer(manager, info.tty_id)
    assert isinstance(second.source, ScreenCopy)
    manager.input(info.tty_id, b"\n")
    await wait_for(lambda: "end" in owner.text and "end" in second.text)
    assert second.text == owner.text


async def test_a_copy_of_a_screen_that_is_shown_in_another_size(manager: TtyManager) -> None:
    info = await manager.open_shell(ShellSpec(("/bin/sh", "-c", "printf %0100d 7; exec cat"), cwd="/"))
    owner = Viewer(manager, info.tty_id)
    await wait_for(lambda: "7" in owner.text)
    owner.source.resize(50, 20)
    second = Viewer(manager, info.tty_id)
    second.source.parse(10)
    second.parse()
    assert (second.source.terminal.columns, second.source.terminal.lines) == (info.columns, info.lines)
    assert second.text.startswith("0" * 99 + "7")
    owner.source.release()
    late = manager.lease(info.tty_id, lambda: None)
    assert (late.terminal.columns, late.terminal.lines) == (info.columns, info.lines)


async def test_a_size_that_the_owner_asked_for_earlier_does_not_undo_its_newest(manager: TtyManager) -> None:
    info = await manager.open_shell(ShellSpec(("/bin/sh", "-c", "exec cat"), cwd="/"))
    owner = Viewer(manager, info.tty_id)
    owner.source.resize(100, 20)
    owner.source.resize(110, 20)
    widths: list[int] = []
    for columns in (100, 110):
        manager.resize(info.tty_id, columns, 20)
        await asyncio.sleep(0)
        owner.source.parse(1)
        widths.append(owner.source.terminal.columns)
    assert widths == [110, 110]
    owner.source.release()
    late = manager.lease(info.tty_id, lambda: None)
    manager.resize(info.tty_id, 90, 20)
    late.parse(1)
    assert late.terminal.columns == 90


async def test_what_the_owner_clears_is_cleared_in_copies_too_and_never_during_a_snapshot(manager: TtyManager) -> None:
    info = await manager.open_shell(ShellSpec(("/bin/sh", "-c", "seq 300; exec cat"), cwd="/"))
    owner, second = Viewer(manager, info.tty_id), Viewer(manager, info.tty_id)
    await wait_for(lambda: "300" in owner.text and "300" in second.text)
    assert len(second.source.terminal.history) > 200
    screen = manager._find(info.tty_id).screen
    with screen._lock:  # as while the kernel takes a snapshot
        clearing = asyncio.create_task(asyncio.to_thread(owner.source.clear_history))
        await asyncio.sleep(0.05)
        assert len(owner.source.terminal.history) > 200
    await clearing
    assert len(owner.source.terminal.history) == 0
    await wait_for(lambda: len(second.source.terminal.history) == 0)
    assert "300" in second.text
    owner.source.reset()
    await wait_for(lambda: not second.text.strip())
    assert not owner.text.strip()


async def test_the_wheel_scrolls_pagers_unless_their_program_says_no_and_after_a_reset_again(manager: TtyManager) -> None:
    info = await manager.open_shell(ShellSpec(("/bin/sh", "-c", "stty -echo; exec cat"), cwd="/"))
    owner = Viewer(manager, info.tty_id)
    await asyncio.sleep(0.2)
    for said, word, expected in (("", "first", True), ("\x1b[?1007l", "no", False), ("\x1bc", "anew", True)):
        manager.input(info.tty_id, f"{said}{word}\n".encode())
        await wait_for(partial(lambda word: word in owner.text, word))
        second = Viewer(manager, info.tty_id)
        second.parse()
        assert owner.source.terminal.modes.alternate_scroll is expected
        assert second.source.terminal.modes.alternate_scroll is expected
        second.source.release()


@pytest.mark.parametrize("viewers", ["none", "owner", "owner and copy", "copy after the owner left", "changing owners"])
async def test_questions_are_answered_exactly_once_whoever_looks(manager: TtyManager, viewers: str) -> None:
    info = await manager.open_shell(ShellSpec((sys.executable, "-c", ASKING, "0.4"), cwd="/"))
    looking: list[Viewer] = []
    if viewers != "none":
        looking.append(Viewer(manager, info.tty_id))
    if "copy" in viewers:
        looking.append(Viewer(manager, info.tty_id))
        assert isinstance(looking[1].source, ScreenCopy)
    if viewers == "copy after the owner left":
        looking[0].source.release()
    watch = manager.subscribe(info.tty_id, replay=False)
    seen = b""
    async with asyncio.timeout(10):
        while b"over" not in seen:
            if viewers == "changing owners":
                looking[0].source.release()
                looking = [Viewer(manager, info.tty_id)]
            seen += await watch.read()
    assert b"answers 1 1 1 1 1 over" in seen


async def test_the_window_may_parse_on_its_own_thread(manager: TtyManager) -> None:
    info = await manager.open_shell(ShellSpec((sys.executable, "-c", ASKING, "0.2"), cwd="/"))
    told, stop = threading.Event(), threading.Event()
    lease = manager.view(info.tty_id, told.set)

    def window() -> None:
        while not stop.is_set():
            told.wait(0.05)
            told.clear()
            while lease.parse(4096):
                pass

    working = asyncio.create_task(asyncio.to_thread(window))
    seen = b""
    watch = manager.subscribe(info.tty_id, replay=False)
    async with asyncio.timeout(10):
        while b"over" not in seen:
            seen += await watch.read()
    manager.resize(info.tty_id, 50, 12)
    await wait_for(lambda: lease.terminal.columns == 50)
    stop.set()
    await working
    assert b"answers 1 1 1 1 1 over" in seen


async def test_a_program_that_changes_the_size_unseen_gets_the_terminal_s_back(manager: TtyManager) -> None:
    info = await manager.open_shell(ShellSpec(("/bin/sh", "-c", "printf '\\033[8;10;30tsmall'; exec cat"), cwd="/"))
    watch = manager.subscribe(info.tty_id, replay=False)
    while b"small" not in await watch.read():
        pass
    await asyncio.sleep(0.05)
    lease = manager.lease(info.tty_id, lambda: None)
    assert (lease.terminal.columns, lease.terminal.lines) == (info.columns, info.lines)
    assert shown(lease.terminal).strip() == "small"
