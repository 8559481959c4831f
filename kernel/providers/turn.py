"""Building one normalised turn out of what a dialect reads from the wire.

Owns the order of chunks, the numbering and the ids of tool calls, and the bounds on what one answer may hold. Every
dialect's decoder feeds a `TurnAssembler`; it must not know a wire format.

Finished calls are held back until the turn's end mark was seen: a stream that breaks off can then never leave a call
behind that somebody might run.
"""

from __future__ import annotations

import uuid
from collections.abc import Hashable, Iterable
from typing import Any

import msgspec

from kernel.providers import wire_json
from kernel.providers.base import (
    ChatRequest,
    Chunk,
    Finished,
    FinishReason,
    ProviderError,
    ReasoningDelta,
    TextDelta,
    ToolCall,
    ToolCallDelta,
    ToolCallFinished,
    ToolCallStarted,
    Usage,
)

CUT_OFF = "The arguments of {name} were cut off at the token limit. Make the call again with shorter arguments."
FILTERED = "The call of {name} was stopped by the provider's content filter and was not run."
NAMELESS = "The call names no tool. Name one of the available tools."


class TurnLimits(msgspec.Struct, frozen=True):
    """The most that one answer may hold; above it the turn ends with an error."""

    text_chars: int = 2_000_000
    argument_chars: int = 4_000_000
    calls: int = 128
    line_bytes: int = 8 * 1024 * 1024


class _OpenCall:
    def __init__(self, key: Hashable, call_id: str) -> None:
        self.key = key
        self.id = call_id
        self.index = -1
        self.name = ""
        self.parts: list[str] = []


class TurnAssembler:
    """Collects one answer and returns the chunks that each piece gives rise to.

    taken_ids: call ids that the conversation already uses; a server that counts from 0 in every turn gets new ones.
    """

    def __init__(self, limits: TurnLimits, taken_ids: Iterable[str] = (), provider: str = "") -> None:
        self._limits = limits
        self._taken = set(taken_ids)
        self._provider = provider
        self._open: dict[Hashable, _OpenCall] = {}
        self._calls: list[_OpenCall] = []
        self._text_chars = 0
        self._argument_chars = 0
        self._usage: Usage | None = None

    @property
    def has_calls(self) -> bool:
        """Whether a tool call was begun."""
        return bool(self._open)

    def text(self, piece: str) -> list[Chunk]:
        """A piece of the answer's text. Raises ProviderError when the answer is too long."""
        self._count_text(piece)
        return [TextDelta(piece)] if piece else []

    def reasoning(self, piece: str) -> list[Chunk]:
        """A piece of the model's reasoning. Raises ProviderError when the answer is too long."""
        self._count_text(piece)
        return [ReasoningDelta(piece)] if piece else []

    def is_whole(self, key: Hashable) -> bool:
        """Whether the arguments of the call known under `key` are a complete JSON object already."""
        call = self._open.get(key)
        return call is not None and wire_json.load_object("".join(call.parts)) is not None

    def call(self, key: Hashable, *, call_id: str = "", name: str = "", arguments: str = "") -> list[Chunk]:
        """A fragment of the call known under `key`; the first one with a name starts it. Raises ProviderError."""
        call = self._open.get(key)
        if call is None:
            if len(self._open) >= self._limits.calls:
                raise self._flood(f"more than {self._limits.calls} tool calls")
            call = self._open[key] = _OpenCall(key, self._unique(call_id))
        self._argument_chars += len(arguments)
        if self._argument_chars > self._limits.argument_chars:
            raise self._flood(f"more than {self._limits.argument_chars:,} characters of arguments")
        chunks: list[Chunk] = []
        held = "".join(call.parts)
        if name and not call.name:
            call.name = name[:256]
            self._start(call, chunks)
            if held:
                chunks.append(ToolCallDelta(call.index, held))
        if arguments:
            call.parts.append(arguments)
            if call.index >= 0:
                chunks.append(ToolCallDelta(call.index, arguments))
        return chunks

    def whole_call(self, *, call_id: str, name: str, arguments: Any) -> list[Chunk]:
        """A call that arrives complete; `arguments` is an object or its JSON text. Raises ProviderError."""
        text = arguments if isinstance(arguments, str) else wire_json.dump({} if arguments is None else arguments)
        return self.call(("whole", len(self._open)), call_id=call_id, name=name, arguments=text)

    def usage(self, usage: Usage) -> None:
        """What the turn used so far; the last word counts."""
        self._usage = usage

    def end(self, reason: FinishReason, provider_state: dict[str, Any] | None = None) -> list[Chunk]:
        """The end mark was seen: finished calls in order, usage, finish."""
        chunks: list[Chunk] = []
        for call in self._open.values():
            if call.index < 0:
                self._start(call, chunks)
        chunks.extend(ToolCallFinished(call.index, self._finish(call, reason)) for call in self._calls)
        if self._usage is not None:
            chunks.append(self._usage)
        if self._calls and reason == "stop":
            reason = "tool_calls"
        elif not self._calls and reason == "tool_calls":
            reason = "stop"
        chunks.append(Finished(reason, provider_state))
        return chunks

    def _start(self, call: _OpenCall, chunks: list[Chunk]) -> None:
        call.index = len(self._calls)
        self._calls.append(call)
        chunks.append(ToolCallStarted(call.index, call.id, call.name))

    def _finish(self, call: _OpenCall, reason: FinishReason) -> ToolCall:
        text = "".join(call.parts)
        arguments, error = wire_json.parse_arguments(text, call.name)
        if reason == "length" and (error or not text.strip()):
            arguments, error = {}, CUT_OFF.format(name=call.name or "the tool")
        elif reason == "filtered":
            arguments, error = {}, FILTERED.format(name=call.name or "the tool")
        elif not call.name:
            error = NAMELESS
        return ToolCall(call.id, call.name, arguments, error)

    def _unique(self, wanted: str) -> str:
        wanted = wanted[:128]
        if not wanted or wanted in self._taken:
            wanted = f"call_{uuid.uuid4().hex[:16]}"
        self._taken.add(wanted)
        return wanted

    def _count_text(self, piece: str) -> None:
        self._text_chars += len(piece)
        if self._text_chars > self._limits.text_chars:
            raise self._flood(f"more than {self._limits.text_chars:,} characters of text")

    def _flood(self, what: str) -> ProviderError:
        return ProviderError(
            "bad_response",
            f"The model sent {what} in one answer; the answer was stopped.",
            "Set a lower limit for tokens per answer, or choose another model.",
            provider=self._provider,
        )


def taken_ids(request: ChatRequest) -> set[str]:
    """The ids of all calls in the conversation so far."""
    return {call.id for message in request.messages for call in message.tool_calls}
