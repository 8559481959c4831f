"""Which agents are shown, in which order, and how many there are of each kind. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from aether_desktop.models.agent_status import Group, fraction_of, status_of
from aether_desktop.stores.reducers.process import ProcessView
from kernel.protocol.process import RunCounts


class Sort(StrEnum):
    """What comes first, after those that need the person."""

    NEWEST = "newest"
    NAME = "name"
    PHASE = "phase"
    PROGRESS = "progress"


@dataclass(frozen=True, slots=True)
class Counts:
    """How many agents of each kind that this window knows; each is in exactly one besides ``all``.

    ``done`` includes those that were stopped.
    """

    all: int = 0
    active: int = 0
    needs_you: int = 0
    idle: int = 0
    done: int = 0
    failed: int = 0

    @property
    def living(self) -> int:
        """Those that have not ended."""
        return self.active + self.needs_you + self.idle

    def of(self, group: Group) -> int:
        """The number under a filter."""
        return {
            Group.ALL: self.all,
            Group.ACTIVE: self.active,
            Group.NEEDS_YOU: self.needs_you,
            Group.IDLE: self.idle,
            Group.DONE: self.done,
            Group.FAILED: self.failed,
        }[group]


def count(groups: Iterable[Group]) -> Counts:
    """Count agents by their groups."""
    found = Counter(groups)
    return Counts(
        all=found.total(),
        active=found[Group.ACTIVE],
        needs_you=found[Group.NEEDS_YOU],
        idle=found[Group.IDLE],
        done=found[Group.DONE],
        failed=found[Group.FAILED],
    )


def totals(counts: Counts, ended: RunCounts) -> Counts:
    """What filters and figures say: who lives as this window sees it, who has ended as the kernel counts all of them.

    A window knows the newest runs only. ``ended``: all runs that are over, by how they ended.
    """
    return replace(counts, all=counts.living + ended.all, done=ended.completed + ended.stopped, failed=ended.failed)


def sort_key(view: ProcessView, sort: Sort) -> tuple[Any, ...]:
    """A key that sorts: those that need the person first, the oldest question of them; then as ``sort`` says, newest first."""
    if view.approval is not None and not view.ended:
        return (0, view.approval.created_at, view.pid)
    if sort is Sort.NAME:
        return (1, view.info.name.casefold(), -view.pid)
    if sort is Sort.PHASE:
        return (1, status_of(view).rank, -view.pid)
    if sort is Sort.PROGRESS:
        return (1, view.ended, -fraction_of(view), -view.pid)
    return (1, -view.pid)


def matches(view: ProcessView, words: tuple[str, ...]) -> bool:
    """Whether each of the casefolded ``words`` occurs in pid, name, role, goal, model, state or last action."""
    if not words:
        return True
    info = view.info
    text = f"{info.pid} {info.name} {info.role} {info.goal} {info.model} {status_of(view).word} {view.action}".casefold()
    return all(word in text for word in words)


def words_of(query: str) -> tuple[str, ...]:
    """The words of a search, casefolded, ten at the most."""
    return tuple(query.casefold().split()[:10])
