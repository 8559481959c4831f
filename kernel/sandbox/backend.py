"""The contract of a sandbox: what confines an agent's commands, whatever stands behind it.

Frozen records and Protocols only. `SandboxManager` hands out sandboxes, tools run commands in them, and each backend
(bubblewrap, host, container) implements them. Must import nothing heavy and hold no state.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Literal, Protocol

SIGKILL = 9  # by number: this module is also read where the system has no such signal
Confinement = Literal["container", "bubblewrap", "none"]


def _empty() -> Mapping[str, str]:
    return MappingProxyType({})


class LossReason(StrEnum):
    """Why a sandbox ended although nobody asked it to."""

    SUPERVISOR_ENDED = "supervisor_ended"
    PROTOCOL_BROKEN = "protocol_broken"
    UNRESPONSIVE = "unresponsive"


@dataclass(frozen=True, slots=True)
class Limits:
    """What one agent may use: memory and disk in bytes, CPU in cores, and counts of processes and open files."""

    memory_bytes: int = 1 << 30
    cpu_cores: float = 1.0
    max_processes: int = 256
    max_file_bytes: int = 1 << 30
    open_files: int = 1024
    disk_bytes: int = 2 << 30


@dataclass(frozen=True, slots=True)
class Mount:
    """A host folder or file shown inside at `guest_path` (absolute).

    identity: (st_dev, st_ino) of the folder that `host_path` must be at every start, without a link in the path; None takes what is there.
    """

    host_path: str
    guest_path: str
    read_only: bool
    identity: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Device:
    """A device node of the host shown inside at `guest_path`.

    group: the id of the group through which agents with users of their own may open it; None where everybody may.
    """

    host_path: str
    guest_path: str
    group: int | None = None


@dataclass(frozen=True, slots=True)
class SystemFolder:
    """A folder below /sys/devices that describes a device, shown inside, read-only, at `guest_path`.

    links: (path, where it leads) of the names in /sys under which programs look for it.
    """

    host_path: str
    guest_path: str
    links: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class SandboxSpec:
    """Everything a backend needs to confine one agent.

    pid: Aether's number of the agent. uid_name: the user name seen inside, e.g. `agent_7`.
    home, tmp: host folders shown as `/home/{uid_name}` and `/tmp`; both must exist.
    env: what commands see besides HOME, USER, LOGNAME, SHELL, TERM, LANG and PATH.
    graphical: whether what programs with windows read of the system (parts of /etc/X11 and /etc/xdg, the font cache) is shown.
    devices: the nodes of a GPU that it may use; none besides the harmless ones (null, zero, random, ...) where it is empty.
    descriptions: what /sys says of those devices; there is no /sys where it is empty.
    """

    pid: int
    uid_name: str
    home: str
    tmp: str
    mounts: tuple[Mount, ...] = ()
    env: Mapping[str, str] = field(default_factory=_empty)
    network: bool = False
    graphical: bool = False
    devices: tuple[Device, ...] = ()
    descriptions: tuple[SystemFolder, ...] = ()
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True)
class ExecRequest:
    """One command.

    argv: program and arguments. cwd: a path as seen inside. env: added to the sandbox's own.
    pty: run on a terminal of `columns` x `lines` instead of pipes. stdin: what a command on pipes can read.
    deadline_s: after so many seconds the command's whole tree is killed. service: it belongs to the sandbox itself: it counts for no
    limit of commands, keeps `set_mounts` from nothing, and is not waited for when the sandbox ends.
    """

    argv: tuple[str, ...]
    cwd: str
    env: Mapping[str, str] = field(default_factory=_empty)
    pty: bool = False
    columns: int = 120
    lines: int = 36
    stdin: bytes = b""
    deadline_s: float | None = None
    service: bool = False


@dataclass(frozen=True, slots=True)
class ExitStatus:
    """How a command ended; `code` is 128 + n for signal n."""

    code: int
    signal: int | None = None
    timed_out: bool = False
    quota_exceeded: bool = False
    oom_killed: bool = False
    duration_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Probe:
    """Whether a backend works on this machine.

    reason: one sentence. remedy: what a person can do when it does not work, or to make it better; may be empty.
    network: whether the commands of an agent that may use the network have one.
    details: facts for `aether doctor` (version, limits, network, freezing).
    """

    available: bool
    confinement: Confinement
    reason: str
    remedy: str = ""
    network: bool = True
    details: Mapping[str, str] = field(default_factory=_empty)


@dataclass(frozen=True, slots=True)
class ChildProcess:
    """A real process of an agent; `pid` and `ppid` are the host's numbers, `cpu_percent` is of one core."""

    pid: int
    ppid: int
    name: str
    command: str
    cpu_percent: float
    memory_bytes: int
    state: str


