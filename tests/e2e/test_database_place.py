"""The desktop's start where something else lies in the database's place: a window says so, and the process fails."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from kernel.paths import Paths
from tests.e2e.test_desktop_process import Desktop, _wait, desktop_on_a_screen


@pytest.fixture
def desktop(tmp_path: Path) -> Iterator[Desktop]:
    with desktop_on_a_screen(tmp_path, window_manager=True) as made:
        yield made


@pytest.mark.feature("ST01")
def test_the_desktop_says_it_and_ends_with_1(desktop: Desktop, capfd: pytest.CaptureFixture[str]) -> None:
    paths = Paths(desktop.root)
    paths.create()
    os.mkfifo(paths.database)
    (paths.state / "aether.db-wal").write_bytes(b"older")
    desktop.process = desktop.launch()
    _wait(desktop.windows)
    (window,) = desktop.windows()
    subprocess.run(["xdotool", "windowfocus", "--sync", window, "key", "Return"], env=desktop._env, check=True)
    assert desktop.process.wait(20) == 1
    said = capfd.readouterr().err
    assert "aether.db is a pipe and not a file" in said
    assert "Traceback" not in said
