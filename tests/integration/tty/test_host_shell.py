"""Shells of the host on real terminals: what they print, sizes, ends, floods."""

import asyncio
import os
import re
import signal
import sys
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from kernel.errors import InvalidArgumentError, LimitReachedError, NotFoundError
from kernel.tty.backend import ShellSpec
from kernel.tty.channel import CHANNEL_BYTES, ByteChannel
from kernel.tty.manager import TtyEvent, TtyInfo, TtyManager
from kernel.tty.posix import PosixPtyBackend, session_members

#: Reads nothing until it is interrupted.
DEAF = """
import time
try:
    print("ready", flush=True)
    time.sleep(60)
except KeyboardInterrupt:
    print("caught", flush=True)
print("got:" + input(), flush=True)
time.sleep(60)
"""
QUIET_SHELL = ("/bin/sh", "-c", "PS1= exec sh -i")


class Terminals:
    """A manager and what it told."""

    def __init__(self) -> None:
        self.events: list[tuple[TtyEvent, TtyInfo]] = []
        self.manager = TtyManager(PosixPtyBackend(), lambda event, info: self.events.append((event, info)))

    async def open(self, *argv: str, cwd: str = "/") -> TtyInfo:
        return await self.manager.open_shell(ShellSpec(argv=argv or QUIET_SHELL, cwd=cwd, env={"ENV": ""}))


@pytest.fixture
async def terminals() -> AsyncIterator[Terminals]:
    """Closed afterwards, with no descriptor left."""
    before = len(os.listdir("/proc/self/fd"))
    made = Terminals()
    yield made
    await made.manager.close_all()
    assert made.manager.list() == ()
    assert len(os.listdir("/proc/self/fd")) <= before


async def read_until(channel: ByteChannel, wanted: bytes) -> bytes:
    """Everything up to and including the wanted text."""
    seen = b""
    async with asyncio.timeout(10):
        while wanted not in seen:
            piece = await channel.read()
            assert piece, f"ended after {seen!r}"
            seen += piece
    return seen


async def exited(terminals: Terminals, tty_id: str) -> TtyInfo:
    """Wait for the end that the manager tells."""
    async with asyncio.timeout(10):
        while True:
            for event, info in terminals.events:
                if event is TtyEvent.EXITED and info.tty_id == tty_id:
                    return info
            await asyncio.sleep(0.005)


async def foreground_is(terminals: Terminals, tty_id: str, name: str) -> None:
    """Wait until a program has the terminal."""
    async with asyncio.timeout(20):
        while (found := await terminals.manager.foreground(tty_id)) is None or found.name != name:
            await asyncio.sleep(0.02)


@pytest.mark.feature("TT01")
async def test_a_real_terminal_with_job_control(terminals: Terminals) -> None:
    info = await terminals.open()
    channel = terminals.manager.subscribe(info.tty_id)
    terminals.manager.input(info.tty_id, b"tty; [ -t 0 ] && echo is''tty; printf '\\033[31mred\\033[0m\\n'\n")
    seen = await read_until(channel, b"red\x1b[0m")
    assert b"/dev/pts/" in seen
    assert b"istty" in seen
    assert b"\x1b[31mred" in seen
    terminals.manager.input(info.tty_id, b"sleep 300\n")
    await foreground_is(terminals, info.tty_id, "sleep")
    terminals.manager.input(info.tty_id, b"\x03")
    terminals.manager.input(info.tty_id, b"echo code=$?\n")
    await read_until(channel, b"code=130")
    terminals.manager.input(info.tty_id, b"cat\n")
    await read_until(channel, b"cat")
    await asyncio.sleep(0.1)
    terminals.manager.input(info.tty_id, b"\x1a")
    await read_until(channel, b"Stopped")


