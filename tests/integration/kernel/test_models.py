"""Models that come while the kernel runs: fetched by their server, or with a server that is started later."""

import asyncio
import re
from pathlib import Path

import pytest

from kernel.protocol import agent, system
from kernel.protocol.process import ProcessInfoGet
from kernel.providers.scripted import ScriptedCall, Turn
from tests.fakes.llm_server import Models, Reply, later, serving
from tests.fakes.scripts import call, turn, write_script
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
    async with later() as server:
        bench = await make_bench(environ={"OLLAMA_HOST": server.base_url})
        assert "ollama/test-model" not in await listed(bench)
        await server.start(server.port)
        pid = await bench.deploy(model="auto")
        assert (await bench.ended(pid)).code == 0
        assert server.chats
        await bench.kernel.stop()


async def test_the_context_of_a_model_whose_server_was_started_later_is_kept_to(make_bench: MakeBench) -> None:
    reading = [Turn(tool_calls=(ScriptedCall("run_command", {"command": f"seq {n}000 {n + 1}200"}),)) for n in range(4)]
    async with later(reading, models=Models(contexts={"small": 4096})) as server:
        bench = await make_bench(environ={"OLLAMA_HOST": server.base_url})
        await listed(bench)
        await server.start(server.port)
        pid = await bench.deploy(model="ollama/small")
        assert (await bench.ended(pid)).code == 0
        assert "compaction" in {event.kind for event in bench.of(pid, agent.AgentNotice)}
        await bench.kernel.stop()


@pytest.mark.feature("AL13")
@pytest.mark.parametrize("fits", [True, False])
async def test_a_server_that_takes_less_than_it_lists_is_told_less(make_bench: MakeBench, fits: bool) -> None:
    """The conversation is shortened as often as it helps; one that cannot be short enough ends with what to do."""
    reading = [Turn(tool_calls=(ScriptedCall("run_command", {"command": f"seq {n}000 {n + 1}200"}),)) for n in range(6)]
    async with serving(reading, models=Models({"boastful": 131_072}, refuses_over=20_000 if fits else 500)) as server:
        bench = await make_bench(environ={"OLLAMA_HOST": server.base_url})
        pid = await bench.deploy(model="ollama/boastful")
        exited = await bench.ended(pid)
        notices = [notice for notice in bench.of(pid, agent.AgentNotice) if notice.kind == "compaction"]
        refused = [request for request in server.chats if len(request.raw) > server.models.refuses_over]
        if fits:
            assert exited.code == 0 and exited.summary == "The script has ended."
            assert any("expected to take" in notice.message for notice in notices)
            assert any("was shortened" in notice.message for notice in notices)
            assert len(refused) <= 3, "once it was refused, the next requests stay below that"
        else:
            assert exited.code == 1 and "shorten the conversation" in exited.summary and not notices
            assert len(refused) == 1, "nothing could be shortened: asking again would be no use"
        await bench.kernel.stop()


async def test_one_that_is_not_there_after_all_is_refused_with_what_is(make_bench: MakeBench) -> None:
    async with serving() as server:
        bench = await make_bench(environ={"OLLAMA_HOST": server.base_url})
        await listed(bench)
        pid = await bench.deploy(model="ollama/test-modle")
        assert (await bench.ended(pid)).code == 1
        assert any("ollama/test-model" in event.hint for event in bench.of(pid, agent.AgentNotice))
        await bench.kernel.stop()


async def looked(bench: Bench) -> set[str]:
    """What a list that is on the screen has at its next look."""
    return {model.id for model in (await bench.execute(system.LlmList(refresh=True))).models}


@pytest.mark.feature("LP08")
async def test_servers_that_come_and_go_are_in_the_list_and_out_of_it_at_the_next_look(make_bench: MakeBench) -> None:
    async with later() as first, later(models=Models({"late": 8192})) as second:
        await first.start(first.port)
        bench = await make_bench(environ={"OLLAMA_HOST": second.base_url, "LMSTUDIO_URL": first.base_url})
        assert {"lmstudio/test-model"} == await looked(bench) - {"heuristic"}
        await first.close()
        await second.start(second.port)
        assert {"ollama/late"} == await looked(bench) - {"heuristic"}
        await bench.kernel.stop()


