"""Finding servers, listing their models live, resolving a choice, and pulling, over real HTTP."""

import asyncio
import json
import time
from contextlib import AsyncExitStack, aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kernel.clock import SystemClock
from kernel.errors import AetherError
from kernel.providers.base import ProviderError, Sampling
from kernel.providers.endpoints import Kind, is_their_own
from kernel.providers.pull import PullProgress
from kernel.providers.recording import Exchange
from kernel.providers.registry import ProviderRegistry, ProvidersConfig, Server
from kernel.providers.scripted import Turn
from tests.contract.providers.rig import KEY, ask, collect, normal
from tests.fakes.llm_server import LlmServer, Models, Reply, serving

NOWHERE = ProvidersConfig(ollama_url="", lmstudio_url="", vllm_urls=(), llamacpp_url="")


def config(**changes: Any) -> ProvidersConfig:
    """A configuration that looks nowhere but at what is named."""
    fields = {name: getattr(NOWHERE, name) for name in NOWHERE.__slots__}
    return ProvidersConfig(**{**fields, **changes})


class Found:
    """A registry that is closed again."""

    def __init__(self, stack: AsyncExitStack) -> None:
        self._stack = stack

    def registry(self, wanted: ProvidersConfig, **options: Any) -> ProviderRegistry:
        registry = ProviderRegistry(wanted, SystemClock(), **options)
        self._stack.push_async_callback(registry.aclose)
        return registry

    async def server(self, **models: int) -> LlmServer:
        return await self._stack.enter_async_context(serving([], models=Models(models or {"m": 8192})))


@pytest.fixture
async def found() -> Any:
    async with AsyncExitStack() as stack:
        yield Found(stack)


@pytest.mark.feature("LP01", "LP08")
async def test_every_kind_of_server_is_found_and_listed_live(found: Found) -> None:
    servers = [await found.server(**{f"model{n}": 1000 + n}) for n in range(8)]
    urls = [server.base_url for server in servers]
    registry = found.registry(
        config(
            ollama_url=urls[0].removeprefix("http://"),
            lmstudio_url=urls[1],
            vllm_urls=(urls[2], f"{urls[3]}/v1/"),
            llamacpp_url=urls[4],
            servers=(Server("mine", urls[5]),),
            gemini_url=urls[6],
            gemini_key=KEY,
            anthropic_url=urls[7],
            anthropic_key=KEY,
        )
    )
    models = await registry.discover()
    assert [model.id for model in models] == [
        "ollama/model0", "lmstudio/model1", "vllm/model2", "vllm2/model3", "llamacpp/model4", "mine/model5",
        "gemini/model6", "anthropic/model7", "heuristic",
    ]  # fmt: skip
    assert models[0].context_length == 1000 and models[0].size_bytes == 1000 and "tools" in models[0].capabilities
    assert all(status.available and not status.reason for status in registry.status() if status.name != "openai")
    servers[0].models.contexts["pulled"] = 5
    assert "ollama/pulled" in [model.id for model in await registry.discover()]


async def test_nothing_there_leaves_the_built_in_brain_and_says_what_to_do(found: Found) -> None:
    async with serving() as gone:
        pass
    registry = found.registry(config(ollama_url=gone.base_url, lmstudio_url=gone.base_url))
    started = time.monotonic()
    assert [model.id for model in await registry.discover()] == ["heuristic"]
    assert time.monotonic() - started < 1.5
    status = {one.name: one for one in registry.status()}
    assert not status["ollama"].available and "ollama serve" in status["ollama"].remedy and status["ollama"].reason
    assert "GEMINI_API_KEY" in status["gemini"].remedy and "OPENAI_API_KEY" in status["openai"].remedy
    assert status["heuristic"].available
    provider, name = registry.resolve("auto")
    assert (provider.name, name) == ("heuristic", "built-in")


async def test_a_server_that_never_answers_holds_nobody_up(found: Found) -> None:
    async def swallow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    deaf = await asyncio.start_server(swallow, "127.0.0.1", 0)
    good = await found.server(m=1)
    port = deaf.sockets[0].getsockname()[1]
    registry = found.registry(
        config(ollama_url=good.base_url, llamacpp_url=f"http://127.0.0.1:{port}", local_probe_s=0.3)
    )
    models = await registry.discover()
    deaf.close()
    assert [model.id for model in models] == ["ollama/m", "heuristic"]
    assert "0.3 s" in {one.name: one.reason for one in registry.status()}["llamacpp"]


