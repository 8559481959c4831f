"""The Gemini dialect: POST models/{model}:streamGenerateContent?alt=sse.

Owns the payload, the decoder with the raw parts that must be replayed, and the model list. The registry builds it. The
key travels in a header, never in the address. A thought signature sits on the part that it came with and is sent back
on that part, unchanged: newer models refuse a conversation without it.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from kernel.clock import Clock
from kernel.providers import failures, history, wire_json
from kernel.providers.base import ChatMessage, ChatRequest, Chunk, FinishReason, ModelInfo, ProviderError, Usage
from kernel.providers.dialect import Decoder, Endpoint, HttpDialect
from kernel.providers.http import HttpClient, SseEvent
from kernel.providers.recording import ExchangeObserver
from kernel.providers.turn import TurnAssembler, taken_ids

FOREIGN_SIGNATURE = "skip_thought_signature_validator"
MAX_PAGES = 10
_FINISH: dict[str, FinishReason] = {
    "STOP": "stop",
    "MAX_TOKENS": "length",
    "SAFETY": "filtered",
    "RECITATION": "filtered",
    "LANGUAGE": "filtered",
    "BLOCKLIST": "filtered",
    "PROHIBITED_CONTENT": "filtered",
    "SPII": "filtered",
    "IMAGE_SAFETY": "filtered",
}
_BROKEN = frozenset(
    {"MALFORMED_FUNCTION_CALL", "MALFORMED_RESPONSE", "UNEXPECTED_TOOL_CALL", "MISSING_THOUGHT_SIGNATURE"}
)
_MODES = {"auto": "AUTO", "none": "NONE", "required": "ANY"}
_NOT_CHAT = ("embedding", "tts", "image", "aqa", "imagen", "veo", "live", "audio", "robotics", "computer-use")


class GeminiProvider(HttpDialect):
    """Google's models. `endpoint.base_url` is the host without version."""

    dialect = "gemini"
    marks = frozenset({"candidates", "error", "promptFeedback", "usageMetadata"})

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
        self._remedies = failures.Remedies(
            auth="Set GEMINI_API_KEY to a valid key (https://aistudio.google.com makes one).",
            unknown_model="Choose a model from the list; {model} may have been retired.",
            refused="Check the network connection, or choose a local model.",
            quota="Wait for the quota to renew, or check the plan behind GEMINI_API_KEY.",
        )

    @property
    def remedies(self) -> failures.Remedies:
        """What a person can do about each kind of failure."""
        return self._remedies

    def _headers(self) -> dict[str, str]:
        return {"x-goog-api-key": self._key}

    async def _payload(self, request: ChatRequest, dropped: frozenset[str]) -> tuple[str, dict[str, Any]]:
        conversation = history.prepare(request.messages)
        signed = _wants_signatures(request.model) and "signatures" not in dropped
        payload: dict[str, Any] = {
            "contents": _contents(conversation.messages, signed=signed, replay="signatures" not in dropped),
            "generationConfig": _generation(request, dropped),
        }
        if conversation.system:
            payload["systemInstruction"] = {"parts": [{"text": conversation.system}]}
        if request.tools:
            payload["tools"] = [
                {
                    "functionDeclarations": [
                        {"name": tool.name, "description": tool.description, "parametersJsonSchema": tool.parameters}
                        for tool in request.tools
                    ]
                }
            ]
            payload["toolConfig"] = {"functionCallingConfig": {"mode": _MODES[request.tool_choice]}}
        url = f"{self._endpoint.base_url}/v1beta/models/{quote(request.model, safe='')}:streamGenerateContent?alt=sse"
        return url, payload

    def _decoder(self, request: ChatRequest) -> Decoder:
        return _Decoder(self, request)

    def _part_to_drop(self, error: ProviderError, fault: failures.ServerFault, payload: dict[str, Any]) -> str:
        if fault.status != 400:
            return ""
        if "thought signature" in fault.words or "thought_signature" in fault.words:
            return "signatures" if "corrupted" in fault.words or "invalid" in fault.words else ""
        if "thinkingConfig" in payload["generationConfig"] and "think" in fault.words:
            return "thinking"
        return ""

    async def list_models(self) -> tuple[ModelInfo, ...]:
        """The models that generate text, fast ones (flash) first, newer before older. Raises ProviderError."""
        entries: list[dict[str, Any]] = []
        token = ""
        for _ in range(MAX_PAGES):
            page = f"&pageToken={quote(token, safe='')}" if token else ""
            listing = await self.get_json(f"{self._endpoint.base_url}/v1beta/models?pageSize=200{page}")
            entries.extend(wire_json.as_dict(entry) for entry in wire_json.as_list(listing.get("models")))
            token = wire_json.as_str(listing.get("nextPageToken"))
            if not token:
                break
        models = [self._model(entry) for entry in entries]
        return tuple(sorted((model for model in models if model is not None), key=_rank))

    def _model(self, entry: dict[str, Any]) -> ModelInfo | None:
        name = wire_json.as_str(entry.get("name")).removeprefix("models/")
        methods = wire_json.as_list(entry.get("supportedGenerationMethods"))
        if not name or "generateContent" not in methods or any(word in name for word in _NOT_CHAT):
            return None
        capabilities = ["completion"]
        if not name.startswith("gemma"):
            capabilities.append("tools")
        if entry.get("thinking") is True:
            capabilities.append("thinking")
        return ModelInfo(
            id=f"{self.name}/{name}",
            provider=self.name,
            name=name,
            context_length=wire_json.as_size(entry.get("inputTokenLimit")),
            capabilities=tuple(capabilities),
            local=self._endpoint.local,
        )


