"""Each event changes what is shown of an agent, and nothing else."""

from __future__ import annotations

import msgspec
import pytest

from aether_desktop.stores.reducers.process import FILES_KEPT, THOUGHT_CHARACTERS, ProcessView, reduce, reduce_told
from kernel.protocol.agent import (
    AgentAction,
    AgentBrowsing,
    AgentCompleted,
    AgentFileCreated,
    AgentNotice,
    AgentObservation,
    AgentPaused,
    AgentPhaseChanged,
    AgentResumed,
    AgentStepStarted,
    AgentThinkingChunk,
    AgentThought,
)
from kernel.protocol.base import ProcessEvent
from kernel.protocol.process import (
    ApprovalAnswered,
    ApprovalRequired,
    ProcessExited,
    ProcessProgressed,
    ProcessReaped,
    ProcessSpawned,
    ProcessStateChanged,
    ProcessUsage,
)
from tests.fakes.kernel_client import make_approval, make_info

VIEW = ProcessView(info=make_info(7))


def after(*events: ProcessEvent, view: ProcessView = VIEW) -> ProcessView:
    for event in events:
        view = reduce(view, event)
    return view


def chunk(text: str, step: int = 1) -> AgentThinkingChunk:
    return AgentThinkingChunk(pid=7, step=step, kind="text", content=text)


def asked() -> ApprovalRequired:
    approval = make_approval(7)
    return ApprovalRequired(pid=7, action=approval.action, details=approval.details, approval=approval)


def test_words_stream_into_the_thought_and_the_finished_thought_replaces_them() -> None:
    streaming = after(chunk("Look "), chunk("here"))
    assert (streaming.thought, streaming.streaming) == ("Look here", True)
    done = after(AgentThought(pid=7, step=1, thought="Look here."), view=streaming)
    assert (done.thought, done.streaming) == ("Look here.", False)


def test_another_step_begins_another_thought() -> None:
    assert after(chunk("one", 1), chunk("two", 2)).thought == "two"
    assert after(chunk("one", 1), AgentThought(pid=7, step=1, thought="One."), chunk("more", 1)).thought == "more"


def test_a_flood_of_words_keeps_their_end() -> None:
    flooded = after(*(chunk("x" * 300) for _ in range(10)), chunk("the end"))
    assert len(flooded.thought) == THOUGHT_CHARACTERS
    assert flooded.thought.endswith("the end")


def test_reasoning_is_shown_where_nothing_was_said() -> None:
    assert after(AgentThought(pid=7, step=1, thought=" ", reasoning="Because.")).thought == "Because."


def test_files_are_the_last_written_each_once() -> None:
    names = ["a", "b", "c", "a", "d", "e", "f"]
    view = after(*(AgentFileCreated(pid=7, path=name, content="") for name in names))
    assert view.files == ("f", "e", "d", "a", "c")
    assert len(view.files) == FILES_KEPT


def test_an_approval_waits_until_it_is_answered() -> None:
    waiting = after(asked())
    assert waiting.approval is not None
    other = ApprovalAnswered(pid=7, approval_id="another", call_id="c", approved=True)
    assert after(other, view=waiting) is waiting
    answer = ApprovalAnswered(pid=7, approval_id="approval-7", call_id="call-1", approved=False)
    assert after(answer, view=waiting).approval is None


@pytest.mark.parametrize(
    ("code", "phase"), [(0, "completed"), (1, "failed"), (143, "failed")], ids=["done", "failed", "stopped"]
)
def test_the_end_takes_the_question_and_the_load_away(code: int, phase: str) -> None:
    ended = after(asked(), chunk("in the mid"), ProcessExited(pid=7, code=code, summary="Over.", timestamp=99.0))
    assert ended.ended
    assert ended.approval is None
    assert not ended.streaming
    info = ended.info
    assert (info.exit_code, info.summary, info.ended_at, info.agent_phase) == (code, "Over.", 99.0, phase)
    assert (info.cpu_percent, info.memory_mb, info.children) == (0.0, 0.0, 0)
    assert after(ProcessReaped(pid=7), view=ended).info.state == "dead"
    late = ProcessUsage(pid=7, cpu_percent=50, memory_mb=10, children=1)
    assert after(late, view=ended) is ended


