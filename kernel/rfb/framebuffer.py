"""A picture of a remote screen, and the records that speak of parts of it. Written by one `RfbClient`, read by whoever shows it.

The bytes of a picture may change while they are read, from another thread: a part that was torn is told as damaged again.
"""

from dataclasses import dataclass, field

BYTES_A_PIXEL = 4


@dataclass(frozen=True, slots=True)
class Rect:
    """A part of a picture in pixels from its top left corner."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Cursor:
    """The pointer's shape: `pixels` are width * height * 4 bytes, blue, green, red, alpha (0 or 255), row by row; empty hides it.

    hot_x, hot_y: the pixel of it that points.
    """

    width: int
    height: int
    hot_x: int
    hot_y: int
    pixels: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Framebuffer:
    """A screen of one size; another size is another object.

    data: width * height * 4 bytes, blue, green, red, unused, row by row without gaps, of one length for its whole life.
    """

    width: int
    height: int
    data: bytearray = field(repr=False)

    @classmethod
    def black(cls, width: int, height: int) -> "Framebuffer":
        """A screen that has shown nothing yet."""
        return cls(width, height, bytearray(width * height * BYTES_A_PIXEL))

    @property
    def whole(self) -> Rect:
        """All of it."""
        return Rect(0, 0, self.width, self.height)