def _rank(model: ModelInfo) -> tuple[int, int, float, str]:
    """Flash for speed first, then Pro for depth, then the rest; stable before preview, newer before older."""
    name = model.name
    family = 0 if "flash" in name and "lite" not in name else 1 if "pro" in name else 2 if "flash" in name else 3
    version = re.search(r"(\d+(?:\.\d+)?)", name)
    trial = int(any(word in name for word in ("preview", "exp", "latest")))
    return family, trial, -float(version.group(1)) if version else 0.0, name


def _wants_signatures(model: str) -> bool:
    """Whether a model checks thought signatures: all after the second generation."""
    return not re.match(r"gemini-[12](?:\D|$)|gemma|learnlm", model)


def _generation(request: ChatRequest, dropped: frozenset[str]) -> dict[str, Any]:
    sampling = request.sampling
    values: dict[str, Any] = {
        "temperature": sampling.temperature,
        "topP": sampling.top_p,
        "maxOutputTokens": sampling.max_tokens,
    }
    if "thinking" not in dropped:
        if sampling.think:
            values["thinkingConfig"] = {"includeThoughts": True}
        elif _wants_signatures(request.model):
            values["thinkingConfig"] = {"thinkingLevel": "LOW"}
        else:
            values["thinkingConfig"] = {"thinkingBudget": 0}
    return {name: value for name, value in values.items() if value is not None}


def _contents(messages: tuple[ChatMessage, ...], *, signed: bool, replay: bool) -> list[dict[str, Any]]:
    contents: list[dict[str, Any]] = []
    known_ids: dict[str, str] = {}
    for message in messages:
        if message.role == "assistant":
            role, parts = "model", _model_parts(message, known_ids, signed=signed, replay=replay)
        elif message.role == "tool":
            role, parts = "user", [_response_part(message, known_ids)]
        else:
            role, parts = "user", [{"text": message.text}]
        if not parts:
            continue
        if contents and contents[-1]["role"] == role:
            contents[-1]["parts"].extend(parts)
        else:
            contents.append({"role": role, "parts": parts})
    return contents


def _model_parts(
    message: ChatMessage, known_ids: dict[str, str], *, signed: bool, replay: bool
) -> list[dict[str, Any]]:
    raw = [wire_json.as_dict(part) for part in wire_json.as_list((message.provider_state or {}).get("parts"))]
    raw_calls = [wire_json.as_dict(part["functionCall"]) for part in raw if "functionCall" in part]
    mine = (message.provider_state or {}).get("dialect") == "gemini" and len(raw_calls) == len(message.tool_calls)
    if mine and replay:
        for call, raw_call in zip(message.tool_calls, raw_calls, strict=True):
            known_ids[call.id] = wire_json.as_str(raw_call.get("id"))
        return raw
    parts: list[dict[str, Any]] = [{"text": message.text}] if message.text else []
    for index, call in enumerate(message.tool_calls):
        known_ids[call.id] = history.safe_id(call.id)
        part: dict[str, Any] = {
            "functionCall": {
                "id": history.safe_id(call.id),
                "name": history.safe_name(call.name),
                "args": call.arguments,
            }
        }
        # Only the first call of a step carries a signature; a conversation of another provider has none at all.
        if signed and index == 0:
            part["thoughtSignature"] = FOREIGN_SIGNATURE
        parts.append(part)
    return parts


