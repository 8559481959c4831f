"""`aether approve PID [--always]`: let a waiting agent go on, with what it asks as this is run."""

import argparse

from kernel.cli.arguments import process_id
from kernel.cli.connection import connect
from kernel.cli.interruption import carry_out
from kernel.cli.open_question import command_begun_at, named_question, open_question
from kernel.errors import ConflictError
from kernel.protocol.ids import ApprovalScope
from kernel.protocol.process import ProcessApprove
from kernel.protocol.shown_text import exact_line

ALWAYS_CHARACTERS = 300


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `aether approve`."""
    parser.add_argument("pid", type=process_id)
    parser.add_argument("--always", action="store_true", help="and never ask for this kind again; what that is, is printed")


def run(arguments: argparse.Namespace) -> int:
    """Approve."""
    carry_out(_approve(arguments.pid, "always" if arguments.always else "once", command_begun_at()))
    return 0


async def _approve(pid: int, scope: ApprovalScope, begun_at: float) -> None:
    async with connect() as connection:
        question = await open_question(connection, pid, begun_at)
        if scope == "always" and not question.always:
            raise ConflictError(f"This cannot be allowed once for all: {named_question(question)}", "Approve it once.")
        await connection.execute(ProcessApprove(pid=pid, approval_id=question.approval_id, scope=scope))
        print(f"approved {pid}: {named_question(question)}")
        if scope == "always":
            print(f"from now on without asking: {exact_line(question.always, ALWAYS_CHARACTERS)}")
