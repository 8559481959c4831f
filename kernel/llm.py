"""Language models as the rest of Aether sees them: found at start, listed live, chosen, pulled, and every call visible.

Answers the llm.* commands; resolves an agent's model. The formats and servers are `kernel.providers`.
"""

import asyncio
from collections import deque
from pathlib import Path

from kernel.bus import EventBus
from kernel.clock import Clock
from kernel.errors import NotFoundError, UnavailableError
from kernel.principal import Principal
from kernel.protocol import system
from kernel.protocol.base import Empty
from kernel.protocol.records import LlmExchange, ModelInfo, ProviderInfo, SystemCheck
from kernel.providers.base import Provider
from kernel.providers.heuristic import HeuristicProvider
from kernel.providers.http import HttpClient, HttpTimeouts, TransportFailure
from kernel.providers.scripted import ScriptedProvider
from kernel.settings import Settings
from kernel.tasks import Scope

RECOMMENDED = "gemma4:e2b"
KEEP_EXCHANGES = 100
SCRIPTED_PREFIX = "scripted:"


class LanguageModels:
    """The provider registry with the settings, the events and the commands around it."""

    def __init__(self, settings: Settings, bus: EventBus, clock: Clock, scope: Scope) -> None:
        self._settings = settings
        self._bus = bus
        self._clock = clock
        self._scope = scope
        self._exchanges: deque[LlmExchange] = deque(maxlen=KEEP_EXCHANGES)
        self._scripts: dict[str, ScriptedProvider] = {}
        self._http = HttpClient()

    def start(self) -> None:
        """Begin to look for models."""

    async def close(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    async def resolve(self, model_id: str) -> tuple[Provider, str]:
        """See `kernel.agents.models.Resolver`."""
        if model_id.startswith(SCRIPTED_PREFIX):
            return await self._script(model_id.removeprefix(SCRIPTED_PREFIX)), "script"
        if model_id in ("", "auto", "heuristic", "heuristic/built-in"):
            return HeuristicProvider(), "built-in"
        raise NotFoundError(f"There is no model {model_id}.")

    def context_length(self, model_id: str) -> int | None:
        """See `kernel.agents.models.Resolver`."""
        return None

    async def checks(self) -> tuple[SystemCheck, ...]:
        """What was found of providers, for `aether doctor`."""
        return ()

    async def handle_list(self, command: system.LlmList, principal: Principal) -> system.LlmListReply:
        """llm.list."""
        models = (ModelInfo(id="heuristic/built-in", provider="heuristic", name="built-in"),)
        providers = (ProviderInfo(name="heuristic", kind="heuristic", base_url="", available=True, model_count=1),)
        chosen = self._settings.current().providers.model
        return system.LlmListReply(models=models, providers=providers, chosen=chosen, recommended=RECOMMENDED)

    async def handle_choose(self, command: system.LlmChoose, principal: Principal) -> Empty:
        """llm.choose."""
        await self._settings.change("providers.model", command.model)
        self._bus.publish(system.LlmChanged(chosen=command.model))
        return Empty()

    async def handle_pull(self, command: system.LlmPull, principal: Principal) -> Empty:
        """llm.pull."""
        raise UnavailableError("Ollama does not answer.", "Start it with `ollama serve`.")

    async def handle_pull_cancel(self, command: system.LlmPullCancel, principal: Principal) -> Empty:
        """llm.pullCancel."""
        return Empty()

    async def handle_exchanges(self, command: system.LlmExchanges, principal: Principal) -> system.LlmExchangesReply:
        """llm.exchanges."""
        wanted = tuple(item for item in self._exchanges if command.pid in (0, item.pid))
        return system.LlmExchangesReply(exchanges=wanted)

    async def http_get(self, url: str, timeout_s: float, limit_bytes: int) -> tuple[int, dict[str, str], bytes]:
        """One GET without following redirects, for pages."""
        try:
            response = await self._http.request(
                "GET", url, timeouts=HttpTimeouts(connect_s=timeout_s, read_s=timeout_s), max_bytes=limit_bytes
            )
        except TransportFailure as failure:
            raise UnavailableError(failure.message, "Check the address and the network.") from failure
        return response.status, response.headers, response.body

    async def _script(self, path: str) -> ScriptedProvider:
        provider = self._scripts.get(path)
        if provider is None:
            provider = await asyncio.to_thread(ScriptedProvider.from_file, Path(path))
            self._scripts[path] = provider
        return provider
