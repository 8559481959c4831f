"""Queues of messages between processes: at most 100 wait for one process, the oldest is dropped; a message has at most 1 MB.

Answers ipc.send and gives the tools their `Peers`. What waits survives the kernel.
"""

import secrets
from collections import deque
from typing import Any

import msgspec

from kernel.arrivals import Arrivals
from kernel.clock import Clock
from kernel.errors import ConflictError, InvalidArgumentError, LimitReachedError, NotFoundError
from kernel.principal import Principal
from kernel.process.lifecycle import ALIVE
from kernel.process.table import Entry, ProcessTable
from kernel.protocol.ids import KERNEL_PID
from kernel.protocol.records import IPCMessage
from kernel.protocol.system import (
    AgentCard,
    IpcDelivered,
    IpcListAgents,
    IpcListAgentsReply,
    IpcMessageSent,
    IpcSend,
    IpcSendReply,
)
from kernel.store.journal import Journal, Receipt
from kernel.store.repositories.messages import MessageRepository

QUEUE_LIMIT = 100
MESSAGE_LIMIT_BYTES = 1_000_000


class Mailbox:
    """One queue per living process."""

    def __init__(self, table: ProcessTable, repository: MessageRepository, journal: Journal, clock: Clock) -> None:
        self._table = table
        self._repository = repository
        self._journal = journal
        self._clock = clock
        self._queues: dict[int, deque[IPCMessage]] = {}
        self._arriving: dict[int, Arrivals[IPCMessage]] = {}
        self._closed: set[int] = set()

    async def open(self) -> None:
        """Take up what an earlier kernel left waiting."""
        for message in await self._repository.waiting():
            if self._table.find(message.to_pid) is None:
                continue  # its receiver has ended; the message stays in the receiver's log
            queue = self._queues.setdefault(message.to_pid, deque())
            queue.append(message)
            while len(queue) > QUEUE_LIMIT:
                queue.popleft()

    async def handle_send(self, command: IpcSend, principal: Principal) -> IpcSendReply:
        """ipc.send."""
        return IpcSendReply(
            message_id=await self.send(command.from_pid, command.to_pid, command.channel, command.payload)
        )

    async def handle_list_agents(self, command: IpcListAgents, principal: Principal) -> IpcListAgentsReply:
        """ipc.list_agents."""
        visible = {entry.info.pid for entry in self._table if principal.may_see(entry.info.owner_uid)}
        return IpcListAgentsReply(agents=tuple(card for card in self.list_agents(KERNEL_PID) if card.pid in visible))

    def list_agents(self, except_pid: int) -> tuple[AgentCard, ...]:
        """The living processes of the same user but one; for the kernel itself, of all users."""
        asker = self._table.find(except_pid)
        owner = asker.info.owner_uid if asker is not None else None
        return tuple(
            AgentCard(
                pid=entry.info.pid,
                uid=entry.info.uid,
                role=entry.info.role,
                state=entry.info.state,
                phase=entry.info.agent_phase,
            )
            for entry in self._table
            if entry.info.pid != except_pid and entry.info.state in ALIVE and owner in (None, entry.info.owner_uid)
        )

    async def send(self, from_pid: int, to_pid: int, channel: str, payload: Any) -> str:
        """Put a message into a queue once it is recorded; returns its id. Raises InvalidArgumentError, LimitReachedError,
        NotFoundError, ConflictError (the receiver is ending), StorageError.
        """
        if from_pid == to_pid:
            raise InvalidArgumentError("A process cannot send a message to itself.", "ipc.list_agents shows the others.")
        receiver = self._table.find(to_pid)
        if receiver is None or receiver.info.state not in ALIVE or not self._may_reach(from_pid, receiver):
            raise NotFoundError(f"There is no living process {to_pid}.", "ipc.list_agents shows those that there are.")
        if to_pid in self._closed:
            raise ConflictError(f"Process {to_pid} is ending; nobody would read this.", "ipc.list_agents shows the others.")
        size = len(msgspec.json.encode(payload))
        if size > MESSAGE_LIMIT_BYTES:
            raise LimitReachedError(
                f"The message has {size:,} bytes; at most {MESSAGE_LIMIT_BYTES:,} are taken.",
                "Write a file into a shared workspace and send its path.",
            )
        message = IPCMessage(
            id=f"msg_{secrets.token_hex(8)}",
            from_pid=from_pid,
            from_uid=self._uid_of(from_pid),
            to_pid=to_pid,
            to_uid=receiver.info.uid,
            channel=channel,
            payload=payload,
            timestamp=self._clock.now(),
        )
        await self._record(message)
        return message.id

    def waiting(self, pid: int) -> tuple[IPCMessage, ...]:
        """What waits for a process, oldest first; it stays."""
        return tuple(self._queues.get(pid, ()))

    def read(self, pid: int, messages: tuple[IPCMessage, ...]) -> Receipt:
        """Take messages out of a queue; the receipt marks them delivered, in the commit of what its reader was told."""
        read = {message.id for message in messages}
        self._queues[pid] = deque(message for message in self._queues.get(pid, ()) if message.id not in read)
        return Receipt(
            tuple(IpcDelivered(pid=pid, message_id=message.id, to_pid=pid) for message in messages),
            tuple(self._repository.mark_delivered(message.id) for message in messages),
        )

    async def settled(self, pid: int) -> None:
        """Wait until no message to a process is being recorded."""
        if pid in self._arriving:
            await self._arriving[pid].settled()

    def close(self, pid: int) -> None:
        """Take no more messages for a process whose run is over; senders are told so."""
        self._closed.add(pid)

    def forget(self, pid: int) -> None:
        """Drop the queue of a process that is dead."""
        self._queues.pop(pid, None)
        self._arriving.pop(pid, None)
        self._closed.discard(pid)

    async def _record(self, message: IPCMessage) -> None:
        """Write a message down, then show it to its receiver, which cannot end meanwhile. One that is too many displaces the oldest."""
        pid = message.to_pid
        queue = self._queues.setdefault(pid, deque())
        arriving = self._arriving.setdefault(pid, Arrivals())
        ahead = [*queue, *arriving]
        displaced = ahead[len(ahead) - QUEUE_LIMIT] if len(ahead) >= QUEUE_LIMIT else None
        also = [self._repository.put(message)]
        if displaced is not None:
            also.append(self._repository.mark_delivered(displaced.id))

        def show() -> None:
            arriving.settle(message)
            queue = self._queues.get(pid)  # another than before where its receiver has read meanwhile, none where it is dead
            if queue is not None:
                if displaced is not None and displaced in queue:
                    queue.remove(displaced)
                queue.append(message)

        def give_up() -> None:
            arriving.settle(message)

        arriving.expect(message)  # until it is decided, also where its sender is cancelled before
        await self._journal.record(IpcMessageSent(pid=pid, message=message), also=also, committed=show, refused=give_up)

    def _may_reach(self, from_pid: int, receiver: Entry) -> bool:
        """Agents of different users do not know of each other."""
        return from_pid == KERNEL_PID or self._table.get(from_pid).info.owner_uid == receiver.info.owner_uid

    def _uid_of(self, pid: int) -> str:
        if pid == KERNEL_PID:
            return "kernel"
        return self._table.get(pid).info.uid
