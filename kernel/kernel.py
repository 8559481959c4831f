"""The kernel's life: start, commands, events, staged shutdown. No domain logic.

Made by `bootstrap`; the window's bridge, the command line and the gateway hold one and call `execute` and `subscribe`.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from kernel.agents.terminals import ScreenSource
from kernel.bus import EventBus, Subscription
from kernel.clock import Clock
from kernel.heap import LoadedHeap
from kernel.log import get_logger
from kernel.principal import Principal
from kernel.protocol.base import Command
from kernel.protocol.system import KernelReady, ResponseError, ResponseOk
from kernel.router import Router
from kernel.tasks import Scope, StallMonitor

if TYPE_CHECKING:
    from kernel.vnc.viewer import DesktopViewer

R = TypeVar("R")
STALL_LIMIT_S = 0.05

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Stage:
    """A part of start-up or shutdown, named for the log."""

    name: str
    run: Callable[[], Awaitable[None]]


class Kernel:
    """start -> execute/subscribe -> stop.

    view_terminal: (tty id, on_readable, recent_bytes) -> the screen for one owner; the bytes never go over the bus.
    view_desktop: (pid, on_changed) -> a viewer of an agent's graphical desktop, which tells the problem where it cannot be seen.
    starting / stopping: the stages, in order. A stage of the shutdown that fails is logged and the next one runs.
    """

    def __init__(
        self,
        version: str,
        bus: EventBus,
        router: Router,
        clock: Clock,
        scope: Scope,
        view_terminal: Callable[[str, Callable[[], None], int], ScreenSource],
        view_desktop: "Callable[[int, Callable[[], None]], DesktopViewer]",
        starting: tuple[Stage, ...],
        stopping: tuple[Stage, ...],
    ) -> None:
        self.version = version
        self.bus = bus
        self._router = router
        self._clock = clock
        self._scope = scope
        self.view_terminal = view_terminal
        self.view_desktop = view_desktop
        self._starting = starting
        self._stopping = stopping
        self._stalls: list[float] = []
        self._monitor = StallMonitor(self._on_stall, limit_s=STALL_LIMIT_S)
        self._heap = LoadedHeap()
        self._stopped = False

    async def start(self) -> None:
        """Run the stages of start-up, then say kernel.ready. Raises AetherError; then nothing is left running."""
        try:
            for stage in self._starting:
                await stage.run()
        except BaseException:
            await self.stop()
            raise
        self._heap.start()
        self._monitor.start()
        self.bus.publish(KernelReady(version=self.version, uptime=0.0))

    async def stop(self) -> None:
        """Run the stages of shutdown; safe to repeat."""
        if self._stopped:
            return
        self._stopped = True
        self._monitor.stop()
        self._heap.stop()
        for stage in self._stopping:
            try:
                await stage.run()
            except Exception:  # noqa: BLE001  # edge: the other stages must still run
                _log.exception("shutdown: %s failed", stage.name)
        await self._scope.close()

    async def execute(self, command: Command[R], principal: Principal) -> R:
        """Carry out a command. Raises AetherError."""
        return await self._router.execute(command, principal)

    async def respond(self, data: bytes | str, principal: Principal) -> ResponseOk | ResponseError:
        """Carry out a command in JSON."""
        return await self._router.respond(data, principal)

    def subscribe(self, principal: Principal, *, on_readable: Callable[[], None] | None = None) -> Subscription:
        """A queue of the events that the principal may see."""
        return self.bus.subscribe(principal, on_readable=on_readable)

    def also_stop(self, stop: Callable[[], Awaitable[None]]) -> None:
        """Run `stop` first at shutdown (servers in front of this kernel)."""
        self._stopping = (Stage("front", stop), *self._stopping)

    @property
    def stalls(self) -> tuple[float, ...]:
        """Turns of the loop over 50 ms so far, in seconds."""
        return tuple(self._stalls)

    def _on_stall(self, seconds: float) -> None:
        self._stalls.append(seconds)
        _log.warning("the kernel's loop stood still for %.0f ms", seconds * 1000)
