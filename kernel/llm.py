"""Language models as the rest of Aether sees them: found at start, listed live, chosen, pulled, and every call visible.

Answers the llm.* commands; resolves an agent's model. The formats and servers are `kernel.providers`; keys come from the environment
and go no further than there.
"""

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path

from kernel.bus import EventBus
from kernel.clock import Clock
from kernel.config import Config
from kernel.errors import AetherError, ConflictError, NotFoundError, UnavailableError
from kernel.exchanges import ExchangeMemory
from kernel.log import current_pid
from kernel.principal import Principal
from kernel.protocol import system
from kernel.protocol.base import Empty
from kernel.protocol.records import LlmExchange, ModelInfo, ProviderInfo, SystemCheck
from kernel.providers.base import Provider, ProviderError, Sampling
from kernel.providers.http import TransportFailure
from kernel.providers.recording import Exchange
from kernel.providers.registry import HEURISTIC, SCRIPTED_PREFIX, ProviderRegistry, ProvidersConfig
from kernel.providers.scripted import ScriptedProvider
from kernel.settings import Settings
from kernel.tasks import Scope

KEYS = {"gemini_key": "GEMINI_API_KEY", "openai_key": "OPENAI_API_KEY", "anthropic_key": "ANTHROPIC_API_KEY"}
#: A list that is looked at is refreshed every few seconds. Servers far away are asked less often, and nobody waits for a slow one.
FAR_AGAIN_S = 20.0
FAR_PATIENCE_S = 1.5
KNOWN_LOOKS = 512
#: What tells that a file has changed: its number, its time and its size.
Stamp = tuple[int, int, int]


