"""A sandbox that a supervisor serves: everything that does not depend on how the confinement is made.

A `Launcher` (bubblewrap or plain host) starts the supervisor; this class owns the link to it, the calls, the control group,
freezing, ending, and starting afresh after a loss. It is made by a backend and owned by the `SandboxManager`.
"""

import asyncio
import contextlib
import dataclasses
import os
import signal
import tempfile
import weakref
from collections.abc import Iterable

from kernel.errors import AetherError, ConflictError, UnavailableError
from kernel.log import get_logger
from kernel.sandbox.backend import Confinement, ExecRequest, LossReason, Mount, OnLost, SandboxSpec
from kernel.sandbox.bwrap_plan import HELPER_PROCESSES, check_spec
from kernel.sandbox.call import Call
from kernel.sandbox.cgroups import ControlGroups, Group
from kernel.sandbox.child import Child
from kernel.sandbox.launched import Ends, Freezer, Launched, Launcher, all_pids, end, kill_largest, measure
from kernel.sandbox.quota import UsageWatch
from kernel.sandbox.streams import check_request, input_file, output_pipe
from kernel.sandbox.supervisor_link import Exited, Failed, Gone, Pong, Ready, Report, Started, SupervisorLink
from kernel.tasks import Scope

START_TIMEOUT_S = 30.0
MAX_LIVE_CALLS = 200
SETTLE_S = 1.0
_log = get_logger(__name__)


