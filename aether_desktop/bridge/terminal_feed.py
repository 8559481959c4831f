"""A terminal's bytes for one viewer in the window.

An agent's own terminal (`tty-<pid>-0`) is read from its record at the viewer's own position; an interactive one through its bounded
channel, whose back-pressure holds the program up while the window is behind. Made by `InProcessClient.open_terminal`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from kernel.errors import AetherError

if TYPE_CHECKING:
    from aether_desktop.bridge.in_process import KernelThread
    from kernel.agents.console import Console
    from kernel.tty.channel import ByteChannel


class InProcessTerminalFeed(QObject):
    """Implements `TerminalFeed`. on_readable is called on the GUI thread when bytes wait, once until they are taken."""

    _wake = Signal()

    def __init__(self, thread: KernelThread, tty_id: str, on_readable: Callable[[], None], parent: QObject) -> None:
        super().__init__(parent)
        self._thread = thread
        self._tty_id = tty_id
        self._on_readable = on_readable
        self._channel: ByteChannel | None = None
        self._console: Console | None = None
        self._stop_listening: Callable[[], None] | None = None
        self._position = 0
        self._pending = False
        self._closed = False
        self._failed = False
        self._wake.connect(self._on_wake)
        thread.call(self._attach)

    @property
    def ended(self) -> bool:
        """See `TerminalFeed.ended`."""
        if self._failed or self._closed:
            return True
        return self._channel is not None and self._channel.state.ended

    def take(self, max_bytes: int) -> bytes:
        """See `TerminalFeed.take`."""
        self._pending = False
        if self._console is not None:
            data, self._position = self._console.read(self._position, max_bytes)
            return data
        return self._channel.take(max_bytes) if self._channel is not None else b""

    def close(self) -> None:
        """See `TerminalFeed.close`."""
        if self._closed:
            return
        self._closed = True
        self._thread.call(self._detach)
        self.deleteLater()

    def _attach(self) -> None:
        """On the kernel's thread."""
        if self._closed:
            return
        kernel = self._thread.kernel
        try:
            view = kernel.view_terminal(self._tty_id, self._on_data)
        except AetherError:
            self._failed = True
            self._wake.emit()
            return
        if view.console is not None:
            self._console = view.console
            self._position = view.console.start
        self._channel = view.channel
        self._stop_listening = view.close
        self._on_data()

    def _detach(self) -> None:
        """On the kernel's thread."""
        if self._stop_listening is not None:
            self._stop_listening()
            self._stop_listening = None

    def _on_data(self) -> None:
        """On the kernel's thread."""
        if not self._pending and not self._closed:
            self._pending = True
            self._wake.emit()

    def _on_wake(self) -> None:
        if not self._closed:
            self._on_readable()
