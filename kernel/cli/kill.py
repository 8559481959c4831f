"""`aether kill [-SIGNAL] PID...`: send a signal to agents and all that they run."""

import argparse
import asyncio
from typing import get_args

from kernel.cli.arguments import process_id
from kernel.cli.connection import connect
from kernel.cli.patience import execute_patiently
from kernel.protocol.ids import Signal
from kernel.protocol.process import ProcessSignal


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `aether kill`."""
    parser.add_argument("-s", "--signal", default="SIGTERM", type=_signal, help=f"one of {', '.join(get_args(Signal))}")
    parser.add_argument("pids", nargs="+", type=process_id, metavar="PID")


def run(arguments: argparse.Namespace) -> int:
    """Send it to each."""
    asyncio.run(_send(arguments.pids, arguments.signal))
    return 0


async def _send(pids: list[int], signal: Signal) -> None:
    async with connect() as connection:
        for pid in pids:
            await execute_patiently(connection, ProcessSignal(pid=pid, signal=signal), _meanwhile(pid, signal))
            print(f"{signal} was sent to {pid}")


def _meanwhile(pid: int, signal: Signal) -> str:
    if signal in ("SIGTERM", "SIGINT", "SIGKILL"):
        return f"What agent {pid} ran is ended all the same; `aether ps` lists it as running until that can be saved."
    return f"{signal} to agent {pid} is shown when it can be saved."


def _signal(text: str) -> str:
    name = text.upper() if text.upper().startswith("SIG") else f"SIG{text.upper()}"
    if name not in get_args(Signal):
        raise argparse.ArgumentTypeError(f"{text!r} is none of {', '.join(get_args(Signal))}")
    return name
