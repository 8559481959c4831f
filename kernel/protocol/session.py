"""The kernel's events in the older session vocabulary: an envelope of timestamp, session, state, event type and payload.

Pure; called at the edges (`aether run --json session`). State names: idle, planning, thinking, tool_calling, observing, compiling,
paused. A session is one run; its id is derived from the pid and is as short-lived as the run.
"""

from typing import Any

from kernel.protocol import agent, process
from kernel.protocol.base import Event, ProcessEvent, Record


class Envelope(Record, frozen=True, kw_only=True, rename=None):
    """One event of a session."""

    timestamp: float
    session_id: str
    state: str
    event_type: str
    payload: dict[str, Any]


def envelope(event: Event) -> Envelope | None:
    """The envelope of an event, None for one that the older vocabulary has no word for."""
    if not isinstance(event, ProcessEvent):
        return None
    translated = _translate(event)
    if translated is None:
        return None
    state, event_type, payload = translated
    return Envelope(
        timestamp=event.timestamp,
        session_id=f"session-{event.pid}",
        state=state,
        event_type=event_type,
        payload=payload,
    )


def _translate(event: ProcessEvent) -> tuple[str, str, dict[str, Any]] | None:
    match event:
        case agent.AgentPlanCreated():
            return "planning", "plan_created", {"steps": list(event.steps)}
        case agent.AgentStepStarted():
            return "thinking", "thinking_start", {"step": event.step}
        case agent.AgentThinkingChunk():
            return "thinking", "thinking_chunk", {"content": event.content, "step": event.step}
        case agent.AgentAction():
            return "tool_calling", "tool_call_start", {"id": event.call_id, "tool": event.tool, "args": event.args}
        case agent.AgentToolStarted() if event.tool == "run_command":
            return "tool_calling", "code_execution", {"id": event.call_id, "tool": event.tool}
        case agent.AgentObservation():
            return "observing", "tool_result", _result(event)
        case agent.AgentFileCreated():
            return "tool_calling", "file_write", {"path": event.path}
        case agent.AgentBrowsing():
            return "tool_calling", "browser_navigate", {"url": event.url, "screenshot": None}
        case agent.AgentCompleted():
            return "compiling", "response_complete", {"content": event.summary}
        case process.ApprovalRequired():
            return "paused", "approval_required", {"action": event.action, "details": event.details}
        case agent.AgentPaused():
            return "paused", "paused", {"reason": event.reason}
        case agent.AgentResumed():
            return "thinking", "resumed", {"step": event.step}
        case agent.AgentNotice() if event.kind == "error":
            return "thinking", "error", {"message": event.message, "hint": event.hint}
        case process.ProcessExited():
            return "idle", "complete", {"exit_code": event.code, "summary": event.summary}
        case _:
            return None


def _result(event: agent.AgentObservation) -> dict[str, Any]:
    return {
        "id": event.call_id,
        "tool": event.tool,
        "output": event.result,
        "screenshot": None,
        "logs": [],
        "exit_code": event.exit_code,
    }
