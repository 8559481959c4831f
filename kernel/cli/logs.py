"""`aether logs PID`: what an agent did, from its journal; with --follow what it does."""

import argparse

from kernel.cli.arguments import add_format, process_id
from kernel.cli.connection import connect
from kernel.cli.interruption import carry_out
from kernel.cli.live_output import with_output
from kernel.cli.output import Printer, make_printer
from kernel.errors import UnavailableError
from kernel.protocol import codec
from kernel.protocol.agent import AgentThinkingChunk
from kernel.protocol.base import JournalEvent, tag_of
from kernel.protocol.process import ProcessExited
from kernel.protocol.system import HistoryLogs
from kernel.tasks import Scope

PAGE = 1000
STREAMED = tag_of(AgentThinkingChunk)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `aether logs`."""
    parser.add_argument("pid", type=process_id)
    parser.add_argument("-f", "--follow", action="store_true", help="go on until the agent ends")
    add_format(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the journal."""
    return carry_out(_print(arguments.pid, arguments.follow, make_printer(arguments.json)))


async def _print(pid: int, follow: bool, printer: Printer) -> int:
    scope = Scope("logs")
    try:
        return await _print_all(pid, follow, printer, scope)
    finally:
        await scope.close()


async def _print_all(pid: int, follow: bool, printer: Printer, scope: Scope) -> int:
    async with connect() as connection, connection.events() as events:
        printer = with_output(printer, pid, scope) if follow else printer
        last = 0
        index = 0
        ended = False
        while True:
            page = await connection.execute(HistoryLogs(pid=pid, index=index, limit=PAGE))
            for raw in page.events:
                event = codec.event_from_builtins(raw)
                printer.show(event)
                ended = ended or isinstance(event, ProcessExited)
                last = max(last, getattr(event, "log_id", 0))
            entries = sum(raw["type"] != STREAMED for raw in page.events)
            index += entries
            if not entries or index >= page.total:
                break
        if not follow or ended:
            return 0
        async for live in events:
            if isinstance(live, JournalEvent) and live.pid == pid and live.log_id > last:
                printer.show(live)
                if isinstance(live, ProcessExited):
                    return 0
        printer.finish()
        raise UnavailableError(
            f"The instance of Aether that ran agent {pid} has ended, and with it what can be followed.",
            f"`aether logs {pid}` shows what was recorded; `aether resume {pid}` takes the agent up again.",
        )
