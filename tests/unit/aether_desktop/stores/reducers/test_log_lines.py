"""Every kind of entry has its line, in the colour of its kind."""

from __future__ import annotations

import pytest

from aether_desktop.stores.reducers.log_lines import LINE_CHARACTERS, line_of
from kernel.protocol import agent, process
from kernel.protocol.base import JournalEvent
from tests.fakes.kernel_client import make_approval


@pytest.mark.feature("VM02")
@pytest.mark.parametrize(
    ("event", "kind", "word", "words"),
    [
        (agent.AgentThought(pid=1, thought="Look."), "thoughts", "thinking", "thought  Look."),
        (agent.AgentThought(pid=1, thought="", reasoning="Hm."), "thoughts", "thinking", "thought  Hm."),
        (agent.AgentPlanCreated(pid=1, steps=("a", "b")), "thoughts", "thinking", "plan  a b"),
        (agent.AgentAction(pid=1, call_id="c", tool="ls", args={"path": "x"}, title=""), "actions", "executing", 'ls  {"path":"x"}'),
        (
            agent.AgentFileCreated(pid=1, path="a.py", content="", created=True, added_lines=2),
            "actions", "executing", "created a.py  +2 −0",
        ),
        (
            agent.AgentObservation(pid=1, call_id="c", tool="run_command", result="\x1b[32mok\x1b[0m\r\n", exit_code=0, duration_s=1.25),
            "results", "observing", "run_command · exit 0 · 1.2 s  ok",
        ),
        (agent.AgentObservation(pid=1, call_id="c", tool="ls", result="no", ok=False), "problems", "failed", "ls  no"),
        (agent.AgentUserMessage(pid=1, message_id="m", text="stop", mode="steer"), "people", "waiting", "you (steer)  stop"),
        (agent.AgentNotice(pid=1, kind="error", message="Broken.", hint="Mend."), "problems", "failed", "Broken.  Mend."),
        (agent.AgentCompleted(pid=1, summary="Done."), "states", "done", "completed  Done."),
        (process.ProcessExited(pid=1, code=137, summary=""), "problems", "failed", "exit 137"),
        (agent.AgentPaused(pid=1, reason="asked"), "states", "stopped", "paused  asked"),
    ],
)  # fmt: skip
def test_each_entry_has_its_line(event: JournalEvent, kind: str, word: str, words: str) -> None:
    line = line_of(event)
    assert (line.kind, line.word, line.words) == (kind, word, words)


def test_a_question_names_the_exact_command_and_hides_nothing() -> None:
    approval = make_approval(1)
    event = process.ApprovalRequired(pid=1, action="run", details={"command": "ls \u202e x"}, approval=approval)
    assert line_of(event).words == "asks: run  ls ⟨U+202E⟩ x"


def test_a_line_is_one_line_and_not_endless() -> None:
    line = line_of(agent.AgentThought(pid=1, thought="word\n" * 10_000))
    assert "\n" not in line.words and len(line.text) <= LINE_CHARACTERS + 1
    assert line.clock.strip() == ""
