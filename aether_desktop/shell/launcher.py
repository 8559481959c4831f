"""Opens apps: from a manifest and arguments to a window with the app's view in it.

An app that cannot be loaded or fails while it builds its view leaves no window and a notice that says so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from logging import Logger

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from aether_desktop.shell.app_registry import AppManifest, AppRegistry, UnknownAppError
from aether_desktop.shell.layout import WindowRecord
from aether_desktop.shell.window_frame import WindowFrame, WindowSpec
from aether_desktop.shell.window_manager import WindowManager
from aether_desktop.widgets.window_handle import WindowHandle

Arguments = tuple[tuple[str, str], ...]
ContextFactory = Callable[[AppManifest, WindowHandle, Arguments], object]
"""Makes the ``ctx`` that an app's ``create`` gets: the bootstrap puts client, stores and the window's handle in it."""


class Launcher(QObject):
    """Opens and raises windows of apps."""

    failed = Signal(str, str)
    """An app could not be opened: its title and the reason."""

    def __init__(
        self, registry: AppRegistry, windows: WindowManager, make_context: ContextFactory, logger: Logger
    ) -> None:
        super().__init__(windows)
        self._registry = registry
        self._windows = windows
        self._make_context = make_context
        self._logger = logger
        self._next_key = 1

    @property
    def registry(self) -> AppRegistry:
        """The apps."""
        return self._registry

    def open(
        self,
        app_id: str,
        arguments: Arguments = (),
        *,
        key: str = "",
        title: str = "",
        record: WindowRecord | None = None,
    ) -> WindowFrame | None:
        """Open an app's window, or raise the one with the same key; None if it failed (``failed`` says why).

        A singleton ignores ``key``. An app with several windows gets a fresh key where none is given.
        """
        try:
            manifest = self._registry.get(app_id)
        except UnknownAppError as error:
            self.failed.emit(app_id, str(error))
            return None
        used_key = "" if manifest.singleton else key or self._fresh_key(app_id)
        spec = WindowSpec(app_id, title or manifest.title, "", used_key, arguments, manifest.size)

        def build(frame: WindowFrame) -> QWidget:
            return self._registry.create(app_id, self._make_context(manifest, frame, arguments))

        try:
            return self._windows.open(spec, build, record)
        except Exception as error:  # edge: an app is foreign to the shell; its failure must not take the desktop along
            self._logger.exception("cannot open %s", app_id)
            self.failed.emit(manifest.title, str(error) or type(error).__name__)
            return None

    def show(self, app_id: str) -> WindowFrame | None:
        """Raise an app's last used window, the next one if it is in front already; open one if there is none."""
        frames = self._windows.windows_of(app_id)
        if not frames:
            return self.open(app_id)
        in_front = frames[0] is self._windows.active
        frame = frames[-1] if in_front and len(frames) > 1 else frames[0]
        self._windows.activate(frame)
        return frame

    def restore(self, records: Sequence[WindowRecord]) -> None:
        """Open the windows of a remembered layout, lowest first; those that fail are left out."""
        for record in records:
            self.open(record.app_id, record.arguments, key=record.key, record=record)

    def _fresh_key(self, app_id: str) -> str:
        while self._windows.find(f"{app_id}:{self._next_key}") is not None:
            self._next_key += 1
        self._windows.states.forget(f"{app_id}:{self._next_key}")
        return str(self._next_key)
