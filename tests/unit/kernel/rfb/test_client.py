"""One connection's state: updates, damage, limits, and what a hostile server says."""

from __future__ import annotations

import gc
import struct
import tracemalloc
import weakref

import pytest

from kernel.rfb.client import RfbClient
from kernel.rfb.errors import RfbError
from kernel.rfb.framebuffer import Framebuffer, Rect
from kernel.rfb.limits import Limits
from tests.oracles import rfb as server

WHITE, RED = b"\xff\xff\xff\0", b"\0\0\xff\0"


def connected(width: int = 8, height: int = 6, limits: Limits | None = None) -> RfbClient:
    client = RfbClient(limits or Limits())
    server.feed_all(client, server.hello(width, height))
    client.take_output()
    return client


def picture_of(client: RfbClient) -> Framebuffer:
    assert client.framebuffer is not None
    return client.framebuffer


def pixel(client: RfbClient, x: int, y: int) -> bytes:
    picture = picture_of(client)
    at = (y * picture.width + x) * 4
    return bytes(picture.data[at : at + 4])


def raw(x: int, y: int, width: int, height: int, colour: bytes = WHITE) -> bytes:
    return server.rect(x, y, width, height, server.RAW, colour * (width * height))


def test_pixels_and_their_damage() -> None:
    client = connected()
    client.feed(server.update(raw(1, 2, 3, 2, RED), raw(7, 0, 1, 1)))
    assert (pixel(client, 1, 2), pixel(client, 3, 3), pixel(client, 4, 3), pixel(client, 7, 0)) == (RED, RED, bytes(4), WHITE)
    assert set(client.take_damage()) == {Rect(1, 2, 3, 2), Rect(7, 0, 1, 1)}
    assert client.take_damage() == ()
    assert client.updates == 1


def test_what_was_handed_in_may_be_reused() -> None:
    client = connected(4, 4)
    said = server.update(raw(0, 0, 4, 4, RED))
    buffer = bytearray(30)
    for at in range(0, len(said), len(buffer)):
        piece = said[at : at + len(buffer)]
        buffer[: len(piece)] = piece
        client.feed(memoryview(buffer)[: len(piece)])
        buffer[:] = b"\x55" * len(buffer)
    assert bytes(picture_of(client).data) == RED * 16


def test_damage_is_told_once_the_pixels_are_there() -> None:
    client = connected()
    said = server.update(raw(0, 0, 8, 6))
    client.feed(said[:60])
    assert client.take_damage() == ()
    assert pixel(client, 0, 0) == WHITE
    assert client.updates == 0
    client.feed(said[60:])
    assert client.take_damage() == (Rect(0, 0, 8, 6),)
    assert client.updates == 1


def test_what_was_on_the_screen_is_moved() -> None:
    client = connected()
    client.feed(server.update(raw(0, 0, 2, 2, RED), server.rect(5, 3, 2, 2, server.COPY_RECT, b"\0\0\0\0")))
    assert (pixel(client, 5, 3), pixel(client, 6, 4), pixel(client, 7, 5)) == (RED, RED, bytes(4))
    assert set(client.take_damage()) == {Rect(0, 0, 2, 2), Rect(5, 3, 2, 2)}


def test_an_update_of_unknown_length_ends_with_its_last_rectangle() -> None:
    client = connected()
    client.feed(server.update(raw(0, 0, 1, 1), server.LAST, count=65535) + server.BELL)
    assert client.updates == 1
    client.feed(server.update(server.LAST, count=1) + server.update())
    assert client.updates == 3


def test_an_update_may_carry_no_pixels() -> None:
    client = connected()
    client.feed(server.update(server.extended_size(8, 6, screens=2)))
    assert (client.updates, client.take_damage()) == (1, ())
    before = picture_of(client)
    client.feed(server.update(server.extended_size(8, 6, screens=0), server.rect(0, 0, 8, 6, server.DESKTOP_SIZE)))
    assert (client.updates, client.take_damage()) == (2, ())
    assert picture_of(client) is before


