"""SQL of the kernel's load and of the tokens of each day.

Called by the metrics sampler and the history commands. Samples older than a week are dropped.
"""

import asyncio
import time

from kernel.errors import StorageError
from kernel.protocol.records import MetricsSample
from kernel.store.connection import Statement
from kernel.store.database import Database

KEEP_S = 7 * 24 * 3600


class MetricsRepository:
    """Rows of `kernel_metrics` and `token_days`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save(self, sample: MetricsSample) -> None:
        """Write one sample and drop what is too old."""
        await self._database.write(
            (
                Statement(
                    "INSERT OR REPLACE INTO kernel_metrics "
                    "(timestamp, process_count, cpu_percent, memory_mb, uptime, tokens_today) VALUES (?, ?, ?, ?, ?, ?)",
                    (
                        sample.timestamp,
                        sample.process_count,
                        sample.cpu_percent,
                        sample.memory_mb,
                        sample.uptime,
                        sample.tokens_today,
                    ),
                ),
                Statement("DELETE FROM kernel_metrics WHERE timestamp < ?", (sample.timestamp - KEEP_S,)),
            )
        )

    async def save_or_say(self, sample: MetricsSample) -> bool:
        """Write one sample; whether that succeeded and the disk has room for more than a row."""
        try:
            await self.save(sample)
        except StorageError:
            return False
        return await asyncio.to_thread(self._database.has_room)

    async def since(self, timestamp: float, limit: int) -> tuple[MetricsSample, ...]:
        """The newest `limit` samples after `timestamp`, by rising time."""
        rows = await self._database.query(
            "SELECT timestamp, process_count, cpu_percent, memory_mb, uptime, tokens_today FROM kernel_metrics "
            "WHERE timestamp > ? ORDER BY timestamp DESC LIMIT ?",
            (timestamp, limit),
        )
        return tuple(
            MetricsSample(
                timestamp=row[0],
                process_count=row[1],
                cpu_percent=row[2],
                memory_mb=row[3],
                uptime=row[4],
                tokens_today=row[5],
            )
            for row in reversed(rows)
        )

    @staticmethod
    def add_tokens(now: float, tokens: int) -> Statement:
        """The statement that counts tokens for the (local) day of `now`."""
        return Statement(
            "INSERT INTO token_days (day, tokens) VALUES (?, ?) ON CONFLICT (day) DO UPDATE SET tokens = tokens + ?",
            (_day(now), tokens, tokens),
        )

    async def tokens_of_day(self, now: float) -> int:
        """Tokens counted on the day of `now`."""
        rows = await self._database.query("SELECT tokens FROM token_days WHERE day = ?", (_day(now),))
        return int(rows[0][0]) if rows else 0


def _day(now: float) -> str:
    return time.strftime("%Y-%m-%d", time.localtime(now))
