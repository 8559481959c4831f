"""Where an agent works: its sandbox, its terminal, its files and its tool context.

`Workplaces` makes one for each run from the process's record; a `Workplace` starts the sandbox at the first command and ends it with the
run. Called by the supervisor and by the terminal commands.

A folder of a person's is kept by its real path, and by which folder that is when the run begins: an agent may exchange what lies in its
mounts, also the folder that another mount is of. Where the path leads to another folder, or through a link, it is not used.
"""

import asyncio
import os
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from kernel.agents import graphical
from kernel.agents.commands import ConsoleSink, SandboxCommands
from kernel.agents.gate import Gate
from kernel.agents.mountable import check_mount, check_nesting, guest_folder, host_folder, refuse_own
from kernel.agents.prompt import Surroundings
from kernel.config import Config
from kernel.errors import ConflictError, InvalidArgumentError, StorageError
from kernel.log import get_logger
from kernel.paths import Paths
from kernel.process.manager import ProcessManager
from kernel.process.table import Entry
from kernel.protocol.agent import AgentFileCreated, AgentNotice
from kernel.protocol.base import JournalEvent
from kernel.protocol.ids import Confinement
from kernel.protocol.records import AgentConfig, WorkspaceMount
from kernel.sandbox.backend import Limits, LossReason, Mount, Probe, Sandbox, SandboxSpec
from kernel.sandbox.gpu import Found, GpuMonitor
from kernel.sandbox.manager import SandboxManager
from kernel.sandbox.quota import Allowance
from kernel.store.connection import Statement
from kernel.store.repositories.workspaces import WorkspaceRepository
from kernel.tasks import Scope
from kernel.tools.base import PageFetcher, Peers, ToolContext
from kernel.tools.comparison import Comparisons, DiffWorker
from kernel.vfs.agent_files import AgentFiles, FileMount
from kernel.vfs.confinement import NO_FOLDER, Identity, identity_of, open_kept
from kernel.vfs.homes import Home, Homes
from kernel.vfs.shares import SharedWorkspaces
from kernel.vnc.manager import Desktops

MEGABYTE = 1 << 20
LAUNCHES_AT_ONCE = 4
DETECTION_TIMEOUT_S = 5.0

_log = get_logger(__name__)


