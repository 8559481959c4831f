"""The few words of the X protocol that the tests need to draw a picture of which every pixel is known, and to look at keys and pointer."""

from __future__ import annotations

import socket
import struct
from types import TracebackType

STRIP_BYTES = 200_000


class XClient:
    """A program that draws on the root window of a display of this machine. It blocks; a test's calls are short."""

    def __init__(self, display: int) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(10)
        self._socket.connect(f"/tmp/.X11-unix/X{display}")
        self._socket.sendall(struct.pack("<BxHHHHxx", ord("l"), 11, 0, 0, 0))
        accepted, words = struct.unpack("<B5xH", self._read(8))
        about = self._read(words * 4)
        assert accepted == 1, about
        vendor, formats = struct.unpack("<H", about[16:18])[0], about[21]
        screen = 32 + (vendor + 3) // 4 * 4 + formats * 8
        self.root: int = struct.unpack_from("<I", about, screen)[0]
        self._context: int = struct.unpack_from("<I", about, 4)[0]
        self._request(55, 0, struct.pack("<III", self._context, self.root, 0))

    def __enter__(self) -> XClient:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._socket.close()

    def draw(self, x: int, y: int, width: int, height: int, pixels: bytes) -> None:
        """Put blue, green, red, unused of each pixel on the screen."""
        lines = STRIP_BYTES // (width * 4)
        for line in range(0, height, lines):
            part = pixels[line * width * 4 : (line + lines) * width * 4]
            size = len(part) // (width * 4)
            head = struct.pack("<IIHHhhBBxx", self.root, self._context, width, size, x, y + line, 0, 24)
            self._request(72, 2, head + part)
        self.sync()

    def copy(self, from_x: int, from_y: int, x: int, y: int, width: int, height: int) -> None:
        """Copy a part of the screen, as a program does that scrolls."""
        self._request(62, 0, struct.pack("<IIIhhhhHH", self.root, self.root, self._context, from_x, from_y, x, y, width, height))
        self.sync()

    def resize(self, width: int, height: int) -> None:
        """Another size of the screen, one of those that the server has to offer."""
        extension = self._ask(98, 0, struct.pack("<Hxx", 5) + b"RANDR\0\0\0")[9]
        self._ask(extension, 0, struct.pack("<II", 1, 1))
        info = self._ask(extension, 5, struct.pack("<I", self.root))
        stamp, changed, count = struct.unpack_from("<IIH", info, 12)
        sizes = [struct.unpack_from("<HH", info, 32 + index * 8) for index in range(count)]
        wanted = struct.pack("<IIIHHHxx", self.root, stamp, changed, sizes.index((width, height)), 1, 0)
        assert self._ask(extension, 2, wanted)[1] == 0

    def pointer(self) -> tuple[int, int, int]:
        """Where it is, and the buttons that are held: 1 left, 2 middle, 4 right."""
        x, y, mask = struct.unpack_from("<hh4xH", self._ask(38, 0, struct.pack("<I", self.root)), 16)
        return x, y, mask >> 8 & 7

    def keys_held(self) -> int:
        """How many."""
        return sum(byte.bit_count() for byte in self._ask(44, 0, b"")[8:40])

    def sync(self) -> None:
        """Wait until everything was done."""
        self._ask(43, 0, b"")

    def _request(self, opcode: int, detail: int, content: bytes) -> None:
        content += bytes(-len(content) % 4)
        self._socket.sendall(struct.pack("<BBH", opcode, detail, 1 + len(content) // 4) + content)

    def _ask(self, opcode: int, detail: int, content: bytes) -> bytes:
        self._request(opcode, detail, content)
        while True:
            answer = self._read(32)
            assert answer[0] != 0, f"X error {answer[1]} at request {opcode}"
            if answer[0] == 1:
                return answer + self._read(struct.unpack_from("<I", answer, 4)[0] * 4)

    def _read(self, size: int) -> bytes:
        got = b""
        while len(got) < size:
            piece = self._socket.recv(size - len(got))
            assert piece, "the X server has gone"
            got += piece
        return got
