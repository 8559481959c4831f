"""Confinement by bubblewrap: one persistent sandbox for each agent.

Needs Linux, bubblewrap and user namespaces, but no privilege. Under root every sandbox runs as an unprivileged user of its
own. `BubblewrapBackend` is made by `bootstrap` and owned by the `SandboxManager`; must not be used from two loops.
"""

import asyncio
import dataclasses
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import msgspec

from kernel.errors import AetherError, UnavailableError
from kernel.log import get_logger
from kernel.sandbox import machine as machine_facts
from kernel.sandbox.backend import Confinement, ExecRequest, OnLaunched, OnLost, Probe, SandboxSpec
from kernel.sandbox.bwrap_plan import (
    SUPERVISOR_GUEST_PATH,
    Machine,
    Network,
    arguments,
    binds,
    environment,
    guest_home,
    host_uid,
    kept,
    mount_points,
    plan,
    resource_limits,
    unenforced,
)
from kernel.sandbox.cgroups import Capabilities, ControlGroups, FindGroups, Group
from kernel.sandbox.child import Child
from kernel.sandbox.launched import Ends, Launched
from kernel.sandbox.network import SlirpNetwork
from kernel.sandbox.processes import start_time
from kernel.sandbox.supervised import SupervisedSandbox
from kernel.tasks import Scope

INFO_TIMEOUT_S = 20.0
MAX_INFO_BYTES = 4096
HELPER_GENERATIONS = 4  # bubblewrap, its init, the supervisor, a shim; then the command
NICENESS = 5
PROBE_TIMEOUT_S = 10.0
_log = get_logger(__name__)


class _Info(msgspec.Struct, frozen=True):
    """What bubblewrap says of itself."""

    child_pid: int = msgspec.field(name="child-pid")


class BubblewrapBackend:
    """Implements `SandboxBackend`. scope: owner of the background tasks of all sandboxes.

    find_groups: finds usable control groups, in a thread; `ControlGroups.none` does as on a machine without any (limits by
    rlimit, freezing by SIGSTOP).
    """

    name = "bubblewrap"

    def __init__(self, scope: Scope, *, find_groups: FindGroups = ControlGroups.detect) -> None:
        self._scope = scope
        self._find_groups = find_groups
        self._groups: ControlGroups | None = None
        self._launcher: BubblewrapLauncher | None = None
        self._on_launched: OnLaunched = lambda agent_pid, host_pid, started: None

    async def probe(self) -> Probe:
        """Build a real sandbox and run a command in it."""
        probe = await asyncio.to_thread(self._probe)
        return await self._tried(probe) if probe.available else probe

    async def _tried(self, probe: Probe) -> Probe:
        """The probe, or what went wrong when a sandbox was started as for an agent."""
        with tempfile.TemporaryDirectory(prefix="aether-probe-") as folder:
            spec = SandboxSpec(pid=0, uid_name="probe", home=f"{folder}/home", tmp=f"{folder}/tmp")
            for made in (spec.home, spec.tmp):
                os.mkdir(made)  # here and not on a thread, which a cancelled probe would leave behind without its folder
            sandbox = self.create(spec)
            try:
                call = await sandbox.execute(
                    ExecRequest(("/bin/sh", "-c", "exit 42"), "/tmp", deadline_s=PROBE_TIMEOUT_S)
                )
                status = await call.wait()
            except AetherError as error:
                self._launcher = None
                return _unavailable(
                    error.message, "Give Aether the right to make mounts, or start it as an ordinary user."
                )
            finally:
                await sandbox.kill()
        if status.code != 42:
            self._launcher = None
            return _unavailable(
                "A command in a sandbox of bubblewrap did not end as it should.", "Look at Aether's log."
            )
        return probe

    def _probe(self) -> Probe:
        if not sys.platform.startswith("linux"):
            return _unavailable("Bubblewrap needs Linux.", "Use containers on this system.")
        bwrap = machine_facts.find_bwrap()
        if bwrap is None:
            return _unavailable(
                "Bubblewrap is not installed.", "Install the package `bubblewrap` (apt install bubblewrap)."
            )
        python = machine_facts.find_python()
        if python is None:
            return _unavailable("No Python 3.9 or later was found for the sandbox.", "Install the package `python3`.")
        machine = machine_facts.describe(bwrap, python)
        if self._groups is None:
            self._groups = self._find_groups()
        problem = _try_namespaces(machine, python[0])
        if problem:
            return problem
        slirp = SlirpNetwork.detect(python[0], bwrap, host_uid(0) if os.geteuid() == 0 else None)
        able = self._groups.capabilities
        self._launcher = BubblewrapLauncher(
            machine, slirp, python[0], able=able, told=lambda *launched: self._on_launched(*launched)
        )
        return Probe(
            True,
            "bubblewrap",
            "Commands run confined by bubblewrap.",
            self._remedy(slirp),
            network=slirp is not None,
            details=self._details(machine, slirp),
        )

    def _remedy(self, slirp: "SlirpNetwork | None") -> str:
        assert self._groups is not None
        remedies = []
        if not self._groups.capabilities.memory:
            remedies.append("For exact memory limits start Aether with `systemd-run --user --scope -p Delegate=yes`.")
        if slirp is None:
            remedies.append("For commands with a network install the package `slirp4netns`; it needs /dev/net/tun.")
        return " ".join(remedies)

    def _details(self, machine: Machine, slirp: "SlirpNetwork | None") -> dict[str, str]:
        assert self._groups is not None
        able = self._groups.capabilities
        return {
            "bubblewrap": ".".join(map(str, machine_facts.bwrap_version(machine.bwrap))),
            "user": "an unprivileged user for each agent" if os.geteuid() == 0 else "your own user",
            "memory limit": "control group" if able.memory else "rlimits and measuring",
            "process limit": "control group" if able.pids else "rlimits",
            "cpu limit": "control group" if able.cpu else "processor time of each process, at a lower priority",
            "freezing": "control group" if able.freeze else "SIGSTOP",
            "system-call filter": "yes" if machine_facts.filter_path(False) else "none for this processor",
            "network": "its own (slirp4netns)" if slirp else "none: slirp4netns is missing or does not work here",
        }

    def create(self, spec: SandboxSpec, on_lost: OnLost | None = None) -> SupervisedSandbox:
        """A sandbox, not started. Raises UnavailableError when `probe` has not succeeded."""
        if self._launcher is None:
            raise UnavailableError("Bubblewrap has not been found usable.", "Run `aether doctor`.")
        return SupervisedSandbox(spec, self._launcher, self._groups, self._scope, on_lost)

    def on_launched(self, listener: OnLaunched) -> None:
        """Tell of every start."""
        self._on_launched = listener

    async def close(self) -> None:
        """Remove our own control groups."""
        if self._groups is not None:
            await asyncio.to_thread(self._groups.close)


