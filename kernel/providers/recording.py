"""Making every call to a model visible: what was sent, what came back, how long it took.

Owns `Exchange` and the bounded copies of bodies. The dialects open a recording around each request; the observer is
handed in by whoever shows or stores exchanges. It must never let a key through, and never hold a whole long answer.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import msgspec

from kernel.clock import Clock
from kernel.log import get_logger
from kernel.providers.http import public_url
from kernel.providers.redaction import Redactor

HEAD_BYTES = 192 * 1024
TAIL_BYTES = 64 * 1024

_log = get_logger(__name__)


class Exchange(msgspec.Struct, frozen=True):
    """One request and its answer, keys removed, bodies bounded (head and tail are kept, the cut is marked).

    status: HTTP status, 0 where none came. started_at: seconds since the epoch. error: empty when it went well.
    input_tokens, output_tokens: what the server counted, 0 where it did not say. look: it only asked what models there are, or what
    one of them can do.
    """

    id: str
    provider: str
    model: str
    url: str
    request_body: str
    response_body: str
    status: int
    started_at: float
    duration_s: float
    error: str
    input_tokens: int = 0
    output_tokens: int = 0
    look: bool = False


ExchangeObserver = Callable[[Exchange], None]


class _BoundedBody:
    """The head and the tail of a byte stream, and how much lay between them."""

    def __init__(self, margin: int) -> None:
        self._margin = margin
        self._head = bytearray()
        self._tail = bytearray()
        self._size = 0

    def add(self, data: bytes) -> None:
        self._size += len(data)
        room = HEAD_BYTES + self._margin - len(self._head)
        if room > 0:
            self._head += data[:room]
            data = data[room:]
        if data:
            self._tail += data
            if len(self._tail) > 2 * (TAIL_BYTES + self._margin):
                del self._tail[: len(self._tail) - TAIL_BYTES - self._margin]

    def text(self, redact: Redactor) -> str:
        # The margins are longer than any key, so that a key on the cut is removed before the cut is made.
        if self._size <= len(self._head):
            whole = redact.known(bytes(self._head).decode("utf-8", "replace"))
            return whole if self._size <= HEAD_BYTES else _joined(whole[:HEAD_BYTES], "", self._size)
        head = redact.known(bytes(self._head).decode("utf-8", "replace"))[: -self._margin]
        tail = redact.known(bytes(self._tail[-TAIL_BYTES - self._margin :]).decode("utf-8", "replace"))
        return _joined(head, tail[self._margin :], self._size)


def _joined(head: str, tail: str, size: int) -> str:
    return f"{head}\n[... {size:,} bytes in all; the middle is left out ...]\n{tail}"


class Recording:
    """One exchange in progress."""

    def __init__(self, recorder: ExchangeRecorder, model: str, url: str, body: Any, *, look: bool = False) -> None:
        self._recorder = recorder
        self._look = look
        self._model = model
        self._url = url
        self._request = _BoundedBody(recorder.margin)
        if body is not None:
            self._request.add(msgspec.json.encode(body))
        self._response = _BoundedBody(recorder.margin)
        self._started_at = recorder.clock.now()
        self._started = recorder.clock.monotonic()
        self._done = False
        self._tokens = (0, 0)
        self.status = 0

    def received(self, data: bytes) -> None:
        """More of the answer's body."""
        self._response.add(data)

    def used(self, input_tokens: int, output_tokens: int) -> None:
        """What the server counted."""
        self._tokens = (max(0, input_tokens), max(0, output_tokens))

    def finish(self, error: str = "") -> None:
        """Report the exchange; only the first call counts."""
        if self._done:
            return
        self._done = True
        redact = self._recorder.redact
        exchange = Exchange(
            id=uuid.uuid4().hex,
            provider=self._recorder.provider,
            model=self._model,
            url=public_url(self._url),
            request_body=self._request.text(redact),
            response_body=self._response.text(redact),
            status=self.status,
            started_at=self._started_at,
            duration_s=self._recorder.clock.monotonic() - self._started,
            error=redact.text(error),
            input_tokens=self._tokens[0],
            output_tokens=self._tokens[1],
            look=self._look,
        )
        self._recorder.report(exchange)


class ExchangeRecorder:
    """Opens recordings for one provider. Without an observer it costs next to nothing."""

    def __init__(self, provider: str, clock: Clock, redact: Redactor, on_exchange: ExchangeObserver | None) -> None:
        self.provider = provider
        self.clock = clock
        self.redact = redact
        self.margin = max(512, redact.longest * 4)
        self._on_exchange = on_exchange

    def begin(self, model: str, url: str, body: Any, *, look: bool = False) -> Recording | None:
        """Start recording a request with this JSON body; None when nobody watches. look: see `Exchange`."""
        return Recording(self, model, url, body, look=look) if self._on_exchange is not None else None

    def report(self, exchange: Exchange) -> None:
        """Hand a finished exchange to the observer."""
        if self._on_exchange is None:
            return
        try:
            self._on_exchange(exchange)
        except Exception:  # noqa: BLE001 # edge: an observer must never fail a model's turn
            _log.exception("the observer of exchanges failed")
