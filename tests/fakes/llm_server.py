"""A language-model server for tests: real HTTP/1.1 on a real socket, in each of the four formats at once.

`LlmServer` serves a list of answers in order, one for each chat request, whichever format the request's path names.
An answer is a `Turn` of `kernel.providers.scripted` or a `Reply` that says how to write it: torn at odd places, slow,
cut off, refused, silent. Requests are recorded, open chat responses are counted, and `wait_hung_up` awaits the moment
at which a client closed one: that is how a test proves that cancelling closes the socket.

By hand: `python -m tests.fakes.llm_server --port 11434 [--script file.json] [--torn] [--delay 0.02]`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from kernel.providers.scripted import ScriptedCall, Turn, load_script
from tests.fakes import llm_wire
from tests.fakes.llm_wire import Style

Chunking = Literal["frame", "byte", "torn", "whole"]
ErrorName = Literal["", "auth", "unknown_model", "context_overflow", "rate_limited", "overloaded", "quota"]
TORN = (1, 7, 2, 31, 3, 13, 5)


@dataclass(frozen=True, slots=True)
class Reply:
    """How one chat request is answered.

    error: an error body in the dialect's own shape. status, body, content_type: a literal answer instead.
    cut_after: the connection is closed in the middle of the frame with this number. stream_error_after: an error frame
    follows that many frames. drop: "request" closes before any byte. silent_after: after that many frames nothing more
    comes until the client hangs up. repeat_frame: the first text frame is sent that many times more.
    """

    turn: Turn = field(default_factory=Turn)
    style: Style = field(default_factory=Style)
    chunking: Chunking = "frame"
    delay_s: float = 0.0
    error: ErrorName = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    content_type: str = ""
    cut_after: int | None = None
    stream_error_after: int | None = None
    drop: Literal["", "request"] = ""
    silent_after: int | None = None
    repeat_frame: int = 0


@dataclass(frozen=True, slots=True)
class Recorded:
    """A request as it came; header names in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any
    raw: bytes


@dataclass(slots=True)
class Models:
    """What the server lists. Names and context lengths; capabilities for Ollama's /api/show.

    refuses_over: a chat request whose body has more bytes does not fit its context, whatever it lists; 0 for no such limit.
    """

    contexts: dict[str, int] = field(default_factory=lambda: {"test-model": 8192})
    capabilities: dict[str, tuple[str, ...]] = field(default_factory=dict)
    pull_lines: tuple[bytes, ...] = (
        b'{"status":"pulling manifest"}\n',
        b'{"status":"pulling a1","digest":"sha256:a1","total":100,"completed":40}\n',
        b'{"status":"pulling a1","digest":"sha256:a1","total":100,"completed":100}\n',
        b'{"status":"verifying sha256 digest"}\n{"status":"success"}\n',
    )
    pull_delay_s: float = 0.0
    refuses_over: int = 0


