"""Commands and events of processes: deploying, signalling, talking to and approving agents, and their past."""

from collections import Counter
from collections.abc import Iterable
from typing import Annotated, Final, Literal

from msgspec import Meta

from kernel.protocol.base import Command, Empty, Event, JournalEvent, ProcessEvent, Record
from kernel.protocol.ids import AgentPhase, ApprovalScope, MessageMode, ProcessState, Signal
from kernel.protocol.records import (
    MESSAGE_LIMIT_CHARACTERS,
    AgentConfig,
    Approval,
    ChildProcess,
    ProcessInfo,
    ShortText,
)

ENDED_BY_SIGNAL: Final = frozenset({130, 137, 143})
"""The exit codes of runs that SIGINT, SIGKILL or SIGTERM ended: somebody stopped them, they did not fail."""


class SpawnReply(Record, frozen=True, kw_only=True, rename="camel"):
    """Who was started."""

    pid: int
    tty_id: str


class ProcessSpawn(Command[SpawnReply], frozen=True, kw_only=True, rename="camel", tag="process.spawn"):
    """Deploy an agent. Answers when it is recorded and its home exists; the run goes on by itself."""

    config: AgentConfig


class ProcessSignal(Command[Empty], frozen=True, kw_only=True, rename="camel", tag="process.signal"):
    """Send a signal to an agent and everything that it runs."""

    pid: int
    signal: Signal


class RunCounts(Record, frozen=True, kw_only=True, rename="camel"):
    """How many runs have ended, by how: with 0, with an error, or by a signal (128 + n)."""

    completed: int = 0
    failed: int = 0
    stopped: int = 0

    def after(self, exit_code: int | None, runs: int = 1) -> "RunCounts":
        """The counts with `runs` more that ended with `exit_code`."""
        completed = exit_code == 0
        stopped = exit_code in ENDED_BY_SIGNAL
        return RunCounts(
            completed=self.completed + runs * completed,
            stopped=self.stopped + runs * stopped,
            failed=self.failed + runs * (not completed and not stopped),
        )

    def __add__(self, other: "RunCounts") -> "RunCounts":
        """The sum of both."""
        return RunCounts(
            completed=self.completed + other.completed, failed=self.failed + other.failed, stopped=self.stopped + other.stopped
        )

    @property
    def all(self) -> int:
        """How many ended in any way."""
        return self.completed + self.failed + self.stopped


Standing = Literal["working", "needs_you", "idle"]
"""What a living agent is counted as: at work, waiting for its person's answer, or standing still (paused, interrupted, waiting)."""


def standing_of(info: ProcessInfo, asks: bool) -> Standing:
    """How a living agent is counted, wherever agents are counted. asks: whether an approval of it waits for an answer."""
    if asks:
        return "needs_you"
    if info.interrupted or info.state == "stopped" or info.agent_phase == "waiting":
        return "idle"
    return "working"


class LivingCounts(Record, frozen=True, kw_only=True, rename="camel"):
    """How many living agents are at work, wait for their person, or stand still; those that have ended are in none of them."""

    working: int = 0
    needs_you: int = 0
    idle: int = 0


def count_living(processes: Iterable[ProcessInfo], approvals: Iterable[Approval]) -> LivingCounts:
    """Count what is listed; processes that have ended do not count."""
    asking = {approval.pid for approval in approvals}
    living = (info for info in processes if info.state not in ("zombie", "dead"))
    found = Counter(standing_of(info, info.pid in asking) for info in living)
    return LivingCounts(working=found["working"], needs_you=found["needs_you"], idle=found["idle"])


class ProcessListReply(Record, frozen=True, kw_only=True, rename="camel"):
    """The table, by rising pid, and what waits for an answer.

    living: the listed that have not ended, by how they stand. ended: all runs that are over, whether listed or not.
    """

    processes: tuple[ProcessInfo, ...]
    approvals: tuple[Approval, ...] = ()
    seq: int = 0
    living: LivingCounts = LivingCounts()
    ended: RunCounts = RunCounts()


