"""`aether ps`: the agents that live, or with --all the runs of before too."""

import argparse
import sys
import time

from kernel.cli.connection import Connection, connect
from kernel.cli.interruption import carry_out
from kernel.protocol import codec
from kernel.protocol.process import ENDED_BY_SIGNAL, LivingCounts, ProcessList
from kernel.protocol.records import ProcessInfo
from kernel.protocol.shown_text import visible
from kernel.protocol.system import HistoryProcesses, KernelStatus

GOAL_WIDTH = 48


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `aether ps`."""
    parser.add_argument("-a", "--all", action="store_true", help="ended runs too, the newest 100")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")


def run(arguments: argparse.Namespace) -> int:
    """Print the table."""
    carry_out(_list(everything=arguments.all, as_json=arguments.json))
    return 0


async def _list(*, everything: bool, as_json: bool) -> None:
    """Print while the kernel is there: one of our own may have to wait for others behind this."""
    async with connect() as connection:
        processes, living = await _processes(connection, everything)
        if as_json:
            for info in processes:
                print(codec.encode(info).decode())
        elif processes:
            _print(processes, living)
        else:
            print('No agents. Deploy one with: aether run --role Coder --goal "..."')


def _print(processes: tuple[ProcessInfo, ...], living: LivingCounts) -> None:
    print(f"{'PID':>6}  {'ROLE':<10}  {'STATE':<11}  {'PHASE':<10}  {'STEP':>7}  {'AGE':>6}  GOAL")
    for info in processes:
        print(_line(info))
    print(f"{living.working} active, {living.needs_you} need you, {living.idle} idle")


async def _processes(connection: Connection, everything: bool) -> tuple[tuple[ProcessInfo, ...], LivingCounts]:
    """What is listed, and how those that live stand."""
    if reason := (await connection.execute(KernelStatus())).cannot_save:
        print(f"aether: {reason}", file=sys.stderr)
        print("        Until then agents are listed as they were last saved.", file=sys.stderr, flush=True)
    now = await connection.execute(ProcessList())
    if everything:
        return tuple(reversed((await connection.execute(HistoryProcesses(limit=100))).processes)), now.living
    return now.processes, now.living


def _line(info: ProcessInfo) -> str:
    state = "interrupted" if info.interrupted else info.state
    goal = " ".join(visible(info.goal).split())
    goal = goal if len(goal) <= GOAL_WIDTH else goal[: GOAL_WIDTH - 1] + "…"
    # An agent that somebody stopped has not failed: the desktop says so too.
    phase = "stopped" if info.exit_code in ENDED_BY_SIGNAL else info.agent_phase
    steps = f"{info.step}/{info.max_steps}"
    age = _age(time.time() - info.created_at)
    return f"{info.pid:>6}  {info.role:<10}  {state:<11}  {phase:<10}  {steps:>7}  {age:>6}  {goal}"


def _age(seconds: float) -> str:
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "m")):
        if seconds >= size:
            return f"{int(seconds // size)}{unit}"
    return f"{int(max(0, seconds))}s"
