"""The kernel in this process, on its own thread; the one place where the two loops meet.

`KernelThread` runs the kernel's loop; `InProcessClient` sends commands across (awaited), and brings events back in one batch a frame
through one queued signal. Made by `aether_desktop.bootstrap`; nobody else may touch the kernel's objects from the GUI thread.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from PySide6.QtCore import QObject, QTimer, Signal

from aether_desktop.bridge.client import DesktopFeed, EventListener, TerminalFeed, Unsubscribe
from kernel.errors import AetherError, DiskFullError, UnavailableError
from kernel.log import get_logger
from kernel.principal import Principal
from kernel.protocol.base import Command, Event

if TYPE_CHECKING:
    from kernel.kernel import Kernel

R = TypeVar("R")
FRAME_MS = 16
STOP_TIMEOUT_S = 15.0
ROOM_RETRY_S = 2.0
KernelFactory = Callable[[], Awaitable["Kernel"]]
Entry = tuple[EventListener, Callable[[], None] | None]


class KernelThread:
    """Owns the kernel's thread from `start` to `stop`. A start for which the disk has no room is tried again until there is some.

    factory: builds and starts the kernel, on the new thread's loop.
    """

    def __init__(self, factory: KernelFactory) -> None:
        self._factory = factory
        self._thread = threading.Thread(target=self._main, name="aether-kernel", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._kernel: Kernel | None = None
        self._error: BaseException | None = None
        self._delay: DiskFullError | None = None
        self._ready = threading.Event()
        self._stop: asyncio.Event | None = None
        self._on_ready: list[Callable[[], None]] = []

    def start(self) -> None:
        """Begin; `on_ready` says when the kernel takes commands."""
        self._thread.start()

    def on_ready(self, listener: Callable[[], None]) -> None:
        """Call `listener` on the kernel's thread when it is ready, has failed, or has to wait (`delay`); call before `start`."""
        self._on_ready.append(listener)

    @property
    def kernel(self) -> Kernel:
        """The running kernel. Raises what made it fail."""
        if self._error is not None:
            raise self._error
        if self._delay is not None:
            raise UnavailableError(self._delay.message, self._delay.hint)
        if self._kernel is None:
            raise UnavailableError("The kernel is still starting.", "Try again in a moment.")
        return self._kernel

    @property
    def error(self) -> BaseException | None:
        """What made the start fail."""
        return self._error

    @property
    def delay(self) -> AetherError | None:
        """What the start waits for, None where it does not."""
        return self._delay

    @property
    def running(self) -> bool:
        """Whether commands are taken."""
        return self._kernel is not None and self._thread.is_alive()

    def submit(self, coroutine: Coroutine[Any, Any, R]) -> asyncio.Future[R]:
        """Run a coroutine on the kernel's loop; the returned future belongs to the caller's loop."""
        if self._loop is None or not self._thread.is_alive():
            coroutine.close()
            raise UnavailableError("The kernel is not running.", "Start Aether again.")
        return asyncio.wrap_future(asyncio.run_coroutine_threadsafe(coroutine, self._loop))

    def call(self, function: Callable[..., object], *arguments: object) -> None:
        """Call a function on the kernel's loop, soon."""
        if self._loop is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(function, *arguments)

    def stop(self) -> None:
        """Shut the kernel down and wait for its thread."""
        if self._loop is not None and self._stop is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
        if self._thread.is_alive():
            self._thread.join(STOP_TIMEOUT_S)

    def _main(self) -> None:
        with asyncio.Runner(loop_factory=_new_loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        kernel = await self._begin(self._stop)
        if kernel is None:
            return
        self._kernel = kernel
        self._announce()
        await self._stop.wait()
        self._kernel = None
        await kernel.stop()

    async def _begin(self, stop: asyncio.Event) -> Kernel | None:
        """The kernel, as soon as there is room for it; None where it cannot start, or where it is to stop before it has."""
        while not stop.is_set():
            try:
                kernel = await self._factory()
            except DiskFullError as error:
                first, self._delay = self._delay is None, error
                if first:
                    self._announce()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(ROOM_RETRY_S):
                        await stop.wait()
                continue
            except Exception as error:  # noqa: BLE001  # edge: the window tells the person why there is no kernel
                self._error, self._delay = error, None
                self._announce()
                return None
            self._delay = None
            return kernel
        return None

    def _announce(self) -> None:
        self._ready.set()
        for listener in self._on_ready:
            listener()


class InProcessClient(QObject):
    """A `KernelClient` whose kernel is a `KernelThread`.

    principal: on whose behalf commands are sent. became_ready: the kernel takes commands, or never will (`failure` says why).
    delayed: its start waits for room on the disk (`delay` says why); it goes on by itself.
    """

    became_ready = Signal()
    delayed = Signal()
    _wake = Signal()

    def __init__(self, thread: KernelThread, principal: Principal, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thread = thread
        self._principal = principal
        self._listeners: list[Entry] = []
        self._subscription: Any = None
        self._pending = False
        self._last_batch = 0.0
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._deliver)
        self._wake.connect(self._on_wake)
        thread.on_ready(self._on_kernel_ready)

    @property
    def connected(self) -> bool:
        """Whether the kernel takes commands."""
        return self._thread.running

    @property
    def failure(self) -> AetherError | None:
        """Why there is no kernel, where it failed to start."""
        error = self._thread.error
        if error is None or isinstance(error, AetherError):
            return error
        return AetherError(f"The kernel could not start: {error!r}.", "`aether doctor` looks for the cause.")

    @property
    def delay(self) -> AetherError | None:
        """What the kernel's start waits for, None where it does not."""
        return self._thread.delay

    @property
    def absence(self) -> AetherError | None:
        """See `KernelClient.absence`."""
        return self.failure or self.delay

    async def execute(self, command: Command[R]) -> R:
        """See `KernelClient.execute`."""
        if (failure := self.failure) is not None:
            raise failure
        return await self._thread.submit(self._thread.kernel.execute(command, self._principal))

    def subscribe(self, listener: EventListener, on_gap: Callable[[], None] | None = None) -> Unsubscribe:
        """See `KernelClient.subscribe`."""
        entry = (listener, on_gap)
        self._listeners.append(entry)

        def unsubscribe() -> None:
            if entry in self._listeners:
                self._listeners.remove(entry)

        return unsubscribe

    def open_terminal(
        self, tty_id: str, on_readable: Callable[[], None], *, recent_bytes: int = 0
    ) -> TerminalFeed:
        """See `KernelClient.open_terminal`."""
        from aether_desktop.bridge.terminal_feed import InProcessTerminalFeed

        return InProcessTerminalFeed(self._thread, tty_id, on_readable, self, recent_bytes)

    def open_desktop(self, pid: int, on_changed: Callable[[], None]) -> DesktopFeed:
        """See `KernelClient.open_desktop`."""
        from aether_desktop.bridge.desktop_feed import InProcessDesktopFeed

        return InProcessDesktopFeed(self._thread, pid, on_changed, self)

    def _on_kernel_ready(self) -> None:
        """On the kernel's thread."""
        if self._thread.delay is not None:
            self.delayed.emit()
            return
        if self._thread.running:
            self._subscription = self._thread.kernel.subscribe(self._principal, on_readable=self._on_readable)
        self.became_ready.emit()

    def _on_readable(self) -> None:
        """On the kernel's thread, for every event: one wake-up is under way at most."""
        if not self._pending:
            self._pending = True
            self._wake.emit()

    def _on_wake(self) -> None:
        elapsed_ms = (time.monotonic() - self._last_batch) * 1000
        self._timer.start(max(0, int(FRAME_MS - elapsed_ms)))

    def _deliver(self) -> None:
        self._last_batch = time.monotonic()
        self._pending = False
        events, gap = self._subscription.take()
        for entry in tuple(self._listeners):
            if entry in self._listeners:  # one before it may have ended its subscription
                self._tell(entry, events, gap)

    @staticmethod
    def _tell(entry: Entry, events: Sequence[Event], gap: bool) -> None:
        listener, on_gap = entry
        try:
            if gap and on_gap is not None:
                on_gap()
            if events:
                listener(events)
        except Exception:  # noqa: BLE001  # edge: a fault of one store must not take the batch from those behind it
            get_logger("desktop.bridge").exception("A listener failed over %d events", len(events))


def _new_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()
