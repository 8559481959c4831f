"""The Ollama dialect: POST /api/chat, answered with one JSON object a line.

Owns the payload, the decoder, the model list with capabilities and context lengths, and what was learnt about each
model. The registry builds it. Ollama cuts a prompt that is too long in silence unless told otherwise, so every request
names its context size and asks for an error instead.
"""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from kernel.clock import Clock
from kernel.providers import failures, history, tool_prompt, wire_json
from kernel.providers.base import ChatMessage, ChatRequest, Chunk, FinishReason, ModelInfo, ProviderError, Usage
from kernel.providers.dialect import Decoder, Endpoint, HttpDialect
from kernel.providers.http import HttpClient, SseEvent
from kernel.providers.recording import ExchangeObserver
from kernel.providers.turn import TurnAssembler, taken_ids

DEFAULT_MODEL = "gemma4:e2b"
DEFAULT_CONTEXT = 32_768
SHOWN_AT_ONCE = 4
SHOW_BUDGET_S = 1.0
MAX_MODELS = 500
_FINISH: dict[str, FinishReason] = {"stop": "stop", "length": "length"}


class ModelDetails(msgspec.Struct, frozen=True):
    """What /api/show says about a model; `capabilities` is empty where the server is too old to tell."""

    capabilities: tuple[str, ...] = ()
    context_length: int | None = None


class OllamaProvider(HttpDialect):
    """One Ollama server. `endpoint.base_url` has no path."""

    dialect = "ollama"
    framing = "ndjson"
    marks = frozenset({"message", "done", "error"})

    def __init__(
        self,
        http: HttpClient,
        endpoint: Endpoint,
        clock: Clock,
        *,
        key: str = "",
        on_exchange: ExchangeObserver | None = None,
    ) -> None:
        super().__init__(http, endpoint, clock, key=key, on_exchange=on_exchange)
        self._details: dict[str, tuple[str, ModelDetails]] = {}
        self._remedies = failures.Remedies(
            auth="Check the key of the server that stands before Ollama.",
            unknown_model="Pull it with `ollama pull {model}`, or from Aether's list of models.",
            refused=f"Start Ollama with `ollama serve` (it is expected at {endpoint.base_url}; OLLAMA_HOST changes that).",
            overloaded="Wait until the model is loaded, or choose a smaller one: it may not fit into memory.",
            context_overflow="Raise the context size in the settings, or shorten the conversation.",
            unsupported="Choose another model, or update Ollama.",
        )

    @property
    def remedies(self) -> failures.Remedies:
        """What a person can do about each kind of failure."""
        return self._remedies

    def _headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self._key}"} if self._key else {}

    async def _payload(self, request: ChatRequest, dropped: frozenset[str]) -> tuple[str, dict[str, Any]]:
        details = await self._known_details(request.model)
        capabilities = details.capabilities
        if request.tools and ("tools" in dropped or (capabilities and "tools" not in capabilities)):
            request = tool_prompt.in_words(request)
        payload: dict[str, Any] = {
            "model": request.model,
            "messages": self._messages(request),
            "stream": True,
            "options": self._options(request, details),
            "truncate": False,
            "shift": False,
        }
        if request.tools and request.tool_choice != "none":
            payload["tools"] = [
                {
                    "type": "function",
                    "function": {"name": tool.name, "description": tool.description, "parameters": tool.parameters},
                }
                for tool in request.tools
            ]
        think = self._think(request, capabilities)
        if think is not None and "think" not in dropped:
            payload["think"] = think
        return f"{self._endpoint.base_url}/api/chat", payload

    def _options(self, request: ChatRequest, details: ModelDetails) -> dict[str, Any]:
        sampling = request.sampling
        wanted = sampling.context_size or DEFAULT_CONTEXT
        options: dict[str, Any] = {"num_ctx": min(wanted, details.context_length or wanted)}
        if sampling.temperature is not None:
            options["temperature"] = sampling.temperature
        if sampling.max_tokens is not None:
            options["num_predict"] = sampling.max_tokens
        if sampling.top_p is not None:
            options["top_p"] = sampling.top_p
        return options

    def _think(self, request: ChatRequest, capabilities: tuple[str, ...]) -> bool | str | None:
        if capabilities and "thinking" not in capabilities:
            return None
        if "gpt-oss" in request.model:
            return "medium" if request.sampling.think else "low"
        # Unknown capabilities: true is tried once, false is not sent, since old servers refuse the field altogether.
        return request.sampling.think if request.sampling.think or capabilities else None

    def _messages(self, request: ChatRequest) -> list[dict[str, Any]]:
        conversation = history.prepare(request.messages)
        wire: list[dict[str, Any]] = []
        if conversation.system:
            wire.append({"role": "system", "content": conversation.system})
        for message in conversation.messages:
            if message.role == "tool":
                wire.append(
                    {
                        "role": "tool",
                        "tool_name": history.safe_name(message.tool_name),
                        "tool_call_id": message.tool_call_id,
                        "content": history.result_text(message),
                    }
                )
            elif message.role == "assistant":
                wire.append(_assistant(message))
            else:
                wire.append({"role": "user", "content": message.text})
        return wire

    def _decoder(self, request: ChatRequest) -> Decoder:
        return _Decoder(self, request)

    def _part_to_drop(self, error: ProviderError, fault: failures.ServerFault, payload: dict[str, Any]) -> str:
        if fault.status != 400:
            return ""
        if "think" in payload and "think" in fault.words:
            return "think"
        if "tools" in payload and "support" in fault.words and "tool" in fault.words:
            return "tools"
        return ""

    async def _known_details(self, model: str) -> ModelDetails:
        known = self._details.get(model)
        if known is not None:
            return known[1]
        try:
            details = await self.show(model)
        except ProviderError as error:
            if error.kind not in ("unsupported", "bad_response"):
                raise
            details = ModelDetails()
        self._details[model] = ("", details)
        return details

    async def show(self, model: str) -> ModelDetails:
        """Capabilities and context length of a model. Raises ProviderError."""
        value = await self.post_json(f"{self._endpoint.base_url}/api/show", {"model": model}, model=model)
        capabilities = tuple(str(item) for item in wire_json.as_list(value.get("capabilities"))[:20])
        information = wire_json.as_dict(value.get("model_info"))
        length = next(
            (wire_json.as_size(size) for name, size in information.items() if name.endswith(".context_length")), None
        )
        return ModelDetails(capabilities, length)

    async def list_models(self) -> tuple[ModelInfo, ...]:
        """The pulled models that can chat, each with what /api/show says. Raises ProviderError."""
        listing = await self.get_json(f"{self._endpoint.base_url}/api/tags")
        if not isinstance(listing.get("models"), list):
            raise self._not_json("")
        entries = [wire_json.as_dict(entry) for entry in listing["models"][:MAX_MODELS]]
        named = [(wire_json.as_str(entry.get("name") or entry.get("model")), entry) for entry in entries]
        gate = asyncio.Semaphore(SHOWN_AT_ONCE)
        deadline = asyncio.get_running_loop().time() + SHOW_BUDGET_S

        async def detail(name: str, digest: str) -> ModelDetails:
            known = self._details.get(name)
            if known is not None and known[0] == digest and digest:
                return known[1]
            try:
                async with asyncio.timeout_at(deadline), gate:
                    details = await self.show(name)
            except (ProviderError, TimeoutError):
                # A list without details is better than none; the details are asked again when the model is used.
                return ModelDetails()
            self._details[name] = (digest, details)
            return details

        named = [(name, entry) for name, entry in named if name]
        found = await asyncio.gather(*(detail(name, wire_json.as_str(entry.get("digest"))) for name, entry in named))
        return tuple(
            ModelInfo(
                id=f"{self.name}/{name}",
                provider=self.name,
                name=name,
                context_length=details.context_length,
                capabilities=details.capabilities,
                local=self._endpoint.local,
                size_bytes=wire_json.as_size(entry.get("size")),
            )
            for (name, entry), details in zip(named, found, strict=True)
            if not details.capabilities or "completion" in details.capabilities
        )


