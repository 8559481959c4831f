"""SQL of transcripts: the exact messages that an agent's model has been given and has given, for the next step and for a resume.

Called by `kernel.agents.transcript`. A body is JSON; its meaning belongs to the caller.
"""

from collections.abc import Sequence

from kernel.store.connection import Statement
from kernel.store.database import Database


class TranscriptRepository:
    """Rows of `transcript`, by pid and position."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @staticmethod
    def put(pid: int, position: int, body: bytes) -> Statement:
        """The statement that writes one message."""
        return Statement(
            "INSERT OR REPLACE INTO transcript (pid, position, body) VALUES (?, ?, ?)", (pid, position, body.decode())
        )

    @staticmethod
    def replace_all(pid: int, bodies: Sequence[bytes]) -> tuple[Statement, ...]:
        """The statements that put a compacted transcript in the place of the old one."""
        return (
            Statement("DELETE FROM transcript WHERE pid = ?", (pid,)),
            *(TranscriptRepository.put(pid, position, body) for position, body in enumerate(bodies)),
        )

    async def load(self, pid: int) -> tuple[tuple[int, bytes], ...]:
        """(position, body) of all messages in order; one that could not be written leaves its position out."""
        rows = await self._database.query("SELECT position, body FROM transcript WHERE pid = ? ORDER BY position", (pid,))
        return tuple((row[0], row[1].encode()) for row in rows)
