"""A model that fails: how long an agent waits, when it gives up, and what stays of the words that were shown."""

from typing import Any

import pytest

from kernel.protocol import agent, system
from kernel.protocol.process import ProcessSend
from tests.fakes.scripts import call, turn
from tests.integration.kernel.conftest import Bench

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
