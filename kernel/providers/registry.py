"""Which language models there are now, and which one an agent gets.

Owns the providers, their discovery and the resolving of a model id. The kernel's model service holds the one registry
and maps the application's settings to `ProvidersConfig`. It must not read the environment, and must not store the
choice: whoever owns the settings hands it in.
"""

from __future__ import annotations

import asyncio
import difflib
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path

import msgspec

from kernel.clock import Clock
from kernel.log import get_logger
from kernel.providers import addresses
from kernel.providers.base import ModelInfo, Provider, ProviderError, Sampling
from kernel.providers.dialect import HttpDialect
from kernel.providers.endpoints import Kind, ProvidersConfig, Server, dialects, is_their_own
from kernel.providers.heuristic import HeuristicProvider
from kernel.providers.http import HttpClient
from kernel.providers.ollama import DEFAULT_CONTEXT
from kernel.providers.pull import PullProgress, pull_model
from kernel.providers.recording import ExchangeObserver
from kernel.providers.retrying import RetryingProvider
from kernel.providers.scripted import ScriptedProvider
from kernel.providers.text_tool_calls import TextToolCallsProvider

__all__ = ["ProviderRegistry", "ProviderStatus", "ProvidersConfig", "Server"]

SCRIPTED_PREFIX = "scripted:"
AUTO = "auto"
HEURISTIC = "heuristic"
#: A server that was listed is taken for gone when it kept silent in this many looks; one that refuses the connection is gone at once.
SILENT_LOOKS = 2
#: The built-in brain reads the whole conversation at each step, to find the step that is due; nothing of it may be dropped.
WHOLE_CONVERSATION = 2**31

_log = get_logger(__name__)


class ProviderStatus(msgspec.Struct, frozen=True):
    """What discovery found out about one server; `reason` and `remedy` are sentences, empty where it is available."""

    name: str
    kind: Kind
    base_url: str
    available: bool
    reason: str = ""
    remedy: str = ""
    model_count: int = 0
    local: bool = True


class _Entry:
    """A provider with what the last probe found. gone: nothing answered there. silent: how many probes in a row took too long."""

    def __init__(self, kind: Kind, dialect: HttpDialect | None, provider: Provider, remedy: str = "") -> None:
        self.kind = kind
        self.dialect = dialect
        self.provider = provider
        self.models: tuple[ModelInfo, ...] = ()
        self.listed = False
        self.gone = False
        self.silent = 0
        self.reason = "Not looked for yet."
        self.remedy = remedy

    @property
    def local(self) -> bool:
        return self.dialect is None or self.dialect.endpoint.local

    @property
    def base_url(self) -> str:
        return "" if self.dialect is None else self.dialect.endpoint.base_url