@dataclass(frozen=True, slots=True)
class Usage:
    """What one agent's processes use now; the sandbox's own helpers are counted but not listed."""

    cpu_percent: float = 0.0
    memory_bytes: int = 0
    processes: tuple[ChildProcess, ...] = ()


@dataclass(frozen=True, slots=True)
class LeftoverRecord:
    """Identity of a sandbox of an earlier run: host pid and start time (clock ticks since boot)."""

    host_pid: int
    start_time: int


class Execution(Protocol):
    """A running command."""

    @property
    def call_id(self) -> int:
        """Number of the call, unique within the sandbox."""
        ...

    @property
    def master_fd(self) -> int | None:
        """The terminal's master descriptor, owned by the caller; None for a command on pipes."""
        ...

    async def read(self, limit: int = 65536) -> bytes:
        """The next output, stdout and stderr merged; b"" when the command has ended and all of it was read.

        What a background child prints after the command's own end is discarded. Raises InvalidArgumentError on a pty.
        """
        ...

    async def wait(self) -> ExitStatus:
        """How the command ended. May be awaited by several; cancelling one does not end the command."""
        ...

    async def kill(self, signum: int = SIGKILL) -> None:
        """Signal the whole tree of this call, daemonised children included. SIGKILL returns when none is left."""
        ...

    def close(self) -> None:
        """Give up the output; a command that still runs goes on and what it prints is discarded."""
        ...


OnLost = Callable[[int, LossReason], None]
OnLaunched = Callable[[int, int, int], None]


class Sandbox(Protocol):
    """One agent's confinement. `kill` or `terminate` end it for good; a sandbox that was lost starts again by itself."""

    @property
    def spec(self) -> SandboxSpec:
        """What it was made from, with the mounts that were set since."""
        ...

    @property
    def confinement(self) -> Confinement:
        """How strong it is."""
        ...

    @property
    def confinement_note(self) -> str:
        """What is weaker than it could be on this machine; empty where nothing is."""
        ...

    @property
    def home_path(self) -> str:
        """The home as commands see it."""
        ...

    @property
    def frozen(self) -> bool:
        """Whether it is frozen."""
        ...

    async def start(self) -> None:
        """Start it now instead of at the first command. Raises UnavailableError with the reason."""
        ...

    async def execute(self, request: ExecRequest) -> Execution:
        """Start a command.

        Raises InvalidArgumentError, ConflictError (frozen or ended), LimitReachedError (no process left), UnavailableError.
        """
        ...

    async def freeze(self) -> None:
        """Stop every process; deadlines stand still."""
        ...

    async def thaw(self) -> None:
        """Let every process go on."""
        ...

    async def terminate(self, grace_s: float = 1.0) -> None:
        """SIGTERM to every process, and `kill` after at most `grace_s` seconds."""
        ...

    async def kill(self) -> None:
        """End every process at once, frozen ones too, and give back everything held. Safe to repeat."""
        ...

    async def set_mounts(self, mounts: tuple[Mount, ...]) -> None:
        """Show these folders inside, and no others any more.

        What runs inside without a command is ended, services too, and the sandbox is started anew at the next command; with a command
        running this raises ConflictError and changes nothing.
        """
        ...

    def identity(self) -> tuple[int, int] | None:
        """(host pid, start time in clock ticks since boot) for `sweep` of a later run; None when not started."""
        ...

    def host_pids(self) -> tuple[int, ...]:
        """The host's numbers of all its processes now, helpers included."""
        ...


class SandboxBackend(Protocol):
    """A way of confining agents."""

    @property
    def name(self) -> str:
        """Short name for logs and `aether doctor`."""
        ...

    async def probe(self) -> Probe:
        """Find out, by trying it, whether this machine can do it. Never raises."""
        ...

    def create(self, spec: SandboxSpec, on_lost: OnLost | None = None) -> Sandbox:
        """A sandbox, not started. on_lost is told (agent pid, reason) when it ends unasked."""
        ...

    def on_launched(self, listener: OnLaunched) -> None:
        """Tell (agent pid, host pid, start time) at every start of a sandbox, those after a loss included."""
        ...

    async def close(self) -> None:
        """Give back what the backend itself holds (cgroups); its sandboxes have been killed before."""
        ...