@pytest.mark.feature("TT02")
async def test_size_and_resize(terminals: Terminals) -> None:
    info = await terminals.open()
    assert (info.columns, info.lines) == (120, 36)
    channel = terminals.manager.subscribe(info.tty_id)
    script = "import os, signal; signal.sigwait({signal.SIGWINCH}); print('told', os.get_terminal_size())"
    blocked = (
        f"import signal; signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGWINCH]); print('rea' + 'dy'); {script}"
    )
    terminals.manager.input(info.tty_id, b"stty size\n")
    await read_until(channel, b"36 120")
    terminals.manager.input(info.tty_id, f'{sys.executable} -c "{blocked}"\n'.encode())
    await read_until(channel, b"ready")
    terminals.manager.resize(info.tty_id, 100, 30)
    await read_until(channel, b"told os.terminal_size(columns=100, lines=30)")
    assert (terminals.manager.get(info.tty_id).columns, terminals.manager.get(info.tty_id).lines) == (100, 30)
    terminals.manager.resize(info.tty_id, 1, 1)
    terminals.manager.resize(info.tty_id, 1000, 500)
    for columns, lines in ((0, 10), (10, 0), (2001, 10)):
        with pytest.raises(InvalidArgumentError):
            terminals.manager.resize(info.tty_id, columns, lines)


@pytest.mark.feature("TT05")
async def test_several_terminals_have_ids_of_their_own(terminals: Terminals) -> None:
    found = [await terminals.manager.open_shell(ShellSpec(argv=("cat",), cwd="/"), owner_pid=n % 2) for n in range(6)]
    assert len({info.tty_id for info in found}) == 6
    channels = [terminals.manager.subscribe(info.tty_id) for info in found]
    for number, info in enumerate(found):
        terminals.manager.input(info.tty_id, f"to {number}\n".encode())
    for number, channel in enumerate(channels):
        seen = await read_until(channel, f"to {number}".encode())
        assert seen.count(b"to ") >= 1
        assert all(f"to {other}".encode() not in seen for other in range(6) if other != number)
    assert len(terminals.manager.list(0)) == 3
    await terminals.manager.close_owner(0)
    assert {info.owner_pid for info in terminals.manager.list()} == {1}


@pytest.mark.parametrize(
    ("script", "code"), [("exit 0", 0), ("exit 41", 41), ("kill -TERM $$", 143), ("kill -KILL $$", 137), ("", 0)]
)
async def test_the_exit_code_comes_after_all_output(terminals: Terminals, script: str, code: int) -> None:
    info = await terminals.open("/bin/sh", "-c", f"seq 5000; echo last; {script or ':'}")
    channel = terminals.manager.subscribe(info.tty_id, replay=False)
    seen = b"".join([piece async for piece in channel])
    assert seen.endswith(b"last\r\n")
    assert seen.count(b"\n") == 5001
    assert (await exited(terminals, info.tty_id)).exit_code == code


async def test_a_child_that_dies_at_once(terminals: Terminals) -> None:
    info = await terminals.open("/bin/true")
    assert (await exited(terminals, info.tty_id)).exit_code == 0
    channel = terminals.manager.subscribe(info.tty_id, replay=False)
    assert await channel.read() == b""
    terminals.manager.input(info.tty_id, b"nobody reads this")
    await terminals.manager.close(info.tty_id)
    with pytest.raises(NotFoundError):
        terminals.manager.get(info.tty_id)


async def test_close_ends_the_whole_session_and_those_who_ignore_hangups(terminals: Terminals) -> None:
    script = "trap '' HUP TERM; sleep 300 & (trap '' HUP TERM; sleep 301) & setsid sleep 302 & echo ready; sleep 303"
    info = await terminals.open("/bin/sh", "-c", script)
    await read_until(terminals.manager.subscribe(info.tty_id), b"ready")
    assert info.host_pid is not None
    members = session_members(info.host_pid)
    assert len(members) >= 4
    await terminals.manager.close(info.tty_id)
    assert session_members(info.host_pid) == ()
    assert not any(os.path.exists(f"/proc/{pid}/exe") for pid in members)


async def test_background_jobs_of_an_ended_shell_go_with_its_terminal(terminals: Terminals) -> None:
    info = await terminals.open("/bin/sh", "-c", "trap '' HUP; sleep 300 & exit 5")
    assert (await exited(terminals, info.tty_id)).exit_code == 5
    assert info.host_pid is not None
    assert len(session_members(info.host_pid)) == 1
    await terminals.manager.close(info.tty_id)
    assert session_members(info.host_pid) == ()


