"""One agent as its loop sees it: its record, its model, its tools, and the pieces that it shares with the supervisor.

Made by the supervisor for each run; holds no logic beyond shortcuts to the process manager.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from kernel.agents.approvals import ApprovalDesk
from kernel.agents.gate import Gate
from kernel.agents.inbox import Inbox
from kernel.agents.prompt import Surroundings
from kernel.agents.repetition import RepetitionGuard
from kernel.agents.transcript import Transcript
from kernel.bus import EventBus
from kernel.clock import Clock
from kernel.config import Config
from kernel.process.manager import ProcessManager
from kernel.protocol.base import JournalEvent
from kernel.protocol.ids import AgentPhase, Confinement
from kernel.protocol.records import AgentConfig, ProcessInfo
from kernel.providers.base import Honest, Provider, Sampling
from kernel.store.connection import Statement
from kernel.store.journal import Journal
from kernel.store.repositories.processes import RunRecord
from kernel.tasks import Scope
from kernel.tools.base import Peers, ToolContext
from kernel.tools.registry import ToolRegistry


@dataclass(frozen=True, slots=True)
class Model:
    """The model of a run. context_tokens: how much it can be told. chosen_for_it: nobody named it, it was the best that answered."""

    identity: str
    name: str
    provider: Provider
    sampling: Sampling
    context_tokens: int
    chosen_for_it: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended by itself. code: 0 completed, 1 failed. interrupted: it is not over, its model is not there; it can be resumed."""

    code: int
    summary: str
    interrupted: bool = False


@dataclass(slots=True)
class Agent:
    """The collaborators of one run. mail_told_of: the newest message of another agent that it was told of before it ended.

    told_of_goal: whether it was said that its goal is too long for its model.
    choose_again: asks all servers anew for the model of a run for which one was chosen. Raises AetherError.
    """

    pid: int
    config: AgentConfig
    model: Model
    tools: ToolRegistry
    transcript: Transcript
    inbox: Inbox
    gate: Gate
    guard: RepetitionGuard
    desk: ApprovalDesk
    manager: ProcessManager
    journal: Journal
    bus: EventBus
    clock: Clock
    scope: Scope
    settings: Callable[[], Config]
    make_context: Callable[[int], ToolContext]
    confinement: Callable[[], Confinement]
    surroundings: Callable[[], Awaitable[Surroundings]]
    peers: Peers
    choose_again: Callable[[], Awaitable[Model]]
    mail_told_of: str = ""
    told_of_goal: bool = False

    @property
    def info(self) -> ProcessInfo:
        """The process as it is in the table now."""
        return self.manager.table.get(self.pid).info

    @property
    def run(self) -> RunRecord:
        """The run's record as it is in the table now."""
        return self.manager.table.get(self.pid).run

    async def record(
        self,
        *events: JournalEvent,
        run: RunRecord | None = None,
        also: tuple[Statement, ...] = (),
        drop_chunks_of_step: int | None = None,
    ) -> None:
        """Write events, then show them."""
        await self.manager.record(self.pid, *events, run=run, also=also, drop_chunks_of_step=drop_chunks_of_step)

    async def to_the_end(self, recording: Coroutine[Any, Any, None]) -> None:
        """Carry out what brings the journal into line with the transcript, also where this is aborted while it waits for room."""
        if self.scope.closed:
            recording.close()
            raise asyncio.CancelledError
        await asyncio.shield(self.scope.spawn(recording, name="record", awaited=True))

    def shortfall(self) -> str:
        """Why a run that ended now would have failed although its model ends it; "" where it would count as completed."""
        provider = self.model.provider
        return provider.shortfall(self.transcript.messages) if isinstance(provider, Honest) else ""

    def close_to_messages(self) -> None:
        """The run is over: nobody's message is taken any more."""
        self.inbox.close()
        self.peers.close(self.pid)

    async def enter(self, phase: AgentPhase, *events: JournalEvent, run: RunRecord | None = None) -> None:
        """Enter a phase."""
        await self.manager.set_phase(self.pid, phase, *events, run=run)