async def test_a_busy_server_stays_listed_for_one_look_and_one_that_stays_silent_does_not(found: Found) -> None:
    awake = asyncio.Event()
    awake.set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await awake.wait()
        body = b'{"data": [{"id": "m"}]}'
        writer.write(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body))
        writer.close()

    busy = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{busy.sockets[0].getsockname()[1]}"
    registry = found.registry(config(vllm_urls=(url,), local_probe_s=1.5, remembered_model="vllm/m"))
    there = ["vllm/m", "heuristic"]
    assert [model.id for model in await registry.discover()] == there
    awake.clear()
    assert [model.id for model in await registry.discover()] == there
    assert [model.id for model in await registry.discover()] == ["heuristic"]
    assert registry.resolve("auto")[0].name == "heuristic", "the remembered one was gone at the last look"
    assert registry.resolve("vllm/m")[0].name == "vllm", "who names it is told by the server itself"
    awake.set()
    assert [model.id for model in await registry.discover()] == there
    assert registry.resolve("auto")[0].name == "vllm"
    busy.close()


async def test_servers_near_by_are_not_held_up_by_those_far_away(found: Found) -> None:
    near = await found.server(m=1)
    registry = found.registry(config(ollama_url=near.base_url, gemini_url="https://192.0.2.1", gemini_key=KEY, cloud_probe_s=30.0))
    assert registry.looked_s_ago(local=False) is None
    async with asyncio.timeout(20):
        await registry.look(local=True)
    assert [model.id for model in registry.models()] == ["ollama/m", "heuristic"]
    assert registry.looked_s_ago(local=True) is not None and registry.looked_s_ago(local=False) is None


