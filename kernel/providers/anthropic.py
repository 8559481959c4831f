"""The Anthropic dialect: POST /v1/messages, answered with named server-sent events.

Owns the payload, the decoder with the thinking blocks that must be replayed, and the model list. The registry builds
it. Thinking comes back unchanged with its signature, before the calls that it led to.
"""

from __future__ import annotations

import re
from typing import Any

from kernel.clock import Clock
from kernel.providers import failures, history, wire_json
from kernel.providers.base import ChatMessage, ChatRequest, Chunk, FinishReason, ModelInfo, ProviderError, Usage
from kernel.providers.dialect import Decoder, Endpoint, HttpDialect
from kernel.providers.http import HttpClient, SseEvent
from kernel.providers.recording import ExchangeObserver
from kernel.providers.turn import TurnAssembler, taken_ids

VERSION = "2023-06-01"
DEFAULT_MAX_TOKENS = 16_384
THINKING_BUDGET = 4_096
MAX_PAGES = 10
_FINISH: dict[str, FinishReason] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "filtered",
}
_CHOICES = {"auto": "auto", "none": "none", "required": "any"}


class AnthropicProvider(HttpDialect):
    """Anthropic's models, or another server that speaks their format. `endpoint.base_url` is without /v1."""

    dialect = "anthropic"
    marks = frozenset({"type", "error"})

    def __init__(
        self,
        http: HttpClient,
        endpoint: Endpoint,
        clock: Clock,
        *,
        key: str,
        on_exchange: ExchangeObserver | None = None,
    ) -> None:
        super().__init__(http, endpoint, clock, key=key, on_exchange=on_exchange)
        self._output_limits: dict[str, int] = {}
        self._remedies = failures.Remedies(
            auth="Set ANTHROPIC_API_KEY to a valid key (https://console.anthropic.com makes one).",
            unknown_model="Choose a model from the list; {model} may have been retired.",
            refused="Check the network connection, or choose a local model.",
            quota="Add credit to the account behind ANTHROPIC_API_KEY, or choose a local model.",
        )

    @property
    def remedies(self) -> failures.Remedies:
        """What a person can do about each kind of failure."""
        return self._remedies

    def _headers(self) -> dict[str, str]:
        return {"x-api-key": self._key, "anthropic-version": VERSION}

    async def _payload(self, request: ChatRequest, dropped: frozenset[str]) -> tuple[str, dict[str, Any]]:
        conversation = history.prepare(request.messages)
        limit = self._output_limits.get(request.model)
        wanted = request.sampling.max_tokens or DEFAULT_MAX_TOKENS
        payload: dict[str, Any] = {
            "model": request.model,
            "max_tokens": min(wanted, limit or wanted),
            "messages": _messages(conversation.messages),
            "stream": True,
        }
        cached = {} if "cache_control" in dropped else {"cache_control": {"type": "ephemeral"}}
        if payload["messages"] and payload["messages"][-1]["role"] == "user":
            # Each turn repeats the whole conversation: marking its end makes the next turn read it from the cache.
            last = payload["messages"][-1]["content"]
            last[-1] = {**last[-1], **cached}
        if conversation.system:
            payload["system"] = [{"type": "text", "text": conversation.system, **cached}]
        if request.tools:
            payload["tools"] = [
                {"name": tool.name, "description": tool.description, "input_schema": tool.parameters}
                for tool in request.tools
            ]
            payload["tool_choice"] = {"type": _CHOICES[request.tool_choice]}
        thinking = _thinking(request, dropped, payload["max_tokens"])
        if thinking is not None:
            payload["thinking"] = thinking
        else:
            payload.update(_sampling(request, dropped))
        return f"{self._endpoint.base_url}/v1/messages", payload

    def _decoder(self, request: ChatRequest) -> Decoder:
        return _Decoder(self, request)

    def _part_to_drop(self, error: ProviderError, fault: failures.ServerFault, payload: dict[str, Any]) -> str:
        if fault.status != 400 or error.kind in ("context_overflow", "auth", "quota"):
            return ""
        words = fault.words
        allowed = re.search(r"max_tokens: \d+ > (\d+)", words)
        if allowed:
            self._output_limits[payload["model"]] = int(allowed.group(1))
            return f"max_tokens over {allowed.group(1)}"
        if "thinking" in payload and ("thinking" in words or "adaptive" in words):
            return f"thinking {payload['thinking']['type']}"
        for part in ("temperature", "top_p", "cache_control"):
            if part in words and (part in payload or part == "cache_control"):
                return part
        return ""

    async def list_models(self) -> tuple[ModelInfo, ...]:
        """The models that the key may use, newest first as the server sorts them. Raises ProviderError."""
        models: list[ModelInfo] = []
        after = ""
        for _ in range(MAX_PAGES):
            page = f"&after_id={after}" if after else ""
            listing = await self.get_json(f"{self._endpoint.base_url}/v1/models?limit=100{page}")
            for entry in wire_json.as_list(listing.get("data")):
                model = self._model(wire_json.as_dict(entry))
                if model is not None:
                    models.append(model)
            after = wire_json.as_str(listing.get("last_id"))
            if listing.get("has_more") is not True or not re.fullmatch(r"[\w.:-]{1,200}", after):
                break
        return tuple(models)

    def _model(self, entry: dict[str, Any]) -> ModelInfo | None:
        name = wire_json.as_str(entry.get("id"))
        if not name:
            return None
        limit = wire_json.as_size(entry.get("max_tokens"))
        if limit:
            self._output_limits[name] = limit
        return ModelInfo(
            id=f"{self.name}/{name}",
            provider=self.name,
            name=name,
            context_length=wire_json.as_size(entry.get("max_input_tokens")) or 200_000,
            capabilities=("completion", "tools"),
            local=self._endpoint.local,
        )


