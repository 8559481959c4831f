"""What all wire dialects share: one request over HTTP becomes one normalised turn.

Owns opening the stream, framing, recording, end-of-stream checks and the resending of a request without a part that
the server refused. A dialect supplies payload, decoder and remedies. It must not know a field of any wire format.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any, Literal, Protocol

import msgspec

from kernel.clock import Clock
from kernel.providers import failures, wire_json
from kernel.providers.base import ChatRequest, Chunk, ModelInfo, ProviderError, Usage
from kernel.providers.http import (
    HttpClient,
    HttpStream,
    HttpTimeouts,
    SseEvent,
    SseParser,
    TransportFailure,
    public_url,
)
from kernel.providers.recording import ExchangeObserver, ExchangeRecorder, Recording
from kernel.providers.redaction import Redactor
from kernel.providers.turn import TurnLimits

MAX_ERROR_BODY = 64 * 1024
MAX_ADAPTATIONS = 6
DRAIN_S = 0.2
RECEIVED_BYTES = 1_000
SHOWN_CHARS = 80
MAX_NOISE_BYTES = 256 * 1024
_KEEPING_OPEN = (b"", b"event", b"id", b"retry")


class Endpoint(msgspec.Struct, frozen=True):
    """Where a provider is. `name` is unique, `title` is for sentences, `base_url` has no slash at its end."""

    name: str
    title: str
    base_url: str
    local: bool
    timeouts: HttpTimeouts = HttpTimeouts()
    limits: TurnLimits = TurnLimits()


class Decoder(Protocol):
    """Reads the frames of one answer."""

    def feed(self, event: SseEvent) -> list[Chunk]:
        """The chunks that a frame gives rise to. Raises ProviderError."""
        ...

    @property
    def complete(self) -> bool:
        """Whether the end mark was seen and nothing more is to be read."""
        ...

    def close(self) -> list[Chunk] | None:
        """The end of the stream: the last chunks, or None when the end mark is missing."""
        ...


class HttpDialect(ABC):
    """A provider over HTTP. The HTTP client is shared and closed by its owner."""

    dialect: str
    framing: Literal["sse", "ndjson"] = "sse"
    #: Fields of which each frame of an answer has at least one.
    marks: frozenset[str] = frozenset()

    def __init__(
        self,
        http: HttpClient,
        endpoint: Endpoint,
        clock: Clock,
        *,
        key: str = "",
        on_exchange: ExchangeObserver | None = None,
    ) -> None:
        self._http = http
        self._endpoint = endpoint
        self._clock = clock
        self._key = key
        self._redact = Redactor(key)
        self._recorder = ExchangeRecorder(endpoint.name, clock, self._redact, on_exchange)
        self._dropped: dict[str, frozenset[str]] = {}

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._endpoint.name!r})"

    @property
    def name(self) -> str:
        """The provider's name."""
        return self._endpoint.name

    @property
    def endpoint(self) -> Endpoint:
        """Where it is."""
        return self._endpoint

    @property
    @abstractmethod
    def remedies(self) -> failures.Remedies:
        """What a person can do about each kind of failure."""

    @abstractmethod
    async def list_models(self) -> tuple[ModelInfo, ...]:
        """The models that can be used now. Raises ProviderError."""

    @abstractmethod
    def _headers(self) -> dict[str, str]:
        """Request headers, the key among them."""

    @abstractmethod
    async def _payload(self, request: ChatRequest, dropped: frozenset[str]) -> tuple[str, dict[str, Any]]:
        """URL and JSON body; `dropped` names the parts that the server refused for this model."""

    @abstractmethod
    def _decoder(self, request: ChatRequest) -> Decoder:
        """A fresh decoder for one answer."""

    def _part_to_drop(self, error: ProviderError, fault: failures.ServerFault, payload: dict[str, Any]) -> str:
        """The part of the request without which it is worth sending again, or ""."""
        return ""

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Chunk]:
        """Answer `request`. Closing the generator or cancelling the task closes the socket. Raises ProviderError."""
        for attempt in range(MAX_ADAPTATIONS + 1):
            dropped = self._dropped.get(request.model, frozenset())
            url, payload = await self._payload(request, dropped)
            try:
                async with aclosing(self._attempt(request, url, payload)) as chunks:
                    async for chunk in chunks:
                        yield chunk
                return
            except _Refused as refusal:
                part = self._part_to_drop(refusal.error, refusal.fault, payload)
                if not part or part in dropped or attempt == MAX_ADAPTATIONS:
                    raise refusal.error from None
                self._dropped[request.model] = dropped | {part}

    async def aclose(self) -> None:
        """Forget what was learnt about models; connections belong to the shared HTTP client."""
        self._dropped.clear()

    async def get_json(self, url: str, *, model: str = "", timeouts: HttpTimeouts | None = None) -> dict[str, Any]:
        """The JSON object at `url`. Raises ProviderError."""
        return await self._call("GET", url, None, model, timeouts)

    async def post_json(
        self, url: str, body: dict[str, Any], *, model: str = "", timeouts: HttpTimeouts | None = None
    ) -> dict[str, Any]:
        """The JSON object that `url` answers to `body`. Raises ProviderError."""
        return await self._call("POST", url, body, model, timeouts)

    async def _call(
        self, method: str, url: str, body: dict[str, Any] | None, model: str, timeouts: HttpTimeouts | None
    ) -> dict[str, Any]:
        recording = self._recorder.begin(model, url, body, look=True)
        error = "cancelled"
        try:
            response = await self._http.request(
                method, url, headers=self._headers(), json=body, timeouts=timeouts or self._endpoint.timeouts
            )
            if recording is not None:
                recording.status = response.status
                recording.received(response.body)
            if response.status >= 300:
                raise self._classified(failures.read_fault(*_parts(response), self._clock.now()), model)
            value = wire_json.load_object(response.body)
            if value is None:
                raise self._not_json(model)
            error = ""
            return value
        except TransportFailure as failure:
            error = failure.message
            raise failures.from_transport(
                failure, provider=self._endpoint.title, model=model, remedies=self.remedies
            ) from None
        except ProviderError as failure:
            error = failure.message
            raise
        finally:
            if recording is not None:
                recording.finish(error)

    async def _attempt(self, request: ChatRequest, url: str, payload: dict[str, Any]) -> AsyncGenerator[Chunk]:
        recording = self._recorder.begin(request.model, url, payload)
        error = "cancelled"
        try:
            async with self._http.stream(
                "POST", url, headers=self._headers(), json=payload, timeouts=self._endpoint.timeouts
            ) as response:
                if recording is not None:
                    recording.status = response.status
                if response.status >= 300:
                    await self._refuse(response, recording, request.model)
                async with aclosing(self._decoded(request, response, recording)) as chunks:
                    async for chunk in chunks:
                        if recording is not None and isinstance(chunk, Usage):
                            recording.used(chunk.input_tokens, chunk.output_tokens)
                        yield chunk
            error = ""
        except TransportFailure as failure:
            error = failure.message
            raise failures.from_transport(
                failure, provider=self._endpoint.title, model=request.model, remedies=self.remedies
            ) from None
        except _Refused as refusal:
            error = refusal.error.message
            raise
        except ProviderError as failure:
            error = failure.message
            raise
        finally:
            if recording is not None:
                recording.finish(error)

    async def _refuse(self, response: HttpStream, recording: Recording | None, model: str) -> None:
        body = await response.body(MAX_ERROR_BODY)
        if recording is not None:
            recording.received(body)
        fault = failures.read_fault(response.status, response.headers, body, self._clock.now())
        raise _Refused(self._classified(fault, model), fault)

    async def _decoded(
        self, request: ChatRequest, response: HttpStream, recording: Recording | None
    ) -> AsyncGenerator[Chunk]:
        decoder = self._decoder(request)
        received = _Received()
        known = False
        async with aclosing(self._frames(response, recording, received)) as frames:
            async for event in frames:
                if not known and (strange := self._is_strange(event)) is not None:
                    if strange:
                        raise self._no_answer(response, received, request.model)
                    known = True
                for chunk in decoder.feed(event):
                    known = True
                    yield chunk
                if decoder.complete:
                    await _drain(frames)
                    break
        last = decoder.close()
        if last is None and not known:
            raise self._no_answer(response, received, request.model)
        if last is None:
            raise failures.truncated(self._endpoint.title, request.model, self.remedies)
        for chunk in last:
            yield chunk

    def _is_strange(self, event: SseEvent) -> bool | None:
        """Whether a frame is no JSON at all (True) or that of an answer (False); None where it is JSON of something else."""
        if event.name == "error" or event.data.strip() == b"[DONE]":
            return False
        value = wire_json.load_frame(event.data)
        if value is None:
            return True
        first = value[0] if isinstance(value, list) and value else value
        return False if self.marks & wire_json.as_dict(first).keys() else None

    async def _frames(
        self, response: HttpStream, recording: Recording | None, received: _Received
    ) -> AsyncGenerator[SseEvent]:
        limit = self._endpoint.limits.line_bytes
        if self.framing == "sse" and "application/json" in response.headers.get("content-type", ""):
            # A server that ignores "stream" answers with one object.
            body = await response.body(limit)
            received.add(body)
            if recording is not None:
                recording.received(body)
            yield SseEvent("", body)
            return
        parser = SseParser(limit)
        async with aclosing(response.lines(limit)) as lines:
            async for line in lines:
                received.add(line)
                if recording is not None:
                    recording.received(line + b"\n")
                if self.framing == "ndjson":
                    if line.strip():
                        yield SseEvent("", line)
                elif (event := parser.feed(line)) is not None:
                    yield event
                elif received.is_endless_noise:
                    return
        if (rest := parser.flush()) is not None:
            yield rest

    def _no_answer(self, response: HttpStream, received: _Received, model: str) -> ProviderError:
        """The error for a response of which nothing belongs to an answer."""
        begins = received.beginning()
        if not begins and "html" not in response.headers.get("content-type", ""):
            return failures.truncated(self._endpoint.title, model, self.remedies)
        shown = f", beginning with “{self._redact.text(begins)[:SHOWN_CHARS]}”" if begins.isprintable() and begins[:1] != "<" else ""
        return ProviderError(
            "bad_response",
            f"{self._endpoint.title} at {public_url(self._endpoint.base_url)} answered with something that is not "
            f"a language model's answer{shown}.",
            self.remedies.text("bad_response", model),
            provider=self._endpoint.name,
        )

    def _not_json(self, model: str) -> ProviderError:
        return ProviderError(
            "bad_response",
            f"{self._endpoint.title} at {self._endpoint.base_url} did not answer like a language-model server.",
            self.remedies.text("bad_response", model),
            provider=self._endpoint.name,
        )

    def _classified(self, fault: failures.ServerFault, model: str) -> ProviderError:
        return failures.classify(
            fault, provider=self._endpoint.title, model=model, remedies=self.remedies, redact=self._redact
        )

    def bad_frame(self, model: str) -> ProviderError:
        """The error for a frame that is not JSON: skipping it could skip a piece of an argument."""
        return ProviderError(
            "bad_response",
            f"{self._endpoint.title} sent a piece of an answer that is not JSON.",
            self.remedies.text("bad_response", model),
            retryable=True,
            provider=self._endpoint.name,
        )

    def stream_error(self, error: Any, model: str) -> ProviderError:
        """The error for one that arrived inside a stream; `error` is the value of its error field."""
        return self._classified(failures.read_stream_fault(error), model)


