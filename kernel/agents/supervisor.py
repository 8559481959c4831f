"""Runs agents: one task scope and one sandbox for each, ended together.

Implements the process manager's `Runner` and answers process.send. Whatever an agent does wrong ends that agent with a sentence and
never touches another.
"""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from kernel.agents.agent import Agent, Outcome
from kernel.agents.approvals import ApprovalDesk
from kernel.agents.gate import Gate
from kernel.agents.inbox import Inbox, Said, without
from kernel.agents.loop import run_agent
from kernel.agents.models import ModelChooser
from kernel.agents.repetition import RepetitionGuard
from kernel.agents.transcript import Transcript
from kernel.agents.workplace import Workplace, Workplaces
from kernel.bus import EventBus
from kernel.clock import Clock
from kernel.config import Config
from kernel.errors import AetherError, ConflictError, StorageError
from kernel.log import bound_pid, get_logger
from kernel.principal import Principal
from kernel.process.lifecycle import ALIVE
from kernel.process.manager import ProcessManager
from kernel.process.table import Entry
from kernel.protocol.agent import AgentNotice, AgentUserMessage
from kernel.protocol.base import Empty, JournalEvent
from kernel.protocol.ids import Confinement, Signal
from kernel.protocol.process import ProcessSend, ProcessUpdated
from kernel.protocol.records import AgentConfig, Approval
from kernel.store.journal import Journal
from kernel.store.repositories.transcripts import TranscriptRepository
from kernel.tasks import Scope
from kernel.tools.base import Peers
from kernel.tools.registry import ToolRegistry

TERMINATE_GRACE_S = 1.0
UNHEARD = "It was told something that it did not read any more: its run ended first."

_log = get_logger(__name__)


@dataclass(slots=True)
class _Run:
    """What lives while an agent runs. ended_by: the signal that ends it; ending: done when nothing of it is left."""

    scope: Scope
    gate: Gate
    inbox: Inbox
    workplace: Workplace
    ended_by: Signal | None = None
    ending: asyncio.Task[None] | None = None


