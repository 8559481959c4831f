"""`aether kill [-SIGNAL] PID...`: send a signal to agents and all that they run."""

import argparse
from typing import get_args

from kernel.cli.arguments import process_id
from kernel.cli.connection import Connection, connect
from kernel.cli.ended import known_to_have_ended
from kernel.cli.interruption import carry_out
from kernel.cli.patience import execute_patiently
from kernel.cli.refusal import say_refused
from kernel.errors import AetherError, NotFoundError, UnavailableError
from kernel.protocol.ids import Signal
from kernel.protocol.process import ProcessSignal


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `aether kill`."""
    parser.add_argument("-s", "--signal", default="SIGTERM", type=_signal, help=f"one of {', '.join(get_args(Signal))}")
    parser.add_argument("pids", nargs="+", type=_pid, metavar="PID")


def run(arguments: argparse.Namespace) -> int:
    """Send it to each. Returns 1 where one of them could not be reached."""
    return 0 if carry_out(_send(arguments.pids, arguments.signal)) else 1


async def _send(pids: list[int | NotFoundError], signal: Signal) -> bool:
    """Whether each got it; why one did not is said, and the next is tried."""
    reached = True
    async with connect() as connection:
        for pid in pids:
            try:
                await _send_one(connection, pid, signal)
            except AetherError as error:
                if isinstance(error, UnavailableError) and not connection.owns_kernel:
                    raise  # nobody is there any more to take the next
                say_refused(error)
                reached = False
    return reached


async def _send_one(connection: Connection, pid: int | NotFoundError, signal: Signal) -> None:
    if isinstance(pid, NotFoundError):
        raise pid
    async with known_to_have_ended(connection, pid):
        await execute_patiently(connection, ProcessSignal(pid=pid, signal=signal), _meanwhile(pid, signal))
    print(f"{signal} was sent to {pid}")


def _meanwhile(pid: int, signal: Signal) -> str:
    if signal in ("SIGTERM", "SIGINT", "SIGKILL"):
        return f"What agent {pid} ran is ended all the same; `aether ps` lists it as running until that can be saved."
    return f"{signal} to agent {pid} is shown when it can be saved."


def _pid(text: str) -> int | NotFoundError:
    """What is no process is said when its turn comes: the others on the line are signalled all the same."""
    try:
        return process_id(text)
    except NotFoundError as error:
        return error


def _signal(text: str) -> str:
    name = text.upper() if text.upper().startswith("SIG") else f"SIG{text.upper()}"
    if name not in get_args(Signal):
        raise argparse.ArgumentTypeError(f"{text!r} is none of {', '.join(get_args(Signal))}")
    return name
