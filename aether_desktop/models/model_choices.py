"""The language models as a person chooses among them: from the live list, with where each comes from. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from aether_desktop.stores.reducers.llm import LlmState
from kernel.protocol.records import ModelInfo, ProviderInfo

HEURISTIC: Final = "heuristic"
HEURISTIC_TEXT: Final = (
    "The built-in helper is a set of rules, not a language model: it lists, finds, counts, writes and summarises what a plainly "
    "worded goal names, and says when a goal needs more."
)


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """One line of a list of models. model_id: what the kernel is told. source: where it comes from, in words."""

    model_id: str
    text: str
    source: str


def is_heuristic(model_id: str) -> bool:
    """Whether a model id means the built-in helper."""
    return model_id.partition("/")[0] == HEURISTIC


def real_models(state: LlmState) -> tuple[ModelInfo, ...]:
    """The language models, without the built-in helper."""
    return tuple(model for model in state.models if not is_heuristic(model.id))


def model_choices(state: LlmState) -> tuple[ModelChoice, ...]:
    """First the automatic choice, then the live models by provider, then the built-in helper."""
    choices = [ModelChoice("", _automatic(state), _automatic_source(state))]
    choices += [ModelChoice(model.id, model.name, source_of(model, state.providers)) for model in real_models(state)]
    choices.append(ModelChoice(HEURISTIC, "Built-in helper (no model)", HEURISTIC_TEXT))
    return tuple(choices)


def source_of(model: ModelInfo, providers: Sequence[ProviderInfo]) -> str:
    """``From Ollama at http://127.0.0.1:11434, 32k tokens of context, 7.2 GB``."""
    provider = next((item for item in providers if item.name == model.provider), None)
    where = provider_title(model.provider)
    if provider is not None and provider.base_url:
        where += f" at {provider.base_url}"
    parts = [f"From {where}"]
    if not model.local:
        parts.append("runs on their machines")
    if model.context_length:
        parts.append(f"{model.context_length // 1024}k tokens of context")
    if model.size_bytes:
        parts.append(size_text(model.size_bytes))
    return ", ".join(parts)


def missing_providers(state: LlmState) -> str:
    """One line about the servers that do not answer; "" where all do."""
    available = {provider_title(item.name) for item in state.providers if item.available}
    titles = dict.fromkeys(provider_title(item.name) for item in state.providers)
    silent = [title for title in titles if title not in available]
    return f"Not available: {', '.join(silent)}" if silent else ""


def provider_title(name: str) -> str:
    """A provider's name as people write it."""
    known = {
        "ollama": "Ollama",
        "lmstudio": "LM Studio",
        "vllm": "vLLM",
        "vllm2": "vLLM",
        "llamacpp": "llama.cpp",
        "openai": "OpenAI",
        "anthropic": "Anthropic",
        "gemini": "Gemini",
        HEURISTIC: "Built-in helper",
    }
    return known.get(name.casefold(), name)


def size_text(size_bytes: int) -> str:
    """``640 MB``, ``7.2 GB``."""
    return f"{size_bytes / 1e6:.0f} MB" if size_bytes < 1e9 else f"{size_bytes / 1e9:.1f} GB"


def _automatic(state: LlmState) -> str:
    if state.chosen:
        name = next((model.name for model in state.models if model.id == state.chosen), state.chosen)
        return f"Remembered: {'Built-in helper' if is_heuristic(state.chosen) else name}"
    return "Automatic"


def _automatic_source(state: LlmState) -> str:
    if not state.loaded:
        return "Looking for models…"
    if state.chosen:
        model = next((item for item in state.models if item.id == state.chosen), None)
        if model is not None and not is_heuristic(model.id):
            return source_of(model, state.providers)
        return HEURISTIC_TEXT if is_heuristic(state.chosen) else "It does not answer now; the agent says so when it starts."
    if real_models(state):
        return "The first model that answers."
    return "No model answers, so the built-in helper works: rules, not a language model."
