"""A screen goes on where a slice ended, and a copy made meanwhile has what is left."""

from __future__ import annotations

import asyncio
import time

import pytest

from kernel.term import Terminal
from kernel.tty.screen import SLICE_BYTES, LiveScreen

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