class BubblewrapLauncher:
    """Implements `Launcher`: the chain launcher.py, bubblewrap, supervisor.py."""

    confinement: Confinement = "bubblewrap"

    def __init__(
        self, machine: Machine, slirp: "SlirpNetwork | None", python: str, *, able: Capabilities, told: OnLaunched
    ) -> None:
        self._machine = machine
        self._told = told
        self._slirp = slirp
        self._python = python
        self._able = able
        self._counts_processes = machine_facts.counts_processes_by_namespace()
        self._staging_folder = machine_facts.staging_folder()
        self._one_a_turn = asyncio.Lock()  # a start takes this thread for up to 10 ms: never several in one turn of its loop

    def note(self, spec: SandboxSpec) -> str:
        """Says where the agent lacks the network that it may use, a limit or a system-call filter."""
        notes = [limits] if (limits := unenforced(spec.limits, self._able)) else []
        if spec.network and self._slirp is None:
            notes.append("Its commands have no network: slirp4netns, which makes one, is missing or does not work here.")
        if not machine_facts.filter_path(False):
            notes.append("System calls are not filtered on this processor.")
        return " ".join(notes)

    def home_path(self, spec: SandboxSpec) -> str:
        """The home inside."""
        return guest_home(spec)

    def host_path(self, spec: SandboxSpec, path: str) -> str:
        """Commands take paths as seen inside; nothing to translate."""
        return path

    def host_uid(self, spec: SandboxSpec) -> int | None:
        """A user of the agent's own where Aether is root."""
        return host_uid(spec.pid) if os.geteuid() == 0 else None

    def environment(self, spec: SandboxSpec) -> dict[str, str]:
        """What every command sees."""
        return environment(spec, guest_home(spec))

    async def launch(self, spec: SandboxSpec, ends: Ends, group: Group | None) -> Launched:
        """Start the chain and wait until bubblewrap has said which process is the namespace's first."""
        info_read, info_write = os.pipe()
        child: Child | None = None
        try:
            try:
                text = self._plan(spec, ends.control.fileno(), info_write, group)
                async with self._one_a_turn:
                    await asyncio.sleep(0)
                    process = self._start(text, (ends.control.fileno(), info_write), ends.errors)
            finally:
                os.close(info_write)
            child = Child(process, ends.child_ended)
            root = msgspec.json.decode(await _read_all(info_read, INFO_TIMEOUT_S), type=_Info).child_pid
            started = start_time(root)
            if started is None:
                raise UnavailableError("it ended at once")
            self._told(spec.pid, root, started)
            companions: tuple[Child, ...] = ()
            if spec.network and self._slirp is not None:
                companions = (await self._slirp.attach(root, self.host_uid(spec)),)
        except (OSError, msgspec.MsgspecError, UnavailableError) as error:
            if child is not None:
                child.send_signal(signal.SIGKILL)
                await child.wait()
            raise UnavailableError(str(error)) from error
        return Launched(child, root, started, HELPER_GENERATIONS, kill_root=True, companions=companions)

    def _plan(self, spec: SandboxSpec, control_fd: int, info_fd: int, group: Group | None) -> bytes:
        kind = "own" if spec.network and self._slirp is not None else "none"
        network = Network(kind)
        machine = dataclasses.replace(self._machine, filter_path=machine_facts.filter_path(kind == "own"))
        limits = resource_limits(
            spec.limits,
            strict_memory=not self._able.memory,
            strict_cpu=not self._able.cpu,
            count_processes=self._counts_processes,
        )
        options = (str(NICENESS), *(f"{name}={value}" for name, value in limits.items()))
        command = (self._machine.python, "-I", "-S", SUPERVISOR_GUEST_PATH, str(control_fd), *options)
        return plan(
            arguments(spec, machine, network, info_fd),
            command,
            bwrap=machine.bwrap,
            uid=self.host_uid(spec),
            staged=binds(spec, machine),
            staging_folder=self._staging_folder,
            control_groups=group.join_files if group else (),
            groups=tuple({device.group for device in spec.devices if device.group is not None}),
            known=kept(spec),
            points=mount_points(spec),
            mounts=tuple((mount.host_path, mount.guest_path) for mount in spec.mounts),
            binds_descriptors=machine.binds_descriptors,
        )

    def _start(self, text: bytes, descriptors: tuple[int, ...], errors: int) -> subprocess.Popen[bytes]:
        with tempfile.TemporaryFile() as file:
            file.write(text)
            file.seek(0)
            return subprocess.Popen(
                [self._python, "-I", "-S", str(Path(__file__).with_name("launcher.py"))],
                stdin=file,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                pass_fds=descriptors,
                env={},
                cwd="/",
                start_new_session=True,
            )