@pytest.mark.feature("LP08")
async def test_an_automatic_choice_whose_server_has_gone_is_made_again_before_the_first_word(make_bench: MakeBench) -> None:
    async with later() as gone, later(models=Models({"late": 8192})) as there:
        await gone.start(gone.port)
        bench = await make_bench(environ={"LMSTUDIO_URL": gone.base_url, "LLAMACPP_URL": there.base_url})
        assert {"lmstudio/test-model"} == await listed(bench) - {"heuristic"}
        await gone.close()
        await there.start(there.port)
        pid = await bench.deploy(model="")
        assert (await bench.ended(pid)).code == 0
        assert there.chats[0].body["model"] == "late"
        said = [notice.message for notice in bench.of(pid, agent.AgentNotice)]
        assert any("lmstudio/test-model was chosen, but its server is gone: it works with llamacpp/late." in line for line in said)
        assert (await bench.execute(ProcessInfoGet(pid=pid))).info.model == "llamacpp/late"
        await bench.kernel.stop()


async def test_where_no_other_server_answers_the_built_in_helper_works_and_it_is_said(make_bench: MakeBench) -> None:
    async with later() as server:
        await server.start(server.port)
        bench = await make_bench(environ={"LMSTUDIO_URL": server.base_url})
        assert "lmstudio/test-model" in await listed(bench)
        await server.close()
        pid = await bench.deploy(model="auto", goal="list the files")
        assert (await bench.ended(pid)).code == 0
        assert any("the built-in helper works" in notice.message for notice in bench.of(pid, agent.AgentNotice))
        await bench.kernel.stop()


@pytest.mark.parametrize("named", ["lmstudio/test-model", ""])
async def test_a_model_that_a_person_named_is_not_replaced_by_another(make_bench: MakeBench, named: str) -> None:
    """Named for this agent, or once for all: where it is gone the agent says so."""
    async with later() as gone, serving() as there:
        await gone.start(gone.port)
        bench = await make_bench(environ={"LMSTUDIO_URL": gone.base_url, "LLAMACPP_URL": there.base_url})
        await bench.execute(system.LlmChoose(model="lmstudio/test-model"))
        await gone.close()
        pid = await bench.deploy(model=named)
        assert (await bench.ended(pid)).code == 1
        assert not there.chats
        await bench.kernel.stop()


async def test_looking_again_and_again_is_no_news_and_pushes_nothing_out_of_memory(make_bench: MakeBench) -> None:
    async with serving() as server:
        bench = await make_bench(environ={"OLLAMA_HOST": server.base_url})
        await looked(bench)
        before = len(bench.events)
        remembered = len((await bench.execute(system.LlmExchanges(pid=0))).exchanges)
        for _ in range(5):
            await looked(bench)
        said = [event for event in bench.events[before:] if isinstance(event, (system.LlmExchanged, system.LlmChanged))]
        assert not said
        assert len((await bench.execute(system.LlmExchanges(pid=0))).exchanges) == remembered
        server.models = Models({"another": 8192})
        assert "ollama/another" in await looked(bench)
        assert any(isinstance(event, system.LlmExchanged) for event in bench.events[before:])
        await bench.kernel.stop()


async def test_each_pull_that_fails_is_an_exchange_of_its_own(make_bench: MakeBench) -> None:
    """Also where it fails as the one before it did."""
    failing = Models(pull_lines=(b'{"error":"pull model manifest: file does not exist"}\n',))
    async with serving(models=failing) as server:
        bench = await make_bench(environ={"OLLAMA_HOST": server.base_url})
        await looked(bench)
        for count in (1, 2):
            await bench.execute(system.LlmPull(model="nosuch"))
            async with asyncio.timeout(30):
                while sum(isinstance(event, system.LlmPullProgress) and bool(event.error) for event in bench.events) < count:
                    await asyncio.sleep(0.01)
            exchanges = (await bench.execute(system.LlmExchanges(pid=0))).exchanges
            assert len([exchange for exchange in exchanges if exchange.url.endswith("/api/pull")]) == count
        await bench.kernel.stop()


