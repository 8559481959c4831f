"""A graphical desktop as a picture without any program: windows, bars and lines like text, the same bytes each time."""

from __future__ import annotations

from kernel.rfb.framebuffer import BYTES_A_PIXEL, Framebuffer, Rect

WIDTH, HEIGHT = 1280, 800
_GROUND, _PANEL, _FRAME = 0x3B4754, 0x20262E, 0x14181D
_BAR_PX, _LINE_PX, _CHARACTER_PX = 24, 15, 7


def desktop_picture() -> Framebuffer:
    """Return a screen with an editor, a terminal and a dialog over them."""
    picture = Framebuffer.black(WIDTH, HEIGHT)
    _fill(picture, picture.whole, _GROUND)
    _fill(picture, Rect(0, HEIGHT - 28, WIDTH, 28), _PANEL)
    for number in range(3):
        _fill(picture, Rect(6 + number * 170, HEIGHT - 24, 160, 20), 0x39424D)
        _write(picture, Rect(14 + number * 170, HEIGHT - 20, 130, 12), 0xC8D0D8, number + 1)
    _window(picture, Rect(60, 50, 720, 560), 0x4C5B6B, 0xFBFBF8)
    _fill(picture, Rect(61, 74, 150, 535), 0xE9ECEF)
    _write(picture, Rect(72, 90, 120, 300), 0x5A6673, 5)
    _write(picture, Rect(228, 90, 520, 500), 0x2F3A46, 6)
    _window(picture, Rect(560, 250, 640, 440), 0x2E6F9E, 0x10141A)
    _write(picture, Rect(572, 288, 600, 380), 0x7FD18B, 7)
    _window(picture, Rect(300, 330, 360, 170), 0xA2495A, 0xF1F3F5)
    _write(picture, Rect(320, 370, 310, 46), 0x2F3A46, 8)
    _fill(picture, Rect(470, 450, 80, 30), 0xD5DADF)
    _fill(picture, Rect(562, 450, 80, 30), 0x2E6F9E)
    return picture


def _window(picture: Framebuffer, area: Rect, bar: int, ground: int) -> None:
    _fill(picture, Rect(area.x - 1, area.y - 1, area.width + 2, area.height + 2), _FRAME)
    _fill(picture, area, ground)
    _fill(picture, Rect(area.x, area.y, area.width, _BAR_PX), bar)
    _write(picture, Rect(area.x + 10, area.y + 7, area.width // 3, 12), 0xFFFFFF, area.x + area.width)
    for number in range(3):
        _fill(picture, Rect(area.x + area.width - 20 - number * 20, area.y + 7, 10, 10), 0xE6E9EC)


def _write(picture: Framebuffer, area: Rect, colour: int, seed: int) -> None:
    """Words of blocks, in lines of different lengths."""
    state = seed * 2_654_435_761 % 2**32
    for top in range(area.y, area.y + area.height - 8, _LINE_PX):
        left, end = area.x, area.x + area.width
        while left < end:
            state = (state * 1_664_525 + 1_013_904_223) % 2**32
            letters = 2 + state // 2**28
            if letters == 17:
                break
            for letter in range(min(letters, (end - left) // _CHARACTER_PX)):
                tall = state >> letter & 1
                _fill(picture, Rect(left + letter * _CHARACTER_PX, top + 2 - 2 * tall, _CHARACTER_PX - 2, 6 + 2 * tall), colour)
            left += (letters + 1) * _CHARACTER_PX


def _fill(picture: Framebuffer, area: Rect, colour: int) -> None:
    row = colour.to_bytes(BYTES_A_PIXEL, "little") * area.width
    for line in range(area.y, area.y + area.height):
        start = (line * picture.width + area.x) * BYTES_A_PIXEL
        picture.data[start : start + len(row)] = row
