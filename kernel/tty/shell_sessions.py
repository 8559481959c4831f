"""The person's shells as something that must not outlive Aether.

Each is told to the `Guardian` and written down before its prompt is seen, and taken off both before its number can become
another's. Made by `bootstrap`; `PosixPtyBackend` calls `keep` and `release`, the start calls `sweep`.
"""

import asyncio
import os

from kernel.errors import StorageError
from kernel.log import get_logger
from kernel.store.repositories.shells import ShellRepository, ShellSession
from kernel.tasks import Scope
from kernel.tty.guardian import Guardian
from kernel.tty.leftovers import boot_id, end_leftovers
from kernel.tty.sessions import read_row

_log = get_logger(__name__)


class ShellSessions:
    """Keeps account of the host's sessions that this process started. scope: owns the ending of what an earlier run left."""

    def __init__(self, repository: ShellRepository, guardian: Guardian, scope: Scope) -> None:
        self._repository = repository
        self._guardian = guardian
        self._scope = scope
        self._kept: dict[str, int] = {}

    async def keep(self, session: int, token: str) -> None:
        """A shell was started. token: what its environment carries. Where the system has no /proc, nothing happens."""
        leader, own, boot = read_row(session), read_row(os.getpid()), boot_id()
        if leader is None or own is None or not boot:
            return
        self._kept[token] = session
        self._guardian.guard(session, leader.started)
        try:
            await self._repository.put(ShellSession(token, session, leader.started, boot, own.pid, own.started))
        except StorageError as error:  # on a full disk a terminal is what one needs
            _log.warning("a terminal is not written down: %s", error)

    def release(self, token: str) -> None:
        """Nothing is left of a shell's session, whose leader is not reaped yet. Safe to repeat."""
        session = self._kept.pop(token, None)
        if session is not None:
            self._guardian.release(session)
            self._repository.drop(token).add_done_callback(_tell_failure)

    async def sweep(self) -> None:
        """Begin to end what an earlier run left. Before the first `keep`. Raises StorageError."""
        left = await self._repository.list()
        if left:
            self._scope.spawn(self._end(left), name="leftover-shells")

    async def close(self) -> None:
        """All shells are closed: the guardian may go. It takes along what could not be closed."""
        await self._guardian.close()

    async def _end(self, left: tuple[ShellSession, ...]) -> None:
        count = await asyncio.to_thread(end_leftovers, left)
        if count:
            _log.info("%d programs of terminals that an earlier run left were ended", count)
        for shell in left:
            await self._repository.drop(shell.token)


def _tell_failure(dropping: "asyncio.Future[None]") -> None:
    if not dropping.cancelled() and dropping.exception() is not None:
        _log.warning("a terminal is still written down: %s", dropping.exception())
