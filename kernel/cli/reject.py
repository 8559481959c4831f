"""`aether reject PID [REASON]`: refuse what a waiting agent asks; its model is told the reason."""

import argparse
import asyncio

from kernel.cli.arguments import process_id, reason
from kernel.cli.connection import connect
from kernel.protocol.process import ProcessReject


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `aether reject`."""
    parser.add_argument("pid", type=process_id)
    parser.add_argument("reason", nargs="?", type=reason, default="")


def run(arguments: argparse.Namespace) -> int:
    """Reject."""
    asyncio.run(_reject(arguments.pid, arguments.reason))
    return 0


async def _reject(pid: int, reason: str) -> None:
    async with connect() as connection:
        await connection.execute(ProcessReject(pid=pid, reason=reason))
        print(f"rejected {pid}")
