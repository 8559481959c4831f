"""`aether reject PID [REASON]`: refuse what a waiting agent asks as this is run; its model is told the reason."""

import argparse

from kernel.cli.arguments import process_id, reason
from kernel.cli.connection import connect
from kernel.cli.interruption import carry_out
from kernel.cli.open_question import command_begun_at, named_question, open_question
from kernel.protocol.process import ProcessReject


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `aether reject`."""
    parser.add_argument("pid", type=process_id)
    parser.add_argument("reason", nargs="?", type=reason, default="")


def run(arguments: argparse.Namespace) -> int:
    """Reject."""
    carry_out(_reject(arguments.pid, arguments.reason, command_begun_at()))
    return 0


async def _reject(pid: int, reason: str, begun_at: float) -> None:
    async with connect() as connection:
        question = await open_question(connection, pid, begun_at)
        await connection.execute(ProcessReject(pid=pid, approval_id=question.approval_id, reason=reason))
        print(f"rejected {pid}: {named_question(question)}")
