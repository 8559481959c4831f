"""Which model an agent thinks with: the one asked for, the remembered one, or the best that answers now."""

from collections.abc import Callable
from typing import Protocol

from kernel.agents.agent import Model
from kernel.config import Config
from kernel.protocol.records import AgentConfig
from kernel.providers.base import Provider, Sampling

SMALLEST_CONTEXT = 2_048


class Resolver(Protocol):
    """The provider registry, as far as an agent needs it."""

    async def resolve(self, model_id: str) -> tuple[Provider, str]:
        """The provider and its name of the model. Raises ProviderError."""
        ...

    def context_window(self, model_id: str, sampling: Sampling) -> int:
        """The tokens that a conversation with the model may really use."""
        ...


class ModelChooser:
    """Turns an agent's configuration into a `Model`."""

    def __init__(self, resolver: Resolver, config: Callable[[], Config]) -> None:
        self._resolver = resolver
        self._config = config

    async def choose(self, config: AgentConfig) -> Model:
        """The model of a run. Raises ProviderError with what to do."""
        settings = self._config().providers
        provider, name = await self._resolver.resolve(config.model or settings.model)
        identity = f"{provider.name}/{name}" if name else provider.name
        sampling = Sampling(
            temperature=settings.temperature if config.temperature is None else config.temperature,
            context_size=settings.context_size,
            max_tokens=settings.max_tokens or None,
            top_p=settings.top_p if settings.top_p < 1 else None,
        )
        context = max(SMALLEST_CONTEXT, self._resolver.context_window(identity, sampling))
        return Model(identity, name, provider, sampling, context)