class _Received:
    """How a response begins, for people."""

    def __init__(self) -> None:
        self._begin = bytearray()
        self._noise_bytes = 0

    def add(self, data: bytes) -> None:
        """More of it; what only keeps a stream of events open does not count."""
        field = data.partition(b":")[0]
        if field in _KEEPING_OPEN:
            return
        self._noise_bytes += len(data) if field != b"data" else 0
        if len(self._begin) < RECEIVED_BYTES:
            self._begin += data[:RECEIVED_BYTES] + b" "

    @property
    def is_endless_noise(self) -> bool:
        """Whether so much came that belongs to no event that nothing else will come."""
        return self._noise_bytes > MAX_NOISE_BYTES

    def beginning(self) -> str:
        """Its first words on one line."""
        return " ".join(self._begin.decode("utf-8", "replace").split())


class _Refused(Exception):
    """An error status before anything was emitted, with what the server said."""

    def __init__(self, error: ProviderError, fault: failures.ServerFault) -> None:
        super().__init__(error.message)
        self.error = error
        self.fault = fault


def _parts(response: Any) -> tuple[int, Mapping[str, str], bytes]:
    return response.status, response.headers, response.body


async def _drain(frames: AsyncGenerator[SseEvent]) -> None:
    """Read up to the end of the response, so that its connection can be used again; never wait long for it."""
    try:
        async with asyncio.timeout(DRAIN_S):
            async for _ in frames:
                pass
    except (TimeoutError, TransportFailure):
        pass
