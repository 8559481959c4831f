"""How the kernel is: its status, its load, and what was found on this machine.

Read by the metrics bar, the menu bar and the first-run page. It also knows whether anything cannot be saved just now: the kernel tells
of that with a notice that has no place in the journal, and goes on by itself once there is room.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal

from aether_desktop.bridge.client import KernelClient
from kernel.errors import AetherError
from kernel.protocol.agent import AgentNotice
from kernel.protocol.base import Event, JournalEvent
from kernel.protocol.records import MetricsSample, SystemCheck
from kernel.protocol.system import KernelMetrics, KernelStatus, KernelStatusReply


class KernelStore(QObject):
    """Holds the last word of the kernel about itself."""

    changed = Signal()
    """Status, metrics or checks changed."""
    trouble_changed = Signal()
    """Something cannot be saved, or all is saved again."""

    def __init__(self, client: KernelClient, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._client = client
        self._status: KernelStatusReply | None = None
        self._metrics: MetricsSample | None = None
        self._checks: tuple[SystemCheck, ...] = ()
        self._unsaved: dict[int, AgentNotice] = {}
        unsubscribe = client.subscribe(self._on_events)
        self.destroyed.connect(lambda: unsubscribe())

    @property
    def status(self) -> KernelStatusReply | None:
        """The last answer to ``kernel.status``; None before the first."""
        return self._status

    @property
    def metrics(self) -> MetricsSample | None:
        """The newest sample of its load; None before the first."""
        return self._metrics

    @property
    def connected(self) -> bool:
        """Whether a kernel answers."""
        return self._client.connected

    @property
    def absence(self) -> AetherError | None:
        """Why there is no kernel, where it could not start or has to wait."""
        return self._client.absence

    @property
    def notices(self) -> tuple[str, ...]:
        """What people should know of this start."""
        return self._status.notices if self._status is not None else ()

    @property
    def checks(self) -> tuple[SystemCheck, ...]:
        """What was found on this machine; empty before ``load_checks``."""
        return self._checks

    @property
    def trouble(self) -> AgentNotice | None:
        """Why something cannot be saved just now, as it was first said; None while all is saved."""
        return next(iter(self._unsaved.values()), None)

    async def attach(self) -> None:
        """Ask how the kernel is. Raises AetherError."""
        self._status = await self._client.execute(KernelStatus())
        self._metrics = self._status.metrics
        self.changed.emit()

    async def load_checks(self) -> None:
        """Have the kernel look at this machine; takes seconds. Raises AetherError."""
        reply = await self._client.execute(KernelStatus(checks=True))
        self._status = reply
        self._metrics = reply.metrics
        self._checks = reply.checks
        self.changed.emit()

    def _on_events(self, events: Sequence[Event]) -> None:
        self._note_unsaved(events)
        newest = next((event for event in reversed(events) if isinstance(event, KernelMetrics)), None)
        if newest is None:
            return
        self._metrics = MetricsSample(
            timestamp=newest.timestamp,
            process_count=newest.process_count,
            cpu_percent=newest.cpu_percent,
            memory_mb=newest.memory_mb,
            uptime=newest.uptime,
            tokens_today=newest.tokens_today,
        )
        self.changed.emit()

    def _note_unsaved(self, events: Sequence[Event]) -> None:
        """An error without a place in the journal says that an agent's could not be written; its next entry, that it can be.

        An agent may have no next entry, for a long time or ever. So the kernel's own samples count too: each is tried to be written.
        """
        before = self.trouble
        for event in events:
            if isinstance(event, KernelMetrics) and event.can_save:
                self._unsaved.clear()
            if not isinstance(event, JournalEvent):
                continue
            if event.log_id:
                self._unsaved.pop(event.pid, None)
            elif isinstance(event, AgentNotice) and event.kind == "error":
                self._unsaved.setdefault(event.pid, event)
        if self.trouble != before:
            self.trouble_changed.emit()
