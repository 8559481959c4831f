"""Where a terminal's output is read: its master, or while it floods the `relay` that reads that.

Owned by `master`, which waits for `descriptor` and reads under its lock.
"""

import asyncio
import os
import threading
import time
from collections.abc import Callable

from kernel.log import get_logger
from kernel.tty.relay import LEAST_BYTES, LEAST_S, LONGEST_REST_S, REST_S, WORTH_BYTES, FloodMeter, Relay, can_relay

_log = get_logger(__name__)


class Output:
    """The output of one master, whose descriptor is the caller's.

    lock: held by whoever calls `read` on another thread than the loop's; where none does the loop reads without it. on_moved: called on
    the loop when `descriptor` is another one.
    """

    def __init__(self, master: int, lock: threading.Lock, on_moved: Callable[[], None]) -> None:
        self._master = master
        self._lock = lock
        self._on_moved = on_moved
        self._loop = asyncio.get_running_loop()
        self._relay: Relay | None = None
        #: Whether output comes through the relay. Set on the loop under the lock, unset by whoever reads its end: what is unset stays so
        #: while the loop closes the pipe.
        self._relayed = False
        self._can_relay = can_relay()
        self._handed_over = False
        self._meter = FloodMeter()
        self._taken_bytes = self._looked_at_bytes = 0
        self._rest_s, self._not_before = REST_S, 0.0

    @property
    def descriptor(self) -> int:
        """The one that is readable when there is output, or its end."""
        return self._relay.descriptor if self._relay is not None and self._relayed else self._master

    @property
    def collected(self) -> bool:
        """Whether what is there now comes in one piece."""
        return self._relayed

    def read(self, max_bytes: int) -> bytes | None:
        """Output, None when there is none now, b"" at the end (EIO: nobody has the other side open)."""
        if self._relay is not None and self._relayed:
            data = self._relay.read(max_bytes)
            if data != b"":
                return data
            self._relayed = False  # what it has not moved is the terminal's still
            self._call_on_loop(self._drop_unused)
        try:
            return os.read(self._master, max_bytes)
        except (BlockingIOError, InterruptedError):
            return None
        except OSError:
            return b""

    def note_taken(self, size: int) -> None:
        """So much was read by another thread than the loop's: a flood gets its relay."""
        self._taken_bytes += size
        if self._can_relay and self._relay is None and self._meter.note(size) and time.monotonic() >= self._not_before:
            self._call_on_loop(self._start)

    def discard(self) -> None:
        """Forget what a relay has moved, as a terminal forgets its output at an interrupt. On the loop, under the lock."""
        if self._relay is not None and self._relayed:
            self._relay.discard()

    def hand_over(self) -> None:
        """Another thread reads from now on."""
        self._handed_over = True

    def take_back(self) -> None:
        """The loop reads from now on: a relay ends, and what it had moved is read first."""
        self._handed_over = False
        self._collect(lambda: None)

    def finish(self, then: Callable[[], None]) -> None:
        """There is no more than what is there now: have `then` called once no other process holds it back, now or in a moment."""
        self._handed_over = False
        self._collect(then)

    def _collect(self, then: Callable[[], None]) -> None:
        if self._relay is not None and self._relayed:
            self._relay.stop(then)
            return
        self._drop_unused()
        then()

    def close(self) -> None:
        """Forget what a relay holds. Under the lock."""
        self._handed_over = self._relayed = False
        relay, self._relay = self._relay, None
        if relay is not None:
            relay.close()

    def _call_on_loop(self, action: Callable[[], None]) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(action)

    def _start(self) -> None:
        if self._relay is not None or not self._handed_over:
            return
        try:
            self._relay = Relay(self._master, self._begin, self._note_end)
            self._looked_at_bytes = self._taken_bytes
        except OSError as error:
            self._rest(moved_bytes=0)
            _log.info("a flooding terminal is read without a process of its own: %s", error.strerror)

    def _begin(self, up: bool) -> None:
        """See `Relay.on_up`."""
        relay = self._relay
        if relay is None or not up or self._taken_bytes == self._looked_at_bytes:  # the flood may be over already
            self._drop_unused()
            return
        with self._lock:
            self._relayed = True
            relay.begin()
        self._on_moved()
        self._looked_at_bytes = self._taken_bytes
        self._loop.call_later(LEAST_S, self._look_at, relay)

    def _look_at(self, relay: Relay) -> None:
        """End it when the flood is over."""
        if relay is not self._relay or relay.stopped:
            return
        if self._taken_bytes - self._looked_at_bytes < LEAST_BYTES:
            relay.stop()
            return
        self._looked_at_bytes = self._taken_bytes
        self._loop.call_later(LEAST_S, self._look_at, relay)

    def _drop_unused(self) -> None:
        """Let go of a relay that has not begun, or of which all was read."""
        if self._relay is not None and not self._relayed:
            relay, self._relay = self._relay, None
            self._on_moved()
            relay.close()
            self._rest(relay.moved_bytes)

    def _rest(self, moved_bytes: int) -> None:
        """Start no other one for a while."""
        self._rest_s = REST_S if moved_bytes >= WORTH_BYTES else min(2 * self._rest_s, LONGEST_REST_S)
        self._not_before = time.monotonic() + self._rest_s

    def _note_end(self, relay: Relay, code: int) -> None:
        """One that ends by itself without having moved anything: this system cannot."""
        if code >= 0 and not relay.moved_bytes and self._can_relay:
            self._can_relay = False
            _log.info("a flooding terminal is read without a process of its own: that one ended with %d", code)
