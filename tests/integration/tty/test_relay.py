"""A terminal that floods is read by a process of its own: nothing is lost, doubled or out of order, and nothing of it is left over."""

import asyncio
import contextlib
import errno
import os
import random
import select
import signal
import subprocess
import sys
import termios
import textwrap
import threading
import time
import tty
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from kernel.tty import output, relay
from kernel.tty.backend import ShellSpec
from kernel.tty.master import Master
from kernel.tty.posix import PosixPtyBackend
from kernel.tty.relay import PROGRAM, FloodMeter

pytestmark = pytest.mark.skipif(not hasattr(os, "splice"), reason="the system cannot move output between descriptors")
FIRST, LAST = 1_000_000, 1_700_000
NUMBERS = "".join(f"{number}\n" for number in range(FIRST, LAST + 1)).encode()


def relays(parent: int | None = None) -> list[int]:
    """Processes that read a terminal for another one."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            if not folder.name.isdigit() or str(PROGRAM).encode() not in (folder / "cmdline").read_bytes():
                continue
            if int((folder / "stat").read_text().rpartition(")")[2].split()[1]) == (parent or os.getpid()):
                found.append(int(folder.name))
        except OSError:
            continue
    return found


async def until(met: Callable[[], object], seconds: float = 20) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(seconds):
        while not met():
            await asyncio.sleep(0.005)


class Taker:
    """Takes a master's output on a thread of its own, as a window does."""

    def __init__(self, master: Master, *, pause_s: float = 0.0) -> None:
        self.got = bytearray()
        self.pause_s = pause_s
        self._master = master
        self._news = threading.Event()
        self._over = False
        master.hand_over(self._news.set)
        self._thread = threading.Thread(target=self._take, daemon=True)
        self._thread.start()

    def _take(self) -> None:
        while not self._over:
            self._news.clear()
            data = self._master.take(64 << 10)
            self.got += data
            if not data and not self._over:
                self._news.wait()  # for ever: news that is lost is a fault
            elif self.pause_s:
                time.sleep(self.pause_s)

    def stop(self) -> None:
        self._over = True
        while self._thread.is_alive():
            self._news.set()
            self._thread.join(0.01)


