"""Terminals on their way: a shell that is started, but not yet one of the manager's terminals.

Owned by `TtyManager`. Opening waits (for the account of shells, for a thread), so that others may open, close everything or give up
meanwhile. An opening always runs to its end: half of one would leave a shell that nobody knows.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from kernel.errors import UnavailableError
from kernel.tasks import Scope
from kernel.tty.backend import Pty

T = TypeVar("T")


class Openings:
    """Counts what is being opened, and closes what nobody wants any more when it is open."""

    def __init__(self) -> None:
        self._scope = Scope("openings")
        self._working: set[asyncio.Task[Any]] = set()
        self._callers = 0
        self._closed = False

    def __len__(self) -> int:
        """How many are neither handed over nor refused."""
        return self._callers

    def check(self) -> None:
        """Raises UnavailableError after `close`."""
        if self._closed:
            raise UnavailableError("Aether is ending: no terminal is opened any more.")

    async def run(self, opening: Coroutine[Any, Any, Pty]) -> Pty:
        """The terminal that `opening` makes, to be taken over before anything else is awaited; or its error.

        Where the caller is cancelled, this returns when the terminal is closed again; cancelled once more, it returns at once and
        the closing goes on. Raises UnavailableError where `close` was called meanwhile.
        """
        task = self._note(self._scope.spawn(opening, name="open", awaited=True))
        self._callers += 1
        try:
            pty = await self._made(task)
            if self._closed:
                await asyncio.wait([self._spawn(pty.close())])
                self.check()
        finally:
            self._callers -= 1
        return pty

    async def close(self) -> None:
        """Let nothing be opened any more, and wait until what was being opened is closed."""
        self._closed = True
        while self._working or self._callers:
            if self._working:
                await asyncio.wait(self._working)
            await asyncio.sleep(0)  # its caller's turn

    async def _made(self, opening: asyncio.Task[Pty]) -> Pty:
        try:
            return await asyncio.shield(opening)
        except asyncio.CancelledError:
            await asyncio.wait([self._spawn(_close_when_open(opening))])
            raise

    def _spawn(self, closing: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        return self._note(self._scope.spawn(closing, name="close"))

    def _note(self, task: asyncio.Task[T]) -> asyncio.Task[T]:
        self._working.add(task)
        task.add_done_callback(self._working.discard)
        return task


async def _close_when_open(opening: asyncio.Task[Pty]) -> None:
    await asyncio.wait([opening])
    if not opening.cancelled() and opening.exception() is None:
        await opening.result().close()
