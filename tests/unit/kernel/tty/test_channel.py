"""The bounded channel of a terminal's bytes."""

import asyncio
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.tty.channel import ByteChannel


class Made:
    """A channel and what it called."""

    def __init__(self, *, lossless: bool = True, capacity: int = 100) -> None:
        self.room = 0
        self.readable = 0
        self.closed: list[ByteChannel] = []
        self.channel = ByteChannel(
            lossless=lossless,
            on_room=self._on_room,
            on_close=self.closed.append,
            on_readable=self._on_readable,
            capacity_bytes=capacity,
        )

    def _on_room(self) -> None:
        self.room += 1

    def _on_readable(self) -> None:
        self.readable += 1


@given(st.lists(st.binary(max_size=50), max_size=40), st.lists(st.integers(1, 60), min_size=1, max_size=20))
def test_nothing_is_lost_or_reordered(pieces: list[bytes], sizes: list[int]) -> None:
    made = Made(capacity=1 << 20)
    taken = bytearray()
    for number, piece in enumerate(pieces):
        made.channel.put(piece)
        taken += made.channel.take(sizes[number % len(sizes)])
    while data := made.channel.take(sizes[0]):
        assert len(data) <= sizes[0]
        taken += data
    assert bytes(taken) == b"".join(pieces)


def test_readable_is_told_once_until_it_is_empty_again() -> None:
    made = Made()
    made.channel.put(b"a")
    made.channel.put(b"b")
    assert made.readable == 1
    assert made.channel.take() == b"ab"
    assert made.channel.take() == b""
    made.channel.put(b"c")
    assert made.readable == 2
    made.channel.end()
    assert made.readable == 3


def test_a_full_channel_tells_when_there_is_room() -> None:
    made = Made(capacity=100)
    made.channel.put(b"x" * 99)
    assert not made.channel.full
    made.channel.put(b"y")
    assert made.channel.full
    made.channel.take(50)
    assert made.room == 0
    made.channel.take(30)
    assert made.room == 1
    assert not made.channel.full


def test_a_channel_that_may_lose_drops_the_oldest_and_counts() -> None:
    made = Made(lossless=False, capacity=10_000)
    for letter in b"abcde":
        made.channel.put(bytes([letter]) * 5000)
    assert not made.channel.full
    state = made.channel.state
    assert (state.waiting_bytes, state.dropped_bytes) == (10_000, 15_000)
    assert made.channel.state.dropped_bytes == 0
    assert made.channel.take(1 << 20) == b"d" * 5000 + b"e" * 5000


def test_small_pieces_cost_little() -> None:
    made = Made(capacity=1 << 20)
    for _ in range(10_000):
        made.channel.put(b"x")
    assert len(made.channel._pieces) < 10


def test_a_closed_channel_holds_nobody_up() -> None:
    made = Made(capacity=10)
    made.channel.put(b"x" * 20)
    assert made.channel.full
    made.channel.close()
    made.channel.close()
    assert not made.channel.full
    assert made.closed == [made.channel]
    assert made.room == 1
    made.channel.put(b"more")
    assert made.channel.take() == b""


async def test_iteration_ends_with_the_terminal() -> None:
    made = Made()
    made.channel.put(b"one")
    reader = asyncio.get_running_loop().create_task(_collect(made.channel))
    await asyncio.sleep(0)
    made.channel.put(b"two")
    await asyncio.sleep(0)
    made.channel.end()
    made.channel.put(b"late")
    assert await reader == b"onetwo"
    assert made.channel.state.ended


async def test_a_reader_is_woken_from_another_thread() -> None:
    made = Made()
    thread = threading.Timer(0.02, made.channel.put, [b"from a thread"])
    thread.start()
    async with asyncio.timeout(5):
        assert await made.channel.read() == b"from a thread"
    thread.join()


async def test_closing_wakes_the_reader() -> None:
    made = Made()
    reader = asyncio.get_running_loop().create_task(made.channel.read())
    await asyncio.sleep(0)
    made.channel.close()
    async with asyncio.timeout(5):
        assert await reader == b""


@pytest.mark.parametrize("lossless", [True, False])
def test_take_splits_where_it_is_told(lossless: bool) -> None:
    made = Made(lossless=lossless, capacity=1 << 20)
    made.channel.put(b"abcdef")
    assert [made.channel.take(4), made.channel.take(4), made.channel.take(4)] == [b"abcd", b"ef", b""]


async def _collect(channel: ByteChannel) -> bytes:
    return b"".join([piece async for piece in channel])


def test_a_head_comes_first_is_never_dropped_and_does_not_hold_up() -> None:
    channel = ByteChannel(
        lossless=False, on_room=lambda: None, on_close=lambda _: None, capacity_bytes=100, head=b"h" * 250
    )
    assert channel.state.waiting_bytes == 250
    for _ in range(10):
        channel.put(b"x" * 5000)
    channel.end()
    assert (channel.peek()[:250], channel.put_bytes) == (b"h" * 250, 50_250)
    assert channel.take(200) == b"h" * 200
    rest = channel.take(1 << 20)
    assert rest[:50] == b"h" * 50
    assert set(rest[50:]) == {ord("x")}
    assert channel.ended
    full = ByteChannel(lossless=True, on_room=lambda: None, on_close=lambda _: None, capacity_bytes=100, head=b"h" * 250)
    assert not full.full
