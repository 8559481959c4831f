"""The timeline's rows, without Qt."""

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


def test_what_was_said_is_one_row_before_and_after_it_was_heard() -> None:
    said = agent.AgentUserMessage(pid=1, message_id="m", text="left", mode="queue")
    heard = agent.AgentUserMessage(pid=1, message_id="m", text="left", mode="queue", delivered=True)
    assert _rows(said) == [("user", "You said · queued", True)]
    assert _rows(said, heard) == [("user", "You said", False)]


def test_the_end_is_one_row() -> None:
    done = agent.AgentCompleted(pid=1, summary="ok")
    assert _rows(done, process.ProcessExited(pid=1, code=0, summary="ok")) == [("end", "Completed", False)]
    assert _rows(process.ProcessExited(pid=1, code=137, summary="killed")) == [("end", "Ended · exit 137", False)]


def test_a_huge_text_is_bounded() -> None:
    timeline = Timeline()
    timeline.apply(agent.AgentThought(pid=1, thought="x" * 1_000_000))
    assert len(timeline.rows[0].text) < 30_000