class Flood:
    """A terminal, as plain as a pipe, and who prints numbers on it."""

    def __init__(self) -> None:
        descriptor, self.slave = os.openpty()
        tty.setraw(self.slave)
        self.looped = bytearray()
        self.master = Master(descriptor)
        self.master.start_reading(self._note, lambda: None)
        self.programs: list[subprocess.Popen[bytes]] = []

    def _note(self, data: bytes) -> bool:
        self.looped += data
        return True

    def print_numbers(self) -> None:
        """All of them, as fast as they are read."""
        self.programs.append(subprocess.Popen(["seq", str(FIRST), str(LAST)], stdin=subprocess.DEVNULL, stdout=self.slave))

    def close(self) -> None:
        for program in self.programs:
            program.kill()
            program.wait()
        self.master.close()
        os.close(self.slave)


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Little is a flood, and after a process the next one comes at once."""
    monkeypatch.setattr(relay, "FLOOD_BYTES", 64 << 10)
    monkeypatch.setattr(output, "REST_S", 0.0)
    monkeypatch.setattr(output, "LONGEST_REST_S", 0.0)


@pytest.fixture
async def flood() -> AsyncIterator[Flood]:
    made = Flood()
    yield made
    made.close()
    await until(lambda: not relays(), 5)


@pytest.mark.feature("TT01")
async def test_a_flood_comes_whole_and_its_process_goes_with_it(flood: Flood) -> None:
    taker = Taker(flood.master)
    try:
        assert not relays(), "an idle terminal has no process beside it"
        flood.print_numbers()
        await until(relays)
        await until(lambda: len(taker.got) >= len(NUMBERS))
        await until(lambda: not relays(), 5)
        os.write(flood.slave, b"and after it")
        await until(lambda: taker.got.endswith(b"and after it"))
    finally:
        await asyncio.to_thread(taker.stop)
    assert bytes(taker.got) == NUMBERS + b"and after it"


@pytest.mark.parametrize("seed", range(4))
async def test_somebody_kills_the_process_at_any_moment(eager: None, flood: Flood, seed: int) -> None:
    chance = random.Random(seed)
    taker = Taker(flood.master, pause_s=0.003)
    killed = 0
    try:
        flood.print_numbers()
        async with asyncio.timeout(40):
            while len(taker.got) < len(NUMBERS):
                await asyncio.sleep(0.005)
                for pid in relays():
                    await asyncio.sleep(0.03 + chance.random() * 0.03)
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                        killed += 1
    finally:
        await asyncio.to_thread(taker.stop)
    assert killed
    assert bytes(taker.got) == NUMBERS


async def test_the_loop_takes_over_in_the_midst_of_a_flood_and_gives_it_back(eager: None, flood: Flood) -> None:
    chance = random.Random(5)
    flood.print_numbers()
    got = bytearray()
    seen = False
    async with asyncio.timeout(40):
        while len(got) < len(NUMBERS):
            got += flood.looped
            flood.looped.clear()
            flood.master.pause_reading()
            taker = Taker(flood.master)
            await asyncio.sleep(0.02 + chance.random() * 0.06)
            seen = seen or bool(relays())
            await asyncio.to_thread(taker.stop)
            got += taker.got
            flood.master.take_back()
            await asyncio.sleep(chance.random() * 0.01)
    got += flood.looped
    assert seen
    assert bytes(got) == NUMBERS


async def test_a_program_that_ends_in_a_flood_is_heard_to_its_last_word(eager: None) -> None:
    """When its end is told nobody takes any more: all of it has to be there."""
    for _ in range(5):
        heard = await _hear(f"stty -opost; seq {FIRST} {LAST}; printf 'last word'; exit 3")
        assert heard == (NUMBERS + b"last word", [3])
    await until(lambda: not relays(), 5)


async def _hear(script: str) -> tuple[bytes, list[int | None]]:
    """What came of a shell's script before its end was told, and its exit codes."""
    pty = await PosixPtyBackend().open(ShellSpec(argv=("/bin/sh", "-c", script)))
    left = bytearray()
    codes: list[int | None] = []

    def keep(data: bytes) -> bool:
        left.extend(data)
        return True

    def note_end(code: int | None) -> None:
        taker.stop()
        codes.append(code)

    pty.start_reading(keep, note_end)
    assert isinstance(pty.direct, Master)
    taker = Taker(pty.direct)
    try:
        await until(lambda: codes, 40)
    finally:
        await asyncio.to_thread(taker.stop)
        await pty.close()
    return bytes(taker.got + left), codes


async def test_closing_a_terminal_in_a_flood_leaves_neither_process_nor_descriptor() -> None:
    before = len(os.listdir("/dev/fd"))
    seen: list[int] = []
    for _ in range(3):
        made = Flood()
        taker = Taker(made.master)
        made.print_numbers()
        await until(relays)
        seen += relays()
        await asyncio.sleep(0.01)
        await asyncio.to_thread(taker.stop)
        made.close()
    await until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in seen), 5)  # not as a zombie either
    await until(lambda: len(os.listdir("/dev/fd")) <= before, 5)


async def _taken(flood: Flood) -> bytes:
    """What comes of all numbers."""
    taker = Taker(flood.master)
    try:
        flood.print_numbers()
        await until(lambda: len(taker.got) >= len(NUMBERS))
    finally:
        await asyncio.to_thread(taker.stop)
    return bytes(taker.got)


