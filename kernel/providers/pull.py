"""Pulling a model through Ollama: POST /api/pull, with progress as it streams.

Owns the reading of that stream. The kernel's model service calls it; it must not choose models or remember them.
Cancelling the task that iterates closes the socket, and Ollama keeps what it has for the next attempt.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import msgspec

from kernel.clock import Clock
from kernel.providers import failures, wire_json
from kernel.providers.base import ProviderError
from kernel.providers.http import HttpClient, HttpTimeouts, TransportFailure, public_url
from kernel.providers.ollama import DEFAULT_MODEL
from kernel.providers.recording import ExchangeObserver, ExchangeRecorder, Recording
from kernel.providers.redaction import Redactor

MAX_LINE_BYTES = 256 * 1024
TIMEOUTS = HttpTimeouts(connect_s=10.0, read_s=300.0)


class PullProgress(msgspec.Struct, frozen=True):
    """How far a pull is. Bytes cover every layer named so far; `total_bytes` is 0 while unknown."""

    model: str
    status: str
    completed_bytes: int = 0
    total_bytes: int = 0
    done: bool = False

    @property
    def fraction(self) -> float:
        """0..1."""
        if self.done:
            return 1.0
        return min(1.0, self.completed_bytes / self.total_bytes) if self.total_bytes else 0.0


async def pull_model(
    http: HttpClient,
    base_url: str,
    clock: Clock,
    model: str = DEFAULT_MODEL,
    *,
    key: str = "",
    on_exchange: ExchangeObserver | None = None,
) -> AsyncGenerator[PullProgress]:
    """Pull `model`; the last progress has `done`. Raises ProviderError."""
    remedies = _remedies(base_url)
    redact = Redactor(key)
    url, body = f"{base_url}/api/pull", {"model": model, "stream": True}
    recording = ExchangeRecorder("ollama", clock, redact, on_exchange).begin(model, url, body)
    error = "cancelled"
    begun = False
    try:
        async with aclosing(_steps(http, url, body, key, recording)) as steps:
            async for step in steps:
                if isinstance(step, PullProgress):
                    if step.done:
                        error = ""
                    yield step
                    if step.done:
                        return
                else:
                    raise failures.classify(step, provider="Ollama", model=model, remedies=remedies, redact=redact)
                begun = True
        raise failures.truncated("Ollama", model, remedies, download=True) if begun else _no_pull(base_url)
    except TransportFailure as failure:
        error = failure.message
        raise failures.from_transport(failure, provider="Ollama", model=model, remedies=remedies) from None
    except ProviderError as failure:
        error = failure.message
        raise
    finally:
        if recording is not None:
            recording.finish(error)


async def _steps(
    http: HttpClient, url: str, body: dict[str, Any], key: str, recording: Recording | None
) -> AsyncGenerator[PullProgress | failures.ServerFault]:
    """What the server says, line by line: progress, or the fault that ends it."""
    headers = {"authorization": f"Bearer {key}"} if key else {}
    layers: dict[str, tuple[int, int]] = {}
    async with http.stream("POST", url, headers=headers, json=body, timeouts=TIMEOUTS) as response:
        if recording is not None:
            recording.status = response.status
        if response.status >= 300:
            refusal = await response.body(64 * 1024)
            yield failures.read_fault(response.status, response.headers, refusal, 0.0)
            return
        async with aclosing(response.lines(MAX_LINE_BYTES)) as lines:
            async for line in lines:
                if recording is not None:
                    recording.received(line + b"\n")
                value = wire_json.load_object(line) or {}
                if value.get("error"):
                    yield _worded(value["error"])
                    return
                progress = _progress(body["model"], value, layers)
                if progress is not None:
                    yield progress


def _no_pull(base_url: str) -> ProviderError:
    """The error for an answer without a word of progress."""
    return ProviderError(
        "bad_response",
        f"Ollama at {public_url(base_url)} answered with something that is not the progress of a download.",
        "Look whether the address is that of an Ollama server.",
        provider="ollama",
    )


def _remedies(base_url: str) -> failures.Remedies:
    return failures.Remedies(
        auth="Check the key of the server that stands before Ollama.",
        unknown_model="Check the name: https://ollama.com/library lists what can be pulled.",
        refused=f"Start Ollama with `ollama serve` (it is expected at {base_url}; OLLAMA_HOST changes that).",
        overloaded="Check the network connection and the free disk space, then pull again: it goes on where it stopped.",
        truncated="Pull again: it goes on where it stopped.",
        bad_response="Check the name (https://ollama.com/library) and the network connection, then pull again.",
    )


def _worded(error: object) -> failures.ServerFault:
    """The fault of an in-stream error; a missing manifest means that no such model exists."""
    fault = failures.read_stream_fault(error)
    if "manifest" in fault.words and ("not exist" in fault.words or "not found" in fault.words):
        return msgspec.structs.replace(fault, words=f"{fault.words} model_not_found")
    return fault


def _progress(model: str, value: dict[str, object], layers: dict[str, tuple[int, int]]) -> PullProgress | None:
    status = wire_json.as_str(value.get("status"))[:200]
    if not status:
        return None
    digest = wire_json.as_str(value.get("digest"))[:128]
    if digest and (digest in layers or len(layers) < 1000):
        layers[digest] = (wire_json.as_count(value.get("completed")), wire_json.as_count(value.get("total")))
    completed = sum(done for done, _ in layers.values())
    total = sum(size for _, size in layers.values())
    return PullProgress(model, status, completed, total, done=status == "success")
