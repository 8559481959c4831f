"""Which model an agent thinks with: the one asked for, the remembered one, or the best that answers now."""

from collections.abc import Callable
from typing import Protocol

from kernel.agents.agent import Model
from kernel.config import Config
from kernel.protocol.records import AgentConfig
from kernel.providers.base import Provider, Sampling
from kernel.providers.registry import AUTO, SCRIPTED_PREFIX

SMALLEST_CONTEXT = 2_048


class Resolver(Protocol):
    """The provider registry, as far as an agent needs it."""

    async def resolve(self, model_id: str) -> tuple[Provider, str]:
        """The provider and its name of the model. Raises ProviderError."""
        ...

    async def look_again(self) -> None:
        """Ask every server anew what it has. Never raises."""
        ...

    def context_window(self, model_id: str, sampling: Sampling) -> int:
        """The tokens that a conversation with the model may really use."""
        ...


class ModelChooser:
    """Turns an agent's configuration into a `Model`."""

    def __init__(self, resolver: Resolver, config: Callable[[], Config]) -> None:
        self._resolver = resolver
        self._config = config

    async def choose(self, config: AgentConfig, had: str = "") -> Model:
        """The model of a run; `had`: the identity of the one that it began with. Raises AetherError with what to do."""
        settings = self._config().providers
        wanted = config.model or settings.model
        # A script's identity does not name its file.
        provider, name = await self._resolver.resolve(had if had and not wanted.startswith(SCRIPTED_PREFIX) else wanted)
        identity = f"{provider.name}/{name}" if name else provider.name
        sampling = Sampling(
            temperature=settings.temperature if config.temperature is None else config.temperature,
            context_size=settings.context_size,
            max_tokens=settings.max_tokens or None,
            top_p=settings.top_p if settings.top_p < 1 else None,
        )
        context = max(SMALLEST_CONTEXT, self._resolver.context_window(identity, sampling))
        return Model(identity, name, provider, sampling, context, chosen_for_it=wanted in ("", AUTO) and not had)

    async def choose_again(self, config: AgentConfig) -> Model:
        """The model of a run for which one was chosen that is not there: the servers are asked anew. Raises AetherError."""
        await self._resolver.look_again()
        return await self.choose(config)
