"""The control socket: how `aether ps` and a second `aether` reach the instance that runs.

A Unix socket in a folder that only its owner enters; the peer's uid is checked as well. One JSON object a line: a command is answered
with response.ok or response.error; after `{"type": "subscribe"}` the connection also carries every event, those of exchanges with models
only with `"exchanges": true`. A client that fell so far behind that events were lost is sent `process.list` again. At most `MAX_CLIENTS`;
one that sends faster than it is answered is read more slowly, and one that does not read is cut off.
"""

import asyncio
import os
import socket
import struct
from pathlib import Path

import msgspec

from kernel.errors import ConflictError, LeavingError
from kernel.kernel import Kernel
from kernel.log import get_logger
from kernel.principal import LOCAL_USER
from kernel.protocol import codec
from kernel.protocol.base import Event, Message
from kernel.protocol.process import ProcessList, ProcessListed
from kernel.protocol.system import KernelReady, KernelStatus, KernelStatusReply, LlmExchanged, ResponseError, ResponseOk
from kernel.tasks import Scope

SUBSCRIBE = b'{"type":"subscribe"}'
SUBSCRIBE_BYTES = 200
MAX_CLIENTS = 64
MAX_IN_FLIGHT = 8
QUEUED_BYTES = 1 << 20
EVENTS_AT_ONCE = 200
PATIENCE_S = 60.0
READ_LIMIT = codec.MAX_MESSAGE_BYTES + 1024
_TOO_LONG = ResponseError(
    id="",
    error=f"The message has more than {codec.MAX_MESSAGE_BYTES:,} bytes; it was not read.",
    code="invalid_argument",
    hint="Send large content as a file instead.",
)

_LEAVING = ResponseError(
    id="", error="Aether is ending, so it takes no command any more.", code=LeavingError.code, hint="Start it again."
)

_log = get_logger(__name__)


class ControlServer:
    """Serves one kernel on a Unix socket."""

    def __init__(self, kernel: Kernel, path: Path, scope: Scope) -> None:
        self._kernel = kernel
        self._path = path
        self._scope = scope
        self._server: asyncio.Server | None = None
        self._clients: set[_Client] = set()
        self._going_on = asyncio.Event()
        self._going_on.set()

    async def start(self) -> None:
        """Listen. The caller holds the instance lock, so a socket that is there is stale. Raises ConflictError."""
        self._path.unlink(missing_ok=True)
        if len(os.fsencode(self._path)) > 100:
            raise ConflictError(
                f"The folder name {self._path.parent} is too long for a socket.", "Set AETHER_FS_ROOT to a shorter path."
            )
        self._server = await asyncio.start_unix_server(self._serve, path=str(self._path), limit=READ_LIMIT)
        self._path.chmod(0o600)

    def hold(self) -> None:
        """Begin nothing of what clients send from now on; it waits for `go_on`, or is refused by `stop`."""
        self._going_on.clear()

    def go_on(self) -> None:
        """Begin what was held back, and what comes."""
        self._going_on.set()

    def is_quiet(self, quiet_s: float, *, since: float) -> bool:
        """Whether nobody is being answered, and all who are connected were silent for so long, and that at least since a time."""
        latest = asyncio.get_running_loop().time() - quiet_s
        return not self._clients or (
            since <= latest and all(not client.in_flight and client.heard_at <= latest for client in self._clients)
        )

    async def stop(self) -> None:
        """Stop listening and end all connections; who waits for no answer to what was begun is told that nothing more will be."""
        self.hold()
        if self._server is not None:
            self._server.close()
        for client in self._clients:
            if not client.in_flight:
                _send(client.writer, _LEAVING)
        await self._scope.close()
        self._path.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        refusal = self._refusal(writer)
        if refusal:
            _send(writer, ResponseError(id="", error=refusal, code="permission_denied"))
            writer.close()
            return
        client = _Client(writer)
        self._clients.add(client)
        task = self._scope.spawn(self._converse(reader, client), name="client")
        try:
            await asyncio.wait((task,))
        finally:
            self._clients.discard(client)
            writer.close()

    def _refusal(self, writer: asyncio.StreamWriter) -> str:
        if not _is_ours(writer):
            return "This instance belongs to another user."
        if self._scope.closed:
            return _LEAVING.error
        return f"{MAX_CLIENTS} clients are connected already; end one." if len(self._clients) >= MAX_CLIENTS else ""

    async def _converse(self, reader: asyncio.StreamReader, client: "_Client") -> None:
        scope = self._scope.child("client")
        subscriber = None
        writer, sending = client.writer, client.sending
        try:
            while (line := await _read_line(reader)) != b"":
                if line is None:
                    async with sending:
                        _send(writer, _TOO_LONG)
                    continue
                line = line.strip()
                client.heard_at = asyncio.get_running_loop().time()
                await self._going_on.wait()
                if (asked := _asked(line)) is not None:
                    if subscriber is None:
                        subscriber = _Subscriber(self._kernel, writer, sending, exchanges=asked.exchanges)
                        await subscriber.greet()
                        scope.spawn(subscriber.relay(), name="events")
                    else:
                        await subscriber.greet()
                elif line:
                    await client.turns.acquire()
                    await self._going_on.wait()
                    client.in_flight += 1
                    scope.spawn(self._answer(line, client), name="command")
        except TimeoutError:
            writer.transport.abort()
        except ConnectionError:
            _log.info("a control client went away")
        finally:
            if subscriber is not None:
                subscriber.close()
            await scope.close()

    async def _answer(self, line: bytes, client: "_Client") -> None:
        """Large answers are made one after the other, each when the client has read the one before."""
        try:
            answer = await self._kernel.respond(line, LOCAL_USER)
            async with client.sending:
                for piece in codec.encode_in_slices(answer):
                    _write(client.writer, piece)
                    await client.writer.drain()
                    await asyncio.sleep(0)
                _write(client.writer, b"\n")
        except ConnectionError:
            return
        finally:
            client.in_flight -= 1
            client.turns.release()