class ProcessList(Command[ProcessListReply], frozen=True, kw_only=True, rename="camel", tag="process.list"):
    """The processes that are not dead. `seq` in the reply: later events have a greater one."""


class ProcessInfoReply(Record, frozen=True, kw_only=True, rename="camel"):
    """One process, what it was asked to do, and its real children."""

    info: ProcessInfo
    config: AgentConfig | None = None
    children: tuple[ChildProcess, ...] = ()
    approvals: tuple[Approval, ...] = ()


class ProcessInfoGet(Command[ProcessInfoReply], frozen=True, kw_only=True, rename="camel", tag="process.info"):
    """One process, dead ones included."""

    pid: int


class ProcessApprove(Command[Empty], frozen=True, kw_only=True, rename="camel", tag="process.approve"):
    """Let the waiting agent go on. approval_id "" means the one that it waits for."""

    pid: int
    approval_id: str = ""
    scope: ApprovalScope = "once"


class ProcessReject(Command[Empty], frozen=True, kw_only=True, rename="camel", tag="process.reject"):
    """Refuse what the agent waits for; the reason is told to its model."""

    pid: int
    approval_id: str = ""
    reason: ShortText = ""


class ProcessSend(Command[Empty], frozen=True, kw_only=True, rename="camel", tag="process.send"):
    """Tell an agent something.

    mode: queue = after its present work is done; steer = before its next step; interrupt = abort the running call now.
    """

    pid: int
    text: Annotated[str, Meta(min_length=1, max_length=MESSAGE_LIMIT_CHARACTERS)]
    mode: MessageMode = "steer"


class ProcessResume(Command[Empty], frozen=True, kw_only=True, rename="camel", tag="process.resume"):
    """Take up an interrupted run at its step."""

    pid: int


class ProcessListed(Event, frozen=True, kw_only=True, rename="camel", tag="process.list"):
    """The first word to a client after `kernel.ready`: what there is."""

    processes: tuple[ProcessInfo, ...]
    approvals: tuple[Approval, ...] = ()


class ProcessSpawned(ProcessEvent, frozen=True, kw_only=True, rename="camel", tag="process.spawned"):
    """A process exists: recorded, with a home."""

    info: ProcessInfo


class ProcessUpdated(ProcessEvent, frozen=True, kw_only=True, rename="camel", tag="process.updated"):
    """Something else about a process became known, such as the model that it was given."""

    info: ProcessInfo


class ProcessStateChanged(JournalEvent, frozen=True, kw_only=True, rename="camel", tag="process.stateChange"):
    """A process changed its state."""

    state: ProcessState
    agent_phase: AgentPhase


class ProcessExited(JournalEvent, frozen=True, kw_only=True, rename="camel", tag="process.exit"):
    """A run ended. code: 0 completed, 1 failed, 128+n by signal n."""

    code: int
    signal: Signal | None = None
    summary: str = ""


class ProcessReaped(ProcessEvent, frozen=True, kw_only=True, rename="camel", tag="process.reaped"):
    """A zombie left the table; its record and its log stay in the history."""


class ProcessUsage(ProcessEvent, frozen=True, kw_only=True, rename="camel", tag="process.usage"):
    """What a process and its children use now."""

    cpu_percent: float
    memory_mb: float
    children: int


class ProcessProgressed(ProcessEvent, frozen=True, kw_only=True, rename="camel", tag="agent.progress"):
    """A step began or ended. input_tokens/output_tokens: the run's sum so far."""

    step: int
    max_steps: int
    summary: str
    input_tokens: int = 0
    output_tokens: int = 0


class ApprovalRequired(JournalEvent, frozen=True, kw_only=True, rename="camel", tag="process.approval_required"):
    """An agent waits for a person."""

    action: str
    details: dict[str, str]
    approval: Approval


class ApprovalAnswered(JournalEvent, frozen=True, kw_only=True, rename="camel", tag="process.approval_answered"):
    """A waiting agent got its answer. by: a user's uid, "timeout", "policy" or "signal"."""

    approval_id: str
    call_id: str
    approved: bool
    scope: ApprovalScope = "once"
    reason: str = ""
    by: str = ""
