"""The pointer's shape from pixels and a mask."""

from __future__ import annotations

import random

import pytest

from kernel.rfb.decoders import cursor
from kernel.rfb.framebuffer import Cursor


def decoded(width: int, height: int, hot_x: int, hot_y: int, content: bytes) -> Cursor:
    steps = cursor.decode(width, height, hot_x, hot_y)
    at = 0
    try:
        unit, most = next(steps)
        while True:
            assert unit == most
            at += most
            unit, most = steps.send(memoryview(content)[at - most : at])
    except StopIteration as stopped:
        assert at == len(content)
        found: Cursor = stopped.value
        return found


def test_a_pixel_is_seen_where_its_bit_is_set() -> None:
    pixels = b"".join(bytes([number, number + 1, number + 2, 99]) for number in (10, 20, 30, 40, 50, 60))
    found = decoded(3, 2, 1, 0, pixels + b"\xa0" + b"\x5f")
    assert (found.width, found.height, found.hot_x, found.hot_y) == (3, 2, 1, 0)
    seen = [tuple(found.pixels[at : at + 4]) for at in range(0, 24, 4)]
    assert seen == [(10, 11, 12, 255), (0, 0, 0, 0), (30, 31, 32, 255), (0, 0, 0, 0), (50, 51, 52, 255), (0, 0, 0, 0)]


@pytest.mark.parametrize(("width", "height"), [(1, 1), (8, 8), (9, 5), (16, 3), (31, 33), (256, 256)])
def test_rows_of_a_mask_begin_at_a_byte(width: int, height: int) -> None:
    generator = random.Random(width)
    row = (width + 7) // 8
    pixels, mask = generator.randbytes(width * height * 4), generator.randbytes(row * height)
    wanted = bytearray()
    for y in range(height):
        for x in range(width):
            at = (y * width + x) * 4
            shown = mask[y * row + x // 8] >> (7 - x % 8) & 1
            wanted += pixels[at : at + 3] + b"\xff" if shown else bytes(4)
    assert decoded(width, height, 0, 0, pixels + mask).pixels == bytes(wanted)


@pytest.mark.parametrize(("width", "height"), [(0, 0), (0, 7), (7, 0)])
def test_no_shape_hides_it(width: int, height: int) -> None:
    assert decoded(width, height, 3, 3, b"") == Cursor(0, 0, 0, 0, b"")


def test_it_points_with_a_pixel_of_itself() -> None:
    found = decoded(2, 2, 65535, 2, bytes(16) + b"\xc0\xc0")
    assert (found.hot_x, found.hot_y) == (1, 1)
