"""The owner of all sandboxes: chooses how to confine, creates, finds, measures and ends them.

Made by `bootstrap` with the backends in order of preference; the process manager asks it for a sandbox for each agent. One
instance for the kernel's loop; everything that looks at the machine runs in a thread.
"""

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Protocol, runtime_checkable

from kernel.errors import AetherError, ConflictError, NotFoundError, StorageError, UnavailableError
from kernel.log import get_logger
from kernel.sandbox.backend import LeftoverRecord, OnLost, Probe, Sandbox, SandboxBackend, SandboxSpec, Usage
from kernel.sandbox.processes import command_line, kill_tree, process_table
from kernel.sandbox.usage import Meter, Root
from kernel.tasks import Scope

USAGE_INTERVAL_S = 1.0
Recorder = Callable[[int, int, int], Awaitable[None]]
Teller = Callable[[int, str], Awaitable[None]]
_log = get_logger(__name__)


@runtime_checkable
class _Measurable(Protocol):
    """A sandbox whose processes hang below a process of the host."""

    @property
    def child_pid(self) -> int | None: ...

    @property
    def helper_depth(self) -> int: ...


_UNTRIED = Probe(
    False,
    "none",
    "Sandboxes could not be tried: no folder for temporary files can be written here, or their disk is full; every command needs one.",
    "Free some room in /tmp, make it writable, or set TMPDIR to a folder that is.",
)


