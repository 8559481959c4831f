"""What everything uses: one look at the process table for all agents, the kernel's own load every five seconds.

Publishes process.usage (when something changed) and kernel.metrics, and keeps the samples for the history: one that
cannot be kept is shown all the same, and says so. Ends with its scope.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress

from kernel.bus import EventBus
from kernel.clock import Clock
from kernel.errors import StorageError
from kernel.principal import Principal
from kernel.process.lifecycle import ALIVE
from kernel.process.manager import ProcessManager
from kernel.protocol.process import ProcessUsage
from kernel.protocol.records import ChildProcess, MetricsSample
from kernel.protocol.system import HistoryMetrics, HistoryMetricsReply, KernelMetrics
from kernel.sandbox.backend import Usage
from kernel.store.repositories.metrics import MetricsRepository

METRICS_INTERVAL_S = 5.0
USAGE_INTERVAL_S = 2.0
MEGABYTE = 1 << 20
ReadUsage = Callable[[], Awaitable[Mapping[int, Usage]]]


class Accounting:
    """Samples while the kernel runs.

    usage: pid of an agent -> what its processes use now. holds_back: whether anything waits for room on the disk.
    """

    def __init__(
        self,
        manager: ProcessManager,
        repository: MetricsRepository,
        bus: EventBus,
        clock: Clock,
        usage: ReadUsage,
        holds_back: Callable[[], bool] = lambda: False,
    ) -> None:
        self._manager = manager
        self._repository = repository
        self._bus = bus
        self._clock = clock
        self._usage = usage
        self._holds_back = holds_back
        self._started = clock.monotonic()
        self._previous = (clock.monotonic(), _cpu_seconds())

    @property
    def uptime_s(self) -> float:
        """Seconds since the kernel started."""
        return self._clock.monotonic() - self._started

    async def run(self) -> None:
        """Sample for ever; spawned by the kernel."""
        next_usage = next_metrics = self._clock.monotonic()
        while True:
            if self._clock.monotonic() >= next_usage:
                await self.sample_usage()
                next_usage = self._clock.monotonic() + USAGE_INTERVAL_S
            if self._clock.monotonic() >= next_metrics:
                with suppress(StorageError):  # a sample that cannot be made is not worth more than the ones to come
                    await self._publish_metrics()
                next_metrics += METRICS_INTERVAL_S
            await self._clock.sleep(max(0.01, min(next_usage, next_metrics) - self._clock.monotonic()))

    async def sample_usage(self) -> None:
        """Look at all agents' processes once and say what changed."""
        usage = await self._usage()
        for entry in self._manager.table:
            info = entry.info
            found = usage.get(info.pid) if info.state in ALIVE else None
            cpu = round(found.cpu_percent, 1) if found else 0.0
            memory = round(found.memory_bytes / MEGABYTE, 1) if found else 0.0
            children = len(found.processes) if found else 0
            if (cpu, memory, children) != (info.cpu_percent, info.memory_mb, info.children):
                self._manager.note(info.pid, cpu_percent=cpu, memory_mb=memory, children=children)
                self._bus.publish(ProcessUsage(pid=info.pid, cpu_percent=cpu, memory_mb=memory, children=children))

    async def children_of(self, pid: int) -> tuple[ChildProcess, ...]:
        """The real children of an agent."""
        found = (await self._usage()).get(pid)
        if found is None:
            return ()
        return tuple(
            ChildProcess(
                pid=child.pid,
                ppid=child.ppid,
                name=child.name,
                command=child.command[:1000],
                cpu_percent=round(child.cpu_percent, 1),
                memory_mb=round(child.memory_bytes / MEGABYTE, 1),
                state=child.state,
            )
            for child in found.processes
        )

    async def sample(self) -> MetricsSample:
        """The kernel's load now."""
        memory = await asyncio.to_thread(_resident_bytes)
        now, cpu = self._clock.monotonic(), _cpu_seconds()
        elapsed = max(1e-6, now - self._previous[0])
        percent = 100.0 * (cpu - self._previous[1]) / elapsed
        if elapsed > 0.5:
            self._previous = (now, cpu)
        return MetricsSample(
            timestamp=self._clock.now(),
            process_count=sum(1 for entry in self._manager.table if entry.info.state in ALIVE),
            cpu_percent=round(max(0.0, percent), 1),
            memory_mb=round(memory / MEGABYTE, 1),
            uptime=round(self.uptime_s, 1),
            tokens_today=await self._repository.tokens_of_day(self._clock.now()),
        )

    async def history(self, command: HistoryMetrics, principal: Principal) -> HistoryMetricsReply:
        """history.metrics."""
        return HistoryMetricsReply(samples=await self._repository.since(command.since, command.limit))

    async def _publish_metrics(self) -> None:
        sample = await self.sample()
        can_save = await self._repository.save_or_say(sample)
        self._bus.publish(
            KernelMetrics(
                process_count=sample.process_count,
                cpu_percent=sample.cpu_percent,
                memory_mb=sample.memory_mb,
                uptime=sample.uptime,
                tokens_today=sample.tokens_today,
                can_save=can_save and not self._holds_back(),
            )
        )


def _cpu_seconds() -> float:
    times = os.times()
    return times.user + times.system


def _resident_bytes() -> int:
    """Memory of this process: /proc where there is one, else psutil."""
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        import psutil

        return int(psutil.Process().memory_info().rss)
