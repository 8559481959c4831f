"""`aether send PID TEXT`: tell an agent something."""

import argparse

from kernel.cli.arguments import message, process_id
from kernel.cli.connection import connect
from kernel.cli.ended import known_to_have_ended
from kernel.cli.interruption import carry_out
from kernel.cli.patience import execute_patiently
from kernel.protocol.ids import MessageMode
from kernel.protocol.process import ProcessSend


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `aether send`."""
    parser.add_argument("pid", type=process_id)
    parser.add_argument("text", type=message)
    modes = parser.add_mutually_exclusive_group()
    modes.add_argument("--queue", dest="mode", action="store_const", const="queue", help="when its present work is done")
    modes.add_argument("--steer", dest="mode", action="store_const", const="steer", help="before its next step (default)")
    modes.add_argument("--interrupt", dest="mode", action="store_const", const="interrupt", help="abort what runs, now")


def run(arguments: argparse.Namespace) -> int:
    """Send it."""
    carry_out(_send(arguments.pid, arguments.text, arguments.mode or "steer"))
    return 0


async def _send(pid: int, text: str, mode: MessageMode) -> None:
    async with connect() as connection:
        command = ProcessSend(pid=pid, text=text, mode=mode)
        async with known_to_have_ended(connection, pid):
            await execute_patiently(connection, command, f"Agent {pid} is told when that can be saved.")
        print(f"told {pid}")
