"""A real X server with a VNC socket, outside of any sandbox, and a viewer that counts what it is told."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from kernel.rfb.framebuffer import Rect
from kernel.tasks import Scope
from kernel.vnc.connection import Budget
from kernel.vnc.endpoint import connect
from kernel.vnc.viewer import DesktopViewer

NAME = ".screen"
#: As an agent's server has them.
OPTIONS = ("-depth", "24", "-nolisten", "tcp", "-noreset", "-SecurityTypes", "None", "-rfbport", "-1", "-rfbunixmode", "0600")
VIEWERS = ("-AlwaysShared", "-UseBlacklist=0")


@dataclass(frozen=True, slots=True)
class Desktop:
    """A server that runs. env: for programs that draw on it."""

    display: int
    process: subprocess.Popen[bytes]
    env: dict[str, str]


@contextmanager
def desktop(folder: Path, size: str = "640x400") -> Iterator[Desktop]:
    """A server with its socket in `folder`, until the end of the block."""
    program = shutil.which("Xtigervnc")
    assert program is not None, "Xtigervnc is missing: install tigervnc-standalone-server"
    reading, writing = os.pipe()
    here = os.open(folder, os.O_PATH)
    place = ["-rfbunixpath", f"/proc/self/fd/{here}/{NAME}"]
    server = subprocess.Popen(
        [program, "-displayfd", str(writing), "-geometry", size, *OPTIONS, *VIEWERS, *place],
        pass_fds=(writing, here),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    os.close(here)
    try:
        with os.fdopen(reading) as numbers:
            display = int(numbers.readline())
        env = {name: value for name, value in os.environ.items() if name not in ("WAYLAND_DISPLAY", "QT_QPA_PLATFORM")}
        yield Desktop(display, server, env | {"DISPLAY": f":{display}"})
    finally:
        server.terminate()
        server.wait(10)


@contextmanager
def program(shown_on: Desktop, *argv: str) -> Iterator[subprocess.Popen[bytes]]:
    """A program on a desktop, until the end of the block."""
    started = subprocess.Popen(argv, env=shown_on.env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield started
    finally:
        started.terminate()
        started.wait(10)


class Watcher:
    """A viewer that takes what it is told of at once, as a window does."""

    def __init__(self, folder: Path, scope: Scope) -> None:
        self.damage: list[Rect] = []
        self._news = asyncio.Event()
        self.viewer = DesktopViewer(lambda: connect(folder, NAME), scope, self._news.set, Budget())

    async def until(self, condition: Callable[[], bool], *, within_s: float = 15) -> None:
        """Take damage until something is true; looked at once more now and then for what the viewer does not tell."""
        async with asyncio.timeout(within_s):
            while not condition():
                try:
                    await asyncio.wait_for(self._news.wait(), 0.05)
                except TimeoutError:
                    continue
                self._news.clear()
                self.damage += self.viewer.take_damage()

    async def until_shown(self, pixels: bytes | bytearray) -> None:
        """Take damage until the picture is exactly this one."""
        await self.until(lambda: self.shows(pixels))

    async def until_pictured(self) -> None:
        """Take damage until there is a picture."""
        await self.until(lambda: self.viewer.picture is not None)

    def shows(self, pixels: bytes | bytearray) -> bool:
        """Whether the picture is exactly this one: blue, green, red and a byte that is not looked at, of each pixel."""
        picture = self.viewer.picture
        if picture is None or len(picture.data) != len(pixels):
            return False
        return all(picture.data[colour::4] == pixels[colour::4] for colour in range(3))
