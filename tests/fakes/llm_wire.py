"""The four wire formats, written: turns of a script become the frames that a real server would send.

Used by `tests.fakes.llm_server` only. Each function returns whole frames in order, the last one with the dialect's end
mark, so that the server can cut, delay or tear them as a test wants.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from kernel.providers.base import Usage
from kernel.providers.scripted import ScriptedCall, Turn, split

DIALECTS = ("ollama", "openai", "gemini", "anthropic")


@dataclass(frozen=True, slots=True)
class Style:
    """How a server writes.

    index_zero: OpenAI sends index 0 for every call. reasoning_field: OpenAI's field for reasoning. interleave: Anthropic
    mixes the events of its blocks. extra: unknown fields, events and empty choices everywhere. comments: keep-alives.
    signature: Gemini's thoughtSignature and Anthropic's signature. done_mark: OpenAI ends with [DONE].
    omit_ids: calls come without ids where the format allows it.
    """

    index_zero: bool = False
    reasoning_field: str = "reasoning_content"
    interleave: bool = False
    extra: bool = False
    comments: bool = False
    signature: str = ""
    done_mark: bool = True
    omit_ids: bool = False


def frames(dialect: str, turn: Turn, model: str, style: Style) -> list[bytes]:
    """The frames of a turn in one of the DIALECTS."""
    writers = {"ollama": _ollama, "openai": _openai, "gemini": _gemini, "anthropic": _anthropic}
    written = writers[dialect](turn, model, style)
    if style.comments and dialect != "ollama":
        written = [piece for frame in written for piece in (b": keep-alive\n\n", frame)]
    return written


def in_stream_error(dialect: str, message: str, *, code: str = "server_error") -> bytes:
    """An error inside a stream that began with status 200."""
    if dialect == "ollama":
        return _line({"error": message})
    if dialect == "gemini":
        return _sse({"error": {"code": 503, "message": message, "status": "UNAVAILABLE"}})
    if dialect == "anthropic":
        return _sse({"type": "error", "error": {"type": "overloaded_error", "message": message}}, "error")
    return _sse({"error": {"message": message, "type": code, "code": code}})


def error_body(dialect: str, kind: str, model: str) -> tuple[int, bytes]:
    """Status and body of an error: auth, unknown_model, context_overflow, rate_limited, overloaded, quota."""
    sentences = {
        "auth": "invalid api key provided",
        "unknown_model": f"model '{model}' not found",
        "context_overflow": "request (20018 tokens) exceeds the available context size (2048 tokens)",
        "rate_limited": "too many requests, slow down",
        "overloaded": "the server is overloaded",
        "quota": "You exceeded your current quota, please check your plan and billing details.",
    }
    status = {
        "auth": 401,
        "unknown_model": 404,
        "context_overflow": 400,
        "rate_limited": 429,
        "overloaded": 503,
        "quota": 429,
    }
    message = sentences[kind]
    if dialect == "ollama":
        return status[kind], json.dumps({"error": message}).encode()
    if dialect == "openai":
        types = {"context_overflow": "exceed_context_size_error", "quota": "insufficient_quota"}
        body: Any = {
            "error": {"message": message, "type": types.get(kind, kind), "code": types.get(kind), "param": None}
        }
        return status[kind], json.dumps(body).encode()
    if dialect == "gemini":
        return _gemini_error(kind, message, status[kind], model)
    types = {
        "auth": "authentication_error", "unknown_model": "not_found_error", "context_overflow": "invalid_request_error",
        "rate_limited": "rate_limit_error", "overloaded": "overloaded_error", "quota": "billing_error",
    }  # fmt: skip
    if kind == "context_overflow":
        message = "prompt is too long: 200018 tokens > 200000 maximum"
    code = {"overloaded": 529, "quota": 402}.get(kind, status[kind])
    return code, json.dumps({"type": "error", "error": {"type": types[kind], "message": message}}).encode()


def _gemini_error(kind: str, message: str, status: int, model: str) -> tuple[int, bytes]:
    names = {"auth": "INVALID_ARGUMENT", "unknown_model": "NOT_FOUND", "overloaded": "UNAVAILABLE"}
    words = {
        "auth": "API key not valid. Please pass a valid API key.",
        "unknown_model": f"models/{model} is not found for API version v1beta, or is not supported for generateContent.",
        "context_overflow": "The input token count (2000018) exceeds the maximum number of tokens allowed (1048576).",
    }
    details: list[dict[str, Any]] = []
    if kind == "rate_limited":
        details = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "7s"}]
    if kind == "auth":
        details = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}]
        status = 400
    name = names.get(kind, "RESOURCE_EXHAUSTED" if status == 429 else "INVALID_ARGUMENT")
    error = {"code": status, "message": words.get(kind, message), "status": name, "details": details}
    return status, json.dumps([{"error": error}]).encode()


def _line(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode() + b"\n"


def _sse(value: dict[str, Any], name: str = "") -> bytes:
    head = f"event: {name}\n".encode() if name else b""
    return head + b"data: " + json.dumps(value, ensure_ascii=False).encode() + b"\n\n"


def _ids(call: ScriptedCall, style: Style) -> dict[str, str]:
    return {"id": call.id} if call.id and not style.omit_ids else {}


def _ollama(turn: Turn, model: str, style: Style) -> list[bytes]:
    def part(message: dict[str, Any]) -> bytes:
        value = {
            "model": model,
            "created_at": "2026-01-01T00:00:00Z",
            "message": {"role": "assistant", **message},
            "done": False,
        }
        return _line({**value, "novel": {"field": [1]}} if style.extra else value)

    written = [part({"content": "", "thinking": piece}) for piece in split(turn.reasoning, turn.chunk_chars)]
    written += [part({"content": piece}) for piece in split(turn.text, turn.chunk_chars)]
    for index, call in enumerate(turn.tool_calls):
        function = {"index": index, "name": call.name, "arguments": call.arguments}
        written.append(part({"content": "", "tool_calls": [{**_ids(call, style), "function": function}]}))
    last: dict[str, Any] = {"model": model, "message": {"role": "assistant", "content": ""}, "done": True}
    last["done_reason"] = "length" if turn.finish == "length" else "stop"
    if turn.usage:
        last |= {"prompt_eval_count": turn.usage.input_tokens, "eval_count": turn.usage.output_tokens}
    return [*written, _line(last)]


def _openai(turn: Turn, model: str, style: Style) -> list[bytes]:
    def part(delta: dict[str, Any], finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        value = {"id": "c1", "object": "chat.completion.chunk", "model": model, "choices": [choice]}
        return _sse({**value, "novel": {"field": [1]}} if style.extra else value)

    written = [part({style.reasoning_field: piece}) for piece in split(turn.reasoning, turn.chunk_chars)]
    written.append(part({"role": "assistant", "content": None}))
    if style.extra:
        written.append(_sse({"object": "chat.completion.chunk", "choices": []}))
        written.append(_sse({"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": None}]}))
    written += [part({"content": piece}) for piece in split(turn.text, turn.chunk_chars)]
    for index, call in enumerate(turn.tool_calls):
        slot = 0 if style.index_zero else index
        function = {"name": call.name, "arguments": ""}
        written.append(
            part({"tool_calls": [{"index": slot, **_ids(call, style), "type": "function", "function": function}]})
        )
        for piece in split(call.text, turn.chunk_chars):
            written.append(part({"tool_calls": [{"index": slot, "function": {"arguments": piece}}]}))
    names = {"filtered": "content_filter"}
    written.append(part({}, names.get(turn.finish_reason, turn.finish_reason)))
    if turn.usage:
        written.append(_sse({"object": "chat.completion.chunk", "choices": [], "usage": _openai_usage(turn.usage)}))
    return [*written, b"data: [DONE]\n\n"] if style.done_mark else written


def _openai_usage(usage: Usage) -> dict[str, Any]:
    return {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.input_tokens + usage.output_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached_tokens},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
    }


def _gemini(turn: Turn, model: str, style: Style) -> list[bytes]:
    def part(parts: list[dict[str, Any]] | None, finish: str = "") -> bytes:
        candidate: dict[str, Any] = {"index": 0}
        if parts is not None:
            candidate["content"] = {"role": "model", "parts": parts}
        if finish:
            candidate["finishReason"] = finish
        value: dict[str, Any] = {"candidates": [candidate], "modelVersion": model, "responseId": "r1"}
        if turn.usage:
            value["usageMetadata"] = _gemini_usage(turn.usage)
        return _sse({**value, "novel": {"field": [1]}} if style.extra else value)

    written = [part([{"text": piece, "thought": True}]) for piece in split(turn.reasoning, turn.chunk_chars)]
    if style.extra:
        written.append(part(None))
        written.append(_sse({"usageMetadata": {}}))
    written += [part([{"text": piece}]) for piece in split(turn.text, turn.chunk_chars)]
    for index, call in enumerate(turn.tool_calls):
        entry: dict[str, Any] = {"functionCall": {**_ids(call, style), "name": call.name, "args": call.arguments}}
        if style.signature and index == 0:
            entry["thoughtSignature"] = style.signature
        written.append(part([entry]))
    names = {"length": "MAX_TOKENS", "filtered": "SAFETY", "other": "OTHER"}
    tail = (
        [{"text": "", "thoughtSignature": style.signature}]
        if style.signature and not turn.tool_calls
        else [{"text": ""}]
    )
    return [*written, part(tail, names.get(turn.finish_reason, "STOP"))]


def _gemini_usage(usage: Usage) -> dict[str, int]:
    return {
        "promptTokenCount": usage.input_tokens,
        "candidatesTokenCount": usage.output_tokens - usage.reasoning_tokens,
        "thoughtsTokenCount": usage.reasoning_tokens,
        "cachedContentTokenCount": usage.cached_tokens,
    }


def _anthropic(turn: Turn, model: str, style: Style) -> list[bytes]:
    usage = turn.usage
    message: dict[str, Any] = {"id": "m1", "type": "message", "role": "assistant", "model": model, "content": []}
    if usage:
        fresh = usage.input_tokens - usage.cached_tokens
        message["usage"] = {"input_tokens": fresh, "cache_read_input_tokens": usage.cached_tokens, "output_tokens": 1}
    blocks = _anthropic_blocks(turn, style)
    written = [_sse({"type": "message_start", "message": message}, "message_start")]
    if style.extra:
        written += [_sse({"type": "ping"}, "ping"), _sse({"type": "novel_event", "value": 1}, "novel_event")]
    written += _woven(blocks) if style.interleave else [frame for block in blocks for frame in block]
    names = {
        "stop": "end_turn",
        "length": "max_tokens",
        "tool_calls": "tool_use",
        "filtered": "refusal",
        "other": "pause_turn",
    }
    delta: dict[str, Any] = {"type": "message_delta", "delta": {"stop_reason": names[turn.finish_reason]}}
    if usage:
        delta["usage"] = {"output_tokens": usage.output_tokens}
    written.append(_sse(delta, "message_delta"))
    return [*written, _sse({"type": "message_stop"}, "message_stop")]


def _anthropic_blocks(turn: Turn, style: Style) -> list[list[bytes]]:
    blocks: list[list[bytes]] = []

    def block(start: dict[str, Any], deltas: list[dict[str, Any]]) -> None:
        index = len(blocks)
        written = [_sse({"type": "content_block_start", "index": index, "content_block": start}, "content_block_start")]
        written += [
            _sse({"type": "content_block_delta", "index": index, "delta": delta}, "content_block_delta")
            for delta in deltas
        ]
        written.append(_sse({"type": "content_block_stop", "index": index}, "content_block_stop"))
        blocks.append(written)

    if turn.reasoning:
        deltas = [{"type": "thinking_delta", "thinking": piece} for piece in split(turn.reasoning, turn.chunk_chars)]
        if style.signature:
            deltas.append({"type": "signature_delta", "signature": style.signature})
        block({"type": "thinking", "thinking": "", "signature": ""}, deltas)
    if turn.text:
        block(
            {"type": "text", "text": ""},
            [{"type": "text_delta", "text": piece} for piece in split(turn.text, turn.chunk_chars)],
        )
    for call in turn.tool_calls:
        text = "" if call.raw_arguments is None and not call.arguments else call.text
        pieces = [{"type": "input_json_delta", "partial_json": piece} for piece in ["", *split(text, turn.chunk_chars)]]
        start = {"type": "tool_use", "id": call.id or "toolu_x", "name": call.name}
        block(start if style.interleave else {**start, "input": {}}, pieces)
    return blocks


def _woven(blocks: list[list[bytes]]) -> list[bytes]:
    """Every block's last event (signature, stop) comes only after the next block has begun."""
    late: list[bytes] = []
    written: list[bytes] = []
    for block in blocks:
        cut = max(1, len(block) - 2)
        written.append(block[0])
        written += late
        written += block[1:cut]
        late = block[cut:]
    return written + late
