"""SQL of the person's own shells that are open, so that the next start can end what a dead kernel left of them.

Called by `kernel.tty.shell_sessions`.
"""

import asyncio
from dataclasses import dataclass

from kernel.store.connection import Statement
from kernel.store.database import Database

#: More shells than can be open at once; a table that holds more was not written by us.
MAX_SHELLS = 1000


@dataclass(frozen=True, slots=True)
class ShellSession:
    """A session of the host that Aether started.

    token: what the environment of its programs carries. session: its number, which is its leader's pid. started: the leader's
    start in clock ticks since the boot with the id `boot`. owner, owner_started: pid and start of the Aether that opened it.
    """

    token: str
    session: int
    started: int
    boot: str
    owner: int
    owner_started: int


class ShellRepository:
    """Rows of `shell_sessions`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, shell: ShellSession) -> None:
        """Remember a shell. Raises StorageError."""
        await self._database.write(
            (
                Statement(
                    "INSERT INTO shell_sessions (token, session, started, boot, owner, owner_started) VALUES (?, ?, ?, ?, ?, ?)",
                    (shell.token, shell.session, shell.started, shell.boot, shell.owner, shell.owner_started),
                ),
            )
        )

    def drop(self, token: str) -> "asyncio.Future[None]":
        """Forget a shell; the future ends with the commit, or with a StorageError."""
        return self._database.submit((Statement("DELETE FROM shell_sessions WHERE token = ?", (token,)),))

    async def list(self) -> tuple[ShellSession, ...]:
        """The shells that were not closed properly; damaged rows are left out. Raises StorageError."""
        rows = await self._database.query(
            "SELECT token, session, started, boot, owner, owner_started FROM shell_sessions LIMIT ?", (MAX_SHELLS,)
        )
        kinds = (str, int, int, str, int, int)
        whole = (row for row in rows if all(isinstance(value, kind) for value, kind in zip(row, kinds, strict=True)))
        return tuple(ShellSession(*row) for row in whole)
