"""Standing still: a closed gate holds the loop wherever it next looks."""

import asyncio


class Gate:
    """Open at first. The loop awaits `passage` between its moves."""

    def __init__(self) -> None:
        self._open = asyncio.Event()
        self._open.set()

    @property
    def closed(self) -> bool:
        """Whether the loop must stand still."""
        return not self._open.is_set()

    def close(self) -> None:
        """Hold the loop."""
        self._open.clear()

    def open(self) -> None:
        """Let it go on."""
        self._open.set()

    async def passage(self) -> None:
        """Return when the gate is open."""
        while not self._open.is_set():  # it may be closed again before who waits for it runs
            await self._open.wait()
