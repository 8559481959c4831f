"""An agent's journal as people read it: thoughts, tool cards with their results, questions, what was said, the end. Pure.

``Timeline.apply`` takes the journal's events in order and says which rows came or changed. A tool call and its result are one row,
which stands where the tool began to run: behind the question whether it may. Streamed words are one growing row that the finished
thought replaces; phases and steps are no rows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import msgspec

from kernel.protocol import agent, process
from kernel.protocol.base import JournalEvent
from kernel.protocol.shown_text import cut, exact, printed, visible

RowKind = Literal["plan", "thought", "tool", "waiting", "user", "notice", "file", "end", "state", "gap"]
TITLE_CHARACTERS = 300
TEXT_CHARACTERS = 20_000
CALLS_LOOKED_AT = 32
UNDELIVERED = "not delivered, its run ended first"
SIGNAL_BASE = 128
"""An exit code above it is 128 and the number of the signal that ended the run."""


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a tool call; painted as a node of its own below the call. lines: of the whole, of which `text` is the beginning."""

    title: str
    text: str = ""
    lines: int = 1
    timestamp: float = 0.0
    ok: bool = True

    @property
    def word(self) -> str:
        """The phase whose colour it has."""
        return "observing" if self.ok else "failed"


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of the timeline.

    key: finds the row again when it changes. word: the phase whose colour it has. details: shown when expanded (parameters,
    reasoning, the beginning of a file). running: its end has not come yet, or a message that the agent was not given yet.
    started: a tool that really runs, not one that waits for an answer. ok: False for what failed or was
    refused. live: what a running command has printed so far. result: of a tool call. added, removed: lines of a file.
    hidden: journal entries behind a row of kind "gap", which stands for pages that are not loaded; step is then the first one's number.
    """

    key: str
    kind: RowKind
    word: str
    title: str
    text: str = ""
    details: str = ""
    timestamp: float = 0.0
    step: int = 0
    running: bool = False
    started: bool = False
    ok: bool = True
    live: str = ""
    result: Result | None = None
    added: int = 0
    removed: int = 0
    hidden: int = 0


class Change(msgspec.Struct, frozen=True):
    """What an event did: row `index` came (`added`) or changed, and then went behind all others (`moved`).

    An end also closes the questions before it, and the messages that nobody was given; it says so of none that it has a row behind.
    """

    index: int
    added: bool
    moved: bool = False


class Timeline:
    """The rows of one journal, in order."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self._index: dict[str, int] = {}
        self._thoughts: dict[int, int] = {}  # of a step: how many it has finished
        self._cut: set[str] = set()  # keys of thoughts that were closed without their ends

    def apply(self, event: JournalEvent) -> Change | None:
        """Take the next event; None where it shows nothing."""
        handler = _HANDLERS.get(type(event))
        if handler is None:
            return None
        if _ends_work(event):
            self._close_questions()
            self._close_thoughts()
        unheard = self._close_messages() if isinstance(event, process.ProcessExited) else None
        row = handler(self, event)
        return unheard if row is None else self._put(row)

    def find(self, key: str) -> Row | None:
        """The row with that key."""
        index = self._index.get(key)
        return None if index is None else self.rows[index]

    def thought_key(self, step: int, *, whole: bool) -> str:
        """The key of the thought that streams in a step, else of a new one: a step that was cut off is taken again, and has two.

        whole: it is for the thought itself, which one that was closed without its end may still get.
        """
        number = self._thoughts.get(step, 0)
        key = f"thought-{step}-{number}"
        row = self.find(key)
        if whole and key in self._cut:
            self._cut.discard(key)
            return key
        if row is not None and not row.running:
            number += 1
            self._thoughts[step] = number
        return f"thought-{step}-{number}"

    def time_of(self, row: Row, now: float) -> float:
        """The time of a call that goes on now (seconds): its own, but `now` where a question about it came meanwhile."""
        index = self._index.get(row.key, len(self.rows))
        asked = any(later.kind == "waiting" for later in self.rows[index + 1 :])
        return now if asked else row.timestamp

    def running_command(self) -> Row | None:
        """The command that runs now; an agent has one at a time."""
        for row in reversed(self.rows[-CALLS_LOOKED_AT:]):
            if row.kind == "tool" and row.running:
                return row if row.started and row.title == "run_command" else None
        return None

    def note_output(self, text: str) -> Change | None:
        """The running command has printed this so far."""
        row = self.running_command()
        if row is None or row.live == text:
            return None
        return self._put(msgspec.structs.replace(row, live=text))

    def _close_questions(self) -> None:
        for index, row in enumerate(self.rows):
            if row.kind == "waiting" and row.running:
                self.rows[index] = msgspec.structs.replace(row, title="Not answered", running=False, ok=False, word="stopped")

    def _close_thoughts(self) -> None:
        for index, row in enumerate(self.rows):
            if row.kind == "thought" and row.running:
                self.rows[index] = msgspec.structs.replace(row, title="Thought · cut off", running=False)
                self._cut.add(row.key)

    def _close_messages(self) -> Change | None:
        """What was said and not given to the agent never will be: its run is over."""
        closed: Change | None = None
        for index, row in enumerate(self.rows):
            if row.kind == "user" and row.running:
                self.rows[index] = msgspec.structs.replace(row, title=f"You said · {UNDELIVERED}", running=False, ok=False)
                closed = Change(index, False)
        return closed

    def _put(self, row: Row) -> Change:
        index = self._index.get(row.key)
        if index is not None and row.kind == "tool" and index + 1 < len(self.rows) and row.timestamp > self.rows[index].timestamp:
            return self._put_last(index, row)
        if index is not None:
            self.rows[index] = row
            return Change(index, False)
        self._index[row.key] = len(self.rows)
        self.rows.append(row)
        return Change(len(self.rows) - 1, True)


    def _put_last(self, index: int, row: Row) -> Change:
        """A row that is of a later time now goes behind what came meanwhile."""
        del self.rows[index]
        self.rows.append(row)
        for place in range(index, len(self.rows)):
            self._index[self.rows[place].key] = place
        return Change(index, False, moved=True)


