"""Commands and events of the kernel itself: status, metrics, models, settings, history, messages between processes."""

from typing import Annotated, Any

from msgspec import Meta, field

from kernel.protocol.base import Command, Empty, Event, JournalEvent, Record
from kernel.protocol.records import (
    MODEL_LIMIT_CHARACTERS,
    FileRecord,
    GpuInfo,
    IPCMessage,
    LlmExchange,
    MetricsSample,
    ModelInfo,
    ProcessInfo,
    ProviderInfo,
    SystemCheck,
)

PageSize = Annotated[int, Meta(ge=1, le=10_000)]


class KernelStatusReply(Record, frozen=True, kw_only=True, rename="camel"):
    """How the kernel is. version: Aether's. notices: what people should know of this start (a database set aside, ...).

    gpus: this machine's; their memory as it was last measured, at most a minute before, which asking again renews.
    cannot_save: why what agents do waits to be written just now, and what to do; empty while everything is saved.
    desktop_problem: why no agent can have a graphical desktop on this machine, and what to do; empty where they can.
    """

    version: str
    uptime: float
    metrics: MetricsSample
    root: str
    notices: tuple[str, ...] = ()
    checks: tuple[SystemCheck, ...] = ()
    gpus: tuple[GpuInfo, ...] = ()
    cannot_save: str = ""
    desktop_problem: str = ""


class KernelStatus(Command[KernelStatusReply], frozen=True, kw_only=True, rename="camel", tag="kernel.status"):
    """How the kernel is; with `checks`, what was found on this machine (sandbox, GPU, providers, ...)."""

    checks: bool = False


class KernelShutdown(Command[Empty], frozen=True, kw_only=True, rename="camel", tag="kernel.shutdown"):
    """End the kernel: agents are stopped so that they can be taken up again."""


class KernelShutdownRequested(Event, frozen=True, kw_only=True, rename="camel", tag="kernel.shutdownRequested"):
    """Somebody asked the kernel to end; who holds it does so."""


class DesktopRaise(Command[Empty], frozen=True, kw_only=True, rename="camel", tag="desktop.raise"):
    """Bring the window of the running instance to the front; answers an error where it has none."""


class DesktopRaiseRequested(Event, frozen=True, kw_only=True, rename="camel", tag="desktop.raiseRequested"):
    """Somebody started Aether a second time."""


class KernelReady(Event, frozen=True, kw_only=True, rename="camel", tag="kernel.ready"):
    """The kernel takes commands."""

    version: str
    uptime: float


class KernelMetrics(Event, frozen=True, kw_only=True, rename="camel", tag="kernel.metrics"):
    """The kernel's load, every 5 s.

    can_save: this sample could be written, the disk has room for what agents write, and nothing waits for room.
    """

    process_count: int
    cpu_percent: float
    memory_mb: float = field(name="memoryMB")
    uptime: float = 0.0
    tokens_today: int = 0
    can_save: bool = True


class ResponseOk(Event, frozen=True, kw_only=True, rename="camel", tag="response.ok"):
    """A command was carried out; `id` is the command's."""

    id: str
    data: Any = None


class ResponseError(Event, frozen=True, kw_only=True, rename="camel", tag="response.error"):
    """A command was not carried out. error: what happened. hint: what to do. code: for programs."""

    id: str
    error: str
    code: str = "error"
    hint: str = ""


class HistoryProcessesReply(Record, frozen=True, kw_only=True, rename="camel"):
    """A page of runs, newest first. total: how many match in all."""

    processes: tuple[ProcessInfo, ...]
    total: int


class HistoryProcesses(
    Command[HistoryProcessesReply], frozen=True, kw_only=True, rename="camel", tag="history.processes"
):
    """Runs, past and present. before_pid 0: from the newest. query: words of the goal, role or model."""

    before_pid: int = 0
    limit: PageSize = 50
    query: Annotated[str, Meta(max_length=500)] = ""


class HistoryLogsReply(Record, frozen=True, kw_only=True, rename="camel"):
    """A page of an agent's journal by rising `log_id`, as encoded events. total: how many entries the whole run has.

    first_index: how many older entries exist before the first one of this page. A page that reaches the end has also the words that
    stream or were cut off (`agent.thinkingChunk`), put together where they began; they are no entries and count nowhere.
    """

    events: tuple[dict[str, Any], ...]
    total: int
    first_index: int


class HistoryLogs(Command[HistoryLogsReply], frozen=True, kw_only=True, rename="camel", tag="history.logs"):
    """An agent's journal. Default: the newest `limit`. before_log_id: older ones. index: from that position (0-based)."""

    pid: int
    before_log_id: int = 0
    index: int | None = None
    limit: PageSize = 200


class HistoryFilesReply(Record, frozen=True, kw_only=True, rename="camel"):
    """Files that agents wrote, the newest first."""

    files: tuple[FileRecord, ...]


class HistoryFiles(Command[HistoryFilesReply], frozen=True, kw_only=True, rename="camel", tag="history.files"):
    """What agents wrote with their tools. owner: of one agent's uid (`agent_7`) only."""

    owner: Annotated[str, Meta(max_length=200)] = ""
    limit: PageSize = 100


