"""What an agent's state is called, which colour it has, and where it belongs: the same words everywhere. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from aether_desktop.stores.reducers.process import ProcessView
from kernel.protocol.process import ENDED_BY_SIGNAL, Standing, standing_of
from kernel.protocol.records import Approval
from kernel.protocol.shown_text import exact_line

EXACT_CHARACTERS: Final = 500
_WANTS: Final = {
    "command": "Wants to run",
    "file": "Wants to write",
    "network": "Wants to reach",
    "message": "Wants to send",
    "budget": "Has used its budget",
    "loop": "Repeats itself",
}
_DETAILS: Final = ("command", "path", "url", "text", "message", "call")


class Group(StrEnum):
    """Where an agent is counted: all but ``ALL`` part the agents, so that each is in exactly one.

    ``ACTIVE`` is at work now, ``NEEDS_YOU`` waits for the person's answer, ``IDLE`` stands still (paused, interrupted, waiting),
    ``DONE`` reached its goal or was stopped, ``FAILED`` gave up.
    """

    ALL = "all"
    ACTIVE = "active"
    NEEDS_YOU = "needs"
    IDLE = "idle"
    DONE = "done"
    FAILED = "failed"


_GROUPS: Final[Mapping[Standing, Group]] = {"working": Group.ACTIVE, "needs_you": Group.NEEDS_YOU, "idle": Group.IDLE}


@dataclass(frozen=True, slots=True)
class AgentStatus:
    """``word`` for people, ``phase`` for the colour, ``group`` for filters; ``rank`` orders by urgency, 0 first."""

    word: str
    phase: str
    group: Group
    rank: int


def status_of(view: ProcessView) -> AgentStatus:
    """Say what an agent is doing."""
    info = view.info
    if view.ended:
        if info.exit_code == 0:
            return AgentStatus("completed", "completed", Group.DONE, 8)
        if info.exit_code in ENDED_BY_SIGNAL:
            return AgentStatus("stopped", "stopped", Group.DONE, 7)
        return AgentStatus("failed", "failed", Group.FAILED, 6)
    standing = standing_of(info, view.approval is not None)
    group = _GROUPS[standing]
    if standing == "needs_you":
        return AgentStatus("needs you", "waiting", group, 0)
    if standing == "idle":
        if info.interrupted:
            return AgentStatus("interrupted", "stopped", group, 5)
        if info.state == "stopped":
            return AgentStatus("paused", "paused", group, 4)
        return AgentStatus("waiting", "idle", group, 3)
    if info.agent_phase in ("booting", "idle"):
        return AgentStatus("starting", "idle", group, 3)
    return AgentStatus(info.agent_phase, info.agent_phase, group, 1 if info.agent_phase == "executing" else 2)


def belongs(group: Group, wanted: Group) -> bool:
    """Whether an agent of ``group`` is shown under the filter ``wanted``."""
    return wanted is Group.ALL or group is wanted


def question_of(approval: Approval) -> tuple[str, str]:
    """What an agent asks, as words and the exact thing: ("Wants to run", "rm -rf build/")."""
    words = _WANTS.get(approval.kind, "Asks")
    asked = next((approval.details[name] for name in _DETAILS if approval.details.get(name)), "")
    return words, exact_line(asked or approval.action, EXACT_CHARACTERS)


def fraction_of(view: ProcessView) -> float:
    """How far an agent is, 0..1 of its steps; a completed run is whole."""
    info = view.info
    if view.ended and info.exit_code == 0:
        return 1.0
    return min(1.0, info.step / info.max_steps) if info.max_steps > 0 else 0.0


def spoken(view: ProcessView) -> str:
    """One sentence that says everything of a card, for screen readers."""
    info, status = view.info, status_of(view)
    parts = [f"{info.name} {info.pid}", status.word]
    if view.approval is not None:
        parts.append(" ".join(question_of(view.approval)))
    parts.append(" ".join(info.goal.split())[:200])
    if info.max_steps:
        parts.append(f"step {info.step} of {info.max_steps}")
    return ", ".join(parts)
