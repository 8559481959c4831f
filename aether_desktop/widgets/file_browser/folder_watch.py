"""Tells when something in the folder that is shown changes.

The kernel says what it and its agents' tools change; for the rest (commands, other programs) it is asked to watch the folder. The
watch is given back also when its widget is destroyed, so it is owned by the application.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication, QObject, QTimer, Signal

from aether_desktop.bridge.client import KernelClient
from aether_desktop.bridge.tasks import TaskOwner
from aether_desktop.widgets.file_browser.names import ROOT, lies_in, parent_of
from kernel.errors import AetherError
from kernel.protocol.base import Event
from kernel.protocol.fs import FsChanged, FsUnwatch, FsWatch
from kernel.protocol.process import ProcessSpawned

SETTLE_MS = 150
_TOO_WIDE = (ROOT, "/home", "/tmp")  # all agents' folders at once; what changes right in them the kernel itself says


class FolderWatch(QObject):
    """Follows one folder at a time."""

    changed = Signal()
    """Something right in the folder changed, or the folder itself; a burst is told once, 150 ms later."""

    def __init__(self, client: KernelClient, user: QObject) -> None:
        """user: the widget that is told; its end ends the watch."""
        super().__init__(QCoreApplication.instance())
        self._client = client
        self._folder = ""
        self._wanted = ""
        self._held = ""
        self._pursuing: asyncio.Task[None] | None = None
        self._over = False
        self._tasks = TaskOwner(self, self._on_error)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SETTLE_MS)
        self._timer.timeout.connect(self.changed)
        self._unsubscribe = client.subscribe(self._on_events, lambda: self._timer.start())
        user.destroyed.connect(self._end)

    def follow(self, folder: str) -> None:
        """Follow ``folder`` from now on, and no other."""
        self._folder = folder
        self._want("" if folder in _TOO_WIDE else folder)

    def _want(self, folder: str) -> None:
        self._wanted = folder
        if self._pursuing is None and self._wanted != self._held:
            self._pursuing = self._tasks.spawn(self._pursue(), name="fs.watch")
            self._pursuing.add_done_callback(lambda _task: self._on_pursued())

    async def _pursue(self) -> None:
        """One command after the other: the kernel counts, and a watch given back twice would be somebody else's."""
        while self._wanted != self._held:
            if self._held:
                held, self._held = self._held, ""
                await self._client.execute(FsUnwatch(path=held))
                continue
            wanted = self._wanted
            try:
                await self._client.execute(FsWatch(path=wanted))
            except AetherError:
                # Without it the kernel's own events remain, and F5.
                if self._wanted == wanted:
                    self._wanted = ""
                continue
            self._held = wanted

    def _on_pursued(self) -> None:
        self._pursuing = None
        if self._over:
            self.deleteLater()

    def _end(self) -> None:
        self._over = True
        self._unsubscribe()
        self._timer.stop()
        if self._held and self._client.connected and _loop_runs():
            self._want("")
        else:
            self._wanted = ""
        if self._pursuing is None:
            self.deleteLater()

    def _on_events(self, events: Sequence[Event]) -> None:
        if not self._timer.isActive() and any(self._concerns(event) for event in events):
            self._timer.start()

    def _concerns(self, event: Event) -> bool:
        if isinstance(event, FsChanged):
            return parent_of(event.path) == self._folder or lies_in(self._folder, event.path)
        return isinstance(event, ProcessSpawned) and self._folder in _TOO_WIDE

    def _on_error(self, error: BaseException) -> None:
        """A watch that cannot be given back ends with its folder."""
        if not isinstance(error, AetherError):
            raise error


def _loop_runs() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
