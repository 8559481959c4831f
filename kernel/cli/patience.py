"""Waiting for an answer that does not come because nothing can be saved: said on standard error, once, with what to do.

Used by the subcommands whose answer is a record: `kill`, `send`, `resume`. The kernel goes on with what it was asked for, whatever becomes
of the one who asked; so leaving loses nothing while the kernel is another process's.
"""

import asyncio
import sys
from typing import TypeVar

from kernel.cli.connection import Connection
from kernel.protocol.base import Command
from kernel.protocol.system import KernelStatus
from kernel.tasks import Scope

R = TypeVar("R")
PATIENCE_S = 1.0


async def execute_patiently(connection: Connection, command: Command[R], meanwhile: str) -> R:
    """Carry out a command; where that waits for room on the disk, say so after about a second.

    meanwhile: a sentence on what is true of the command until it is recorded. Raises AetherError.
    """
    scope = Scope("patience")
    task = scope.spawn(connection.execute(command), name="command", awaited=True)
    try:
        while not (await asyncio.wait((task,), timeout=PATIENCE_S))[0]:
            reason = (await connection.execute(KernelStatus())).cannot_save
            if reason and not task.done():
                print(f"aether: {reason}", file=sys.stderr)
                print(f"        {meanwhile}", file=sys.stderr)
                if not connection.owns_kernel:
                    print("        This command waits for it; Ctrl+C ends the waiting and nothing else.", file=sys.stderr, flush=True)
                break
        return await task
    finally:
        await scope.close()
