"""The desktop where its kernel cannot be had: it says so on the screen, and goes on by itself where it can."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from kernel.gateway.instance import control_socket
from tests import small_disk
from tests.e2e.test_desktop_process import ROOT, _wait, desktop_on_a_screen


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A mounted file system of 16 MB."""
    with small_disk.small_disk(tmp_path) as folder:
        yield folder


def aether(root: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """`aether` on a folder, to its end."""
    env = {**os.environ, "AETHER_FS_ROOT": str(root), "PYTHONPATH": str(ROOT)}
    command = (sys.executable, "-m", "kernel.cli.main", *words)
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=40, check=False)


@pytest.mark.feature("PR11")
def test_started_on_a_full_disk_it_says_so_and_goes_on_when_there_is_room(disk: Path) -> None:
    root = disk / "root"
    assert aether(root, "ps").returncode == 0  # its folders and its database are there
    ballast = small_disk.fill(disk)
    with desktop_on_a_screen(disk.parent, window_manager=True) as desktop:
        desktop.root = root
        desktop._env["AETHER_FS_ROOT"] = str(root)
        desktop.process = desktop.launch()
        _wait(desktop.windows, 30)
        told = aether(root, "ps")
        assert told.returncode == 1
        assert f"cannot start: the disk that holds {root}/var/kernel is full" in told.stderr
        assert "goes on by itself" in told.stderr
        second = desktop.launch()
        _wait(lambda: len(desktop.windows()) == 2, 30)  # the second start says the same in a window of its own
        second.kill()
        second.wait(10)
        assert desktop.process.poll() is None
        ballast.unlink()
        _wait(lambda: aether(root, "ps").returncode == 0, 30)
        assert desktop.stop() == 0


#: The desktop, with a file that appears when its window has said that it waits for room. It waits for its kernel's thread to the end.
TELLING = """
import pathlib, sys
from aether_desktop import __main__, bootstrap
from aether_desktop.bridge import in_process

in_process.STOP_TIMEOUT_S = 3600.0
said = bootstrap.DesktopApplication._on_kernel_delayed

def and_tell(self):
    said(self)
    pathlib.Path(sys.argv[1]).touch()

bootstrap.DesktopApplication._on_kernel_delayed = and_tell
sys.exit(__main__.main())
"""


def test_ended_while_it_waits_for_room_it_ends(disk: Path) -> None:
    """There is still no room: nothing but the end of the waiting lets the kernel's thread go."""
    root = disk / "root"
    assert aether(root, "ps").returncode == 0
    small_disk.fill(disk)
    told = disk.parent / "told"
    with desktop_on_a_screen(disk.parent, window_manager=True) as desktop:
        env = {**desktop._env, "AETHER_FS_ROOT": str(root)}
        desktop.process = subprocess.Popen([sys.executable, "-c", TELLING, str(told)], cwd=ROOT, env=env)
        _wait(told.exists, 60)
        assert desktop.process.poll() is None
        desktop.process.terminate()
        assert desktop.process.wait(60) == 0


def test_a_run_on_a_full_disk_promises_nothing(disk: Path) -> None:
    root = disk / "root"
    assert aether(root, "ps").returncode == 0
    small_disk.fill(disk)
    refused = aether(root, "run", "--role", "Coder", "--goal", "x", "--model", "heuristic", "--yes")
    assert refused.returncode == 1
    assert "is full" in refused.stderr and "try again" in refused.stderr
    assert "by itself" not in refused.stderr


def test_while_a_command_holds_the_folder_the_desktop_says_so_on_the_screen(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with desktop_on_a_screen(tmp_path, window_manager=True) as desktop:
        env = {**os.environ, "AETHER_FS_ROOT": str(desktop.root), "PYTHONPATH": str(ROOT)}
        serving = psutil.Popen([sys.executable, "-m", "kernel.cli.main", "serve"], cwd=ROOT, env=env)
        try:
            _wait(control_socket(desktop.root / "var/kernel/run").exists, 30)
            desktop.process = desktop.launch()
            _wait(desktop.windows, 30)
            (window,) = desktop.windows()
            subprocess.run(["xdotool", "windowfocus", "--sync", window, "key", "Return"], env=desktop._env, check=True)
            assert desktop.process.wait(20) == 1
            said = capfd.readouterr().err
            assert "runs without a window on this folder" in said
            assert "Start the desktop when that has ended" in said
        finally:
            serving.terminate()
            assert serving.wait(20) == 0


def test_a_desktop_whose_kernel_cannot_start_holds_nobody_up(tmp_path: Path) -> None:
    """Every command then finds the reason itself."""
    root = tmp_path / "root"
    assert aether(root, "ps").returncode == 0
    with sqlite3.connect(root / "var/kernel/aether.db") as database:
        database.execute("PRAGMA user_version=9999")
    database.close()
    with desktop_on_a_screen(tmp_path, window_manager=True) as desktop:
        desktop.process = desktop.launch()
        _wait(desktop.windows, 30)
        _wait(lambda: "newer Aether" in aether(root, "ps").stderr, 30)
        assert desktop.process.poll() is None
        assert desktop.stop() == 0
