"""The control socket: how `aether ps` and a second `aether` reach the instance that runs.

A Unix socket in a folder that only its owner enters; the peer's uid is checked as well. One JSON object a line: a command is answered
with response.ok or response.error; after `{"type": "subscribe"}` the connection also carries every event. At most `MAX_CLIENTS`.
"""

import asyncio
import os
import socket
import struct
from pathlib import Path

from kernel.bus import Subscription
from kernel.errors import ConflictError
from kernel.kernel import Kernel
from kernel.log import get_logger
from kernel.principal import LOCAL_USER
from kernel.protocol import codec
from kernel.protocol.base import Message
from kernel.protocol.process import ProcessList, ProcessListed
from kernel.protocol.system import KernelReady, KernelStatus, ResponseOk
from kernel.tasks import Scope

SUBSCRIBE = b'{"type":"subscribe"}'
MAX_CLIENTS = 64
MAX_QUEUED_BYTES = 16 << 20
READ_LIMIT = codec.MAX_MESSAGE_BYTES + 1024

_log = get_logger(__name__)


class ControlServer:
    """Serves one kernel on a Unix socket."""

    def __init__(self, kernel: Kernel, path: Path, scope: Scope) -> None:
        self._kernel = kernel
        self._path = path
        self._scope = scope
        self._server: asyncio.Server | None = None
        self._clients = 0

    async def start(self) -> None:
        """Listen. The caller holds the instance lock, so a socket that is there is stale. Raises ConflictError."""
        self._path.unlink(missing_ok=True)
        if len(os.fsencode(self._path)) > 100:
            raise ConflictError(
                f"The folder name {self._path.parent} is too long for a socket.", "Set AETHER_FS_ROOT to a shorter path."
            )
        self._server = await asyncio.start_unix_server(self._serve, path=str(self._path), limit=READ_LIMIT)
        self._path.chmod(0o600)

    async def stop(self) -> None:
        """Stop listening and end all connections."""
        if self._server is not None:
            self._server.close()
        await self._scope.close()
        self._path.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._clients >= MAX_CLIENTS or not _is_ours(writer) or self._scope.closed:
            writer.close()
            return
        self._clients += 1
        task = self._scope.spawn(self._converse(reader, writer), name="client")
        try:
            await asyncio.wait((task,))
        finally:
            self._clients -= 1
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        scope = self._scope.child("client")
        subscription = None
        try:
            while line := await reader.readline():
                line = line.strip()
                if line.replace(b" ", b"") == SUBSCRIBE:
                    if subscription is None:
                        wake = asyncio.Event()
                        subscription = self._kernel.subscribe(LOCAL_USER, on_readable=wake.set)
                        scope.spawn(_relay(subscription, wake, writer), name="events")
                    _send(writer, ResponseOk(id="subscribe"))
                    await self._greet(writer)
                elif line:
                    scope.spawn(self._answer(line, writer), name="command")
        except (ValueError, ConnectionError):
            _log.info("a control client sent more than a line may hold, or went away")
        finally:
            if subscription is not None:
                self._kernel.bus.unsubscribe(subscription)
            await scope.close()

    async def _greet(self, writer: asyncio.StreamWriter) -> None:
        """kernel.ready, then what there is; later events follow."""
        status = await self._kernel.execute(KernelStatus(), LOCAL_USER)
        listed = await self._kernel.execute(ProcessList(), LOCAL_USER)
        _send(writer, KernelReady(version=status.version, uptime=status.uptime))
        _send(writer, ProcessListed(processes=listed.processes, approvals=listed.approvals))

    async def _answer(self, line: bytes, writer: asyncio.StreamWriter) -> None:
        _send(writer, await self._kernel.respond(line, LOCAL_USER))


async def _relay(subscription: Subscription, wake: asyncio.Event, writer: asyncio.StreamWriter) -> None:
    """Events to one client; one that does not read is cut off rather than kept in memory."""
    while True:
        await wake.wait()
        wake.clear()
        events, _ = subscription.take()
        for event in events:
            _send(writer, event)
        if writer.transport.get_write_buffer_size() > MAX_QUEUED_BYTES:
            writer.transport.abort()
            return


def _send(writer: asyncio.StreamWriter, message: Message) -> None:
    if not writer.is_closing():
        writer.write(codec.encode(message) + b"\n")


def _is_ours(writer: asyncio.StreamWriter) -> bool:
    """Whether the peer runs as the same user (or root), as the system tells."""
    peer = writer.get_extra_info("socket")
    option = getattr(socket, "SO_PEERCRED", None)
    if peer is None or option is None:
        return True
    _, uid, _ = struct.unpack("3i", peer.getsockopt(socket.SOL_SOCKET, option, struct.calcsize("3i")))
    return uid in (os.geteuid(), 0)