class _Rounds:
    """Looks at one kind of servers, one at a time. ended_at: when the last one ended, by the monotonic clock, None before the first."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.count = 0
        self.ended_at: float | None = None


class ProviderRegistry:
    """All providers of the application. `on_exchange` sees every call over HTTP."""

    def __init__(
        self,
        config: ProvidersConfig,
        clock: Clock,
        on_exchange: ExchangeObserver | None = None,
        *,
        http: HttpClient | None = None,
    ) -> None:
        self._config = config
        self._clock = clock
        self._on_exchange = on_exchange
        self._http = http or HttpClient()
        self._heuristic = HeuristicProvider()
        self._remembered = config.remembered_model
        self._rounds = {True: _Rounds(), False: _Rounds()}
        self._entries = self._build(config)

    @property
    def http(self) -> HttpClient:
        """The shared connections; the kernel fetches pages through them too."""
        return self._http

    def configure(self, config: ProvidersConfig) -> None:
        """Take changed settings; what was found at unchanged addresses is kept until the next discovery."""
        before = {(entry.provider.name, entry.base_url): entry for entry in self._entries.values()}
        self._config = config
        self._remembered = config.remembered_model
        self._entries = self._build(config)
        for entry in self._entries.values():
            known = before.get((entry.provider.name, entry.base_url))
            if known is not None:
                entry.models, entry.listed, entry.reason = known.models, known.listed, known.reason
                entry.gone, entry.silent = known.gone, known.silent

    async def discover(self) -> tuple[ModelInfo, ...]:
        """Ask every server at the same time what it has; callers that come meanwhile share the round. Never raises."""
        await asyncio.gather(self.look(local=True), self.look(local=False))
        return self.models()

    async def look(self, *, local: bool) -> None:
        """Ask the servers that are on this machine or near it, or all others; shared as `discover` is. Never raises."""
        rounds = self._rounds[local]
        wanted = rounds.count + 1
        async with rounds.lock:
            if rounds.count < wanted:
                entries = [entry for entry in self._entries.values() if entry.local is local]
                # The library's first import must not count as a server's silence.
                await self._http.prepare(tuple(entry.base_url for entry in entries))
                await asyncio.gather(*(self._probe(entry) for entry in entries))
                rounds.count += 1
                rounds.ended_at = self._clock.monotonic()

    def looked_s_ago(self, *, local: bool) -> float | None:
        """Seconds since the last such look ended; None before the first, and while one goes on."""
        rounds = self._rounds[local]
        if rounds.ended_at is None or rounds.lock.locked():
            return None
        return self._clock.monotonic() - rounds.ended_at

    def models(self) -> tuple[ModelInfo, ...]:
        """What the last discovery found: local servers first, then cloud, then scripts, and the built-in brain last."""
        entries = sorted(self._entries.values(), key=lambda entry: not entry.local)
        found = [model for entry in entries for model in entry.models]
        found.extend(_script_model(path) for path in self._config.scripts)
        found.append(_HEURISTIC_MODEL)
        return tuple(found)

    def status(self) -> tuple[ProviderStatus, ...]:
        """Every server that was looked for, and the built-in brain."""
        listed = [
            ProviderStatus(
                name=entry.provider.name,
                kind=entry.kind,
                base_url=entry.base_url,
                available=entry.listed,
                reason="" if entry.listed else entry.reason,
                remedy="" if entry.listed else entry.remedy,
                model_count=len(entry.models),
                local=entry.local,
            )
            for entry in self._entries.values()
        ]
        listed.extend(_missing_key(kind, key_name) for kind, key_name in self._without_key())
        return (*listed, ProviderStatus(HEURISTIC, "heuristic", "", True, model_count=1))

    def info(self, model_id: str) -> ModelInfo | None:
        """What is known of a model id, or None."""
        return next((model for model in self.models() if model.id == model_id), None)

    def context_length(self, model_id: str) -> int | None:
        """The model's context in tokens where it is known."""
        info = self.info(model_id)
        return info.context_length if info else None

    def context_window(self, model_id: str, sampling: Sampling | None = None) -> int:
        """The tokens that a conversation may really use: the asked size, bounded by the model."""
        if model_id.partition("/")[0] == HEURISTIC:
            return WHOLE_CONVERSATION
        wanted = (sampling or self._config.sampling).context_size
        known = self.context_length(model_id)
        entry = self._entries.get(model_id.partition("/")[0])
        if entry is not None and entry.kind == "ollama":
            wanted = wanted or DEFAULT_CONTEXT
        if wanted and known:
            return min(wanted, known)
        return wanted or known or DEFAULT_CONTEXT

    def resolve(self, model_id: str) -> tuple[Provider, str]:
        """The provider of a model id, and its name there. Raises ProviderError with near matches.

        "" and "auto" take the remembered model if it is there, else the first local one, else the first cloud one, else the built-in
        brain; never one whose server was gone at the last look. "provider" alone is its first model, a name alone is looked for
        everywhere, and "scripted:/path.json" plays that file.
        """
        model_id = model_id.strip()
        if model_id in ("", AUTO):
            return self._automatic()
        if model_id.startswith((SCRIPTED_PREFIX, "scripted/")):
            # "scripted//path.json" is what a run that played the file has in its record.
            path = model_id[len(SCRIPTED_PREFIX) :]
            return ScriptedProvider.from_file(path, clock=self._clock), path
        if model_id in (HEURISTIC, _HEURISTIC_MODEL.id, f"{HEURISTIC}/{_HEURISTIC_MODEL.name}"):
            return self._heuristic, _HEURISTIC_MODEL.name
        head, _, name = model_id.partition("/")
        entry = self._entries.get(head)
        if entry is not None and name:
            return entry.provider, self._name_at(entry, name)
        if entry is not None:
            return entry.provider, self._first_of(entry)
        for candidate in self._entries.values():
            for model in candidate.models:
                if model_id in (model.name, model.name.removesuffix(":latest")):
                    return candidate.provider, model.name
        raise self._unknown(model_id)

    async def pull(self, model: str = "") -> AsyncGenerator[PullProgress]:
        """Pull a model through Ollama, the default one where none is named, and list again. Raises ProviderError."""
        base_url = addresses.server_root(self._config.ollama_url, 11434)
        name = model or self._config.default_model
        key = self._config.ollama_key
        steps = pull_model(self._http, base_url, self._clock, name, key=key, on_exchange=self._on_exchange)
        async with aclosing(steps):
            async for progress in steps:
                if progress.done:
                    await self._refresh("ollama")
                yield progress

    async def aclose(self) -> None:
        """Close every connection."""
        for entry in self._entries.values():
            await entry.provider.aclose()
        await self._http.aclose()

    # Building

    def _build(self, config: ProvidersConfig) -> dict[str, _Entry]:
        entries: dict[str, _Entry] = {}
        for kind, dialect in dialects(config, self._http, self._clock, self._on_exchange):
            provider: Provider = dialect
            if not is_their_own(kind, dialect.endpoint.base_url):
                provider = TextToolCallsProvider(provider)
            provider = RetryingProvider(provider, self._clock, policy=config.retry)
            entries[dialect.name] = _Entry(kind, dialect, provider, dialect.remedies.refused)
        return entries

    def _without_key(self) -> list[tuple[Kind, str]]:
        keys: tuple[tuple[Kind, str, str], ...] = (
            ("gemini", "GEMINI_API_KEY", self._config.gemini_key),
            ("openai", "OPENAI_API_KEY", self._config.openai_key),
            ("anthropic", "ANTHROPIC_API_KEY", self._config.anthropic_key),
        )
        return [(kind, name) for kind, name, key in keys if not key and kind not in self._entries]

    # Discovery

    async def _probe(self, entry: _Entry) -> None:
        limit_s = self._config.local_probe_s if entry.local else self._config.cloud_probe_s
        try:
            async with asyncio.timeout(limit_s):
                entry.models = await entry.provider.list_models()
            entry.listed, entry.gone, entry.silent, entry.reason = True, False, 0, ""
        except ProviderError as error:
            entry.models, entry.listed, entry.reason = (), False, error.message
            entry.gone, entry.silent = error.kind in ("refused", "timeout", "truncated"), 0
            entry.remedy = error.hint or entry.remedy
        except TimeoutError:
            entry.silent += 1
            if entry.listed and entry.silent < SILENT_LOOKS:
                return  # busy, as one is that loads a model: it is not gone, and the list does not flicker
            entry.models, entry.listed, entry.gone = (), False, True
            entry.reason = f"No answer from {entry.base_url} within {limit_s:g} s."

    async def _refresh(self, name: str) -> None:
        entry = self._entries.get(name)
        if entry is not None:
            await self._probe(entry)

    # Resolving

    def _automatic(self) -> tuple[Provider, str]:
        if self._remembered:
            entry = self._entries.get(self._remembered.partition("/")[0])
            try:
                if entry is None or not entry.gone:
                    return self.resolve(self._remembered)
            except ProviderError as error:
                _log.info("the remembered model is not there: %s", error.message)
        for wanted_local in (True, False):
            for need_tools in (True, False):
                for entry in self._entries.values():
                    if entry.local is not wanted_local:
                        continue
                    for model in entry.models:
                        if not need_tools or "tools" in model.capabilities:
                            return entry.provider, model.name
        return self._heuristic, _HEURISTIC_MODEL.name

    def _name_at(self, entry: _Entry, name: str) -> str:
        names = {model.name for model in entry.models}
        for candidate in (name, f"{name}:latest"):
            if candidate in names:
                return candidate
        if entry.listed and names:
            raise self._unknown(f"{entry.provider.name}/{name}")
        # A server that lists nothing (yet) is asked itself: it gives the better answer.
        return name

    def _first_of(self, entry: _Entry) -> str:
        if not entry.models:
            raise ProviderError(
                "unknown_model", f"{entry.provider.name} has no model now: {entry.reason}", entry.remedy
            )
        return entry.models[0].name

    def _unknown(self, model_id: str) -> ProviderError:
        head = model_id.partition("/")[0].lower()
        key_name = next((name for kind, name in self._without_key() if kind == head), "")
        if key_name:
            return ProviderError(
                "auth",
                f"{model_id[:200]!r} cannot be used: {head} has no key.",
                f"Set {key_name} to a valid key in the environment, and start Aether again; or choose another model.",
                provider=head,
            )
        known = [model.id for model in self.models()]
        near = difflib.get_close_matches(model_id, known, 4, 0.5)
        wanted = model_id.lower().rpartition("/")[2]
        near += [one for one in known if wanted and wanted in one.lower() and one not in near][:4]
        hint = f"Did you mean {', '.join(near[:4])}?" if near else f"Available are: {', '.join(known[:8])}."
        return ProviderError("unknown_model", f"There is no model {model_id[:200]!r}.", hint)


_HEURISTIC_MODEL = ModelInfo(HEURISTIC, HEURISTIC, "built-in", capabilities=("completion", "tools"), local=True)


def _script_model(path: str) -> ModelInfo:
    name = Path(path).name[:200]
    return ModelInfo(f"{SCRIPTED_PREFIX}{path}", "scripted", name, capabilities=("completion", "tools"), local=True)


def _missing_key(kind: Kind, key_name: str) -> ProviderStatus:
    return ProviderStatus(kind, kind, "", False, "No key is set.", f"Set {key_name} to use it.", local=False)
