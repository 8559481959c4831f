"""The one module that imports the HTTP library.

Owns connections, TLS, timeouts, the splitting of a byte stream into lines and of lines into server-sent events.
Dialects, `pull` and the registry call it; it knows no dialect, no model and no key. The library is imported in a
thread at the first request, because its import and the loading of the certificates cost more than a frame.

Lines are split on the byte `\\n` alone: splitting text at every Unicode line break would tear JSON strings that hold
U+2028 or U+0085.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, Literal, cast
from urllib.parse import urlsplit, urlunsplit

import msgspec

if TYPE_CHECKING:
    import httpx

FailureKind = Literal["refused", "timeout", "dropped", "invalid_url", "flood"]

WRITE_S = 60.0
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


class TransportFailure(ConnectionError):
    """The request failed below HTTP. `kind` says how; the text names host and port, never a header or a query."""

    def __init__(self, kind: FailureKind, message: str) -> None:
        super().__init__(message)
        self.kind: FailureKind = kind
        self.message = message


class HttpTimeouts(msgspec.Struct, frozen=True):
    """Seconds. `read_s` is the longest gap between two pieces of a response, not its whole duration."""

    connect_s: float = 10.0
    read_s: float = 300.0


class HttpResponse(msgspec.Struct, frozen=True):
    """A whole response; header names are lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


class HttpStream:
    """An open response. Valid only inside `HttpClient.stream`."""

    def __init__(self, response: httpx.Response, max_bytes: int, url: str = "") -> None:
        self._response = response
        self._url = url or str(response.url)
        self._max_bytes = max_bytes
        self.status = response.status_code
        self.headers: dict[str, str] = {name.lower(): value for name, value in response.headers.items()}

    async def chunks(self) -> AsyncGenerator[bytes]:
        """Decoded pieces of the body as they arrive. Raises TransportFailure."""
        received = 0
        with _MappedErrors(self._url):
            async with aclosing(cast("AsyncGenerator[bytes]", self._response.aiter_bytes())) as pieces:
                async for piece in pieces:
                    received += len(piece)
                    if received > self._max_bytes:
                        raise TransportFailure("flood", f"The response is larger than {self._max_bytes:,} bytes.")
                    yield piece

    async def lines(self, max_line_bytes: int) -> AsyncGenerator[bytes]:
        """Lines without their end, the last one also when it lacks a line feed. Raises TransportFailure."""
        splitter = LineSplitter(max_line_bytes)
        async with aclosing(self.chunks()) as pieces:
            async for piece in pieces:
                for line in splitter.feed(piece):
                    yield line
        rest = splitter.rest()
        if rest:
            yield rest

    async def body(self, max_bytes: int) -> bytes:
        """The body up to `max_bytes`; what follows is left unread. Raises TransportFailure."""
        collected = bytearray()
        async with aclosing(self.chunks()) as pieces:
            async for piece in pieces:
                collected += piece
                if len(collected) >= max_bytes:
                    break
        return bytes(collected[:max_bytes])


