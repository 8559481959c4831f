"""Everything that a supervisor may send is checked: the link ends at the first thing that is not of the protocol."""

import asyncio
import json
import marshal
import os
import socket
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.errors import InvalidArgumentError, UnavailableError
from kernel.sandbox.supervisor_link import MAX_REQUEST_BYTES, Exited, Gone, Ready, Report, Started, SupervisorLink


class Conversation:
    """A link whose other end the test holds."""

    def __init__(self) -> None:
        self.reports: list[Report] = []
        self.descriptors: list[int | None] = []
        self.broken: list[str] = []
        self.link = SupervisorLink(self._on_report, self.broken.append)
        self.other = self.link.open()

    def _on_report(self, report: Report, descriptor: int | None) -> None:
        self.reports.append(report)
        self.descriptors.append(descriptor)

    def say(self, message: object, descriptors: tuple[int, ...] = ()) -> None:
        data = message if isinstance(message, bytes) else json.dumps(message).encode()
        packed = struct.pack(f"{len(descriptors)}i", *descriptors)
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, packed)] if descriptors else []
        self.other.sendmsg([data], rights)

    async def settle(self) -> None:
        for _ in range(3):
            await asyncio.sleep(0)


@pytest.fixture
async def talk() -> Conversation:
    """A conversation on the test's loop."""
    return Conversation()


async def test_reports_arrive_in_order(talk: Conversation) -> None:
    for message in (
        {"op": "ready"},
        {"op": "started", "id": 1},
        {"op": "exit", "id": 1, "status": -9},
        {"op": "gone", "id": 1},
    ):
        talk.say(message)
    await talk.settle()
    assert talk.reports == [Ready(), Started(1), Exited(1, -9), Gone(1)]
    talk.link.close()
    talk.other.close()


@pytest.mark.parametrize(
    "message",
    [
        b"null",
        b"{",
        b"\xff\xfe",
        b"[]",
        {"op": "shutdown"},
        {"op": "exit", "id": 1},
        {"op": "exit", "id": 1, "status": 256},
        {"op": "exit", "id": 1, "status": -65},
        {"op": "exit", "id": -1, "status": 0},
        {"op": "exit", "id": "1", "status": 0},
        {"op": "exit", "id": 1, "status": 0, "more": 1},
        {"op": "gone", "id": 1e300},
        b'{"op": "ready"' + b" " * 5000 + b"}",
        b"[" * 4000,
    ],
)
async def test_anything_else_ends_the_link(talk: Conversation, message: object) -> None:
    talk.say(message)
    talk.say({"op": "ready"})
    await talk.settle()
    assert talk.reports == []
    assert len(talk.broken) == 1
    assert talk.broken[0]
    with pytest.raises(UnavailableError):
        talk.link.send({"op": "ping"})
    talk.other.close()


async def test_descriptors_must_be_terminals_that_were_asked_for(talk: Conversation) -> None:
    before = len(os.listdir("/proc/self/fd"))
    with open(os.devnull) as null:
        talk.say({"op": "started", "id": 1}, (null.fileno(),))
        await talk.settle()
    assert talk.broken == ["it sent a descriptor that is no terminal"]
    assert len(os.listdir("/proc/self/fd")) == before - 1  # the link's own
    talk.other.close()


@pytest.mark.parametrize("which", ["slave", "wrong message", "two"])
async def test_wrong_terminals(talk: Conversation, which: str) -> None:
    master, slave = os.openpty()
    if which == "slave":
        talk.say({"op": "started", "id": 1}, (slave,))
    elif which == "two":
        talk.say({"op": "started", "id": 1}, (master, master, master))
    else:
        talk.say({"op": "ready"}, (master,))
    await talk.settle()
    assert len(talk.broken) == 1
    assert talk.reports == []
    for descriptor in (master, slave):
        os.close(descriptor)
    talk.other.close()


async def test_a_master_is_accepted(talk: Conversation) -> None:
    master, slave = os.openpty()
    talk.say({"op": "started", "id": 1}, (master,))
    await talk.settle()
    assert talk.broken == []
    received = talk.descriptors[0]
    assert received is not None
    for descriptor in (master, slave, received):
        os.close(descriptor)
    talk.link.close()
    talk.other.close()


async def test_the_end_is_told_once(talk: Conversation) -> None:
    talk.other.close()
    await talk.settle()
    assert talk.broken == [""]
    talk.link.close()


async def test_too_long_requests_are_refused_and_the_rest_waits_for_room(talk: Conversation) -> None:
    with pytest.raises(InvalidArgumentError):
        talk.link.send({"op": "start", "argv": ["x" * MAX_REQUEST_BYTES]})
    for number in range(40):
        talk.link.send({"op": "start", "id": number, "argv": ["x" * 100_000]})
    talk.other.setblocking(False)
    seen = []
    async with asyncio.timeout(5):
        while len(seen) < 40:
            try:
                seen.append(marshal.loads(talk.other.recv(1 << 20))["id"])
            except BlockingIOError:
                await asyncio.sleep(0)
    assert seen == list(range(40))
    talk.link.close()
    talk.other.close()


@settings(max_examples=200)
@given(st.binary(min_size=1, max_size=300))
def test_no_bytes_raise(data: bytes) -> None:
    async def main() -> None:
        talk = Conversation()
        talk.say(data)
        await talk.settle()
        talk.link.close()
        talk.other.close()

    asyncio.run(main())
