"""Processes from spawn to reap: the only writer of the process table.

Answers process.spawn/list/info/signal/resume; what an agent's loop does is written through `record`, so that the table, the row in the
store and the journal change in one commit before anybody sees it. The running itself is a `Runner`'s, handed in by bootstrap.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import msgspec

from kernel.bus import EventBus
from kernel.clock import Clock
from kernel.config import Config
from kernel.errors import AetherError, ConflictError, DiskFullError, InvalidArgumentError, NotFoundError
from kernel.principal import Principal
from kernel.process import lifecycle
from kernel.process.table import Entry, ProcessTable
from kernel.protocol.agent import AgentNotice, AgentPaused, AgentPhaseChanged, AgentResumed
from kernel.protocol.base import Empty, JournalEvent
from kernel.protocol.ids import AgentPhase, Confinement, Signal
from kernel.protocol.process import (
    ProcessExited,
    ProcessList,
    ProcessListReply,
    ProcessReaped,
    ProcessResume,
    ProcessSignal,
    ProcessSpawn,
    ProcessSpawned,
    ProcessStateChanged,
    ProcessUpdated,
    RunCounts,
    SpawnReply,
    count_living,
)
from kernel.protocol.records import AgentConfig, Approval, ProcessInfo
from kernel.store.connection import Statement
from kernel.store.journal import DROP_CHUNKS, Journal
from kernel.store.repositories.processes import ProcessRepository, RunRecord
from kernel.tasks import Scope
from kernel.vfs.homes import Home, Homes

ENV_GOAL_CHARACTERS = 4_000


class Runner(Protocol):
    """Runs agents; the supervisor in `kernel.agents`."""

    async def check(self, config: AgentConfig) -> tuple[AgentConfig, Confinement]:
        """Whether it could be run at all: the config to keep, and how it would be confined. Raises AetherError with the reason."""
        ...

    def start(self, entry: Entry, *, resumed: bool) -> None:
        """Begin or take up a run."""
        ...

    async def stop(self, pid: int) -> None:
        """Freeze the loop and every process of the agent."""
        ...

    async def proceed(self, pid: int) -> None:
        """Undo `stop`."""
        ...

    async def end(self, pid: int, signal: Signal) -> Signal:
        """End the loop and every process; returns when none is left, with the signal that ended it."""
        ...

    async def deliver(self, pid: int, signal: Signal) -> None:
        """Hand SIGUSR1 or SIGUSR2 to the agent."""
        ...

    def approvals(self, pid: int | None = None) -> tuple[Approval, ...]:
        """What waits for a person."""
        ...


class ProcessManager:
    """Owns the process table.

    config: the settings in force now. runner is set once by bootstrap, since the runner needs the manager too.
    """

    def __init__(
        self,
        table: ProcessTable,
        repository: ProcessRepository,
        journal: Journal,
        bus: EventBus,
        clock: Clock,
        homes: Homes,
        config: Callable[[], Config],
        scope: Scope,
    ) -> None:
        self._table = table
        self._repository = repository
        self._journal = journal
        self._bus = bus
        self._clock = clock
        self._homes = homes
        self._config = config
        self._scope = scope
        self._runner: Runner | None = None
        self._dead: dict[str, RunCounts] = {}
        self._holding: dict[int, asyncio.Lock] = {}  # held while a process is stopped or goes on

    @property
    def runner(self) -> Runner:
        """Who runs agents."""
        assert self._runner is not None, "bootstrap sets the runner"
        return self._runner

    @runner.setter
    def runner(self, runner: Runner) -> None:
        self._runner = runner

    @property
    def table(self) -> ProcessTable:
        """The table, to read."""
        return self._table

    async def open(self) -> tuple[int, ...]:
        """Take up what an earlier kernel left; returns the interrupted pids.

        Zombies become dead; what ran becomes stopped and interrupted, until somebody resumes or ends it.
        """
        # A home may be older than the database (a damaged one was set aside): its pid is not given out again.
        oldest_free = await asyncio.to_thread(self._homes.highest_pid) + 1
        self._table.start_at(max(await self._repository.next_pid(), oldest_free))
        interrupted: list[int] = []
        for stored in await self._repository.not_dead():
            info = stored.info
            if info.state == "zombie":
                dead = msgspec.structs.replace(info, state="dead", cpu_percent=0.0, memory_mb=0.0)
                await self._journal.record(also=(self._repository.save_state(dead, stored.run),))
                continue
            halted = msgspec.structs.replace(
                info, state="stopped", interrupted=True, cpu_percent=0.0, memory_mb=0.0, children=0
            )
            self._table.put(Entry(halted, stored.config, stored.run))
            notice = () if info.interrupted else (_interruption(info),)
            await self._journal.record(*notice, also=(self._repository.save_state(halted, stored.run),))
            interrupted.append(info.pid)
        for owner, exit_code, runs in await self._repository.count_dead():
            self._dead[owner] = self._dead.get(owner, RunCounts()).after(exit_code, runs)
        return tuple(interrupted)

    async def spawn(self, command: ProcessSpawn, principal: Principal) -> SpawnReply:
        """process.spawn: pid, record, home, terminal, loop, in that order."""
        config, confinement = await self.runner.check(command.config)
        pid = self._table.allocate()
        home = self._homes.of(pid)
        info = self._new_info(pid, home, config, principal, confinement)
        settings = self._config().agents
        run = RunRecord(
            thought_step=0,
            token_budget=config.token_budget or settings.token_budget or None,
            time_budget_s=config.time_budget_s or settings.time_budget_s or None,
            max_steps=info.max_steps,
        )
        entry = Entry(info, config, run)
        self._table.change(entry)
        try:
            await asyncio.to_thread(self._homes.create, pid)
            await self._record_new(pid, self._repository.save(info, config, run))
        except BaseException:
            self._table.remove(pid)
            raise
        self._table.show(entry)
        self._bus.publish(ProcessSpawned(pid=pid, info=info))
        self.runner.start(entry, resumed=False)
        return SpawnReply(pid=pid, tty_id=info.tty_id)

    async def list(self, command: ProcessList, principal: Principal) -> ProcessListReply:
        """process.list."""
        visible = [entry.info for entry in self._table if principal.may_see(entry.info.owner_uid)]
        pids = {info.pid for info in visible}
        waiting = tuple(approval for approval in self.runner.approvals() if approval.pid in pids)
        return ProcessListReply(
            processes=tuple(visible),
            approvals=waiting,
            seq=self._bus.last_seq,
            living=count_living(visible, waiting),
            ended=self._ended(visible, principal),
        )

    async def signal(self, command: ProcessSignal, principal: Principal) -> Empty:
        """process.signal. Stopping and continuing wait for each other, and each is judged by the state that it finds then."""
        if command.signal in lifecycle.HOLDING:
            async with self._holding_of(command.pid):
                await self._carry_out(command, principal)
        else:
            await self._carry_out(command, principal)
        return Empty()

    async def _carry_out(self, command: ProcessSignal, principal: Principal) -> None:
        entry = self._living(command.pid)
        effect = lifecycle.effect_of(command.signal, entry.info.state)
        if effect in ("terminate", "kill"):
            await self.end(command.pid, command.signal)
        elif effect == "stop":
            await self.stop(command.pid, reason=f"{command.signal} from {principal.uid}")
        elif effect == "continue":
            await self.proceed(command.pid)
        elif effect == "deliver":
            await self.runner.deliver(command.pid, command.signal)

    async def resume(self, command: ProcessResume, principal: Principal) -> Empty:
        """process.resume."""
        async with self._holding_of(command.pid):
            entry = self._living(command.pid)
            if not entry.info.interrupted:
                raise ConflictError(f"Process {command.pid} was not interrupted.", "Paused agents go on with SIGCONT.")
            await self.proceed(command.pid)
        return Empty()

    async def stop(self, pid: int, *, reason: str = "") -> None:
        """SIGSTOP: the loop and every process stand still."""
        await self.runner.stop(pid)
        info = self._living(pid).info
        changed = ProcessStateChanged(pid=pid, step=info.step, state="stopped", agent_phase=info.agent_phase)
        try:
            await self.record(pid, changed, AgentPaused(pid=pid, step=info.step, reason=reason), state="stopped")
        except AetherError:  # nobody could let go on what stands still and is not called stopped
            await self.runner.proceed(pid)
            raise

    async def proceed(self, pid: int) -> None:
        """SIGCONT: go on at the same step; an interrupted run is taken up."""
        entry = self._table.get(pid)
        was_interrupted = entry.info.interrupted
        state = "running" if was_interrupted else lifecycle.state_for(entry.info.agent_phase)
        changed = ProcessStateChanged(pid=pid, step=entry.info.step, state=state, agent_phase=entry.info.agent_phase)
        resumed = AgentResumed(pid=pid, step=entry.info.step)
        await self.record(pid, changed, resumed, state=state, changes={"interrupted": False})
        if was_interrupted:
            self.runner.start(self._table.get(pid), resumed=True)
        else:
            await self.runner.proceed(pid)

    async def interrupt(self, pid: int, message: str, hint: str) -> None:
        """A run cannot go on now: it stands where it is until somebody resumes or ends it."""
        info = self._table.get(pid).info
        notice = AgentNotice(pid=pid, step=info.step, kind="interrupted", message=message, hint=hint)
        changed = ProcessStateChanged(pid=pid, step=info.step, state="stopped", agent_phase=info.agent_phase)
        await self.record(pid, changed, notice, state="stopped", changes={"interrupted": True})
        self._bus.publish(ProcessUpdated(pid=pid, info=self._table.get(pid).info))

    async def end(self, pid: int, signal: Signal) -> None:
        """End a run by a signal: nothing of it is left when this returns."""
        ended_by = await self.runner.end(pid, signal)
        await self.finish(pid, code=lifecycle.exit_code_of(ended_by), signal=ended_by, summary=f"Ended by {ended_by}.")

    async def finish(self, pid: int, *, code: int, signal: Signal | None = None, summary: str = "") -> None:
        """Record the end of a run, once; it is reaped a moment later."""
        entry = self._table.find(pid)
        if entry is None or entry.info.state not in lifecycle.ALIVE:
            return
        phase: AgentPhase = "completed" if code == 0 else "failed"
        step = entry.info.step
        await self.record(
            pid,
            AgentPhaseChanged(pid=pid, step=step, phase=phase),
            ProcessStateChanged(pid=pid, step=step, state="zombie", agent_phase=phase),
            ProcessExited(pid=pid, step=step, code=code, signal=signal, summary=summary),
            state="zombie",
            changes={
                "agent_phase": phase,
                "exit_code": code,
                "summary": summary,
                "ended_at": self._clock.now(),
                "interrupted": False,
            },
        )
        delay = lifecycle.REAP_AFTER_SIGNAL_S if signal else lifecycle.REAP_AFTER_EXIT_S
        self._scope.spawn(self._reap_later(pid, delay), name=f"reap-{pid}")

    async def set_phase(self, pid: int, phase: AgentPhase, *events: JournalEvent, run: RunRecord | None = None) -> None:
        """Enter a phase (and the state that goes with it), together with `events`."""
        info = self._table.get(pid).info
        step = run.step if run is not None else info.step
        state = info.state if info.state == "stopped" else lifecycle.state_for(phase)
        changes: list[JournalEvent] = []
        if phase != info.agent_phase:
            changes.append(AgentPhaseChanged(pid=pid, step=step, phase=phase))
        if state != info.state:
            changes.append(ProcessStateChanged(pid=pid, step=step, state=state, agent_phase=phase))
        await self.record(pid, *changes, *events, state=state, changes={"agent_phase": phase}, run=run)

    async def record(
        self,
        pid: int,
        *events: JournalEvent,
        state: str | None = None,
        changes: dict[str, Any] | None = None,
        run: RunRecord | None = None,
        also: tuple[Statement, ...] = (),
        drop_chunks_of_step: int | None = None,
        committed: Callable[[], None] = lambda: None,
        refused: Callable[[], None] = lambda: None,
    ) -> None:
        """Change the row and write the events in one commit; then show the change in the table and publish the events.

        Changes that come meanwhile start from this one. Raises StorageError where it cannot be written; nothing has changed then.
        state: a new state (checked). changes: other fields of the ProcessInfo. run: the loop's own record. committed: called when it is
        in the store, before the events are seen; refused: called instead where it never will be. See `Journal.record`.
        """
        entry = self._table.get(pid)
        updates = dict(changes or {})
        if state is not None:
            updates["state"] = lifecycle.advance(entry.info.state, state)  # type: ignore[arg-type]  # checked by advance
        if run is not None:
            updates.update(step=run.step, input_tokens=run.input_tokens, output_tokens=run.output_tokens)
            updates["max_steps"] = run.max_steps
        info = msgspec.structs.replace(entry.info, **updates) if updates else entry.info
        changed = Entry(info, entry.config, run or entry.run)
        statements = [*also]
        if drop_chunks_of_step is not None:
            statements.append(Statement(DROP_CHUNKS, (pid, drop_chunks_of_step)))
        if changed != entry:
            statements.append(self._repository.save_state(info, changed.run))

        def show() -> None:
            self._table.show(changed)
            committed()

        def take_back() -> None:
            self._table.take_back(changed, entry)
            refused()

        self._table.change(changed)
        await self._journal.record(*events, also=statements, committed=show, refused=take_back)

    def note(self, pid: int, **changes: Any) -> None:
        """Change fields that need not last (CPU, memory)."""
        for entry, put in ((self._table.recorded(pid), self._table.show), (self._table.find(pid), self._table.change)):
            if entry is not None:
                info = msgspec.structs.replace(entry.info, **changes)
                put(Entry(info, entry.config, entry.run))

    def owner_of(self, pid: int) -> str | None:
        """The user that owns a process in the table."""
        entry = self._table.find(pid)
        return entry.info.owner_uid if entry is not None else None

    async def reap(self, pid: int) -> None:
        """Take a zombie out of the table; its record stays in the history."""
        entry = self._table.find(pid)
        if entry is None or entry.info.state != "zombie":
            return
        dead = msgspec.structs.replace(entry.info, state="dead", cpu_percent=0.0, memory_mb=0.0, children=0)
        await self._journal.record(also=(self._repository.save_state(dead, entry.run),))
        await asyncio.to_thread(self._homes.clear_tmp, pid)
        self._bus.publish(ProcessReaped(pid=pid))  # before it leaves the table, which knows who may be told
        self._table.remove(pid)
        self._holding.pop(pid, None)
        self._dead[dead.owner_uid] = self._dead.get(dead.owner_uid, RunCounts()).after(dead.exit_code)

    def _ended(self, listed: Sequence[ProcessInfo], principal: Principal) -> RunCounts:
        """The dead and the zombies that a principal may see."""
        ended = RunCounts()
        for owner, dead in self._dead.items():
            if principal.may_see(owner):
                ended = ended + dead
        for info in listed:
            if info.state not in lifecycle.ALIVE:
                ended = ended.after(info.exit_code)
        return ended

    async def _record_new(self, pid: int, row: Statement) -> None:
        """Write a new process's row; a full disk is said at once, since nothing has been shown yet."""
        try:
            await self._journal.write(row)
        except AetherError as error:
            await asyncio.to_thread(self._homes.discard, pid)
            if isinstance(error, DiskFullError):
                raise DiskFullError(error.message, "Free some space and deploy it again: this agent did not begin.") from error
            raise

    async def _reap_later(self, pid: int, delay_s: float) -> None:
        await self._clock.sleep(delay_s)
        await self.reap(pid)

    def _holding_of(self, pid: int) -> asyncio.Lock:
        self._living(pid)
        return self._holding.setdefault(pid, asyncio.Lock())

    def _living(self, pid: int) -> Entry:
        if pid == 0:
            raise InvalidArgumentError(
                "Process 0 is the kernel itself: it is neither signalled nor resumed like an agent.",
                "Quitting the window ends it, or Ctrl+C where `aether run` or `aether serve` runs; for clients there is kernel.shutdown.",
            )
        entry = self._table.find(pid)
        if entry is not None and entry.info.state in lifecycle.ALIVE:
            return entry
        shown = self._table.recorded(pid)
        if shown is not None and shown.info.state in lifecycle.ALIVE:
            raise NotFoundError(f"Process {pid} has ended; that is not saved yet.", "It is listed as running until then.")
        raise NotFoundError(f"Process {pid} has ended.", "Its log and files are still in the history.")

    def _new_info(
        self, pid: int, home: Home, config: AgentConfig, principal: Principal, confinement: Confinement
    ) -> ProcessInfo:
        settings = self._config().agents
        return ProcessInfo(
            pid=pid,
            uid=home.uid,
            owner_uid=principal.uid,
            name=config.name or config.role,
            command=f"agent --role {config.role}",
            state="created",
            agent_phase="booting",
            cwd=home.guest_path,
            env=_environment(home, config),
            created_at=self._clock.now(),
            tty_id=f"tty-{pid}-0",
            role=config.role,
            goal=config.goal,
            model=config.model,
            max_steps=config.max_steps or settings.max_steps,
            network_access=config.sandbox.network_access,
            gpu=config.sandbox.gpu,
            graphical=config.sandbox.graphical,
            approval=config.approval,
            confinement=confinement,
        )


def _environment(home: Home, config: AgentConfig) -> dict[str, str]:
    return {
        "HOME": home.guest_path,
        "USER": home.uid,
        "SHELL": "/bin/bash",
        "TERM": "xterm-256color",
        "AETHER_ROLE": config.role,
        "AETHER_GOAL": config.goal.replace("\x00", "")[:ENV_GOAL_CHARACTERS],
        "AETHER_MODEL": config.model,
    }


def _interruption(info: ProcessInfo) -> AgentNotice:
    return AgentNotice(
        pid=info.pid,
        step=info.step,
        kind="interrupted",
        message=f"Aether ended while this agent was at step {info.step}.",
        hint="Resume takes it up at that step; what it has done is kept.",
    )