def _assistant(message: ChatMessage) -> dict[str, Any]:
    wire: dict[str, Any] = {"role": "assistant", "content": message.text}
    if message.tool_calls:
        if message.reasoning:
            wire["thinking"] = message.reasoning
        wire["tool_calls"] = [
            {
                "id": call.id,
                "function": {"index": index, "name": history.safe_name(call.name), "arguments": call.arguments},
            }
            for index, call in enumerate(message.tool_calls)
        ]
    return wire


class _Decoder:
    """Reads the lines of one answer."""

    def __init__(self, provider: OllamaProvider, request: ChatRequest) -> None:
        self._provider = provider
        self._model = request.model
        self._turn = TurnAssembler(provider.endpoint.limits, taken_ids(request), provider.name)
        self._done = False
        self._reason = "stop"

    @property
    def complete(self) -> bool:
        """Whether the line with `done` was seen."""
        return self._done

    def feed(self, event: SseEvent) -> list[Chunk]:
        """The chunks that one line gives rise to. Raises ProviderError."""
        value = wire_json.load_object(event.data)
        if value is None:
            raise self._provider.bad_frame(self._model)
        if value.get("error"):
            raise self._provider.stream_error(value["error"], self._model)
        message = wire_json.as_dict(value.get("message"))
        chunks = self._turn.reasoning(wire_json.as_str(message.get("thinking")))
        chunks.extend(self._turn.text(wire_json.as_str(message.get("content"))))
        for entry in wire_json.as_list(message.get("tool_calls")):
            call = wire_json.as_dict(entry)
            function = wire_json.as_dict(call.get("function"))
            chunks.extend(
                self._turn.whole_call(
                    call_id=wire_json.as_str(call.get("id")),
                    name=wire_json.as_str(function.get("name")),
                    arguments=function.get("arguments"),
                )
            )
        if value.get("done") is True:
            self._finish(value)
        return chunks

    def close(self) -> list[Chunk] | None:
        """The last chunks, or None where `done` never came."""
        return self._turn.end(_FINISH.get(self._reason, "other")) if self._done else None

    def _finish(self, value: dict[str, Any]) -> None:
        self._done = True
        self._reason = wire_json.as_str(value.get("done_reason")) or "stop"
        if "prompt_eval_count" in value or "eval_count" in value:
            self._turn.usage(
                Usage(wire_json.as_count(value.get("prompt_eval_count")), wire_json.as_count(value.get("eval_count")))
            )