def _response_part(message: ChatMessage, known_ids: dict[str, str]) -> dict[str, Any]:
    field = "error" if message.is_error else "output"
    response: dict[str, Any] = {
        "name": history.safe_name(message.tool_name),
        "response": {field: message.text or "(no output)"},
    }
    call_id = known_ids.get(message.tool_call_id, "")
    return {"functionResponse": {"id": call_id, **response} if call_id else response}


class _Decoder:
    """Reads `GenerateContentResponse` objects; the end of the stream after a finish reason is the end mark."""

    complete = False

    def __init__(self, provider: GeminiProvider, request: ChatRequest) -> None:
        self._provider = provider
        self._model = request.model
        self._turn = TurnAssembler(provider.endpoint.limits, taken_ids(request), provider.name)
        self._finish = ""
        self._parts: list[dict[str, Any]] = []
        self._signed = False

    def feed(self, event: SseEvent) -> list[Chunk]:
        """The chunks that one event gives rise to. Raises ProviderError."""
        decoded = wire_json.load(event.data)
        if isinstance(decoded, list) and decoded:
            decoded = decoded[0]
        if not isinstance(decoded, dict):
            raise self._provider.bad_frame(self._model)
        if decoded.get("error"):
            raise self._provider.stream_error(decoded["error"], self._model)
        self._read_usage(wire_json.as_dict(decoded.get("usageMetadata")))
        if wire_json.as_dict(decoded.get("promptFeedback")).get("blockReason"):
            self._finish = "PROHIBITED_CONTENT"
        chunks: list[Chunk] = []
        for candidate in wire_json.as_list(decoded.get("candidates"))[:1]:
            fields = wire_json.as_dict(candidate)
            content = wire_json.as_dict(fields.get("content"))
            for part in wire_json.as_list(content.get("parts")):
                chunks.extend(self._read_part(wire_json.as_dict(part)))
            self._finish = wire_json.as_str(fields.get("finishReason")) or self._finish
        return chunks

    def close(self) -> list[Chunk] | None:
        """The last chunks, or None where no finish reason came. Raises ProviderError for a broken call."""
        if not self._finish:
            return None
        if self._finish in _BROKEN:
            raise ProviderError(
                "bad_response",
                f"{self._provider.endpoint.title} stopped with {self._finish}: the model wrote a call that cannot be read.",
                "Try again, or choose another model.",
                retryable=True,
                provider=self._provider.name,
            )
        state = (
            {"dialect": "gemini", "parts": self._parts}
            if self._parts and (self._signed or self._turn.has_calls)
            else None
        )
        return self._turn.end(_FINISH.get(self._finish, "other"), state)

    def _read_part(self, part: dict[str, Any]) -> list[Chunk]:
        self._keep(part)
        text = wire_json.as_str(part.get("text"))
        if "functionCall" in part:
            call = wire_json.as_dict(part["functionCall"])
            return self._turn.whole_call(
                call_id=wire_json.as_str(call.get("id")),
                name=wire_json.as_str(call.get("name")),
                arguments=call.get("args"),
            )
        return self._turn.reasoning(text) if part.get("thought") is True else self._turn.text(text)

    def _keep(self, part: dict[str, Any]) -> None:
        """Remember the part for replay; pieces of one text are joined, thoughts without a signature are dropped."""
        self._signed = self._signed or "thoughtSignature" in part
        if part.get("thought") is True and "thoughtSignature" not in part:
            return
        last = self._parts[-1] if self._parts else {}
        if set(part) == {"text"} and set(last) == {"text"}:
            last["text"] = wire_json.as_str(last["text"]) + wire_json.as_str(part["text"])
        elif part != {"text": ""}:
            self._parts.append(dict(part))

    def _read_usage(self, usage: dict[str, Any]) -> None:
        if not usage:
            return
        thoughts = wire_json.as_count(usage.get("thoughtsTokenCount"))
        self._turn.usage(
            Usage(
                wire_json.as_count(usage.get("promptTokenCount")),
                wire_json.as_count(usage.get("candidatesTokenCount")) + thoughts,
                wire_json.as_count(usage.get("cachedContentTokenCount")),
                thoughts,
            )
        )
