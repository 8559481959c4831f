"""Raw: the pixels of a rectangle, row by row (RFC 6143, 7.7.1). Written into the picture as they come, without a copy between."""

from kernel.rfb.framebuffer import BYTES_A_PIXEL, Framebuffer, Rect
from kernel.rfb.reading import Reading

#: A narrower rectangle is written column by column: a row costs as much as that many pixels that lie apart.
NARROW = 16


def decode(picture: Framebuffer, rect: Rect) -> Reading[None]:
    """Fill `rect` of the picture."""
    pixels = memoryview(picture.data).cast("I")
    done, total = 0, rect.width * rect.height
    while done < total:
        piece = (yield BYTES_A_PIXEL, BYTES_A_PIXEL * (total - done)).cast("I")
        if rect.width == picture.width:
            start = rect.y * picture.width + done
            pixels[start : start + len(piece)] = piece
        else:
            _place(pixels, picture.width, rect, piece, done)
        done += len(piece)


def _place(pixels: memoryview, stride: int, rect: Rect, piece: memoryview, done: int) -> None:
    """Write a piece of the rectangle of which `done` pixels are there already: the end of a row, whole rows, the beginning of one."""
    width = rect.width
    line, column = divmod(done, width)
    start = (rect.y + line) * stride + rect.x
    head = min(width - column, len(piece)) if column else 0
    if head:
        pixels[start + column : start + column + head] = piece[:head]
        start += stride
    lines, tail = divmod(len(piece) - head, width)
    _place_rows(pixels, stride, start, piece[head : head + lines * width], width, lines)
    if tail:
        start += lines * stride
        pixels[start : start + tail] = piece[len(piece) - tail :]


def _place_rows(pixels: memoryview, stride: int, start: int, piece: memoryview, width: int, lines: int) -> None:
    if width >= NARROW or lines < width:
        for line in range(lines):
            at = start + line * stride
            pixels[at : at + width] = piece[line * width : (line + 1) * width]
        return
    end = start + (lines - 1) * stride + 1
    for column in range(width):
        pixels[start + column : end + column : stride] = piece[column::width]