async def test_a_system_that_cannot_move_output_is_asked_once(
    eager: None, flood: Flood, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "relay_process.py"
    program.write_text("import os\nos.write(1, b'r')\nos.read(3, 1)\n")
    monkeypatch.setattr(relay, "PROGRAM", program)
    started: list[int] = []

    class Counted(relay.Relay):
        def begin(self) -> None:
            started.append(1)
            super().begin()

    monkeypatch.setattr(output, "Relay", Counted)
    assert await _taken(flood) == NUMBERS
    assert len(started) == 1


@pytest.mark.parametrize("fault", ["no program", "no process"])
async def test_without_the_process_a_flood_is_read_all_the_same(
    eager: None, flood: Flood, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, fault: str
) -> None:
    if fault == "no program":
        monkeypatch.setattr(relay, "PROGRAM", tmp_path / "not there.py")
    else:
        monkeypatch.setattr(sys, "executable", str(tmp_path / "not there"))
    assert await _taken(flood) == NUMBERS


async def test_who_waits_for_output_when_the_process_begins_waits_for_what_it_moves(flood: Flood) -> None:
    waiting = asyncio.Event()
    flood.master.hand_over(waiting.set)
    assert flood.master.take(100) == b""
    await until(lambda: flood.master._watched is not None)
    await _begin(flood)
    assert flood.master._watched == flood.master._output.descriptor
    os.write(flood.slave, b"after a while")
    await asyncio.wait_for(waiting.wait(), 5)
    assert flood.master.take(100) == b"after a while"


async def _begin(flood: Flood) -> None:
    """Have a process read though there is no flood."""
    flood.master._output._start()
    flood.master._output.note_taken(1)
    await until(lambda: flood.master._output.collected)


async def test_who_waits_for_what_a_process_moves_that_goes_away_waits_for_the_terminal(flood: Flood) -> None:
    taker = Taker(flood.master)
    try:
        await until(lambda: flood.master._watched is not None)
        await _begin(flood)
        for pid in relays():
            os.kill(pid, signal.SIGKILL)
        await until(lambda: not relays())
        os.write(flood.slave, b"after it")
        await until(lambda: taker.got == b"after it", 5)
    finally:
        await asyncio.to_thread(taker.stop)


async def test_the_loop_that_takes_over_ends_the_process(flood: Flood) -> None:
    flood.master.hand_over(lambda: None)
    await _begin(flood)
    os.write(flood.slave, b"moved")
    await until(lambda: not _readable(flood.slave) and _readable(flood.master._output.descriptor))
    flood.master.take_back()
    os.write(flood.slave, b" and not")
    await until(lambda: flood.looped == b"moved and not", 5)
    await until(lambda: not relays(), relay.LEAST_S / 2)
    os.write(flood.slave, b", and later")
    await until(lambda: flood.looped == b"moved and not, and later", 5)


def _readable(descriptor: int) -> bool:
    return bool(select.select([descriptor], [], [], 0)[0])


async def test_what_a_process_has_not_moved_yet_is_heard_before_the_end_is_told(flood: Flood) -> None:
    flood.master.hand_over(lambda: None)
    await _begin(flood)
    for pid in relays():
        os.kill(pid, signal.SIGSTOP)
    os.write(flood.slave, b"left in the terminal")
    heard: list[bytes] = []
    flood.master.end(lambda: heard.append(bytes(flood.looped)))
    await until(lambda: heard, 5)
    assert heard == [b"left in the terminal"]


async def test_no_process_comes_for_a_program_that_has_ended(flood: Flood) -> None:
    flood.master.hand_over(lambda: None)
    over = asyncio.Event()
    flood.master.end(over.set)
    await asyncio.wait_for(over.wait(), 5)
    flood.master._output.note_taken(relay.FLOOD_BYTES)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not relays()


async def test_a_flood_that_is_over_before_the_process_is_up_goes_on_without_it(flood: Flood) -> None:
    flood.master.hand_over(lambda: None)
    flood.master._output._start()
    pids = relays()
    assert pids
    await until(lambda: not relays(), 5)
    assert not flood.master._output.collected


async def test_bursts_start_a_process_more_and_more_rarely(flood: Flood) -> None:
    flood.master.hand_over(lambda: None)
    waits = []
    for _ in range(3):
        await _begin(flood)
        flood.master._output._collect(lambda: None)
        while flood.master._output.collected:
            flood.master.take(100)
            await asyncio.sleep(0.001)
        await until(lambda: flood.master._output._relay is None)
        waits.append(flood.master._output._not_before - time.monotonic())
        flood.master._output.note_taken(relay.FLOOD_BYTES)
        await asyncio.sleep(0.01)
        assert not relays()
    assert waits == pytest.approx([2, 4, 8], abs=0.5)


@pytest.mark.feature("TT04")
@pytest.mark.parametrize(
    ("lflag", "left"), [(0, b"waits"), (termios.ISIG, b""), (termios.ISIG | termios.NOFLSH, b"waits")], ids=["raw", "usual", "NOFLSH"]
)
async def test_ctrl_c_forgets_what_was_moved_and_not_shown(flood: Flood, lflag: int, left: bytes) -> None:
    """As the terminal does with what waits in it; in a mode in which Ctrl+C is a byte like another nothing is forgotten."""
    flood.master.hand_over(lambda: None)
    await _begin(flood)
    mode = termios.tcgetattr(flood.slave)
    mode[3] = lflag
    termios.tcsetattr(flood.slave, termios.TCSANOW, mode)
    os.write(flood.slave, b"waits")
    await until(lambda: _readable(flood.master._output.descriptor))
    flood.master.write(b"\x03")
    assert flood.master.take(100) == left
    assert flood.master._output.collected


@pytest.mark.parametrize("opened", range(2))
async def test_where_there_is_no_descriptor_left_none_is_lost(flood: Flood, monkeypatch: pytest.MonkeyPatch, opened: int) -> None:
    real, calls = os.pipe, 0

    def pipe() -> tuple[int, int]:
        nonlocal calls
        calls += 1
        if calls > opened:
            raise OSError(errno.EMFILE, "Too many open files")
        return real()

    flood.master.hand_over(lambda: None)
    await asyncio.sleep(0)
    before = len(os.listdir("/dev/fd"))
    monkeypatch.setattr(os, "pipe", pipe)
    flood.master._output._start()
    assert len(os.listdir("/dev/fd")) == before
    assert calls == opened + 1


async def test_typing_reaches_a_program_that_floods(flood: Flood) -> None:
    taker = Taker(flood.master)
    try:
        flood.print_numbers()
        await until(relays)
        flood.master.write(b"typed")
        assert await asyncio.to_thread(os.read, flood.slave, 100) == b"typed"
    finally:
        await asyncio.to_thread(taker.stop)


async def test_what_nobody_takes_holds_the_program_up(flood: Flood) -> None:
    taker = Taker(flood.master)
    flood.print_numbers()
    await until(relays)
    await until(lambda: len(taker.got) > 1 << 20)
    await asyncio.to_thread(taker.stop)
    await asyncio.sleep(0.3)
    assert flood.programs[0].poll() is None, "it waits for somebody to read"


@pytest.mark.feature("TT01")
async def test_kill_9_leaves_no_process_that_reads(tmp_path: Path) -> None:
    script = tmp_path / "floods.py"
    script.write_text(textwrap.dedent("""
        import asyncio, sys, threading
        from kernel.tty.backend import ShellSpec
        from kernel.tty.posix import PosixPtyBackend

        async def main():
            pty = await PosixPtyBackend().open(ShellSpec(argv=("yes",)))
            pty.start_reading(lambda data: True, lambda code: None)
            pty.direct.hand_over(lambda: None)
            def take():
                while True:
                    pty.direct.take(65536)
            threading.Thread(target=take, daemon=True).start()
            await asyncio.sleep(60)

        asyncio.run(main())
    """))
    program = subprocess.Popen([sys.executable, str(script)], env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])})
    try:
        await until(lambda: relays(program.pid))
        reading = relays(program.pid)
        program.kill()
        program.wait()
        await until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in reading), 5)
    finally:
        program.kill()
        program.wait()


def test_a_flood_is_much_within_a_moment() -> None:
    now = 0.0
    meter = FloodMeter(lambda: now)
    for _ in range(100):
        now += 0.02
        assert not meter.note(relay.FLOOD_BYTES // 16)
    assert not meter.note(relay.FLOOD_BYTES // 16)
    assert meter.note(relay.FLOOD_BYTES)
