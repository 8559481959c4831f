"""The OpenAI chat-completions dialect: OpenAI, LM Studio, vLLM, llama.cpp and every other server that speaks it.

Owns the payload, the decoder and the model list of that format. The registry builds one provider for each server; it
must not know how agents use tools.
"""

from __future__ import annotations

from typing import Any, Literal

from kernel.clock import Clock
from kernel.providers import failures, history, tool_prompt, wire_json
from kernel.providers.base import ChatMessage, ChatRequest, Chunk, FinishReason, ModelInfo, ProviderError, Usage
from kernel.providers.dialect import Decoder, Endpoint, HttpDialect
from kernel.providers.http import HttpClient, SseEvent
from kernel.providers.recording import ExchangeObserver
from kernel.providers.turn import TurnAssembler, taken_ids

Flavour = Literal["openai", "lmstudio", "vllm", "llamacpp", "compatible"]

_FINISH: dict[str, FinishReason] = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "filtered",
}
_OPTIONAL = (
    "temperature",
    "top_p",
    "stream_options",
    "tool_choice",
    "chat_template_kwargs",
    "max_completion_tokens",
    "max_tokens",
)
# What OpenAI lists beside chat models.
_NOT_CHAT = (
    "embedding", "whisper", "tts", "dall-e", "image", "moderation", "realtime", "audio", "transcribe", "sora",
    "davinci", "babbage", "instruct", "search",
)  # fmt: skip
_START_HINTS: dict[Flavour, str] = {
    "openai": "Check the network connection, or set another address for OpenAI in the settings.",
    "lmstudio": "Start LM Studio and turn on its server (Developer, Start Server), or `lms server start`.",
    "vllm": "Start vLLM with `vllm serve MODEL --port {port} --enable-auto-tool-choice --tool-call-parser hermes`.",
    "llamacpp": "Start llama.cpp with `llama-server -m MODEL.gguf --jinja --port {port}`.",
    "compatible": "Start the server, or correct its address in the settings.",
}
_MODEL_HINTS: dict[Flavour, str] = {
    "openai": "Choose a model from the list; {model} may not be open to this key.",
    "lmstudio": "Load {model} in LM Studio, or with `lms load {model}`.",
    "vllm": "Choose the model that vLLM serves, or start it with `vllm serve {model}`.",
    "llamacpp": "Choose the model that llama-server was started with.",
    "compatible": "Choose a model from the list.",
}


