"""A viewer against a scripted server: what it asks for and when, what it tells, and what it lets go of."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable

import pytest

from kernel.errors import UnavailableError
from kernel.rfb.framebuffer import Rect
from kernel.tasks import Scope
from kernel.vnc import viewer as viewer_module
from kernel.vnc.connection import Budget
from kernel.vnc.viewer import MAX_KEYS, MAX_UNSENT_BYTES, MOST_SIZES_A_SECOND, RESTLESS, DesktopViewer
from tests.oracles import rfb

WIDTH, HEIGHT = 20, 10
WHOLE = Rect(0, 0, WIDTH, HEIGHT)
FULL_REQUEST = b"\x03\0\0\0\0\0\0\x14\0\x0a"
NEXT_REQUEST = b"\x03\x01\0\0\0\0\0\x14\0\x0a"
GREETING_BYTES = 12 + 1 + 1 + 20 + 28


def pixels(x: int = 0, y: int = 0, width: int = WIDTH, height: int = HEIGHT, colour: bytes = b"\1\2\3\0") -> bytes:
    return rfb.rect(x, y, width, height, rfb.RAW, colour * (width * height))


class Servers:
    """Makes connections for a viewer and keeps their other ends."""

    def __init__(self) -> None:
        self.ends: list[socket.socket] = []
        self.problem = ""
        self.gate = asyncio.Event()
        self.gate.set()

    async def connect(self) -> socket.socket:
        await self.gate.wait()
        if self.problem:
            raise UnavailableError(self.problem, "Wait.")
        ours, theirs = socket.socketpair()
        for end in (ours, theirs):
            end.setblocking(False)
        self.ends.append(theirs)
        return ours

    async def read(self, size: int) -> bytes:
        """The next bytes that the viewer sends; what came of them before it closed."""
        got = b""
        async with asyncio.timeout(5):
            while len(got) < size:
                with contextlib.suppress(ConnectionResetError):
                    piece = await asyncio.get_running_loop().sock_recv(self.ends[-1], size - len(got))
                    if not piece:
                        break
                    got += piece
        return got

    def waiting(self) -> bytes:
        """What the viewer has sent and was not read."""
        try:
            return self.ends[-1].recv(1 << 20)
        except BlockingIOError:
            return b""

    async def say(self, data: bytes) -> None:
        async with asyncio.timeout(5):
            await asyncio.get_running_loop().sock_sendall(self.ends[-1], data)

    async def greet(self) -> None:
        """Everything up to the first request."""
        await self.say(rfb.hello(WIDTH, HEIGHT))
        await self.read(GREETING_BYTES)


class Watcher:
    """A viewer, and how often it told of something."""

    def __init__(self, servers: Servers, scope: Scope) -> None:
        self.told = 0
        self._news = asyncio.Event()
        self.viewer = DesktopViewer(servers.connect, scope, self._on_changed, Budget())

    def _on_changed(self) -> None:
        self.told += 1
        self._news.set()

    async def news(self) -> tuple[Rect, ...]:
        """Wait until it tells; the damage then."""
        async with asyncio.timeout(5):
            await self._news.wait()
        self._news.clear()
        return self.viewer.take_damage()


@pytest.fixture
def servers() -> Servers:
    return Servers()


@pytest.fixture
async def scope() -> AsyncIterator[Scope]:
    made = Scope("test")
    yield made
    await made.close()


@pytest.fixture
async def watcher(servers: Servers, scope: Scope) -> AsyncIterator[Watcher]:
    made = Watcher(servers, scope)
    yield made
    made.viewer.close()
    for end in servers.ends:
        end.close()


async def settle() -> None:
    """Let the loop do what is ready, in a few turns."""
    for _ in range(10):
        await asyncio.sleep(0)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.005)


async def looking(servers: Servers, watcher: Watcher) -> None:
    """Up to the first picture, taken, and the next request."""
    watcher.viewer.start()
    await until(lambda: bool(servers.ends))
    await servers.greet()
    assert await servers.read(10) == FULL_REQUEST
    await servers.say(rfb.update(pixels()))
    assert await watcher.news() == (WHOLE,)
    assert await servers.read(10) == NEXT_REQUEST


async def test_the_first_picture(servers: Servers, watcher: Watcher) -> None:
    viewer = watcher.viewer
    assert (viewer.picture, viewer.cursor, viewer.problem, viewer.ended, viewer.take_damage()) == (None, None, "", False, ())
    await looking(servers, watcher)
    assert viewer.picture is not None
    assert bytes(viewer.picture.data) == b"\1\2\3\0" * (WIDTH * HEIGHT)
    assert (viewer.problem, watcher.told) == ("", 1)


async def test_an_update_without_pixels_is_answered_by_a_request(servers: Servers, watcher: Watcher) -> None:
    watcher.viewer.start()
    await until(lambda: bool(servers.ends))
    await servers.greet()
    assert await servers.read(10) == FULL_REQUEST
    for _ in range(3):
        await servers.say(rfb.update(rfb.extended_size(WIDTH, HEIGHT)))
        assert await servers.read(10) == NEXT_REQUEST
    assert (watcher.viewer.picture, watcher.told) == (None, 0)


async def test_the_next_is_asked_for_when_the_last_was_taken(servers: Servers, watcher: Watcher) -> None:
    await looking(servers, watcher)
    await servers.say(rfb.update(pixels(1, 1, 2, 2)))
    await until(lambda: watcher.told == 2)
    await servers.say(rfb.update(pixels(10, 8, 1, 1)))  # unasked for
    await settle()
    assert watcher.told == 2, "told once until it was taken"
    assert servers.waiting() == b""
    async with asyncio.timeout(5):
        found = await asyncio.to_thread(watcher.viewer.take_damage)
    assert Rect(1, 1, 2, 2) in found
    assert await servers.read(10) == NEXT_REQUEST
    await settle()
    assert servers.waiting() == b"", "asked once"


async def test_another_size(servers: Servers, watcher: Watcher) -> None:
    await looking(servers, watcher)
    before = watcher.viewer.picture
    await servers.say(rfb.update(pixels(19, 9, 1, 1), rfb.extended_size(5, 5)))
    assert await watcher.news() == (Rect(0, 0, 5, 5),)
    after = watcher.viewer.picture
    assert after is not None
    assert after is not before
    assert (after.width, after.height) == (5, 5)
    assert (await servers.read(10))[6:] == b"\0\5\0\5"


async def test_the_pointer_alone_is_told_and_the_next_asked_for(servers: Servers, watcher: Watcher) -> None:
    await looking(servers, watcher)
    await servers.say(rfb.update(rfb.rect(0, 0, 1, 1, rfb.CURSOR, b"\1\2\3\0\x80")))
    assert await servers.read(10) == NEXT_REQUEST
    assert await watcher.news() == ()
    assert watcher.viewer.cursor is not None
    assert watcher.viewer.cursor.pixels == b"\1\2\3\xff"


async def test_nothing_is_asked_for_while_nobody_watches(servers: Servers, watcher: Watcher) -> None:
    watcher.viewer.set_watched(False)
    watcher.viewer.start()
    await until(lambda: bool(servers.ends))
    await servers.greet()
    await settle()
    assert servers.waiting() == b""
    watcher.viewer.set_watched(True)
    assert await servers.read(10) == FULL_REQUEST
    watcher.viewer.set_watched(False)
    await servers.say(rfb.update(pixels()))
    await settle()
    assert (watcher.told, servers.waiting()) == (0, b""), "what was asked for comes when somebody looks again"
    watcher.viewer.set_watched(True)
    watcher.viewer.set_watched(True)
    assert await watcher.news() == (WHOLE,)
    assert await servers.read(10) == NEXT_REQUEST
    await settle()
    assert servers.waiting() == b""


async def test_no_desktop_yet(servers: Servers, watcher: Watcher) -> None:
    servers.problem = "The desktop has not started."
    watcher.viewer.start()
    assert await watcher.news() == ()
    assert watcher.viewer.problem == "The desktop has not started. Wait."
    assert not watcher.viewer.ended
    servers.problem = ""
    watcher.viewer.renew()
    await until(lambda: bool(servers.ends))
    await servers.greet()
    await servers.read(10)
    assert watcher.viewer.problem != "", "there is no picture yet"
    await servers.say(rfb.update(pixels()))
    assert await watcher.news() == (WHOLE,)
    assert watcher.viewer.problem == ""


async def test_a_desktop_that_is_gone_is_waited_for(servers: Servers, watcher: Watcher) -> None:
    await looking(servers, watcher)
    picture = watcher.viewer.picture
    servers.ends[-1].close()
    assert await watcher.news() == ()
    assert watcher.viewer.problem == "The desktop's server has closed the connection."
    assert watcher.viewer.picture is picture, "the last one stays"
    await settle()
    assert len(servers.ends) == 1
    watcher.viewer.renew()
    await until(lambda: len(servers.ends) == 2)
    await servers.greet()
    assert await servers.read(10) == FULL_REQUEST
    await servers.say(rfb.update(pixels(0, 0, 1, 1)))
    assert await watcher.news() == (WHOLE,), "another picture is new as a whole"
    assert watcher.viewer.picture is not picture
    assert watcher.viewer.problem == ""


async def test_renewing_gives_the_old_connection_up(servers: Servers, watcher: Watcher) -> None:
    await looking(servers, watcher)
    old = servers.ends[-1]
    watcher.viewer.renew()
    await until(lambda: len(servers.ends) == 2)
    assert old.recv(100) == b""
    servers.gate.clear()
    watcher.viewer.renew()
    watcher.viewer.renew()
    await settle()
    servers.gate.set()
    await until(lambda: len(servers.ends) == 3)
    await settle()
    assert len(servers.ends) == 3


async def test_who_connects_may_say_that_there_is_a_desktop(scope: Scope, servers: Servers) -> None:
    async def connect() -> socket.socket:
        viewer.renew()
        await asyncio.sleep(0)
        return await servers.connect()

    viewer = DesktopViewer(connect, scope, lambda: None, Budget())
    viewer.start()
    await until(lambda: bool(servers.ends))
    await settle()
    assert len(servers.ends) == 1
    viewer.close()


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (b"HTTP/1.1 400 Bad", "no desktop's server"),
        (rfb.VERSION + b"\1\2", "asks for a password"),
        (b"RFB 003.003\n\0\0\0\0\0\0\0\x1aToo many security failures", "refuses the connection: Too many"),
        (rfb.hello(65535, 65535), "65535 by 65535"),
        (rfb.hello(4, 4) + b"\x63", "message of type 99"),
    ],
)
async def test_what_answers_wrongly(servers: Servers, watcher: Watcher, said: bytes, told: str) -> None:
    watcher.viewer.start()
    await until(lambda: bool(servers.ends))
    await servers.say(said)
    assert await watcher.news() == ()
    assert told in watcher.viewer.problem
    await settle()
    await servers.read(1000)
    assert servers.waiting() == b"", "it is closed"
    assert len(servers.ends) == 1, "and not tried again"


async def test_a_silent_server_is_given_up(servers: Servers, watcher: Watcher, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(viewer_module, "HANDSHAKE_S", 0.02)
    watcher.viewer.start()
    await until(lambda: bool(servers.ends))
    await servers.say(rfb.VERSION)
    assert await watcher.news() == ()
    assert watcher.viewer.problem == "The desktop's server does not answer."
    assert await servers.read(1000) == b"RFB 003.008\n"


async def test_a_server_may_say_nothing_once_it_has_greeted(
    servers: Servers, watcher: Watcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(viewer_module, "HANDSHAKE_S", 0.05)
    await looking(servers, watcher)
    await asyncio.sleep(0.1)  # the time is what is tested
    assert (watcher.viewer.problem, watcher.told) == ("", 1)


async def test_mouse_and_keys(servers: Servers, watcher: Watcher) -> None:
    await looking(servers, watcher)
    viewer = watcher.viewer
    viewer.point(3, 4, 1)
    viewer.point(50, -1, 1)
    viewer.press(0x61, True)
    viewer.press(0x61, True)
    viewer.press(0x61, False)
    viewer.press(0x61, False)
    viewer.press(0x62, False)
    key = b"\x04%c\0\0\0\0\0\x61"
    wanted = b"\x05\1\0\3\0\4" + b"\x05\1\0\x13\0\0" + key % 1 + key % 1 + key % 0
    assert await servers.read(len(wanted)) == wanted
    await settle()
    assert servers.waiting() == b"", "only what was pressed is released"


@pytest.mark.parametrize("leave", ["unwatched", "closed"])
async def test_what_is_held_is_released(servers: Servers, watcher: Watcher, leave: str) -> None:
    await looking(servers, watcher)
    viewer = watcher.viewer
    viewer.point(3, 4, 5)
    viewer.press(0xFFE1, True)
    await servers.read(6 + 8)
    if leave == "closed":
        viewer.close()
    else:
        viewer.set_watched(False)
        viewer.point(9, 9, 1)
        viewer.press(0x61, True)
    wanted = b"\x05\0\0\3\0\4" + b"\x04\0\0\0\0\0\xff\xe1"
    assert await servers.read(len(wanted)) == wanted
    await settle()
    assert servers.waiting() == b"", "nobody who does not watch presses anything"


async def test_a_server_that_takes_nothing_gets_little(servers: Servers, watcher: Watcher) -> None:
    await looking(servers, watcher)
    viewer = watcher.viewer
    viewer.press(0x61, True)
    viewer.point(1, 1, 4)
    for number in range(200_000):
        viewer.point(number % WIDTH, 1, 4)
        viewer.press(0x62, True)
    connection = viewer._connection
    assert connection is not None
    assert MAX_UNSENT_BYTES < connection.unsent_bytes < MAX_UNSENT_BYTES + 100
    viewer.set_watched(False)
    assert connection.unsent_bytes < MAX_UNSENT_BYTES + 100
    got = b""
    while connection.unsent_bytes:
        got += await servers.read(4096)
    await settle()
    got += servers.waiting()
    releases = [b"\x05\0\0", b"\x04\0\0\0\0\0\0\x61", b"\x04\0\0\0\0\0\0\x62"]
    assert all(release in got[-40:] for release in releases)


async def test_a_server_that_answers_and_takes_nothing_is_given_up(
    servers: Servers, watcher: Watcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each answer brings a request; what such a server leaves unread must not grow for ever."""
    monkeypatch.setattr(viewer_module, "MAX_UNSENT_BYTES", 100)
    await looking(servers, watcher)
    told = watcher.told
    for number in range(100_000):
        watcher.viewer.point(number % WIDTH, 1, 0)
    connection = watcher.viewer._connection
    assert connection is not None and connection.unsent_bytes > 100
    with contextlib.suppress(OSError):
        for _ in range(1000):
            await servers.say(rfb.update())
            await settle()
            assert connection.unsent_bytes < 250
    await until(lambda: bool(watcher.viewer.problem))
    assert watcher.viewer.problem == viewer_module.DEAF
    assert (watcher.told, connection.unsent_bytes) == (told + 1, 0)


