"""`aether resume PID`: take up an interrupted agent at its step and follow it to its end."""

import argparse

from kernel.cli.arguments import add_format, process_id
from kernel.cli.connection import Connection, connect, events_with, exit_of
from kernel.cli.ended import known_to_have_ended
from kernel.cli.interruption import carry_out
from kernel.cli.live_output import with_output
from kernel.cli.output import Printer, make_printer
from kernel.cli.patience import execute_patiently
from kernel.errors import UnavailableError
from kernel.protocol.agent import AgentNotice
from kernel.protocol.base import ProcessEvent
from kernel.protocol.process import ProcessExited, ProcessListed, ProcessResume
from kernel.tasks import Scope


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `aether resume`."""
    parser.add_argument("pid", type=process_id)
    add_format(parser)


def run(arguments: argparse.Namespace) -> int:
    """Resume and follow."""
    return carry_out(_follow(arguments.pid, make_printer(arguments.json)))


async def _follow(pid: int, printer: Printer) -> int:
    scope = Scope("resume")
    try:
        return await _resume(pid, with_output(printer, pid, scope))
    finally:
        await scope.close()


async def _begin(connection: Connection, pid: int) -> None:
    async with known_to_have_ended(connection, pid):
        await execute_patiently(connection, ProcessResume(pid=pid), f"Agent {pid} goes on when that can be saved.")


async def _resume(pid: int, printer: Printer) -> int:
    async with connect() as connection, events_with(connection, lambda: _begin(connection, pid)) as (events, _):
        async for event in events:
            if isinstance(event, ProcessListed) and (code := await exit_of(connection, pid)) is not None:
                printer.say(f"Agent {pid} has ended with {code}; `aether logs {pid}` shows what was lost on the way.")
                return 0 if code == 0 else 1
            if isinstance(event, ProcessEvent) and event.pid == pid:
                printer.show(event)
                if isinstance(event, ProcessExited):
                    return 0 if event.code == 0 else 1
                if isinstance(event, AgentNotice) and event.kind == "interrupted":
                    return 1
    printer.finish()
    raise UnavailableError(f"The instance of Aether that ran agent {pid} has ended.", f"`aether resume {pid}` takes it up again.")