class SandboxManager:
    """Owns every sandbox by its agent's pid.

    backends: in order of preference. scope: owner of background tasks, closed by the manager's owner after `close`.
    on_lost: told (agent pid, reason) when a sandbox ended although nobody asked.
    """

    def __init__(self, backends: Sequence[SandboxBackend], scope: Scope, on_lost: OnLost | None = None) -> None:
        self._backends = tuple(backends)
        self._scope = scope
        self._on_lost = on_lost
        self._chosen: SandboxBackend | None = None
        self._probes: dict[str, Probe] = {}
        self._sandboxes: dict[int, Sandbox] = {}
        self._noted: dict[int, str] = {}
        self._meter = Meter(command_line)
        self._usage: dict[int, Usage] = {}
        self._usage_at_s = float("-inf")
        self._usage_lock = asyncio.Lock()

    @property
    def untried(self) -> bool:
        """Whether the last `detect` could try nothing, and the next one may."""
        return self.probe is _UNTRIED

    async def detect(self) -> Probe:
        """Probe the backends, choose the first that works, and return its probe (the last one's when none does).

        A backend that only stands in for a better one says what keeps that from working, and what a person can do about it.
        """
        try:
            await asyncio.to_thread(tempfile.gettempdir)
        except FileNotFoundError:
            self._probes = {backend.name: _UNTRIED for backend in self._backends}
            return _UNTRIED
        missed: Probe | None = None
        for backend in self._backends:
            probe = await backend.probe()
            if missed is not None and probe.available and probe.confinement == "none":
                probe = replace(probe, reason=f"{probe.reason} {missed.reason}", remedy=missed.remedy or probe.remedy)
            missed = missed or (None if probe.available else probe)
            self._probes[backend.name] = probe
            if not probe.available:
                _log.info("sandbox %s is not available: %s", backend.name, probe.reason)
            elif self._chosen is None:
                self._chosen = backend
        return self.probe

    @property
    def probe(self) -> Probe:
        """The chosen backend's probe. Raises UnavailableError before `detect`."""
        if self._chosen is not None:
            return self._probes[self._chosen.name]
        if not self._probes:
            raise UnavailableError("The sandboxes of this machine have not been looked for yet.")
        return self._probes[self._backends[-1].name]

    def report_to(self, record: Recorder, tell: Teller) -> None:
        """Have every start of a sandbox written down by `record`, for the `sweep` of a later run, and people told of it by `tell`.

        tell: given an agent's pid and what its confinement lacks on this machine, once for each agent.
        """

        def on_launched(agent_pid: int, host_pid: int, started: int) -> None:
            if not agent_pid or self._scope.closed:  # 0 is the trial of a backend
                return
            self._scope.spawn(_recorded(record, agent_pid, host_pid, started), name=f"record-{agent_pid}")
            sandbox = self._sandboxes.get(agent_pid)
            note = sandbox.confinement_note if sandbox is not None else ""
            if note and self._noted.get(agent_pid) != note:
                self._noted[agent_pid] = note
                self._scope.spawn(_told(tell, agent_pid, note), name=f"note-{agent_pid}")

        for backend in self._backends:
            backend.on_launched(on_launched)

    def create(self, spec: SandboxSpec, *, backend: str | None = None) -> Sandbox:
        """A sandbox for an agent, not started. backend: a name instead of the chosen one.

        Raises ConflictError when the agent has one, UnavailableError when nothing can run commands here.
        """
        if spec.pid in self._sandboxes:
            raise ConflictError(f"Agent {spec.pid} already has a sandbox.")
        sandbox = self._backend(backend).create(spec, self._on_lost)
        self._sandboxes[spec.pid] = sandbox
        return sandbox

    def get(self, pid: int) -> Sandbox:
        """The sandbox of an agent. Raises NotFoundError."""
        sandbox = self._sandboxes.get(pid)
        if sandbox is None:
            raise NotFoundError(f"Agent {pid} has no sandbox.")
        return sandbox

    def find(self, pid: int) -> Sandbox | None:
        """The sandbox of an agent, None when it has none."""
        return self._sandboxes.get(pid)

    async def kill(self, pid: int) -> None:
        """End an agent's sandbox and forget it; nothing happens when there is none."""
        sandbox = self._sandboxes.get(pid)
        if sandbox is not None:
            await sandbox.kill()
            self._sandboxes.pop(pid, None)
            self._noted.pop(pid, None)

    async def terminate(self, pid: int, grace_s: float = 1.0) -> None:
        """SIGTERM, then after at most `grace_s` the same as `kill`."""
        sandbox = self._sandboxes.get(pid)
        if sandbox is not None:
            await sandbox.terminate(grace_s)
            self._sandboxes.pop(pid, None)
            self._noted.pop(pid, None)

    async def kill_all(self) -> None:
        """End every sandbox, all at the same time."""
        results = await asyncio.gather(*(self.kill(pid) for pid in tuple(self._sandboxes)), return_exceptions=True)
        for result in results:
            if isinstance(result, Exception):
                _log.error("a sandbox could not be ended: %r", result)

    async def close(self) -> None:
        """End everything and give back what the backends hold."""
        await self.kill_all()
        for backend in self._backends:
            await backend.close()

    async def sweep(self, records: Sequence[LeftoverRecord]) -> tuple[LeftoverRecord, ...]:
        """Kill what earlier runs left over; returns the records whose process still lived.

        A process is killed, with all below it, only when its start time is the recorded one. Their control groups go with `detect`.
        """
        return await asyncio.to_thread(
            lambda: tuple(record for record in records if kill_tree(record.host_pid, record.start_time))
        )

    async def usage(self) -> dict[int, Usage]:
        """{agent pid: what its processes use}; looks at the machine at most once a second."""
        async with self._usage_lock:
            if time.monotonic() - self._usage_at_s >= USAGE_INTERVAL_S:
                roots = self._roots()
                if roots:
                    table = await asyncio.to_thread(process_table)
                    self._usage = await asyncio.to_thread(self._meter.measure, roots, table, time.monotonic())
                else:
                    self._usage = {}
                self._usage_at_s = time.monotonic()
            return dict(self._usage)

    def _roots(self) -> dict[int, Root]:
        roots: dict[int, Root] = {}
        for pid, sandbox in self._sandboxes.items():
            if isinstance(sandbox, _Measurable) and sandbox.child_pid is not None:
                roots[pid] = Root(sandbox.child_pid, sandbox.helper_depth)
        return roots

    def _backend(self, name: str | None) -> SandboxBackend:
        if name is None:
            if self._chosen is None:
                raise UnavailableError("Nothing can run commands on this machine.", self.probe.remedy)
            return self._chosen
        for backend in self._backends:
            if backend.name == name and self._probes.get(name) is not None and self._probes[name].available:
                return backend
        raise UnavailableError(f"The sandbox {name!r} is not available on this machine.", "Run `aether doctor`.")


async def _recorded(record: Recorder, agent_pid: int, host_pid: int, started: int) -> None:
    try:
        await record(agent_pid, host_pid, started)
    except StorageError as error:
        _log.warning("a sandbox of agent %d is not written down: %s", agent_pid, error)


async def _told(tell: Teller, agent_pid: int, note: str) -> None:
    try:
        await tell(agent_pid, note)
    except AetherError as error:  # the agent may be gone by now
        _log.warning("nobody was told of agent %d (%s): %s", agent_pid, note, error)
