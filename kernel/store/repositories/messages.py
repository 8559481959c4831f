"""SQL of messages between processes: what waits in a queue survives the kernel.

Called by the mailbox.
"""

import msgspec

from kernel.protocol.records import IPCMessage
from kernel.store.connection import Statement
from kernel.store.database import Database
from kernel.store.rows import decoded


class MessageRepository:
    """Rows of `ipc_messages`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @staticmethod
    def put(message: IPCMessage) -> Statement:
        """The statement that writes one message."""
        return Statement(
            "INSERT INTO ipc_messages (id, to_pid, timestamp, delivered, body) VALUES (?, ?, ?, ?, ?)",
            (
                message.id,
                message.to_pid,
                message.timestamp,
                int(message.delivered),
                msgspec.json.encode(message).decode(),
            ),
        )

    @staticmethod
    def mark_delivered(message_id: str) -> Statement:
        """The statement that takes one message out of its queue."""
        return Statement("UPDATE ipc_messages SET delivered = 1 WHERE id = ?", (message_id,))

    async def waiting(self) -> tuple[IPCMessage, ...]:
        """What was never delivered, oldest first; without what is damaged."""
        rows = await self._database.query("SELECT id, body FROM ipc_messages WHERE delivered = 0 ORDER BY timestamp, id")
        found = (decoded(row[1], IPCMessage, f"message {row[0]}") for row in rows)
        return tuple(message for message in found if message is not None)
