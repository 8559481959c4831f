"""A viewer on a real X server: every pixel, keys, mouse, sizes, servers that stop, end and lie."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from kernel.rfb.decoders import copyrect
from kernel.rfb.framebuffer import Framebuffer, Rect
from kernel.tasks import Scope
from tests.integration.vnc.servers import NAME, Desktop, Watcher, desktop, program
from tests.integration.vnc.x11 import XClient
from tests.oracles import rfb

WIDTH, HEIGHT = 640, 400


@pytest.fixture
async def scope() -> AsyncIterator[Scope]:
    made = Scope("test")
    yield made
    await made.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the socket's path is longer than an address can be."""
    deep = tmp_path.joinpath(*["a-folder-with-a-long-name"] * 5)
    deep.mkdir(parents=True)
    return deep


@pytest.fixture
def screen(folder: Path) -> Iterator[Desktop]:
    with desktop(folder, f"{WIDTH}x{HEIGHT}") as started:
        yield started


@pytest.fixture
def client(screen: Desktop) -> Iterator[XClient]:
    with XClient(screen.display) as made:
        yield made


@pytest.fixture
async def watcher(folder: Path, scope: Scope) -> AsyncIterator[Watcher]:
    made = Watcher(folder, scope)
    yield made
    made.viewer.close()


def noise(width: int, height: int, seed: int = 1) -> bytearray:
    return bytearray(random.Random(seed).randbytes(width * height * 4))


def moved(before: bytes, from_x: int, from_y: int, x: int, y: int, width: int, height: int) -> bytes:
    """A picture of the screen's size in which a part was copied."""
    after = bytearray(before)
    for line in range(height):
        origin, to = ((from_y + line) * WIDTH + from_x) * 4, ((y + line) * WIDTH + x) * 4
        after[to : to + width * 4] = before[origin : origin + width * 4]
    return bytes(after)


async def test_every_pixel_is_as_it_was_drawn(client: XClient, watcher: Watcher) -> None:
    wanted = noise(WIDTH, HEIGHT)
    client.draw(0, 0, WIDTH, HEIGHT, bytes(wanted))
    watcher.viewer.start()
    await watcher.until_shown(wanted)
    assert (watcher.viewer.problem, watcher.viewer.ended) == ("", False)
    for index, (x, y, width, height) in enumerate([(0, 0, 1, 1), (639, 0, 1, 400), (3, 399, 600, 1), (100, 50, 301, 203)]):
        part = noise(width, height, seed=index + 2)
        client.draw(x, y, width, height, bytes(part))
        for line in range(height):
            at = ((y + line) * WIDTH + x) * 4
            wanted[at : at + width * 4] = part[line * width * 4 : (line + 1) * width * 4]
    await watcher.until_shown(wanted)


async def test_only_what_changed_is_damage(client: XClient, watcher: Watcher) -> None:
    wanted = bytearray(WIDTH * HEIGHT * 4)
    client.draw(0, 0, WIDTH, HEIGHT, bytes(wanted))
    watcher.viewer.start()
    await watcher.until_shown(wanted)
    watcher.damage.clear()
    client.draw(200, 100, 10, 5, b"\xff" * 200)
    for line in range(5):
        at = ((100 + line) * WIDTH + 200) * 4
        wanted[at : at + 40] = b"\xff" * 40
    await watcher.until_shown(wanted)
    assert watcher.damage
    assert sum(rect.width * rect.height for rect in watcher.damage) < 5000
    assert all(rect.x <= 200 + 10 and rect.x + rect.width >= 200 for rect in watcher.damage)