async def test_keys_are_held_in_bounds(servers: Servers, watcher: Watcher) -> None:
    await looking(servers, watcher)
    for keysym in range(1, 10 * MAX_KEYS):
        watcher.viewer.press(keysym, True)
    await settle()
    assert len(servers.waiting()) == 8 * MAX_KEYS


async def test_input_without_a_desktop_is_dropped(watcher: Watcher) -> None:
    watcher.viewer.point(1, 1, 1)
    watcher.viewer.press(0x61, True)
    watcher.viewer.press(0x61, False)
    watcher.viewer.set_watched(False)
    watcher.viewer.set_watched(True)
    assert watcher.told == 0


async def test_the_end(servers: Servers, watcher: Watcher) -> None:
    await looking(servers, watcher)
    watcher.viewer.end("The agent has ended.")
    assert await watcher.news() == ()
    assert (watcher.viewer.ended, watcher.viewer.problem) == (True, "The agent has ended.")
    assert watcher.viewer.picture is not None
    watcher.viewer.renew()
    watcher.viewer.end("Again.")
    await settle()
    assert (len(servers.ends), watcher.told, watcher.viewer.problem) == (1, 2, "The agent has ended.")


async def test_nothing_is_told_once_it_is_closed(servers: Servers, watcher: Watcher, scope: Scope) -> None:
    await looking(servers, watcher)
    watcher.viewer.close()
    assert watcher.viewer.closed
    assert (watcher.viewer.picture, watcher.viewer.take_damage()) == (None, ())
    watcher.viewer.renew()
    watcher.viewer.end("The agent has ended.")
    watcher.viewer.close()
    await settle()
    assert (watcher.told, len(servers.ends), watcher.viewer.ended) == (1, 1, False)
    assert scope.statistics()["tasks"] == 0


