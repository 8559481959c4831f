"""An agent's journal as people read it: thoughts, tool cards with their results, questions, what was said, the end. Pure.

``Timeline.apply`` takes the journal's events in order and says which row came or changed. A tool call and its result are one row;
streamed words are one growing row that the finished thought replaces; phases and steps are no rows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import msgspec

from kernel.protocol import agent, codec, process
from kernel.protocol.base import JournalEvent

RowKind = Literal["plan", "thought", "tool", "waiting", "user", "notice", "file", "end", "state"]
TITLE_CHARACTERS = 300
TEXT_CHARACTERS = 20_000


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the timeline.

    key: finds the row again when it changes. word: the phase whose colour it has. details: shown when expanded.
    running: its end has not come yet. ok: False for what failed or was refused.
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
    ok: bool = True


class Change(msgspec.Struct, frozen=True):
    """What an event did: row `index` came (`added`) or changed."""

    index: int
    added: bool


class Timeline:
    """The rows of one journal, in order."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self._index: dict[str, int] = {}

    def apply(self, event: JournalEvent) -> Change | None:
        """Take the next event; None where it shows nothing."""
        handler = _HANDLERS.get(type(event))
        if handler is None:
            return None
        row = handler(self, event)
        return None if row is None else self._put(row)

    def find(self, key: str) -> Row | None:
        """The row with that key."""
        index = self._index.get(key)
        return None if index is None else self.rows[index]

    def _put(self, row: Row) -> Change:
        index = self._index.get(row.key)
        if index is not None:
            self.rows[index] = row
            return Change(index, False)
        self._index[row.key] = len(self.rows)
        self.rows.append(row)
        return Change(len(self.rows) - 1, True)


def _cut(text: str, limit: int = TEXT_CHARACTERS) -> str:
    return text if len(text) <= limit else f"{text[:limit]}…"


def _plan(_timeline: Timeline, event: agent.AgentPlanCreated) -> Row | None:
    if len(event.steps) < 2:
        return None
    text = "\n".join(f"{number}. {step}" for number, step in enumerate(event.steps, 1))
    return Row(key="plan", kind="plan", word="thinking", title="Plan", text=text, timestamp=event.timestamp)


def _chunk(timeline: Timeline, event: agent.AgentThinkingChunk) -> Row:
    key = f"thought-{event.step}"
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
        text=_cut(text),
        details=_cut(details),
        timestamp=before.timestamp if before is not None else event.timestamp,
        step=event.step,
        running=True,
    )


def _thought(_timeline: Timeline, event: agent.AgentThought) -> Row:
    return Row(
        key=f"thought-{event.step}",
        kind="thought",
        word="thinking",
        title="Thought",
        text=_cut(event.thought or event.reasoning),
        details=_cut(event.reasoning) if event.thought else "",
        timestamp=event.timestamp,
        step=event.step,
    )


def _action(_timeline: Timeline, event: agent.AgentAction) -> Row | None:
    if event.tool == "complete":
        return None
    return Row(
        key=f"call-{event.call_id}",
        kind="tool",
        word="executing",
        title=event.tool[:TITLE_CHARACTERS],
        text=_cut(event.title, TITLE_CHARACTERS),
        details=_cut(codec.encode(event.args).decode()),
        timestamp=event.timestamp,
        step=event.step,
        running=True,
    )


def _observation(timeline: Timeline, event: agent.AgentObservation) -> Row | None:
    before = timeline.find(f"call-{event.call_id}")
    if event.tool == "complete":
        return None
    title = f"{event.tool} · {_outcome(event)}"
    return Row(
        key=f"call-{event.call_id}",
        kind="tool",
        word="observing" if event.ok else "failed",
        title=title[:TITLE_CHARACTERS],
        text=f"{before.text}\n{event.result}" if before is not None else event.result,
        details=before.details if before is not None else "",
        timestamp=before.timestamp if before is not None else event.timestamp,
        step=event.step,
        ok=event.ok,
    )


def _outcome(event: agent.AgentObservation) -> str:
    took = f" · {event.duration_s:.1f} s" if event.duration_s >= 0.05 else ""
    if event.exit_code is not None:
        return f"exit {event.exit_code}{took}"
    return f"{'done' if event.ok else 'failed'}{took}"


def _required(_timeline: Timeline, event: process.ApprovalRequired) -> Row:
    what = event.details.get("command") or event.details.get("path") or event.details.get("url") or ""
    return Row(
        key=f"approval-{event.approval.approval_id}",
        kind="waiting",
        word="waiting",
        title="Waiting for you",
        text=_cut(what or event.details.get("reason", event.action)),
        timestamp=event.timestamp,
        step=event.step,
        running=True,
    )


def _answered(timeline: Timeline, event: process.ApprovalAnswered) -> Row | None:
    before = timeline.find(f"approval-{event.approval_id}")
    if before is None:
        return None
    word = "Approved" if event.approved else "Rejected"
    reason = f": {event.reason}" if event.reason else ""
    return msgspec.structs.replace(
        before, title=f"{word} by {event.by}{reason}", running=False, ok=event.approved, word="done" if event.approved else "stopped"
    )


def _said(timeline: Timeline, event: agent.AgentUserMessage) -> Row:
    before = timeline.find(f"said-{event.message_id}")
    state = "heard" if event.delivered else {"queue": "queued", "steer": "before its next step", "interrupt": "interrupting"}[event.mode]
    return Row(
        key=f"said-{event.message_id}",
        kind="user",
        word="waiting",
        title=f"You · {state}",
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
        title=event.message[:TITLE_CHARACTERS],
        text=_cut(event.hint),
        timestamp=event.timestamp,
        step=event.step,
        ok=not failed,
    )


def _file(_timeline: Timeline, event: agent.AgentFileCreated) -> Row:
    return Row(
        key=f"file-{event.log_id}",
        kind="file",
        word="executing",
        title=f"{'Created' if event.created else 'Changed'} {event.path}"[:TITLE_CHARACTERS],
        text=f"+{event.added_lines} −{event.removed_lines}",
        details=_cut(event.content),
        timestamp=event.timestamp,
        step=event.step,
    )


def _paused(_timeline: Timeline, event: agent.AgentPaused) -> Row:
    return Row(key=f"state-{event.log_id}", kind="state", word="stopped", title="Paused", text=event.reason, timestamp=event.timestamp)


def _resumed(_timeline: Timeline, event: agent.AgentResumed) -> Row:
    return Row(key=f"state-{event.log_id}", kind="state", word="thinking", title="Resumed", timestamp=event.timestamp)


def _completed(_timeline: Timeline, event: agent.AgentCompleted) -> Row:
    return Row(key="end", kind="end", word="done", title="Completed", text=_cut(event.summary), timestamp=event.timestamp)


def _exited(timeline: Timeline, event: process.ProcessExited) -> Row | None:
    if event.code == 0 and timeline.find("end") is not None:
        return None
    title = "Completed" if event.code == 0 else f"Ended · exit {event.code}"
    return Row(
        key="end",
        kind="end",
        word="done" if event.code == 0 else "failed",
        title=title,
        text=_cut(event.summary),
        timestamp=event.timestamp,
        ok=event.code == 0,
    )


_HANDLERS: dict[type[JournalEvent], Callable[[Timeline, Any], Row | None]] = {
    agent.AgentPlanCreated: _plan,
    agent.AgentThinkingChunk: _chunk,
    agent.AgentThought: _thought,
    agent.AgentAction: _action,
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
