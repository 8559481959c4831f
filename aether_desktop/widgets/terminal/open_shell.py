"""One shell of the kernel, opened and ended; outlives the widget that shows it for as long as ending takes. Owned by `shell`."""

from __future__ import annotations

import asyncio

from aether_desktop.bridge.client import KernelClient
from aether_desktop.bridge.tasks import TaskOwner
from aether_desktop.widgets.terminal.closing import Running
from kernel.errors import AetherError
from kernel.protocol.tty import TtyClose, TtyForeground, TtyOpen

#: The longest folder that can be asked for.
MOST_CHARS = 4096


class OpenShell:
    """A shell of process `pid` (0: this machine). tasks: of somebody who lives as long as the window."""

    def __init__(self, client: KernelClient, tasks: TaskOwner, pid: int) -> None:
        self.tty_id = ""
        self._client = client
        self._tasks = tasks
        self._pid = pid
        self._over = False

    @property
    def over(self) -> bool:
        """Whether `end` was called."""
        return self._over

    async def open(self, columns: int, lines: int, folder: str) -> str:
        """Start it in a folder, "" for the home; its terminal, or "" when it was ended meanwhile. Raises AetherError."""
        reply = await self._client.execute(TtyOpen(pid=self._pid, cols=columns, rows=lines, cwd=folder[:MOST_CHARS]))
        self.tty_id = reply.tty_id
        if self._over:
            self._close()
            return ""
        return self.tty_id

    async def running(self) -> Running | None:
        """What its closing would interrupt; None where nothing is known of what is in front."""
        if not self.tty_id or self._over:
            return Running()
        try:
            reply = await self._client.execute(TtyForeground(tty_id=self.tty_id))
        except AetherError:
            return None
        if not reply.shell and not reply.name:
            return None
        return Running("" if reply.shell else reply.name, reply.background)

    def end(self) -> None:
        """End it and everything that runs in it; safe to repeat."""
        if not self._over:
            self._over = True
            self._close()

    def _close(self) -> None:
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            # The application has ended, and the kernel ends its terminals by itself.
            return
        if self.tty_id:
            self._tasks.spawn(self._client.execute(TtyClose(tty_id=self.tty_id)), name="close shell")
