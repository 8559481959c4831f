"""Assistive technology for tests: a session bus with the accessibility bus on it, and a client that sees what a screen reader sees.

What it starts, it ends.
"""

import asyncio
import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dbus_fast import Message, MessageType
from dbus_fast.aio import MessageBus

LAUNCHERS = ("/usr/libexec/at-spi-bus-launcher", "/usr/lib/at-spi2-core/at-spi-bus-launcher", "/usr/lib/at-spi-bus-launcher")
REGISTRY = "org.a11y.atspi.Registry"
ACCESSIBLE, ACTION, COMPONENT, TEXT = (f"org.a11y.atspi.{name}" for name in ("Accessible", "Action", "Component", "Text"))
ROOT_PATH = "/org/a11y/atspi/accessible/root"
NO_PATH = "/org/a11y/atspi/null"
FOCUSABLE, FOCUSED, SHOWING = 11, 12, 25
ON_SCREEN = 0
LINE = 3
PATIENCE_S = 10.0

#: What the bus says of something that has gone since it was seen.
GONE = "org.freedesktop.DBus.Error.UnknownObject"

Place = tuple[str, str]


class GoneError(Exception):
    """It is not there any more."""


@contextmanager
def assistive(env: dict[str, str]) -> Iterator[dict[str, str]]:
    """The environment in which programs are watched by assistive technology. env: as `tests.xvfb.screen` gives it."""
    launcher = next((path for path in LAUNCHERS if Path(path).exists()), None)
    assert launcher is not None and shutil.which("dbus-daemon"), "at-spi2-core or dbus is missing; `make test` installs them"
    with tempfile.TemporaryDirectory(prefix="aether-at-spi-") as folder:
        reading, writing = os.pipe()
        command = ["dbus-daemon", "--session", "--nofork", f"--print-address={writing}"]
        env = {name: value for name, value in env.items() if name != "AT_SPI_BUS_ADDRESS"} | {"XDG_RUNTIME_DIR": folder}
        started = [subprocess.Popen(command, env=env, pass_fds=(writing,), stderr=subprocess.DEVNULL)]
        os.close(writing)
        try:
            with os.fdopen(reading) as addresses:
                env["DBUS_SESSION_BUS_ADDRESS"] = addresses.readline().strip()
            quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
            started.append(subprocess.Popen([launcher, "--launch-immediately"], env=env, **quiet))
            yield {**env, "QT_LINUX_ACCESSIBILITY_ALWAYS_ON": "1"}
        finally:
            for process in reversed(started):
                process.terminate()
                process.wait(10)


@dataclass
class Thing:
    """What a screen reader knows of something on the screen."""

    place: Place
    role: str
    name: str
    states: int
    things: list["Thing"] = field(default_factory=list)

    def has(self, state: int) -> bool:
        """Whether it is in a state, by the state's number."""
        return bool(self.states >> state & 1)

    def all(self) -> "Iterator[Thing]":
        """It and all that is in it."""
        yield self
        for thing in self.things:
            yield from thing.all()


class Reader:
    """A screen reader of one application. heard: the announcements so far."""

    def __init__(self, bus: MessageBus, place: Place) -> None:
        self._bus = bus
        self._root = place
        self.heard: list[str] = []

    async def ask(self, place: Place, interface: str, member: str, signature: str = "", *body: object) -> Any:
        """Call a method of something; its answer, or a list of them where there are several."""
        return await _ask(self._bus, place, interface, member, signature, *body)

    async def get(self, place: Place, interface: str, name: str) -> Any:
        """A property of something."""
        return (await self.ask(place, "org.freedesktop.DBus.Properties", "Get", "ss", interface, name)).value

    async def look(self, place: Place | None = None) -> Thing:
        """All that there is, or what there is in something. Raises GoneError."""
        place = place or self._root
        role, name, states, children = await asyncio.gather(
            self.ask(place, ACCESSIBLE, "GetRoleName"),
            self.get(place, ACCESSIBLE, "Name"),
            self.ask(place, ACCESSIBLE, "GetState"),
            self.ask(place, ACCESSIBLE, "GetChildren"),
        )
        things = [await self.look((bus, path)) for bus, path in children if path != NO_PATH]
        return Thing(place, role, name, states[0] | states[1] << 32, things)

    async def whole(self) -> Thing:
        """All that there is, once nothing of it goes while it is looked at."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                with contextlib.suppress(GoneError):
                    return await self.look()
                await asyncio.sleep(0.05)

    async def find(self, role: str, name: str = "") -> Thing:
        """The first thing that shows with this role and a name that begins so; waits for it."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                for thing in (await self.whole()).all():
                    if thing.role == role and thing.name.startswith(name) and thing.has(SHOWING):
                        return thing
                await asyncio.sleep(0.1)

    async def press(self, name: str) -> None:
        """Press a button."""
        assert await self.ask((await self.find("push button", name)).place, ACTION, "DoAction", "i", 0)

    async def text(self, place: Place, start: int = 0, end: int = -1) -> str:
        """A part of the text of something; all of it by default."""
        shown: str = await self.ask(place, TEXT, "GetText", "ii", start, end)
        return shown

    async def listen(self) -> None:
        """Hear announcements from now on."""
        self._bus.add_message_handler(self._on_message)
        rule = "type='signal',interface='org.a11y.atspi.Event.Object',member='Announcement'"
        await _ask(self._bus, ("org.freedesktop.DBus", "/org/freedesktop/DBus"), "org.freedesktop.DBus", "AddMatch", "s", rule)
        await self.ask((REGISTRY, "/org/a11y/atspi/registry"), REGISTRY, "RegisterEvent", "s", "object:announcement")

    def _on_message(self, message: Message) -> None:
        if message.message_type is MessageType.SIGNAL and message.member == "Announcement":
            self.heard.append(str(message.body[3].value))


@asynccontextmanager
async def reader(env: dict[str, str], application: str) -> AsyncIterator[Reader]:
    """A screen reader of the application with this name, once it is there."""
    session = await MessageBus(bus_address=env["DBUS_SESSION_BUS_ADDRESS"]).connect()
    address = await _until(lambda: _ask(session, ("org.a11y.Bus", "/org/a11y/bus"), "org.a11y.Bus", "GetAddress"))
    bus = await MessageBus(bus_address=address).connect()
    try:
        yield Reader(bus, await _until(lambda: _application(bus, application)))
    finally:
        bus.disconnect()
        session.disconnect()


async def _application(bus: MessageBus, name: str) -> Place | None:
    for owner, path in await _ask(bus, (REGISTRY, ROOT_PATH), ACCESSIBLE, "GetChildren"):
        found = await _ask(bus, (owner, path), "org.freedesktop.DBus.Properties", "Get", "ss", ACCESSIBLE, "Name")
        if found.value == name:
            return owner, path
    return None


async def _until(look: Callable[[], Any]) -> Any:
    async with asyncio.timeout(PATIENCE_S):
        while not (found := await look()):
            await asyncio.sleep(0.05)
        return found


async def _ask(bus: MessageBus, place: Place, interface: str, member: str, signature: str = "", *body: object) -> Any:
    message = Message(
        destination=place[0], path=place[1], interface=interface, member=member, signature=signature, body=list(body)
    )
    reply = await asyncio.wait_for(bus.call(message), PATIENCE_S)
    if reply is not None and reply.error_name == GONE:
        raise GoneError(place, member)
    assert reply is not None and reply.message_type is MessageType.METHOD_RETURN, (place, member, reply and reply.body)
    return reply.body[0] if len(reply.body) == 1 else reply.body
