"""The timeline's rows, without Qt."""

from typing import Any

import pytest

from aether_desktop.stores.reducers.timeline import TEXT_CHARACTERS, Timeline
from kernel.protocol import agent, process
from kernel.protocol.base import JournalEvent
from kernel.protocol.ids import MessageMode
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


@pytest.mark.parametrize("code", [0, 1, 143])
@pytest.mark.parametrize("mode", ["steer", "queue", "interrupt"])
def test_what_was_said_to_a_run_that_then_ended_was_not_delivered(mode: MessageMode, code: int) -> None:
    given = agent.AgentUserMessage(pid=1, message_id="a", text="right", mode="steer", delivered=True)
    said = agent.AgentUserMessage(pid=1, message_id="m", text="left", mode=mode)
    end = process.ProcessExited(pid=1, code=code)
    rows = _rows(given, said, agent.AgentCompleted(pid=1, summary="ok"), end)
    assert rows[:2] == [("user", "You said", False), ("user", "You said · not delivered, its run ended first", False)]
    timeline = Timeline()
    for event in (said, agent.AgentCompleted(pid=1, summary="ok")):
        timeline.apply(event)
    change = timeline.apply(end)
    assert change is not None, "the row is painted anew"
    assert not timeline.rows[0].ok


def test_what_was_said_waits_over_an_interruption() -> None:
    said = agent.AgentUserMessage(pid=1, message_id="m", text="left", mode="steer")
    interrupted = agent.AgentNotice(pid=1, kind="interrupted", message="Aether ended.")
    assert _rows(said, interrupted)[0] == ("user", "You said · waits for its next step", True)


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


def _times(timeline: Timeline) -> list[tuple[str, float]]:
    """Titles and times as they are seen from top to bottom, results included."""
    seen = []
    for row in timeline.rows:
        seen.append((row.title, row.timestamp))
        if row.result is not None:
            seen.append(("Result", row.result.timestamp))
    return seen


@pytest.mark.feature("EV10")
@pytest.mark.parametrize("approved", [True, False])
def test_what_was_asked_about_stands_in_order_of_time(approved: bool) -> None:
    timeline = Timeline()
    asked = _asked("a1")
    call: dict[str, Any] = {"pid": 1, "step": 2, "call_id": "c", "tool": "run_command"}
    events: list[JournalEvent] = [
        agent.AgentThought(pid=1, step=2, thought="Clean up.", timestamp=10.0),
        agent.AgentAction(**call, title="make clean", args={}, timestamp=11.0),
        type(asked)(**{name: getattr(asked, name) for name in ("pid", "action", "details", "approval")}, timestamp=12.0),
        agent.AgentUserMessage(pid=1, message_id="m", text="careful", mode="queue", timestamp=20.0),
        process.ApprovalAnswered(pid=1, approval_id="a1", call_id="c", approved=approved, by="local", timestamp=30.0),
    ]
    if approved:
        events.append(agent.AgentToolStarted(**call, timestamp=30.5))
    for event in events:
        timeline.apply(event)
    timeline.apply(agent.AgentObservation(**call, result="ok", ok=approved, timestamp=150.0))
    assert [title for title, _time in _times(timeline)] == [
        "Thought", "Approved" if approved else "Denied", "You said · queued", "run_command", "Result",
    ]  # fmt: skip
    times = [time for _title, time in _times(timeline)]
    assert times == sorted(times)
    for place, row in enumerate(timeline.rows):
        assert timeline.find(row.key) is row and timeline._index[row.key] == place


def test_a_call_that_was_not_asked_about_stays_where_it_is() -> None:
    timeline = Timeline()
    call: dict[str, Any] = {"pid": 1, "step": 2, "call_id": "c", "tool": "read_file"}
    timeline.apply(agent.AgentAction(**call, title="notes", args={}, timestamp=11.0))
    timeline.apply(agent.AgentToolStarted(**call, timestamp=11.5))
    timeline.apply(agent.AgentUserMessage(pid=1, message_id="m", text="hello", mode="queue", timestamp=12.0))
    timeline.apply(agent.AgentObservation(**call, result="ok", timestamp=13.0))
    assert [(row.kind, row.timestamp) for row in timeline.rows] == [("tool", 11.0), ("user", 12.0)]


def _words(content: str, step: int = 1) -> agent.AgentThinkingChunk:
    return agent.AgentThinkingChunk(pid=1, step=step, kind="text", content=content)


@pytest.mark.feature("EV10")
def test_a_step_that_is_taken_again_has_a_thought_of_its_own_behind_the_one_that_was_cut_off() -> None:
    timeline = Timeline()
    ended = agent.AgentNotice(pid=1, step=1, kind="interrupted", message="Aether ended.")
    cut = agent.AgentThought(pid=1, step=1, thought="It was to b")
    whole = agent.AgentThought(pid=1, step=1, thought="It was to be.")
    for event in (_words("It was "), _words("to b"), ended, agent.AgentResumed(pid=1), cut, _words("It was")):
        timeline.apply(event)
    texts = [(row.title, row.text, row.running) for row in timeline.rows if row.kind == "thought"]
    assert texts == [("Thought", "It was to b", False), ("Thinking", "It was", True)]
    timeline.apply(whole)
    again = Timeline()
    for event in (ended, agent.AgentResumed(pid=1), cut, whole):
        again.apply(event)
    for rows in (timeline.rows, again.rows):
        assert [row.text for row in rows if row.kind == "thought"] == ["It was to b", "It was to be."]
    assert timeline.rows[-1].text == "It was to be."


@pytest.mark.parametrize(
    "end", [process.ProcessExited(pid=1, code=143), agent.AgentNotice(pid=1, kind="interrupted", message="Aether ended.")]
)
def test_nobody_thinks_on_when_the_run_is_over(end: JournalEvent) -> None:
    assert _rows(_words("It was "), end)[0] == ("thought", "Thought · cut off", False)


@pytest.mark.parametrize("kind", ["text", "reasoning"])
def test_of_very_many_words_the_newest_show_while_they_stream(kind: Any) -> None:
    timeline = Timeline()
    for number in range(8_000):
        timeline.apply(agent.AgentThinkingChunk(pid=1, step=1, kind=kind, content=f"w{number} "))
    row = timeline.rows[0]
    shown = row.text if kind == "text" else row.details
    assert shown.endswith("w7998 w7999 ") and shown.startswith("…") and len(shown) <= TEXT_CHARACTERS + 1