class OpenAiProvider(HttpDialect):
    """One server. `endpoint.base_url` ends in /v1 (or whatever stands before /chat/completions)."""

    dialect = "openai"
    marks = frozenset({"choices", "error", "object", "usage"})

    def __init__(
        self,
        http: HttpClient,
        endpoint: Endpoint,
        clock: Clock,
        *,
        flavour: Flavour = "compatible",
        key: str = "",
        key_name: str = "OPENAI_API_KEY",
        on_exchange: ExchangeObserver | None = None,
    ) -> None:
        super().__init__(http, endpoint, clock, key=key, on_exchange=on_exchange)
        self._flavour = flavour
        port = endpoint.base_url.rpartition(":")[2].partition("/")[0]
        self._remedies = failures.Remedies(
            auth=f"Set {key_name} to a valid key in the environment, and start Aether again.",
            unknown_model=_MODEL_HINTS[flavour],
            refused=_START_HINTS[flavour].replace("{port}", port if port.isdigit() else "8000"),
            quota=f"Check plan and balance of the account behind {key_name}, or choose a local model.",
        )

    @property
    def remedies(self) -> failures.Remedies:
        """What a person can do about each kind of failure."""
        return self._remedies

    def _headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self._key}"} if self._key else {}

    async def _payload(self, request: ChatRequest, dropped: frozenset[str]) -> tuple[str, dict[str, Any]]:
        if "tools" in dropped:
            request = tool_prompt.in_words(request)
        payload: dict[str, Any] = {
            "model": request.model,
            "messages": self._messages(request),
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        if request.tools:
            payload["tools"] = [
                {
                    "type": "function",
                    "function": {"name": tool.name, "description": tool.description, "parameters": tool.parameters},
                }
                for tool in request.tools
            ]
            payload["tool_choice"] = request.tool_choice
        payload.update(self._sampling(request, dropped))
        return f"{self._endpoint.base_url}/chat/completions", {
            name: value for name, value in payload.items() if name not in dropped
        }

    def _sampling(self, request: ChatRequest, dropped: frozenset[str]) -> dict[str, Any]:
        sampling = request.sampling
        limit = "max_completion_tokens" if self._flavour == "openai" else "max_tokens"
        if limit in dropped:
            limit = "max_tokens" if limit == "max_completion_tokens" else "max_completion_tokens"
        values: dict[str, Any] = {
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            limit: sampling.max_tokens,
        }
        if not sampling.think and self._flavour in ("vllm", "llamacpp"):
            values["chat_template_kwargs"] = {"enable_thinking": False}
        return {name: value for name, value in values.items() if value is not None}

    def _messages(self, request: ChatRequest) -> list[dict[str, Any]]:
        conversation = history.prepare(request.messages)
        wire: list[dict[str, Any]] = []
        if conversation.system:
            wire.append({"role": "system", "content": conversation.system})
        last_user = max(
            (index for index, message in enumerate(conversation.messages) if message.role == "user"), default=-1
        )
        for index, message in enumerate(conversation.messages):
            if message.role == "tool":
                content = history.result_text(message)
                wire.append({"role": "tool", "tool_call_id": history.safe_id(message.tool_call_id), "content": content})
            elif message.role == "assistant":
                wire.append(self._assistant(message, replay=index > last_user))
            else:
                wire.append({"role": "user", "content": message.text})
        return wire

    def _assistant(self, message: ChatMessage, *, replay: bool) -> dict[str, Any]:
        wire: dict[str, Any] = {"role": "assistant", "content": message.text or None}
        if message.tool_calls:
            wire["tool_calls"] = [
                {
                    "id": history.safe_id(call.id),
                    "type": "function",
                    "function": {"name": history.safe_name(call.name), "arguments": wire_json.dump(call.arguments)},
                }
                for call in message.tool_calls
            ]
        elif not message.text:
            wire["content"] = ""
        state = message.provider_state or {}
        # A server that shows its reasoning wants it back while the same task goes on, in the field it used.
        if replay and message.reasoning and state.get("dialect") == "openai" and state.get("provider") == self.name:
            field = state.get("reasoning_field")
            if field in ("reasoning", "reasoning_content"):
                wire[field] = message.reasoning
        return wire

    def _decoder(self, request: ChatRequest) -> Decoder:
        return _Decoder(self, request)

    def _part_to_drop(self, error: ProviderError, fault: failures.ServerFault, payload: dict[str, Any]) -> str:
        if fault.status not in (400, 422, 500, 501) or error.kind in ("context_overflow", "auth", "quota"):
            return ""
        words = fault.words
        if "tools" in payload and ("tool" in words or "jinja" in words) and _refuses(words):
            return "tools"
        for part in _OPTIONAL:
            if part in payload and (fault.parameter == part or (part in words and fault.status != 500)):
                return part
        return ""

    async def list_models(self) -> tuple[ModelInfo, ...]:
        """The chat models that the server lists. Raises ProviderError."""
        listing = await self.get_json(f"{self._endpoint.base_url}/models")
        if not isinstance(listing.get("data"), list):
            raise self._not_json("")
        details = await self._details()
        models = []
        for entry in listing["data"][:2000]:
            fields = wire_json.as_dict(entry)
            name = wire_json.as_str(fields.get("id"))
            extra = details.get(name, {})
            if not name or extra.get("type") == "embeddings" or self._is_not_chat(name):
                continue
            models.append(self._model(name, {**fields, **extra}))
        return tuple(models)

    def _is_not_chat(self, name: str) -> bool:
        if self._flavour == "openai":
            return any(word in name for word in _NOT_CHAT)
        return "embed" in name.lower()

    def _model(self, name: str, fields: dict[str, Any]) -> ModelInfo:
        meta = wire_json.as_dict(fields.get("meta"))
        candidates = (
            fields.get("loaded_context_length"),
            fields.get("n_ctx"),
            fields.get("max_model_len"),
            fields.get("max_context_length"),
            fields.get("context_length"),
            meta.get("n_ctx"),
            meta.get("n_ctx_train"),
        )
        length = next((size for value in candidates if (size := wire_json.as_size(value))), None)
        tools = self._flavour != "lmstudio" or "tool_use" in wire_json.as_list(fields.get("capabilities"))
        return ModelInfo(
            id=f"{self.name}/{name}",
            provider=self.name,
            name=name,
            context_length=length,
            capabilities=("completion", "tools") if tools else ("completion",),
            local=self._endpoint.local,
            size_bytes=wire_json.as_size(meta.get("size")),
        )

    async def _details(self) -> dict[str, dict[str, Any]]:
        """More about each model from the server's own interface, where it has one."""
        root = self._endpoint.base_url.removesuffix("/v1")
        try:
            if self._flavour == "lmstudio":
                listing = await self.get_json(f"{root}/api/v0/models")
                entries = [wire_json.as_dict(entry) for entry in wire_json.as_list(listing.get("data"))]
                return {wire_json.as_str(entry.get("id")): entry for entry in entries}
            if self._flavour == "llamacpp":
                props = await self.get_json(f"{root}/props")
                size = wire_json.as_dict(props.get("default_generation_settings")).get("n_ctx")
                models = await self.get_json(f"{self._endpoint.base_url}/models")
                names = [wire_json.as_dict(entry).get("id") for entry in wire_json.as_list(models.get("data"))]
                return {wire_json.as_str(name): {"n_ctx": size} for name in names if name}
        except ProviderError:
            return {}
        return {}


def _refuses(words: str) -> bool:
    return any(
        sign in words for sign in ("not support", "unsupported", "requires", "--jinja", "not enabled", "not allowed")
    )


class _Decoder:
    """Reads `chat.completion.chunk` objects."""

    def __init__(self, provider: OpenAiProvider, request: ChatRequest) -> None:
        self._provider = provider
        self._model = request.model
        self._turn = TurnAssembler(provider.endpoint.limits, taken_ids(request), provider.name)
        self._current: dict[int, tuple[int, str]] = {}
        self._finish = ""
        self._done = False
        self._reasoning_field = ""

    @property
    def complete(self) -> bool:
        """Whether [DONE] was seen."""
        return self._done

    def feed(self, event: SseEvent) -> list[Chunk]:
        """The chunks that one event gives rise to. Raises ProviderError."""
        if event.data.strip() == b"[DONE]":
            self._done = True
            return []
        value = wire_json.load_frame(event.data)
        if not isinstance(value, dict):
            raise self._provider.bad_frame(self._model)
        if value.get("error") or event.name == "error":
            raise self._provider.stream_error(value.get("error") or value, self._model)
        self._read_usage(value.get("usage"))
        chunks: list[Chunk] = []
        for choice in wire_json.as_list(value.get("choices"))[:1]:
            fields = wire_json.as_dict(choice)
            delta = wire_json.as_dict(fields.get("delta")) or wire_json.as_dict(fields.get("message"))
            chunks.extend(self._read_delta(delta))
            self._finish = wire_json.as_str(fields.get("finish_reason")) or self._finish
        return chunks

    def close(self) -> list[Chunk] | None:
        """The last chunks. A finish reason without [DONE] is accepted: every fragment came before it."""
        if not self._done and not self._finish:
            return None
        state = None
        if self._reasoning_field:
            state = {"dialect": "openai", "provider": self._provider.name, "reasoning_field": self._reasoning_field}
        return self._turn.end(_FINISH.get(self._finish or "stop", "other"), state)

    def _read_delta(self, delta: dict[str, Any]) -> list[Chunk]:
        chunks: list[Chunk] = []
        for field in ("reasoning_content", "reasoning"):
            piece = wire_json.as_str(delta.get(field))
            if piece:
                self._reasoning_field = field
                chunks.extend(self._turn.reasoning(piece))
                break
        chunks.extend(self._turn.text(wire_json.as_str(delta.get("content"))))
        chunks.extend(self._turn.text(wire_json.as_str(delta.get("refusal"))))
        for position, call in enumerate(wire_json.as_list(delta.get("tool_calls"))):
            chunks.extend(self._read_call(wire_json.as_dict(call), position))
        if isinstance(delta.get("function_call"), dict):
            # As calls were written before there could be several.
            chunks.extend(self._read_call({"index": 0, "function": delta["function_call"]}, 0))
        return chunks

    def _read_call(self, call: dict[str, Any], position: int) -> list[Chunk]:
        function = wire_json.as_dict(call.get("function"))
        index = call.get("index")
        slot = index if isinstance(index, int) else position
        call_id = wire_json.as_str(call.get("id"))
        number, known_id = self._current.get(slot, (0, ""))
        name = wire_json.as_str(function.get("name"))
        # Some servers send index 0 for every parallel call: another id at the same index is another call, and so is
        # another name without an id once the arguments before it are whole.
        another = call_id != known_id if call_id and known_id else bool(name) and self._turn.is_whole((slot, number))
        if slot not in self._current:
            self._current[slot] = (number, call_id)
        elif another:
            number += 1
            self._current[slot] = (number, call_id)
        arguments = function.get("arguments")
        text = arguments if isinstance(arguments, str) else wire_json.dump(arguments) if arguments else ""
        return self._turn.call((slot, number), call_id=call_id, name=name, arguments=text)

    def _read_usage(self, value: Any) -> None:
        usage = wire_json.as_dict(value)
        if not usage:
            return
        cached = wire_json.as_dict(usage.get("prompt_tokens_details")).get("cached_tokens")
        reasoning = wire_json.as_dict(usage.get("completion_tokens_details")).get("reasoning_tokens")
        self._turn.usage(
            Usage(
                wire_json.as_count(usage.get("prompt_tokens")),
                wire_json.as_count(usage.get("completion_tokens")),
                wire_json.as_count(cached),
                wire_json.as_count(reasoning),
            )
        )
