"""The values that messages of several domains carry.

Frozen records only; the documents' names are kept (camelCase on the wire). Lengths and ranges are part of the type, so a
malformed value is refused at the edge with a sentence that names the field.
"""

from typing import Annotated, Any

from msgspec import Meta, field

from kernel.protocol.base import Record
from kernel.protocol.ids import (
    AgentPhase,
    AgentRole,
    ApprovalKind,
    ApprovalMode,
    Confinement,
    FileType,
    ProcessState,
    SandboxType,
)

GOAL_LIMIT_CHARACTERS = 100_000
MESSAGE_LIMIT_CHARACTERS = 100_000
SHORT_LIMIT_CHARACTERS = 10_000
MODEL_LIMIT_CHARACTERS = 500
MOST_STEPS = 100_000

PositiveInt = Annotated[int, Meta(ge=1, le=2**31)]
Goal = Annotated[str, Meta(min_length=1, max_length=GOAL_LIMIT_CHARACTERS)]
ShortText = Annotated[str, Meta(max_length=SHORT_LIMIT_CHARACTERS)]


class WorkspaceMount(Record, frozen=True, kw_only=True, rename="camel"):
    """A folder of the person's that the agent sees at `guest_path` (absolute, or relative to its home)."""

    host_path: Annotated[str, Meta(min_length=1, max_length=4096)]
    guest_path: Annotated[str, Meta(min_length=1, max_length=4096)] = "work"
    read_only: bool = False


class SandboxConfig(Record, frozen=True, kw_only=True, rename="camel"):
    """How an agent is confined. `None` takes the setting's default.

    memory_limit_mb: megabytes (2**20 bytes). cpu_limit: cores. disk_limit_mb: size of home and /tmp together.
    gpu: whether it may use this machine's GPUs. graphical: whether it gets a desktop of its own for programs with windows.
    """

    type: SandboxType = "process"
    memory_limit_mb: Annotated[int, Meta(ge=16, le=1_048_576)] | None = field(default=None, name="memoryLimitMB")
    cpu_limit: Annotated[float, Meta(gt=0, le=1024)] | None = None
    disk_limit_mb: Annotated[int, Meta(ge=1, le=104_857_600)] | None = field(default=None, name="diskLimitMB")
    network_access: bool = False
    gpu: bool = False
    graphical: bool = False
    mounts: tuple[WorkspaceMount, ...] = ()


class AgentConfig(Record, frozen=True, kw_only=True, rename="camel"):
    """What a person asks for when deploying an agent.

    model: "provider/name", "heuristic", "scripted:<file>", or "" for the remembered choice.
    tools: the names allowed; None allows all. max_steps: None takes the default.
    token_budget / time_budget_s: reaching one pauses the agent and asks; None is no limit.
    """

    role: AgentRole
    goal: Goal
    model: Annotated[str, Meta(max_length=MODEL_LIMIT_CHARACTERS)] = ""
    name: Annotated[str, Meta(max_length=200)] = ""
    tools: tuple[str, ...] | None = None
    max_steps: Annotated[int, Meta(ge=1, le=MOST_STEPS)] | None = None
    token_budget: Annotated[int, Meta(ge=1)] | None = None
    time_budget_s: Annotated[float, Meta(gt=0)] | None = None
    approval: ApprovalMode = "ask"
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    sandbox: SandboxConfig = SandboxConfig()


class ProcessInfo(Record, frozen=True, kw_only=True, rename="camel"):
    """A process as people see it. Times are seconds since the epoch; `ended_at` is 0 while it lives."""

    pid: int
    ppid: int = 0
    uid: str
    owner_uid: str = ""
    name: str
    command: str
    state: ProcessState
    agent_phase: AgentPhase = "idle"
    cwd: str
    env: dict[str, str] = {}
    created_at: float
    ended_at: float = 0.0
    cpu_percent: float = 0.0
    memory_mb: float = field(default=0.0, name="memoryMB")
    children: int = 0
    tty_id: str = ""
    container_id: str = ""
    role: AgentRole = "Assistant"
    goal: str = ""
    model: str = ""
    step: int = 0
    max_steps: int = 0
    confinement: Confinement = "none"
    exit_code: int | None = None
    summary: str = ""
    interrupted: bool = False
    network_access: bool = False
    gpu: bool = False
    graphical: bool = False
    approval: ApprovalMode = "ask"
    input_tokens: int = 0
    output_tokens: int = 0


