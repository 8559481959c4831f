"""An interactive shell in a terminal widget: opened, typed into, resized and ended through the kernel's tty commands."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from aether_desktop.bridge.client import KernelClient, TerminalFeed
from aether_desktop.bridge.tasks import TaskOwner
from aether_desktop.widgets.terminal.view import TerminalView
from kernel.protocol.tty import TtyClose, TtyInput, TtyOpen, TtyResize


class ShellView(QWidget):
    """One shell. pid 0 is this machine, another an agent's sandbox."""

    finished = Signal()
    """The shell ended by itself, or could not be opened."""

    def __init__(self, client: KernelClient, tasks: TaskOwner, pid: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._client = client
        self._tasks = tasks
        self._pid = pid
        self._tty_id = ""
        self._over = False
        self._feed: TerminalFeed | None = None
        self.view = TerminalView(self._type)
        self.view.size_changed.connect(self._resize)
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
        self.view.close_feed()
        if self._tty_id:
            self._tasks.spawn(self._client.execute(TtyClose(tty_id=self._tty_id)), name="close shell")
            self._tty_id = ""

    async def _open(self) -> None:
        columns, lines = self.view.grid_size()
        try:
            reply = await self._client.execute(TtyOpen(pid=self._pid, cols=columns, rows=lines))
        except Exception:
            self.finished.emit()
            raise
        self._tty_id = reply.tty_id
        if self._over:
            self.end()
            return
        self._feed = self._client.open_terminal(reply.tty_id, self._on_readable)
        self.view.set_feed(self._feed)
        self._resize(*self.view.grid_size())

    def _on_readable(self) -> None:
        self.view.on_readable()
        if self._feed is not None and self._feed.ended and not self._over:
            self.finished.emit()

    def _type(self, data: bytes) -> None:
        if self._tty_id and data:
            text = data.decode("utf-8", errors="surrogateescape")
            self._tasks.spawn(self._client.execute(TtyInput(tty_id=self._tty_id, data=text)), name="type")

    def _resize(self, columns: int, lines: int) -> None:
        if self._tty_id:
            self._tasks.spawn(self._client.execute(TtyResize(tty_id=self._tty_id, cols=columns, rows=lines)), name="resize")