async def _read_all(descriptor: int, timeout_s: float) -> bytes:
    """Everything up to the end of a pipe, which is closed at the end."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[bytes] = loop.create_future()
    pieces: list[bytes] = []

    def on_readable() -> None:
        piece = os.read(descriptor, MAX_INFO_BYTES)
        pieces.append(piece)
        if (not piece or sum(map(len, pieces)) > MAX_INFO_BYTES) and not done.done():
            done.set_result(b"".join(pieces))

    loop.add_reader(descriptor, on_readable)
    try:
        async with asyncio.timeout(timeout_s):
            return await done
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)


def _unavailable(reason: str, remedy: str) -> Probe:
    return Probe(False, "bubblewrap", reason, remedy)


def _try_namespaces(machine: Machine, python: str) -> Probe | None:
    """A Probe that says what is wrong, None when an unprivileged sandbox can be made."""
    command = [
        machine.bwrap,
        "--unshare-user",
        "--unshare-pid",
        "--as-pid-1",
        "--unshare-net",
        "--ro-bind",
        "/usr",
        "/usr",
    ]
    for path, target in machine.system_links.items():
        command += ["--symlink", target, path] if target else ["--ro-bind", path, path]
    command += ["--proc", "/proc", "--dev", "/dev", "/usr/bin/true"]
    if os.geteuid() == 0:
        drop = "import os, sys; os.setgroups([]); os.setresgid(*[U]*3); os.setresuid(*[U]*3); os.execv(sys.argv[1], sys.argv[1:])"
        command = [python, "-I", "-S", "-c", drop.replace("U", str(host_uid(0))), *command]
    code, output = machine_facts.run(tuple(command))
    if code == 0:
        return None
    last = output.strip().splitlines()[-1] if output.strip() else f"exit code {code}"
    remedy = (
        "Allow unprivileged user namespaces: on Ubuntu 24.04 and later `sysctl kernel.apparmor_restrict_unprivileged_userns=0` "
        "or an AppArmor profile for bwrap, elsewhere `sysctl kernel.unprivileged_userns_clone=1 user.max_user_namespaces=10000`."
    )
    return _unavailable(f"Bubblewrap cannot make a sandbox here: {last}.", remedy)
