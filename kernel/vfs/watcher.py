"""Changes that others make below a watched folder, by inotify.

fs.watch and fs.unwatch come here; what changes is said with `fs.changed`. One descriptor for all, folders below are watched as they
appear, at most `MAX_FOLDERS` for one watch and `MAX_WATCHES` watches; as many unwatch as watch end one. Where the system has no
inotify, watching is refused with a sentence.
"""

import asyncio
import ctypes
import errno
import os
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from kernel.bus import EventBus
from kernel.errors import LimitReachedError, NotFoundError, UnavailableError
from kernel.protocol.fs import FsChanged
from kernel.protocol.ids import ChangeType

IN_MODIFY = 0x2
IN_MOVED_FROM = 0x40
IN_MOVED_TO = 0x80
IN_CREATE = 0x100
IN_DELETE = 0x200
IN_ISDIR = 0x40000000
IN_IGNORED = 0x8000
IN_ONLYDIR = 0x01000000
IN_DONT_FOLLOW = 0x02000000
_MASK = IN_MODIFY | IN_MOVED_FROM | IN_MOVED_TO | IN_CREATE | IN_DELETE | IN_ONLYDIR | IN_DONT_FOLLOW
_HEADER = struct.Struct("iIII")
MAX_FOLDERS = 2_000
MAX_WATCHES = 256
OwnerOfPath = Callable[[str], str]


@dataclass(slots=True)
class _Watch:
    """The descriptors of one watched folder and how many asked for it."""

    members: set[int] = field(default_factory=set)
    askers: int = 1


class Watcher:
    """Watches folders of the host below `root` and reports virtual paths.

    private: a folder of which nothing is reported. owner_of: the user whose a virtual path is, "" for shared places.
    """

    def __init__(self, root: Path, private: Path, bus: EventBus, owner_of: OwnerOfPath) -> None:
        self._root = root.resolve()
        self._private = private.resolve()
        self._bus = bus
        self._owner_of = owner_of
        self._fd = -1
        self._folders: dict[int, Path] = {}
        self._watches: dict[Path, _Watch] = {}

    def watch(self, folder: Path) -> None:
        """Report changes below `folder` (no link in it). Raises NotFoundError, LimitReachedError, UnavailableError."""
        known = self._watches.get(folder)
        if known is not None:
            known.askers += 1
            return
        if len(self._watches) >= MAX_WATCHES:
            raise LimitReachedError(f"{MAX_WATCHES} folders are watched already.", "Unwatch some.")
        if self._fd < 0:
            self._open()
        watch = self._watches[folder] = _Watch()
        try:
            self._add(folder, watch.members)
        except OSError as error:
            self.unwatch(folder)
            if error.errno == errno.ENOSPC:
                raise LimitReachedError("No more folders can be watched.", "Raise fs.inotify.max_user_watches.") from error
            raise NotFoundError(f"{self._virtual(folder)} cannot be watched: {error.strerror}.") from error

    def unwatch(self, folder: Path) -> None:
        """Stop when nobody else asked for it; unknown folders are ignored."""
        watch = self._watches.get(folder)
        if watch is None:
            return
        watch.askers -= 1
        if watch.askers > 0:
            return
        del self._watches[folder]
        libc = ctypes.CDLL(None, use_errno=True)
        for descriptor in watch.members:
            if any(descriptor in other.members for other in self._watches.values()):
                continue  # inotify has one descriptor for one folder, however many watch it
            self._folders.pop(descriptor, None)
            libc.inotify_rm_watch(self._fd, descriptor)

    def close(self) -> None:
        """Stop all."""
        if self._fd >= 0:
            asyncio.get_running_loop().remove_reader(self._fd)
            os.close(self._fd)
        self._fd = -1
        self._watches.clear()
        self._folders.clear()

    def _open(self) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        if not hasattr(libc, "inotify_init1"):
            raise UnavailableError("This system cannot watch folders.", "Refresh the view instead.")
        fd = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if fd < 0:
            raise LimitReachedError("No more folders can be watched.", "Raise fs.inotify.max_user_instances.")
        self._fd = fd
        asyncio.get_running_loop().add_reader(fd, self._read)

    def _add(self, folder: Path, members: set[int]) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        waiting = [folder]
        while waiting and len(members) < MAX_FOLDERS:
            current = waiting.pop()
            if current == self._private:
                continue
            descriptor = libc.inotify_add_watch(self._fd, os.fsencode(current), _MASK)
            if descriptor < 0:
                code = ctypes.get_errno()
                if current == folder:
                    raise OSError(code, os.strerror(code))
                continue
            self._folders[descriptor] = current
            members.add(descriptor)
            waiting.extend(_folders_in(current))

    def _read(self) -> None:
        try:
            data = os.read(self._fd, 65_536)
        except OSError as error:
            if error.errno == errno.EAGAIN:
                return
            raise
        offset = 0
        while offset + _HEADER.size <= len(data):
            descriptor, mask, _, length = _HEADER.unpack_from(data, offset)
            name = data[offset + _HEADER.size : offset + _HEADER.size + length].rstrip(b"\0")
            offset += _HEADER.size + length
            self._report(descriptor, mask, os.fsdecode(name))

    def _report(self, descriptor: int, mask: int, name: str) -> None:
        folder = self._folders.get(descriptor)
        if folder is None or mask & IN_IGNORED or not name or name.endswith(".part"):
            return
        path = folder / name
        if path == self._private:
            return
        if mask & IN_ISDIR and mask & (IN_CREATE | IN_MOVED_TO):
            self._follow(descriptor, path)
        change: ChangeType = "modify"
        if mask & (IN_CREATE | IN_MOVED_TO):
            change = "create"
        elif mask & (IN_DELETE | IN_MOVED_FROM):
            change = "delete"
        virtual = self._virtual(path)
        self._bus.publish(FsChanged(path=virtual, change_type=change, owner_uid=self._owner_of(virtual)))

    def _follow(self, descriptor: int, folder: Path) -> None:
        """Watch a new folder for all who watch the one that it lies in; it may be gone again."""
        for watch in self._watches.values():
            if descriptor in watch.members:
                try:
                    self._add(folder, watch.members)
                except OSError:
                    continue

    def _virtual(self, path: Path) -> str:
        """The path that people see; bytes that are no text are replaced, since a message cannot carry them."""
        name = f"/{path.relative_to(self._root)}"
        return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _folders_in(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            return [Path(entry.path) for entry in entries if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return []