class _Client:
    """One connection. sending: who writes has it. in_flight: how many of its commands were begun and not answered, `turns` is for these."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self.writer = writer
        self.sending = asyncio.Lock()
        self.turns = asyncio.Semaphore(MAX_IN_FLIGHT)
        self.in_flight = 0
        self.heard_at = asyncio.get_running_loop().time()


class _Subscriber:
    """One client's events, between its answers. sending: who writes has it."""

    def __init__(self, kernel: Kernel, writer: asyncio.StreamWriter, sending: asyncio.Lock, *, exchanges: bool) -> None:
        self._kernel = kernel
        self._writer = writer
        self._sending = sending
        self._exchanges = exchanges
        self._wake = asyncio.Event()
        self._subscription = kernel.subscribe(LOCAL_USER, on_readable=self._wake.set)
        self._greeted_at: int | None = None  # the sequence number of what it was told first

    def close(self) -> None:
        """No more events."""
        self._kernel.bus.unsubscribe(self._subscription)

    async def greet(self) -> None:
        """The answer, kernel.ready, then what there is; the events after that follow, and none from before the first greeting.

        Raises TimeoutError for a client that does not read.
        """
        status = await self._kernel.execute(KernelStatus(), LOCAL_USER)
        async with self._sending:
            await self._send_list(status)

    async def relay(self) -> None:
        """Events as fast as the client reads; one that does not read is cut off."""
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                async with asyncio.timeout(PATIENCE_S):
                    await self._sending.acquire()
                try:
                    await self._send_events()
                finally:
                    self._sending.release()
        except TimeoutError:
            self._writer.transport.abort()
        except ConnectionError:
            _log.info("a subscriber went away")

    async def _send_list(self, greeting: KernelStatusReply | None = None) -> None:
        """What there is, behind what led to it and, where it is asked for, the greeting."""
        listed = await self._kernel.execute(ProcessList(), LOCAL_USER)
        events, _gap = self._subscription.take()  # what is lost now, the list has
        if self._greeted_at is None:
            self._greeted_at = listed.seq
        await self._send([event for event in events if event.seq <= listed.seq])
        if greeting is not None:
            _send(self._writer, ResponseOk(id="subscribe"))
            _send(self._writer, KernelReady(version=greeting.version, uptime=greeting.uptime, seq=listed.seq))
        _send(self._writer, ProcessListed(processes=listed.processes, approvals=listed.approvals, seq=listed.seq))
        await self._send([event for event in events if event.seq > listed.seq])

    async def _send_events(self) -> None:
        """What waits, and what there is where something was lost. Raises TimeoutError for a client that does not read."""
        events, gap = self._subscription.take()
        await self._send(events)
        if gap:
            await self._send_list()

    async def _send(self, events: list[Event]) -> None:
        for number, event in enumerate(events, 1):
            if event.seq > (self._greeted_at or 0) and (self._exchanges or not isinstance(event, LlmExchanged)):
                _send(self._writer, event)
            if self._writer.transport.get_write_buffer_size() > QUEUED_BYTES:
                async with asyncio.timeout(PATIENCE_S):
                    await self._writer.drain()
            elif number % EVENTS_AT_ONCE == 0:
                await asyncio.sleep(0)


async def _read_line(reader: asyncio.StreamReader) -> bytes | None:
    """A line with its end, b"" at the end of the stream, None for one that was longer than a message may be."""
    too_long = False
    while True:
        try:
            line = await reader.readuntil(b"\n")
        except asyncio.IncompleteReadError as error:
            return None if too_long and error.partial else error.partial
        except asyncio.LimitOverrunError as error:
            too_long = True
            await reader.readexactly(error.consumed)
            continue
        return None if too_long else line


class _Subscribe(msgspec.Struct, frozen=True, tag="subscribe"):
    """The line that asks for events. exchanges: also those with models, which are large."""

    exchanges: bool = False


def _asked(line: bytes) -> _Subscribe | None:
    """What a line asks for, None where it is a command."""
    if len(line) > SUBSCRIBE_BYTES or b"subscribe" not in line:
        return None
    try:
        return msgspec.json.decode(line, type=_Subscribe)
    except (msgspec.MsgspecError, ValueError):
        return None


def _send(writer: asyncio.StreamWriter, message: Message) -> None:
    _write(writer, codec.encode_safely(message) + b"\n")


def _write(writer: asyncio.StreamWriter, line: bytes | bytearray) -> None:
    if not writer.is_closing():
        writer.write(line)


def _is_ours(writer: asyncio.StreamWriter) -> bool:
    """Whether the peer runs as the same user (or root), as the system tells."""
    peer = writer.get_extra_info("socket")
    option = getattr(socket, "SO_PEERCRED", None)
    if peer is None or option is None:
        return True
    _, uid, _ = struct.unpack("3i", peer.getsockopt(socket.SOL_SOCKET, option, struct.calcsize("3i")))
    return uid in (os.geteuid(), 0)
