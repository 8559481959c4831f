"""How a parser asks for bytes: it is a generator that yields what it wants and is sent it, so that it neither waits nor keeps a buffer.

A wish is `(unit, most)`: the answer is a multiple of `unit` bytes, at least one unit and at most `most`, which is a multiple as well. It is
good until the next wish. `RfbClient` drives the generators of this package.
"""

from collections.abc import Generator
from typing import TypeVar

T = TypeVar("T")

Wish = tuple[int, int]
Reading = Generator[Wish, memoryview, T]

TEXT_SHOWN = 200


def exactly(size: int) -> Reading[memoryview]:
    """`size` bytes at once; 0 asks for nothing."""
    if not size:
        return memoryview(b"")
    return (yield size, size)


def number(size: int) -> Reading[int]:
    """An unsigned number of `size` bytes."""
    return int.from_bytes((yield from exactly(size)))


def skip(size: int) -> Reading[None]:
    """Drop `size` bytes as they come."""
    while size:
        size -= len((yield 1, size))


def readable(text: memoryview) -> str:
    """What a server said, fit for a sentence: printable, one line, short."""
    words = "".join(sign if sign.isprintable() else " " for sign in str(text, "utf-8", "replace")).split()
    return " ".join(words)[:TEXT_SHOWN]