def _ends_work(event: JournalEvent) -> bool:
    """Nobody thinks or waits any longer: the run is over, or Aether ended under it (what it asks when it is taken up is asked anew)."""
    return isinstance(event, process.ProcessExited) or (isinstance(event, agent.AgentNotice) and event.kind == "interrupted")


def _cut(text: str, limit: int = TEXT_CHARACTERS) -> str:
    return visible(cut(text, limit))


def _newest(text: str) -> str:
    """Words that stream: of very many the newer half, so that what comes next is seen, and the picture moves rarely."""
    return visible(text if len(text) <= TEXT_CHARACTERS else f"…{text[-TEXT_CHARACTERS // 2 :]}")


def _call_key(step: int, call_id: str) -> str:
    """Providers without ids of their own number the calls of each turn anew."""
    return f"call-{step}-{call_id}"


def _plan(_timeline: Timeline, event: agent.AgentPlanCreated) -> Row | None:
    if len(event.steps) < 2:
        return None
    text = "\n".join(f"{number}. {step}" for number, step in enumerate(event.steps, 1))
    return Row(key="plan", kind="plan", word="thinking", title="Plan", text=text, timestamp=event.timestamp)


def _chunk(timeline: Timeline, event: agent.AgentThinkingChunk) -> Row:
    key = timeline.thought_key(event.step, whole=False)
    before = timeline.find(key)
    text, details = (before.text, before.details) if before is not None else ("", "")
    if event.kind == "text":
        text += event.content
    else:
        details += event.content
    return Row(
        key=key,
        kind="thought",
        word="thinking",
        title="Thinking",
        text=_newest(text),
        details=_newest(details),
        timestamp=before.timestamp if before is not None else event.timestamp,
        step=event.step,
        running=True,
    )


