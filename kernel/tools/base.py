"""The contract between the agent loop and a tool.

A `Tool` has a name, documented arguments, a preview (what exactly would happen, for approval and display) and `run`. A tool reaches
the world only through the `ToolContext` that it is given; it never sees the kernel.
"""

from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, Protocol, TypeVar

import msgspec

from kernel.errors import InvalidArgumentError
from kernel.protocol.base import JournalEvent
from kernel.protocol.ids import ApprovalKind
from kernel.protocol.records import IPCMessage, SharedMountInfo
from kernel.protocol.system import AgentCard
from kernel.store.journal import Receipt
from kernel.tools.comparison import Comparisons
from kernel.vfs.agent_files import AgentFiles

Risk = Literal["none", "low", "high"]
RESULT_CHARACTERS = 30_000
ArgsT = TypeVar("ArgsT", bound="Arguments")


class Arguments(msgspec.Struct, frozen=True, kw_only=True):
    """Base of every tool's arguments; field names are the JSON schema's, `Meta(description=...)` documents them."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What a call would do, before it does it.

    title: one line for people. risk: `none` never asks, `low` asks in mode `ask` only, `high` asks in every mode but `yes`.
    details: exactly what (`command`, `path`, `diff`, `url`, ...). harm: what it can harm, or "".
    rule: the pattern that "always for this agent" would allow; "" where it cannot be said once for all. always: it in words.
    own_files: it touches nothing but the agent's own home.
    state: a fingerprint of what the call would change, as it is now; an approval holds only while it is the same. "" where that is nothing.
    needs_person: it goes beyond what the agent was given, so that only a person's word allows it: mode `yes` does not.
    """

    title: str
    kind: ApprovalKind = "command"
    risk: Risk = "none"
    details: Mapping[str, str] = field(default_factory=dict)
    harm: str = ""
    rule: str = ""
    always: str = ""
    own_files: bool = False
    state: str = ""
    needs_person: bool = False


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What came of a call. text: for the model. details: for people. completed: the run's summary when the run is over.

    receipt: asked when the result is recorded, for what is to be recorded in the same commit; a result that is never recorded asks it not.
    """

    text: str
    ok: bool = True
    exit_code: int | None = None
    details: Mapping[str, str] = field(default_factory=dict)
    completed: str | None = None
    receipt: Callable[[], Receipt] | None = None


@dataclass(frozen=True, slots=True)
class CommandOutcome:
    """How a command ended. output: merged stdout and stderr, cut in the middle when long."""

    output: str
    exit_code: int
    timed_out: bool = False
    note: str = ""
    duration_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Page:
    """A fetched page as text."""

    url: str
    status: int
    title: str
    text: str


class CommandRunner(Protocol):
    """Runs commands in the agent's sandbox and shows them in its terminal."""

    async def run(self, command: str, *, cwd: str, timeout_s: float) -> CommandOutcome:
        """Run a shell command to its end or deadline."""
        ...


class PageFetcher(Protocol):
    """Fetches pages for agents."""

    async def fetch(self, url: str) -> Page:
        """GET a page and extract its text. Raises AetherError."""
        ...


class Allowance(Protocol):
    """An agent's disk quota."""

    async def require(self, size: int) -> None:
        """Raise LimitReachedError where `size` more bytes are too many."""
        ...


class Peers(Protocol):
    """The other agents."""

    def list_agents(self, except_pid: int) -> tuple[AgentCard, ...]:
        """The living ones."""
        ...

    async def send(self, from_pid: int, to_pid: int, channel: str, payload: Any) -> str:
        """Put a message into a queue; returns its id."""
        ...

    def waiting(self, pid: int) -> tuple[IPCMessage, ...]:
        """The messages that were not read, oldest first; they stay."""
        ...

    def read(self, pid: int, messages: tuple[IPCMessage, ...]) -> Receipt:
        """Take messages out of the queue; the receipt marks them delivered."""
        ...

    async def settled(self, pid: int) -> None:
        """Wait until no message to a process is being recorded."""
        ...

    def close(self, pid: int) -> None:
        """Take no more messages for a process whose run is over."""
        ...


class Workspaces(Protocol):
    """Shared workspaces."""

    async def create(self, name: str, owner_pid: int) -> SharedMountInfo:
        """Make one."""
        ...

    async def mount(self, pid: int, name: str, mount_point: str = "") -> SharedMountInfo:
        """Mount one."""
        ...

    async def list(self) -> tuple[SharedMountInfo, ...]:
        """List all."""
        ...


@dataclass(frozen=True, slots=True)
class ToolContext:
    """What a tool may use, for one call of one agent.

    to_the_end: gives the result of a piece of work, which goes on to its end although whoever awaits it is interrupted.
    comparisons: of the call, kept from its preview to its run. allowance: asked before the kernel writes in the agent's own folders.
    """

    pid: int
    step: int
    files: AgentFiles
    commands: CommandRunner
    pages: PageFetcher
    peers: Peers
    workspaces: Workspaces
    emit: Callable[[JournalEvent], Awaitable[None]]
    to_the_end: Callable[[Coroutine[Any, Any, bool]], Awaitable[bool]]
    comparisons: Comparisons
    command_timeout_s: float
    network_access: bool
    allowance: Allowance | None = None


class Tool(Protocol):
    """One tool."""

    NAME: ClassVar[str]
    DESCRIPTION: ClassVar[str]
    ARGUMENTS: ClassVar[type[Arguments]]

    async def preview(self, arguments: Any, context: ToolContext) -> Preview:
        """What the call would do."""
        ...

    async def run(self, arguments: Any, context: ToolContext) -> ToolResult:
        """Do it. Raises AetherError; its sentence goes to the model."""
        ...


def schema_of(arguments: type[Arguments]) -> dict[str, Any]:
    """The JSON schema of a tool's arguments, without references."""
    (schema,), components = msgspec.json.schema_components([arguments])
    body = dict(components[arguments.__name__]) if "$ref" in schema else dict(schema)
    body.pop("title", None)
    body.pop("description", None)
    return body


def parse_arguments(tool: Tool, raw: Mapping[str, Any]) -> Arguments:
    """The model's arguments as the tool's struct. Raises InvalidArgumentError with the fields that it has."""
    try:
        parsed: Arguments = msgspec.convert(dict(raw), tool.ARGUMENTS, strict=False)
    except (msgspec.ValidationError, TypeError) as error:
        fields = ", ".join(field.name for field in msgspec.structs.fields(tool.ARGUMENTS))
        raise InvalidArgumentError(f"{tool.NAME}: {error}.", f"Its arguments are: {fields or 'none'}.") from error
    return parsed


def cut_middle(text: str, limit: int) -> str:
    """The beginning and the end of a text of more than ``limit`` characters, at ends of lines where there are some near.

    A line between them says how much is left out. It comes on top of the limit, so what is no longer than that line stays.
    """
    head = limit * 2 // 3
    tail = limit - head
    if len(text) - limit <= len(_gap(len(text) - limit)):
        return text
    first, last = text[:head], text[-tail:]
    first = first[: at] if (at := first.rfind("\n", head * 3 // 4)) > 0 else first
    last = last[at + 1 :] if 0 <= (at := last.find("\n")) < tail // 4 else last
    return f"{first}{_gap(len(text) - len(first) - len(last))}{last}"


def _gap(left_out: int) -> str:
    return f"\n[... {left_out:,} characters left out ...]\n"