@pytest.mark.parametrize("rect", [server.extended_size(10, 3), server.rect(0, 0, 10, 3, server.DESKTOP_SIZE)])
def test_another_size_is_another_picture(rect: bytes) -> None:
    client = connected()
    client.feed(server.update(raw(0, 0, 8, 6)))
    before = picture_of(client)
    client.feed(server.update(raw(0, 5, 1, 1), rect))
    after = picture_of(client)
    assert after is not before
    assert (before.width, before.height, len(before.data)) == (8, 6, 8 * 6 * 4)
    assert (after.width, after.height) == (10, 3)
    assert bytes(after.data) == (WHITE * 8 + bytes(8)) * 3, "what both show is kept"
    assert client.take_damage() == (Rect(0, 0, 10, 3),)
    client.feed(server.update(raw(9, 2, 1, 1, RED)))
    assert pixel(client, 9, 2) == RED


def test_the_pointer() -> None:
    client = connected()
    shape = server.rect(1, 0, 2, 1, server.CURSOR, RED + WHITE + b"\x80")
    client.feed(server.update(shape))
    assert client.cursor is not None
    assert (client.cursor.width, client.cursor.hot_x, client.cursor.pixels) == (2, 1, b"\0\0\xff\xff" + bytes(4))
    assert client.take_damage() == ()
    client.feed(server.update(server.rect(0, 0, 0, 0, server.CURSOR)))
    assert client.cursor is not None
    assert client.cursor.pixels == b""


def test_bells_and_texts_are_dropped() -> None:
    client = connected()
    client.feed(server.BELL + server.cut_text(b"x" * 70_000) + server.cut_text(b"") + server.update(raw(0, 0, 1, 1)))
    assert client.updates == 1
    assert client.take_output() == b""


def test_requests() -> None:
    client = RfbClient()
    client.request_update()
    client.pointer(1, 1, 1)
    client.key(97, True)
    assert client.take_output() == b"", "nothing before the screen is known"
    client = connected(300, 200)
    client.request_update(incremental=False)
    client.request_update()
    assert client.take_output() == b"\x03\0\0\0\0\0\x01\x2c\0\xc8" + b"\x03\x01\0\0\0\0\x01\x2c\0\xc8"
    client.feed(server.update(server.extended_size(20, 10)))
    client.request_update()
    assert client.take_output() == b"\x03\x01\0\0\0\0\0\x14\0\x0a"


def test_pointer_and_keys() -> None:
    client = connected(300, 200)
    client.pointer(299, 7, 5)
    client.pointer(-4, 900, 0x1FF)
    client.key(0x01002603, True)
    client.key(0xFF0D, False)
    assert client.take_output() == (
        b"\x05\x05\x01\x2b\0\x07" + b"\x05\xff\0\0\0\xc7" + b"\x04\x01\0\0\x01\0\x26\x03" + b"\x04\0\0\0\0\0\xff\x0d"
    )
    for keysym in (0, -1, 1 << 29, 1 << 40):
        client.key(keysym, True)
    assert client.take_output() == b""


HOSTILE = {
    "raw outside": raw(1, 0, 8, 6)[:12],
    "raw far outside": server.rect(65535, 65535, 65535, 65535, server.RAW),
    "raw huge": server.rect(0, 0, 65535, 65535, server.RAW),
    "copy to outside": server.rect(0, 5, 1, 2, server.COPY_RECT, bytes(4)),
    "copy from outside": server.rect(0, 0, 4, 4, server.COPY_RECT, b"\0\x05\0\0"),
    "copy from far outside": server.rect(0, 0, 1, 1, server.COPY_RECT, b"\xff\xff\xff\xff"),
    "pointer too wide": server.rect(0, 0, 257, 1, server.CURSOR),
    "pointer huge": server.rect(0, 0, 65535, 65535, server.CURSOR),
    "screen huge": server.rect(0, 0, 65535, 65535, server.DESKTOP_SIZE),
    "screen of nothing": server.rect(0, 0, 0, 10, server.DESKTOP_SIZE),
    "screen too wide": server.extended_size(16385, 1),
    "screen too large": server.extended_size(16384, 16384),
    "not offered: RRE": server.rect(0, 0, 1, 1, 2),
    "not offered: ZRLE": server.rect(0, 0, 1, 1, 16),
    "not offered: unknown": server.rect(0, 0, 1, 1, -2147483648),
}


