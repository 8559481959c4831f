"""A model that fails: how long an agent waits, when it gives up, and what stays of the words that were shown."""

import asyncio
import itertools
from typing import Any

import pytest

from kernel.protocol import agent, system
from kernel.protocol.process import ProcessInfoGet, ProcessList, ProcessResume, ProcessSend
from kernel.providers.scripted import ScriptedCall, Turn
from tests.fakes.llm_server import LlmServer, Models
from tests.fakes.scripts import call, turn, write_script
from tests.integration.kernel.conftest import Bench, MakeBench

DONE = turn("Done.", call("complete", summary="It is done."))


def failing(kind: str, **fields: Any) -> dict[str, Any]:
    return turn("", error={"kind": kind, "message": "It failed.", "hint": "Look there.", **fields})


@pytest.mark.feature("AL13")
async def test_an_agent_waits_as_long_as_the_server_asks_and_says_so(bench: Bench) -> None:
    pid = await bench.deploy(failing("rate_limited", retry_after_s=1.6), DONE)
    assert (await bench.ended(pid)).code == 0
    first, second = bench.of(pid, agent.AgentStepStarted)
    assert second.timestamp - first.timestamp >= 1.6
    assert any(notice.kind == "retry" and "2 s" in notice.message for notice in bench.of(pid, agent.AgentNotice))


@pytest.mark.feature("AL13")
async def test_a_wait_that_nobody_would_wait_ends_the_run_with_a_sentence(bench: Bench) -> None:
    pid = await bench.deploy(failing("rate_limited", retry_after_s=86_400), DONE)
    exited = await bench.ended(pid)
    assert exited.code == 1
    assert "It failed. The server asks to wait 1,440 min; at most 15 min are waited for. Look there." in exited.summary


@pytest.mark.parametrize("kind", ["auth", "quota", "unknown_model", "unsupported"])
async def test_what_trying_again_cannot_mend_ends_the_run_at_once(bench: Bench, kind: str) -> None:
    pid = await bench.deploy(failing(kind), DONE)
    exited = await bench.ended(pid)
    assert (exited.code, exited.summary) == (1, "It failed. Look there.")
    assert len(bench.of(pid, agent.AgentStepStarted)) == 1


async def test_a_wait_ends_where_somebody_interrupts(bench: Bench) -> None:
    pid = await bench.deploy(failing("rate_limited", retry_after_s=500), DONE)
    await bench.wait(agent.AgentNotice, pid, lambda notice: notice.kind == "retry")
    await bench.execute(ProcessSend(pid=pid, text="go on now", mode="interrupt"))
    assert (await bench.ended(pid)).code == 0


@pytest.mark.feature("ST01", "AL13")
@pytest.mark.parametrize("last", [False, True])
async def test_words_that_were_shown_stay_where_the_stream_breaks(bench: Bench, last: bool) -> None:
    """Also where the failure ends the run."""
    error = {"kind": "auth" if last else "truncated", "message": "It broke off.", "after_content": True}
    broken = turn("These words were shown.", reasoning="These were thought.", error=error, chunk_chars=4, delay_s=0.03)
    pid = await bench.deploy(broken, DONE)
    await bench.ended(pid)
    shown = "".join(chunk.content for chunk in bench.of(pid, agent.AgentThinkingChunk) if chunk.step == 1)
    assert "words" in shown
    page = await bench.execute(system.HistoryLogs(pid=pid))
    (thought,) = [event for event in page.events if event["type"].startswith("agent.th") and event["step"] == 1]
    assert thought["thought"].startswith("These words were shown.\n\nThe model could not answer: It broke off.")
    assert thought["reasoning"] == "These were thought."


async def _interrupted(bench: Bench, pid: int) -> str:
    """Resume an agent that cannot go on; what is said of it."""
    said = len(bench.of(pid, agent.AgentNotice))
    await bench.execute(ProcessResume(pid=pid))
    async with asyncio.timeout(20):
        while not [notice for notice in bench.of(pid, agent.AgentNotice)[said:] if notice.kind == "interrupted"]:
            await asyncio.sleep(0.02)
    (info,) = (await bench.execute(ProcessList())).processes
    assert (info.state, info.interrupted, info.exit_code) == ("stopped", True, None)
    return str(bench.of(pid, agent.AgentNotice)[-1].message)