def _thinking(request: ChatRequest, dropped: frozenset[str], max_tokens: int) -> dict[str, Any] | None:
    """The thinking that a model takes: adaptive first, a budget where that was refused, else none."""
    if not request.sampling.think or request.tool_choice == "required":
        return None
    if "thinking adaptive" not in dropped:
        return {"type": "adaptive", "display": "summarized"}
    if "thinking enabled" not in dropped and max_tokens > 2 * 1024:
        return {"type": "enabled", "budget_tokens": min(THINKING_BUDGET, max_tokens // 2)}
    return None


def _sampling(request: ChatRequest, dropped: frozenset[str]) -> dict[str, Any]:
    """Temperature and top_p; newer models take only one of them, and neither beside thinking."""
    sampling = request.sampling
    if sampling.temperature is not None and "temperature" not in dropped:
        return {"temperature": min(sampling.temperature, 1.0)}
    return {} if sampling.top_p is None or "top_p" in dropped else {"top_p": sampling.top_p}


def _messages(messages: tuple[ChatMessage, ...]) -> list[dict[str, Any]]:
    wire: list[dict[str, Any]] = []
    for message in messages:
        role = "assistant" if message.role == "assistant" else "user"
        blocks = _blocks(message)
        if not blocks:
            continue
        if wire and wire[-1]["role"] == role:
            wire[-1]["content"].extend(blocks)
        else:
            wire.append({"role": role, "content": blocks})
    if wire and wire[0]["role"] == "assistant":
        wire.insert(0, {"role": "user", "content": [{"type": "text", "text": "Go on."}]})
    return wire


def _blocks(message: ChatMessage) -> list[dict[str, Any]]:
    if message.role == "tool":
        block: dict[str, Any] = {
            "type": "tool_result",
            "tool_use_id": history.safe_id(message.tool_call_id),
            "content": message.text or "(no output)",
        }
        return [{**block, "is_error": True} if message.is_error else block]
    text = message.text.rstrip() if message.role == "assistant" else message.text
    texts = [{"type": "text", "text": text}] if text.strip() else []
    if message.role == "user":
        return texts or [{"type": "text", "text": "(empty message)"}]
    calls = [
        {
            "type": "tool_use",
            "id": history.safe_id(call.id),
            "name": history.safe_name(call.name),
            "input": call.arguments,
        }
        for call in message.tool_calls
    ]
    return _replayed(message, calls) or [*texts, *calls]


def _replayed(message: ChatMessage, calls: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The blocks of an own turn in their order, calls filled in; empty where they do not fit the message any more."""
    state = message.provider_state or {}
    blocks = [wire_json.as_dict(block) for block in wire_json.as_list(state.get("blocks"))]
    own_calls = sum(block.get("type") == "tool_use" for block in blocks)
    if state.get("dialect") != "anthropic" or own_calls != len(calls):
        return []
    if not calls and not message.text.strip():
        return []
    following = iter(calls)
    return [next(following) if block.get("type") == "tool_use" else block for block in blocks]


class _Decoder:
    """Reads the events of one answer; blocks are known by index and may be interleaved."""

    def __init__(self, provider: AnthropicProvider, request: ChatRequest) -> None:
        self._provider = provider
        self._model = request.model
        self._turn = TurnAssembler(provider.endpoint.limits, taken_ids(request), provider.name)
        self._stopped = False
        self._reason = ""
        self._usage: dict[str, Any] = {}
        self._blocks: dict[int, dict[str, Any]] = {}

    @property
    def complete(self) -> bool:
        """Whether message_stop was seen."""
        return self._stopped

    def feed(self, event: SseEvent) -> list[Chunk]:
        """The chunks that one event gives rise to. Raises ProviderError."""
        value = wire_json.load_object(event.data)
        if value is None:
            raise self._provider.bad_frame(self._model)
        kind = wire_json.as_str(value.get("type")) or event.name
        if kind == "error" or (not kind and value.get("error")):
            raise self._provider.stream_error(value.get("error") or value, self._model)
        if kind == "content_block_start":
            return self._start(_index(value), wire_json.as_dict(value.get("content_block")))
        if kind == "content_block_delta":
            return self._delta(_index(value), wire_json.as_dict(value.get("delta")))
        if kind == "message_start":
            self._merge_usage(wire_json.as_dict(value.get("message")).get("usage"))
        elif kind == "message_delta":
            delta = wire_json.as_dict(value.get("delta"))
            self._reason = wire_json.as_str(delta.get("stop_reason")) or self._reason
            self._merge_usage(value.get("usage"))
        elif kind == "message_stop":
            self._stopped = True
        return []

    def close(self) -> list[Chunk] | None:
        """The last chunks, or None where message_stop never came."""
        if not self._stopped:
            return None
        if self._usage:
            self._turn.usage(self._total())
        blocks = [block for _, block in sorted(self._blocks.items()) if _is_replayable(block)]
        thought = any(block["type"] in ("thinking", "redacted_thinking") for block in blocks)
        state = {"dialect": "anthropic", "blocks": blocks} if thought else None
        return self._turn.end(_FINISH.get(self._reason or "end_turn", "other"), state)

    def _start(self, index: int, block: dict[str, Any]) -> list[Chunk]:
        kind = block.get("type")
        if kind == "tool_use":
            self._blocks[index] = {"type": "tool_use"}
            chunks = self._turn.call(
                index, call_id=wire_json.as_str(block.get("id")), name=wire_json.as_str(block.get("name"))
            )
            given = wire_json.as_dict(block.get("input"))
            return chunks + (self._turn.call(index, arguments=wire_json.dump(given)) if given else [])
        if kind == "thinking":
            thinking = wire_json.as_str(block.get("thinking"))
            signature = wire_json.as_str(block.get("signature"))
            self._blocks[index] = {"type": "thinking", "thinking": thinking, "signature": signature}
            return self._turn.reasoning(thinking)
        if kind == "redacted_thinking":
            self._blocks[index] = {"type": "redacted_thinking", "data": wire_json.as_str(block.get("data"))}
            return []
        if kind == "text":
            text = wire_json.as_str(block.get("text"))
            self._blocks[index] = {"type": "text", "text": text}
            return self._turn.text(text)
        return []

    def _delta(self, index: int, delta: dict[str, Any]) -> list[Chunk]:
        kind = wire_json.as_str(delta.get("type"))
        block = self._blocks.get(index, {})
        if kind == "input_json_delta" and block.get("type") == "tool_use":
            return self._turn.call(index, arguments=wire_json.as_str(delta.get("partial_json")))
        if kind not in ("text_delta", "thinking_delta", "signature_delta"):
            return []
        field = kind.removesuffix("_delta")
        piece = wire_json.as_str(delta.get(field))
        # Counted before it is kept, so that a flood ends with an error before it fills memory.
        chunks = (
            self._turn.text(piece) if field == "text" else self._turn.reasoning(piece) if field == "thinking" else []
        )
        if not block:
            kept = (
                {"type": "text", "text": ""}
                if field == "text"
                else {"type": "thinking", "thinking": "", "signature": ""}
            )
            block = self._blocks[index] = kept
        if field in block:
            block[field] += piece
        return chunks

    def _merge_usage(self, value: Any) -> None:
        for name, amount in wire_json.as_dict(value).items():
            if name.endswith("_tokens") and isinstance(amount, (int, float)):
                self._usage[name] = wire_json.as_count(amount)

    def _total(self) -> Usage:
        cached = self._usage.get("cache_read_input_tokens", 0)
        created = self._usage.get("cache_creation_input_tokens", 0)
        return Usage(self._usage.get("input_tokens", 0) + cached + created, self._usage.get("output_tokens", 0), cached)


def _index(value: dict[str, Any]) -> int:
    index = value.get("index")
    return index if isinstance(index, int) else 0


def _is_replayable(block: dict[str, Any]) -> bool:
    if block["type"] == "text":
        return bool(block["text"].strip())
    return block["type"] == "tool_use" or bool(block.get("signature") or block.get("data"))
