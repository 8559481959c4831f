"""Versions, security and the screen's size, and servers that say them wrong."""

from __future__ import annotations

import pytest

from kernel.rfb.client import RfbClient
from kernel.rfb.errors import RfbError
from kernel.rfb.limits import Limits
from tests.oracles.rfb import ACCEPTED, NONE_OFFERED, VERSION, hello, screen

FORMAT_AND_ENCODINGS = (
    b"\0\0\0\0\x20\x18\0\x01\0\xff\0\xff\0\xff\x10\x08\0\0\0\0"
    b"\x02\0\0\x06\0\0\0\x01\0\0\0\0\xff\xff\xff\x11\xff\xff\xfe\xcc\xff\xff\xff\x21\xff\xff\xff\x20"
)


def refused(data: bytes) -> str:
    """What a client says of a server that begins like this."""
    client = RfbClient(Limits(max_text_bytes=4096))
    with pytest.raises(RfbError) as caught:
        client.feed(data)
    with pytest.raises(RfbError, match="^" + caught.value.message[:10]):
        client.feed(b"")
    assert client.framebuffer is None
    return caught.value.message


def test_version_3_8() -> None:
    client = RfbClient()
    assert client.take_output() == b""
    client.feed(VERSION)
    assert client.take_output() == b"RFB 003.008\n"
    client.feed(b"\x03\x02\x01\x13")
    assert client.take_output() == b"\x01"
    client.feed(ACCEPTED)
    assert client.take_output() == b"\x01"
    assert client.framebuffer is None
    client.feed(screen(640, 480))
    picture = client.framebuffer
    assert picture is not None
    assert (picture.width, picture.height, len(picture.data)) == (640, 480, 640 * 480 * 4)
    assert not any(picture.data)
    assert client.take_output() == FORMAT_AND_ENCODINGS
    assert (client.updates, client.cursor, client.take_damage()) == (0, None, ())


def test_version_3_7_tells_no_result() -> None:
    client = RfbClient()
    client.feed(b"RFB 003.007\n" + NONE_OFFERED + screen(5, 5))
    assert client.take_output() == b"RFB 003.007\n\x01\x01" + FORMAT_AND_ENCODINGS
    assert client.framebuffer is not None


@pytest.mark.parametrize("version", [b"RFB 003.003\n", b"RFB 003.005\n", b"RFB 003.000\n"])
def test_version_3_3_offers_no_choice(version: bytes) -> None:
    client = RfbClient()
    client.feed(version + b"\0\0\0\x01" + screen(5, 5))
    assert client.take_output() == b"RFB 003.003\n\x01" + FORMAT_AND_ENCODINGS
    assert client.framebuffer is not None


def test_a_later_version_is_spoken_to_in_3_8() -> None:
    client = RfbClient()
    client.feed(b"RFB 003.889\n")
    assert client.take_output() == b"RFB 003.008\n"


@pytest.mark.parametrize(
    "version", [b"RFB 004.001\n", b"HTTP/1.1 400", b"RFB 003.0x8\n", b"RFB 003.008\r", b"RFB 003.+08\n", bytes(12), "RFB 003.²²\n".encode()]
)
def test_what_is_no_desktop(version: bytes) -> None:
    assert "no desktop's server" in refused(version)


@pytest.mark.parametrize("data", [VERSION + b"\x02\x02\x13", b"RFB 003.003\n\0\0\0\x02", b"RFB 003.007\n\xff" + b"\x05" * 255])
def test_passwords_are_not_known(data: bytes) -> None:
    message = refused(data)
    assert "asks for a password" in message
    assert len(message) < 150


@pytest.mark.parametrize(
    "data",
    [
        VERSION + b"\0" + b"\0\0\0\x04full",
        b"RFB 003.003\n\0\0\0\0" + b"\0\0\0\x04full",
        b"RFB 003.007\n\0" + b"\0\0\0\x04full",
        VERSION + NONE_OFFERED + b"\0\0\0\x01" + b"\0\0\0\x04full",
    ],
    ids=["3.8", "3.3", "3.7", "afterwards"],
)
def test_why_a_server_refuses(data: bytes) -> None:
    assert refused(data) == "The desktop's server refuses the connection: full"


def test_a_reason_is_made_fit_to_be_read() -> None:
    reason = b"\x1b[31mToo many\0\r\n\xff <b>failures</b>\xe2\x80\xae" + b"x" * 3000
    message = refused(VERSION + b"\0" + len(reason).to_bytes(4) + reason)
    assert "[31mToo many" in message
    assert message.isprintable()
    assert len(message) < 300
    assert "gives no reason" in refused(VERSION + b"\0\0\0\0\0")


@pytest.mark.parametrize("size", [4097, 2**31, 2**32 - 1])
def test_texts_that_are_too_long_are_refused_before_they_come(size: int) -> None:
    assert "too long" in refused(VERSION + b"\0" + size.to_bytes(4))
    assert "too long" in refused(VERSION + NONE_OFFERED + ACCEPTED + screen(9, 9, b"")[:-4] + size.to_bytes(4))


@pytest.mark.parametrize(("width", "height"), [(0, 5), (5, 0), (65535, 65535), (16385, 1), (1, 16385), (5000, 5000)])
def test_a_screen_that_cannot_be(width: int, height: int) -> None:
    assert f"{width} by {height}" in refused(hello(width, height))


def test_byte_by_byte() -> None:
    client = RfbClient()
    for byte in hello(7, 5):
        client.feed(bytes([byte]))
    assert client.framebuffer is not None
    assert client.take_output() == b"RFB 003.008\n\x01\x01" + FORMAT_AND_ENCODINGS
