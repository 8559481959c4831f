"""`RfbClient`: one connection's state, without the connection. The server's bytes go in; a picture, its damage and answers come out.

Called by `kernel.vnc`, on one thread. It never waits, reserves nothing that its limits do not allow, and looks at no more of a feed at once
than is soon done: a server can ask for a lot of copying with few bytes.
"""

import struct

from kernel.rfb import requests
from kernel.rfb.damage import Damage
from kernel.rfb.decoders import copyrect, cursor, raw
from kernel.rfb.errors import RfbError, violation
from kernel.rfb.framebuffer import BYTES_A_PIXEL, Cursor, Framebuffer, Rect
from kernel.rfb.handshake import greet
from kernel.rfb.limits import STANDARD, Limits
from kernel.rfb.reading import Reading, exactly, number, skip

FRAMEBUFFER_UPDATE, BELL, SERVER_CUT_TEXT = 0, 2, 3
#: What a rectangle or a message costs besides its pixels, and a row of a rectangle that is copied, in pixels.
WORK_A_MESSAGE, WORK_A_ROW = 8192, 256
SCREEN_BYTES = 16
MAX_KEYSYM = 0x1FFFFFFF


class RfbClient:
    """The client's half of one connection (RFB 3.3, 3.7 and 3.8; security type None; Raw and CopyRect)."""

    def __init__(self, limits: Limits = STANDARD) -> None:
        self._limits = limits
        self._framebuffer: Framebuffer | None = None
        self._cursor: Cursor | None = None
        self._damage = Damage()
        self._updates = 0
        self._sizes = 0
        self._output = bytearray()
        self._kept = bytearray()
        self._work = 0
        self._failure = ""
        self._steps = self._life()
        self._wish = next(self._steps)

    @property
    def framebuffer(self) -> Framebuffer | None:
        """The screen; None until the server has told its size. Another object when the size has changed."""
        return self._framebuffer

    @property
    def cursor(self) -> Cursor | None:
        """The pointer's shape; None until the server has told."""
        return self._cursor

    @property
    def updates(self) -> int:
        """How many updates have come to their end. Each answers one request, also an update without pixels."""
        return self._updates

    @property
    def backlog(self) -> bool:
        """Whether there is work left from the last `feed`; then feed b"" soon, and nothing new before."""
        return not self._failure and len(self._kept) >= self._wish[0]

    def feed(self, data: bytes | bytearray | memoryview) -> None:
        """Take in what the server sent; `data` may be reused afterwards. Raises RfbError, at every later call as well."""
        if self._failure:
            raise RfbError(self._failure)
        if not self._kept:
            self._kept = bytearray(self._look_at(memoryview(data)))
            return
        self._kept += data
        if self.backlog:
            kept, self._kept = self._kept, bytearray()
            self._kept = bytearray(self._look_at(memoryview(kept)))

    def take_output(self) -> bytes:
        """What is to be sent to the server now."""
        output = bytes(self._output)
        self._output.clear()
        return output

    def take_damage(self) -> tuple[Rect, ...]:
        """The parts of the picture that have changed since the last call, at most a few; all of it after it became another one."""
        return self._damage.take()

    def request_update(self, incremental: bool = True) -> None:
        """Ask for what has changed on the screen, or for all of it; nothing before the screen's size is known.

        The server answers once, when there is something to tell.
        """
        if self._framebuffer is not None:
            self._output += requests.update(incremental, self._framebuffer.width, self._framebuffer.height)

    def pointer(self, x: int, y: int, buttons: int) -> None:
        """Move the pointer to a pixel (the nearest inside of the screen), with these of the eight buttons held."""
        if self._framebuffer is not None:
            x = min(max(x, 0), self._framebuffer.width - 1)
            y = min(max(y, 0), self._framebuffer.height - 1)
            self._output += requests.pointer(x, y, buttons & 0xFF)

    def key(self, keysym: int, down: bool) -> None:
        """Press or release a key. A number that is no X keysym is passed over."""
        if self._framebuffer is not None and 0 < keysym <= MAX_KEYSYM:
            self._output += requests.key(keysym, down)

    def close(self) -> None:
        """Take nothing more; the picture stays as it is."""
        self._fail("The connection to the desktop is closed.")

    def _fail(self, why: str) -> None:
        """Nothing is looked at any more. The error itself is not kept: it would keep the picture for as long."""
        self._failure = self._failure or why
        self._kept = bytearray()
        self._steps.close()

    def _look_at(self, data: memoryview) -> memoryview:
        """Give the parser what it wishes for, as far as `data` or one turn's work goes; returns what is left."""
        at, self._work = 0, 0
        try:
            while self._work < self._limits.work_a_feed:
                unit, most = self._wish
                size = min(most, len(data) - at)
                size -= size % unit
                if not size:
                    break
                self._work += size // BYTES_A_PIXEL
                self._wish = self._steps.send(data[at : at + size])
                at += size
        except RfbError as error:
            self._fail(error.message)
            raise
        return data[at:]

    def _life(self) -> Reading[None]:
        width, height = yield from greet(self._output.extend, self._limits)
        self._resize(width, height)
        self._output += requests.pixel_format() + requests.encodings()
        while True:
            kind = yield from number(1)
            self._work += WORK_A_MESSAGE
            if kind == FRAMEBUFFER_UPDATE:
                yield from self._update()
            elif kind == SERVER_CUT_TEXT:
                yield from self._cut_text()
            elif kind != BELL:
                raise violation(f"it sends a message of type {kind}")

    def _update(self) -> Reading[None]:
        yield from skip(1)
        count = yield from number(2)
        self._sizes = 0
        for _ in range(count):
            x, y, width, height, encoding = struct.unpack(">HHHHi", (yield from exactly(12)))
            self._work += WORK_A_MESSAGE
            if encoding == requests.LAST_RECT:
                break
            yield from self._rectangle(Rect(x, y, width, height), encoding)
        self._updates += 1

    def _rectangle(self, rect: Rect, encoding: int) -> Reading[None]:
        match encoding:
            case requests.RAW:
                yield from raw.decode(self._checked(rect), rect)
                self._damage.add(rect)
            case requests.COPY_RECT:
                yield from self._copy(rect)
            case requests.CURSOR:
                yield from self._shape(rect)
            case requests.DESKTOP_SIZE:
                self._resize(rect.width, rect.height)
            case requests.EXTENDED_DESKTOP_SIZE:
                screens = yield from number(1)
                yield from skip(3 + screens * SCREEN_BYTES)
                self._resize(rect.width, rect.height)
            case _:
                raise violation(f"it uses encoding {encoding}, which was not offered")

    def _copy(self, rect: Rect) -> Reading[None]:
        from_x = yield from number(2)
        from_y = yield from number(2)
        self._checked(Rect(from_x, from_y, rect.width, rect.height))
        self._work += (rect.width + WORK_A_ROW) * rect.height
        copyrect.copy(self._checked(rect), rect, from_x, from_y)
        self._damage.add(rect)

    def _shape(self, rect: Rect) -> Reading[None]:
        if max(rect.width, rect.height) > self._limits.max_cursor_side:
            raise violation("its pointer is too large")
        self._cursor = yield from cursor.decode(rect.width, rect.height, rect.x, rect.y)

    def _cut_text(self) -> Reading[None]:
        yield from skip(3)
        size = yield from number(4)
        if size > self._limits.max_cut_text_bytes:
            raise violation("it sends too long a text")
        yield from skip(size)

    def _checked(self, rect: Rect) -> Framebuffer:
        """The picture, if the rectangle lies inside of it."""
        picture = self._framebuffer
        if picture is None or rect.x + rect.width > picture.width or rect.y + rect.height > picture.height:
            raise violation("a rectangle lies outside of its screen")
        return picture

    def _resize(self, width: int, height: int) -> None:
        """Begin a picture of another size with what both show; the same size changes nothing."""
        before = self._framebuffer
        if before is not None and (before.width, before.height) == (width, height):
            return
        if not width or not height or max(width, height) > self._limits.max_side or width * height > self._limits.max_pixels:
            raise violation(f"a screen of {width} by {height} pixels")
        self._sizes += 1
        if self._sizes > self._limits.max_sizes_an_update:
            raise violation("its size changes several times at once")
        picture = Framebuffer.black(width, height)
        self._work += (width + WORK_A_ROW) * height
        if before is not None:
            both = min(width, before.width) * BYTES_A_PIXEL
            for line in range(min(height, before.height)):
                to, origin = line * width * BYTES_A_PIXEL, line * before.width * BYTES_A_PIXEL
                picture.data[to : to + both] = memoryview(before.data)[origin : origin + both]
            self._damage.replace(picture.whole)
        self._framebuffer = picture
