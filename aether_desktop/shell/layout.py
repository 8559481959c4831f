"""What is remembered of the windows between two starts, and where it is kept.

``LayoutRecord`` is a frozen picture of all windows; the window manager makes it and opens windows from it. ``LayoutStore``
is the Protocol of whatever keeps it; ``JsonLayoutStore`` keeps it in one file. A file that cannot be read is no layout:
it never stops the desktop from starting.
"""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from pathlib import Path
from typing import Protocol

import msgspec

from aether_desktop.shell.geometry import Zone
from aether_desktop.shell.window_state import MAX_WINDOWS, WindowState

_MAX_FILE_BYTES = 1 << 20
_MAX_WINDOWS = 200
_MAX_COORDINATE_PX = 100_000


class WindowRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=False):
    """One window: which app with which arguments, and where.

    ``x``, ``y``, ``width`` and ``height`` are those of the window while it is free, in px of the desktop.
    """

    app_id: str
    key: str = ""
    arguments: tuple[tuple[str, str], ...] = ()
    x: int = 0
    y: int = 0
    width: int = 900
    height: int = 650
    zone: Zone = Zone.FREE
    minimised: bool = False
    detached: bool = False


class NativePlace(msgspec.Struct, frozen=True):
    """Where the native window is on the screens while it is not ``maximised``, in px."""

    x: int = 0
    y: int = 0
    width: int = 0
    height: int = 0
    maximised: bool = False


class LayoutRecord(msgspec.Struct, frozen=True):
    """All windows, lowest first, and what they remember.

    ``wallpaper`` is the chosen one's name; ``native`` None leaves the native window to its first place; ``states`` are those of closed
    windows too.
    """

    windows: tuple[WindowRecord, ...] = ()
    wallpaper: str = ""
    native: NativePlace | None = None
    states: tuple[WindowState, ...] = ()
    version: int = 1


class LayoutStore(Protocol):
    """Keeps the layout."""

    def load(self) -> LayoutRecord:
        """Return the kept layout, an empty one if there is none."""

    def save(self, layout: LayoutRecord) -> None:
        """Keep ``layout``. Never raises: a layout that cannot be kept is not worth a crash."""


class JsonLayoutStore:
    """Keeps the layout in a JSON file that is replaced as a whole, so a crash leaves the old or the new one."""

    def __init__(self, path: Path) -> None:
        """``path`` is the file; its folder is made when first needed."""
        self._path = path

    def load(self) -> LayoutRecord:
        """Read the file; an unreadable, too large or foreign one gives an empty layout."""
        try:
            data = self._read()
            layout = msgspec.json.decode(data, type=LayoutRecord) if len(data) <= _MAX_FILE_BYTES else LayoutRecord()
        except (OSError, msgspec.DecodeError, UnicodeDecodeError):
            return LayoutRecord()
        sane = tuple(window for window in layout.windows[:_MAX_WINDOWS] if _is_sane(window))
        native = layout.native if layout.native is not None and _is_sane_place(layout.native) else None
        return LayoutRecord(windows=sane, wallpaper=layout.wallpaper, native=native, states=layout.states[-MAX_WINDOWS:])

    def _read(self) -> bytes:
        """A pipe in its place would keep the start waiting for ever, and a device never ends."""
        fd = os.open(self._path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        try:
            if not stat.S_ISREG(os.fstat(fd).st_mode):
                return b""
            with os.fdopen(fd, "rb", closefd=False) as file:
                return file.read(_MAX_FILE_BYTES + 1)
        finally:
            os.close(fd)

    def save(self, layout: LayoutRecord) -> None:
        """Write beside the file and rename over it."""
        data = msgspec.json.format(msgspec.json.encode(layout), indent=1)
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self._path.parent, prefix=self._path.name, suffix=".tmp")
        except OSError:
            return
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(self._path)
        except OSError:
            with contextlib.suppress(OSError):
                Path(name).unlink()


class MemoryLayoutStore:
    """Keeps the layout for the life of the process: for tests and for runs that shall leave no trace."""

    def __init__(self, layout: LayoutRecord | None = None) -> None:
        """Start with ``layout``."""
        self.layout = layout or LayoutRecord()

    def load(self) -> LayoutRecord:
        """Return what was saved last."""
        return self.layout

    def save(self, layout: LayoutRecord) -> None:
        """Keep ``layout``."""
        self.layout = layout


def _is_sane(window: WindowRecord) -> bool:
    return bool(window.app_id) and _are_sane(window.x, window.y, window.width, window.height)


def _is_sane_place(place: NativePlace) -> bool:
    return place.width > 0 and place.height > 0 and _are_sane(place.x, place.y, place.width, place.height)


def _are_sane(*numbers: int) -> bool:
    return all(abs(number) <= _MAX_COORDINATE_PX for number in numbers)
