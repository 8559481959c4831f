"""One way to ask any provider the same thing, and to compare what comes back."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from kernel.clock import SystemClock
from kernel.providers.anthropic import AnthropicProvider
from kernel.providers.base import (
    ChatMessage,
    ChatRequest,
    Chunk,
    Finished,
    Provider,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
    ToolCallFinished,
    ToolCallStarted,
    ToolSpec,
    Usage,
)
from kernel.providers.dialect import Endpoint
from kernel.providers.gemini import GeminiProvider
from kernel.providers.http import HttpClient, HttpTimeouts
from kernel.providers.ollama import OllamaProvider
from kernel.providers.openai import OpenAiProvider
from kernel.providers.recording import ExchangeObserver
from kernel.providers.scripted import ScriptedProvider, Turn
from kernel.providers.turn import TurnLimits
from tests.fakes.llm_server import LlmServer, Reply, serving

WIRE = ("ollama", "openai", "gemini", "anthropic")
ALL = (*WIRE, "scripted")
KEY = "sk-test-0123456789abcdef"
TOOLS = (
    ToolSpec("write_file", "Write a file", {"type": "object", "properties": {"path": {"type": "string"}}}),
    ToolSpec("read_file", "Read a file", {"type": "object", "properties": {"path": {"type": "string"}}}),
)


def ask(text: str = "Do it.", *, tools: Sequence[ToolSpec] = TOOLS, **fields: Any) -> ChatRequest:
    """A first request."""
    return ChatRequest(
        "test-model", (ChatMessage("system", "Be brief."), ChatMessage("user", text)), tuple(tools), **fields
    )


def wire_provider(
    dialect: str,
    server: LlmServer,
    http: HttpClient,
    *,
    key: str = KEY,
    limits: TurnLimits | None = None,
    on_exchange: ExchangeObserver | None = None,
    read_s: float = 5.0,
) -> Provider:
    """The provider of a wire dialect, pointed at the server."""
    root = f"{server.base_url}/v1" if dialect == "openai" else server.base_url
    timeouts = HttpTimeouts(connect_s=2.0, read_s=read_s)
    endpoint = Endpoint(dialect, dialect.title(), root, True, timeouts, limits or TurnLimits())
    kinds: dict[str, Any] = {
        "ollama": OllamaProvider,
        "openai": OpenAiProvider,
        "gemini": GeminiProvider,
        "anthropic": AnthropicProvider,
    }
    provider: Provider = kinds[dialect](http, endpoint, SystemClock(), key=key, on_exchange=on_exchange)
    return provider


@asynccontextmanager
async def provider_for(
    dialect: str, replies: Sequence[Reply | Turn], **options: Any
) -> AsyncIterator[tuple[Provider, LlmServer | None]]:
    """Any dialect, playing the replies; the scripted one plays their turns itself."""
    if dialect == "scripted":
        turns = [reply.turn if isinstance(reply, Reply) else reply for reply in replies]
        yield ScriptedProvider(turns), None
        return
    http = HttpClient()
    async with serving(replies) as server:
        try:
            yield wire_provider(dialect, server, http, **options), server
        finally:
            await http.aclose()


async def collect(provider: Provider, request: ChatRequest) -> list[Chunk]:
    """Every chunk of one answer."""
    async with aclosing(provider.stream(request)) as chunks:
        return [chunk async for chunk in chunks]


@dataclass(frozen=True, slots=True)
class Normal:
    """An answer with everything taken out that dialects may cut differently."""

    order: tuple[str, ...]
    text: str
    reasoning: str
    calls: tuple[tuple[int, str, str, str], ...]
    broken: tuple[bool, ...]
    usage: tuple[int, int] | None
    reason: str


def normal(chunks: Sequence[Chunk]) -> Normal:
    """The answer behind a list of chunks; also checks what holds for every list."""
    order: list[str] = []
    names: dict[int, tuple[str, str]] = {}
    pieces: dict[int, str] = {}
    for chunk in chunks:
        kind = type(chunk).__name__
        if not order or order[-1] != kind:
            order.append(kind)
        if isinstance(chunk, ToolCallStarted):
            assert chunk.index == len(names)
            names[chunk.index] = (chunk.id, chunk.name)
            pieces[chunk.index] = ""
        elif isinstance(chunk, ToolCallDelta):
            pieces[chunk.index] += chunk.text
    finished = [chunk for chunk in chunks if isinstance(chunk, ToolCallFinished)]
    ends = [chunk for chunk in chunks if isinstance(chunk, Finished)]
    assert len(ends) == 1 and chunks[-1] is ends[0]
    for chunk in finished:
        assert names[chunk.index] == (chunk.call.id, chunk.call.name)
        if not chunk.call.error:
            assert (json.loads(pieces[chunk.index]) if pieces[chunk.index] else {}) == chunk.call.arguments
    usage = next((chunk for chunk in chunks if isinstance(chunk, Usage)), None)
    simple = tuple(dict.fromkeys(kind for kind in order if not kind.startswith("ToolCall")))
    return Normal(
        simple,
        "".join(chunk.text for chunk in chunks if isinstance(chunk, TextDelta)),
        "".join(chunk.text for chunk in chunks if isinstance(chunk, ReasoningDelta)),
        tuple(
            (one.index, one.call.id, one.call.name, json.dumps(one.call.arguments, sort_keys=True)) for one in finished
        ),
        tuple(bool(one.call.error) for one in finished),
        (usage.input_tokens, usage.output_tokens) if usage else None,
        ends[0].reason,
    )