@pytest.mark.parametrize("rect", HOSTILE.values(), ids=HOSTILE)
def test_hostile_rectangles(rect: bytes) -> None:
    client = connected()
    tracemalloc.start()
    try:
        with pytest.raises(RfbError) as caught:
            client.feed(server.update(rect))
        assert tracemalloc.get_traced_memory()[1] < 1 << 20, "nothing is reserved for it"
    finally:
        tracemalloc.stop()
    assert caught.value.message.startswith("The desktop's server does not keep to its protocol: ")
    assert picture_of(client).width == 8
    with pytest.raises(RfbError):
        client.feed(server.update(raw(0, 0, 1, 1)))
    assert (client.updates, client.backlog) == (0, False)


LONG_TEXTS = [struct.pack(">B3xI", 3, (1 << 20) + 1), b"\x03\0\0\0\xff\xff\xff\xff"]


@pytest.mark.parametrize("said", [b"\x01\0\0\0\0\0", b"\x04", b"\x96", b"\xff", *LONG_TEXTS])
def test_hostile_messages(said: bytes) -> None:
    with pytest.raises(RfbError):
        connected().feed(said)


def test_one_feed_does_not_take_long_whatever_it_asks_for() -> None:
    limits = Limits(work_a_feed=100_000)
    client = connected(200, 100, limits)
    said = server.update(*[server.rect(0, 0, 199, 99, server.COPY_RECT, b"\0\x01\0\x01")] * 50) + server.update(raw(0, 0, 1, 1, RED))
    client.feed(said)
    turns = 1
    assert (client.backlog, client.updates) == (True, 0)
    while client.backlog:
        client.feed(b"")
        turns += 1
    assert client.updates == 2
    assert pixel(client, 0, 0) == RED
    assert turns > 10


def test_sizes_that_change_all_the_time() -> None:
    """Each counts as work, and one update cannot have many: a picture is made for each of them."""
    client = connected(limits=Limits(work_a_feed=1_000_000))
    client.feed(b"".join(server.update(server.rect(0, 0, 200 - turn % 2, 300, server.DESKTOP_SIZE)) for turn in range(20)))
    assert client.backlog
    server.feed_all(client, b"")
    assert (client.updates, picture_of(client).width) == (20, 199)
    sizes = [server.rect(0, 0, 100 + turn, 300, server.DESKTOP_SIZE) for turn in range(3)]
    with pytest.raises(RfbError, match="several times"):
        server.feed_all(client, server.update(*sizes))


def test_many_small_messages_are_not_looked_at_all_at_once() -> None:
    client = connected()
    client.feed(server.BELL * 10_000)
    assert client.backlog
    server.feed_all(client, server.update(raw(0, 0, 1, 1)))
    assert client.updates == 1


def test_more_may_be_fed_though_something_is_left() -> None:
    client = connected(limits=Limits(work_a_feed=1))
    said = server.update(raw(0, 0, 2, 2, RED)) + server.update(raw(3, 3, 2, 2))
    for at in range(0, len(said), 7):
        client.feed(said[at : at + 7])
    server.feed_all(client, b"")
    assert (client.updates, pixel(client, 4, 4)) == (2, WHITE)


def test_a_closed_client_takes_nothing() -> None:
    client = connected()
    client.feed(server.update(raw(0, 0, 8, 6))[:50])
    client.close()
    client.close()
    with pytest.raises(RfbError, match="closed"):
        client.feed(server.BELL)
    assert picture_of(client).width == 8


@pytest.mark.parametrize("end", ["closed", "failed"])
def test_its_picture_goes_with_it(end: str) -> None:
    """At once, not whenever cycles are looked for: pictures are large."""
    client = connected()
    said = server.update(raw(0, 0, 8, 6))
    client.feed(said[:50])
    gone = weakref.ref(client)
    gc.disable()
    try:
        if end == "closed":
            client.close()
        else:
            _fail(client, said[50:] + b"\x63")
        del client
        assert gone() is None
    finally:
        gc.enable()


def _fail(client: RfbClient, said: bytes) -> None:
    try:
        client.feed(said)
    except RfbError:
        return
    raise AssertionError("it goes on")


@pytest.mark.skipif(not server.FOLDER.is_dir(), reason=server.MISSING)
@pytest.mark.parametrize(("name", "encoding"), [("raw", server.RAW), ("copyrect", server.COPY_RECT)])
def test_the_vectors_of_other_authors(name: str, encoding: int) -> None:
    found = server.cases(name)
    assert len(found) == 2
    assert [server.vector_difference(case, encoding) for case in found] == ["", ""]


def test_changed_streams_leave_the_same_state_in_whatever_pieces() -> None:
    assert server.fuzz(300, seed=20) == ""
