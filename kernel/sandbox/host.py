"""No confinement: commands run as plain processes of the person who runs Aether.

Only for machines with neither containers nor bubblewrap. Marked confinement "none", and every command asks. The same
supervisor as inside bubblewrap starts the commands, so deadlines, signals, terminals and "nothing is left over" hold.
"""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

from kernel.errors import UnavailableError
from kernel.sandbox import machine as machine_facts
from kernel.sandbox.backend import Confinement, OnLaunched, OnLost, Probe, SandboxSpec
from kernel.sandbox.bwrap_plan import environment, guest_home, resource_limits, unenforced
from kernel.sandbox.cgroups import Capabilities, ControlGroups, FindGroups, Group
from kernel.sandbox.child import Child
from kernel.sandbox.launched import Ends, Launched
from kernel.sandbox.processes import start_time
from kernel.sandbox.supervised import SupervisedSandbox
from kernel.tasks import Scope

HELPER_GENERATIONS = 2  # the supervisor and a shim; then the command
NICENESS = 5
JOIN = 'for f in $1; do echo 0 > "$f" || exit 1; done; shift; exec "$@"'


class HostBackend:
    """Implements `SandboxBackend` without confining anything. scope: owner of the sandboxes' background tasks."""

    name = "host"

    def __init__(self, scope: Scope, *, find_groups: FindGroups = ControlGroups.detect) -> None:
        self._scope = scope
        self._find_groups = find_groups
        self._groups: ControlGroups | None = None
        self._launcher: HostLauncher | None = None
        self._on_launched: OnLaunched = lambda agent_pid, host_pid, started: None

    async def probe(self) -> Probe:
        """Whether plain processes can be supervised here."""
        return await asyncio.to_thread(self._probe)

    def _probe(self) -> Probe:
        if sys.platform == "win32":
            return Probe(False, "none", "Plain processes are not supported on Windows.", "Use containers.")
        found = machine_facts.find_python()
        python = found[0] if found else sys.executable
        if self._groups is None and sys.platform.startswith("linux"):
            self._groups = self._find_groups()
        able = self._groups.capabilities if self._groups is not None else Capabilities()
        self._launcher = HostLauncher(python, able=able, told=lambda *launched: self._on_launched(*launched))
        remedy = (
            "Install the package `bubblewrap`, or Docker." if sys.platform.startswith("linux") else "Install Docker."
        )
        return Probe(True, "none", "Commands are not confined: they run as you, with your files.", remedy)

    def create(self, spec: SandboxSpec, on_lost: OnLost | None = None) -> SupervisedSandbox:
        """A sandbox, not started. Raises UnavailableError when `probe` has not succeeded."""
        if self._launcher is None:
            raise UnavailableError("Plain processes cannot be run here.", "Run `aether doctor`.")
        return SupervisedSandbox(spec, self._launcher, self._groups, self._scope, on_lost)

    def on_launched(self, listener: OnLaunched) -> None:
        """Tell of every start."""
        self._on_launched = listener

    async def close(self) -> None:
        """Remove our own control groups."""
        if self._groups is not None:
            await asyncio.to_thread(self._groups.close)


class HostLauncher:
    """Implements `Launcher`: the supervisor as a plain process."""

    confinement: Confinement = "none"

    def __init__(self, python: str, *, able: Capabilities, told: OnLaunched) -> None:
        self._python = python
        self._told = told
        self._able = able

    def note(self, spec: SandboxSpec) -> str:
        """What everybody must know."""
        note = f"Agent {spec.pid} is not confined: its commands can do whatever you can."
        return f"{note} {unenforced(spec.limits, self._able)}".strip()

    def home_path(self, spec: SandboxSpec) -> str:
        """The home is where it is."""
        return spec.home

    def host_path(self, spec: SandboxSpec, path: str) -> str:
        """Paths as a confined agent would see them lead to the same folders."""
        pairs = [(mount.guest_path, mount.host_path) for mount in spec.mounts]
        for guest, host in sorted([*pairs, (guest_home(spec), spec.home)], key=lambda pair: -len(pair[0])):
            if path == guest or path.startswith(guest + "/"):
                return host + path[len(guest) :]
        return path

    def host_uid(self, spec: SandboxSpec) -> int | None:
        """Aether's own user."""
        return None

    def environment(self, spec: SandboxSpec) -> dict[str, str]:
        """What every command sees: nothing of Aether's own environment."""
        return environment(spec, spec.home) | {"TMPDIR": spec.tmp}

    async def launch(self, spec: SandboxSpec, ends: Ends, group: Group | None) -> Launched:
        """Start the supervisor; where there is a control group a small shell enters it first."""
        limits = resource_limits(
            spec.limits, strict_memory=not self._able.memory, strict_cpu=not self._able.cpu, count_processes=False
        )
        options = (str(NICENESS), *(f"{name}={value}" for name, value in limits.items()))
        script = str(Path(__file__).with_name("supervisor.py"))
        command = [self._python, "-I", "-S", script, str(ends.control.fileno()), *options]
        if group is not None:
            command = ["/bin/sh", "-c", JOIN, "sh", " ".join(group.join_files), *command]
        process = _start(command, spec.home, ends)
        child = Child(process, ends.child_ended)
        started = start_time(process.pid)
        if started is None:
            raise UnavailableError("it ended at once")
        self._told(spec.pid, process.pid, started)
        return Launched(child, process.pid, started, HELPER_GENERATIONS, kill_root=False)


def _start(command: list[str], folder: str, ends: Ends) -> subprocess.Popen[bytes]:
    """Blocks for the vfork only."""
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=ends.errors,
        pass_fds=(ends.control.fileno(),),
        env={"PATH": os.defpath},
        cwd=folder,
        start_new_session=True,
    )