async def test_a_goal_that_cannot_be_shortened_is_told_of_once_and_little_is_not_shortened_at_each_step(make_bench: MakeBench) -> None:
    steps = [Turn(tool_calls=(ScriptedCall("run_command", {"command": f"echo {number}"}),)) for number in range(14)]
    async with serving(steps, models=Models({"small": 8192})) as server:
        bench = await make_bench(environ={"OLLAMA_HOST": server.base_url})
        pid = await bench.deploy(model="ollama/small", goal="word " * 4_600)
        assert (await bench.ended(pid)).code == 0
        notices = [notice for notice in bench.of(pid, agent.AgentNotice) if notice.kind == "compaction"]
        told = [notice for notice in notices if "cannot be shortened" in notice.message]
        assert len(told) == 1 and "larger context" in told[0].hint
        shortened = [re.findall(r"[\d,]{3,}", notice.message) for notice in notices if notice not in told]
        gains = [int(before.replace(",", "")) - int(after.replace(",", "")) for before, after in shortened]
        assert len(gains) <= 3 and all(gain >= 8192 * 0.05 for gain in gains), notices
        await bench.kernel.stop()


async def test_a_long_goal_that_the_built_in_helper_cannot_read_costs_one_step(make_bench: MakeBench) -> None:
    bench = await make_bench()
    pid = await bench.deploy(model="heuristic", goal=("Die Katze schlief lange auf dem warmen Dach. " * 2_200)[:95_000])
    assert (await bench.ended(pid)).code == 1
    info = (await bench.execute(ProcessInfoGet(pid=pid))).info
    assert info.step == 1 and info.input_tokens < 30_000
    assert [notice.kind for notice in bench.of(pid, agent.AgentNotice)] == ["error"]
    await bench.kernel.stop()


async def test_an_address_that_is_not_that_of_a_model_server_is_said_in_the_timeline(make_bench: MakeBench) -> None:
    noise = [Reply(body=b"220 mail.example ready\r\n", content_type="text/plain")] * 3
    async with serving(noise) as server:
        bench = await make_bench(environ={"LLAMACPP_URL": server.base_url})
        pid = await bench.deploy(model="llamacpp/test-model")
        assert (await bench.ended(pid)).code == 1
        said = [(notice.message, notice.hint) for notice in bench.of(pid, agent.AgentNotice)]
        assert len(server.chats) == 3, "the same request is not sent again within a turn"
        assert all("is not a language model's answer, beginning with “220 mail.example ready”." in message for message, _ in said)
        assert all(hint.startswith("Look whether the address is that of") for _, hint in said)
        await bench.kernel.stop()


async def test_a_small_model_behind_openais_variable_runs_the_tools_that_it_writes_as_text(make_bench: MakeBench) -> None:
    written = '<tool_call>{"name": "run_command", "arguments": {"command": "echo done > made.txt"}}</tool_call>'
    talk = "I could have written:\n\n```text\n" + written.replace("made.txt", "never.txt") + "\n```\nbut that was all."
    turns = [Turn(text=written), Turn(text=talk), Turn(tool_calls=(ScriptedCall("complete", {"summary": "Made."}),))]
    async with serving(turns) as server:
        bench = await make_bench(environ={"OPENAI_BASE_URL": f"{server.base_url}/v1", "OPENAI_API_KEY": "sk-local-0123456789"})
        pid = await bench.deploy(model="openai/test-model")
        assert (await bench.ended(pid)).code == 0
        assert (bench.home(pid) / "made.txt").read_text() == "done\n"
        assert not (bench.home(pid) / "never.txt").exists()
        assert [event.tool for event in bench.of(pid, agent.AgentAction)] == ["run_command", "complete"]
        await bench.kernel.stop()


async def test_a_script_that_was_changed_is_played_as_it_is_now(make_bench: MakeBench, tmp_path: Path) -> None:
    bench = await make_bench()
    said = []
    for words in ("first", "second"):
        model = write_script(tmp_path, turn("", call("complete", summary=words)))
        said.append((await bench.ended(await bench.deploy(model=model))).summary)
    assert said == ["first", "second"]
    (tmp_path / "script.json").unlink()
    gone = await bench.ended(await bench.deploy(model=model))
    assert gone.code == 1 and "script.json" in gone.summary
    await bench.kernel.stop()
