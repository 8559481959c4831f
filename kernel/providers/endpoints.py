"""From settings to providers: one dialect object for each server that is configured.

Owns `ProvidersConfig`, names, titles and the order in which servers are preferred. The registry calls it; it must not open a connection.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from kernel.clock import Clock
from kernel.providers import addresses
from kernel.providers.anthropic import AnthropicProvider
from kernel.providers.base import Sampling
from kernel.providers.dialect import Endpoint, HttpDialect
from kernel.providers.gemini import GeminiProvider
from kernel.providers.http import HttpClient, HttpTimeouts
from kernel.providers.ollama import DEFAULT_MODEL, OllamaProvider
from kernel.providers.openai import Flavour, OpenAiProvider
from kernel.providers.recording import ExchangeObserver
from kernel.providers.retrying import RetryPolicy

Kind = Literal["ollama", "lmstudio", "vllm", "llamacpp", "openai", "gemini", "anthropic", "compatible", "heuristic"]


@dataclass(frozen=True, slots=True)
class Server:
    """A further OpenAI-compatible server. `name` becomes the first part of its model ids."""

    name: str
    base_url: str
    key: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class ProvidersConfig:
    """Where models are looked for. Empty addresses switch a server off; keys are never shown by repr.

    remembered_model: the id that "auto" takes first. scripts: files that are offered as models.
    local_probe_s, cloud_probe_s: how long discovery waits for one server, in seconds.
    """

    ollama_url: str = "http://127.0.0.1:11434"
    lmstudio_url: str = "http://127.0.0.1:1234/v1"
    vllm_urls: tuple[str, ...] = ("http://127.0.0.1:8000/v1", "http://127.0.0.1:8001/v1")
    llamacpp_url: str = "http://127.0.0.1:8080/v1"
    openai_url: str = "https://api.openai.com/v1"
    gemini_url: str = "https://generativelanguage.googleapis.com"
    anthropic_url: str = "https://api.anthropic.com"
    openai_key: str = field(default="", repr=False)
    gemini_key: str = field(default="", repr=False)
    anthropic_key: str = field(default="", repr=False)
    ollama_key: str = field(default="", repr=False)
    servers: tuple[Server, ...] = ()
    scripts: tuple[str, ...] = ()
    remembered_model: str = ""
    default_model: str = DEFAULT_MODEL
    sampling: Sampling = field(default_factory=lambda: Sampling(temperature=0.0))
    local_probe_s: float = 1.5
    cloud_probe_s: float = 6.0
    local_timeouts: HttpTimeouts = field(default_factory=lambda: HttpTimeouts(connect_s=5.0, read_s=600.0))
    cloud_timeouts: HttpTimeouts = field(default_factory=HttpTimeouts)
    retry: RetryPolicy = field(default_factory=RetryPolicy)


_OWN_HOSTS = {
    "openai": "api.openai.com",
    "gemini": "generativelanguage.googleapis.com",
    "anthropic": "api.anthropic.com",
}


def is_their_own(kind: Kind, url: str) -> bool:
    """Whether an address is that of the vendor whose models call tools in their own format; anything may stand behind another one."""
    return kind in _OWN_HOSTS and addresses.host(url) == _OWN_HOSTS[kind]


def dialects(
    config: ProvidersConfig, http: HttpClient, clock: Clock, on_exchange: ExchangeObserver | None
) -> Iterator[tuple[Kind, HttpDialect]]:
    """The configured servers in order of preference: local ones, further ones, then cloud ones that have a key."""

    def endpoint(name: str, title: str, url: str) -> Endpoint:
        local = addresses.is_local(url)
        return Endpoint(name, title, url, local, config.local_timeouts if local else config.cloud_timeouts)

    def compatible(name: str, title: str, url: str, flavour: Flavour, key: str = "", key_name: str = "") -> HttpDialect:
        place = endpoint(name, title, url)
        return OpenAiProvider(
            http,
            place,
            clock,
            flavour=flavour,
            key=key,
            key_name=key_name or f"the key of {name}",
            on_exchange=on_exchange,
        )

    ollama = addresses.server_root(config.ollama_url, 11434)
    if ollama:
        place = endpoint("ollama", "Ollama", ollama)
        yield "ollama", OllamaProvider(http, place, clock, key=config.ollama_key, on_exchange=on_exchange)
    lmstudio = addresses.openai_base(config.lmstudio_url, 1234)
    if lmstudio:
        yield "lmstudio", compatible("lmstudio", "LM Studio", lmstudio, "lmstudio")
    for number, url in enumerate(_distinct(config.vllm_urls, 8000), start=1):
        name = "vllm" if number == 1 else f"vllm{number}"
        yield "vllm", compatible(name, "vLLM", url, "vllm")
    llamacpp = addresses.openai_base(config.llamacpp_url, 8080)
    if llamacpp:
        yield "llamacpp", compatible("llamacpp", "llama.cpp", llamacpp, "llamacpp")
    taken = {"ollama", "lmstudio", "vllm", "llamacpp", "openai", "gemini", "anthropic", "heuristic", "auto", "scripted"}
    for server in config.servers:
        url = addresses.openai_base(server.base_url, 8000)
        name = server.name.strip().replace("/", "-")
        if url and name and name not in taken:
            taken.add(name)
            yield "compatible", compatible(name, name, url, "compatible", server.key)
    yield from _cloud(config, http, clock, on_exchange)


def _cloud(
    config: ProvidersConfig, http: HttpClient, clock: Clock, on_exchange: ExchangeObserver | None
) -> Iterator[tuple[Kind, HttpDialect]]:
    def endpoint(name: str, title: str, url: str) -> Endpoint:
        local = addresses.is_local(url)
        return Endpoint(name, title, url, local, config.local_timeouts if local else config.cloud_timeouts)

    gemini = addresses.server_root(config.gemini_url, 443)
    if config.gemini_key and gemini:
        place = endpoint("gemini", "Gemini", gemini.removesuffix("/v1beta").removesuffix("/v1"))
        yield "gemini", GeminiProvider(http, place, clock, key=config.gemini_key, on_exchange=on_exchange)
    openai = addresses.openai_base(config.openai_url, 443)
    if config.openai_key and openai:
        flavour: Flavour = "openai" if is_their_own("openai", openai) else "compatible"
        place = endpoint("openai", "OpenAI", openai)
        yield (
            "openai",
            OpenAiProvider(http, place, clock, flavour=flavour, key=config.openai_key, on_exchange=on_exchange),
        )
    anthropic = addresses.server_root(config.anthropic_url, 443)
    if config.anthropic_key and anthropic:
        place = endpoint("anthropic", "Anthropic", anthropic.removesuffix("/v1"))
        yield "anthropic", AnthropicProvider(http, place, clock, key=config.anthropic_key, on_exchange=on_exchange)


def _distinct(urls: tuple[str, ...], default_port: int) -> list[str]:
    found = [addresses.openai_base(url, default_port) for url in urls]
    return [url for url in dict.fromkeys(found) if url]
