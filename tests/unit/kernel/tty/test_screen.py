"""A screen goes on where a slice ended, and a copy made meanwhile has what is left."""

from __future__ import annotations

import asyncio
import time

import pytest

from kernel.term import Terminal
from kernel.tty.screen import SLICE_BYTES, LiveScreen, reset

#: Each of its parts costs a thousand times what text of that length does.
COSTLY = b"\x1b[?69h\x1b[2;119s\x1b[4h" + b"q\x1b[65535b" * 2000
#: A slow machine is not to fail this; one slice of all that took more than ten seconds.
SOON_S = 2.0


def make(replies: list[bytes]) -> LiveScreen:
    def nothing(*_: object) -> None: ...

    return LiveScreen(120, 36, reply=replies.append, on_room=nothing, on_lease=nothing, on_change=nothing, on_size=nothing)


@pytest.mark.feature("TT02")
async def test_a_slice_ends_after_its_time_and_the_next_goes_on() -> None:
    replies: list[bytes] = []
    screen = make(replies)
    data = COSTLY + b"\x1b[?69l\x1b[4l\r\n\x1b[5nend"
    screen.put(data)
    done = 0
    while done < SLICE_BYTES:
        started = time.perf_counter()
        done += screen.parse(SLICE_BYTES)
        assert time.perf_counter() - started < SOON_S
    while screen.parse(SLICE_BYTES):
        pass
    assert screen.terminal.display[35].startswith("end")
    await asyncio.sleep(0)
    assert replies == [b"\x1b[0n"]
    screen.close()


async def test_a_copy_has_what_is_left_of_a_slice() -> None:
    screen = make([])
    screen.put(COSTLY + b"\x1b[?69l\x1b[4l\r\nend")
    assert 0 < screen.parse(SLICE_BYTES) < len(COSTLY)
    copied = Terminal(120, 36)
    copied.feed(b"".join(screen.copy()))
    assert copied.display[35].startswith("end")
    screen.end()
    assert not screen.ended
    while screen.parse(SLICE_BYTES):
        pass
    assert screen.ended
    screen.close()


@pytest.mark.feature("TT01")
@pytest.mark.parametrize("left", [b"", b"\x1b[?2l", b"\x1b[?2l\x1bY", b"\x1b[?2l\x1bY ", b"\x1b]0;mine", b"\x1bPqmine", b"\x1b%@"])
async def test_a_reset_is_heard_in_each_state(left: bytes) -> None:
    screen = make([])
    screen.put(b"old\r\n" * 50 + b"\x1b(0\x1b[c" + left)
    while screen.parse(SLICE_BYTES):
        pass
    reset(screen.terminal)
    assert not screen.terminal.take_reply(), "what it answers to is over"
    screen.put("qqq \x1b[1mé".encode())
    while screen.parse(SLICE_BYTES):
        pass
    assert screen.terminal.display[0].rstrip() == "qqq é" and len(screen.terminal.history) == 0
    screen.close()
