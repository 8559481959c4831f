"""Raw rectangles land where they belong, in whatever pieces they come."""

from __future__ import annotations

import random

import pytest

from kernel.rfb.decoders import raw
from kernel.rfb.framebuffer import Framebuffer, Rect


def decoded(picture: Framebuffer, rect: Rect, content: bytes, sizes: list[int]) -> list[tuple[int, int]]:
    """Give a decoder its content in pieces of so many pixels, the last one repeated; returns what it wished for."""
    steps = raw.decode(picture, rect)
    wishes = []
    at = 0
    try:
        wish = next(steps)
        while True:
            wishes.append(wish)
            size = min(4 * sizes[min(len(wishes), len(sizes)) - 1], wish[1])
            at += size
            wish = steps.send(memoryview(content)[at - size : at])
    except StopIteration:
        assert at == len(content)
    return wishes


def expected(width: int, height: int, rect: Rect, content: bytes) -> bytes:
    """Pixel by pixel."""
    data = bytearray(width * height * 4)
    for index in range(rect.width * rect.height):
        x, y = rect.x + index % rect.width, rect.y + index // rect.width
        data[(y * width + x) * 4 : (y * width + x) * 4 + 4] = content[index * 4 : index * 4 + 4]
    return bytes(data)


@pytest.mark.parametrize(
    "rect",
    [
        Rect(0, 0, 40, 30),
        Rect(0, 3, 40, 5),
        Rect(7, 2, 20, 25),
        Rect(39, 0, 1, 30),
        Rect(3, 1, 5, 29),
        Rect(3, 29, 37, 1),
        Rect(9, 9, 16, 16),
    ],
    ids=["whole", "rows", "wide", "a column", "narrow", "a row", "square"],
)
@pytest.mark.parametrize("sizes", [[10_000], [1], [3], [7, 64], [41], [1, 19, 20, 21, 200]], ids=str)
def test_every_pixel_is_in_its_place(rect: Rect, sizes: list[int]) -> None:
    content = random.Random(1).randbytes(rect.width * rect.height * 4)
    picture = Framebuffer.black(40, 30)
    decoded(picture, rect, content, sizes)
    assert bytes(picture.data) == expected(40, 30, rect, content)


def test_it_asks_for_whole_pixels_and_never_for_more_than_there_are() -> None:
    wishes = decoded(Framebuffer.black(4, 4), Rect(1, 1, 2, 2), bytes(16), [3])
    assert wishes == [(4, 16), (4, 4)]


def test_a_rectangle_of_no_size_asks_for_nothing() -> None:
    picture = Framebuffer.black(4, 4)
    assert decoded(picture, Rect(1, 1, 0, 3), b"", [1]) == []
    assert decoded(picture, Rect(4, 4, 0, 0), b"", [1]) == []
    assert not any(picture.data)
