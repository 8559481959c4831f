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
FLOOD_BYTES, FLOOD_S = 512 << 10, 0.2
LEAST_BYTES, LEAST_S = 512 << 10, 0.5
#: One that moved less than this was not worth its start: the next one comes so long after it, each time twice as long.
WORTH_BYTES, REST_S, LONGEST_REST_S = 2 << 20, 1.0, 16.0


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
    """One process that reads one terminal. On the kernel's loop, but `read`; its owner's lock keeps that and `discard` apart.

    on_up: called once on the loop with whether it came up; it moves nothing before `begin`. on_end: called on the loop once its process
    is gone, with its exit code, negative for a signal. Raises OSError.
    """

    def __init__(self, master: int, on_up: Callable[[bool], None], on_end: Callable[["Relay", int], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._on_up = on_up
        self._tell_end = on_end
        self._waiting: list[Callable[[], None]] = []
        self._open = True
        #: What was read of it so far.
        self.moved_bytes = 0
        #: Whether it was told to end.
        self.stopped = False
        with contextlib.ExitStack() as ours, contextlib.ExitStack() as theirs:
            self.descriptor, output = _pipe(ours, theirs)
            leave, self._leave = _pipe(theirs, ours)
            with contextlib.suppress(OSError):  # a person may have too many pipes to have larger ones
                fcntl.fcntl(output, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
            os.set_blocking(self.descriptor, False)
            command = (sys.executable, "-I", "-S", str(PROGRAM))
            self._child = start_apart(command, {}, {MASTER: master, PIPE: output, BEGIN: leave})
            self._stop_watching = watch_exit(self._child.pid, self._reap)
            self._loop.add_reader(self.descriptor, self._on_first)
            ours.pop_all()  # `close` gives them back

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
        self.moved_bytes += len(data)
        return data

    def discard(self) -> None:
        """Forget what it has moved so far."""
        left = 2 * PIPE_BYTES
        while left > 0 and (data := self.read(PIPE_BYTES)):
            left -= len(data)

    def stop(self, then: Callable[[], None] | None = None) -> None:
        """End its process. What it had moved is still to be read. then: called once it is gone, now or on the loop."""
        self.stopped = True
        if self._child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._child.pid, signal.SIGKILL)
            if then is not None:
                self._waiting.append(then)
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

    def _reap(self, code: int) -> None:
        self._stop_watching()
        self._child.poll()
        self._tell_end(self, code)
        waiting, self._waiting = self._waiting, []
        for then in waiting:
            then()


def _pipe(reading: contextlib.ExitStack, writing: contextlib.ExitStack) -> tuple[int, int]:
    """A pipe whose ends are given back with these. Raises OSError."""
    ends = os.pipe()
    reading.callback(os.close, ends[0])
    writing.callback(os.close, ends[1])
    return ends
