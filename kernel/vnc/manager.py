"""The owner of all graphical desktops: starts each in its agent's sandbox, watches it, starts it again, and connects viewers.

Made by `bootstrap`. The agents' side opens and leaves desktops (`open`, `ready`, `leave`) and hands in a `Place`, where programs run
without this module knowing of sandboxes; the window's bridge looks at them (`view`). Everything is on the kernel's loop.
"""

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from kernel.clock import Clock
from kernel.errors import AetherError, UnavailableError
from kernel.log import get_logger
from kernel.tasks import Scope
from kernel.vnc.display import PROGRAM_FOLDERS, READY_LINE, SOCKET_NAME, Find, last_words, missing, programs

if TYPE_CHECKING:
    import socket

    from kernel.vnc.connection import Budget
    from kernel.vnc.viewer import DesktopViewer

MOST_STARTS = 3
WITHIN_S = 60.0
START_TIMEOUT_S = 15.0
MANAGER_TIMEOUT_S = 3.0
OUTPUT_BYTES = 64 << 10  # of a server's output are read, then it is thrown away where it runs
KEPT_BYTES = 4096
SIGNALLED = 128  # an exit code above it is that of a program which a signal ended
AGAIN = "A new one is started at its next command, or when somebody looks at it."
NOT_YET = "Its desktop does not run just now."
TOO_OFTEN = f"It was started {MOST_STARTS} times within a minute; look again in a minute."
ENDED = "The agent has ended, and its desktop with it."

_log = get_logger(__name__)


class Status(Protocol):
    """How a program ended."""

    @property
    def code(self) -> int:
        """Its exit code, 128 + n for signal n."""
        ...

    @property
    def quota_exceeded(self) -> bool:
        """Whether it was ended since the agent's disk quota was used up."""
        ...

    @property
    def oom_killed(self) -> bool:
        """Whether it was ended for want of memory."""
        ...


class Program(Protocol):
    """A program that runs for a desktop; see `Execution` of the sandboxes."""

    async def read(self, limit: int = 65536) -> bytes:
        """The next output, b"" at its end."""
        ...

    async def wait(self) -> Status:
        """How it ended."""
        ...

    async def kill(self) -> None:
        """End it with everything that it started."""
        ...

    def close(self) -> None:
        """Read no more."""
        ...


class Place(Protocol):
    """Where the programs of an agent's desktop run."""

    @property
    def folder(self) -> Path:
        """The agent's private /tmp as this machine sees it; the agent may put anything there."""
        ...

    @property
    def paused(self) -> bool:
        """Whether everything there stands still."""
        ...

    @property
    def generation(self) -> object:
        """Another value after everything there was ended at once and begun anew; None while nothing runs."""
        ...

    async def passage(self) -> None:
        """Return when nothing stands still."""
        ...

    async def run(self, command: tuple[str, ...]) -> Program:
        """Start a program as a part of the place, once it does not stand still. Raises AetherError."""
        ...


@dataclass(frozen=True, slots=True)
class Absence:
    """Why a process has no desktop. ended: none will come."""

    problem: str
    ended: bool


@dataclass(eq=False, slots=True)
class _Desktop:
    """One agent's desktop. settled: set while it is up, and when it could not be started. begun: when it was started lately.

    generation: of its place, in which its server was started. again: its place was begun anew on purpose, and it has not followed yet.
    told: what people were told last of its failures since it was up.
    """

    pid: int
    place: Place | None = None
    work: asyncio.Task[None] | None = None
    settled: asyncio.Event = field(default_factory=asyncio.Event)
    up: bool = False
    problem: str = ""
    told: str = ""
    begun: list[float] = field(default_factory=list)
    generation: object = None
    again: bool = False
    views: list["DesktopViewer"] = field(default_factory=list)

    def looked_at(self) -> bool:
        """Whether anybody looks; forgets those who do no longer."""
        self.views = [viewer for viewer in self.views if not viewer.closed]
        return bool(self.views)