async def test_another_program_on_the_port_is_no_model_server(found: Found) -> None:
    async def website(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        page = b"<html><title>My router</title></html>"
        writer.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\nconnection: close\r\ncontent-length: %d\r\n\r\n%s"
            % (len(page), page)
        )
        writer.close()

    other = await asyncio.start_server(website, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{other.sockets[0].getsockname()[1]}"
    registry = found.registry(config(llamacpp_url=url, vllm_urls=(url,), ollama_url=url))
    models = await registry.discover()
    other.close()
    assert [model.id for model in models] == ["heuristic"]
    assert all(
        "did not answer like" in one.reason for one in registry.status() if one.name in ("ollama", "vllm", "llamacpp")
    )


async def test_discoveries_at_the_same_time_are_one(found: Found) -> None:
    server = await found.server(m=1)
    registry = found.registry(config(ollama_url=server.base_url))
    await asyncio.gather(*(registry.discover() for _ in range(10)))
    assert sum(request.path == "/api/tags" for request in server.requests) == 1


async def test_a_look_that_comes_when_all_is_over_finds_nothing_and_raises_nothing(found: Found) -> None:
    server = await found.server(m=1)
    registry = found.registry(config(ollama_url=server.base_url))
    assert "m" in {model.name for model in await registry.discover()}
    await registry.aclose()
    await registry.discover()


async def test_resolving(found: Found, tmp_path: Path) -> None:
    local = await found.server(**{"qwen3:8b": 1, "llama3:latest": 2, "org/model:x": 3})
    cloud = await found.server(
        **{"gemini-3-pro": 1, "gemini-2.5-flash": 2, "gemini-3-flash": 3, "gemini-3-flash-lite": 4}
    )
    script = tmp_path / "demo.json"
    script.write_text(json.dumps([{"text": "hi"}]))
    registry = found.registry(
        config(
            ollama_url=local.base_url,
            gemini_url=cloud.base_url,
            gemini_key=KEY,
            scripts=(str(script),),
            remembered_model="gone/model",
        )
    )
    await registry.discover()

    def resolved(model_id: str) -> str:
        provider, name = registry.resolve(model_id)
        return f"{provider.name}|{name}"

    assert resolved("") == "ollama|qwen3:8b"
    assert resolved("ollama/llama3") == "ollama|llama3:latest" == resolved("llama3")
    assert resolved("ollama/org/model:x") == "ollama|org/model:x" == resolved("org/model:x")
    assert resolved("gemini") == "gemini|gemini-3-flash"
    assert resolved("heuristic") == "heuristic|built-in"
    assert resolved(f"scripted:{script}") == f"scripted|{script}" == resolved(f"scripted/{script}")
    assert resolved("heuristic/built-in") == "heuristic|built-in"
    assert f"scripted:{script}" in [model.id for model in registry.models()]
    for unknown in ("qwen3:8x", "ollama/qwen3:8", "gemini-3-flush", "nothing/like/it", "\x00"):
        with pytest.raises(ProviderError) as caught:
            registry.resolve(unknown)
        assert caught.value.kind == "unknown_model" and caught.value.hint
    with pytest.raises(ProviderError, match="ollama/qwen3:8b"):
        registry.resolve("ollama/qwen3:8")
    for unkeyed, variable in (("openai/gpt-5", "OPENAI_API_KEY"), ("anthropic/claude-sonnet-4", "ANTHROPIC_API_KEY"), ("openai", "OPENAI")):
        with pytest.raises(ProviderError, match="has no key") as caught:
            registry.resolve(unkeyed)
        assert variable in caught.value.hint
    with pytest.raises(AetherError):
        registry.resolve("scripted:/nowhere.json")
    settings = registry._config
    registry.configure(replace(settings, remembered_model="gemini/gemini-3-pro"))
    assert resolved("auto") == "gemini|gemini-3-pro"
    registry.configure(replace(settings, remembered_model=""))
    assert resolved("auto") == "ollama|qwen3:8b"


@pytest.mark.feature("AL18")
async def test_gemini_lists_flash_first(found: Found) -> None:
    names = [
        "gemini-3-pro",
        "gemini-2.5-flash",
        "gemini-3-flash-preview",
        "gemini-3-flash",
        "gemini-2.5-pro",
        "gemini-embedding-001",
    ]
    server = await found.server(**dict.fromkeys(names, 9))
    registry = found.registry(config(gemini_url=server.base_url, gemini_key=KEY))
    assert [model.name for model in await registry.discover()][:5] == [
        "gemini-3-flash", "gemini-2.5-flash", "gemini-3-flash-preview", "gemini-3-pro", "gemini-2.5-pro",
    ]  # fmt: skip
    assert all(KEY not in request.path for request in server.requests)


async def test_a_wrong_key_is_said_at_discovery(found: Found) -> None:
    async with serving([], key="another") as server:
        registry = found.registry(config(gemini_url=server.base_url, gemini_key=KEY))
        await registry.discover()
    status = {one.name: one for one in registry.status()}["gemini"]
    assert not status.available and "GEMINI_API_KEY" in status.remedy and KEY not in repr(registry.status())


async def test_the_context_window_is_the_smaller_of_the_two(found: Found) -> None:
    server = await found.server(small=4096, large=262_144)
    registry = found.registry(config(ollama_url=server.base_url))
    await registry.discover()
    assert registry.context_window("ollama/small") == 4096
    assert registry.context_window("ollama/large") == 32_768
    assert registry.context_window("ollama/large", Sampling(context_size=65_536)) == 65_536
    assert registry.context_window("heuristic/built-in") > 1_000_000, "it reads the whole conversation"
    assert registry.context_length("ollama/large") == 262_144 and registry.context_length("nope") is None


async def test_changed_settings_are_taken_over(found: Found) -> None:
    first, second = await found.server(a=1), await found.server(b=1)
    registry = found.registry(config(ollama_url=first.base_url))
    await registry.discover()
    registry.configure(config(ollama_url=first.base_url, llamacpp_url=second.base_url))
    assert [model.id for model in registry.models()] == ["ollama/a", "heuristic"]
    assert [model.id for model in await registry.discover()] == ["ollama/a", "llamacpp/b", "heuristic"]


async def test_a_resolved_provider_retries_and_reads_written_calls(found: Found) -> None:
    written = Turn(text='```json\n{"name": "read_file", "arguments": {"path": "x"}}\n```')
    async with serving([written], models=Models({"m": 8192})) as server:
        registry = found.registry(config(llamacpp_url=server.base_url))
        await registry.discover()
        provider, name = registry.resolve("llamacpp/m")
        assert name == "m"
        answer = normal(await collect(provider, ask()))
    assert answer.calls[0][2] == "read_file" and answer.text == "" and answer.reason == "tool_calls"


@pytest.mark.parametrize("kind", ["openai", "gemini", "anthropic"])
async def test_behind_another_address_than_the_vendors_own_calls_may_be_written_as_text(found: Found, kind: str) -> None:
    name = "gemini-small" if kind == "gemini" else "small"
    written = Turn(text='<tool_call>{"name": "read_file", "arguments": {"path": "x"}}</tool_call>')
    async with serving([written], models=Models({name: 8192})) as server:
        registry = found.registry(config(**{f"{kind}_url": server.base_url, f"{kind}_key": KEY}))
        await registry.discover()
        provider, model = registry.resolve(f"{kind}/{name}")
        answer = normal(await collect(provider, ask()))
    assert (model, answer.calls[0][2], answer.text, answer.reason) == (name, "read_file", "", "tool_calls")


@pytest.mark.parametrize(
    ("kind", "address", "own"),
    [
        ("openai", "https://api.openai.com/v1", True),
        ("openai", "https://API.OpenAI.com", True),
        ("openai", "http://127.0.0.1:9000/v1", False),
        ("openai", "https://openrouter.ai/api/v1", False),
        ("openai", "https://proxy.example/api.openai.com/v1", False),
        ("openai", "https://api.openai.com.example/v1", False),
        ("gemini", "https://generativelanguage.googleapis.com", True),
        ("gemini", "https://api.openai.com", False),
        ("anthropic", "https://api.anthropic.com", True),
        ("anthropic", "http://localhost:4000", False),
        ("ollama", "http://127.0.0.1:11434", False),
    ],
)
def test_which_address_is_the_vendors_own(kind: Kind, address: str, own: bool) -> None:
    assert is_their_own(kind, address) is own


@pytest.mark.feature("LP04")
async def test_pulling_shows_progress_and_lists_the_model(found: Found) -> None:
    seen: list[Exchange] = []
    server = await found.server(old=1)
    registry = found.registry(config(ollama_url=server.base_url), on_exchange=seen.append)
    await registry.discover()
    progress: list[PullProgress] = []
    async with aclosing(registry.pull()) as steps:
        async for step in steps:
            progress.append(step)
            server.models.contexts["gemma4:e2b"] = 8192
    assert [step.fraction for step in progress] == [0.0, 0.4, 1.0, 1.0, 1.0]
    assert progress[-1].done and progress[0].model == "gemma4:e2b"
    assert registry.resolve("ollama/gemma4:e2b")[1] == "gemma4:e2b"
    pulls = [request for request in server.requests if request.path == "/api/pull"]
    assert pulls[0].body == {"model": "gemma4:e2b", "stream": True}
    pulled = next(exchange for exchange in seen if exchange.url.endswith("/api/pull"))
    assert (
        pulled.status == 200 and "success" in pulled.response_body and pulled.model == "gemma4:e2b" and not pulled.error
    )


async def test_a_pull_can_be_cancelled(found: Found) -> None:
    server = await found.server(old=1)
    server.models.pull_lines = (b'{"status":"pulling a","digest":"a","total":9,"completed":1}\n',) * 1000
    server.models.pull_delay_s = 0.01
    registry = found.registry(config(ollama_url=server.base_url))
    async with aclosing(registry.pull("big")) as steps:
        assert (await anext(steps)).status == "pulling a"
    await server.wait_hung_up()
    assert server.open_streams == 0


@pytest.mark.parametrize(
    ("lines", "kind"),
    [
        ((b'{"error":"pull model manifest: file does not exist"}\n',), "unknown_model"),
        ((b'{"status":"pulling"}\n', b'{"error":"no space left on device"}\n'), "overloaded"),
        ((b'{"status":"pulling"}\n',), "truncated"),
        ((b"not json\n",), "bad_response"),
    ],
)
async def test_pulls_that_fail_say_why(found: Found, lines: tuple[bytes, ...], kind: str) -> None:
    server = await found.server(old=1)
    server.models.pull_lines = lines
    registry = found.registry(config(ollama_url=server.base_url))
    with pytest.raises(ProviderError) as caught:
        async with aclosing(registry.pull("x")) as steps:
            async for _ in steps:
                pass
    assert caught.value.kind == kind and caught.value.hint
    assert "tool call" not in caught.value.message, "a download has none"


async def test_pulling_without_ollama_says_how_to_start_it(found: Found) -> None:
    async with serving() as gone:
        pass
    registry = found.registry(config(ollama_url=gone.base_url))
    with pytest.raises(ProviderError, match="ollama serve"):
        async with aclosing(registry.pull("x")) as steps:
            await anext(steps)


async def test_the_fake_server_runs_by_hand(tmp_path: Path) -> None:
    import sys

    script = tmp_path / "s.json"
    script.write_text(json.dumps([{"text": "by hand"}]))
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.fakes.llm_server",
        "--port",
        "0",
        "--script",
        str(script),
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        line = (await asyncio.wait_for(process.stdout.readline(), 20)).decode()
        url = line.split()[-1]
        registry = ProviderRegistry(config(servers=(Server("fake", url),)), SystemClock())
        await registry.discover()
        provider, name = registry.resolve("fake")
        assert name == "test-model" and normal(await collect(provider, ask())).text == "by hand"
        await registry.aclose()
    finally:
        process.terminate()
        await process.wait()


async def test_replies_run_out_into_complete() -> None:
    async with serving([Reply(Turn(text="one"))]) as server:
        registry = ProviderRegistry(config(servers=(Server("fake", server.base_url),)), SystemClock())
        await registry.discover()
        provider, _ = registry.resolve("fake")
        await collect(provider, ask())
        assert normal(await collect(provider, ask())).calls[0][2] == "complete"
        await registry.aclose()