class SupervisedSandbox:
    """Implements `Sandbox` over a `Launcher`. scope: owner of its background tasks."""

    def __init__(
        self, spec: SandboxSpec, launcher: Launcher, groups: ControlGroups | None, scope: Scope, on_lost: OnLost | None
    ) -> None:
        check_spec(spec)
        self._spec = spec
        self._launcher = launcher
        self._groups = groups
        self._scope = scope
        self._on_lost = on_lost
        self._lock = asyncio.Lock()
        self._link: SupervisorLink | None = None
        self._launched: Launched | None = None
        self._identity: tuple[int, int] | None = None
        self._group: Group | None = None
        self._ready = asyncio.Event()
        self._calls: dict[int, Call] = {}
        self._outputs: weakref.WeakSet[Call] = weakref.WeakSet()
        self._memory_kills = 0
        self._last_call = 0
        self._freezer = Freezer()
        self._frozen = False
        self._ended = False
        self._watch = UsageWatch(
            lambda: measure(self._spec, self._launched, self._group),
            self._on_measured,
            lambda: self._running and bool(self._live_calls()),
            lambda: not self._live_commands(),
        )

    # What it is

    @property
    def spec(self) -> SandboxSpec:
        """What it was made from, with the mounts that were set since."""
        return self._spec

    @property
    def confinement(self) -> Confinement:
        """How strong it is."""
        return self._launcher.confinement

    @property
    def confinement_note(self) -> str:
        """What is weaker than it could be on this machine."""
        return self._launcher.note(self._spec)

    @property
    def home_path(self) -> str:
        """The home as commands see it."""
        return self._launcher.home_path(self._spec)

    @property
    def frozen(self) -> bool:
        """Whether it is frozen."""
        return self._frozen

    @property
    def helper_depth(self) -> int:
        """Generations between the process that Aether started and the agent's own commands."""
        return self._launched.helper_depth if self._launched else 0

    @property
    def child_pid(self) -> int | None:
        """The process that Aether started, None when it does not run."""
        return self._launched.child.pid if self._launched else None

    @property
    def _running(self) -> bool:
        return self._launched is not None and self._link is not None and self._ready.is_set()

    def identity(self) -> tuple[int, int] | None:
        """(host pid, start time) of the process whose end ends everything inside."""
        return self._identity

    def host_pids(self) -> tuple[int, ...]:
        """Every process of the sandbox now, helpers included."""
        return () if self._launched is None else all_pids(self._launched, self._group)

    # Starting

    async def start(self) -> None:
        """Start it unless it runs. Raises ConflictError when it was ended, UnavailableError with what hindered it."""
        async with self._lock:
            if self._ended:
                raise ConflictError("The sandbox of this agent has ended.")
            if not self._running:
                await self._start()

    async def _start(self) -> None:
        self._ready.clear()
        label = f"agent-{self._spec.pid}"
        if self._groups is not None:
            self._group = await asyncio.to_thread(self._groups.create, label, self._spec.limits, HELPER_PROCESSES)
        link = SupervisorLink(self._on_report, self._on_broken)
        self._link = link
        with link.open() as control, tempfile.TemporaryFile() as errors:
            ends = Ends(control, errors.fileno(), self._on_child_ended)
            try:
                launched = await self._launcher.launch(self._spec, ends, self._group)
                self._launched = launched
                control.close()
                await self._wait_ready(launched.child)
            except (OSError, AetherError) as error:
                await self._end_processes()
                raise UnavailableError(_explain(errors.fileno(), error), "Run `aether doctor` to see more.") from error
            except asyncio.CancelledError:
                await self._end_processes()
                raise
        self._identity = (launched.root_pid, launched.root_started)

    async def _wait_ready(self, child: Child) -> None:
        waiting = [self._scope.spawn(self._ready.wait(), name="ready"), self._scope.spawn(child.wait(), name="child")]
        try:
            await asyncio.wait(waiting, timeout=START_TIMEOUT_S, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()
        if not self._ready.is_set():
            raise UnavailableError("its supervisor did not start")

    # Commands

    async def execute(self, request: ExecRequest) -> Call:
        """Start a command; starts the sandbox first where it does not run."""
        check_request(request)
        if self._frozen:
            raise ConflictError("The agent is stopped.", "Continue it first.")
        if self._ended or not self._running:
            await self.start()
        if not request.service and len(self._live_commands()) >= MAX_LIVE_CALLS:
            raise ConflictError(f"{MAX_LIVE_CALLS} commands of this agent are running.", "End some of them.")
        self._last_call += 1
        call_id = self._last_call
        environment = self._launcher.environment(self._spec) | dict(request.env)
        message: dict[str, object] = {"op": "start", "id": call_id, "argv": request.argv}
        message |= {"cwd": self._launcher.host_path(self._spec, request.cwd)}
        message |= {"env": environment, "pty": (request.columns, request.lines) if request.pty else None}
        call = self._send_start(call_id, request, message)
        try:
            await call.wait_started()
        except asyncio.CancelledError:
            self._send_kill(call_id, signal.SIGKILL)
            call.close()
            raise
        except AetherError:
            call.close()
            raise
        if request.deadline_s is not None:
            call.arm(request.deadline_s)
        if self._watch.begin():
            self._scope.spawn(self._watch.run(), name=f"usage-{self._spec.pid}")
        return call

    def _send_start(self, call_id: int, request: ExecRequest, message: dict[str, object]) -> Call:
        assert self._link is not None
        with contextlib.ExitStack() as sent:
            descriptors: list[int] = []
            output: int | None = None
            if not request.pty:
                output, sink, drain = output_pipe(self._launcher.host_uid(self._spec))
                sent.callback(os.close, sink)
                sent.callback(os.close, drain)
                source = input_file(request.stdin)
                sent.callback(os.close, source)
                descriptors = [source, sink, drain]
            call = Call(
                call_id,
                output,
                send_kill=self._send_kill,
                give_up=self._lose,
                release=self._send_release,
                service=request.service,
            )
            if self._frozen:  # since the start was asked for
                call.pause()
            self._calls[call_id] = call
            self._outputs.add(call)
            call.memory_kills_before = self._oom_kills()
            try:
                self._link.send(message, descriptors)
            except AetherError:
                call.set_gone()
                self._calls.pop(call_id, None)
                call.close()
                raise
        return call

    def _send_kill(self, call_id: int, signum: int) -> None:
        if self._link is not None:  # what is frozen finds it when it goes on
            with contextlib.suppress(UnavailableError):
                self._link.send({"op": "kill", "id": call_id, "signal": int(signum)})

    def _send_release(self, call_id: int) -> None:
        if self._link is not None:
            with contextlib.suppress(UnavailableError):
                self._link.send({"op": "release", "id": call_id})

    def _live_calls(self) -> list[Call]:
        return list(self._calls.values())

    def _live_commands(self) -> list[Call]:
        return [call for call in self._calls.values() if not call.service]

    def _oom_kills(self) -> int:
        return self._memory_kills + (self._group.oom_kills() if self._group else 0)

    def _on_report(self, report: Report, descriptor: int | None) -> None:
        if isinstance(report, Ready):
            self._ready.set()
            return
        if isinstance(report, Pong):
            return
        call = self._calls.get(report.id)
        if call is None:
            if descriptor is not None:
                os.close(descriptor)
            return
        if isinstance(report, Exited):
            call.oom_killed = self._oom_kills() > call.memory_kills_before
        _deliver(call, report, descriptor)
        if call.gone:
            self._calls.pop(report.id, None)

    # Loss

    def _on_broken(self, reason: str) -> None:
        if self._launched is not None and not self._ready.is_set():
            self._launched.child.send_signal(signal.SIGKILL)
        self._lose(reason)

    def _on_child_ended(self, _code: int) -> None:
        if self._link is not None:
            self._lose("")

    def _lose(self, reason: str) -> None:
        """The sandbox is of no use any more, and nobody asked for it: end the rest of it and say so."""
        if self._ended or self._launched is None or not self._ready.is_set():
            return
        kind = _loss_of(reason)
        _log.warning("the sandbox of agent %d was lost: %s", self._spec.pid, reason or "its supervisor ended")
        self._ready.clear()
        self._drop_link()
        self._scope.spawn(self._clean_up_loss(kind), name=f"lost-{self._spec.pid}")

    async def _clean_up_loss(self, kind: LossReason) -> None:
        async with self._lock:
            if not self._running:
                await self._end_processes()
        if self._on_lost is not None and not self._ended:
            self._on_lost(self._spec.pid, kind)

    def _drop_link(self) -> None:
        if self._link is not None:
            self._link.close()
            self._link = None

    # Freezing

    async def freeze(self) -> None:
        """Stop every process; deadlines stand still. Raises ConflictError when the sandbox has ended."""
        async with self._lock:
            if self._ended:
                raise ConflictError("The sandbox of this agent has ended.")
            if self._frozen:
                return
            self._frozen = True
            for call in self._live_calls():
                call.pause()
            if self._launched is not None:
                await self._freezer.freeze(self._launched, self._group)

    async def thaw(self) -> None:
        """Let every process go on, and deadlines with them."""
        async with self._lock:
            if not self._frozen:
                return
            if self._launched is not None:
                await self._freezer.thaw(self._group)
            self._frozen = False
            for call in self._live_calls():
                call.resume()

    # Ending

    async def terminate(self, grace_s: float = 1.0) -> None:
        """SIGTERM to every command, and `kill` when all have ended or after `grace_s` seconds."""
        await self.thaw()
        calls = self._live_commands()
        if self._link is not None and calls:
            with contextlib.suppress(UnavailableError):
                self._link.send({"op": "signal_all", "signal": int(signal.SIGTERM)})
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(grace_s):
                        for call in calls:
                            await call.wait_gone()
        await self.kill()

    async def kill(self) -> None:
        """End every process at once and give back everything held. Safe to repeat."""
        self._ended = True
        if self._launched is not None and not self._ready.is_set():
            self._launched.child.send_signal(signal.SIGKILL)
        async with self._lock:
            await self._end_processes()

    async def _end_processes(self) -> None:
        """Kill, reap, remove; the caller holds the lock."""
        link, self._link = self._link, None
        for call in self._live_calls():
            call.oom_killed = self._oom_kills() > call.memory_kills_before
        launched, group = self._launched, self._group
        self._launched, self._group, self._identity = None, None, None
        if launched is not None:
            await end(launched, group)
        if link is not None:
            link.close()
        for call_id, call in tuple(self._calls.items()):
            call.set_gone()
            self._calls.pop(call_id, None)
        for call in tuple(self._outputs):
            call.close()
        if group is not None:
            await asyncio.to_thread(group.remove)

    async def set_mounts(self, mounts: tuple[Mount, ...]) -> None:
        """Show these folders inside, and no others any more; an idle sandbox is started anew at the next command."""
        spec = dataclasses.replace(self._spec, mounts=mounts)
        check_spec(spec)
        async with self._lock:
            await _settle_ended(self._live_commands())
            if self._live_commands():
                raise ConflictError("A command or a shell of this agent is running.", "Try again when it has ended, or end it.")
            self._spec = spec
            self._ready.clear()
            await self._end_processes()

    # Usage

    async def _on_measured(self, room: int, memory: int | None) -> None:
        if room < 0 and not self._frozen:
            for call in self._live_commands() or self._live_calls():
                call.end_for_quota()
        if memory is not None and memory > self._spec.limits.memory_bytes and self._launched is not None:
            self._memory_kills += 1
            await asyncio.to_thread(kill_largest, self._launched)


def _deliver(call: Call, report: Started | Exited | Failed | Gone, descriptor: int | None) -> None:
    """Tell a call what the supervisor says of it; a terminal's descriptor is its own from here on."""
    if isinstance(report, Started):
        if descriptor is not None:
            os.set_blocking(descriptor, False)
        call.set_started(descriptor)
    elif isinstance(report, Exited):
        call.set_exited(report.status)
    elif isinstance(report, Failed):
        call.set_failed(report.errno)
    else:
        call.set_gone()


async def _settle_ended(calls: Iterable[Call]) -> None:
    """A command that has ended is told of a moment before the last process of it is gone."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(SETTLE_S):
            for call in calls:
                if call.exited:
                    await call.wait_gone()


def _loss_of(reason: str) -> LossReason:
    if not reason:
        return LossReason.SUPERVISOR_ENDED
    return LossReason.UNRESPONSIVE if "did not" in reason else LossReason.PROTOCOL_BROKEN


def _explain(errors: int, error: Exception) -> str:
    """A sentence: the last line that was printed, else the error itself."""
    lines = os.pread(errors, 4000, 0).decode(errors="replace").strip().splitlines()
    return f"The sandbox could not be started: {lines[-1] if lines else error}."