def _thought(timeline: Timeline, event: agent.AgentThought) -> Row:
    key = timeline.thought_key(event.step, whole=True)
    before = timeline.find(key)
    return Row(
        key=key,
        kind="thought",
        word="thinking",
        title=f"Thought · {event.duration_s:.0f} s" if event.reasoning and event.duration_s >= 1 else "Thought",
        text=_cut(event.thought or event.reasoning).strip(),
        details=_cut(event.reasoning).strip() if event.thought else "",
        timestamp=before.timestamp if before is not None else event.timestamp,
        step=event.step,
    )


def _action(_timeline: Timeline, event: agent.AgentAction) -> Row | None:
    if event.tool == "complete":
        return None
    return Row(
        key=_call_key(event.step, event.call_id),
        kind="tool",
        word="executing",
        title=_cut(event.tool, TITLE_CHARACTERS),
        text=_cut(event.title, TITLE_CHARACTERS),
        details=_cut(parameters(event.args)),
        timestamp=event.timestamp,
        step=event.step,
        running=True,
    )


def _tool_started(timeline: Timeline, event: agent.AgentToolStarted) -> Row | None:
    before = timeline.find(_call_key(event.step, event.call_id))
    return None if before is None else msgspec.structs.replace(before, started=True, timestamp=timeline.time_of(before, event.timestamp))


def _observation(timeline: Timeline, event: agent.AgentObservation) -> Row | None:
    if event.tool == "complete":
        return None
    key = _call_key(event.step, event.call_id)
    said = f"exit code {event.exit_code}\n"
    text = printed(event.result.removeprefix(said)).strip("\n").rstrip()
    lines = text.count("\n") + 1
    shown = cut(text, TEXT_CHARACTERS)
    before = timeline.find(key)
    outcome = _outcome(event)
    result = Result(title=f"Result · {outcome}", text=shown, lines=lines, timestamp=event.timestamp, ok=event.ok)
    if before is None:
        before = Row(
            key=key, kind="tool", word="executing", title=_cut(event.tool, TITLE_CHARACTERS), timestamp=event.timestamp, step=event.step
        )
    # What was never let run has its end behind the answer to the question.
    timestamp = before.timestamp if before.started else timeline.time_of(before, event.timestamp)
    return msgspec.structs.replace(before, running=False, ok=event.ok, result=result, live="", timestamp=timestamp)


def _outcome(event: agent.AgentObservation) -> str:
    took = f" · {event.duration_s:.1f} s" if event.duration_s >= 0.05 else ""
    if event.exit_code is not None:
        return f"exit {event.exit_code}{took}"
    return f"{'done' if event.ok else 'failed'}{took}"


def parameters(args: dict[str, Any]) -> str:
    """A tool call's parameters as indented JSON."""
    return msgspec.json.format(msgspec.json.encode(args), indent=2).decode("utf-8", "replace")


def _required(_timeline: Timeline, event: process.ApprovalRequired) -> Row:
    what = event.details.get("command") or event.details.get("path") or event.details.get("url") or ""
    return Row(
        key=f"approval-{event.approval.approval_id}",
        kind="waiting",
        word="waiting",
        title="Waiting for you",
        text=exact(cut(what or event.details.get("reason", event.action), TEXT_CHARACTERS)),
        timestamp=event.timestamp,
        step=event.step,
        running=True,
    )


def _answered(timeline: Timeline, event: process.ApprovalAnswered) -> Row | None:
    before = timeline.find(f"approval-{event.approval_id}")
    if before is None:
        return None
    title = "Approved" if event.approved else "Denied"
    if event.by == "timeout":
        title = "Denied · no answer in time"
    elif event.approved and event.scope == "always":
        title = "Approved · always for this agent"
    elif event.by in ("policy", "signal"):
        title += f" · by {event.by}"
    reason = f": {_cut(event.reason, TITLE_CHARACTERS)}" if event.reason else ""
    return msgspec.structs.replace(
        before,
        title=title + reason,
        running=False,
        ok=event.approved,
        word="done" if event.approved else "stopped",
    )