async def test_a_flood_stops_at_a_full_channel_and_goes_on(terminals: Terminals) -> None:
    info = await terminals.open(
        "/bin/sh", "-c", "yes 0123456789012345678901234567890123456789 | head -n 100000; echo end"
    )
    channel = terminals.manager.subscribe(info.tty_id, replay=False)
    previous = -1
    while (waiting := channel.state.waiting_bytes) != previous or not waiting:
        previous = waiting
        await asyncio.sleep(0.2)
    assert CHANNEL_BYTES <= waiting <= CHANNEL_BYTES + (512 << 10)
    assert terminals.manager.get(info.tty_id).running
    size = 0
    async with asyncio.timeout(20):
        async for piece in channel:
            size += len(piece)
    assert size == 100_000 * 42 + len(b"end\r\n")


async def test_a_viewer_that_may_lose_is_told_of_the_gap(terminals: Terminals) -> None:
    info = await terminals.open("/bin/sh", "-c", "yes 0123456789 | head -n 200000; echo end")
    lossy = terminals.manager.subscribe(info.tty_id, replay=False, lossless=False)
    await exited(terminals, info.tty_id)
    state = lossy.state
    assert state.dropped_bytes > 0
    rest = b"".join([piece async for piece in lossy])
    assert rest.endswith(b"end\r\n")
    assert len(rest) + state.dropped_bytes == 200_000 * 12 + len(b"end\r\n")


async def test_another_thread_is_told_and_takes(terminals: Terminals) -> None:
    """The window's thread: it hears of bytes through a callback and takes them without the kernel's loop."""
    told = threading.Event()
    info = await terminals.open("/bin/sh", "-c", "yes | head -c 3000000; echo; echo end")
    channel = terminals.manager.subscribe(info.tty_id, replay=False, on_readable=told.set)
    taken = bytearray()

    def consume() -> None:
        while not taken.endswith(b"end\r\n"):
            assert told.wait(10)
            told.clear()
            while piece := channel.take(65536):
                taken.extend(piece)

    await asyncio.wait_for(asyncio.to_thread(consume), 20)
    assert len(taken) == 4_500_000 + len(b"\r\nend\r\n")


async def test_input_that_nobody_reads_is_refused(terminals: Terminals) -> None:
    info = await terminals.open("/bin/sh", "-c", "stty raw -echo; echo ready; sleep 300")
    await read_until(terminals.manager.subscribe(info.tty_id), b"ready")
    with pytest.raises(LimitReachedError):
        for _ in range(40):
            terminals.manager.input(info.tty_id, b"x" * 65536)


async def test_large_input_arrives_whole(terminals: Terminals) -> None:
    info = await terminals.open("/bin/sh", "-c", "stty raw -echo; echo ready; head -c 300000 | cksum")
    channel = terminals.manager.subscribe(info.tty_id)
    await read_until(channel, b"ready")
    terminals.manager.input(info.tty_id, b"0123456789" * 30_000)
    assert b" 300000" in await read_until(channel, b" 300000")


@pytest.mark.parametrize(
    "spec", [ShellSpec(argv=("no-such-program",), cwd="/"), ShellSpec(argv=("sh",), cwd="/no/such/folder")]
)
async def test_what_is_missing_is_said(terminals: Terminals, spec: ShellSpec) -> None:
    with pytest.raises(NotFoundError):
        await terminals.manager.open_shell(spec)


async def test_unknown_terminals(terminals: Terminals) -> None:
    calls: tuple[Callable[[], object], ...] = (
        lambda: terminals.manager.input("tty_x", b""),
        lambda: terminals.manager.resize("tty_x", 80, 24),
        lambda: terminals.manager.subscribe("tty_x"),
        lambda: terminals.manager.view("tty_x", lambda: None),
    )
    for call in calls:
        with pytest.raises(NotFoundError):
            call()


async def test_churn_leaves_no_process_and_no_descriptor(terminals: Terminals) -> None:
    before = len(os.listdir("/proc/self/fd"))
    pids = []
    for _ in range(5):
        found = await asyncio.gather(*(terminals.open() for _ in range(10)))
        pids += [info.host_pid for info in found if info.host_pid is not None]
        await asyncio.gather(*(terminals.manager.close(info.tty_id) for info in found))
    assert len(set(pids)) == 50
    assert not any(os.path.exists(f"/proc/{pid}") for pid in pids)
    assert len(os.listdir("/proc/self/fd")) == before


