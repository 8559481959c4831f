"""What is left of a program's output when it has ended."""

from __future__ import annotations

import os

import pytest

from kernel.tty import master
from kernel.tty.master import Master


async def test_all_that_is_left_is_drained_however_small_the_pieces_are(monkeypatch: pytest.MonkeyPatch) -> None:
    source, sink = os.pipe()
    left = b"x" * 60_000
    os.write(sink, left)
    monkeypatch.setattr(master, "READ_BYTES", 1000)
    made = Master(source)
    got = bytearray()

    def take(data: bytes) -> bool:
        got.extend(data)
        return True

    made._on_data = take
    over: list[bool] = []
    made.end(lambda: over.append(True))
    assert over
    assert bytes(got) == left
    made.close()
    os.close(sink)


async def test_no_more_than_the_limit_is_drained(monkeypatch: pytest.MonkeyPatch) -> None:
    source, sink = os.pipe()
    os.write(sink, b"x" * 60_000)
    monkeypatch.setattr(master, "READ_BYTES", 1000)
    monkeypatch.setattr(master, "MAX_DRAIN_BYTES", 5000)
    made = Master(source)
    got = bytearray()

    def take(data: bytes) -> bool:
        got.extend(data)
        return True

    made._on_data = take
    over: list[bool] = []
    made.end(lambda: over.append(True))
    assert over
    assert len(got) == 5000
    made.close()
    os.close(sink)