async def test_nothing_is_told_of_a_server_that_is_found_gone_when_it_is_closed(servers: Servers, watcher: Watcher) -> None:
    await looking(servers, watcher)
    watcher.viewer.press(0x61, True)
    servers.ends[-1].close()
    watcher.viewer.close()
    await settle()
    assert (watcher.told, watcher.viewer.problem) == (1, "")


async def test_closed_while_it_connects(servers: Servers, watcher: Watcher, scope: Scope) -> None:
    servers.gate.clear()
    watcher.viewer.start()
    await settle()
    watcher.viewer.close()
    await settle()
    assert scope.statistics()["tasks"] == 0
    assert not servers.ends


@pytest.mark.parametrize("late", ["answer", "error"])
async def test_what_connects_though_it_was_called_off(servers: Servers, scope: Scope, late: str) -> None:
    told: list[str] = []

    async def connect() -> socket.socket:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            if late == "error":
                raise UnavailableError("Nobody is there.") from None
        return await servers.connect()

    viewer = DesktopViewer(connect, scope, lambda: told.append("changed"), Budget())
    viewer.start()
    await settle()
    viewer.close()
    await settle()
    assert (told, viewer.problem) == ([], "")
    assert [end.recv(100) for end in servers.ends] == ([b""] if late == "answer" else [])


