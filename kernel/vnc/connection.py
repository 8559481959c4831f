"""One connection to a desktop's socket on the kernel's loop: reads in short turns into an `RfbClient`, and writes what that has to say.

Made by a `DesktopViewer` for each connection; owns the socket from construction to `close`. However much servers send, all of them
together get only a share of the loop's time, and one that is not to be read gets none.
"""

import asyncio
import socket
import time
from collections.abc import Callable

from kernel.errors import AetherError
from kernel.rfb.client import RfbClient

#: A Unix socket holds about as much at once.
BUFFER_BYTES = 256 << 10
#: A turn ends after so long.
TURN_S = 0.001
#: What was used is earned again at this rate: a quarter of the loop's time in the long run.
SHARE = 0.25
MAX_CREDIT_S = 0.02

ENDED = "The desktop's server has closed the connection."


class Budget:
    """The loop's time that connections may use, all that share it together."""

    def __init__(self) -> None:
        self._credit_s = MAX_CREDIT_S
        self._counted_at = time.monotonic()

    def pay(self, spent_s: float) -> float:
        """Note what was used; how many seconds to rest for it."""
        now = time.monotonic()
        self._credit_s = min(MAX_CREDIT_S, self._credit_s + (now - self._counted_at) * SHARE) - spent_s
        self._counted_at = now
        return max(0.0, -self._credit_s / SHARE)


class Connection:
    """A live connection, which is read from the start.

    on_fed: called on the loop after the client took something in. on_end: called once on the loop with the reason, unless it was closed
    before.
    """

    def __init__(
        self, made: socket.socket, client: RfbClient, budget: Budget, on_fed: Callable[[], None], on_end: Callable[[str], None]
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._budget = budget
        self._reading = True
        self._in_turn = False
        self._socket: socket.socket | None = made
        self._client = client
        self._on_fed = on_fed
        self._on_end = on_end
        self._buffer = memoryview(bytearray(BUFFER_BYTES))
        self._unsent = bytearray()
        self._rest: asyncio.TimerHandle | None = None
        made.setblocking(False)
        self._loop.add_reader(made.fileno(), self._on_readable)

    @property
    def unsent_bytes(self) -> int:
        """What the server has not taken yet."""
        return len(self._unsent)

    def flush(self) -> None:
        """Send what the client has to say."""
        waiting = bool(self._unsent)
        self._unsent += self._client.take_output()
        if self._unsent and not waiting:
            self._on_writable()

    def set_reading(self, reading: bool) -> None:
        """Whether what the server sends is read; else it waits, there first of all. The server's end is noticed only while it is."""
        if reading != self._reading:
            self._reading = reading
            if not self._in_turn:
                self._go_on(0.0)

    def close(self) -> None:
        """Give the socket back; safe to repeat. What is unsent is lost."""
        if self._socket is not None:
            self._loop.remove_reader(self._socket.fileno())
            self._loop.remove_writer(self._socket.fileno())
            self._socket.close()
            self._socket = None
        if self._rest is not None:
            self._rest.cancel()
            self._rest = None
        self._unsent.clear()
        self._client.close()

    def _on_readable(self) -> None:
        """One turn: what is there, as long as a turn may take."""
        began, used = time.monotonic(), time.thread_time()
        going = self._in_turn = True
        while going and self._reading and time.monotonic() - began < TURN_S:
            going = self._feed(0) if self._client.backlog else self._receive()
        self._in_turn = False
        self._go_on(time.thread_time() - used)

    def _receive(self) -> bool:
        """Read once; false when there is nothing now, or never will be."""
        if self._socket is None:
            return False
        try:
            size = self._socket.recv_into(self._buffer)
        except (BlockingIOError, InterruptedError):
            return False
        except OSError:
            size = 0
        if not size:
            self._end(ENDED)
            return False
        return self._feed(size)

    def _feed(self, size: int) -> bool:
        """Have the client look at the first bytes of the buffer; false when that was the end."""
        try:
            self._client.feed(self._buffer[:size])
        except AetherError as error:
            self._end(error.message)
            return False
        self._on_fed()
        self.flush()
        return self._socket is not None

    def _go_on(self, spent_s: float) -> None:
        """Wait for the next turn: until there is something to read, or rest where more time was used than earned."""
        rest_s = self._budget.pay(spent_s)
        if self._socket is None:
            return
        if self._rest is not None:
            self._rest.cancel()
            self._rest = None
        self._loop.remove_reader(self._socket.fileno())
        if not self._reading:
            return
        if rest_s or self._client.backlog:
            self._rest = self._loop.call_later(rest_s, self._on_rested)
        else:
            self._loop.add_reader(self._socket.fileno(), self._on_readable)

    def _on_rested(self) -> None:
        self._rest = None
        self._on_readable()

    def _on_writable(self) -> None:
        while self._unsent and self._socket is not None:
            try:
                sent = self._socket.send(self._unsent)
            except (BlockingIOError, InterruptedError):
                self._loop.add_writer(self._socket.fileno(), self._on_writable)
                return
            except OSError:
                self._end(ENDED)
                return
            del self._unsent[:sent]
        if self._socket is not None:
            self._loop.remove_writer(self._socket.fileno())

    def _end(self, reason: str) -> None:
        self.close()
        self._on_end(reason)
