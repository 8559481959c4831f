"""Models, the choice and pulls as pure state."""

from __future__ import annotations

from aether_desktop.stores.reducers.llm import LlmState, PullState, changed, forgotten, listed, progressed
from kernel.protocol.records import ModelInfo
from kernel.protocol.system import LlmChanged, LlmListReply, LlmPullProgress


def test_a_list_replaces_the_list_and_keeps_the_pulls() -> None:
    pulling = progressed(LlmState(), LlmPullProgress(model="m", status="Downloading", completed=1, total=4))
    model = ModelInfo(id="ollama/m", provider="ollama", name="m")
    state = listed(pulling, LlmListReply(models=(model,), providers=(), chosen="ollama/m", recommended="m"))
    assert state.loaded
    assert state.models == (model,)
    assert state.pulls["m"].fraction == 0.25


def test_a_pull_is_whole_when_it_is_done_and_not_when_it_failed() -> None:
    assert PullState(model="m", done=True).fraction == 1.0
    assert PullState(model="m", done=True, error="disk full", completed=1, total=2).fraction == 0.5
    assert PullState(model="m", completed=5, total=0).fraction == 0.0
    assert PullState(model="m", completed=9, total=3).fraction == 1.0


def test_hostile_numbers_are_bounded() -> None:
    state = progressed(LlmState(), LlmPullProgress(model="m", status="", completed=-5, total=-1))
    assert state.pulls["m"].fraction == 0.0


def test_the_choice_changes_and_a_pull_is_forgotten() -> None:
    state = changed(progressed(LlmState(), LlmPullProgress(model="m", status="")), LlmChanged(chosen="x"))
    assert state.chosen == "x"
    assert forgotten(state, "m").pulls == {}
