"""Terminals on Windows through pywinpty (ConPTY).

Written to pywinpty's documentation; NOT RUN by the project's tests, which have no Windows machine. pywinpty blocks, so each
terminal has one reading thread that hands its bytes to the kernel's loop.
"""

import asyncio
import contextlib
import os
import threading
from typing import Any

from kernel.errors import NotFoundError, UnavailableError
from kernel.tty.backend import DirectOutput, OnData, OnExit, Pty, ShellSpec
from kernel.tty.foreground import Foreground

READ_CHARS = 64 << 10
END_WAIT_S = 3.0


class WindowsPtyBackend:
    """Implements `PtyBackend` over pywinpty."""

    async def open(self, spec: ShellSpec) -> Pty:
        """A program on a new pseudo-console."""
        try:
            from winpty import PtyProcess
        except ImportError as error:
            raise UnavailableError(
                "Terminals need the package pywinpty.", "Install it: pip install pywinpty."
            ) from error
        argv = list(spec.argv) or [os.environ.get("COMSPEC", "cmd.exe")]
        folder = spec.cwd or os.environ.get("USERPROFILE", "C:\\")
        environment = dict(os.environ) | dict(spec.env)
        size = (spec.lines, spec.columns)
        try:
            process = await asyncio.to_thread(PtyProcess.spawn, argv, cwd=folder, env=environment, dimensions=size)
        except FileNotFoundError as error:
            raise NotFoundError(f"The program {argv[0]} was not found.", "Check its name or install it.") from error
        return WindowsPty(process)


class WindowsPty:
    """Implements `Pty` for one pywinpty process; owns it and its reading thread."""

    def __init__(self, process: Any) -> None:
        self._process = process
        self._loop = asyncio.get_running_loop()
        self._room = threading.Event()
        self._room.set()
        self._thread: threading.Thread | None = None
        self._on_data: OnData | None = None
        self._on_exit: OnExit | None = None

    @property
    def pid(self) -> int | None:
        """The program's number."""
        pid: int = self._process.pid
        return pid

    @property
    def direct(self) -> DirectOutput | None:
        """The reading thread has the output."""
        return None

    def start_reading(self, on_data: OnData, on_exit: OnExit) -> None:
        """Begin to hand over output."""
        self._on_data, self._on_exit = on_data, on_exit
        self._thread = threading.Thread(target=self._read_on, name=f"tty-{self.pid}", daemon=True)
        self._thread.start()

    def resume_reading(self) -> None:
        """There is room again."""
        self._room.set()

    def write(self, data: bytes) -> None:
        """Send input; ConPTY takes text."""
        self._process.write(data.decode("utf-8", errors="replace"))

    def resize(self, columns: int, lines: int) -> None:
        """Change the size."""
        self._process.setwinsize(lines, columns)

    def foreground(self) -> Foreground | None:
        """Not known here."""
        return None

    async def close(self) -> None:
        """End the program; ConPTY ends what is attached to its console."""
        self._room.set()
        await asyncio.to_thread(self._process.terminate, True)
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join, END_WAIT_S)

    def _read_on(self) -> None:
        while True:
            self._room.wait()
            try:
                text: str = self._process.read(READ_CHARS)
            except EOFError:
                break
            if text and not self._deliver(text.encode("utf-8")):
                return
        code: int | None = self._process.wait()
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._tell_exit, code)

    def _deliver(self, data: bytes) -> bool:
        """Hand bytes to the loop; False when the loop is gone."""
        try:
            self._loop.call_soon_threadsafe(self._take, data)
        except RuntimeError:
            return False
        return True

    def _take(self, data: bytes) -> None:
        if self._on_data is not None and not self._on_data(data):
            self._room.clear()

    def _tell_exit(self, code: int | None) -> None:
        if self._on_exit is not None:
            self._on_exit(code)
