"""A bounded stream of a terminal's bytes to one consumer, on any thread.

The manager puts, a consumer takes: the window's thread in slices, a gateway's client by async iteration. A lossless channel
that is full stops the reading of its terminal; another one drops its oldest bytes and counts the gap.
"""

import asyncio
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

CHANNEL_BYTES = 1 << 20
RESUME_DIVISOR = 4
TAKE_BYTES = 256 << 10
MERGE_BYTES = 4 << 10


@dataclass(frozen=True, slots=True)
class ChannelState:
    """What waits in a channel: bytes, bytes that were dropped since the last look, and whether the terminal has ended."""

    waiting_bytes: int
    dropped_bytes: int
    ended: bool


class ByteChannel:
    """Bytes of one terminal for one consumer.

    lossless: being full holds the terminal up. on_room: called (on the consumer's thread) when a full channel has room
    again. on_close: called once when the consumer closes it. on_readable: called on the producer's thread when there is
    something after there was nothing, and at the end; it must only pass the news on. head: comes before all else; it is
    never dropped and does not count against the capacity.
    """

    def __init__(
        self,
        *,
        lossless: bool,
        on_room: Callable[[], None],
        on_close: Callable[["ByteChannel"], None],
        on_readable: Callable[[], None] | None = None,
        capacity_bytes: int = CHANNEL_BYTES,
        head: bytes = b"",
    ) -> None:
        self.lossless = lossless
        self._capacity = capacity_bytes
        self._on_room = on_room
        self._on_close = on_close
        self._on_readable = on_readable
        self._lock = threading.Lock()
        self._pieces: deque[bytes] = deque()
        self._waiting = 0
        self._dropped = 0
        self._was_full = False
        self._ended = False
        self._closed = False
        self._waiter: tuple[asyncio.AbstractEventLoop, asyncio.Future[None]] | None = None
        self._head = memoryview(head)
        self._put_bytes = len(head)
        if head:
            self._notify()

    @property
    def put_bytes(self) -> int:
        """How many bytes were put in so far, the head among them."""
        return self._put_bytes

    @property
    def full(self) -> bool:
        """Whether it holds its terminal up."""
        return self.lossless and not self._closed and self._waiting >= self._capacity

    @property
    def ended(self) -> bool:
        """Whether the terminal has ended and everything was taken."""
        with self._lock:
            return self._ended and not self._pieces and not self._head

    @property
    def state(self) -> ChannelState:
        """What waits. Reading it resets the count of dropped bytes."""
        with self._lock:
            ended = self._ended and not self._pieces and not self._head
            found = ChannelState(self._waiting + len(self._head), self._dropped, ended)
            self._dropped = 0
            return found

    def put(self, data: bytes) -> None:
        """The producer's side. Never blocks and never loses bytes of a lossless channel."""
        with self._lock:
            if self._closed or self._ended or not data:
                return
            news = not self._pieces and not self._head
            self._put_bytes += len(data)
            if self._pieces and len(self._pieces[-1]) + len(data) <= MERGE_BYTES:
                self._pieces[-1] += data
            else:
                self._pieces.append(data)
            self._waiting += len(data)
            while not self.lossless and self._waiting > self._capacity and len(self._pieces) > 1:
                gone = self._pieces.popleft()
                self._waiting -= len(gone)
                self._dropped += len(gone)
            self._was_full = self._was_full or self.full
        if news:
            self._notify()

    def end(self) -> None:
        """The producer's side: nothing more will come."""
        with self._lock:
            if self._ended:
                return
            self._ended = True
        self._notify()

    def take(self, max_bytes: int = TAKE_BYTES) -> bytes:
        """What is there, at most `max_bytes`; b"" when there is nothing now. May be called on any thread."""
        room = False
        with self._lock:
            taken: list[bytes] = []
            size = 0
            if self._head:
                taken.append(bytes(self._head[:max_bytes]))
                size = len(taken[0])
                self._head = self._head[size:]
            from_pieces = -size
            while self._pieces and size < max_bytes:
                piece = self._pieces.popleft()
                if size + len(piece) > max_bytes:
                    cut = max_bytes - size
                    self._pieces.appendleft(piece[cut:])
                    piece = piece[:cut]
                taken.append(piece)
                size += len(piece)
            from_pieces += size
            self._waiting -= from_pieces
            if self._was_full and self._waiting <= self._capacity // RESUME_DIVISOR:
                self._was_full = False
                room = True
        if room:
            self._on_room()
        return taken[0] if len(taken) == 1 else b"".join(taken)

    def peek(self) -> bytes:
        """Everything that waits, which goes on waiting."""
        with self._lock:
            return b"".join([self._head, *self._pieces])

    async def read(self, max_bytes: int = TAKE_BYTES) -> bytes:
        """Wait for the next bytes; b"" at the end. One reader at a time."""
        while True:
            data = self.take(max_bytes)
            if data:
                return data
            loop = asyncio.get_running_loop()
            with self._lock:
                if self._pieces or self._head:
                    continue
                if self._ended or self._closed:
                    return b""
                future = loop.create_future()
                self._waiter = (loop, future)
            await future

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Pieces as they come, until the terminal ends."""
        while data := await self.read():
            yield data

    def close(self) -> None:
        """The consumer does not want any more; what waits is dropped and the terminal is no longer held up."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            self._pieces.clear()
            self._head = memoryview(b"")
            self._waiting = 0
        self._wake()
        self._on_close(self)
        self._on_room()

    def _notify(self) -> None:
        self._wake()
        if self._on_readable is not None:
            self._on_readable()

    def _wake(self) -> None:
        with self._lock:
            waiter, self._waiter = self._waiter, None
        if waiter is not None:
            loop, future = waiter
            loop.call_soon_threadsafe(_resolve, future)


def _resolve(future: "asyncio.Future[None]") -> None:
    if not future.done():
        future.set_result(None)