def test_progress_usage_phase_and_state_reach_the_info() -> None:
    view = after(
        AgentStepStarted(pid=7, step=18, max_steps=60),
        ProcessProgressed(pid=7, step=18, max_steps=60, summary="", input_tokens=10, output_tokens=5),
        ProcessUsage(pid=7, cpu_percent=12.5, memory_mb=80, children=3),
        AgentPhaseChanged(pid=7, phase="executing"),
        ProcessStateChanged(pid=7, state="stopped", agent_phase="executing"),
    )
    info = view.info
    assert (info.step, info.max_steps, info.input_tokens, info.output_tokens) == (18, 60, 10, 5)
    assert (info.cpu_percent, info.memory_mb, info.children) == (12.5, 80, 3)
    assert (info.agent_phase, info.state) == ("executing", "stopped")


def test_a_notice_stays_until_the_next_thought() -> None:
    notice = AgentNotice(pid=7, kind="error", message="The key is wrong.", hint="Set another.")
    view = after(notice)
    assert view.notice == "The key is wrong. Set another."
    assert after(AgentThought(pid=7, step=2, thought="Now it works."), view=view).notice == ""


def test_a_notice_is_past_where_a_model_acts_without_a_word() -> None:
    view = after(AgentNotice(pid=7, kind="error", message="The disk is full."))
    assert after(AgentAction(pid=7, step=3, call_id="c", tool="complete", args={}), view=view).notice == ""


def test_a_limit_that_ended_a_run_stays_in_sight() -> None:
    ended = after(AgentNotice(pid=7, kind="limit", message="The limit is reached."), AgentCompleted(pid=7, summary="The limit."))
    assert (ended.notice, ended.info.summary) == ("The limit is reached.", "The limit.")


def test_small_news_are_no_notice() -> None:
    assert after(AgentNotice(pid=7, kind="compaction", message="Shortened.")) is VIEW


def test_taking_up_an_interrupted_run_clears_its_notice() -> None:
    halted = msgspec.structs.replace(VIEW, info=make_info(7, interrupted=True, state="stopped"))
    halted = after(AgentNotice(pid=7, kind="interrupted", message="Aether ended."), view=halted)
    resumed = after(AgentResumed(pid=7), view=halted)
    assert (resumed.info.interrupted, resumed.notice) == (False, "")


def test_tools_change_the_terminal_and_the_action() -> None:
    view = after(
        AgentAction(pid=7, call_id="c", tool="run_command", args={}, title="ls -l"),
        AgentObservation(pid=7, call_id="c", tool="run_command", result="ok"),
    )
    assert view.action == "ls -l"
    assert view.console_version == 1
    assert after(AgentAction(pid=7, call_id="c", tool="list_files", args={})).action == "list_files"


def test_what_shows_nothing_changes_nothing() -> None:
    same = AgentPhaseChanged(pid=7, phase=VIEW.info.agent_phase)
    assert after(AgentBrowsing(pid=7, url="https://example.org"), same) is VIEW


def test_a_pause_leaves_the_words_that_stream_and_an_answer_is_the_summary() -> None:
    view = after(chunk("half a"), AgentPaused(pid=7), AgentResumed(pid=7), chunk(" thought"))
    assert view.streaming and view.thought == "half a thought"
    assert after(AgentCompleted(pid=7, summary="All done.")).info.summary == "All done."


def test_a_spawned_agent_is_wholly_known() -> None:
    view = after(ProcessSpawned(pid=7, info=make_info(7, step=0)))
    assert view.told
    assert view.info.step == 0


def test_the_journal_tells_what_was_before_and_loses_to_what_is_now() -> None:
    old = [
        AgentThought(pid=7, step=1, thought="Old thought."),
        AgentFileCreated(pid=7, path="old.md", content=""),
        AgentAction(pid=7, call_id="c", tool="t", args={}, title="old action"),
        ProcessExited(pid=7, code=1),
    ]
    told = reduce_told(VIEW, old)
    assert (told.thought, told.files, told.action, told.told) == ("Old thought.", ("old.md",), "old action", True)
    assert not told.ended
    live = reduce_told(after(chunk("new")), old)
    assert live.thought == "new"
    assert live.streaming
