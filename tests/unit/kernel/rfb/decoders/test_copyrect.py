"""Copying within a picture, also onto itself."""

from __future__ import annotations

import random

import pytest

from kernel.rfb.decoders import copyrect
from kernel.rfb.framebuffer import Framebuffer, Rect

WIDTH, HEIGHT = 48, 40


def expected(before: bytes, rect: Rect, from_x: int, from_y: int) -> bytes:
    """Pixel by pixel from a picture that stands still."""
    data = bytearray(before)
    for y in range(rect.height):
        for x in range(rect.width):
            to = ((rect.y + y) * WIDTH + rect.x + x) * 4
            origin = ((from_y + y) * WIDTH + from_x + x) * 4
            data[to : to + 4] = before[origin : origin + 4]
    return bytes(data)


@pytest.mark.parametrize(("width", "height"), [(48, 20), (30, 20), (20, 30), (3, 30), (1, 35), (15, 15), (16, 16), (40, 1)])
def test_also_where_both_overlap(width: int, height: int) -> None:
    generator = random.Random(width * 100 + height)
    for down in (-3, -1, 0, 1, 4):
        for across in (-2, -1, 0, 1, 7):
            from_x, from_y = (WIDTH - width) // 2, (HEIGHT - height) // 2
            x = min(max(from_x + across, 0), WIDTH - width)
            y = min(max(from_y + down, 0), HEIGHT - height)
            picture = Framebuffer(WIDTH, HEIGHT, bytearray(generator.randbytes(WIDTH * HEIGHT * 4)))
            before = bytes(picture.data)
            rect = Rect(x, y, width, height)
            copyrect.copy(picture, rect, from_x, from_y)
            assert bytes(picture.data) == expected(before, rect, from_x, from_y), (rect, from_x, from_y)


def test_nothing_is_copied_from_nowhere() -> None:
    picture = Framebuffer(WIDTH, HEIGHT, bytearray(b"\x07" * WIDTH * HEIGHT * 4))
    for rect in (Rect(0, 0, 0, 0), Rect(WIDTH, HEIGHT, 0, 0), Rect(5, 5, 0, 9), Rect(5, 5, 9, 0)):
        copyrect.copy(picture, rect, 0, 0)
    assert bytes(picture.data) == b"\x07" * WIDTH * HEIGHT * 4