class ChildProcess(Record, frozen=True, kw_only=True, rename="camel"):
    """A real child of an agent, as the operating system's process table shows it."""

    pid: int
    ppid: int
    name: str
    command: str
    cpu_percent: float
    memory_mb: float = field(name="memoryMB")
    state: str


class Approval(Record, frozen=True, kw_only=True, rename="camel"):
    """Something an agent may not do before a person says so.

    action: one sentence. details: what exactly (`command`, `path`, `diff`, `url`, ...). risk: what it can harm, or "".
    always: what "always for this agent" would allow from then on, in words; "" where it cannot be said once for all.
    expires_at: when no answer becomes a rejection; 0 for never.
    """

    approval_id: str
    pid: int
    call_id: str
    tool: str
    kind: ApprovalKind
    action: str
    details: dict[str, str]
    risk: str = ""
    always: str = ""
    created_at: float
    expires_at: float = 0.0


class FileStat(Record, frozen=True, kw_only=True, rename="camel"):
    """A file or folder. size: bytes. mode: permission bits. Times are seconds since the epoch."""

    path: str
    name: str
    type: FileType
    size: int
    mode: int
    uid: str
    created_at: float
    modified_at: float
    is_hidden: bool


class FileRecord(Record, frozen=True, kw_only=True, rename="camel"):
    """A file that an agent wrote with a tool, as it was then. path: as the agent names it. size: bytes."""

    path: str
    owner_uid: str
    pid: int
    size: int
    modified_at: float


class SharedMountInfo(Record, frozen=True, kw_only=True, rename="camel"):
    """A shared workspace and who has mounted it."""

    name: str
    path: str
    owner_pid: int
    mounted_by: tuple[int, ...] = ()


class IPCMessage(Record, frozen=True, kw_only=True, rename="camel"):
    """A message between processes; `payload` is any JSON value of at most 1 MB."""

    id: str
    from_pid: int
    from_uid: str
    to_pid: int
    to_uid: str
    channel: str
    payload: Any
    timestamp: float
    delivered: bool = False


class ModelInfo(Record, frozen=True, kw_only=True, rename="camel"):
    """A model that can be chosen now. id: "provider/name"."""

    id: str
    provider: str
    name: str
    context_length: int | None = None
    capabilities: tuple[str, ...] = ()
    local: bool = True
    size_bytes: int | None = None


class ProviderInfo(Record, frozen=True, kw_only=True, rename="camel"):
    """A place that models come from: whether it answers, and what to do where it does not."""

    name: str
    kind: str
    base_url: str
    available: bool
    reason: str = ""
    remedy: str = ""
    model_count: int = 0


class LlmExchange(Record, frozen=True, kw_only=True, rename="camel"):
    """One call to a language model as it went over the wire, secrets removed, bodies bounded.

    input_tokens, output_tokens: what the server counted, 0 where it did not say.
    """

    id: str
    pid: int
    provider: str
    model: str
    url: str
    request_body: str
    response_body: str
    status: int
    started_at: float
    duration_s: float
    error: str = ""
    input_tokens: int = 0
    output_tokens: int = 0


class SystemCheck(Record, frozen=True, kw_only=True, rename="camel"):
    """One line of `aether doctor` and of the first-run page."""

    name: str
    ok: bool
    detail: str
    remedy: str = ""
    required: bool = False


class GpuInfo(Record, frozen=True, kw_only=True, rename="camel"):
    """A GPU of this machine. usable: whether agents may open it. Memory in MB (2**20 bytes); None where nobody says."""

    name: str
    usable: bool = True
    memory_used_mb: int | None = field(default=None, name="memoryUsedMB")
    memory_total_mb: int | None = field(default=None, name="memoryTotalMB")


class MetricsSample(Record, frozen=True, kw_only=True, rename="camel"):
    """The kernel's load at one moment. uptime: seconds. tokens_today: input and output together."""

    timestamp: float
    process_count: int
    cpu_percent: float
    memory_mb: float = field(name="memoryMB")
    uptime: float = 0.0
    tokens_today: int = 0
