"""An interactive shell in a terminal widget: opened and ended through the kernel's tty commands."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from aether_desktop.bridge.client import KernelClient
from aether_desktop.bridge.tasks import TaskOwner
from aether_desktop.widgets.terminal.factory import TerminalFactory
from kernel.protocol.tty import TtyClose, TtyOpen


class ShellView(QWidget):
    """One shell. pid 0 is this machine, another an agent's sandbox."""

    finished = Signal()
    """The shell ended by itself, or could not be opened."""

    def __init__(
        self,
        client: KernelClient,
        terminals: TerminalFactory,
        tasks: TaskOwner,
        pid: int,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._client = client
        self._terminals = terminals
        self._tasks = tasks
        self._pid = pid
        self._tty_id = ""
        self._over = False
        self.view = terminals.view(interactive=True, parent=self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.view)
        self.setFocusProxy(self.view)

    def start(self) -> None:
        """Open the shell."""
        self._tasks.spawn(self._open(), name="open shell")
        self.view.setFocus()

    def end(self) -> None:
        """End the shell and everything that runs in it."""
        self._over = True
        self.view.set_session(None)
        if self._tty_id:
            self._tasks.spawn(self._client.execute(TtyClose(tty_id=self._tty_id)), name="close shell")
            self._tty_id = ""

    async def _open(self) -> None:
        columns, lines = self.view.grid.size()
        try:
            reply = await self._client.execute(TtyOpen(pid=self._pid, cols=columns, rows=lines))
        except Exception:
            self.finished.emit()
            raise
        self._tty_id = reply.tty_id
        if self._over:
            self.end()
            return
        session = self._terminals.open(reply.tty_id)
        session.finished.connect(self._on_finished)
        self.view.set_session(session)

    def _on_finished(self) -> None:
        if not self._over:
            self.finished.emit()
