"""The real application as a process on a real screen: start, second start, proper end, sudden death."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from kernel.cli.connection import connect
from kernel.gateway.instance import control_socket
from kernel.protocol import process
from kernel.protocol.records import AgentConfig
from tests.fakes.scripts import call, turn, write_script
from tests.xvfb import screen

ROOT = Path(__file__).resolve().parents[2]
MARK = "aether-e2e-mark"
START_S = 30.0


class Desktop:
    """`python -m aether_desktop` on its own folder."""

    def __init__(self, env: dict[str, str], folder: Path) -> None:
        self.root = folder / "root"
        self._stamp = folder / "first-frame"
        self._env = {
            **env,
            "AETHER_FS_ROOT": str(self.root),
            "AETHER_FIRST_FRAME_FILE": str(self._stamp),
            "PYTHONPATH": str(ROOT),
            "AETHER_REDUCED_MOTION": "1",
        }
        self.process: subprocess.Popen[bytes] | None = None

    def launch(self) -> "subprocess.Popen[bytes]":
        return subprocess.Popen([sys.executable, "-m", "aether_desktop"], cwd=ROOT, env=self._env)

    def start(self) -> None:
        """Start and wait for the first frame and the control socket."""
        self._stamp.unlink(missing_ok=True)
        self.process = self.launch()
        path = control_socket(self.root / "var/kernel/run")
        deadline = time.monotonic() + START_S
        while not (self._stamp.exists() and _listens(path)):
            assert self.process.poll() is None, "the desktop ended"
            assert time.monotonic() < deadline, "the desktop did not start"
            time.sleep(0.02)

    def stop(self) -> int:
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(20)

    def windows(self) -> list[str]:
        found = subprocess.run(
            ["xdotool", "search", "--onlyvisible", "--name", "^Aether$"], env=self._env, capture_output=True, text=True, check=False
        )
        return found.stdout.split()


def _listens(path: Path) -> bool:
    """Whether somebody listens at a socket, which one that died leaves behind."""
    with socket.socket(socket.AF_UNIX) as end:
        return end.connect_ex(str(path)) == 0


@contextlib.contextmanager
def desktop_on_a_screen(tmp_path: Path, *, window_manager: bool) -> Iterator[Desktop]:
    """A desktop on a screen of its own, not started yet; ended with the screen."""
    with screen(window_manager=window_manager) as env:
        made = Desktop(env, tmp_path)
        try:
            yield made
        finally:
            if made.process is not None and made.process.poll() is None:
                made.process.kill()
                made.process.wait(10)


@pytest.fixture
def desktop(tmp_path: Path) -> Iterator[Desktop]:
    with desktop_on_a_screen(tmp_path, window_manager=True) as made:
        yield made


async def _deploy(root: Path, model: str) -> int:
    async with connect(root) as connection:
        assert not connection.owns_kernel
        config = AgentConfig(role="Coder", goal="survive", model=model, approval="yes")
        return (await connection.execute(process.ProcessSpawn(config=config))).pid


def _marked() -> list[int]:
    return [item.pid for item in psutil.process_iter(["cmdline"]) if MARK in " ".join(item.info["cmdline"] or ())]


def _wait(condition: Callable[[], object], seconds: float = 15.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.05)


@pytest.mark.feature("PR11")
def test_it_starts_shows_a_window_and_ends_properly(desktop: Desktop) -> None:
    desktop.start()
    _wait(desktop.windows)
    assert desktop.stop() == 0
    assert not control_socket(desktop.root / "var/kernel/run").exists()


def test_a_second_start_raises_the_first_and_leaves(desktop: Desktop) -> None:
    desktop.start()
    _wait(desktop.windows)
    (window,) = desktop.windows()
    subprocess.run(["xdotool", "windowminimize", window], env=desktop._env, check=True)
    _wait(lambda: not desktop.windows())
    second = desktop.launch()
    assert second.wait(20) == 0
    _wait(desktop.windows)
    assert desktop.process is not None
    assert desktop.process.poll() is None
    assert desktop.stop() == 0


def test_a_sudden_death_leaves_nothing_and_loses_nothing(desktop: Desktop, tmp_path: Path) -> None:
    desktop.start()
    model = write_script(
        tmp_path,
        turn("Working.", call("run_command", command=f"echo begun; sleep 300; : {MARK}")),
        turn("", call("complete", summary="went on after the crash")),
    )
    pid = asyncio.run(_deploy(desktop.root, model))
    _wait(_marked)
    assert desktop.process is not None
    os.kill(desktop.process.pid, signal.SIGKILL)
    desktop.process.wait(10)
    _wait(lambda: not _marked())

    desktop.start()
    listed = asyncio.run(_listed(desktop.root))
    assert [(info.pid, info.interrupted) for info in listed] == [(pid, True)]
    asyncio.run(_resume(desktop.root, pid))
    _wait(lambda: not asyncio.run(_listed(desktop.root)))
    assert desktop.stop() == 0


def test_it_ends_at_once_when_the_system_says_so_although_an_agent_works(desktop: Desktop, tmp_path: Path) -> None:
    desktop.start()
    model = write_script(tmp_path, turn("Working.", call("run_command", command=f"sleep 300; : {MARK}")))
    asyncio.run(_deploy(desktop.root, model))
    _wait(_marked)
    assert desktop.stop() == 0
    _wait(lambda: not _marked())
    desktop.start()
    assert [info.interrupted for info in asyncio.run(_listed(desktop.root))] == [True]
    assert desktop.stop() == 0


async def _listed(root: Path) -> "tuple[object, ...]":
    async with connect(root) as connection:
        return (await connection.execute(process.ProcessList())).processes


async def _resume(root: Path, pid: int) -> None:
    async with connect(root) as connection:
        await connection.execute(process.ProcessResume(pid=pid))