class LanguageModels:
    """The provider registry with the settings, the events and the commands around it.

    environ: where the keys are.
    """

    def __init__(
        self, settings: Settings, environ: Mapping[str, str], bus: EventBus, clock: Clock, scope: Scope
    ) -> None:
        self._settings = settings
        self._environ = environ
        self._bus = bus
        self._clock = clock
        self._scope = scope
        self._exchanges = ExchangeMemory()
        self._scripts: dict[str, tuple[ScriptedProvider, Stamp | None]] = {}
        self._pulls: dict[str, asyncio.Task[None]] = {}
        self._discovery: asyncio.Task[None] | None = None
        self._far: asyncio.Task[None] | None = None
        self._looks: dict[tuple[str, str], tuple[int, str, int]] = {}
        self._registry = ProviderRegistry(providers_config(settings.current(), environ), clock, self._on_exchange)
        settings.on_change(self._on_settings)

    def start(self) -> None:
        """Begin to look for models."""
        self._discovery = self._scope.spawn(self._discover(), name="discover")

    async def close(self) -> None:
        """Close all connections."""
        await self._registry.aclose()

    async def resolve(self, model_id: str) -> tuple[Provider, str]:
        """See `kernel.agents.models.Resolver`; waits for the first discovery where the answer depends on it.

        A model that is not listed, and any where none is, are looked for again: servers start and fetch models meanwhile.
        """
        if model_id.startswith(SCRIPTED_PREFIX):
            return await self._script(model_id.removeprefix(SCRIPTED_PREFIX)), "script"
        if model_id.startswith(HEURISTIC):
            return self._registry.resolve(model_id)
        looks_now = self._discovery is not None and not self._discovery.done()
        if self._discovery is not None:
            await asyncio.shield(self._discovery)
        try:
            provider, name = self._registry.resolve(model_id)
            if looks_now or self._registry.info(f"{provider.name}/{name}") is not None:
                return provider, name
        except ProviderError as error:
            if error.kind != "unknown_model" or looks_now:
                raise
        await self._discover()
        return self._registry.resolve(model_id)

    async def look_again(self) -> None:
        """See `kernel.agents.models.Resolver`."""
        await self._discover()

    def context_window(self, model_id: str, sampling: Sampling) -> int:
        """See `kernel.agents.models.Resolver`."""
        return self._registry.context_window(model_id, sampling)

    async def checks(self) -> tuple[SystemCheck, ...]:
        """What was found of providers, for `aether doctor`."""
        if self._discovery is not None:
            await asyncio.shield(self._discovery)
        return tuple(
            SystemCheck(
                name=f"Models: {status.name}",
                ok=status.available,
                detail=f"{status.model_count} model(s) {status.base_url}".strip() if status.available else status.reason,
                remedy=status.remedy,
            )
            for status in self._registry.status()
        )

    async def handle_list(self, command: system.LlmList, principal: Principal) -> system.LlmListReply:
        """llm.list. A refresh waits for the servers near by, and a moment for the others: what they say later is an event."""
        if self._discovery is None:
            await self._registry.discover()
        else:
            await asyncio.shield(self._discovery)
            if command.refresh:
                await self._look()
        return system.LlmListReply(
            models=tuple(
                ModelInfo(
                    id=model.id,
                    provider=model.provider,
                    name=model.name,
                    context_length=model.context_length,
                    capabilities=model.capabilities,
                    local=model.local,
                    size_bytes=model.size_bytes,
                )
                for model in self._registry.models()
            ),
            providers=tuple(
                ProviderInfo(
                    name=status.name,
                    kind=status.kind,
                    base_url=status.base_url,
                    available=status.available,
                    reason=status.reason,
                    remedy=status.remedy,
                    model_count=status.model_count,
                )
                for status in self._registry.status()
            ),
            chosen=self._settings.current().providers.model,
            recommended=ProvidersConfig().default_model,
        )

    async def handle_choose(self, command: system.LlmChoose, principal: Principal) -> Empty:
        """llm.choose. Raises ProviderError for a model that nobody has."""
        if command.model:
            await self.resolve(command.model)
        await self._settings.change("providers.model", command.model)
        self._bus.publish(system.LlmChanged(chosen=command.model))
        return Empty()

    async def handle_pull(self, command: system.LlmPull, principal: Principal) -> Empty:
        """llm.pull: answers when the pull has begun; progress and the end come as events."""
        running = self._pulls.get(command.model)
        if running is not None and not running.done():
            raise ConflictError(f"{command.model} is being fetched already.")
        self._pulls[command.model] = self._scope.spawn(self._pull(command.model), name=f"pull-{command.model}")
        return Empty()

    async def handle_pull_cancel(self, command: system.LlmPullCancel, principal: Principal) -> Empty:
        """llm.pullCancel."""
        running = self._pulls.get(command.model)
        if running is None or running.done():
            raise NotFoundError(f"{command.model} is not being fetched.")
        running.cancel()
        return Empty()

    async def handle_exchanges(self, command: system.LlmExchanges, principal: Principal) -> system.LlmExchangesReply:
        """llm.exchanges."""
        wanted, forgotten = self._exchanges.of(command.pid)
        return system.LlmExchangesReply(exchanges=wanted, forgotten=forgotten)

    async def http_get(self, url: str, address: str, timeout_s: float, limit_bytes: int) -> tuple[int, dict[str, str], bytes]:
        """One GET from a given address without following redirects, for pages. Raises UnavailableError."""
        try:
            response = await self._registry.http.get_page(url, address, timeout_s, limit_bytes)
        except TransportFailure as failure:
            raise UnavailableError(failure.message, "Check the address and the network.") from failure
        return response.status, response.headers, response.body

    async def _discover(self) -> None:
        await self._registry.discover()
        self._bus.publish(system.LlmChanged(chosen=self._settings.current().providers.model))

    async def _look(self) -> None:
        since_s = self._registry.looked_s_ago(local=False)
        if since_s is not None and since_s >= FAR_AGAIN_S and (self._far is None or self._far.done()):
            self._far = self._scope.spawn(self._look_far(), name="look-far")
            await asyncio.gather(self._registry.look(local=True), asyncio.wait((self._far,), timeout=FAR_PATIENCE_S))
        else:
            await self._registry.look(local=True)

    async def _look_far(self) -> None:
        """Ask the servers far away; whoever was answered without them is told where they changed."""
        before = (self._registry.models(), self._registry.status())
        await self._registry.look(local=False)
        if before != (self._registry.models(), self._registry.status()):
            self._bus.publish(system.LlmChanged(chosen=self._settings.current().providers.model))

    async def _pull(self, model: str) -> None:
        progress = system.LlmPullProgress(model=model, status="starting")
        try:
            async for step in self._registry.pull(model):
                progress = system.LlmPullProgress(
                    model=model,
                    status=step.status,
                    completed=step.completed_bytes,
                    total=step.total_bytes,
                    done=step.done,
                )
                self._bus.publish(progress)
        except AetherError as error:
            self._bus.publish(system.LlmPullProgress(model=model, status="failed", done=True, error=str(error)))
        except asyncio.CancelledError:
            stopped = "Stopped; what was fetched is kept."
            self._bus.publish(system.LlmPullProgress(model=model, status="stopped", done=True, error=stopped))
            raise
        else:
            self._bus.publish(system.LlmChanged(chosen=self._settings.current().providers.model))

    async def _script(self, path: str) -> ScriptedProvider:
        """One for all agents that play a file, until the file changes. Raises NotFoundError or InvalidArgumentError."""
        provider, stamp = self._scripts.get(path, (None, None))
        now = await asyncio.to_thread(_stamp, path)
        if provider is None or now is None or now != stamp:
            provider = await asyncio.to_thread(ScriptedProvider.from_file, Path(path))
            self._scripts[path] = provider, now
        return provider

    def _is_known_look(self, exchange: Exchange) -> bool:
        """Whether a look at a server, for no agent, ended as the one before it did: it would push what agents said out of the memory."""
        if current_pid() is not None or not exchange.look:
            return False
        # Some servers put the time into each answer, so its length must do.
        asked, found = (exchange.url, exchange.request_body), (exchange.status, exchange.error, len(exchange.response_body))
        known = self._looks.pop(asked, None) == found
        self._looks[asked] = found
        if len(self._looks) > KNOWN_LOOKS:
            del self._looks[next(iter(self._looks))]
        return known

    def _on_exchange(self, exchange: Exchange) -> None:
        if self._is_known_look(exchange):
            return
        record = LlmExchange(
            id=exchange.id,
            pid=current_pid() or 0,
            provider=exchange.provider,
            model=exchange.model,
            url=exchange.url,
            request_body=exchange.request_body,
            response_body=exchange.response_body,
            status=exchange.status,
            started_at=exchange.started_at,
            duration_s=exchange.duration_s,
            error=exchange.error,
            input_tokens=exchange.input_tokens,
            output_tokens=exchange.output_tokens,
        )
        self._exchanges.add(record)
        self._bus.publish(system.LlmExchanged(exchange=record))

    def _on_settings(self, config: Config) -> None:
        self._registry.configure(providers_config(config, self._environ))


def _stamp(path: str) -> Stamp | None:
    """The stamp of a file; None where there is none to be had."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def providers_config(config: Config, environ: Mapping[str, str]) -> ProvidersConfig:
    """The application's settings and keys as the registry takes them."""
    settings = config.providers
    defaults = ProvidersConfig()
    return ProvidersConfig(
        ollama_url=settings.ollama_url,
        lmstudio_url=settings.lmstudio_url,
        vllm_urls=(settings.vllm_url,) if settings.vllm_url else defaults.vllm_urls,
        llamacpp_url=settings.llamacpp_url,
        openai_url=settings.openai_url,
        gemini_url=settings.gemini_url,
        anthropic_url=settings.anthropic_url,
        remembered_model=settings.model,
        sampling=Sampling(temperature=settings.temperature, context_size=settings.context_size),
        **{field: environ.get(variable, "") for field, variable in KEYS.items()},  # type: ignore[arg-type]  # strings
    )
