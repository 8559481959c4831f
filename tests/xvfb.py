"""A screen of our own for tests and benchmarks that need a real one: Xvfb, and openbox where asked. What it starts, it ends."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

SIZE = "1600x1000x24"


@contextmanager
def screen(*, window_manager: bool = False, size: str = SIZE) -> Iterator[dict[str, str]]:
    """The environment in which programs draw on the new screen."""
    program = shutil.which("Xvfb")
    assert program is not None, "Xvfb is missing; `make test` installs it"
    reading, writing = os.pipe()
    server = subprocess.Popen(
        [program, "-displayfd", str(writing), "-screen", "0", size, "-nolisten", "tcp"],
        pass_fds=(writing,),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    managers: list[subprocess.Popen[bytes]] = []
    try:
        with os.fdopen(reading) as numbers:
            display = f":{numbers.readline().strip()}"
        env = {name: value for name, value in os.environ.items() if name not in ("WAYLAND_DISPLAY", "QT_QPA_PLATFORM")}
        env |= {"DISPLAY": display, "QT_QPA_PLATFORM": "xcb"}
        if window_manager:
            managers.append(subprocess.Popen(["openbox"], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        yield env
    finally:
        for process in (*managers, server):
            process.terminate()
            process.wait(10)
