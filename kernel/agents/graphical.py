"""Where the graphical desktop of an agent runs: in its sandbox, as a part of it. Made by a `Workplace` for `kernel.vnc`'s `Desktops`."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from kernel.agents.gate import Gate
from kernel.errors import ConflictError, UnavailableError
from kernel.sandbox.backend import ExecRequest, Execution, Sandbox
from kernel.vfs.homes import Home
from kernel.vnc.display import DISPLAY
from kernel.vnc.manager import Desktops

NOT_CONFINED = "Commands are not confined on this machine, and only a confined agent gets a graphical desktop."


class SandboxPlace:
    """Implements `Place`. sandbox: gives the agent's, started when first needed. started: the one that runs, None where none does."""

    def __init__(
        self, home: Home, gate: Gate, sandbox: Callable[[], Awaitable[Sandbox]], started: Callable[[], Sandbox | None]
    ) -> None:
        self._home = home
        self._gate = gate
        self._sandbox = sandbox
        self._started = started

    @property
    def folder(self) -> Path:
        """The agent's private /tmp on this machine."""
        return self._home.tmp

    @property
    def paused(self) -> bool:
        """Whether the agent stands still."""
        return self._gate.closed

    @property
    def generation(self) -> object:
        """The sandbox's first process; another one after it was lost or its mounts were changed."""
        sandbox = self._started()
        return None if sandbox is None else sandbox.identity()

    async def passage(self) -> None:
        """Return when the agent does not stand still."""
        await self._gate.passage()

    async def run(self, command: tuple[str, ...]) -> Execution:
        """Start a program as a service of the sandbox. Raises UnavailableError and what else `Sandbox.execute` does."""
        while True:
            await self._gate.passage()
            sandbox = await self._sandbox()
            if sandbox.confinement == "none":
                raise UnavailableError(NOT_CONFINED)
            try:
                return await sandbox.execute(ExecRequest(argv=command, cwd=sandbox.home_path, service=True))
            except ConflictError:
                if not self._gate.closed:  # else it was paused in between
                    raise


def environment(graphical: bool) -> dict[str, str]:
    """What the commands of an agent see of its desktop."""
    return {"DISPLAY": DISPLAY} if graphical else {}


def problem(desktops: Desktops, confined: bool) -> str:
    """Why no agent can have a desktop on this machine, with what to do; "" where they can."""
    return desktops.problem if confined else f"{NOT_CONFINED} `aether doctor` says what is missing."


def require(desktops: Desktops, confined: bool) -> None:
    """Raise UnavailableError where no agent can have a desktop on this machine."""
    if found := problem(desktops, confined):
        raise UnavailableError(found, "Or deploy the agent without a graphical desktop.")
