"""Shared workspaces: folders under /shared that several agents see.

Answers fs.createShared and its kin, and tells an agent's sandbox (through `on_changed`) that its mounts are others now.
"""

import asyncio
import os
import re
import weakref
from collections.abc import Awaitable
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from kernel.bus import EventBus
from kernel.clock import Clock
from kernel.errors import AetherError, ConflictError, InvalidArgumentError, NotFoundError, StorageError
from kernel.paths import Paths
from kernel.principal import Principal
from kernel.protocol import fs
from kernel.protocol.base import Empty
from kernel.protocol.records import SharedMountInfo
from kernel.store.repositories.workspaces import WorkspaceRepository
from kernel.vfs.agent_files import FileMount
from kernel.vfs.confinement import clean

NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


class MountsListener(Protocol):
    """Brings what an agent sees into line with its mounts."""

    async def __call__(self, pid: int, leaving: str = "") -> None:
        """Its mounts changed; `leaving` is the name of one that is about to be taken away.

        Raises ConflictError while a command runs that may use it: what is to leave then stays.
        """
        ...


class SharedWorkspaces:
    """Creates, mounts and lists workspaces.

    on_changed: awaited with the pid of an agent whose mounts changed, and before one is taken away.
    """

    def __init__(self, paths: Paths, repository: WorkspaceRepository, bus: EventBus, clock: Clock) -> None:
        self._paths = paths
        self._repository = repository
        self._bus = bus
        self._clock = clock
        self._on_changed: MountsListener | None = None
        self._locks: weakref.WeakValueDictionary[int, asyncio.Lock] = weakref.WeakValueDictionary()

    def on_changed(self, listener: MountsListener) -> None:
        """Set who is told (bootstrap calls this once)."""
        self._on_changed = listener

    def settled(self, pid: int) -> asyncio.Lock:
        """Held while the mounts of an agent change, and by whoever makes a sandbox from them: what is unmounted is in none then."""
        return self._locks.setdefault(pid, asyncio.Lock())

    async def create(self, name: str, owner_pid: int) -> SharedMountInfo:
        """A new empty workspace. Raises InvalidArgumentError, ConflictError."""
        if not NAME.fullmatch(name):
            raise InvalidArgumentError(
                f"{name!r} cannot be a workspace's name.", "Use letters, digits, _ and -, at most 64."
            )
        if await self._find(name) is not None:
            raise ConflictError(f"There is a workspace {name} already.", "Mount it, or choose another name.")
        folder = self._paths.shared / name
        try:
            await asyncio.to_thread(_make_shared, folder)
        except OSError as error:
            raise StorageError(f"The workspace {name} could not be made: {error.strerror}.") from error
        await self._repository.create(name, f"/shared/{name}", owner_pid, self._clock.now())
        mount = SharedMountInfo(name=name, path=f"/shared/{name}", owner_pid=owner_pid)
        self._bus.publish(fs.FsSharedCreated(mount=mount))
        return mount

    async def mount(self, pid: int, name: str, mount_point: str = "") -> SharedMountInfo:
        """Let an agent see a workspace below its home, and at no place where it had it before.

        Raises NotFoundError, InvalidArgumentError, and ConflictError while commands run: a new one is then shown when they have ended.
        """
        if await self._find(name) is None:
            raise NotFoundError(f"There is no workspace {name}.", "list_workspaces shows those that there are.")
        point = clean(mount_point.removeprefix("~/")) or f"shared/{name}"
        async with self.settled(pid):
            if any(mounted == name and at != point for mounted, at in await self._repository.mounts_of(pid)):
                await self._tell(pid, leaving=name)
            await self._write(pid, self._repository.mount(name, pid, point))
            await self._tell(pid)
        self._bus.publish(fs.FsSharedMounted(pid=pid, name=name))
        mounted = await self._find(name)
        assert mounted is not None
        return mounted

    async def unmount(self, pid: int, name: str) -> None:
        """Take a workspace away from an agent; when this returns, nothing of the agent can reach it any more.

        Raises NotFoundError, and ConflictError while a command of the agent runs: it keeps the workspace then.
        """
        async with self.settled(pid):
            mount = await self._find(name)
            if mount is None or pid not in mount.mounted_by:
                raise NotFoundError(f"Process {pid} has not mounted {name}.")
            await self._tell(pid, leaving=name)
            await self._write(pid, self._repository.unmount(name, pid))
        self._bus.publish(fs.FsSharedUnmounted(pid=pid, name=name))

    async def _write(self, pid: int, writing: Awaitable[None]) -> None:
        """Write; where that cannot be done, the agent gets back what it was to lose."""
        try:
            await writing
        except AetherError:
            with suppress(ConflictError):  # it sees it when its commands have ended
                await self._tell(pid)
            raise

    async def _tell(self, pid: int, leaving: str = "") -> None:
        if self._on_changed is not None:
            await self._on_changed(pid, leaving)

    async def list(self) -> tuple[SharedMountInfo, ...]:
        """All workspaces."""
        return await self._repository.list()

    async def mounts_of(self, pid: int, guest_home: str, leaving: str = "") -> tuple[FileMount, ...]:
        """What an agent has mounted, but for the workspace named `leaving`, as its files and its sandbox see it."""
        mounted = await self._repository.mounts_of(pid)
        return tuple(FileMount(f"{guest_home}/{point}", self._paths.shared / name) for name, point in mounted if name != leaving)

    async def handle_create(self, command: fs.FsCreateShared, principal: Principal) -> SharedMountInfo:
        """fs.createShared."""
        return await self.create(command.name, command.owner_pid)

    async def handle_mount(self, command: fs.FsMountShared, principal: Principal) -> SharedMountInfo:
        """fs.mountShared."""
        return await self.mount(command.pid, command.name, command.mount_point)

    async def handle_unmount(self, command: fs.FsUnmountShared, principal: Principal) -> Empty:
        """fs.unmountShared."""
        await self.unmount(command.pid, command.name)
        return Empty()

    async def handle_list(self, command: fs.FsListShared, principal: Principal) -> fs.SharedList:
        """fs.listShared."""
        return fs.SharedList(mounts=await self.list())

    async def _find(self, name: str) -> SharedMountInfo | None:
        return next((mount for mount in await self._repository.list() if mount.name == name), None)


def _make_shared(folder: Path) -> None:
    """Every agent's own user must be able to write where owners cannot be mapped, so the folder itself is open; the one above it is
    entered by Aether alone (`Paths.create`), so that no other user of the machine gets here."""
    folder.parent.chmod(0o700)
    folder.mkdir(mode=0o700, exist_ok=True)
    folder.chmod(0o2777 if os.geteuid() == 0 else 0o700)