def _said(timeline: Timeline, event: agent.AgentUserMessage) -> Row:
    before = timeline.find(f"said-{event.message_id}")
    state = {"queue": "queued", "steer": "waits for its next step", "interrupt": "interrupting"}[event.mode]
    return Row(
        key=f"said-{event.message_id}",
        kind="user",
        word="you",
        title="You said" if event.delivered else f"You said · {state}",
        text=_cut(event.text),
        timestamp=before.timestamp if before is not None else event.timestamp,
        step=event.step,
        running=not event.delivered,
    )


def _notice(_timeline: Timeline, event: agent.AgentNotice) -> Row:
    failed = event.kind == "error"
    return Row(
        key=f"notice-{event.log_id}-{event.timestamp}",
        kind="notice",
        word="failed" if failed else "stopped",
        title=_cut(event.message, TITLE_CHARACTERS),
        text=_cut(event.hint),
        timestamp=event.timestamp,
        step=event.step,
        ok=not failed,
    )


def _file(timeline: Timeline, event: agent.AgentFileCreated) -> Row:
    """The lines that a call wrote stand beside the call; a file that no call is known for is a row of its own."""
    content = _cut(event.content)
    call = _writer_of(timeline, event)
    if call is not None:
        return msgspec.structs.replace(call, added=event.added_lines, removed=event.removed_lines)
    return Row(
        key=f"file-{event.log_id}-{event.timestamp}-{event.path}",
        kind="file",
        word="executing",
        title="Created a file" if event.created else "Changed a file",
        text=_cut(event.path, TITLE_CHARACTERS),
        details=content,
        timestamp=event.timestamp,
        step=event.step,
        added=event.added_lines,
        removed=event.removed_lines,
    )


def _writer_of(timeline: Timeline, event: agent.AgentFileCreated) -> Row | None:
    for row in reversed(timeline.rows[-CALLS_LOOKED_AT:]):
        if row.kind == "tool" and row.step == event.step and row.result is None and not row.added and not row.removed:
            path = row.text.removeprefix("~/").removeprefix("./")
            if path and event.path.endswith(path):
                return row
    return None


def _paused(_timeline: Timeline, event: agent.AgentPaused) -> Row:
    key = f"state-{event.log_id}"
    return Row(key=key, kind="state", word="stopped", title="Paused", text=_cut(event.reason), timestamp=event.timestamp)


def _resumed(_timeline: Timeline, event: agent.AgentResumed) -> Row:
    return Row(key=f"state-{event.log_id}", kind="state", word="thinking", title="Resumed", timestamp=event.timestamp)


def _completed(_timeline: Timeline, event: agent.AgentCompleted) -> Row:
    return Row(key="end", kind="end", word="done", title="Completed", text=_cut(event.summary), timestamp=event.timestamp)


def _exited(timeline: Timeline, event: process.ProcessExited) -> Row | None:
    if event.code == 0 and timeline.find("end") is not None:
        return None
    by_signal = event.code > SIGNAL_BASE
    word = "done" if event.code == 0 else "stopped" if by_signal else "failed"
    title = {"done": "Completed", "stopped": f"Stopped · {event.signal or f'exit {event.code}'}"}.get(word, f"Failed · exit {event.code}")
    return Row(
        key="end",
        kind="end",
        word=word,
        title=title,
        text="" if event.signal and event.summary == f"Ended by {event.signal}." else _cut(event.summary),
        timestamp=event.timestamp,
        ok=event.code == 0,
    )


_HANDLERS: dict[type[JournalEvent], Callable[[Timeline, Any], Row | None]] = {
    agent.AgentPlanCreated: _plan,
    agent.AgentThinkingChunk: _chunk,
    agent.AgentThought: _thought,
    agent.AgentAction: _action,
    agent.AgentToolStarted: _tool_started,
    agent.AgentObservation: _observation,
    process.ApprovalRequired: _required,
    process.ApprovalAnswered: _answered,
    agent.AgentUserMessage: _said,
    agent.AgentNotice: _notice,
    agent.AgentFileCreated: _file,
    agent.AgentPaused: _paused,
    agent.AgentResumed: _resumed,
    agent.AgentCompleted: _completed,
    process.ProcessExited: _exited,
}
