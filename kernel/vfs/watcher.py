"""Changes that others make below a watched folder, by inotify.

fs.watch and fs.unwatch come here; what changes is said with `fs.changed`. One descriptor for all, folders below are watched as they
appear, at most `MAX_FOLDERS` for one watch. Where the system has no inotify, watching is refused with a sentence.
"""

import asyncio
import ctypes
import errno
import os
import struct
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


class Watcher:
    """Watches folders of the host below `root` and reports virtual paths."""

    def __init__(self, root: Path, bus: EventBus) -> None:
        self._root = root
        self._bus = bus
        self._fd = -1
        self._folders: dict[int, Path] = {}
        self._watches: dict[Path, tuple[str, set[int]]] = {}

    def watch(self, folder: Path, owner_uid: str = "") -> None:
        """Report changes below `folder`. Raises NotFoundError, LimitReachedError, UnavailableError."""
        if folder in self._watches:
            return
        if self._fd < 0:
            self._open()
        members: set[int] = set()
        self._watches[folder] = (owner_uid, members)
        try:
            self._add(folder, members)
        except OSError as error:
            self.unwatch(folder)
            raise NotFoundError(f"/{folder.relative_to(self._root)} cannot be watched: {error.strerror}.") from error

    def unwatch(self, folder: Path) -> None:
        """Stop; unknown folders are ignored."""
        _, members = self._watches.pop(folder, ("", set()))
        libc = ctypes.CDLL(None, use_errno=True)
        for descriptor in members:
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
        owner = ""
        for watched, (owner_uid, members) in self._watches.items():
            if descriptor in members:
                owner = owner_uid
                if mask & IN_ISDIR and mask & (IN_CREATE | IN_MOVED_TO) and watched in (folder, *folder.parents):
                    self._add(path, members)
        change: ChangeType = "modify"
        if mask & (IN_CREATE | IN_MOVED_TO):
            change = "create"
        elif mask & (IN_DELETE | IN_MOVED_FROM):
            change = "delete"
        self._bus.publish(FsChanged(path=f"/{path.relative_to(self._root)}", change_type=change, owner_uid=owner))


def _folders_in(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            return [Path(entry.path) for entry in entries if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return []
