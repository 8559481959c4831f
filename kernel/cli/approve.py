"""`aether approve PID [--always]`: let a waiting agent go on."""

import argparse
import asyncio

from kernel.cli.arguments import process_id
from kernel.cli.connection import connect
from kernel.protocol.ids import ApprovalScope
from kernel.protocol.process import ProcessApprove


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `aether approve`."""
    parser.add_argument("pid", type=process_id)
    parser.add_argument("--always", action="store_true", help="and never ask for this kind again")


def run(arguments: argparse.Namespace) -> int:
    """Approve."""
    asyncio.run(_approve(arguments.pid, "always" if arguments.always else "once"))
    return 0


async def _approve(pid: int, scope: ApprovalScope) -> None:
    async with connect() as connection:
        await connection.execute(ProcessApprove(pid=pid, scope=scope))
        print(f"approved {pid}")
