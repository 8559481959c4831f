"""A connection's turns on the loop: what is left for the next, what it may use, and what ends it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable

import pytest

from kernel.rfb.client import RfbClient
from kernel.rfb.errors import RfbError
from kernel.rfb.limits import Limits
from kernel.vnc.connection import ENDED, Budget, Connection
from tests.oracles import rfb


class Ends:
    """A connection, the server's end of it, and what was told."""

    def __init__(self, limits: Limits | None = None, budget: Budget | None = None) -> None:
        ours, self.server = socket.socketpair()
        self.server.setblocking(False)
        self.client = RfbClient(limits or Limits())
        self.fed = 0
        self.stop_after = 0
        self.ended: list[str] = []
        self.connection = Connection(ours, self.client, budget or Budget(), self._on_fed, self.ended.append)

    def _on_fed(self) -> None:
        self.fed += 1
        if self.fed == self.stop_after:
            self.connection.set_reading(False)


@pytest.fixture
async def ends() -> AsyncIterator[Ends]:
    made = Ends()
    yield made
    made.connection.close()
    made.server.close()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.002)


async def test_answers_are_sent(ends: Ends) -> None:
    ends.server.sendall(rfb.hello(4, 4))
    await until(lambda: ends.client.framebuffer is not None)
    assert ends.server.recv(1000)[:14] == b"RFB 003.008\n\x01\x01"
    ends.client.request_update()
    ends.connection.flush()
    assert ends.server.recv(1000)[:2] == b"\x03\x01"
    assert ends.connection.unsent_bytes == 0


async def test_what_the_client_leaves_is_done_in_later_turns() -> None:
    ends = Ends(Limits(work_a_feed=1))
    ends.server.sendall(rfb.hello(4, 4) + rfb.BELL * 50 + rfb.update(rfb.rect(0, 0, 1, 1, rfb.RAW, b"abcd")))
    await until(lambda: ends.client.updates == 1)
    assert ends.fed > 50
    assert not ends.client.backlog
    ends.connection.close()
    ends.server.close()


async def test_servers_that_take_their_time_take_it_from_each_other() -> None:
    """Who has used more than is there for all is not read until it is earned, and the others neither."""
    budget = Budget()
    both = [Ends(budget=budget) for _ in range(2)]
    budget.pay(3600)
    for ends in both:
        ends.server.sendall(rfb.hello(4, 4))
    await until(lambda: all(ends.fed for ends in both))  # each had its turn before it was told to rest
    for ends in both:
        ends.server.sendall(rfb.BELL)
    for _ in range(20):
        await asyncio.sleep(0)
    assert [ends.fed for ends in both] == [1, 1]
    for ends in both:
        ends.connection.close()
        ends.server.close()


async def test_what_is_not_to_be_read_waits_at_the_server(ends: Ends) -> None:
    ends.server.sendall(rfb.hello(4, 4))
    await until(lambda: ends.client.framebuffer is not None)
    ends.connection.set_reading(False)
    fed = ends.fed
    with pytest.raises(BlockingIOError):
        while True:
            ends.server.send(rfb.BELL * 1000)
    assert ends.fed == fed
    ends.connection.set_reading(True)
    await until(lambda: ends.fed > fed)


async def test_reading_may_end_in_the_middle_of_a_turn_and_begin_with_what_was_left() -> None:
    ends = Ends(Limits(work_a_feed=1))
    ends.stop_after = 3
    ends.server.sendall(rfb.hello(4, 4) + rfb.BELL * 50)
    await until(lambda: ends.fed == 3)
    for _ in range(20):
        await asyncio.sleep(0)
    assert ends.fed == 3 and ends.client.backlog
    ends.stop_after = 0
    ends.connection.set_reading(True)
    await until(lambda: not ends.client.backlog)
    ends.connection.close()
    ends.server.close()


@pytest.mark.parametrize("end", ["close", "reset"])
async def test_the_end_is_told_once(ends: Ends, end: str) -> None:
    ends.server.sendall(rfb.hello(4, 4))
    await until(lambda: ends.client.framebuffer is not None)
    if end == "close":
        ends.server.recv(1000)  # else the system tells of a reset
    ends.server.close()
    await until(lambda: bool(ends.ended))
    for _ in range(300):
        ends.client.request_update()
        ends.connection.flush()
    await asyncio.sleep(0)
    assert ends.ended == [ENDED]


async def test_what_the_server_says_wrong_ends_it(ends: Ends) -> None:
    ends.server.sendall(rfb.hello(4, 4) + b"\x63")
    await until(lambda: bool(ends.ended))
    assert ends.ended == ["The desktop's server does not keep to its protocol: it sends a message of type 99."]
    assert ends.client.framebuffer is not None


async def test_a_server_that_does_not_read(ends: Ends) -> None:
    ends.server.sendall(rfb.hello(4, 4))
    await until(lambda: ends.client.framebuffer is not None)
    ends.server.recv(1000)
    for _ in range(200_000):
        ends.client.pointer(1, 1, 0)
    ends.connection.flush()
    waiting = ends.connection.unsent_bytes
    assert 0 < waiting < 200_000 * 6
    ends.client.key(0x61, True)
    ends.connection.flush()
    assert ends.connection.unsent_bytes == waiting + 8
    got = b""
    async with asyncio.timeout(5):
        while len(got) < 200_000 * 6 + 8:
            got += await asyncio.get_running_loop().sock_recv(ends.server, 1 << 16)
    assert got == b"\x05\0\0\1\0\1" * 200_000 + b"\x04\x01\0\0\0\0\0\x61"
    assert ends.connection.unsent_bytes == 0


async def test_nothing_is_told_of_what_was_closed(ends: Ends) -> None:
    ends.server.sendall(rfb.hello(4, 4))
    ends.connection.close()
    ends.connection.close()
    ends.connection.flush()
    for _ in range(10):
        await asyncio.sleep(0)
    assert (ends.fed, ends.ended, ends.client.framebuffer) == (0, [], None)
    with pytest.raises(RfbError, match="closed"):
        ends.client.feed(b"")
