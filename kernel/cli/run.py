"""`aether run`: one agent without a screen, printed as it happens.

Exit 0 when the agent completes, 1 when it fails, 2 on wrong usage; 130 on Ctrl+C and 129 where the terminal was closed, with the
agent ended properly.
"""

import argparse
import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, get_args

from msgspec.structs import replace

from kernel.cli.arguments import add_format, is_text, model, number_up_to, steps
from kernel.cli.connection import Connection, connect, events_with, exit_of
from kernel.cli.interruption import Interruption, let_it_end
from kernel.cli.live_output import with_output
from kernel.cli.output import Printer, make_printer
from kernel.cli.questions import Questions
from kernel.errors import AetherError, UnavailableError
from kernel.protocol.base import Event, ProcessEvent
from kernel.protocol.ids import ROLES, ApprovalMode
from kernel.protocol.process import (
    ApprovalAnswered,
    ApprovalRequired,
    ProcessExited,
    ProcessListed,
    ProcessSignal,
    ProcessSpawn,
)
from kernel.protocol.records import GOAL_LIMIT_CHARACTERS, AgentConfig, SandboxConfig, WorkspaceMount
from kernel.protocol.system import SettingsGet
from kernel.tasks import Scope

LAST_WORDS_S = 6.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `aether run`."""
    parser.add_argument("--role", required=True, choices=ROLES, metavar="ROLE", help=f"one of {', '.join(ROLES)}")
    parser.add_argument("--goal", required=True, type=_goal, help="what the agent should do; '-' reads it from standard input")
    parser.add_argument("--model", type=model, default="", help="provider/name, heuristic, or scripted:FILE; default: the remembered one")
    add_format(parser)
    parser.add_argument("--max-steps", type=steps, help="end after so many steps")
    parser.add_argument("--workdir", type=_mount, help="DIR or DIR:ro, mounted at ~/work")
    parser.add_argument("--network", action="store_true", help="let its commands reach the network")
    parser.add_argument("--gpu", action="store_true", help="let it use this machine's GPUs")
    parser.add_argument("--graphical", action="store_true", help="give it a desktop for programs with windows, shown in its window")
    parser.add_argument("--token-budget", type=number_up_to(), help="pause and ask after so many tokens")
    answers = parser.add_mutually_exclusive_group()
    answers.add_argument("--yes", dest="approval", action="store_const", const="yes", help="allow everything")
    answers.add_argument("--ask", dest="approval", action="store_const", const="ask", help="ask here before anything risky")
    answers.add_argument("--deny", dest="approval", action="store_const", const="deny", help="refuse everything risky")


def run(arguments: argparse.Namespace) -> int:
    """Deploy, follow, report."""
    config = AgentConfig(
        role=arguments.role,
        goal=arguments.goal,
        model=arguments.model,
        max_steps=arguments.max_steps,
        token_budget=arguments.token_budget,
        sandbox=SandboxConfig(
            network_access=arguments.network,
            gpu=arguments.gpu,
            graphical=arguments.graphical,
            mounts=(arguments.workdir,) if arguments.workdir else (),
        ),
    )
    code = asyncio.run(_deploy(config, arguments.approval, make_printer(arguments.json)))
    let_it_end()
    return code


async def _deploy(config: AgentConfig, approval: ApprovalMode | None, printer: Printer) -> int:
    interruption = Interruption()
    try:
        async with connect(stays=True, hurry=interruption.happened) as connection:
            interruption.started()
            if interruption.happened.is_set():
                return interruption.code
            return await _run_in(connection, config, approval, printer, interruption)
    except asyncio.CancelledError:
        if not interruption.happened.is_set():
            raise
        return interruption.code


async def _run_in(
    connection: Connection, config: AgentConfig, approval: ApprovalMode | None, printer: Printer, interruption: Interruption
) -> int:
    config = replace(config, approval=approval or await _usual_approval(connection))
    scope = Scope("run")
    try:
        async with events_with(connection, lambda: connection.execute(ProcessSpawn(config=config))) as (events, spawned):
            return await _follow(connection, spawned.pid, events, printer, interruption, scope)
    finally:
        printer.finish()
        await scope.close()


async def _usual_approval(connection: Connection) -> ApprovalMode:
    """What the settings say, where the command line says nothing; a question that nobody here could answer becomes a refusal."""
    mode: Any = (await connection.execute(SettingsGet())).values.get("approvals.mode")
    approval: ApprovalMode = mode if mode in get_args(ApprovalMode) else "ask"
    if approval not in ("ask", "edits") or sys.stdin.isatty():
        return approval
    print("aether: nobody can be asked here, so risky actions are refused; --yes allows them", file=sys.stderr)
    return "deny"


async def _follow(
    connection: Connection,
    pid: int,
    events: AsyncIterator[Event],
    printer: Printer,
    interruption: Interruption,
    scope: Scope,
) -> int:
    """Print the agent's events until it has ended, by itself or by an interruption; returns the exit code."""
    queue: asyncio.Queue[Event | None] = asyncio.Queue()
    scope.spawn(_pump(events, queue), name="events")
    printer = with_output(printer, pid, scope, fresh=True)
    try:
        code = await _watch(connection, pid, queue, printer, interruption.happened, scope)
    except OSError as error:
        if not interruption.hung_up_by(error):
            raise
        code = None
    if code is None:
        await _end(connection, pid, queue, printer, scope)
        return interruption.code
    return code


