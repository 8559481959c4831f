"""Standing still: a closed gate holds the loop wherever it next looks."""

import asyncio
import time
from collections.abc import Callable


class Gate:
    """Open at first. The loop awaits `passage` between its moves. monotonic: seconds of a clock that only goes on."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._open = asyncio.Event()
        self._open.set()
        self._closed_before_s = 0.0
        self._closed_at = 0.0

    @property
    def closed(self) -> bool:
        """Whether the loop must stand still."""
        return not self._open.is_set()

    def close(self) -> None:
        """Hold the loop."""
        if self._open.is_set():
            self._closed_at = self._monotonic()
        self._open.clear()

    def open(self) -> None:
        """Let it go on."""
        self._closed_before_s = self._closed_s()
        self._open.set()

    def work_time(self) -> Callable[[], float]:
        """Start to measure; the returned function tells the seconds since then in which the gate was open."""
        started, closed_s = self._monotonic(), self._closed_s()
        return lambda: max(0.0, self._monotonic() - started - (self._closed_s() - closed_s))

    def _closed_s(self) -> float:
        return self._closed_before_s + (self._monotonic() - self._closed_at if self.closed else 0.0)

    async def passage(self) -> None:
        """Return when the gate is open."""
        while not self._open.is_set():  # it may be closed again before who waits for it runs
            await self._open.wait()
