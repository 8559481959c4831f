"""Signals to `aether` while it starts, works and ends, and when its terminal is closed: the right code, no traceback, nothing left."""

import asyncio
import fcntl
import os
import pty
import signal
import subprocess
import sys
import termios
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.fakes.scripts import call, turn, write_script

PROJECT = Path(__file__).resolve().parents[3]
MARK = "aether-signals-mark"
#: `aether` that is sent a signal in the moment in which SQLite's thread opens the database.
SIGNALLED_AT_OPENING = """
import os, sqlite3, sys, time
opened = sqlite3.connect
def connect(*words, **options):
    sqlite3.connect = opened
    os.kill(os.getpid(), {number})
    time.sleep(0.3)
    return opened(*words, **options)
sqlite3.connect = connect
from kernel.cli.main import main
sys.exit(main(sys.argv[1:]))
"""
#: `aether` that is sent an interruption whenever its kernel has carried out a stage of its start or its end.
INTERRUPTED_AT_STAGES = """
import asyncio, os, signal, sys
from kernel import kernel
def interrupting(run):
    async def interrupted():
        await run()
        os.kill(os.getpid(), signal.SIGINT)
        await asyncio.sleep(0.01)
    return interrupted
made = kernel.Kernel.__init__
def make(self, *words, **named):
    made(self, *words, **named)
    stages = {name}
    setattr(self, stages, tuple(kernel.Stage(stage.name, interrupting(stage.run)) for stage in getattr(self, stages)))
kernel.Kernel.__init__ = make
from kernel.cli.main import main
sys.exit(main(sys.argv[1:]))
"""


def _command(folder: Path) -> tuple[tuple[str, ...], dict[str, str]]:
    model = write_script(folder, turn("Wait.", call("run_command", command=f"sleep 300; : {MARK}")))
    words = ("run", "--role", "Coder", "--goal", "wait here", "--model", model, "--yes")
    return words, {**os.environ, "AETHER_FS_ROOT": str(folder / "root"), "PYTHONPATH": str(PROJECT)}


def _listed(folder: Path) -> str:
    words = (sys.executable, "-m", "kernel.cli.main", "ps", "--all")
    done = subprocess.run(words, env=_command(folder)[1], capture_output=True, text=True, timeout=40, check=True)
    return done.stdout


def _working() -> bool:
    return any(MARK in " ".join(item.info["cmdline"] or ()) for item in psutil.process_iter(["cmdline"]))


Deploy = Callable[..., Awaitable[asyncio.subprocess.Process]]


@pytest.fixture
async def deploy(tmp_path: Path) -> AsyncIterator[Deploy]:
    """`aether run`, once its agent's command runs."""
    begun: list[asyncio.subprocess.Process] = []

    async def deploy(**options: Any) -> asyncio.subprocess.Process:
        words, env = _command(tmp_path)
        begun.append(await asyncio.create_subprocess_exec(sys.executable, "-m", "kernel.cli.main", *words, env=env, **options))
        async with asyncio.timeout(20):
            while not _working():
                await asyncio.sleep(0.02)
        return begun[-1]

    yield deploy
    for process in begun:
        if process.returncode is None:
            process.kill()
            await process.wait()


@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 130), ("SIGHUP", 129)])
def test_a_signal_during_the_start_ends_it_without_a_traceback(tmp_path: Path, name: str, code: int) -> None:
    words, env = _command(tmp_path)
    program = SIGNALLED_AT_OPENING.format(number=int(getattr(signal, name)))
    done = subprocess.run([sys.executable, "-c", program, *words], env=env, capture_output=True, text=True, timeout=40, check=False)
    assert (done.returncode, done.stderr) == (code, "")
    assert not _working()
    assert "wait here" not in _listed(tmp_path), "no agent was deployed"


@pytest.mark.feature("CF01")
@pytest.mark.parametrize("stages", ["_starting", "_stopping"])
@pytest.mark.parametrize("words", [("ps",), ("kill", "1"), ("logs", "1"), ("serve",)])
def test_no_number_of_interruptions_keeps_a_command_from_ending(tmp_path: Path, stages: str, words: tuple[str, ...]) -> None:
    """A kernel that was stopped by half would keep the process for ever."""
    if stages == "_stopping" and words == ("serve",):
        words = ("doctor",)  # the other is ended by what is sent here
    program = INTERRUPTED_AT_STAGES.format(name=repr(stages))
    command = [sys.executable, "-c", program, *words]
    done = subprocess.run(command, env=_command(tmp_path)[1], capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, "Traceback" in done.stderr) == (130, False), done.stderr


def _become_leader() -> None:
    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


async def test_closing_the_terminal_ends_the_agent_properly(tmp_path: Path, deploy: Deploy) -> None:
    master, slave = pty.openpty()
    try:
        process = await deploy(stdin=slave, stdout=slave, stderr=slave, preexec_fn=_become_leader)
    finally:
        os.close(slave)
        os.close(master)
    assert await asyncio.wait_for(process.wait(), 20) == 129
    assert not _working()
    (told,) = [line for line in _listed(tmp_path).splitlines() if "wait here" in line]
    assert "stopped" in told


def _ignore_hangup() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)


@pytest.mark.parametrize(("before", "code"), [(None, 129), (_ignore_hangup, 130)])
async def test_a_hangup_ends_it_unless_it_was_ignored_from_the_start(
    deploy: Deploy, before: Callable[[], None] | None, code: int
) -> None:
    silent = asyncio.subprocess.DEVNULL
    process = await deploy(stdin=silent, stdout=silent, stderr=silent, preexec_fn=before)
    process.send_signal(signal.SIGHUP)
    if before is not None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(process.wait(), 1.0)
        process.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(process.wait(), 20) == code
    assert not _working()