def test_it_runs_on_uvloop(tmp_path: Path) -> None:
    import uvloop

    async def main() -> bytes:
        terminals = Terminals()
        info = await terminals.open("/bin/sh", "-c", "read go; stty size; exit 3")
        channel = terminals.manager.subscribe(info.tty_id, replay=False)
        terminals.manager.input(info.tty_id, b"go\n")
        seen = b"".join([piece async for piece in channel])
        assert (await exited(terminals, info.tty_id)).exit_code == 3
        await terminals.manager.close_all()
        return seen

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(main()) == b"go\r\n36 120\r\n"


async def test_the_person_s_own_shell_is_the_default(terminals: Terminals, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELL", "/bin/sh")
    monkeypatch.setenv("HOME", str(Path("/tmp").resolve()))
    info = await terminals.manager.open_shell(ShellSpec())
    channel = terminals.manager.subscribe(info.tty_id)
    terminals.manager.input(info.tty_id, b"pwd; echo $TERM\n")
    seen = await read_until(channel, b"xterm-256color")
    assert b"/tmp" in seen


async def test_a_shell_knows_nothing_of_the_terminal_that_started_aether(
    terminals: Terminals, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("TMUX", "STY", "TERM_PROGRAM", "VTE_VERSION", "WINDOWID", "KITTY_WINDOW_ID", "INSIDE_EMACS"):
        monkeypatch.setenv(name, "another")
    info = await terminals.open("/bin/sh", "-c", "env | grep -c another; echo over; sleep 60")
    terminal = terminals.manager.lease(info.tty_id, lambda: None)
    async with asyncio.timeout(10):
        while "over" not in "".join(terminal.terminal.display):
            terminal.parse(4096)
            await asyncio.sleep(0.01)
    assert terminal.terminal.display[0].strip() == "0"


async def test_an_interrupt_reaches_a_program_that_does_not_read_and_drops_what_waits_for_it(terminals: Terminals) -> None:
    info = await terminals.open(sys.executable, "-c", DEAF)
    channel = terminals.manager.subscribe(info.tty_id)
    await read_until(channel, b"ready")
    with pytest.raises(LimitReachedError):
        for _ in range(32):
            terminals.manager.input(info.tty_id, b"wrong\n" * 10_000)
    terminals.manager.input(info.tty_id, b"\x03right\n")
    seen = await read_until(channel, b"got:right")
    assert b"caught" in seen and b"got:wrong" not in seen


async def test_programs_may_read_from_their_output_and_write_to_their_input(terminals: Terminals) -> None:
    asks = "import fcntl, os; print('modes', *(fcntl.fcntl(number, fcntl.F_GETFL) & os.O_ACCMODE for number in (0, 1, 2)))"
    info = await terminals.open(sys.executable, "-c", asks)
    await read_until(terminals.manager.subscribe(info.tty_id), b"modes 2 2 2")


async def test_ctrl_c_works_though_aether_was_started_where_it_is_ignored(terminals: Terminals) -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN), signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGQUIT})
    try:
        asks = "grep -E 'Sig(Ign|Blk)' /proc/self/status | tr -d '[:blank:]'; echo done; exec sleep 300"
        info = await terminals.open("/bin/sh", "-c", asks)
    finally:
        signal.signal(signal.SIGINT, before[0])
        signal.signal(signal.SIGHUP, before[1])
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGQUIT})
    seen = await read_until(terminals.manager.subscribe(info.tty_id), b"done")
    masks = [int(value, 16) for value in re.findall(rb"Sig(?:Blk|Ign):([0-9a-f]{16})", seen)]
    # Two signals above these are the C library's own, and nobody may change them.
    assert [mask & 0x7FFFFFFF for mask in masks] == [0, 0]
    await foreground_is(terminals, info.tty_id, "sleep")
    terminals.manager.input(info.tty_id, b"\x03")
    async with asyncio.timeout(10):
        while terminals.manager.get(info.tty_id).running:
            await asyncio.sleep(0.02)


async def test_no_descriptor_of_ours_reaches_a_program(terminals: Terminals) -> None:
    reading, writing = os.pipe()
    os.set_inheritable(writing, True)
    try:
        info = await terminals.open("/bin/sh", "-c", "ls /proc/self/fd | tr '\\n' ' '; echo end")
        seen = await read_until(terminals.manager.subscribe(info.tty_id), b"end")
    finally:
        os.close(reading)
        os.close(writing)
    assert b"0 1 2 3 end" in seen