@pytest.mark.feature("ST01", "LP01")
async def test_a_run_goes_on_with_the_model_that_it_began_with_or_waits_for_it(make_bench: MakeBench) -> None:
    """Nobody named the model; while its server is down nothing else finishes the run."""
    command = Turn(tool_calls=(ScriptedCall("run_command", {"command": "sleep 60"}),))
    server = LlmServer([command], models=Models({"mine": 8192}))
    await server.start()
    environ = {"LLAMACPP_URL": server.base_url}
    first = await make_bench(environ=environ)
    pid = await first.deploy(model="")
    await first.wait(agent.AgentToolStarted, pid)
    assert (await first.execute(ProcessInfoGet(pid=pid))).info.model == "llamacpp/mine"
    await first.kernel.stop()
    await server.close()
    second = await make_bench(environ=environ)
    for _ in range(3):
        assert "llamacpp/mine is not there" in await _interrupted(second, pid)
    again = LlmServer([], models=Models({"mine": 8192}))
    await again.start(server.port)
    await second.execute(ProcessResume(pid=pid))
    exited = await second.ended(pid)
    assert (exited.code, exited.summary, exited.step) == (0, "The script has ended.", 2)
    await second.kernel.stop()
    await again.close()


async def test_a_named_model_that_is_gone_leaves_the_run_interrupted(make_bench: MakeBench) -> None:
    first = await make_bench()
    turns = (turn("", call("run_command", command="sleep 60")), DONE)
    pid = await first.deploy(model=write_script(first.scripts, *turns, name="gone"))
    await first.wait(agent.AgentToolStarted, pid)
    await first.kernel.stop()
    (first.scripts / "gone.json").unlink()
    second = await make_bench()
    assert "gone.json" in await _interrupted(second, pid)
    write_script(second.scripts, *turns, name="gone")
    await second.execute(ProcessResume(pid=pid))
    assert (await second.ended(pid)).summary == "It is done."
    await second.kernel.stop()


@pytest.mark.feature("AL13")
async def test_answers_that_are_cut_off_are_asked_for_again_with_growing_pauses(bench: Bench) -> None:
    error = {"kind": "truncated", "message": "It broke off.", "after_content": True}
    pid = await bench.deploy(*[turn("Half an ans", error=error)] * 3, DONE)
    assert (await bench.ended(pid)).code == 0
    began = [event.timestamp for event in bench.of(pid, agent.AgentStepStarted)]
    pauses = [after - before for before, after in itertools.pairwise(began)]
    assert [pause >= least for pause, least in zip(pauses, (0.5, 1.0, 2.0), strict=True)] == [True] * 3
    said = [notice.message for notice in bench.of(pid, agent.AgentNotice) if notice.kind == "retry"]
    assert said == ["Trying again in 0.5 s.", "Trying again in 1.0 s.", "Trying again in 2.0 s."]


@pytest.mark.feature("AL13")
@pytest.mark.parametrize("reasoning", ["", "Hm."])
async def test_a_model_that_answers_nothing_ends_with_the_reason_before_its_steps_are_gone(bench: Bench, reasoning: str) -> None:
    pid = await bench.deploy(*[turn("", reasoning=reasoning)] * 20, max_steps=20)
    exited = await bench.ended(pid)
    assert exited.code == 1
    assert exited.summary.startswith("The model answered neither a word nor a call, several times in a row.")
    assert len(bench.of(pid, agent.AgentStepStarted)) == 3


async def test_answers_that_are_empty_now_and_then_end_nothing(bench: Bench) -> None:
    listing = turn("", call("list_files"))
    pid = await bench.deploy(turn(""), turn(""), listing, turn(""), turn(""), DONE)
    assert (await bench.ended(pid)).code == 0
