"""Reading and writing the master descriptor of a terminal on the kernel's loop, with back-pressure both ways.

Reading can be handed over to one other thread: a system hands out a terminal's output in pieces of 4 KiB, and the loop's thread would
wait for the interpreter at each of them while that other one parses. While the terminal floods then, its `output` comes from a process
that collects those pieces. Used by the POSIX terminals; owns the descriptor from construction to `close`.
"""

import asyncio
import contextlib
import fcntl
import os
import select
import signal
import struct
import sys
import termios
import threading
import time
from collections.abc import Callable

from kernel.errors import LimitReachedError
from kernel.tty.backend import OnData
from kernel.tty.foreground import Foreground, foreground
from kernel.tty.output import Output

READ_BYTES = 64 << 10
BYTES_PER_TURN = 64 << 10
#: A read lets go of the interpreter and may wait for it; a turn ends after so long, so that a flood does not keep others waiting.
TURN_S = 0.001
MAX_UNREAD_INPUT_BYTES = 1 << 20
MAX_DRAIN_BYTES = 1 << 20
INTERRUPT = b"\x03"
#: Requests of Linux that Python has no names for: a signal to the program in the foreground, and the other side of a master.
TIOCSIG, TIOCGPTPEER = 0x40045436, 0x5441
#: A piece of at least this size is followed by another one in a moment, for which `take` waits; so long altogether.
FLOW_BYTES = 2 << 10
FLOW_WAIT_MS = 1
TAKE_S = 0.002