class Workplaces:
    """Makes workplaces."""

    def __init__(
        self,
        paths: Paths,
        homes: Homes,
        sandboxes: SandboxManager,
        shares: SharedWorkspaces,
        repository: WorkspaceRepository,
        manager: ProcessManager,
        peers: Peers,
        pages: PageFetcher,
        consoles: Callable[[str], ConsoleSink],
        config: Callable[[], Config],
        gpus: GpuMonitor,
        desktops: Desktops,
        scope: Scope,
    ) -> None:
        self.paths = paths
        self.homes = homes
        self.sandboxes = sandboxes
        self.shares = shares
        self.repository = repository
        self.manager = manager
        self.peers = peers
        self.pages = pages
        self.consoles = consoles
        self.config = config
        self.gpus = gpus
        self.desktops = desktops
        self.scope = scope
        self.diffs = DiffWorker()
        self._detection: asyncio.Task[Probe] | None = None
        # A start forks on this thread for a few milliseconds: a hundred at once would make one long turn of the loop.
        self.launching = asyncio.Semaphore(LAUNCHES_AT_ONCE)

    def detect(self) -> None:
        """Begin to find out how this machine can confine."""
        self._detection = self.scope.spawn(self.sandboxes.detect(), name="detect")

    async def detected(self) -> Probe:
        """How this machine confines, once it is known; looks again where nothing could be tried, as on a full disk."""
        assert self._detection is not None, "detect was called at the kernel's start"
        probe = await asyncio.shield(self._detection)
        if not self.sandboxes.untried:
            return probe
        if self._detection.done():
            self.detect()
        return await asyncio.shield(self._detection)

    @property
    def desktop_problem(self) -> str:
        """Why no agent can have a graphical desktop on this machine, as far as is known by now; "" where they can. Looks at a few files."""
        known = self._detection is not None and self._detection.done() and not self._detection.cancelled()
        return graphical.problem(self.desktops, not known or self.sandboxes.probe.confinement != "none")

    async def settle(self) -> None:
        """Before a shutdown: let the look at the machine come to its end, since it starts a sandbox, which must not be left half made;
        end what is being compared.
        """
        self.diffs.close()
        if self._detection is not None:
            await asyncio.wait((self._detection,), timeout=DETECTION_TIMEOUT_S)

    def on_lost(self, pid: int, reason: LossReason) -> None:
        """Tell people of a sandbox that ended although nobody asked."""
        notice = AgentNotice(
            pid=pid,
            kind="error",
            message=f"Its sandbox ended unasked ({reason.value.replace('_', ' ')}); what ran in it is gone.",
            hint="A new one is started at its next command.",
        )
        if self.manager.table.find(pid) is not None and not self.scope.closed:
            self.scope.spawn(self.manager.record(pid, notice), name=f"lost-{pid}")

    async def check(self, config: AgentConfig) -> AgentConfig:
        """Whether there is the sandbox that is asked for, the folders in it can be mounted, and there is the GPU. Raises AetherError.

        Returns the config to keep: each folder by its real path, so that no link decides later which folder it is.
        """
        if config.sandbox.type != "process":
            raise InvalidArgumentError(
                f"There is no sandbox of the type {config.sandbox.type!r}.", "Leave the type out: each agent gets a sandbox of its own."
            )
        mounts = config.sandbox.mounts and await asyncio.to_thread(self._checked, config.sandbox.mounts)
        if config.sandbox.gpu:
            (await self.gpus.find()).require()
        if config.sandbox.graphical:
            graphical.require(self.desktops, (await self.detected()).confinement != "none")
        return msgspec.structs.replace(config, sandbox=msgspec.structs.replace(config.sandbox, mounts=mounts))

    def _checked(self, mounts: tuple[WorkspaceMount, ...]) -> tuple[WorkspaceMount, ...]:
        """The folders by their real paths. Blocks; raises AetherError."""
        checked = tuple(check_mount(mount, self.paths) for mount in mounts)
        check_nesting(checked)
        return checked

    def of(self, entry: Entry, gate: Gate) -> "Workplace":
        """The workplace of a run; no command of it begins while the gate is closed."""
        return Workplace(self, entry, gate)