class Supervisor:
    """The living agents, by pid."""

    def __init__(
        self,
        manager: ProcessManager,
        journal: Journal,
        transcripts: TranscriptRepository,
        bus: EventBus,
        clock: Clock,
        config: Callable[[], Config],
        desk: ApprovalDesk,
        models: ModelChooser,
        workplaces: Workplaces,
        peers: Peers,
        scope: Scope,
    ) -> None:
        self._manager = manager
        self._journal = journal
        self._transcripts = transcripts
        self._bus = bus
        self._clock = clock
        self._config = config
        self._desk = desk
        self._models = models
        self._workplaces = workplaces
        self._peers = peers
        self._scope = scope
        self._runs: dict[int, _Run] = {}

    async def check(self, config: AgentConfig) -> tuple[AgentConfig, Confinement]:
        """See `Runner.check`."""
        kept = await self._workplaces.check(config)
        return kept, (await self._workplaces.detected()).confinement

    def start(self, entry: Entry, *, resumed: bool) -> None:
        """See `Runner.start`."""
        pid = entry.info.pid
        gate = Gate(self._clock.monotonic)
        run = _Run(
            scope=self._scope.child(f"agent-{pid}"),
            gate=gate,
            inbox=Inbox(entry.run.queued),
            workplace=self._workplaces.of(entry, gate),
        )
        self._runs[pid] = run
        self._scope.spawn(self._supervise(entry, run, resumed), name=f"supervise-{pid}")

    async def stop(self, pid: int) -> None:
        """See `Runner.stop`."""
        run = self._runs.get(pid)
        if run is not None:
            if run.ended_by is not None:
                raise _ending(pid)
            run.gate.close()
            await run.workplace.freeze()

    async def proceed(self, pid: int) -> None:
        """See `Runner.proceed`."""
        run = self._runs.get(pid)
        if run is not None:
            if run.ended_by is not None:
                raise _ending(pid)
            await run.workplace.thaw()
            run.gate.open()

    async def end(self, pid: int, signal: Signal) -> Signal:
        """See `Runner.end`. SIGTERM and SIGINT give the agent's processes a moment; SIGKILL does not, and ends another's moment."""
        run = self._runs.get(pid)
        if run is None:
            return signal
        if run.ending is None:
            run.ended_by = signal
            run.inbox.close()
            grace_s = 0.0 if signal == "SIGKILL" else TERMINATE_GRACE_S
            run.ending = self._scope.spawn(self._end(pid, run, grace_s), name=f"end-{pid}", awaited=True)
        elif signal == "SIGKILL":
            run.ended_by = signal
            await run.workplace.end(0.0)
        await asyncio.shield(run.ending)
        return run.ended_by or signal

    async def _end(self, pid: int, run: _Run, grace_s: float) -> None:
        run.gate.close()
        await run.workplace.end(grace_s)
        await run.scope.close()
        await run.workplace.end(0.0)
        self._runs.pop(pid, None)

    async def deliver(self, pid: int, signal: Signal) -> None:
        """See `Runner.deliver`: the agent is told of it before its next step."""
        said = Said(_message_id(), f"[{signal} was sent to you]", "steer")
        await self._tell(pid, said, AgentNotice(pid=pid, kind="info", message=f"{signal} was sent to it."))

    def approvals(self, pid: int | None = None) -> tuple[Approval, ...]:
        """See `Runner.approvals`."""
        return self._desk.pending(pid)

    def workplace(self, pid: int) -> Workplace | None:
        """The sandbox and terminal of a living agent."""
        run = self._runs.get(pid)
        return run.workplace if run is not None and run.ended_by is None else None

    async def mounts_changed(self, pid: int, leaving: str = "") -> None:
        """A shared workspace was mounted for an agent, or the one named `leaving` is to be taken away. Raises ConflictError."""
        run = self._runs.get(pid)  # one that is being ended too: its commands may still write
        if run is not None:
            await run.workplace.refresh_shares(leaving)

    async def send(self, command: ProcessSend, principal: Principal) -> Empty:
        """process.send: queue, steer or interrupt. Raises ConflictError for a run that is over or ending."""
        pid = command.pid
        entry = self._manager.table.get(pid)
        if entry.info.state not in ALIVE:
            raise ConflictError(f"Process {pid} has ended; nobody would read this.", "Deploy a new agent with it as the goal.")
        said = Said(command.id or _message_id(), command.text, command.mode)
        event = AgentUserMessage(
            pid=pid,
            step=entry.info.step,
            message_id=said.message_id,
            text=command.text,
            mode=command.mode,
            from_uid=principal.uid,
        )
        await self._tell(pid, said, event)
        return Empty()

    async def _tell(self, pid: int, said: Said, event: JournalEvent) -> None:
        """Keep a message and show it with `event`, in one commit. Raises ConflictError for a run that is ending.

        An interruption aborts what runs at once, whenever its text can be recorded: with a full disk that may be much later.
        """
        entry = self._manager.table.get(pid)
        record = msgspec.structs.replace(entry.run, queued=(*entry.run.queued, tuple(said)))
        run = self._runs.get(pid)
        if run is None:
            if not entry.info.interrupted:
                raise _ending(pid)
            await self._manager.record(pid, event, run=record)
            return
        if run.inbox.closed:
            raise _ending(pid)

        asked = said.mode == "interrupt" and bool(self._desk.pending(pid))
        if asked:
            self._desk.release(pid)
        run.inbox.expect(said, abort=not asked)  # the loop cannot end before it is decided
        inbox = run.inbox

        def withdraw() -> None:
            inbox.withdraw(said)
            now = self._manager.table.find(pid)
            if now is not None:  # what was recorded meanwhile started from the record with it
                kept = msgspec.structs.replace(now.run, queued=without(now.run.queued, said))
                self._manager.table.change(Entry(now.info, now.config, kept))

        await self._manager.record(pid, event, run=record, committed=lambda: inbox.put(said), refused=withdraw)

    async def shutdown(self) -> None:
        """End all loops and sandboxes so that they can be taken up again: nothing is recorded as exited."""
        runs = tuple(self._runs.values())
        self._runs.clear()
        for run in runs:
            run.gate.close()
        await asyncio.gather(*(self._halt(run) for run in runs))

    async def _halt(self, run: _Run) -> None:
        """The loop is told first: the end of a command that Aether itself kills must not be recorded as the command's result."""
        await asyncio.gather(run.scope.close(), run.workplace.end(0.0))

    async def _supervise(self, entry: Entry, run: _Run, resumed: bool) -> None:
        pid = entry.info.pid
        if run.scope.closed:
            return  # it was ended before it began
        with bound_pid(pid):
            task = run.scope.spawn(self._run(entry, run, resumed), name="loop", awaited=True)
            await asyncio.wait((task,))
            if run.ended_by is not None or self._runs.get(pid) is not run:
                return  # it was ended by a signal, which finishes it itself, or by the kernel's end
            if (reason := _put_off_for(task)) is not None:
                await self._put_off(pid, run, reason)
                return
            run.inbox.close()
            self._peers.close(pid)
            try:
                await self._conclude(pid, run, task)
            except StorageError as error:
                await self._leave_unrecorded(pid, run, error)

    async def _conclude(self, pid: int, run: _Run, task: "asyncio.Task[Outcome]") -> None:
        """Record the end of a run that ended by itself. Raises StorageError."""
        outcome = await self._verdict(pid, task)
        if run.inbox.pending:
            await self._manager.record(pid, AgentNotice(pid=pid, kind="info", message=UNHEARD))
        self._runs.pop(pid, None)
        await run.workplace.end(0.0)
        await run.scope.close()
        await self._manager.finish(pid, code=outcome.code, summary=outcome.summary)

    async def _leave_unrecorded(self, pid: int, run: _Run, error: StorageError) -> None:
        """Nothing can be written any more: the run stands as it is in the store, and people are told what to mend."""
        self._runs.pop(pid, None)
        await run.workplace.end(0.0)
        await run.scope.close()
        self._bus.publish(AgentNotice(pid=pid, kind="error", message=error.message, hint=error.hint))
        self._manager.note(pid, state="stopped", interrupted=True)
        self._bus.publish(ProcessUpdated(pid=pid, info=self._manager.table.get(pid).info))

    async def _put_off(self, pid: int, run: _Run, reason: str) -> None:
        """A resumed run whose model is not there is no failed one: it waits to be resumed again."""
        await run.workplace.end(0.0)
        await run.scope.close()
        if run.ended_by is not None:
            return
        self._runs.pop(pid, None)
        model = self._manager.table.get(pid).info.model
        await self._manager.interrupt(
            pid, f"Its model {model} is not there now: {reason}", "Resume it when the model is there; what it has done is kept."
        )

    async def _verdict(self, pid: int, task: "asyncio.Task[Outcome]") -> Outcome:
        """How a loop ended by itself."""
        if task.cancelled():
            return Outcome(1, "The run was aborted.")
        error = task.exception()
        if error is None:
            return task.result()
        hint = error.hint if isinstance(error, AetherError) else "The log has the details; please report it."
        message = error.message if isinstance(error, AetherError) else f"Aether failed while it ran this agent: {error!r}."
        await self._manager.record(pid, AgentNotice(pid=pid, kind="error", message=message, hint=hint))
        return Outcome(1, f"{message} {hint}".strip())

    async def _run(self, entry: Entry, run: _Run, resumed: bool) -> Outcome:
        pid = entry.info.pid
        await self._workplaces.detected()
        await run.workplace.check_mounts()
        run.workplace.begin()
        try:
            model = await self._models.choose(entry.config, entry.info.model if resumed else "")
        except AetherError as error:
            if resumed:
                return Outcome(1, str(error), interrupted=True)
            raise
        await self._manager.set_phase(pid, "booting")
        await self._manager.record(
            pid, changes={"model": model.identity, "confinement": run.workplace.confinement}
        )
        self._bus.publish(ProcessUpdated(pid=pid, info=self._manager.table.get(pid).info))
        agent = Agent(
            pid=pid,
            config=entry.config,
            model=model,
            tools=ToolRegistry(allowed=entry.config.tools),
            transcript=Transcript(pid, self._transcripts),
            inbox=run.inbox,
            gate=run.gate,
            guard=RepetitionGuard(self._config().agents.repeat_limit),
            desk=self._desk,
            manager=self._manager,
            journal=self._journal,
            bus=self._bus,
            clock=self._clock,
            scope=run.scope,
            settings=self._config,
            make_context=run.workplace.context,
            confinement=lambda: run.workplace.confinement,
            surroundings=run.workplace.surroundings,
            peers=self._peers,
            choose_again=lambda: self._models.choose_again(entry.config),
        )
        return await run_agent(agent, resumed=resumed)


def _put_off_for(task: "asyncio.Task[Outcome]") -> str | None:
    """Why a loop that has ended is not over, None where it is."""
    if task.cancelled() or task.exception() is not None or not task.result().interrupted:
        return None
    return task.result().summary


def _ending(pid: int) -> ConflictError:
    return ConflictError(f"Process {pid} is ending; nobody would read this.", "Deploy a new agent with it as the goal.")


def _message_id() -> str:
    return f"say_{secrets.token_hex(6)}"
