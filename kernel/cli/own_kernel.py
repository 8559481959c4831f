"""A kernel of this process, for the time of a command: it serves the socket as any other, so that further commands join it.

Whoever joined must not suffer from that the command is done sooner: agents that others began are waited for, and whoever asks something
just now gets an answer. Used by `connection`, which holds the instance lock meanwhile.
"""

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from kernel.bus import Subscription
from kernel.errors import DiskFullError
from kernel.gateway.control import ControlServer
from kernel.gateway.instance import control_socket
from kernel.paths import Paths
from kernel.principal import LOCAL_USER
from kernel.protocol.base import Command, Event
from kernel.protocol.process import ProcessList, ProcessListed, ProcessResume, ProcessSpawn
from kernel.protocol.system import KernelStatus
from kernel.tasks import Scope

if TYPE_CHECKING:
    from kernel.kernel import Kernel

R = TypeVar("R")
POLL_S = 0.1
QUIET_S = 1.0
_BUSY = ("created", "running", "sleeping")


class OwnKernel:
    """A `Connection` to a kernel of this process; knows which agents it began or took up itself."""

    owns_kernel = True

    def __init__(self, kernel: Any) -> None:
        self._kernel = kernel
        self._own: set[int] = set()

    async def execute(self, command: Command[R]) -> R:
        """Carry out a command. Raises AetherError."""
        reply: R = await self._kernel.execute(command, LOCAL_USER)
        if isinstance(command, ProcessSpawn):
            self._own.add(getattr(reply, "pid"))  # noqa: B009  # the type of the reply follows from the command's
        elif isinstance(command, ProcessResume):
            self._own.add(command.pid)
        return reply

    async def others(self) -> int:
        """How many agents run here that this command has not begun."""
        listed = await self._kernel.execute(ProcessList(), LOCAL_USER)
        return sum(info.state in _BUSY and info.pid not in self._own for info in listed.processes)

    @asynccontextmanager
    async def events(self) -> AsyncIterator[AsyncIterator[Event]]:
        """The events from the moment of entering on."""
        wake = asyncio.Event()
        subscription = self._kernel.subscribe(LOCAL_USER, on_readable=wake.set)
        try:
            yield _taken(subscription, wake, self)
        finally:
            self._kernel.bus.unsubscribe(subscription)


@asynccontextmanager
async def own_kernel(paths: Paths, *, stays: bool, hurry: asyncio.Event | None) -> AsyncIterator[OwnKernel]:
    """Start it, serve, and end it behind the others' agents, also where the command has failed; at once where it was taken back.

    stays: see `connect`. hurry: once it is set nobody is waited for.
    """
    from kernel import log
    from kernel.bootstrap import build_kernel

    log.configure(paths.log_file)
    kernel = build_kernel(paths.root, os.environ, has_window=False, stays=stays)
    server = ControlServer(kernel, control_socket(paths.runtime), Scope("control"))
    try:
        await kernel.start()
    except DiskFullError as error:  # nobody stays to go on by itself
        raise DiskFullError(error.message, "Free some space and try again.") from error
    connection = OwnKernel(kernel)
    try:
        await server.start()
        for notice in (await kernel.execute(KernelStatus(), LOCAL_USER)).notices:
            print(f"aether: {notice}", file=sys.stderr)
        try:
            yield connection
        except Exception:
            await wait_for_others(connection, server, hurry or asyncio.Event())
            raise
        await wait_for_others(connection, server, hurry or asyncio.Event())
    finally:
        await _to_its_end(_stop(server, kernel))


async def wait_for_others(connection: OwnKernel, server: ControlServer, hurry: asyncio.Event) -> None:
    """Until no agent of anybody else runs here, and whoever joined had the time to leave or to ask the next; then nothing more begins."""
    told, busy_until = False, float("-inf")
    while not hurry.is_set():
        count = await connection.others()
        if count:
            busy_until = asyncio.get_running_loop().time()
            if not told:
                told = True
                _say_waiting(count)
        elif server.is_quiet(QUIET_S, since=busy_until):
            server.hold()
            if not await connection.others() and server.is_quiet(QUIET_S, since=busy_until):
                return
            server.go_on()
        await asyncio.sleep(POLL_S)


def _say_waiting(count: int) -> None:
    with contextlib.suppress(OSError):  # what cannot be printed is said at the command's end
        sys.stdout.flush()
    which, them = ("agent that runs", "it") if count == 1 else ("agents that run", "them")
    said = f"aether: waiting for {count} other {which} in this process; Ctrl+C ends the waiting and leaves {them} interrupted"
    print(said, file=sys.stderr, flush=True)


async def _stop(server: ControlServer, kernel: "Kernel") -> None:
    await server.stop()
    await kernel.stop()


async def _to_its_end(work: Coroutine[Any, Any, None]) -> None:
    """Wait for it, also where that is cancelled: a kernel that was stopped by half keeps its threads, and with them the whole process."""
    task = Scope("ending").spawn(work, name="work", awaited=True)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait((task,))
        except asyncio.CancelledError as error:
            cancelled = error
    task.result()
    if cancelled is not None:
        raise cancelled


async def _taken(subscription: Subscription, wake: asyncio.Event, connection: OwnKernel) -> AsyncIterator[Event]:
    """The events; where some were lost, what there is comes after those that were not, as it does over the socket."""
    while True:
        await wake.wait()
        wake.clear()
        events, gap = subscription.take()
        for event in events:
            yield event
        if gap:
            listed = await connection.execute(ProcessList())
            yield ProcessListed(processes=listed.processes, approvals=listed.approvals, seq=listed.seq)