class HttpClient:
    """Shared connections. One for the application; its owner closes it."""

    def __init__(self, timeouts: HttpTimeouts | None = None, *, max_response_bytes: int = 64 * 1024 * 1024) -> None:
        self._timeouts = timeouts or HttpTimeouts()
        self._max_response_bytes = max_response_bytes
        self._clients: dict[str, httpx.AsyncClient] = {}
        self._opening = asyncio.Lock()
        self._closed = False

    @asynccontextmanager
    async def stream(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        timeouts: HttpTimeouts | None = None,
    ) -> AsyncIterator[HttpStream]:
        """Send a request and hand out the open response; leaving the block closes the socket if it is unfinished.

        `json` is encoded compactly; None sends no body. Raises TransportFailure.
        """
        client = await self._client(url)
        content = None if json is None else msgspec.json.encode(json)
        sent = dict(headers or {})
        if content is not None:
            sent.setdefault("content-type", "application/json")
        limits = timeouts or self._timeouts
        timeout = (limits.connect_s, limits.read_s, WRITE_S, limits.connect_s)
        with _MappedErrors(url):
            request = client.build_request(method, url, headers=sent, content=content, timeout=timeout)
            response = await client.send(request, stream=True, follow_redirects=False)
        try:
            yield HttpStream(response, self._max_response_bytes)
        finally:
            await response.aclose()

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        timeouts: HttpTimeouts | None = None,
        max_bytes: int = 16 * 1024 * 1024,
    ) -> HttpResponse:
        """Send a request and read the whole answer, at most `max_bytes` of it. Raises TransportFailure."""
        async with self.stream(method, url, headers=headers, json=json, timeouts=timeouts) as response:
            body = await response.body(max_bytes)
            return HttpResponse(response.status, response.headers, body)

    async def prepare(self, urls: tuple[str, ...]) -> None:
        """Load what requests to these addresses need, so that the first one is not slower than the others.

        Never raises: what is wrong with an address is said by the request itself.
        """
        for url in urls:
            with suppress(TransportFailure):
                await self._client(url)

    async def get_page(self, url: str, address: str, timeout_s: float, max_bytes: int) -> HttpResponse:
        """At most `max_bytes` of a page, fetched from `address` whatever the name in `url` resolves to by now.

        The name is still what the server is asked for and what its certificate must prove. Redirects are not followed, no proxy is used,
        and no connection is kept, since a kept one would belong to the address and not to the name. Raises TransportFailure.
        """
        import httpx

        client = await self._client(url, pages=True)
        with _MappedErrors(url):
            asked = httpx.URL(url)
            host = asked.netloc.rpartition(b"@")[2].decode("ascii")
            request = client.build_request(
                "GET",
                asked.copy_with(host=address),
                headers={"host": host},
                extensions={"sni_hostname": asked.raw_host.decode("ascii")},
                timeout=timeout_s,
            )
            response = await client.send(request, stream=True, follow_redirects=False)
        try:
            stream = HttpStream(response, self._max_response_bytes, url)
            return HttpResponse(stream.status, stream.headers, await stream.body(max_bytes))
        finally:
            await response.aclose()

    async def aclose(self) -> None:
        """Close every connection; later requests fail."""
        self._closed = True
        async with self._opening:
            clients = list(self._clients.values())
            self._clients.clear()
        for client in clients:
            await client.aclose()

    async def _client(self, url: str, *, pages: bool = False) -> httpx.AsyncClient:
        scheme = urlsplit(url).scheme
        name = f"pages {scheme}" if pages else scheme
        if scheme not in ("http", "https"):
            raise TransportFailure("invalid_url", f"{public_url(url)!r} is not an http:// or https:// address.")
        async with self._opening:
            if self._closed:
                raise TransportFailure("dropped", "The connection to language models is closed.")
            client = self._clients.get(name)
            if client is None:
                # Import and certificates take 100 ms and more: in a thread, so that no agent waits for them.
                client = await asyncio.to_thread(_build_pages_client if pages else _build_client, scheme)
                self._clients[name] = client
        return client


def _context(scheme: str) -> ssl.SSLContext:
    import httpx

    # Plain connections get a context without any certificate authority: cheap, and safe if it were ever used.
    context = httpx.create_ssl_context() if scheme == "https" else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if scheme == "https":
        context.load_default_certs()
    return context


def _build_pages_client(scheme: str) -> httpx.AsyncClient:
    import httpx

    return httpx.AsyncClient(
        verify=_context(scheme),
        trust_env=False,
        limits=httpx.Limits(max_connections=100, max_keepalive_connections=0),
        headers={"user-agent": "aether", "accept-encoding": "identity"},
    )


def _build_client(scheme: str) -> httpx.AsyncClient:
    import httpx

    context = _context(scheme)
    direct = {f"all://{host}": httpx.AsyncHTTPTransport(verify=context, limits=_limits()) for host in _LOOPBACK}
    return httpx.AsyncClient(
        verify=context,
        mounts=direct,
        limits=_limits(),
        headers={"user-agent": "aether", "accept-encoding": "identity"},
    )


def _limits() -> httpx.Limits:
    import httpx

    # A hundred agents may stream at the same time; idle connections are kept for the next step only.
    return httpx.Limits(max_connections=1000, max_keepalive_connections=32, keepalive_expiry=30.0)