class Workplace:
    """One agent's sandbox, terminal and files."""

    def __init__(self, factory: Workplaces, entry: Entry, gate: Gate) -> None:
        self._factory = factory
        self._entry = entry
        self.home: Home = factory.homes.of(entry.info.pid)
        self.console = factory.consoles(entry.info.tty_id)
        self._sandbox: Sandbox | None = None
        self._launch: asyncio.Task[Sandbox] | None = None
        self._ended = False
        self._frozen = False  # what is wanted; a sandbox that is just being started is brought into line afterwards
        self._freezing = asyncio.Lock()
        self._identities: dict[Path, Identity] = {}  # of the folders that are mounted, as they were when the run began
        self._shared: tuple[FileMount, ...] = ()
        self._held: tuple[FileMount, ...] = ()  # taken away while commands ran: the sandbox shows them until those have ended
        self._allowance = Allowance((str(self.home.path), str(self.home.tmp)), self._disk_bytes)
        self._gate = gate
        self._commands = SandboxCommands(self.sandbox, gate.passage, self.console)

    @property
    def confinement(self) -> Confinement:
        """How the agent's commands are confined."""
        return self._factory.sandboxes.probe.confinement

    @property
    def started(self) -> Sandbox | None:
        """The sandbox where one runs."""
        return self._sandbox

    @property
    def _graphical(self) -> bool:
        return self._entry.config.sandbox.graphical

    def begin(self) -> None:
        """The run begins: what has a graphical desktop gets it now, and with it its sandbox."""
        if self._graphical and not self._ended:
            place = graphical.SandboxPlace(self.home, self._gate, self._launched, lambda: self._sandbox)
            self._factory.desktops.open(self._entry.info.pid, place)

    async def sandbox(self) -> Sandbox:
        """The sandbox, started when first needed, with its desktop where it has one and can. Raises UnavailableError.

        A caller that is cancelled does not stop the start: half a sandbox would have no owner.
        """
        sandbox = await self._launched()
        if self._graphical and not self._gate.closed:
            await self._factory.desktops.ready(self._entry.info.pid)
        return sandbox

    async def _launched(self) -> Sandbox:
        if self._ended:
            raise asyncio.CancelledError
        if self._launch is None or (self._launch.done() and self._sandbox is None):
            name = f"sandbox-{self._entry.info.pid}"
            self._launch = self._factory.scope.spawn(self._start(), name=name, awaited=True)
        sandbox = await asyncio.shield(self._launch)
        with suppress(ConflictError):  # something of the agent still runs; the next command tries again
            await self._show_mounts(sandbox)
        return sandbox

    async def check_mounts(self) -> None:
        """Whether each folder is still the one that was mounted, and none of Aether's own; the first look settles which one it is.

        Raises NotFoundError, PermissionDeniedError.
        """
        for mount in self._entry.config.sandbox.mounts:
            host = host_folder(mount)
            await asyncio.to_thread(refuse_own, host, self._factory.paths)
            found = await asyncio.to_thread(_identify, host, self._identities.get(host))
            self._identities.setdefault(host, found)

    async def _start(self) -> Sandbox:
        await self.check_mounts()
        await self._factory.detected()
        gpus = await self._gpus()
        async with self._factory.shares.settled(self._entry.info.pid):
            await self.refresh_shares()
            sandbox = self._factory.sandboxes.create(self._spec(gpus))
        try:
            async with self._factory.launching:
                await sandbox.start()
            identity = sandbox.identity()
            if identity is not None:
                await self._factory.repository.put_sandbox(self._entry.info.pid, *identity)
        except BaseException:
            await self._factory.sandboxes.kill(self._entry.info.pid)
            raise
        self._sandbox = sandbox
        if self._frozen:
            await self._apply_freeze()
        return sandbox

    async def _gpus(self) -> Found:
        """The GPUs that it may use, as they are now. Raises UnavailableError where there is none any more."""
        if not self._entry.config.sandbox.gpu:
            return Found()
        found = await self._factory.gpus.find()
        found.require()
        return found

    async def surroundings(self) -> Surroundings:
        """What there is around the agent, for its first words."""
        found = await self._factory.gpus.find() if self._entry.config.sandbox.gpu else Found()
        mounts = (mount for mount in self.files().mounts if mount.shared)
        return Surroundings(
            mounts=tuple(f"{mount.guest_path}{' (read-only)' if mount.read_only else ''}" for mount in mounts),
            network=self._factory.sandboxes.probe.network,
            confined=self.confinement != "none",
            gpus=tuple(f"{gpu.name} ({gpu.node})" for gpu in found.gpus if gpu.usable),
            desktop=self._factory.desktops.size if self._graphical and self.confinement != "none" else "",
        )

    def files(self) -> AgentFiles:
        """The agent's files as they are mounted now."""
        own = tuple(
            FileMount(
                guest_folder(mount, self.home.guest_path),
                host_folder(mount),
                mount.read_only,
                identity=self._identities.get(host_folder(mount), NO_FOLDER),
            )
            for mount in self._entry.config.sandbox.mounts
        )
        return AgentFiles(self.home, (*own, *self._shared, *self._held))

    def context(self, step: int) -> ToolContext:
        """What the tools may use in a step."""
        pid = self._entry.info.pid
        factory = self._factory

        async def emit(event: JournalEvent) -> None:
            also = (await self._remember(event),) if isinstance(event, AgentFileCreated) else ()
            await factory.manager.record(pid, event, also=also)

        async def to_the_end(work: Coroutine[Any, Any, bool]) -> bool:
            return await asyncio.shield(factory.scope.spawn(work, name=f"write-{pid}", awaited=True))

        return ToolContext(
            pid=pid,
            step=step,
            files=self.files(),
            commands=self._commands,
            pages=factory.pages,
            peers=factory.peers,
            workspaces=factory.shares,
            emit=emit,
            to_the_end=to_the_end,
            comparisons=Comparisons(factory.diffs),
            command_timeout_s=factory.config().agents.command_timeout_s,
            network_access=self._entry.config.sandbox.network_access,
            allowance=self._allowance,
        )

    async def _remember(self, event: AgentFileCreated) -> Statement:
        """The row of a file that was just written."""
        found = await self.files().stat(event.path)
        return self._factory.repository.put_file(event.path, self.home.uid, event.pid, found.size, found.modified_at)

    async def refresh_shares(self, leaving: str = "") -> None:
        """Read again which shared workspaces are mounted, as if the one named `leaving` were not. Called with `shares.settled` held.

        Raises ConflictError while commands run. What was added then is shown when those have ended; what was to be taken away stays, in
        the sandbox and in what is judged.
        """
        mounted = await self._factory.shares.mounts_of(self._entry.info.pid, self.home.guest_path, leaving)
        for mount in mounted:
            inner = mount.guest_path[len(self.home.guest_path) + 1 :]
            await AgentFiles(self.home).mkdir(inner)
        before = self._shared, self._held
        self._shared = mounted
        if self._sandbox is None:
            return
        self._held = tuple(mount for mount in before[0] + before[1] if mount not in mounted)
        try:
            await self._show_mounts(self._sandbox)
        except ConflictError:
            if leaving:
                self._shared, self._held = before
            raise

    async def _show_mounts(self, sandbox: Sandbox) -> None:
        mounts = self._mounts()
        if sandbox.spec.mounts != mounts:
            await sandbox.set_mounts(mounts)
            if self._graphical:
                self._factory.desktops.renew(self._entry.info.pid)
        if mounts == self._mounts():
            self._held = ()

    def _mounts(self) -> tuple[Mount, ...]:
        """What the sandbox should show."""
        return tuple(
            Mount(str(mount.host_path), mount.guest_path, mount.read_only, mount.identity)
            for mount in self.files().mounts
            if mount.shared and mount not in self._held
        )

    async def freeze(self) -> None:
        """Stop every process, also those of a sandbox that is just being started."""
        self._frozen = True
        await self._apply_freeze()

    async def thaw(self) -> None:
        """Let them go on."""
        self._frozen = False
        await self._apply_freeze()
        if self._graphical:
            self._factory.desktops.proceed(self._entry.info.pid)

    async def _apply_freeze(self) -> None:
        async with self._freezing:
            if self._sandbox is None:
                return
            if self._frozen:
                await self._sandbox.freeze()
            else:
                await self._sandbox.thaw()

    async def end(self, grace_s: float) -> None:
        """End every process; safe to repeat, also with less grace while another call still waits."""
        self._ended = True
        if self._graphical:
            await self._factory.desktops.leave(self._entry.info.pid)
        if self._launch is not None and not self._launch.done():
            await asyncio.wait((self._launch,))
        if self._sandbox is None:
            return
        if grace_s:
            await self._factory.sandboxes.terminate(self._entry.info.pid, grace_s)
        await self._factory.sandboxes.kill(self._entry.info.pid)
        self._sandbox = None
        try:
            await self._factory.repository.drop_sandbox(self._entry.info.pid)
        except StorageError as error:
            _log.warning("the record of an ended sandbox stays until the next start: %s", error)

    def _disk_bytes(self) -> int:
        return (self._entry.config.sandbox.disk_limit_mb or self._factory.config().sandbox.disk_mb) * MEGABYTE

    def _spec(self, gpus: Found) -> SandboxSpec:
        config = self._entry.config.sandbox
        shows_windows = self._graphical and self.confinement != "none"  # else DISPLAY would be a person's own
        told = {name: value for name, value in self._entry.info.env.items() if name.startswith("AETHER_")}
        defaults = self._factory.config().sandbox
        return SandboxSpec(
            pid=self._entry.info.pid,
            uid_name=self._entry.info.uid,
            home=str(self.home.path),
            tmp=str(self.home.tmp),
            mounts=self._mounts(),
            env=told | graphical.environment(shows_windows),
            network=config.network_access,
            graphical=shows_windows,
            devices=gpus.devices,
            descriptions=gpus.descriptions,
            limits=Limits(
                memory_bytes=(config.memory_limit_mb or defaults.memory_mb) * MEGABYTE,
                cpu_cores=config.cpu_limit or defaults.cpu_cores,
                max_processes=defaults.max_processes,
                disk_bytes=self._disk_bytes(),
            ),
        )


def _identify(host: Path, identity: Identity | None) -> Identity:
    """Which folder a kept path is. Raises NotFoundError, PermissionDeniedError where it is not the one of `identity`."""
    descriptor = open_kept(host, identity)
    try:
        return identity_of(descriptor)
    finally:
        os.close(descriptor)
