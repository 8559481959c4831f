"""CopyRect: a rectangle that was on the screen elsewhere (RFC 6143, 7.7.2), as when something scrolls."""

from kernel.rfb.decoders.raw import NARROW
from kernel.rfb.framebuffer import Framebuffer, Rect


def copy(picture: Framebuffer, rect: Rect, from_x: int, from_y: int) -> None:
    """Make `rect` of the picture what the same size from (from_x, from_y) was, also where the two overlap."""
    pixels = memoryview(picture.data).cast("I")
    stride, width, height = picture.width, rect.width, rect.height
    start, source = rect.y * stride + rect.x, from_y * stride + from_x
    if width == stride:
        pixels[start : start + width * height] = pixels[source : source + width * height]
    elif width >= NARROW or height < width:
        for line in _away(height, rect.y, from_y):
            at, there = start + line * stride, source + line * stride
            pixels[at : at + width] = pixels[there : there + width]
    else:
        reach = (height - 1) * stride + 1
        for column in _away(width, rect.x, from_x):
            at, there = start + column, source + column
            pixels[at : at + reach : stride] = pixels[there : there + reach : stride]


def _away(count: int, to: int, origin: int) -> range:
    """The order in which nothing is overwritten before it was copied."""
    return range(count - 1, -1, -1) if to > origin else range(count)
