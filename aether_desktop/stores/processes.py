"""All agents as the desktop shows them: those that live, the last runs of before, and all that ended while this window looked on.

Subscribe, ask for a snapshot, apply later events: the same at the first start, after a gap and after a reconnect. Who lives and who
asks is kept up to date event by event, so that nobody has to look through all of them at each batch.
"""

from __future__ import annotations

import asyncio
import bisect
from collections.abc import Iterable, Sequence

import msgspec
from PySide6.QtCore import QObject, Signal

from aether_desktop.bridge.client import KernelClient
from aether_desktop.bridge.tasks import TaskOwner
from aether_desktop.stores.reducers.process import ProcessView, reduce, reduce_told
from kernel.errors import AetherError
from kernel.protocol.base import Event, ProcessEvent
from kernel.protocol.codec import event_from_builtins
from kernel.protocol.process import ProcessExited, ProcessList, ProcessListReply, ProcessSpawned, RunCounts
from kernel.protocol.records import Approval, ProcessInfo
from kernel.protocol.system import HistoryLogs, HistoryProcesses

PAST_RUNS = 50
_MISSED_PAGE = 500
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
        self._order: list[int] = []
        self._living: set[int] = set()
        self._asking: set[int] = set()
        self._ended = RunCounts()
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
            self._sorted = tuple(self._views[pid] for pid in self._order)
        return self._sorted

    def living(self) -> tuple[ProcessView, ...]:
        """Those that have not ended, by rising pid."""
        return tuple(self._views[pid] for pid in sorted(self._living))

    @property
    def ended(self) -> RunCounts:
        """How many runs have ended, also those that are not known here."""
        return self._ended

    def get(self, pid: int) -> ProcessView | None:
        """One process; None if it is not known here (the history may have it)."""
        return self._views.get(pid)

    def needs_you(self) -> tuple[ProcessView, ...]:
        """The agents that wait for the person, the oldest question first."""
        asking = (self._views[pid] for pid in self._asking)
        waiting = sorted((view.approval.created_at, view.pid) for view in asking if view.approval is not None)
        return tuple(self._views[pid] for _, pid in waiting)

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
            past = list((await self._client.execute(HistoryProcesses(limit=PAST_RUNS))).processes)
            past += await self._missed({info.pid for info in (*living.processes, *past)})
        except BaseException:
            self._waiting_events = None
            raise
        meanwhile, self._waiting_events = self._waiting_events, None
        snapshot = self._snapshot(living, past)
        gone = self._living - {view.pid for view in snapshot}
        for pid in gone:
            self._drop(pid)
        for view in snapshot:
            self._put(view)
        self._ended = living.ended
        self._attached = True
        self._apply(event for event in meanwhile if event.seq > living.seq)
        self.changed.emit(frozenset(self._views) | gone)

    async def _missed(self, listed: set[int]) -> list[ProcessInfo]:
        """How those ended that lived when they were last heard of and are not among the `listed`."""
        missing = self._living - listed
        found: list[ProcessInfo] = []
        while missing:
            page = await self._client.execute(HistoryProcesses(before_pid=max(missing) + 1, limit=_MISSED_PAGE))
            found += [info for info in page.processes if info.pid in missing]
            lowest = min((info.pid for info in page.processes), default=0)
            missing = {pid for pid in missing if pid < lowest}
        return found

    def _put(self, view: ProcessView) -> None:
        """Keep a view, and what is known of all of them."""
        if view.pid not in self._views:
            bisect.insort(self._order, view.pid)
        self._views[view.pid] = view
        self._sorted = None
        (self._living.discard if view.ended else self._living.add)(view.pid)
        (self._asking.discard if view.approval is None else self._asking.add)(view.pid)

    def _drop(self, pid: int) -> None:
        """Forget one that the kernel does not know."""
        del self._views[pid]
        self._order.remove(pid)
        self._sorted = None
        self._living.discard(pid)
        self._asking.discard(pid)

    def want_told(self, pid: int) -> None:
        """Read what an agent of before last thought and wrote, for a card that shows it; done once."""
        view = self._views.get(pid)
        if view is None or view.told or pid in self._told_asked:
            return
        self._told_asked.add(pid)
        self._tasks.spawn(self._tell(pid), name=f"told-{pid}")

    def _snapshot(self, living: ProcessListReply, past: Iterable[ProcessInfo]) -> list[ProcessView]:
        approvals: dict[int, Approval] = {}
        for approval in sorted(living.approvals, key=lambda item: item.created_at):
            approvals.setdefault(approval.pid, approval)
        views: list[ProcessView] = []
        for info in (*past, *living.processes):
            known = self._views.get(info.pid)
            asked = approvals.get(info.pid)
            if known is None:
                views.append(ProcessView(info=info, approval=asked))
                continue
            views.append(
                msgspec.structs.replace(
                    known, info=info, approval=asked, streaming=False, console_version=known.console_version + 1
                )
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
                self._put(ProcessView(info=event.info, told=True))
                touched.add(event.pid)
                continue
            after = reduce(view, event)
            if after is not view:
                self._put(after)
                touched.add(event.pid)
            if isinstance(event, ProcessExited) and view.info.exit_code is None:
                self._ended = self._ended.after(event.code)
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
            self._put(reduce_told(view, events))
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