class LlmServer:
    """The server. `base_url` is without path; add /v1 for the OpenAI format.

    position: "calls" answers with the next reply; "messages" derives it from the number of assistant messages in the
    request, so that many agents can share the server. At the end of the replies it calls complete.
    """

    def __init__(
        self,
        replies: Sequence[Reply | Turn] = (),
        *,
        models: Models | None = None,
        key: str = "",
        position: Literal["calls", "messages"] = "calls",
    ) -> None:
        self._replies = [reply if isinstance(reply, Reply) else Reply(reply) for reply in replies]
        self.models = models or Models()
        self._key = key
        self._position = position
        self._server: asyncio.Server | None = None
        self._changed = asyncio.Condition()
        self._writers: set[asyncio.StreamWriter] = set()
        self.requests: list[Recorded] = []
        self.answered = 0
        self.open_streams = 0
        self.hung_up = 0
        self.connections = 0
        self.port = 0

    @property
    def base_url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def chats(self) -> list[Recorded]:
        """The recorded chat requests."""
        return [request for request in self.requests if _dialect(request.path)]

    async def start(self, port: int = 0) -> None:
        """Listen on a port of 127.0.0.1; 0 takes a free one."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Stop listening and close every connection."""
        if self._server is not None:
            self._server.close()
        for writer in tuple(self._writers):
            writer.close()
        await asyncio.sleep(0)

    async def wait_hung_up(self, count: int = 1, timeout_s: float = 5.0) -> None:
        """Until clients closed `count` unfinished responses. Raises TimeoutError."""
        async with asyncio.timeout(timeout_s), self._changed:
            await self._changed.wait_for(lambda: self.hung_up >= count)

    async def wait_requests(self, count: int, timeout_s: float = 5.0) -> None:
        """Until `count` chat requests have come. Raises TimeoutError."""
        async with asyncio.timeout(timeout_s), self._changed:
            await self._changed.wait_for(lambda: len(self.chats) >= count)

    async def _note(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        self.connections += 1
        try:
            while (request := await _read_request(reader)) is not None:
                self.requests.append(request)
                await self._note()
                if not await self._answer(request, reader, writer):
                    break
        except (ConnectionError, asyncio.IncompleteReadError, ValueError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _answer(self, request: Recorded, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        dialect = _dialect(request.path)
        if self._key and not self._authorised(request):
            status, body = llm_wire.error_body(dialect or "openai", "auth", "")
            return await _send(writer, status, body)
        if not dialect:
            return await self._answer_listing(request, writer)
        if 0 < self.models.refuses_over < len(request.raw):
            return await _send_error(writer, dialect, Reply(error="context_overflow"), request)
        reply = self._next(request)
        if reply.drop == "request":
            return False
        if reply.error or reply.body is not None:
            return await _send_error(writer, dialect, reply, request)
        return await self._stream(request, dialect, reply, reader, writer)

    def _authorised(self, request: Recorded) -> bool:
        headers = request.headers
        given = headers.get("authorization", "").removeprefix("Bearer ")
        return self._key in (given, headers.get("x-api-key", ""), headers.get("x-goog-api-key", ""))

    def _next(self, request: Recorded) -> Reply:
        index = self.answered if self._position == "calls" else _assistant_messages(request.body)
        self.answered += 1
        if index < len(self._replies):
            return self._replies[index]
        return Reply(
            Turn(tool_calls=(ScriptedCall("complete", {"summary": "The script has ended."}, id=f"end_{index}"),))
        )

    async def _stream(
        self, request: Recorded, dialect: str, reply: Reply, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        kind = "application/x-ndjson" if dialect == "ollama" else "text/event-stream"
        writer.write(
            _head(200, {"content-type": reply.content_type or kind, "transfer-encoding": "chunked", **reply.headers})
        )
        gone = asyncio.ensure_future(reader.read(1))
        self.open_streams += 1
        try:
            for piece in self._pieces(request, dialect, reply):
                if piece is None:
                    await gone
                if reply.delay_s:
                    await asyncio.wait((gone,), timeout=reply.delay_s)
                if gone.done() or piece is None:
                    raise ConnectionResetError
                writer.write(b"%x\r\n%s\r\n" % (len(piece), piece))
                await writer.drain()
                await asyncio.sleep(0)
            if reply.cut_after is not None:
                return False
            writer.write(b"0\r\n\r\n")
            await writer.drain()
        except ConnectionError:
            self.hung_up += 1
            return False
        finally:
            self.open_streams -= 1
            hung_up = gone.done()
            gone.cancel()
            await asyncio.wait((gone,))
            await self._note()
        return not hung_up

    def _pieces(self, request: Recorded, dialect: str, reply: Reply) -> list[bytes | None]:
        written = llm_wire.frames(dialect, reply.turn, _model(request, dialect), reply.style)
        if reply.repeat_frame:
            text = next(index for index, frame in enumerate(written) if b"flood" in frame)
            written[text:text] = [written[text]] * reply.repeat_frame
        if reply.stream_error_after is not None:
            written = [*written[: reply.stream_error_after], llm_wire.in_stream_error(dialect, "the model crashed")]
        if reply.cut_after is not None:
            cut = written[reply.cut_after] if reply.cut_after < len(written) else b""
            written = [*written[: reply.cut_after], cut[: len(cut) // 2]]
            written = [frame for frame in written if frame]
        if reply.silent_after is not None:
            return [*_torn(written[: reply.silent_after], reply.chunking), None]
        return list(_torn(written, reply.chunking))

    async def _answer_listing(self, request: Recorded, writer: asyncio.StreamWriter) -> bool:
        path = request.path.partition("?")[0]
        if path == "/api/pull":
            return await self._pull(writer)
        body = _listing(path, request, self.models)
        if body is None:
            return await _send(writer, 404, b"404 page not found", "text/plain")
        status = 404 if "error" in body else 200
        return await _send(writer, status, json.dumps(body).encode())

    async def _pull(self, writer: asyncio.StreamWriter) -> bool:
        writer.write(_head(200, {"content-type": "application/x-ndjson", "connection": "close"}))
        self.open_streams += 1
        try:
            for line in self.models.pull_lines:
                writer.write(line)
                await writer.drain()
                await asyncio.sleep(self.models.pull_delay_s)
        except ConnectionError:
            self.hung_up += 1
        finally:
            self.open_streams -= 1
            await self._note()
        return False


@asynccontextmanager
async def serving(replies: Sequence[Reply | Turn] = (), **options: Any) -> AsyncIterator[LlmServer]:
    """A server that runs inside the block; options as for LlmServer."""
    server = LlmServer(replies, **options)
    await server.start()
    try:
        yield server
    finally:
        await server.close()


@asynccontextmanager
async def later(replies: Sequence[Reply | Turn] = (), **options: Any) -> AsyncIterator[LlmServer]:
    """A server that listens from `start(server.port)` to `close()`, as often as wanted. Its port is nobody else's within the block.

    Who asks while it does not listen is refused. Options as for LlmServer.
    """
    with socket.socket() as place:
        place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        place.bind(("127.0.0.1", 0))
        server = LlmServer(replies, **options)
        server.port = place.getsockname()[1]
        try:
            yield server
        finally:
            await server.close()


def _torn(written: list[bytes], chunking: Chunking) -> list[bytes]:
    if chunking == "frame":
        return written
    data = b"".join(written)
    if chunking == "whole":
        return [data]
    sizes = (1,) if chunking == "byte" else TORN
    pieces: list[bytes] = []
    position = 0
    while position < len(data):
        size = sizes[len(pieces) % len(sizes)]
        pieces.append(data[position : position + size])
        position += size
    return pieces


async def _read_request(reader: asyncio.StreamReader) -> Recorded | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    method, path, _ = first.split(" ", 2)
    headers = {
        name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)
    }
    raw = await reader.readexactly(int(headers.get("content-length", "0")))
    return Recorded(method, path, headers, json.loads(raw) if raw else None, raw)


def _dialect(path: str) -> str:
    path = path.partition("?")[0]
    if path == "/api/chat":
        return "ollama"
    if path.endswith("/chat/completions"):
        return "openai"
    if path.endswith(":streamGenerateContent"):
        return "gemini"
    return "anthropic" if path == "/v1/messages" else ""


def _model(request: Recorded, dialect: str) -> str:
    if dialect == "gemini":
        return request.path.rpartition("/")[2].partition(":")[0]
    return str((request.body or {}).get("model", ""))


def _assistant_messages(body: Any) -> int:
    messages = body.get("messages") or body.get("contents") or []
    return sum(message.get("role") in ("assistant", "model") for message in messages)


def _listing(path: str, request: Recorded, models: Models) -> dict[str, Any] | None:
    if path == "/api/tags":
        entries = [{"name": name, "size": 1000, "digest": f"d-{name}"} for name in models.contexts]
        return {"models": entries}
    if path == "/api/show":
        name = request.body.get("model", "")
        if name not in models.contexts:
            return {"error": f"model '{name}' not found"}
        capabilities = models.capabilities.get(name, ("completion", "tools", "thinking"))
        return {"capabilities": list(capabilities), "model_info": {"test.context_length": models.contexts[name]}}
    if path == "/api/version":
        return {"version": "0.30.0"}
    if path == "/v1beta/models":
        entries = [
            {"name": f"models/{name}", "inputTokenLimit": size, "supportedGenerationMethods": ["generateContent"]}
            for name, size in models.contexts.items()
        ]
        return {"models": entries}
    if path == "/v1/models":
        openai = [{"id": name, "object": "model", "max_model_len": size} for name, size in models.contexts.items()]
        return {"object": "list", "data": openai, "has_more": False}
    return None


def _head(status: int, headers: dict[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} Status", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def _send(
    writer: asyncio.StreamWriter, status: int, body: bytes, kind: str = "application/json", **headers: str
) -> bool:
    writer.write(_head(status, {"content-type": kind, "content-length": str(len(body)), **headers}) + body)
    await writer.drain()
    return True


async def _send_error(writer: asyncio.StreamWriter, dialect: str, reply: Reply, request: Recorded) -> bool:
    if reply.body is not None:
        return await _send(writer, reply.status, reply.body, reply.content_type or "application/json", **reply.headers)
    status, body = llm_wire.error_body(dialect, reply.error, _model(request, dialect))
    return await _send(writer, status, body, **reply.headers)


async def _run(arguments: argparse.Namespace) -> None:
    turns: tuple[Turn, ...] = load_script(Path(arguments.script)).turns if arguments.script else ()
    chunking: Chunking = "torn" if arguments.torn else "frame"
    replies = [Reply(turn, chunking=chunking, delay_s=arguments.delay) for turn in turns]
    server = LlmServer(replies, position="messages")
    await server.start(arguments.port)
    print(f"Serving {len(replies)} turns in {', '.join(llm_wire.DIALECTS)} at {server.base_url}", flush=True)
    try:
        await asyncio.Event().wait()
    finally:
        await server.close()


def main() -> None:
    """Serve a script until interrupted."""
    parser = argparse.ArgumentParser(description="Serve scripted turns over the wire formats of language models.")
    parser.add_argument("--port", type=int, default=11434)
    parser.add_argument("--script", help="a script file as for kernel.providers.scripted")
    parser.add_argument("--torn", action="store_true", help="tear frames at odd places")
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before each piece")
    with suppress(KeyboardInterrupt):
        asyncio.run(_run(parser.parse_args()))


if __name__ == "__main__":
    main()
