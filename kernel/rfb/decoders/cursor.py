"""Cursor: the pointer's shape as pixels and a mask of a bit each (RFC 6143, 7.8.1)."""

from kernel.rfb.framebuffer import BYTES_A_PIXEL, Cursor
from kernel.rfb.reading import Reading, exactly

HIDDEN = Cursor(0, 0, 0, 0, b"")
#: A byte of a mask as the four bytes of each of its eight pixels.
_SPREAD = tuple(b"".join((b"\xff" if byte >> bit & 1 else b"\0") * BYTES_A_PIXEL for bit in range(7, -1, -1)) for byte in range(256))


def decode(width: int, height: int, hot_x: int, hot_y: int) -> Reading[Cursor]:
    """A cursor of a size that was found acceptable. A point outside of it is taken for the nearest inside."""
    if not width or not height:
        return HIDDEN
    pixels = bytes((yield from exactly(width * height * BYTES_A_PIXEL)))
    row_bytes = (width + 7) // 8
    mask = bytes((yield from exactly(row_bytes * height)))
    rows = (b"".join(map(_SPREAD.__getitem__, mask[at : at + row_bytes])) for at in range(0, len(mask), row_bytes))
    spread = b"".join(row[: width * BYTES_A_PIXEL] for row in rows)
    seen = int.from_bytes(pixels) & int.from_bytes(spread)
    image = bytearray(seen.to_bytes(len(pixels)))
    image[BYTES_A_PIXEL - 1 :: BYTES_A_PIXEL] = spread[BYTES_A_PIXEL - 1 :: BYTES_A_PIXEL]
    return Cursor(width, height, min(hot_x, width - 1), min(hot_y, height - 1), bytes(image))