class _MappedErrors:
    """Turns the library's exceptions into TransportFailure, without request headers or query in the text."""

    def __init__(self, url: str) -> None:
        self._place = public_place(url)

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if error is None or isinstance(error, (TransportFailure, asyncio.CancelledError, GeneratorExit)):
            return
        failure = self._translate(error)
        if failure is not None:
            raise failure from None

    def _translate(self, error: BaseException) -> TransportFailure | None:
        import httpx

        if isinstance(error, (httpx.ConnectError, httpx.ProxyError)):
            return TransportFailure("refused", f"No connection to {self._place}: {_reason(error)}.")
        if isinstance(error, (httpx.ConnectTimeout, httpx.PoolTimeout)):
            return TransportFailure("timeout", f"{self._place} did not accept a connection in time.")
        if isinstance(error, httpx.TimeoutException):
            return TransportFailure("timeout", f"{self._place} was silent for too long.")
        if isinstance(error, (httpx.InvalidURL, httpx.UnsupportedProtocol, UnicodeError)):
            return TransportFailure("invalid_url", f"{self._place} is not an address that can be requested.")
        if isinstance(error, (httpx.HTTPError, httpx.StreamError, OSError)):
            return TransportFailure("dropped", f"{self._place} closed the connection in the middle of the answer.")
        return None


def _reason(error: BaseException) -> str:
    text = " ".join(str(error).split()).rstrip(".")
    return "the connection was refused" if not text or "attempts failed" in text else text[:200]


def public_place(url: str) -> str:
    """`host:port` of an address, for messages."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or "the server"
        return f"{host}:{parts.port}" if parts.port else host
    except ValueError:
        return "the server"


def public_url(url: str) -> str:
    """An address without user, password, query and fragment, for the log and for people."""
    try:
        parts = urlsplit(url)
        netloc = parts.netloc.rpartition("@")[2]
        return urlunsplit((parts.scheme, netloc, parts.path, "", ""))
    except ValueError:
        return "(unreadable address)"


class LineSplitter:
    """Cuts a byte stream at `\\n`, drops a `\\r` before it, and refuses a line longer than `max_line_bytes`."""

    def __init__(self, max_line_bytes: int) -> None:
        self._max = max_line_bytes
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """The lines that `data` completes. Raises TransportFailure of kind flood."""
        # Only the new bytes are searched: a long line in small pieces must not cost the square of its length.
        first = data.find(b"\n")
        if first < 0:
            self._buffer += data
            self._check(len(self._buffer))
            return []
        self._buffer += data[:first]
        self._check(len(self._buffer))
        lines = [_without_return(bytes(self._buffer))]
        *whole, tail = data[first + 1 :].split(b"\n")
        lines.extend(_without_return(line) for line in whole)
        self._buffer = bytearray(tail)
        self._check(max(len(tail), *(len(line) for line in lines)))
        return lines

    def rest(self) -> bytes:
        """What is left behind the last line end."""
        left = _without_return(bytes(self._buffer))
        self._buffer.clear()
        return left

    def _check(self, length: int) -> None:
        if length > self._max:
            raise TransportFailure("flood", f"A line of the response is longer than {self._max:,} bytes.")


def _without_return(line: bytes) -> bytes:
    return line[:-1] if line.endswith(b"\r") else line


class SseEvent(msgspec.Struct, frozen=True):
    """One server-sent event; `name` is empty where the server gave none."""

    name: str
    data: bytes


class SseParser:
    """Joins lines to server-sent events; comments (keep-alives) and unknown fields are dropped."""

    def __init__(self, max_event_bytes: int) -> None:
        self._max = max_event_bytes
        self._name = ""
        self._data: list[bytes] = []
        self._size = 0
        self._first = True

    def feed(self, line: bytes) -> SseEvent | None:
        """Take one line without its end; an event comes back at the blank line that ends it."""
        if self._first:
            self._first = False
            line = line.removeprefix(b"\xef\xbb\xbf")
        if not line:
            return self._take()
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"data":
            self._size += len(value) + 1
            if self._size > self._max:
                raise TransportFailure("flood", f"An event of the response is longer than {self._max:,} bytes.")
            self._data.append(value)
        elif field == b"event":
            self._name = value.decode("utf-8", "replace")[:100]
        return None

    def flush(self) -> SseEvent | None:
        """The event that the end of the stream cut before its blank line."""
        return self._take()

    def _take(self) -> SseEvent | None:
        event = SseEvent(self._name, b"\n".join(self._data)) if self._data else None
        self._name, self._data, self._size = "", [], 0
        return event
