"""The messages from client to server as bytes (RFC 6143, 7.5). Pure; `RfbClient` decides when which is sent."""

import struct

RAW, COPY_RECT = 0, 1
CURSOR, DESKTOP_SIZE, LAST_RECT, EXTENDED_DESKTOP_SIZE = -239, -223, -224, -308
#: In the order in which we like them.
ENCODINGS = (COPY_RECT, RAW, CURSOR, EXTENDED_DESKTOP_SIZE, DESKTOP_SIZE, LAST_RECT)


def pixel_format() -> bytes:
    """SetPixelFormat: 32 bits a pixel of depth 24, little endian, so that the bytes are blue, green, red, unused."""
    return struct.pack(">B3xBBBBHHHBBB3x", 0, 32, 24, 0, 1, 255, 255, 255, 16, 8, 0)


def encodings() -> bytes:
    """SetEncodings: all that `RfbClient` decodes."""
    return struct.pack(f">BxH{len(ENCODINGS)}i", 2, len(ENCODINGS), *ENCODINGS)


def update(incremental: bool, width: int, height: int) -> bytes:
    """FramebufferUpdateRequest for a whole screen."""
    return struct.pack(">BBHHHH", 3, incremental, 0, 0, width, height)


def key(keysym: int, down: bool) -> bytes:
    """KeyEvent."""
    return struct.pack(">BBxxI", 4, down, keysym)


def pointer(x: int, y: int, buttons: int) -> bytes:
    """PointerEvent."""
    return struct.pack(">BBHH", 5, buttons, x, y)