class Desktops:
    """Every agent's desktop, by pid.

    size: of one that starts now, such as "1280x800". tell: says (pid, message, hint) to people. absence: why a process can have none now.
    find: the path of a program inside, None where there is none.
    """

    def __init__(
        self,
        clock: Clock,
        scope: Scope,
        size: Callable[[], str],
        tell: Callable[[int, str, str], Awaitable[None]],
        absence: Callable[[int], Absence | None],
        find: Find | None = None,
    ) -> None:
        self._clock = clock
        self._scope = scope
        self._size = size
        self._tell = tell
        self._absence = absence
        self._find = find or find_program
        self._desktops: dict[int, _Desktop] = {}
        self._budget: Budget | None = None  # made for the first viewer

    @property
    def problem(self) -> str:
        """Why no agent can have a desktop on this machine, and what to do; "" where they can. Looks at a few files."""
        return missing(self._find)

    @property
    def size(self) -> str:
        """Size of a desktop that starts now, in pixels."""
        return self._size()

    # The agents' side

    def open(self, pid: int, place: Place) -> None:
        """An agent with a desktop begins or goes on: start it."""
        desktop = self._of(pid)
        desktop.place = place
        desktop.begun.clear()
        self._ensure(desktop)

    def renew(self, pid: int) -> None:
        """Its place was begun anew on purpose: so is the desktop."""
        desktop = self._desktops.get(pid)
        if desktop is not None and desktop.place is not None:
            desktop.begun.clear()
            desktop.again = _left_behind(desktop, desktop.place)
            self._ensure(desktop)

    async def ready(self, pid: int) -> None:
        """Start it where it does not run, and return when it is up, or when it cannot be had now."""
        desktop = self._desktops.get(pid)
        if desktop is None or desktop.place is None or desktop.up:
            return
        self._ensure(desktop)
        with suppress(TimeoutError):
            async with asyncio.timeout(START_TIMEOUT_S):
                await desktop.settled.wait()

    async def leave(self, pid: int) -> None:
        """The agent's run is over, or interrupted: start nothing more there. What runs ends with its place; safe to repeat."""
        desktop = self._desktops.get(pid)
        if desktop is None:
            return
        desktop.place, work = None, desktop.work
        if work is not None and not work.done():
            work.cancel()
            await asyncio.wait((work,))
        if desktop.place is None and not desktop.looked_at() and self._desktops.get(pid) is desktop:
            del self._desktops[pid]

    def proceed(self, pid: int) -> None:
        """The agent stood still and goes on: viewers that gave up meanwhile look again."""
        desktop = self._desktops.get(pid)
        if desktop is not None and desktop.up:
            _renew(desktop, lambda viewer: bool(viewer.problem))

    def forget(self, pid: int) -> None:
        """The agent has ended: tell those who look."""
        desktop = self._desktops.pop(pid, None)
        if desktop is not None:
            for viewer in desktop.views:
                viewer.end(ENDED)

    async def close(self) -> None:
        """End all viewers and stop watching."""
        for desktop in tuple(self._desktops.values()):
            for viewer in tuple(desktop.views):
                viewer.close()
        self._desktops.clear()
        await self._scope.close()

    # Who looks

    def view(self, pid: int, on_changed: Callable[[], None]) -> "DesktopViewer":
        """A viewer of an agent's desktop; of one that cannot be shown it tells why. on_changed: see `DesktopViewer`."""
        from kernel.vnc.connection import Budget
        from kernel.vnc.viewer import DesktopViewer

        self._budget = self._budget or Budget()
        viewer = DesktopViewer(lambda: self._connect(pid), self._scope, on_changed, self._budget)
        absence = self._absence(pid)
        if absence is not None and absence.ended:
            viewer.end(absence.problem)
            return viewer
        desktop = self._of(pid)
        desktop.looked_at()
        desktop.views.append(viewer)
        viewer.start()
        return viewer

    async def _connect(self, pid: int) -> "socket.socket":
        """A connection to a desktop that is up, once it is and the agent does not stand still. Raises AetherError with what to tell."""
        from kernel.vnc.endpoint import connect

        desktop, absence = self._desktops.get(pid), self._absence(pid)
        if absence is not None:
            raise UnavailableError(absence.problem)
        if desktop is None:
            raise UnavailableError(NOT_YET)
        self._ensure(desktop)  # nothing yet where the agent is just being started: it is waited for
        await desktop.settled.wait()
        if desktop.up and desktop.place is not None:
            await desktop.place.passage()
        if not desktop.up or desktop.place is None:
            raise UnavailableError(desktop.problem or NOT_YET)
        return await connect(desktop.place.folder, SOCKET_NAME)

    # The desktops

    def _of(self, pid: int) -> _Desktop:
        return self._desktops.setdefault(pid, _Desktop(pid))

    def _ensure(self, desktop: _Desktop) -> None:
        """Start it unless it runs, is being started, or was started too often."""
        if desktop.place is None or (desktop.work is not None and not desktop.work.done()):
            return
        if not self._may_start(desktop):
            desktop.settled.set()
            return
        desktop.settled.clear()
        desktop.work = self._scope.spawn(self._keep(desktop, desktop.place), name=f"desktop-{desktop.pid}")

    def _may_start(self, desktop: _Desktop) -> bool:
        now = self._clock.monotonic()
        desktop.begun = [begun for begun in desktop.begun if now - begun < WITHIN_S]
        if len(desktop.begun) < MOST_STARTS:
            return True
        if TOO_OFTEN not in desktop.problem:
            desktop.problem = f"{desktop.problem.removesuffix(AGAIN).strip()} {TOO_OFTEN}".strip()
        return False

    async def _keep(self, desktop: _Desktop, place: Place) -> None:
        """Run it, and again where it ended although somebody looks at it, or together with its place, which was begun anew."""
        was_seen = False
        try:
            while True:
                was_up = await self._run(desktop, place)
                was_seen = was_seen or was_up
                wanted = desktop.again or (was_up and desktop.looked_at())
                if not wanted or not self._may_start(desktop):
                    break
        finally:
            desktop.up = False
            desktop.settled.set()
        if was_seen:
            _renew(desktop)  # who looks is told why there is none any more

    async def _run(self, desktop: _Desktop, place: Place) -> bool:
        """Start it and stay until it has ended. Whether it was up."""
        desktop.begun.append(self._clock.monotonic())
        desktop.problem, desktop.again, desktop.generation = "", False, place.generation
        try:
            server = await self._start(desktop, place)
        except AetherError as error:
            desktop.again = desktop.again or _left_behind(desktop, place)
            if not desktop.again:
                self._failed(desktop, f"Its graphical desktop could not be started: {error.message}", error.hint or AGAIN)
            return False
        desktop.up, desktop.told = True, ""
        desktop.settled.set()
        _renew(desktop)
        why = await server.wait_ended()
        desktop.up = False
        desktop.settled.clear()
        if _left_behind(desktop, place):
            desktop.problem = NOT_YET  # that all of its place went is told elsewhere
        else:
            self._failed(desktop, f"Its graphical desktop ended{why}; the windows on it are gone.", AGAIN)
        return True

    async def _start(self, desktop: _Desktop, place: Place) -> "_Running":
        """A server that is up, with its window manager. Raises AetherError."""
        if self.problem:
            raise UnavailableError(self.problem)
        parts = programs(self._size(), self._find)
        server = _Running(await place.run(parts.server), self._scope)
        desktop.generation = place.generation
        try:
            await server.wait_ready(place, START_TIMEOUT_S)
            managing = _Running(await place.run(parts.manager), self._scope)
            try:
                with suppress(UnavailableError):  # windows without frames are better than none
                    await managing.wait_ready(place, MANAGER_TIMEOUT_S)
            finally:
                managing.drop()
        except AetherError:
            await server.end()
            raise
        except BaseException:
            server.drop()
            raise
        return server

    def _failed(self, desktop: _Desktop, message: str, hint: str) -> None:
        """Tell people; of a start that fails again and again for the same reason once."""
        desktop.problem = f"{message} {hint}".strip()
        again, desktop.told = desktop.told == message, message
        if not again and not self._scope.closed:
            self._scope.spawn(self._say(desktop.pid, message, hint), name=f"desktop-notice-{desktop.pid}")

    async def _say(self, pid: int, message: str, hint: str) -> None:
        try:
            await self._tell(pid, message, hint)
        except AetherError as error:  # the agent may be gone by now
            _log.warning("nobody was told of the desktop of agent %d (%s): %s", pid, message, error)