async def test_a_scope_that_is_closed(servers: Servers, scope: Scope) -> None:
    viewer = DesktopViewer(servers.connect, scope, lambda: None, Budget())
    await scope.close()
    viewer.start()
    await settle()
    assert not servers.ends


def test_damage_may_be_taken_when_the_loop_is_gone() -> None:
    viewers: list[DesktopViewer] = []

    async def look() -> None:
        servers, scope = Servers(), Scope("test")
        watcher = Watcher(servers, scope)
        watcher.viewer.start()
        await until(lambda: bool(servers.ends))
        await servers.say(rfb.hello(WIDTH, HEIGHT) + rfb.update(pixels()))
        await until(lambda: watcher.told == 1)
        viewers.append(watcher.viewer)
        watcher.viewer.end("The agent has ended.")
        await scope.close()

    asyncio.run(look())
    assert viewers[0].take_damage() == (WHOLE,)


async def test_a_flood_is_taken_in_turns(servers: Servers, watcher: Watcher) -> None:
    """A few bytes that ask for a lot of copying do not keep others on the loop waiting."""
    await looking(servers, watcher)
    await servers.say(rfb.update(rfb.extended_size(2000, 2000)))
    await watcher.news()
    await servers.read(10)
    client = watcher.viewer._client
    assert client is not None
    turns_between = 0

    async def count() -> None:
        nonlocal turns_between
        while client.updates < 3:
            turns_between += client.backlog
            await asyncio.sleep(0)

    counting = asyncio.ensure_future(count())
    copies = [rfb.rect(0, 0, 1999, 1999, rfb.COPY_RECT, b"\0\1\0\1")] * 60
    await servers.say(rfb.update(*copies))
    await watcher.news()
    await counting
    assert turns_between >= 10


