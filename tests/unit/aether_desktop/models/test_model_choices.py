"""Models as a person chooses among them."""

from __future__ import annotations

import pytest

from aether_desktop.models.model_choices import missing_providers, model_choices, real_models, size_text, source_of
from aether_desktop.stores.reducers.llm import LlmState
from kernel.protocol.records import ModelInfo, ProviderInfo

QWEN = ModelInfo(id="ollama/qwen3:8b", provider="ollama", name="qwen3:8b", context_length=40960, size_bytes=5_200_000_000)
CLOUD = ModelInfo(id="gemini/flash", provider="gemini", name="flash", local=False)
RULES = ModelInfo(id="heuristic", provider="heuristic", name="built-in")
OLLAMA = ProviderInfo(name="ollama", kind="ollama", base_url="http://127.0.0.1:11434", available=True)
LMSTUDIO = ProviderInfo(name="lmstudio", kind="openai", base_url="", available=False)


@pytest.mark.feature("LP08")
def test_the_choices_are_the_live_models_between_automatic_and_none() -> None:
    state = LlmState(models=(QWEN, CLOUD, RULES), providers=(OLLAMA, LMSTUDIO), loaded=True)
    choices = model_choices(state)
    assert [choice.model_id for choice in choices] == ["", "ollama/qwen3:8b", "gemini/flash", "heuristic"]
    assert choices[1].source == "From Ollama at http://127.0.0.1:11434, 40k tokens of context, 5.2 GB"
    assert "runs on their machines" in choices[2].source
    assert "not a language model" in choices[3].source
    assert missing_providers(state) == "Not available: LM Studio"
    assert real_models(state) == (QWEN, CLOUD)


@pytest.mark.parametrize(
    ("state", "text", "said"),
    [
        (LlmState(), "Automatic", "Looking for models"),
        (LlmState(loaded=True), "Automatic", "No model answers"),
        (LlmState(loaded=True, models=(QWEN,)), "Automatic", "The first model that answers"),
        (LlmState(loaded=True, models=(QWEN,), chosen=QWEN.id), "Remembered: qwen3:8b", "From ollama".title()),
        (LlmState(loaded=True, chosen="ollama/gone"), "Remembered: ollama/gone", "does not answer now"),
        (LlmState(loaded=True, chosen="heuristic"), "Remembered: Built-in helper", "not a language model"),
    ],
)
def test_the_automatic_choice_says_what_it_comes_to(state: LlmState, text: str, said: str) -> None:
    first = model_choices(state)[0]
    assert first.text == text
    assert said.casefold() in first.source.casefold()


def test_sizes_and_unknown_providers() -> None:
    assert size_text(640_000_000) == "640 MB"
    assert source_of(ModelInfo(id="x/y", provider="x", name="y"), ()) == "From x"
