"""SQL of shared workspaces, of files that agents wrote, and of the sandboxes that a dead kernel may have left.

Called by `kernel.vfs.shares`, the tools and the startup sweep.
"""

from kernel.protocol.records import FileRecord, SharedMountInfo
from kernel.store.connection import Statement
from kernel.store.database import Database


class WorkspaceRepository:
    """Rows of `shared_mounts` and their members, `file_metadata` and `sandbox_processes`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, name: str, path: str, owner_pid: int, now: float) -> None:
        """Write a workspace."""
        await self._database.write(
            (
                Statement(
                    "INSERT INTO shared_mounts (name, path, owner_pid, created_at) VALUES (?, ?, ?, ?)",
                    (name, path, owner_pid, now),
                ),
            )
        )

    async def mount(self, name: str, pid: int, mount_point: str) -> None:
        """Write a member; `mount_point` is relative to its home."""
        await self._database.write(
            (
                Statement(
                    "INSERT OR REPLACE INTO shared_mount_members (name, pid, mount_point) VALUES (?, ?, ?)",
                    (name, pid, mount_point),
                ),
            )
        )

    async def unmount(self, name: str, pid: int) -> None:
        """Forget a member."""
        await self._database.write(
            (Statement("DELETE FROM shared_mount_members WHERE name = ? AND pid = ?", (name, pid)),)
        )

    async def list(self) -> tuple[SharedMountInfo, ...]:
        """All workspaces by name, with their members."""
        rows = await self._database.query("SELECT name, path, owner_pid FROM shared_mounts ORDER BY name")
        members = await self._database.query("SELECT name, pid FROM shared_mount_members ORDER BY pid")
        return tuple(
            SharedMountInfo(
                name=row[0],
                path=row[1],
                owner_pid=row[2],
                mounted_by=tuple(member[1] for member in members if member[0] == row[0]),
            )
            for row in rows
        )

    async def mounts_of(self, pid: int) -> tuple[tuple[str, str], ...]:
        """(name, mount_point) of the workspaces that an agent has mounted."""
        rows = await self._database.query(
            "SELECT name, mount_point FROM shared_mount_members WHERE pid = ? ORDER BY name", (pid,)
        )
        return tuple((row[0], row[1]) for row in rows)

    @staticmethod
    def put_file(path: str, owner_uid: str, pid: int, size: int, modified_at: float) -> Statement:
        """The statement that remembers a file that an agent wrote."""
        return Statement(
            "INSERT OR REPLACE INTO file_metadata (path, owner_uid, pid, size, modified_at) VALUES (?, ?, ?, ?, ?)",
            (path, owner_uid, pid, size, modified_at),
        )

    async def files(self, user: str | None, owner_uid: str, limit: int) -> tuple[FileRecord, ...]:
        """The newest files of an agent, or of all; user None: of everybody's agents."""
        rows = await self._database.query(
            "SELECT f.path, f.owner_uid, f.pid, f.size, f.modified_at FROM file_metadata f JOIN processes p ON p.pid = f.pid "
            "WHERE (? IS NULL OR p.owner_uid = ?) AND (? = '' OR f.owner_uid = ?) ORDER BY f.modified_at DESC, f.path LIMIT ?",
            (user, user, owner_uid, owner_uid, limit),
        )
        return tuple(
            FileRecord(path=row[0], owner_uid=row[1], pid=row[2], size=row[3], modified_at=row[4]) for row in rows
        )

    async def put_sandbox(self, agent_pid: int, host_pid: int, started: int) -> None:
        """Remember a sandbox, so that the next start can end it if this kernel dies."""
        await self._database.write(
            (
                Statement(
                    "INSERT OR REPLACE INTO sandbox_processes (agent_pid, host_pid, started) VALUES (?, ?, ?)",
                    (agent_pid, host_pid, started),
                ),
            )
        )

    async def drop_sandbox(self, agent_pid: int) -> None:
        """Forget a sandbox that was ended."""
        await self._database.write((Statement("DELETE FROM sandbox_processes WHERE agent_pid = ?", (agent_pid,)),))

    async def sandboxes(self) -> tuple[tuple[int, int, int], ...]:
        """(agent pid, host pid, start time) of the sandboxes that were not ended properly."""
        rows = await self._database.query("SELECT agent_pid, host_pid, started FROM sandbox_processes")
        whole = (row for row in rows if all(isinstance(value, int) for value in row))
        return tuple((row[0], row[1], row[2]) for row in whole)
