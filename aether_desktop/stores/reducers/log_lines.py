"""One journal entry as one line of the log, in the colour of its kind. Pure."""

from __future__ import annotations

import time
from typing import Literal, assert_never

import msgspec

from kernel.protocol import agent, codec, process
from kernel.protocol.base import JournalEvent, tag_of
from kernel.protocol.shown_text import one_line, printed, visible

LogKind = Literal["thoughts", "actions", "results", "people", "problems", "states"]
LINE_CHARACTERS = 600


class LogLine(msgspec.Struct, frozen=True):
    """kind: what the filter goes by. word: the phase whose colour it has. Empty `label` and `text`: nothing to show."""

    kind: LogKind
    word: str
    label: str
    text: str = ""
    timestamp: float = 0.0

    @property
    def clock(self) -> str:
        """The local time of day."""
        return time.strftime("%H:%M:%S", time.localtime(self.timestamp)) if self.timestamp else " " * 8

    @property
    def words(self) -> str:
        """The line as text, as it is searched and copied."""
        return f"{self.label}  {self.text}" if self.text else self.label


def line_of(event: JournalEvent) -> LogLine:
    """The line of an entry."""
    kind, word, label, text = _parts(event)
    return LogLine(kind, word, one_line(visible(label), LINE_CHARACTERS), one_line(visible(text), LINE_CHARACTERS), event.timestamp)


Parts = tuple[LogKind, str, str, str]


def _parts(event: JournalEvent) -> Parts:
    match event:
        case agent.AgentThought():
            return "thoughts", "thinking", "thought", event.thought or event.reasoning
        case agent.AgentThinkingChunk():
            return "thoughts", "thinking", "thinking", event.content
        case agent.AgentPlanCreated():
            return "thoughts", "thinking", "plan", "  ".join(event.steps)
        case agent.AgentAction():
            return "actions", "executing", event.tool, event.title or codec.encode(event.args).decode("utf-8", "replace")
        case agent.AgentFileCreated():
            verb = "created" if event.created else "changed"
            return "actions", "executing", f"{verb} {event.path}", f"+{event.added_lines} −{event.removed_lines}"
        case agent.AgentBrowsing():
            return "actions", "executing", f"read {event.url}", event.summary
        case agent.AgentObservation():
            return _observed(event)
        case process.ApprovalRequired() | process.ApprovalAnswered() | agent.AgentUserMessage():
            return _of_people(event)
        case agent.AgentNotice():
            failed = event.kind == "error"
            return "problems", "failed" if failed else "waiting", event.message, event.hint
        case process.ProcessExited() | agent.AgentCompleted():
            return _ended(event)
        case _:
            return _of_state(event)


def _observed(event: agent.AgentObservation) -> Parts:
    code = f" · exit {event.exit_code}" if event.exit_code is not None else ""
    took = f" · {event.duration_s:.1f} s" if event.duration_s >= 0.05 else ""
    word = "observing" if event.ok else "failed"
    return "results" if event.ok else "problems", word, f"{event.tool}{code}{took}", printed(event.result[: LINE_CHARACTERS * 4])


def _of_people(event: process.ApprovalRequired | process.ApprovalAnswered | agent.AgentUserMessage) -> Parts:
    match event:
        case process.ApprovalRequired():
            details = event.details
            exact = details.get("command") or details.get("path") or details.get("url") or details.get("reason", "")
            return "people", "waiting", f"asks: {event.action}", exact
        case process.ApprovalAnswered():
            return "people", "waiting", f"{'approved' if event.approved else 'denied'} by {event.by}", event.reason
        case agent.AgentUserMessage():
            return "people", "waiting", "heard" if event.delivered else f"you ({event.mode})", event.text
    assert_never(event)


def _ended(event: process.ProcessExited | agent.AgentCompleted) -> Parts:
    if isinstance(event, agent.AgentCompleted):
        return "states", "done", "completed", event.summary
    ok = event.code == 0
    return "states" if ok else "problems", "done" if ok else "failed", f"exit {event.code}", event.summary


def _of_state(event: JournalEvent) -> Parts:
    match event:
        case agent.AgentPhaseChanged():
            return "states", "stopped", event.phase, ""
        case agent.AgentStepStarted():
            return "states", "stopped", f"step {event.step} of {event.max_steps}", ""
        case agent.AgentToolStarted():
            return "states", "stopped", f"{event.tool} runs", ""
        case agent.AgentPaused():
            return "states", "stopped", "paused", event.reason
        case agent.AgentResumed():
            return "states", "stopped", "resumed", ""
        case process.ProcessStateChanged():
            return "states", "stopped", event.state, ""
        case _:
            return "states", "stopped", tag_of(event), ""
