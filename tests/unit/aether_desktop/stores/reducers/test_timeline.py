"""The timeline's rows, without Qt."""

import pytest

from aether_desktop.stores.reducers.timeline import Timeline
from kernel.protocol import agent, process
from kernel.protocol.base import JournalEvent
from tests.fakes.kernel_client import make_approval


def _rows(*events: JournalEvent) -> list[tuple[str, str, bool]]:
    timeline = Timeline()
    for event in events:
        timeline.apply(event)
    return [(row.kind, row.title, row.running) for row in timeline.rows]


def test_phases_and_steps_are_no_rows() -> None:
    assert _rows(
        agent.AgentPhaseChanged(pid=1, phase="thinking"),
        agent.AgentStepStarted(pid=1, max_steps=5),
        agent.AgentToolStarted(pid=1, call_id="c", tool="t"),
    ) == []


def test_a_question_becomes_its_answer() -> None:
    approval = make_approval(1)
    required = process.ApprovalRequired(pid=1, action=approval.action, details=approval.details, approval=approval)
    answered = process.ApprovalAnswered(
        pid=1, approval_id=approval.approval_id, call_id="", approved=False, reason="no", by="local"
    )
    assert _rows(required) == [("waiting", "Waiting for you", True)]
    assert _rows(required, answered) == [("waiting", "Denied: no", False)]


@pytest.mark.feature("EV10")
def test_what_was_said_is_one_row_before_and_after_it_was_heard() -> None:
    said = agent.AgentUserMessage(pid=1, message_id="m", text="left", mode="queue")
    heard = agent.AgentUserMessage(pid=1, message_id="m", text="left", mode="queue", delivered=True)
    assert _rows(said) == [("user", "You said · queued", True)]
    assert _rows(said, heard) == [("user", "You said", False)]


def test_the_end_is_one_row() -> None:
    done = agent.AgentCompleted(pid=1, summary="ok")
    assert _rows(done, process.ProcessExited(pid=1, code=0, summary="ok")) == [("end", "Completed", False)]
    assert _rows(process.ProcessExited(pid=1, code=137, summary="killed")) == [("end", "Stopped · exit 137", False)]
    assert _rows(process.ProcessExited(pid=1, code=1, summary="no key")) == [("end", "Failed · exit 1", False)]


def test_an_end_has_the_colour_that_it_has_everywhere() -> None:
    ends = [
        process.ProcessExited(pid=1, code=0),
        process.ProcessExited(pid=1, code=1),
        process.ProcessExited(pid=1, code=143, signal="SIGTERM"),
    ]
    for event, word, title in zip(ends, ("done", "failed", "stopped"), ("Completed", "Failed · exit 1", "Stopped · SIGTERM"), strict=True):
        timeline = Timeline()
        timeline.apply(event)
        assert (timeline.rows[0].word, timeline.rows[0].title) == (word, title)


def _asked(approval_id: str, call_id: str = "c") -> process.ApprovalRequired:
    approval = make_approval(1, approval_id=approval_id, call_id=call_id)
    return process.ApprovalRequired(pid=1, action=approval.action, details=approval.details, approval=approval)


@pytest.mark.parametrize(
    "end",
    [agent.AgentNotice(pid=1, kind="interrupted", message="Aether ended."), process.ProcessExited(pid=1, code=143, signal="SIGTERM")],
)
def test_a_question_that_nobody_can_answer_any_more_waits_no_longer(end: JournalEvent) -> None:
    timeline = Timeline()
    for event in (_asked("a"), end):
        timeline.apply(event)
    assert (timeline.rows[0].title, timeline.rows[0].running, timeline.rows[0].word) == ("Not answered", False, "stopped")


def test_a_question_that_is_asked_again_after_an_interruption_waits_alone() -> None:
    rows = _rows(
        _asked("a"),
        agent.AgentNotice(pid=1, kind="interrupted", message="Aether ended."),
        agent.AgentResumed(pid=1, log_id=9),
        _asked("b"),
    )
    assert [title for kind, title, _ in rows if kind == "waiting"] == ["Not answered", "Waiting for you"]


def test_another_notice_closes_no_question() -> None:
    assert ("waiting", "Waiting for you", True) in _rows(_asked("a"), agent.AgentNotice(pid=1, kind="retry", message="again"))


def _result_of(*events: JournalEvent) -> str:
    timeline = Timeline()
    for event in events:
        timeline.apply(event)
    (row,) = [row for row in timeline.rows if row.kind == "tool"]
    assert row.result is not None
    return row.result.title


def test_how_long_a_tool_ran_is_told_as_the_kernel_says_it() -> None:
    call = agent.AgentAction(pid=1, step=1, timestamp=10.0, call_id="c", tool="run_command", args={})
    started = agent.AgentToolStarted(pid=1, step=1, timestamp=95.1, call_id="c", tool="run_command")
    done = agent.AgentObservation(
        pid=1, step=1, timestamp=98.5, call_id="c", tool="run_command", result="", exit_code=0, duration_s=3.4
    )
    assert _result_of(call, started, done) == "Result · exit 0 · 3.4 s"
    assert _result_of(done) == "Result · exit 0 · 3.4 s"
    refused = agent.AgentObservation(pid=1, step=1, timestamp=70.0, call_id="c", tool="run_command", result="Rejected.", ok=False)
    assert _result_of(call, refused) == "Result · failed"


def test_a_huge_text_is_bounded() -> None:
    timeline = Timeline()
    timeline.apply(agent.AgentThought(pid=1, thought="x" * 1_000_000))
    assert len(timeline.rows[0].text) < 30_000