async def _watch(
    connection: Connection,
    pid: int,
    queue: "asyncio.Queue[Event | None]",
    printer: Printer,
    interrupted: asyncio.Event,
    scope: Scope,
) -> int | None:
    """The exit code of an agent that has ended by itself, None at an interruption."""
    stop = scope.spawn(interrupted.wait(), name="interrupt")
    questions = Questions(connection, printer, scope, sys.stdin.fileno())
    while True:
        getter = scope.spawn(queue.get(), name="next")
        await asyncio.wait((getter, stop), return_when=asyncio.FIRST_COMPLETED)
        if not getter.done():
            getter.cancel()
            return None
        event = getter.result()
        if event is None:
            raise UnavailableError(
                f"The instance of Aether that ran agent {pid} has ended.", f"`aether resume {pid}` takes the agent up again."
            )
        if isinstance(event, ProcessListed) and (code := await exit_of(connection, pid)) is not None:
            printer.say(f"Agent {pid} has ended with {code}; `aether logs {pid}` shows what was lost on the way.")
            return 0 if code == 0 else 1
        if not isinstance(event, ProcessEvent) or event.pid != pid:
            continue
        printer.show(event)
        if isinstance(event, ApprovalRequired):
            questions.ask(event)
        if isinstance(event, ApprovalAnswered):
            questions.withdraw(event.approval_id)
        if isinstance(event, ProcessExited):
            return 0 if event.code == 0 else 1


async def _end(
    connection: Connection, pid: int, queue: "asyncio.Queue[Event | None]", printer: Printer, scope: Scope
) -> None:
    """End the agent as Ctrl+C does, and say how that went; a full disk cannot hold that up for ever."""
    ending = scope.spawn(connection.execute(ProcessSignal(pid=pid, signal="SIGINT")), name="end", awaited=True)
    ended = False
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LAST_WORDS_S):
            while not ended and (event := await queue.get()) is not None:
                if isinstance(event, ProcessEvent) and event.pid == pid:
                    printer.show(event)
                    ended = isinstance(event, ProcessExited)
            with contextlib.suppress(AetherError):  # it has ended by itself meanwhile, or its instance has
                await asyncio.shield(ending)
    if ended:
        printer.say(f"Interrupted; agent {pid} was ended.")
    else:
        printer.say(f"Interrupted; that agent {pid} has ended could not be recorded. `aether ps --all` tells what became of it.")


async def _pump(events: AsyncIterator[Event], queue: "asyncio.Queue[Event | None]") -> None:
    """Events into the queue; None says that there will be no more."""
    async for event in events:
        queue.put_nowait(event)
    queue.put_nowait(None)


def _goal(text: str) -> str:
    goal = _from_standard_input() if text == "-" else text
    if not is_text(goal):
        raise argparse.ArgumentTypeError("the goal is not valid UTF-8")
    if not goal.strip():
        raise argparse.ArgumentTypeError("the goal is empty")
    if len(goal) > GOAL_LIMIT_CHARACTERS:
        raise argparse.ArgumentTypeError(
            f"the goal has {len(goal):,} characters; at most {GOAL_LIMIT_CHARACTERS:,} are taken. "
            "Put the material into a file and mount its folder with --workdir"
        )
    return goal


def _from_standard_input() -> str:
    """All of it. Raises ArgumentTypeError where there is nothing to read."""
    way = "Give the goal itself, or a pipe or a file as standard input"
    if sys.stdin is None:  # its descriptor is closed
        raise argparse.ArgumentTypeError(f"standard input is closed, so no goal can be read from it. {way}")
    try:
        return sys.stdin.read()
    except UnicodeDecodeError as error:
        raise argparse.ArgumentTypeError("the goal is not valid UTF-8") from error
    except OSError as error:
        raise argparse.ArgumentTypeError(f"standard input cannot be read: {error.strerror or error}. {way}") from error


def _mount(text: str) -> WorkspaceMount:
    folder, read_only = (text[:-3], True) if text.endswith(":ro") else (text, False)
    if not folder.strip():
        raise argparse.ArgumentTypeError("its name is empty; name the folder, or leave --workdir out to mount none")
    try:
        path = Path(folder).expanduser().absolute()
    except RuntimeError as error:
        raise argparse.ArgumentTypeError(f"{folder} is not a folder: nobody has that home") from error
    except FileNotFoundError as error:
        raise argparse.ArgumentTypeError(
            f"the current folder is gone, so {folder} cannot be found. Name the whole path, or begin in a folder that is there"
        ) from error
    try:
        is_folder = path.is_dir()
    except OSError as error:
        raise argparse.ArgumentTypeError(f"{folder} cannot be looked at: {error.strerror}") from error
    if not is_folder:
        raise argparse.ArgumentTypeError(f"{folder} is not a folder")
    if not os.access(path, os.R_OK | os.X_OK):
        raise argparse.ArgumentTypeError(
            f"you may not read {folder}, so its agent could not either. Mend its permissions, or name another folder"
        )
    return WorkspaceMount(host_path=str(path), guest_path="work", read_only=read_only)