class HistoryMetricsReply(Record, frozen=True, kw_only=True, rename="camel"):
    """Samples by rising time."""

    samples: tuple[MetricsSample, ...]


class HistoryMetrics(Command[HistoryMetricsReply], frozen=True, kw_only=True, rename="camel", tag="history.metrics"):
    """The kernel's load since `since` (seconds since the epoch)."""

    since: float = 0.0
    limit: PageSize = 1000


class LlmListReply(Record, frozen=True, kw_only=True, rename="camel"):
    """Models and where they come from. chosen: the remembered choice. recommended: what to pull where none is there."""

    models: tuple[ModelInfo, ...]
    providers: tuple[ProviderInfo, ...]
    chosen: str = ""
    recommended: str = ""


class LlmList(Command[LlmListReply], frozen=True, kw_only=True, rename="camel", tag="llm.list"):
    """The models that answer now. refresh: look again."""

    refresh: bool = False


class LlmChoose(Command[Empty], frozen=True, kw_only=True, rename="camel", tag="llm.choose"):
    """Remember a model for new agents; "" forgets the choice."""

    model: Annotated[str, Meta(max_length=MODEL_LIMIT_CHARACTERS)]


class LlmPull(Command[Empty], frozen=True, kw_only=True, rename="camel", tag="llm.pull"):
    """Fetch a model with Ollama; progress comes as `llm.pullProgress`."""

    model: Annotated[str, Meta(min_length=1, max_length=200)]


class LlmPullCancel(Command[Empty], frozen=True, kw_only=True, rename="camel", tag="llm.pullCancel"):
    """Stop fetching a model."""

    model: Annotated[str, Meta(min_length=1, max_length=200)]


class LlmExchangesReply(Record, frozen=True, kw_only=True, rename="camel"):
    """The last calls since the kernel's start, oldest first; they are kept in memory, at most 32 MB of them.

    forgotten: how many older ones gave way.
    """

    exchanges: tuple[LlmExchange, ...]
    forgotten: int = 0


class LlmExchanges(Command[LlmExchangesReply], frozen=True, kw_only=True, rename="camel", tag="llm.exchanges"):
    """The last calls to language models. pid 0: of all agents."""

    pid: int = 0


class LlmExchanged(Event, frozen=True, kw_only=True, rename="camel", tag="llm.exchanged"):
    """A call to a language model ended."""

    exchange: LlmExchange


class LlmPullProgress(Event, frozen=True, kw_only=True, rename="camel", tag="llm.pullProgress"):
    """How far a model is fetched. completed/total in bytes; done with `error` "" means it is there."""

    model: str
    status: str
    completed: int = 0
    total: int = 0
    done: bool = False
    error: str = ""


class LlmChanged(Event, frozen=True, kw_only=True, rename="camel", tag="llm.changed"):
    """The list of models or the choice changed."""

    chosen: str = ""


class SettingsReply(Record, frozen=True, kw_only=True, rename="camel"):
    """The settings by dotted name, as they are in force."""

    values: dict[str, Any]


class SettingsGet(Command[SettingsReply], frozen=True, kw_only=True, rename="camel", tag="settings.get"):
    """All settings."""


class SettingsSet(Command[SettingsReply], frozen=True, kw_only=True, rename="camel", tag="settings.set"):
    """Change one setting and keep it."""

    name: Annotated[str, Meta(max_length=200)]
    value: Any


class SettingsChanged(Event, frozen=True, kw_only=True, rename="camel", tag="settings.changed"):
    """A setting was changed and kept. value: the one in force. Only for those who may read the settings."""

    name: str
    value: Any


class IpcSendReply(Record, frozen=True, kw_only=True, rename="camel"):
    """The message's id."""

    message_id: str


class IpcSend(Command[IpcSendReply], frozen=True, kw_only=True, rename="camel", tag="ipc.send"):
    """Put a message into a process's queue."""

    from_pid: int
    to_pid: int
    channel: Annotated[str, Meta(max_length=200)] = "default"
    payload: Any = None


class AgentCard(Record, frozen=True, kw_only=True, rename="camel"):
    """An agent as other agents see it."""

    pid: int
    uid: str
    role: str
    state: str
    phase: str


class IpcListAgentsReply(Record, frozen=True, kw_only=True, rename="camel"):
    """The living agents."""

    agents: tuple[AgentCard, ...]


class IpcListAgents(Command[IpcListAgentsReply], frozen=True, kw_only=True, rename="camel", tag="ipc.list_agents"):
    """The living agents."""


class IpcMessageSent(JournalEvent, frozen=True, kw_only=True, rename="camel", tag="ipc.message"):
    """A message entered a queue; `pid` is the receiver."""

    message: IPCMessage


class IpcDelivered(JournalEvent, frozen=True, kw_only=True, rename="camel", tag="ipc.delivered"):
    """A process took a message from its queue."""

    message_id: str
    to_pid: int