def _renew(desktop: _Desktop, which: "Callable[[DesktopViewer], bool]" = lambda viewer: True) -> None:
    """Have those who look connect anew."""
    for viewer in tuple(desktop.views):
        if which(viewer):
            viewer.renew()


def _left_behind(desktop: _Desktop, place: Place) -> bool:
    """Whether the place in which it was started is another one now, or none."""
    return desktop.generation is not None and desktop.generation != place.generation


class _Running:
    """A program that was started. Its output is read as far as it is needed to tell whether it is ready and why it ended."""

    def __init__(self, program: Program, scope: Scope) -> None:
        self._program = program
        self._ready = False
        self._decided = asyncio.Event()
        self._said = b""
        self._listening = scope.spawn(self._listen(), name="desktop-output")

    async def _listen(self) -> None:
        read = 0
        try:
            while read < OUTPUT_BYTES and (chunk := await self._program.read(KEPT_BYTES)):
                read += len(chunk)
                self._said = (self._said + chunk)[-KEPT_BYTES:]
                if not self._ready and READY_LINE.encode() in self._said.splitlines():
                    self._ready = True
                    self._decided.set()
        finally:
            self._decided.set()
            self._program.close()

    async def wait_ready(self, place: Place, longest_s: float) -> None:
        """Return when it says that it is ready. Raises UnavailableError where it ended first, or takes too long."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(longest_s):
                    await self._decided.wait()
            if self._ready:
                return
            if self._decided.is_set():
                raise UnavailableError(f"{last_words(self._said) or 'it ended at once'}.")
            if not place.paused:
                raise UnavailableError(f"it was not there after {longest_s:g} s.")
            await place.passage()

    async def wait_ended(self) -> str:
        """Return when it has ended: why, to be put behind a word, with a space before it; "" where nothing is known."""
        status = await self._program.wait()
        if status.quota_exceeded:
            return " since the disk quota is used up"
        if status.oom_killed:
            return " for want of memory"
        if status.code == 0:
            return ", as it was told to"
        if status.code > SIGNALLED:
            return f" (signal {status.code - SIGNALLED})"
        words = last_words(self._said)
        return f" ({words})" if words else f" with exit code {status.code}"

    async def end(self) -> None:
        """End it."""
        await self._program.kill()
        self.drop()

    def drop(self) -> None:
        """Leave it; the place ends it."""
        self._listening.cancel()
        self._program.close()


def find_program(name: str) -> str | None:
    """The path of a program of this machine's system, None where it is not installed."""
    return shutil.which(name, path=PROGRAM_FOLDERS)
