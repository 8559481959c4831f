"""A child process whose end is an awaitable event.

Wraps `subprocess.Popen` (whose vfork does not stall a large parent) with a pidfd on the running loop, so that no signal
handler and no child watcher is needed on any loop or thread. Used by the launchers; must not read or write pipes.
"""

import asyncio
import contextlib
import os
import subprocess
from collections.abc import Callable


class Child:
    """Owns one started process until it is reaped. on_exit: called once, on the loop, with the return code."""

    def __init__(self, process: subprocess.Popen[bytes], on_exit: Callable[[int], None] | None = None) -> None:
        self._process = process
        self._on_exit = on_exit
        self._loop = asyncio.get_running_loop()
        self._ended = asyncio.Event()
        self._descriptor: int | None = None
        if hasattr(os, "pidfd_open"):
            with contextlib.suppress(OSError):
                self._descriptor = os.pidfd_open(process.pid)
        if self._descriptor is not None:
            self._loop.add_reader(self._descriptor, self._reap)
        else:
            self._loop.run_in_executor(None, self._wait_blocking)

    @property
    def pid(self) -> int:
        """Number of the process."""
        return self._process.pid

    @property
    def ended(self) -> bool:
        """Whether it has been reaped."""
        return self._ended.is_set()

    @property
    def returncode(self) -> int | None:
        """As `subprocess` has it; None while it runs."""
        return self._process.returncode

    async def wait(self) -> None:
        """Wait until it has been reaped."""
        await self._ended.wait()

    def send_signal(self, signum: int) -> None:
        """Signal it unless it has been reaped; never another process that got its number."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            self._process.send_signal(signum)

    def _wait_blocking(self) -> None:
        self._process.wait()
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._reap)

    def _reap(self) -> None:
        if self._process.poll() is None or self._ended.is_set():
            return
        if self._descriptor is not None:
            self._loop.remove_reader(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = None
        self._ended.set()
        if self._on_exit is not None:
            self._on_exit(self._process.returncode)
