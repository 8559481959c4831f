"""One agent as the desktop shows it, and how each event changes it.

``reduce`` is total: any event of the process gives a view, an event that says nothing new gives the same object. Called by
``ProcessStore`` for live events and, through ``reduce_told``, for pages of the journal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from kernel.protocol import agent, process, tty
from kernel.protocol.base import ProcessEvent
from kernel.protocol.records import Approval, ProcessInfo

THOUGHT_CHARACTERS = 400
FILES_KEPT = 5
ENDED_STATES = frozenset({"zombie", "dead"})
_TOLD_NOTICES = frozenset({"retry", "budget", "loop", "error", "interrupted", "limit"})


class ProcessView(msgspec.Struct, frozen=True, kw_only=True):
    """A process and what its card shows of it.

    approval: what it waits for, None when it waits for nobody. thought: its last thought, or the end of what streams now.
    action: the last action in one line. files: those written last, newest first, each once. notice: the last error, limit or
    interruption, "" once it has thought or acted again. console_version: rises when its terminal may have changed.
    told: whether thought, action and files are known (from events or from the journal).
    """

    info: ProcessInfo
    approval: Approval | None = None
    thought: str = ""
    action: str = ""
    files: tuple[str, ...] = ()
    streaming: bool = False
    notice: str = ""
    console_version: int = 0
    told: bool = False
    thought_step: int = -1

    @property
    def pid(self) -> int:
        """The process id."""
        return self.info.pid

    @property
    def ended(self) -> bool:
        """Whether the run is over."""
        return self.info.state in ENDED_STATES


Reducer = Callable[[ProcessView, Any], ProcessView]


def reduce(view: ProcessView, event: ProcessEvent) -> ProcessView:
    """The view after ``event``; the same object where nothing shown changes."""
    reducer = _REDUCERS.get(type(event))
    return view if reducer is None else reducer(view, event)


def reduce_told(view: ProcessView, events: Iterable[ProcessEvent]) -> ProcessView:
    """The view with thought, action, files and notice of older journal ``events``; state and counts stay as they are."""
    told = msgspec.structs.replace(view, thought="", action="", files=(), streaming=False, notice="", thought_step=-1)
    for event in events:
        reducer = _TOLD_REDUCERS.get(type(event))
        if reducer is not None:
            told = reducer(told, event)
    return msgspec.structs.replace(
        view,
        thought=view.thought or told.thought,
        action=view.action or told.action,
        files=view.files or told.files,
        notice=view.notice or (told.notice if view.info.state == "stopped" or view.ended else ""),
        told=True,
    )


def _info(view: ProcessView, **changes: Any) -> ProcessView:
    return msgspec.structs.replace(view, info=msgspec.structs.replace(view.info, **changes))


def _spawned(view: ProcessView, event: process.ProcessSpawned) -> ProcessView:
    return msgspec.structs.replace(view, info=event.info, told=True)


def _updated(view: ProcessView, event: process.ProcessUpdated) -> ProcessView:
    return msgspec.structs.replace(view, info=event.info)


def _state_changed(view: ProcessView, event: process.ProcessStateChanged) -> ProcessView:
    if view.info.state == event.state and view.info.agent_phase == event.agent_phase:
        return view
    return _info(view, state=event.state, agent_phase=event.agent_phase)


def _phase_changed(view: ProcessView, event: agent.AgentPhaseChanged) -> ProcessView:
    return view if view.info.agent_phase == event.phase else _info(view, agent_phase=event.phase)


def _exited(view: ProcessView, event: process.ProcessExited) -> ProcessView:
    info = msgspec.structs.replace(
        view.info,
        state="zombie",
        agent_phase="completed" if event.code == 0 else "failed",
        exit_code=event.code,
        summary=event.summary or view.info.summary,
        ended_at=event.timestamp,
        interrupted=False,
        cpu_percent=0.0,
        memory_mb=0.0,
        children=0,
    )
    return msgspec.structs.replace(view, info=info, approval=None, streaming=False)


def _reaped(view: ProcessView, _event: process.ProcessReaped) -> ProcessView:
    info = msgspec.structs.replace(view.info, state="dead", cpu_percent=0.0, memory_mb=0.0, children=0)
    return msgspec.structs.replace(view, info=info, approval=None, streaming=False)


def _used(view: ProcessView, event: process.ProcessUsage) -> ProcessView:
    if view.ended:
        return view
    now = (view.info.cpu_percent, view.info.memory_mb, view.info.children)
    if now == (event.cpu_percent, event.memory_mb, event.children):
        return view
    return _info(view, cpu_percent=event.cpu_percent, memory_mb=event.memory_mb, children=event.children)


def _progressed(view: ProcessView, event: process.ProcessProgressed) -> ProcessView:
    return _info(
        view,
        step=event.step,
        max_steps=event.max_steps or view.info.max_steps,
        input_tokens=event.input_tokens or view.info.input_tokens,
        output_tokens=event.output_tokens or view.info.output_tokens,
    )


def _asked(view: ProcessView, event: process.ApprovalRequired) -> ProcessView:
    return msgspec.structs.replace(view, approval=event.approval)


def _answered(view: ProcessView, event: process.ApprovalAnswered) -> ProcessView:
    if view.approval is None or view.approval.approval_id != event.approval_id:
        return view
    return msgspec.structs.replace(view, approval=None)


def _step_started(view: ProcessView, event: agent.AgentStepStarted) -> ProcessView:
    return _info(view, step=event.step, max_steps=event.max_steps or view.info.max_steps)


def _chunk(view: ProcessView, event: agent.AgentThinkingChunk) -> ProcessView:
    before = view.thought if view.streaming and view.thought_step == event.step else ""
    text = (before + event.content)[-THOUGHT_CHARACTERS:]
    return msgspec.structs.replace(view, thought=text, streaming=True, thought_step=event.step)


def _thought(view: ProcessView, event: agent.AgentThought) -> ProcessView:
    text = (event.thought.strip() or event.reasoning.strip())[:THOUGHT_CHARACTERS]
    return msgspec.structs.replace(
        view, thought=text or view.thought, streaming=False, notice="", thought_step=event.step
    )


def _acted(view: ProcessView, event: agent.AgentAction) -> ProcessView:
    title = event.title or event.tool
    return msgspec.structs.replace(view, action=title[:THOUGHT_CHARACTERS], streaming=False, notice="")


def _console_changed(view: ProcessView, _event: ProcessEvent) -> ProcessView:
    return msgspec.structs.replace(view, console_version=view.console_version + 1)


def _file_written(view: ProcessView, event: agent.AgentFileCreated) -> ProcessView:
    others = tuple(path for path in view.files if path != event.path)
    return msgspec.structs.replace(view, files=(event.path, *others)[:FILES_KEPT])


def _noticed(view: ProcessView, event: agent.AgentNotice) -> ProcessView:
    if event.kind not in _TOLD_NOTICES:
        return view
    text = f"{event.message} {event.hint}".strip()
    return msgspec.structs.replace(view, notice=text[:THOUGHT_CHARACTERS], streaming=False)


def _resumed(view: ProcessView, _event: agent.AgentResumed) -> ProcessView:
    cleared = msgspec.structs.replace(view, notice="") if view.info.interrupted else view
    return _info(cleared, interrupted=False)


def _completed(view: ProcessView, event: agent.AgentCompleted) -> ProcessView:
    return _info(view, summary=event.summary)


_TOLD_REDUCERS: dict[type, Reducer] = {
    agent.AgentThinkingChunk: _chunk,
    agent.AgentThought: _thought,
    agent.AgentAction: _acted,
    agent.AgentFileCreated: _file_written,
    agent.AgentNotice: _noticed,
}
_REDUCERS: dict[type, Reducer] = {
    **_TOLD_REDUCERS,
    process.ProcessSpawned: _spawned,
    process.ProcessUpdated: _updated,
    process.ProcessStateChanged: _state_changed,
    process.ProcessExited: _exited,
    process.ProcessReaped: _reaped,
    process.ProcessUsage: _used,
    process.ProcessProgressed: _progressed,
    process.ApprovalRequired: _asked,
    process.ApprovalAnswered: _answered,
    agent.AgentPhaseChanged: _phase_changed,
    agent.AgentStepStarted: _step_started,
    agent.AgentToolStarted: _console_changed,
    agent.AgentObservation: _console_changed,
    agent.AgentResumed: _resumed,
    agent.AgentCompleted: _completed,
    tty.TtyOpened: _console_changed,
}
