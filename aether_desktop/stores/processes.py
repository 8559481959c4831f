"""All agents as the desktop shows them: those that live, and the last runs of before.

Subscribe, ask for a snapshot, apply later events: the same at the first start, after a gap and after a reconnect.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

import msgspec
from PySide6.QtCore import QObject, Signal

from aether_desktop.bridge.client import KernelClient
from aether_desktop.bridge.tasks import TaskOwner
from aether_desktop.stores.reducers.process import ProcessView, reduce, reduce_told
from kernel.errors import AetherError
from kernel.protocol.base import Event, ProcessEvent
from kernel.protocol.codec import event_from_builtins
from kernel.protocol.process import ProcessList, ProcessListReply, ProcessSpawned
from kernel.protocol.records import Approval, ProcessInfo
from kernel.protocol.system import HistoryLogs, HistoryProcesses

PAST_RUNS = 50
TOLD_EVENTS = 60
_TELLERS_AT_ONCE = 4


class ProcessStore(QObject):
    """Holds one ``ProcessView`` for each process."""

    changed = Signal(object)
    """Emitted with the frozenset of pids that were added, changed or removed; at most once for each batch of events."""

    def __init__(self, client: KernelClient, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.draft_goal = ""
        """What was typed for an agent that is not deployed yet; kept here since windows come and go."""
        self._client = client
        self._views: dict[int, ProcessView] = {}
        self._sorted: tuple[ProcessView, ...] | None = None
        self._waiting_events: list[Event] | None = None
        self._attached = False
        self._attaching = asyncio.Lock()
        self._told_asked: set[int] = set()
        self._tellers = asyncio.Semaphore(_TELLERS_AT_ONCE)
        self._tasks = TaskOwner(self, self._on_error)
        unsubscribe = client.subscribe(self._on_events, self._on_gap)
        self.destroyed.connect(lambda: unsubscribe())

    def all(self) -> tuple[ProcessView, ...]:
        """Every process known, by rising pid."""
        if self._sorted is None:
            self._sorted = tuple(self._views[pid] for pid in sorted(self._views))
        return self._sorted

    def get(self, pid: int) -> ProcessView | None:
        """One process; None if it is not known here (the history may have it)."""
        return self._views.get(pid)

    def needs_you(self) -> tuple[ProcessView, ...]:
        """The agents that wait for the person, the oldest question first."""
        waiting = [(view.approval.created_at, pid) for pid, view in self._views.items() if view.approval is not None]
        return tuple(self._views[pid] for _, pid in sorted(waiting))

    @property
    def attached(self) -> bool:
        """Whether a snapshot was taken: before it, no agents means that none are known yet."""
        return self._attached

    async def attach(self) -> None:
        """Take a snapshot of what there is; events that come meanwhile are applied to it. Raises AetherError."""
        async with self._attaching:
            await self._attach_now()

    async def _attach_now(self) -> None:
        self._waiting_events = []
        try:
            living = await self._client.execute(ProcessList())
            past = await self._client.execute(HistoryProcesses(limit=PAST_RUNS))
        except BaseException:
            self._waiting_events = None
            raise
        meanwhile, self._waiting_events = self._waiting_events, None
        before = set(self._views)
        self._views = self._snapshot(living, past.processes)
        self._sorted = None
        self._attached = True
        touched = before | set(self._views) | self._apply(event for event in meanwhile if event.seq > living.seq)
        self.changed.emit(frozenset(touched))

    def want_told(self, pid: int) -> None:
        """Read what an agent of before last thought and wrote, for a card that shows it; done once."""
        view = self._views.get(pid)
        if view is None or view.told or pid in self._told_asked:
            return
        self._told_asked.add(pid)
        self._tasks.spawn(self._tell(pid), name=f"told-{pid}")

    def _snapshot(self, living: ProcessListReply, past: Iterable[ProcessInfo]) -> dict[int, ProcessView]:
        approvals: dict[int, Approval] = {}
        for approval in sorted(living.approvals, key=lambda item: item.created_at):
            approvals.setdefault(approval.pid, approval)
        views: dict[int, ProcessView] = {}
        for info in (*past, *living.processes):
            known = self._views.get(info.pid)
            asked = approvals.get(info.pid)
            if known is None:
                views[info.pid] = ProcessView(info=info, approval=asked)
            else:
                views[info.pid] = msgspec.structs.replace(
                    known, info=info, approval=asked, streaming=False, console_version=known.console_version + 1
                )
        return views

    def _on_events(self, events: Sequence[Event]) -> None:
        if self._waiting_events is not None:
            self._waiting_events.extend(events)
            return
        touched = self._apply(events)
        if touched:
            self.changed.emit(frozenset(touched))

    def _apply(self, events: Iterable[Event]) -> set[int]:
        touched: set[int] = set()
        views = self._views
        for event in events:
            if not isinstance(event, ProcessEvent):
                continue
            view = views.get(event.pid)
            if view is None:
                if not isinstance(event, ProcessSpawned):
                    continue
                view = ProcessView(info=event.info, told=True)
                views[event.pid] = view
                touched.add(event.pid)
                continue
            after = reduce(view, event)
            if after is not view:
                views[event.pid] = after
                touched.add(event.pid)
        if touched:
            self._sorted = None
        return touched

    def _on_gap(self) -> None:
        if self._attached:
            self._tasks.spawn(self.attach(), name="attach-again")

    async def _tell(self, pid: int) -> None:
        async with self._tellers:
            reply = await self._client.execute(HistoryLogs(pid=pid, limit=TOLD_EVENTS))
        events = [event for item in reply.events if isinstance(event := _event_of(item), ProcessEvent)]
        view = self._views.get(pid)
        if view is not None:
            self._views[pid] = reduce_told(view, events)
            self._sorted = None
            self.changed.emit(frozenset({pid}))

    def _on_error(self, error: BaseException) -> None:
        """A snapshot that failed leaves what was known; the next gap or refresh takes another."""
        if not isinstance(error, AetherError):
            raise error


def _event_of(item: dict[str, object]) -> Event | None:
    try:
        return event_from_builtins(item)
    except AetherError:
        return None