class Master:
    """A terminal's master descriptor. on_end: called once on the loop when the other side is closed for good."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor
        self._loop = asyncio.get_running_loop()
        self._on_data: OnData | None = None
        self._on_end: Callable[[], None] | None = None
        self._on_waiting: Callable[[], None] | None = None
        self._taking = threading.Lock()
        self._input = bytearray()
        self._output = Output(descriptor, self._taking, self._watch_anew)
        #: The descriptor that the loop waits for.
        self._watched: int | None = None
        os.set_blocking(descriptor, False)

    @property
    def closed(self) -> bool:
        """Whether the descriptor has been given back."""
        return self._descriptor is None

    def start_reading(self, on_data: OnData, on_end: Callable[[], None]) -> None:
        """Hand output to `on_data` until it answers False."""
        self._on_data, self._on_end = on_data, on_end
        self.resume_reading()

    def resume_reading(self) -> None:
        """Read again after `on_data` answered False."""
        if self._descriptor is not None and self._on_data is not None and self._watched is None:
            self._watched = self._output.descriptor
            self._loop.add_reader(self._watched, self._on_readable)

    def pause_reading(self) -> None:
        """Leave the output with the program: it blocks when the terminal's own buffer is full."""
        if self._watched is not None:
            self._loop.remove_reader(self._watched)
            self._watched = None

    def hand_over(self, on_waiting: Callable[[], None]) -> None:
        """Let one other thread have the output by `take`. on_waiting: called on the loop when there is some after `take` found none."""
        self._on_waiting = on_waiting
        self._output.hand_over()
        self.resume_reading()

    def take_back(self) -> None:
        """Read on the loop again. The other thread must not be in `take`."""
        self._on_waiting = None
        self._output.take_back()
        self.resume_reading()

    def take(self, max_bytes: int) -> bytes:
        """Output, at most `max_bytes`; b"" when there is none now, and then `on_waiting` will tell. On the other thread."""
        pieces: list[bytes] = []
        size = 0
        until = time.monotonic() + TAKE_S
        with self._taking:
            while size < max_bytes:
                data = self._read_some(max_bytes - size)
                if data:
                    pieces.append(data)
                    size += len(data)
                elif data is None and pieces and self._flows(len(pieces[-1])) and time.monotonic() < until and self._more_comes():
                    continue
                else:
                    if data is None and not pieces and not self._loop.is_closed():
                        self._loop.call_soon_threadsafe(self.resume_reading)
                    break
        self._output.note_taken(size)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def end(self, then: Callable[[], None]) -> None:
        """The program has ended: hand over what is left, at most 1 MiB, whether or not there is room; then call `then`, now or soon."""

        def drain() -> None:
            self._drain()
            self.pause_reading()
            then()

        self._output.finish(drain)

    def _drain(self) -> None:
        with self._taking:
            left = MAX_DRAIN_BYTES
            while left > 0 and (data := self._read_some(READ_BYTES)):
                left -= len(data)
                if self._on_data is not None:
                    self._on_data(data)

    def write(self, data: bytes) -> None:
        """Queue input. Raises LimitReachedError when the program leaves 1 MiB unread.

        An interrupt reaches a program that does not read as well; what it has not read is dropped then.
        """
        if self._descriptor is None:
            return
        if data[:1] == INTERRUPT and (self._input or self._output.collected) and self._means_interrupt():
            with self._taking:
                self._output.discard()
            if self._input and self._interrupt():
                data = data[1:]
        if len(self._input) + len(data) > MAX_UNREAD_INPUT_BYTES:
            raise LimitReachedError("The program on this terminal does not read its input.", "Wait, or interrupt it.")
        waiting = bool(self._input)
        self._input += data
        if not waiting:
            self._on_writable()
            if self._input and self._descriptor is not None:
                self._loop.add_writer(self._descriptor, self._on_writable)

    def _means_interrupt(self) -> bool:
        """Whether Ctrl+C has its usual meaning, and has the terminal forget what waits in it."""
        if self._descriptor is None or not sys.platform.startswith("linux"):
            return False
        try:
            attributes = termios.tcgetattr(self._descriptor)
        except termios.error:
            return False
        flags: int = attributes[3]
        return bool(flags & termios.ISIG) and not flags & termios.NOFLSH and attributes[6][termios.VINTR] == INTERRUPT

    def _interrupt(self) -> bool:
        """Do with Ctrl+C what the terminal does once it comes to it; False where that cannot be done."""
        if self._descriptor is None:
            return False
        try:
            other = fcntl.ioctl(self._descriptor, TIOCGPTPEER, os.O_RDWR | os.O_NOCTTY)
            try:
                termios.tcflush(self._descriptor, termios.TCOFLUSH)
                termios.tcflush(other, termios.TCIFLUSH)
            finally:
                os.close(other)
            fcntl.ioctl(self._descriptor, TIOCSIG, signal.SIGINT)
        except (OSError, termios.error):
            return False
        self._input.clear()
        self._loop.remove_writer(self._descriptor)
        return True

    def resize(self, columns: int, lines: int) -> None:
        """Set the size, and thereby SIGWINCH."""
        if self._descriptor is not None:
            with contextlib.suppress(OSError):
                fcntl.ioctl(self._descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def foreground(self) -> Foreground | None:
        """The program in the foreground. Blocks for a look at the process table."""
        return foreground(self._descriptor) if self._descriptor is not None else None

    def close(self) -> None:
        """Give the descriptor back; the program's side is hung up."""
        if self._descriptor is not None:
            self.pause_reading()
            self._loop.remove_writer(self._descriptor)
            with self._taking:
                self._output.close()
                os.close(self._descriptor)
                self._descriptor = None
            self._input.clear()

    def _on_readable(self) -> None:
        if self._on_waiting is not None:
            self.pause_reading()
            self._on_waiting()
            return
        pieces: list[bytes] = []
        size = 0
        ended = False
        until = time.monotonic() + TURN_S
        while size < BYTES_PER_TURN and (not pieces or time.monotonic() < until):
            data = self._read_some(READ_BYTES)
            if data is None:
                break
            if not data:
                ended = True
                break
            pieces.append(data)
            size += len(data)
        if pieces and self._on_data is not None and not self._on_data(b"".join(pieces)):
            self.pause_reading()
        if ended:
            self._end()

    def _watch_anew(self) -> None:
        """Output comes from another descriptor."""
        if self._watched is not None:
            self.pause_reading()
            self.resume_reading()

    def _flows(self, last_bytes: int) -> bool:
        """Whether a piece is followed by another one in a moment."""
        return last_bytes >= FLOW_BYTES and not self._output.collected

    def _more_comes(self) -> bool:
        if self._descriptor is None:
            return False
        poller = select.poll()
        poller.register(self._descriptor, select.POLLIN)
        return bool(poller.poll(FLOW_WAIT_MS))

    def _read_some(self, max_bytes: int) -> bytes | None:
        """See `Output.read`; b"" after `close`."""
        return self._output.read(max_bytes) if self._descriptor is not None else b""

    def _end(self) -> None:
        self.pause_reading()
        on_end, self._on_end = self._on_end, None
        if on_end is not None:
            on_end()

    def _on_writable(self) -> None:
        while self._input and self._descriptor is not None:
            try:
                written = os.write(self._descriptor, self._input)
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                self._input.clear()
                break
            del self._input[:written]
        if self._descriptor is not None:
            self._loop.remove_writer(self._descriptor)
