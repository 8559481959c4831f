"""An agent's graphical desktop as the window sees it: the kernel's thread keeps the picture, the window's thread takes what changed.

Made by `InProcessClient.open_desktop`. The viewer behind it is made, told and closed on the kernel's thread.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from kernel.errors import AetherError

if TYPE_CHECKING:
    from aether_desktop.bridge.in_process import KernelThread
    from kernel.rfb.framebuffer import Cursor, Framebuffer, Rect
    from kernel.vnc.viewer import DesktopViewer


class InProcessDesktopFeed(QObject):
    """Implements `DesktopFeed`. on_changed is called on the GUI thread, once until `take_damage` was called."""

    _wake = Signal()

    def __init__(self, thread: KernelThread, pid: int, on_changed: Callable[[], None], parent: QObject) -> None:
        super().__init__(parent)
        self._thread = thread
        self._pid = pid
        self._on_changed = on_changed
        self._viewer: DesktopViewer | None = None
        self._failure = ""
        self._watched = True
        self._closed = False
        self._wake.connect(self._on_wake)
        thread.call(self._attach)

    @property
    def picture(self) -> Framebuffer | None:
        """See `DesktopFeed.picture`."""
        return self._viewer.picture if self._viewer is not None else None

    @property
    def cursor(self) -> Cursor | None:
        """See `DesktopFeed.cursor`."""
        return self._viewer.cursor if self._viewer is not None else None

    @property
    def problem(self) -> str:
        """See `DesktopFeed.problem`."""
        return self._viewer.problem if self._viewer is not None else self._failure

    @property
    def ended(self) -> bool:
        """See `DesktopFeed.ended`."""
        return self._closed or (self._viewer is not None and self._viewer.ended)

    def take_damage(self) -> tuple[Rect, ...]:
        """See `DesktopFeed.take_damage`."""
        return self._viewer.take_damage() if self._viewer is not None and not self._closed else ()

    def set_watched(self, watched: bool) -> None:
        """See `DesktopFeed.set_watched`."""
        if watched != self._watched:
            self._watched = watched
            self._tell(lambda viewer: viewer.set_watched(watched))

    def point(self, x: int, y: int, buttons: int) -> None:
        """See `DesktopFeed.point`."""
        self._tell(lambda viewer: viewer.point(x, y, buttons))

    def press(self, keysym: int, down: bool) -> None:
        """See `DesktopFeed.press`."""
        self._tell(lambda viewer: viewer.press(keysym, down))

    def close(self) -> None:
        """See `DesktopFeed.close`."""
        if not self._closed:
            self._closed = True
            self._thread.call(self._detach)

    def _tell(self, say: Callable[[DesktopViewer], None]) -> None:
        def on_kernel_thread() -> None:
            if self._viewer is not None and not self._closed:
                say(self._viewer)

        self._thread.call(on_kernel_thread)

    def _attach(self) -> None:
        """On the kernel's thread."""
        if self._closed:
            return
        try:
            self._viewer = self._thread.kernel.view_desktop(self._pid, self._on_news)
        except AetherError as error:
            self._failure = str(error)
            self._on_news()
            return
        if not self._watched:
            self._viewer.set_watched(False)
        if self._viewer.problem:  # it may have been told while the viewer was made
            self._on_news()

    def _detach(self) -> None:
        """On the kernel's thread, which calls nothing of this any more after it."""
        if self._viewer is not None:
            self._viewer.close()
        with contextlib.suppress(RuntimeError):  # the window itself is gone
            self.deleteLater()

    def _on_news(self) -> None:
        """On the kernel's thread."""
        if not self._closed:
            with contextlib.suppress(RuntimeError):  # the window itself is gone
                self._wake.emit()

    def _on_wake(self) -> None:
        if not self._closed:
            self._on_changed()
