"""Telling a run that has ended from one that never was: a kernel's table has neither, its history has the first.

Used by the subcommands that are for agents that live: `kill`, `send`, `resume`.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from kernel.cli.connection import Connection, exit_of
from kernel.errors import AetherError, NotFoundError


@asynccontextmanager
async def known_to_have_ended(connection: Connection, pid: int) -> AsyncIterator[None]:
    """Around a command to an agent. Raises NotFoundError that says so where its run has ended."""
    try:
        yield
    except NotFoundError as error:
        if not await _has_ended(connection, pid):
            raise
        raise has_ended(pid) from error


def has_ended(pid: int) -> NotFoundError:
    """What is said of a run that is in the history and nowhere else."""
    return NotFoundError(f"The run of agent {pid} has ended.", f"`aether logs {pid}` shows what it did.")


async def _has_ended(connection: Connection, pid: int) -> bool:
    try:
        return await exit_of(connection, pid) is not None
    except AetherError:
        return False