async def test_what_scrolls_is_copied(client: XClient, watcher: Watcher, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = bytes(noise(WIDTH, HEIGHT))
    client.draw(0, 0, WIDTH, HEIGHT, wanted)
    watcher.viewer.start()
    await watcher.until_shown(wanted)
    copied: list[Rect] = []

    def copy(picture: Framebuffer, rect: Rect, from_x: int, from_y: int) -> None:
        copied.append(rect)
        real(picture, rect, from_x, from_y)

    real = copyrect.copy
    monkeypatch.setattr(copyrect, "copy", copy)
    up, down = (0, 20, 0, 0, WIDTH, HEIGHT - 20), (0, 0, 0, 13, WIDTH, HEIGHT - 13)
    for where in [up, down, (10, 10, 17, 12, 300, 200), (40, 40, 33, 40, 5, 300)]:
        client.copy(*where)
        wanted = moved(wanted, *where)
        await watcher.until_shown(wanted)
    assert len(copied) >= 4, "the server moves what is there instead of sending it again"


async def test_typing_reaches_a_program(screen: Desktop, watcher: Watcher, tmp_path: Path) -> None:
    typed, ready = tmp_path / "typed", tmp_path / "ready"
    script = f"touch {ready}; IFS= read -r line; printf %s \"$line\" > {typed}.part; mv {typed}.part {typed}"
    with program(screen, "xterm", "-u8", "-geometry", "80x20+0+0", "-e", "sh", "-c", script):
        watcher.viewer.start()
        await watcher.until(lambda: watcher.viewer.picture is not None and ready.exists() and _bright(watcher))
        watcher.viewer.point(100, 100, 0)
        for sign in "aB é€漢🙂":
            keysym = ord(sign) if ord(sign) < 256 else 0x01000000 + ord(sign)
            watcher.viewer.press(keysym, True)
            watcher.viewer.press(keysym, False)
        watcher.viewer.press(0xFF0D, True)
        watcher.viewer.press(0xFF0D, False)
        await watcher.until(typed.exists)
        assert typed.read_text("utf-8") == "aB é€漢🙂"


def _bright(watcher: Watcher) -> bool:
    """Whether the white of a terminal is on the screen."""
    picture = watcher.viewer.picture
    return picture is not None and picture.data[(100 * WIDTH + 100) * 4] == 255


async def test_the_pointers_shape_is_the_programs(screen: Desktop, watcher: Watcher) -> None:
    with program(screen, "xterm", "-geometry", "80x20+0+0"):
        watcher.viewer.start()
        await watcher.until(lambda: _bright(watcher))
        watcher.viewer.point(100, 100, 0)
        await watcher.until(lambda: watcher.viewer.cursor is not None and bool(watcher.viewer.cursor.pixels))
        cursor = watcher.viewer.cursor
        assert cursor is not None
        assert len(cursor.pixels) == cursor.width * cursor.height * 4
        assert set(cursor.pixels[3::4]) == {0, 255}


async def test_mouse_and_what_is_held_at_the_end(client: XClient, watcher: Watcher) -> None:
    watcher.viewer.start()
    await watcher.until_pictured()
    watcher.viewer.point(123, 45, 5)
    watcher.viewer.press(0xFFE1, True)
    await watcher.until(lambda: client.pointer() == (123, 45, 5) and client.keys_held() == 1)
    watcher.viewer.set_watched(False)
    await watcher.until(lambda: client.pointer()[2] == 0 and client.keys_held() == 0)
    watcher.viewer.set_watched(True)
    watcher.viewer.point(9999, 9999, 1)
    watcher.viewer.press(0x61, True)
    await watcher.until(lambda: client.pointer() == (WIDTH - 1, HEIGHT - 1, 1) and client.keys_held() == 1)
    watcher.viewer.close()
    await watcher.until(lambda: client.pointer()[2] == 0 and client.keys_held() == 0)


async def test_another_size_of_the_screen(client: XClient, watcher: Watcher) -> None:
    watcher.viewer.start()
    await watcher.until_pictured()
    for width, height in ((1024, 768), (800, 600)):
        client.resize(width, height)
        wanted = bytes(noise(width, height, seed=width))
        client.draw(0, 0, width, height, wanted)
        await watcher.until_shown(wanted)
        picture = watcher.viewer.picture
        assert picture is not None
        assert (picture.width, picture.height) == (width, height)


async def test_two_look_at_once(client: XClient, watcher: Watcher, folder: Path, scope: Scope) -> None:
    other = Watcher(folder, scope)
    other.viewer.set_watched(False)
    watcher.viewer.start()
    other.viewer.start()
    await watcher.until_pictured()
    wanted = bytes(noise(WIDTH, HEIGHT))
    client.draw(0, 0, WIDTH, HEIGHT, wanted)
    await watcher.until_shown(wanted)
    assert other.viewer.picture is None
    other.viewer.set_watched(True)
    await other.until_shown(wanted)
    other.viewer.close()


async def test_a_server_that_stops_for_a_while(screen: Desktop, client: XClient, watcher: Watcher) -> None:
    watcher.viewer.start()
    await watcher.until_pictured()
    screen.process.send_signal(signal.SIGSTOP)
    try:
        for number in range(100_000):
            watcher.viewer.point(number % WIDTH, 0, 1)
        watcher.viewer.set_watched(False)
        watcher.viewer.set_watched(True)
        assert watcher.viewer.problem == ""
    finally:
        screen.process.send_signal(signal.SIGCONT)
    wanted = bytes(noise(WIDTH, HEIGHT))
    client.draw(0, 0, WIDTH, HEIGHT, wanted)

    def pointed() -> bool:
        watcher.viewer.point(0, HEIGHT - 1, 0)  # what is too much is dropped: again, as a person does
        return client.pointer() == (0, HEIGHT - 1, 0)

    await watcher.until(pointed)
    await watcher.until_shown(wanted)


async def test_a_server_that_ends_and_is_started_again(folder: Path, watcher: Watcher) -> None:
    with desktop(folder, "300x200"):
        watcher.viewer.start()
        await watcher.until_pictured()
    await watcher.until(lambda: watcher.viewer.problem != "")
    assert watcher.viewer.problem == "The desktop's server has closed the connection."
    watcher.viewer.renew()
    await watcher.until(lambda: watcher.viewer.problem != "The desktop's server has closed the connection.")
    assert watcher.viewer.problem.startswith(("There is no desktop", "The desktop cannot be reached"))
    with desktop(folder, "320x240") as again, XClient(again.display) as client:
        watcher.viewer.renew()
        wanted = bytes(noise(320, 240))
        client.draw(0, 0, 320, 240, wanted)
        await watcher.until_shown(wanted)
        assert watcher.viewer.problem == ""


async def test_many_connections_one_after_the_other(screen: Desktop, folder: Path, scope: Scope) -> None:
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(12):
        watcher = Watcher(folder, scope)
        watcher.viewer.start()
        await watcher.until_pictured()
        watcher.viewer.close()
    assert len(os.listdir("/proc/self/fd")) == before
    assert scope.statistics()["tasks"] == 0


LIES: dict[str, tuple[bytes, str]] = {
    "another protocol": (b"SSH-2.0-OpenSSH_9.2p1\r\n", "no desktop's server"),
    "a password": (rfb.VERSION + b"\1\2", "asks for a password"),
    "a name of 4 GiB": (rfb.hello(64, 64)[:-8] + b"\xff\xff\xff\xff", "name is too long"),
    "a huge screen": (rfb.hello(65535, 65535), "65535 by 65535"),
    "a huge pointer": (rfb.hello(64, 64) + rfb.update(rfb.rect(0, 0, 65535, 65535, rfb.CURSOR)), "pointer is too large"),
    "pixels beside the screen": (rfb.hello(64, 64) + rfb.update(rfb.rect(60, 60, 5, 5, rfb.RAW)), "outside of its screen"),
    "an endless text": (rfb.hello(64, 64) + b"\3\0\0\0\x7f\xff\xff\xff", "too long a text"),
    "an end in the middle": (rfb.hello(64, 64) + rfb.update(rfb.rect(0, 0, 64, 64, rfb.RAW)) + b"half", "closed the connection"),
}


@pytest.mark.parametrize(("said", "told"), LIES.values(), ids=LIES)
async def test_servers_that_lie(folder: Path, watcher: Watcher, said: bytes, told: str) -> None:
    """Whoever listens at an agent's socket may be a program of the agent's."""
    here = os.open(folder, os.O_PATH)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(f"/proc/self/fd/{here}/{NAME}")
        os.close(here)
        server.listen()
        server.setblocking(False)
        watcher.viewer.start()
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(10):
            end, _ = await loop.sock_accept(server)
            with end:
                await loop.sock_sendall(end, said)
                end.shutdown(socket.SHUT_WR)
                await watcher.until(lambda: watcher.viewer.problem != "")
    assert told in watcher.viewer.problem
    assert not watcher.viewer.ended
