"""run_command: a shell command in the agent's own sandbox, with its exact exit code and a deadline that ends all of it."""

import asyncio
from typing import Annotated, Any, ClassVar

from msgspec import Meta

from kernel.tools.base import RESULT_CHARACTERS, Arguments, Preview, ToolContext, ToolResult, cut_middle
from kernel.tools.command_reach import Place
from kernel.tools.command_risk import Verdict, classify
from kernel.tools.command_rules import Standing, standing
from kernel.tools.guest_links import GuestLinks
from kernel.vfs.homes import Home

MAX_TIMEOUT_S = 3600.0


class RunCommandArguments(Arguments, frozen=True, kw_only=True):
    """What to run."""

    command: Annotated[str, Meta(description="A shell command line, run with sh.", min_length=1, max_length=100_000)]
    timeout_s: Annotated[
        float | None, Meta(description="Deadline in seconds, at most 3600; after it everything it started is ended.")
    ] = None
    cwd: Annotated[str, Meta(description="Folder to run in; the home folder when left out.", max_length=4096)] = ""


class RunCommand:
    """Run a command."""

    NAME: ClassVar[str] = "run_command"
    DESCRIPTION: ClassVar[str] = (
        "Run a shell command in your sandbox. Returns its exit code and output. Background processes (&) live on between commands."
    )
    ARGUMENTS: ClassVar[type[Arguments]] = RunCommandArguments

    async def preview(self, arguments: Any, context: ToolContext) -> Preview:
        """The exact command, and what it could harm. An approval holds only while that is judged the same: links lead elsewhere in time."""
        home = context.files.home.guest_path
        cwd = context.files.absolute(arguments.cwd) if arguments.cwd else home
        verdict, allowed = await asyncio.to_thread(_judged, arguments.command, cwd, context)
        details = {"command": arguments.command, "cwd": arguments.cwd or home}
        return Preview(
            arguments.command,
            kind="command",
            risk=verdict.risk,
            details=details,
            harm=verdict.harm,
            rule=allowed.rule,
            always=allowed.always,
            state="\n".join((verdict.risk, verdict.harm, allowed.rule)),
        )

    async def run(self, arguments: Any, context: ToolContext) -> ToolResult:
        """Run it; a non-zero exit code is a result, not an error."""
        timeout_s = context.command_timeout_s if arguments.timeout_s is None else arguments.timeout_s
        timeout_s = min(max(timeout_s, 0.1), MAX_TIMEOUT_S)
        cwd = context.files.absolute(arguments.cwd) if arguments.cwd else context.files.home.guest_path
        outcome = await context.commands.run(arguments.command, cwd=cwd, timeout_s=timeout_s)
        output = cut_middle(outcome.output, RESULT_CHARACTERS)
        head = f"exit code {outcome.exit_code}"
        if outcome.timed_out:
            head = f"timed out after {timeout_s:g} s; everything it started was ended ({head})"
        if outcome.note and not (outcome.timed_out and outcome.note == "timed out"):
            head = f"{head}; {outcome.note}"
        return ToolResult(
            f"{head}\n{output}" if output else f"{head}, no output",
            ok=outcome.exit_code == 0 and not outcome.timed_out,
            exit_code=outcome.exit_code,
            details={"duration": f"{outcome.duration_s:.1f} s"},
        )


def _judged(command: str, cwd: str, context: ToolContext) -> tuple[Verdict, Standing]:
    """What a command could harm where it runs, and what an "always" would cover; reads where links lead."""
    shared = tuple(mount.guest_path for mount in context.files.mounts if mount.shared and not mount.read_only)
    links = GuestLinks(context.files.mounts)
    folder = links.follow(cwd)
    place = Place(context.files.home.guest_path, (folder,) if folder is not None else (), shared, links.follow, links.among)
    verdict = classify(command, place)
    told = verdict.risk == "low" and all(_is_in_place(context.files.home, path) for path in shared)
    return verdict, standing(command, place) if told else Standing()


def _is_in_place(home: Home, path: str) -> bool:
    """Whether a mounted folder is still found where it was mounted: an agent may move, or link, the folders that it lies in."""
    below = path.removeprefix(f"{home.guest_path}/")
    if below == path:
        return True
    folder = home.path
    for part in below.split("/")[:-1]:
        folder /= part
        if folder.is_symlink() or not folder.is_dir():
            return False
    return True
