"""The models that can be chosen and how far those that are fetched have come: pure state and its changes."""

from __future__ import annotations

import msgspec

from kernel.protocol.records import ModelInfo, ProviderInfo
from kernel.protocol.system import LlmChanged, LlmListReply, LlmPullProgress


class PullState(msgspec.Struct, frozen=True, kw_only=True):
    """How far a model is fetched. completed/total: bytes, total 0 while it is not known."""

    model: str
    status: str = ""
    completed: int = 0
    total: int = 0
    done: bool = False
    error: str = ""

    @property
    def fraction(self) -> float:
        """0..1; 0 while the size is not known."""
        if self.done and not self.error:
            return 1.0
        return min(1.0, max(0.0, self.completed / self.total)) if self.total > 0 else 0.0


class LlmState(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of language models; ``loaded`` once the kernel has answered."""

    models: tuple[ModelInfo, ...] = ()
    providers: tuple[ProviderInfo, ...] = ()
    chosen: str = ""
    recommended: str = ""
    pulls: dict[str, PullState] = {}
    loaded: bool = False


def listed(state: LlmState, reply: LlmListReply) -> LlmState:
    """The state after ``llm.list``; pulls go on."""
    return msgspec.structs.replace(
        state,
        models=reply.models,
        providers=reply.providers,
        chosen=reply.chosen,
        recommended=reply.recommended,
        loaded=True,
    )


def changed(state: LlmState, event: LlmChanged) -> LlmState:
    """The state after the choice changed; the list is for the store to ask for again."""
    return msgspec.structs.replace(state, chosen=event.chosen)


def progressed(state: LlmState, event: LlmPullProgress) -> LlmState:
    """The state after word of a pull."""
    pull = PullState(
        model=event.model,
        status=event.status,
        completed=max(0, event.completed),
        total=max(0, event.total),
        done=event.done,
        error=event.error,
    )
    return msgspec.structs.replace(state, pulls={**state.pulls, event.model: pull})


def forgotten(state: LlmState, model: str) -> LlmState:
    """The state without the pull of ``model``."""
    return msgspec.structs.replace(state, pulls={name: pull for name, pull in state.pulls.items() if name != model})
