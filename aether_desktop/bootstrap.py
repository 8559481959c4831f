"""The desktop's composition root: joins application, theme, kernel thread, stores, shell and apps, and ends them in order.

The only module beside `bridge.in_process` that knows both the window and the kernel.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication
from shiboken6 import isValid

from aether_desktop.apps.context import AppContext
from aether_desktop.bridge.in_process import InProcessClient, KernelThread
from aether_desktop.bridge.tasks import TaskOwner
from aether_desktop.event_loop import run_event_loop
from aether_desktop.shell.app_registry import AppManifest, AppRegistry
from aether_desktop.shell.appearance import Appearance
from aether_desktop.shell.desktop_search import DesktopSearch
from aether_desktop.shell.first_look import attach_all, first_look
from aether_desktop.shell.kernel_watch import KernelWatch
from aether_desktop.shell.launcher import Arguments
from aether_desktop.shell.layout import JsonLayoutStore
from aether_desktop.shell.leaving import Leaving
from aether_desktop.shell.main_window import MainWindow
from aether_desktop.shell.person_actions import PersonActions
from aether_desktop.shell.saving_watch import SavingWatch
from aether_desktop.shell.splash import BootSplash
from aether_desktop.shell.status import KernelState, ShellStatus, StatusFeed
from aether_desktop.stores import Stores, build_stores
from aether_desktop.theme.manager import ThemeManager
from aether_desktop.widgets.notice import Notice
from aether_desktop.widgets.terminal.factory import TerminalFactory
from aether_desktop.widgets.window_handle import WindowHandle
from kernel import log
from kernel.errors import AetherError
from kernel.gateway.instance import InstanceLock
from kernel.paths import Paths
from kernel.principal import LOCAL_USER
from kernel.protocol.base import Event
from kernel.protocol.process import standing_of
from kernel.protocol.system import DesktopRaiseRequested, KernelShutdownRequested, SettingsGet
from kernel.tasks import Scope

if TYPE_CHECKING:
    from kernel.kernel import Kernel

SETTLE_S = 3.0
"""How long the end waits for settings that are being written."""


def run_desktop(paths: Paths, environ: Mapping[str, str], lock: InstanceLock) -> int:
    """Open the desktop and stay until it is quit. Returns the exit code.

    lock: what keeps the folder for this instance; given back where the kernel cannot start.
    """
    recent = log.configure(paths.log_file)
    app = QApplication(sys.argv[:1])
    app.setApplicationName("Aether")
    app.setDesktopFileName("aether")
    desktop = DesktopApplication(app, paths, environ)
    desktop.client.became_ready.connect(lambda: lock.release() if desktop.client.failure is not None else None)
    logger = log.get_logger("desktop")

    def on_error(error: BaseException) -> None:
        logger.error("an error that nobody caught: %r", error, exc_info=error)
        desktop.show_error(error)

    code = run_event_loop(app, desktop.run, on_error, desktop.quit)
    del recent
    return code


class DesktopApplication(QObject):
    """The parts of the desktop and their order of start and end."""

    def __init__(self, app: QApplication, paths: Paths, environ: Mapping[str, str]) -> None:
        super().__init__()
        self._app = app
        self._first_frame_file = environ.get("AETHER_FIRST_FRAME_FILE", "")
        self._quitting = asyncio.Event()
        self._theme = ThemeManager(app)
        self._thread = KernelThread(lambda: start_kernel(paths, environ))
        self._client = InProcessClient(self._thread, LOCAL_USER, self)
        self._stores: Stores = build_stores(self._client, self)
        self._terminals = TerminalFactory(self._client, self)
        self._status = StatusFeed(parent=self)
        self._tasks = TaskOwner(self, self.show_error)
        self._appearance = Appearance(self._client, self._theme, self.show_error, self)
        self._window = MainWindow(
            AppRegistry(),
            self._status,
            JsonLayoutStore(paths.layout_file),
            self._theme,
            self._make_context,
            logging.getLogger("aether.desktop.shell"),
        )
        PersonActions(self._window, self._client, self._stores)
        SavingWatch(self._window, self._stores.kernel)
        DesktopSearch(self._window, self._client, self._stores)
        self._watch = KernelWatch(self)
        self._leaving = Leaving(self._window, self._stores.processes.living, self.quit, self._window.hide)
        self._splash = BootSplash(self._window)
        self._delayed: Notice | None = None
        self._connect()

    @property
    def client(self) -> InProcessClient:
        """The way to the kernel."""
        return self._client

    @property
    def window(self) -> MainWindow:
        """The desktop's window."""
        return self._window

    async def run(self) -> int:
        """Show the window, start the kernel, and wait for the end."""
        self._place_window()
        if self._first_frame_file:
            FirstFrame(self._app, self._first_frame_file)
        self._window.show()
        self._splash.set_progress("Starting the kernel", 0.3)
        # The kernel's thread competes with the first frame for the interpreter, so it starts right after it.
        QTimer.singleShot(0, self._thread.start)
        await self._quitting.wait()
        self._window.prepare_to_quit()
        self._window.hide()
        self._tasks.cancel()
        await self._let_writes_finish()
        await asyncio.to_thread(self._thread.stop)
        return 0

    def show_error(self, error: BaseException) -> None:
        """Say what happened on the desktop."""
        if isinstance(error, AetherError):
            self._window.notify(Notice(error.message, error.hint, "error"))
        else:
            self._window.notify(Notice("Something went wrong inside Aether.", "The log has the details.", "error"))

    async def _let_writes_finish(self) -> None:
        """Settings changed by the very closing of their window: the kernel answers only after those asked for before."""
        if self._client.connected:
            with contextlib.suppress(AetherError, TimeoutError):
                async with asyncio.timeout(SETTLE_S):
                    await asyncio.sleep(0)
                    await self._client.execute(SettingsGet())

    def _connect(self) -> None:
        self._client.became_ready.connect(self._on_kernel_ready)
        self._client.delayed.connect(self._on_kernel_delayed)
        self._client.subscribe(self._on_events)
        self._window.quit_requested.connect(self._leaving.ask)
        self._window.refresh_requested.connect(lambda: self._tasks.spawn(self._refresh(), name="refresh"))
        self._window.needs_you_clicked.connect(self._show_who_needs_you)
        self._window.kernel_clicked.connect(self._show_kernel)
        self._window.set_close_policy(self._may_close)
        self._app.aboutToQuit.connect(self._quitting.set)
        self._app.commitDataRequest.connect(self._leaving.end_of_session)
        self._watch.changed.connect(self._update_status)
        self._stores.processes.changed.connect(lambda _pids: self._update_status())
        self._stores.kernel.changed.connect(self._update_status)

    def _on_kernel_delayed(self) -> None:
        """There is no room for a start: the desktop is seen with the reason until there is."""
        delay = self._client.delay
        if delay is None:  # there is room already
            return
        self._splash.finish()
        self._delayed = Notice(delay.message, delay.hint, "error", action="Quit Aether")
        self._window.notify(self._delayed, self.quit)
        self._update_status()

    def _on_kernel_ready(self) -> None:
        if self._delayed is not None:
            self._window.notices.withdraw(self._delayed)
            self._delayed = None
        failure = self._client.failure
        if failure is not None:
            self._splash.finish()
            self._status.set_status(ShellStatus(kernel=KernelState.OFFLINE, kernel_detail=failure.message))
            self._window.notify(Notice(failure.message, failure.hint, "error", action="Quit Aether"), self.quit)
            return
        if isValid(self._splash):
            self._splash.set_progress("Reading what happened before", 0.7)
        self._tasks.spawn(self._begin(), name="begin")

    async def _begin(self) -> None:
        """The first look at the kernel, then the windows of the last time. What cannot be read is said; the desktop opens all the same."""
        self._tasks.spawn(self._terminals.preferences.load(), name="terminal.preferences")
        first_steps = await first_look(self._client, self._stores, self._appearance.take, self.show_error)
        restored = self._window.restore()
        if isValid(self._splash):
            self._splash.finish()
        self._update_status()
        if first_steps:
            self._window.open_app("first-run")
        elif not restored:
            self._window.open_app("mission-control")
        for text in self._stores.kernel.notices:
            self._window.notify(Notice("About this start", text, "attention"))

    async def _refresh(self) -> None:
        await attach_all(self._stores, self.show_error)
        self._update_status()

    def _on_events(self, events: Sequence[Event]) -> None:
        self._watch.heard()
        for event in events:
            if isinstance(event, DesktopRaiseRequested):
                self._window.come_forward()
            elif isinstance(event, KernelShutdownRequested):
                self.quit()

    def _update_status(self) -> None:
        living = self._stores.processes.living()
        running = sum(standing_of(view.info, view.approval is not None) == "working" for view in living)
        needs = len(self._stores.processes.needs_you())
        state, detail = KernelState.READY, ""
        if self._client.failure is not None:
            state, detail = KernelState.OFFLINE, self._client.failure.message
        elif self._client.delay is not None:
            state, detail = KernelState.OFFLINE, str(self._client.delay)
        elif not self._client.connected:
            state, detail = KernelState.OFFLINE, "The kernel has ended. Start Aether again."
        elif self._watch.silent:
            state, detail = KernelState.OFFLINE, "The kernel has not been heard of for half a minute."
        self._status.set_status(ShellStatus(kernel=state, kernel_detail=detail, needs_you=needs, running=running))
        self._window.set_badge("mission-control", str(needs) if needs else "")

    def _make_context(self, manifest: AppManifest, handle: WindowHandle, arguments: Arguments) -> AppContext:
        return AppContext(
            client=self._client,
            stores=self._stores,
            window=handle,
            arguments=dict(arguments),
            open_window=self._window.open_window,
            notify=self._window.notify_in(handle),
            theme=self._theme,
            terminals=self._terminals,
        )

    def _show_who_needs_you(self) -> None:
        waiting = self._stores.processes.needs_you()
        if not waiting:
            self._window.open_app("mission-control")
            return
        info = waiting[0].info
        pid = str(info.pid)
        self._window.open_window("agent-vm", (("pid", pid),), key=pid, title=f"{info.name} · {pid}")

    def _show_kernel(self) -> None:
        self._window.open_app("settings")

    def _may_close(self) -> bool:
        """Closing the native window is asking to quit: what is at work is not ended without a question."""
        self._leaving.ask()
        return False

    def quit(self) -> None:
        """End now, without a question: agents are interrupted and can be taken up again."""
        self._quitting.set()

    def _place_window(self) -> None:
        primary = self._app.primaryScreen()
        screens = [screen.availableGeometry() for screen in self._app.screens()]
        self._window.put_in_place(screens, primary.availableGeometry() if primary else None)


class FirstFrame(QObject):
    """Writes the time of the window's first painted frame into a file, for the benchmark of the start."""

    def __init__(self, app: QApplication, path: str) -> None:
        super().__init__(app)
        self._path = path
        app.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """See QObject: after the first paint event has been handled, the frame is on the screen."""
        if event.type() == QEvent.Type.Paint:
            self._app_of().removeEventFilter(self)
            QTimer.singleShot(0, self._write)
        return False

    @staticmethod
    def _app_of() -> QObject:
        app = QApplication.instance()
        assert app is not None
        return app

    def _write(self) -> None:
        Path(self._path).write_text(str(time.time()))
        self.deleteLater()


async def start_kernel(paths: Paths, environ: Mapping[str, str]) -> Kernel:
    """Build and start the kernel with its control socket; called on the kernel's thread."""
    from kernel.bootstrap import build_kernel
    from kernel.gateway.control import ControlServer
    from kernel.gateway.instance import control_socket

    kernel = build_kernel(paths.root, environ)
    server = ControlServer(kernel, control_socket(paths.runtime), Scope("control"))
    kernel.also_stop(server.stop)
    await kernel.start()
    try:
        await server.start()
    except BaseException:
        await kernel.stop()
        raise
    return kernel
