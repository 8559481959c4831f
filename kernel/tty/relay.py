"""Reading a terminal that floods in a process of its own, beside the thread that parses.

A system hands a terminal's output out in pieces of at most 4 KiB, and each read takes as long as parsing a quarter of it; from a pipe
that another process fills, much comes at once. What is moved is never in that process's own memory (`relay_process`), so it can be
killed at any moment and nothing is lost: what it has moved is read from the pipe, the rest from the terminal again. Linux only, as
`splice` is. Owned by `output`.
"""

import asyncio
import contextlib
import fcntl
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from kernel.tty.child import start_apart
from kernel.tty.exit_watch import watch_exit
from kernel.tty.relay_process import BEGIN, MASTER, PIPE, READY

PROGRAM = Path(__file__).with_name("relay_process.py")
#: So much waits in the pipe at most: what a turn of the window takes of plain lines.
PIPE_BYTES = 256 << 10
#: So much within that time is a flood; the first one starts a process, less than the second within its time stops it.
FLOOD_BYTES, FLOOD_S = 256 << 10, 0.1
LEAST_BYTES, LEAST_S = 512 << 10, 0.5


def can_relay() -> bool:
    """Whether this system can."""
    return hasattr(os, "splice") and bool(sys.executable)


class FloodMeter:
    """Whether a terminal floods. On the thread that takes its output."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._since = clock()
        self._bytes = 0

    def note(self, size: int) -> bool:
        """So many bytes came; whether that is a flood."""
        now = self._clock()
        if now - self._since > FLOOD_S:
            self._since, self._bytes = now, 0
        self._bytes += size
        return self._bytes >= FLOOD_BYTES


class Relay:
    """One process that reads one terminal. On the kernel's loop, but `read`.

    on_up: called once on the loop with whether it came up; it moves nothing before `begin`. Raises OSError.
    """

    def __init__(self, master: int, on_up: Callable[[bool], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._on_up = on_up
        self._on_end: list[Callable[[], None]] = []
        self.descriptor, output = os.pipe()
        leave, self._leave = os.pipe()
        self._open = True
        #: Whether anything came, and whether it was told to end: a process that ends by itself at once is of no use here.
        self.moved = self.stopped = False
        try:
            with contextlib.suppress(OSError):  # a person may have too many pipes to have larger ones
                fcntl.fcntl(output, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
            os.set_blocking(self.descriptor, False)
            command = (sys.executable, "-I", "-S", str(PROGRAM))
            self._child = start_apart(command, {}, {MASTER: master, PIPE: output, BEGIN: leave})
        except OSError:
            os.close(self.descriptor)
            os.close(self._leave)
            raise
        finally:
            os.close(output)
            os.close(leave)
        self._stop_watching = watch_exit(self._child.pid, self._reap)
        self._loop.add_reader(self.descriptor, self._on_first)

    def begin(self) -> None:
        """Move output from now on: nobody else may read the terminal until `read` has told the end."""
        with contextlib.suppress(OSError):  # it is gone: `read` tells
            os.write(self._leave, b"g")

    def read(self, max_bytes: int) -> bytes | None:
        """What it has moved, None when there is nothing now, b"" when it is gone and all was read."""
        try:
            data = os.read(self.descriptor, max_bytes)
        except (BlockingIOError, InterruptedError):
            return None
        self.moved = self.moved or bool(data)
        return data

    def stop(self, then: Callable[[], None] | None = None) -> None:
        """End its process. What it had moved is still to be read. then: called once it is gone, now or on the loop."""
        self.stopped = True
        if self._child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._child.pid, signal.SIGKILL)
            if then is not None:
                self._on_end.append(then)
        elif then is not None:
            then()

    def close(self) -> None:
        """End it and forget what it had moved. On the loop; safe to repeat."""
        if self._open:
            self._open = False
            self.stop()
            self._loop.remove_reader(self.descriptor)
            os.close(self.descriptor)
            os.close(self._leave)

    def _on_first(self) -> None:
        self._loop.remove_reader(self.descriptor)
        self._on_up(os.read(self.descriptor, len(READY)) == READY)

    def _reap(self, _code: int) -> None:
        self._stop_watching()
        self._child.poll()
        waiting, self._on_end = self._on_end, []
        for then in waiting:
            then()
