"""Time as an edge: everything that waits or stamps takes a `Clock`, so that tests can move it.

Owns nothing. Must not be bypassed with `time.time()` in code whose timing a test asserts.
"""

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """The three things that Aether asks of time."""

    def now(self) -> float:
        """Seconds since the epoch."""
        ...

    def monotonic(self) -> float:
        """Seconds on a clock that never goes back."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait; `seconds` may be 0."""
        ...


class SystemClock:
    """The machine's own time."""

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds on a clock that never goes back."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait on the running loop."""
        await asyncio.sleep(seconds)
