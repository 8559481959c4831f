"""Where a path that an agent names leads, as its sandbox would follow it: links, ".." and mounts, as they are at this moment.

A command is judged by its paths before it runs; a link in the agent's home may lead into a folder that others share. Only the agent's own
folders are looked at, never what lies in a mounted one. Called by run_command, in a thread: it reads the disk.
"""

import errno
import os

from kernel.vfs.agent_files import FileMount

MOST_LINKS = 40
MOST_LOOKS = 4_000
LONGEST_PATH = 4_096
#: Names of the system behind which any file may lie.
UNTOLD = ("/proc", "/dev/fd", "/dev/stdin", "/dev/stdout", "/dev/stderr")


class GuestLinks:
    """The links of one agent, for one judgement. mounts: as `AgentFiles.mounts`, longest path first."""

    def __init__(self, mounts: tuple[FileMount, ...]) -> None:
        self._mounts = mounts
        self._looks = MOST_LOOKS
        self._known: dict[str, str | None] = {}

    def follow(self, path: str) -> str | None:
        """An absolute guest path without links and ".."; None where it cannot be told.

        A path into a mounted folder that can be written ends as it stands there: what lies in it is not looked at.
        """
        if path not in self._known:
            try:
                self._known[path] = self._walk(path)
            except (OSError, ValueError):
                self._known[path] = None
        return self._known[path]

    def among(self, folder: str, below: bool) -> tuple[str, ...] | None:
        """Where the links lead that lie in a folder or, with `below`, anywhere below it; None where that cannot be told."""
        found: list[str] = []
        waiting = [folder]
        while waiting:
            path = waiting.pop()
            entries = self._entries(path)
            if entries is None:
                return None
            for name, is_link in entries:
                led = self.follow(f"{path}/{name}") if is_link else None
                if is_link and led is None:
                    return None
                if led is not None:
                    found.append(led)
                elif below:
                    waiting.append(f"{path}/{name}")
        return tuple(found)

    def _entries(self, path: str) -> list[tuple[str, bool]] | None:
        """(name, whether it is a link) of the links and folders in one of the agent's own folders; those of others are not looked at."""
        mount = next((item for item in self._mounts if _lies_in(path, item.guest_path)), None)
        if mount is None or mount.shared:
            return []
        entries: list[tuple[str, bool]] = []
        try:
            with os.scandir(f"{mount.host_path}/{path[len(mount.guest_path) + 1 :]}") as found:
                for entry in found:
                    self._looks -= 1
                    if self._looks < 0:
                        return None
                    if entry.is_symlink() or entry.is_dir(follow_symlinks=False):
                        entries.append((entry.name, entry.is_symlink()))
        except (FileNotFoundError, NotADirectoryError):
            return []
        except (OSError, ValueError):
            return None
        return entries

    def _walk(self, path: str) -> str | None:
        if len(path) > LONGEST_PATH:
            return None
        waiting = path.split("/")[::-1]
        at: list[str] = []
        links = 0
        while waiting:
            part = waiting.pop()
            if part == "..":
                del at[-1:]
            elif part not in ("", "."):
                at.append(part)
                guest = "/" + "/".join(at)
                mount = next((item for item in self._mounts if _lies_in(guest, item.guest_path)), None)
                if mount is None and any(_lies_in(guest, name) for name in UNTOLD):
                    return None
                if mount is None or guest == mount.guest_path:
                    continue
                if mount.shared:
                    return None if mount.read_only else guest
                target = self._target(f"{mount.host_path}/{guest[len(mount.guest_path) + 1 :]}")
                if target:
                    links += 1
                    waiting += target.split("/")[::-1]
                    at = [] if target.startswith("/") else at[:-1]
                if links > MOST_LINKS:
                    return None
        return "/" + "/".join(at)

    def _target(self, host: str) -> str:
        """What a link says, "" for what is none. Raises OSError, ValueError where that cannot be told."""
        self._looks -= 1
        if self._looks < 0:
            raise OSError(errno.EAGAIN, "too many paths")
        try:
            return os.readlink(host)
        except OSError as error:
            if error.errno in (errno.EINVAL, errno.ENOENT, errno.ENOTDIR):
                return ""
            raise


def shown(folder: str, home: str) -> str:
    """A guest path as people write it: what lies in the agent's home begins with ~."""
    return f"~{folder[len(home) :]}" if home and folder.startswith(f"{home}/") else folder


def _lies_in(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder}/")
