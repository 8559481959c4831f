"""What one agent sees as files: its home, its private /tmp and the workspaces mounted for it, under the names of its sandbox.

Used by the file tools, so that they and the agent's commands mean the same file by the same path. Each mount is a `Tree`; a path in
none of them does not exist.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec

from kernel.errors import AetherError, InvalidArgumentError, PermissionDeniedError
from kernel.protocol.records import FileStat
from kernel.vfs.confinement import Identity
from kernel.vfs.homes import Home
from kernel.vfs.tree import Tree, in_order

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class FileMount:
    """A host folder under a guest path.

    shared: it belongs to people or other agents too. identity: which folder `host_path` must be whenever it is used, without a link in
    its path; None where nobody but Aether can change what the path leads to.
    """

    guest_path: str
    host_path: Path
    read_only: bool = False
    shared: bool = True
    identity: Identity | None = None


@dataclass(frozen=True, slots=True)
class Location:
    """Where a guest path leads."""

    tree: Tree
    relative: str
    guest_path: str
    mount: FileMount


class AgentFiles:
    """The files of one agent. Methods raise AetherError with the guest path in the sentence."""

    def __init__(self, home: Home, mounts: tuple[FileMount, ...] = ()) -> None:
        self._home = home
        own = (
            FileMount(home.guest_path, home.path, shared=False),
            FileMount("/tmp", home.tmp, shared=False),
        )
        self._mounts = tuple(sorted((*own, *mounts), key=lambda mount: -len(mount.guest_path)))

    @property
    def home(self) -> Home:
        """The agent's home."""
        return self._home

    @property
    def mounts(self) -> tuple[FileMount, ...]:
        """What is mounted, longest path first."""
        return self._mounts

    def locate(self, path: str) -> Location:
        """Where `path` (absolute, `~/...` or relative to the home) leads. Raises PermissionDeniedError."""
        guest = self.absolute(path)
        for mount in self._mounts:
            if guest == mount.guest_path or guest.startswith(mount.guest_path + "/"):
                tree = Tree(
                    mount.host_path,
                    read_only=mount.read_only,
                    private=not mount.shared,
                    identity=mount.identity,
                    unfinished=self._home.unfinished,
                )
                return Location(tree, guest[len(mount.guest_path) + 1 :], guest, mount)
        raise PermissionDeniedError(
            f"{path[:200]} is outside of what this agent sees.",
            f"It sees {', '.join(mount.guest_path for mount in reversed(self._mounts))}.",
        )

    def absolute(self, path: str) -> str:
        """The guest path without `.` and `..` (which may not lead above the top)."""
        if not path or "\x00" in path:
            raise InvalidArgumentError("A path is needed, without NUL characters.")
        if path == "~" or path.startswith("~/"):
            path = self._home.guest_path + path[1:]
        elif not path.startswith("/"):
            path = f"{self._home.guest_path}/{path}"
        parts: list[str] = []
        for part in path.split("/"):
            if part == "..":
                if not parts:
                    raise PermissionDeniedError(f"{path[:200]} leads out with '..'.")
                parts.pop()
            elif part not in ("", "."):
                parts.append(part)
        return "/" + "/".join(parts)

    async def read(self, path: str) -> bytes:
        """A file's bytes, at most 10 MB."""
        place = self.locate(path)
        if not place.relative:
            raise InvalidArgumentError(f"{place.guest_path} is a folder.", "List it instead, or name a file in it.")
        return await _in_thread(lambda: place.tree.read(place.relative))

    async def write(self, path: str, content: bytes) -> bool:
        """Create or replace; returns whether it is new."""
        place = self.locate(path)
        return await _in_thread(lambda: place.tree.write(place.relative, content))

    async def mkdir(self, path: str) -> None:
        """Make a folder and those above it."""
        place = self.locate(path)
        await _in_thread(lambda: place.tree.mkdir(place.relative, recursive=True))

    async def list(self, path: str) -> tuple[FileStat, ...]:
        """A folder's entries, and what is mounted directly below it: its mount point is made by the first command only."""
        place = self.locate(path)
        found = await _in_thread(lambda: place.tree.list(place.relative, uid=self._home.uid))
        mounted = [mount for mount in self._mounts if mount.guest_path.rpartition("/")[0] == place.guest_path]
        if not mounted:
            return found
        here = await _in_thread(lambda: [entry for mount in mounted if (entry := self._mount_point(mount, place))])
        # What is mounted hides what the folder itself has under that name.
        hidden = {entry.name for entry in here}
        entries = [*here, *(entry for entry in found if entry.name not in hidden)]
        return tuple(sorted(entries, key=in_order))

    def _mount_point(self, mount: FileMount, above: Location) -> FileStat | None:
        """A mounted folder as an entry of the one above it; None where it is gone."""
        path = mount.guest_path[len(above.mount.guest_path) :]
        name = path.rpartition("/")[2]
        try:
            found = Tree(mount.host_path, identity=mount.identity).stat("", uid=self._home.uid)
        except AetherError:
            return None
        return msgspec.structs.replace(found, path=path, name=name, is_hidden=name.startswith("."))

    async def stat(self, path: str) -> FileStat:
        """Describe a file or folder."""
        place = self.locate(path)
        return await _in_thread(lambda: place.tree.stat(place.relative, uid=self._home.uid))


async def _in_thread(work: Callable[[], T]) -> T:
    return await asyncio.to_thread(work)