async def test_what_was_not_asked_for_is_not_read(servers: Servers, watcher: Watcher) -> None:
    """A server that floods costs nothing while nobody takes its pictures, or looks."""
    await looking(servers, watcher)
    watcher.viewer.set_watched(False)
    await settle()
    with pytest.raises(BlockingIOError):
        while True:
            servers.ends[-1].send(rfb.update(pixels()) * 50)
    told = watcher.told
    await asyncio.sleep(0.05)
    assert watcher.told == told
    watcher.viewer.set_watched(True)
    await watcher.news()


async def test_a_desktop_that_changes_its_size_all_the_time_is_given_up(servers: Servers, watcher: Watcher) -> None:
    await looking(servers, watcher)
    for turn in range(200):
        await servers.say(rfb.update(rfb.rect(0, 0, 30 + turn % 2, 30, rfb.DESKTOP_SIZE), rfb.rect(0, 0, 1, 1, rfb.RAW, b"abcd")))
        await watcher.news()
        if watcher.viewer.problem:
            break
    assert watcher.viewer.problem == RESTLESS and turn < 2 * MOST_SIZES_A_SECOND


async def test_a_server_that_is_there_again_at_once_is_no_problem(servers: Servers, watcher: Watcher) -> None:
    """What is told of its end comes when nobody has started it anew meanwhile."""
    await looking(servers, watcher)
    servers.ends[-1].close()
    await until(lambda: watcher.viewer._connection is None)
    assert (watcher.viewer.problem, watcher.told) == ("", 1)
    watcher.viewer.renew()
    await until(lambda: len(servers.ends) == 2)
    await servers.greet()
    await servers.say(rfb.update(pixels()))
    assert await watcher.news() == (WHOLE,)
    servers.ends[-1].close()
    await until(lambda: bool(watcher.viewer.problem))
