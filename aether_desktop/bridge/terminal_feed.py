"""A terminal's screen handed from the kernel's thread to the window's and back.

Made by `InProcessClient.open_terminal`. Attaching and giving back happen on the kernel's thread, parsing on the window's.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from kernel.errors import AetherError

if TYPE_CHECKING:
    from aether_desktop.bridge.in_process import KernelThread
    from kernel.agents.terminals import ScreenSource
    from kernel.term import Terminal


class InProcessTerminalFeed(QObject):
    """Implements `TerminalFeed`. on_readable is called on the GUI thread, once until `parse` has found nothing."""

    _wake = Signal()

    def __init__(
        self,
        thread: KernelThread,
        tty_id: str,
        on_readable: Callable[[], None],
        parent: QObject,
        recent_bytes: int = 0,
    ) -> None:
        super().__init__(parent)
        self._thread = thread
        self._tty_id = tty_id
        self._on_readable = on_readable
        self._recent_bytes = recent_bytes
        self._source: ScreenSource | None = None
        self._pending = False
        self._closed = False
        self._failed = False
        self._wake.connect(self._on_wake)
        thread.call(self._attach)

    @property
    def terminal(self) -> Terminal | None:
        """See `TerminalFeed.terminal`."""
        return self._source.terminal if self._source is not None else None

    @property
    def ended(self) -> bool:
        """See `TerminalFeed.ended`."""
        return self._failed or self._closed or (self._source is not None and self._source.ended)

    def parse(self, max_bytes: int) -> int:
        """See `TerminalFeed.parse`."""
        if self._source is None or self._closed:
            return 0
        # Cleared first: news that comes while the last bytes are taken must wake the window again.
        self._pending = False
        return self._source.parse(max_bytes)

    def resize(self, columns: int, lines: int) -> None:
        """See `TerminalFeed.resize`."""
        if self._source is not None and not self._closed:
            self._source.resize(columns, lines)

    def clear_history(self) -> None:
        """See `TerminalFeed.clear_history`."""
        if self._source is not None and not self._closed:
            self._source.clear_history()

    def reset(self) -> None:
        """See `TerminalFeed.reset`."""
        if self._source is not None and not self._closed:
            self._source.reset()

    def close(self) -> None:
        """See `TerminalFeed.close`."""
        if self._closed:
            return
        self._closed = True
        self._thread.call(self._detach)

    def _attach(self) -> None:
        """On the kernel's thread."""
        if self._closed:
            return
        try:
            self._source = self._thread.kernel.view_terminal(self._tty_id, self._on_data, self._recent_bytes)
        except AetherError:
            self._failed = True
        self._on_data()

    def _detach(self) -> None:
        """On the kernel's thread, which calls nothing of this any more after it."""
        if self._source is not None:
            self._source.release()
        with contextlib.suppress(RuntimeError):  # the window itself is gone
            self.deleteLater()

    def _on_data(self) -> None:
        """On the kernel's thread."""
        if not self._pending and not self._closed:
            self._pending = True
            with contextlib.suppress(RuntimeError):  # the window itself is gone
                self._wake.emit()

    def _on_wake(self) -> None:
        if not self._closed:
            self._on_readable()
