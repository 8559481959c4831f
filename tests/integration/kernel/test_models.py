"""Models that come while the kernel runs: fetched by their server, or with a server that is started later."""

import pytest

from kernel.protocol import agent, system
from kernel.providers.scripted import ScriptedCall, Turn
from tests.fakes.llm_server import LlmServer, Models, serving
from tests.integration.kernel.conftest import Bench, MakeBench


async def listed(bench: Bench) -> set[str]:
    return {model.id for model in (await bench.execute(system.LlmList())).models}


@pytest.mark.feature("LP08")
async def test_a_model_that_its_server_fetched_meanwhile_is_found_when_it_is_asked_for(make_bench: MakeBench) -> None:
    async with serving() as server:
        bench = await make_bench(environ={"OLLAMA_HOST": server.base_url})
        assert "ollama/test-model" in await listed(bench)
        server.models = Models(contexts={"test-model": 8192, "fetched-later": 8192})
        pid = await bench.deploy(model="ollama/fetched-later")
        assert (await bench.ended(pid)).code == 0
        assert server.chats[0].body["model"] == "fetched-later"
        assert "ollama/fetched-later" in await listed(bench), "the list that the deploy dialog shows has it too"
        await bench.kernel.stop()


@pytest.mark.feature("LP08")
async def test_a_server_that_was_started_later_is_used_where_no_model_was_named(make_bench: MakeBench) -> None:
    server = LlmServer()
    await server.start()
    await server.close()
    bench = await make_bench(environ={"OLLAMA_HOST": server.base_url})
    assert "ollama/test-model" not in await listed(bench)
    await server.start(server.port)
    pid = await bench.deploy(model="auto")
    assert (await bench.ended(pid)).code == 0
    assert server.chats
    await bench.kernel.stop()
    await server.close()


async def test_the_context_of_a_model_whose_server_was_started_later_is_kept_to(make_bench: MakeBench) -> None:
    reading = [Turn(tool_calls=(ScriptedCall("run_command", {"command": f"seq {n}000 {n + 1}200"}),)) for n in range(4)]
    server = LlmServer(reading, models=Models(contexts={"small": 4096}))
    await server.start()
    await server.close()
    bench = await make_bench(environ={"OLLAMA_HOST": server.base_url})
    await listed(bench)
    await server.start(server.port)
    pid = await bench.deploy(model="ollama/small")
    assert (await bench.ended(pid)).code == 0
    assert "compaction" in {event.kind for event in bench.of(pid, agent.AgentNotice)}
    await bench.kernel.stop()
    await server.close()


async def test_one_that_is_not_there_after_all_is_refused_with_what_is(make_bench: MakeBench) -> None:
    async with serving() as server:
        bench = await make_bench(environ={"OLLAMA_HOST": server.base_url})
        await listed(bench)
        pid = await bench.deploy(model="ollama/test-modle")
        assert (await bench.ended(pid)).code == 1
        assert any("ollama/test-model" in event.hint for event in bench.of(pid, agent.AgentNotice))
        await bench.kernel.stop()
