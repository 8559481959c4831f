"""The composition root: the only file that names the concrete parts of a kernel and joins them.

Called by the window's bridge, the command line and the headless kernel. Start-up and shutdown are lists of named stages, in order.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from kernel import config as settings_tree
from kernel import doctor, log
from kernel.agents.approvals import ApprovalDesk
from kernel.agents.console import Consoles
from kernel.agents.models import ModelChooser
from kernel.agents.supervisor import Supervisor
from kernel.agents.terminals import Terminals
from kernel.agents.workplace import Workplaces
from kernel.bus import EventBus
from kernel.clock import Clock, SystemClock
from kernel.config import Config
from kernel.errors import ConflictError, NotFoundError
from kernel.gateway import secret
from kernel.kernel import Kernel, Stage
from kernel.llm import LanguageModels
from kernel.paths import Paths
from kernel.principal import Principal
from kernel.process.accounting import Accounting
from kernel.process.history import History
from kernel.process.lifecycle import ALIVE
from kernel.process.mailbox import Mailbox
from kernel.process.manager import ProcessManager
from kernel.process.table import ProcessTable
from kernel.protocol import fs, process, system, tty
from kernel.protocol.agent import AgentNotice
from kernel.protocol.base import Empty, Event, ProcessEvent
from kernel.protocol.fs import FsChanged
from kernel.protocol.process import ProcessExited, ProcessReaped
from kernel.protocol.records import GpuInfo, SystemCheck
from kernel.protocol.system import KernelShutdownRequested, KernelStatus, KernelStatusReply
from kernel.router import Router
from kernel.sandbox.backend import LeftoverRecord
from kernel.sandbox.bubblewrap import BubblewrapBackend
from kernel.sandbox.gpu import Gpu, GpuMonitor, GpuSource
from kernel.sandbox.host import HostBackend
from kernel.sandbox.manager import SandboxManager
from kernel.settings import Settings
from kernel.store.database import Database
from kernel.store.journal import Journal
from kernel.store.repositories.messages import MessageRepository
from kernel.store.repositories.metrics import MetricsRepository
from kernel.store.repositories.processes import ProcessRepository
from kernel.store.repositories.shells import ShellRepository
from kernel.store.repositories.transcripts import TranscriptRepository
from kernel.store.repositories.workspaces import WorkspaceRepository
from kernel.tasks import Scope
from kernel.tools.browse_web import WebPages
from kernel.tty.guardian import Guardian
from kernel.tty.shell_sessions import ShellSessions
from kernel.version import VERSION
from kernel.vfs.confinement import clean
from kernel.vfs.filesystem import VirtualFileSystem
from kernel.vfs.homes import Homes
from kernel.vfs.shares import SharedWorkspaces
from kernel.vfs.watcher import Watcher
from kernel.vnc.manager import Absence, Desktops


@dataclass(frozen=True, slots=True)
class _Store:
    """The database and what reads and writes it."""

    database: Database
    journal: Journal
    processes: ProcessRepository
    transcripts: TranscriptRepository
    messages: MessageRepository
    metrics: MetricsRepository
    workspaces: WorkspaceRepository
    shells: ShellRepository


@dataclass(slots=True)
class _Parts:
    """Everything that has a life of its own, by role; filled by `build_kernel` from the bottom up."""

    paths: Paths
    clock: Clock
    settings: Settings
    bus: EventBus
    scope: Scope
    store: _Store
    homes: Homes
    table: ProcessTable
    manager: ProcessManager
    mailbox: Mailbox
    shares: SharedWorkspaces
    sandboxes: SandboxManager
    consoles: Consoles
    desk: ApprovalDesk
    models: LanguageModels
    workplaces: Workplaces
    supervisor: Supervisor
    shells: ShellSessions
    terminals: Terminals
    accounting: Accounting
    gpus: GpuMonitor
    desktops: Desktops
    files: VirtualFileSystem
    watcher: Watcher
    history: History
    notices: list[str]
    has_window: bool = True
    stays: bool = True


def build_kernel(
    root: Path,
    environ: Mapping[str, str],
    *,
    clock: Clock | None = None,
    gpus: GpuSource | None = None,
    has_window: bool = True,
    stays: bool = True,
) -> Kernel:
    """A kernel on the folder `root`, not started. has_window: whether `desktop.raise` can be obeyed. stays: whether it lasts
    longer than one command, so that it may take up interrupted agents where the settings say so. gpus: looks for GPUs elsewhere (tests).

    Raises StorageError, InvalidArgumentError (a wrong setting or secret).
    """
    paths = Paths(root)
    paths.create()
    secret.load(paths.secret_file, environ)
    loaded = settings_tree.load(paths.config_file, environ)
    settings = Settings(loaded.config, paths.config_file, loaded.saved)
    parts = _build_parts(paths, settings, environ, clock or SystemClock(), gpus or GpuSource())
    parts.has_window, parts.stays = has_window, stays
    parts.notices += [notice for notice in (loaded.notice, log.unusable(paths.log_file)) if notice]
    router = Router(parts.manager.owner_of, parts.scope.child("commands"))
    stopping = _stopping(parts, router)
    kernel = Kernel(
        VERSION,
        parts.bus,
        router,
        parts.clock,
        parts.scope,
        parts.terminals.view,
        parts.desktops.view,
        starting=_starting(parts),
        stopping=stopping,
    )
    parts.bus.set_visibility(lambda event, principal: _visible(parts.manager, event, principal))
    _register(router, parts)
    return kernel


def _build_store(paths: Paths, bus: EventBus, clock: Clock) -> _Store:
    database = Database(paths.database, clock, was_used=lambda: Homes(paths).highest_pid() > 0)
    return _Store(
        database=database,
        journal=Journal(database, bus, clock),
        processes=ProcessRepository(database),
        transcripts=TranscriptRepository(database),
        messages=MessageRepository(database),
        metrics=MetricsRepository(database),
        workspaces=WorkspaceRepository(database),
        shells=ShellRepository(database),
    )


def _build_parts(paths: Paths, settings: Settings, environ: Mapping[str, str], clock: Clock, gpu_source: GpuSource) -> _Parts:
    bus, scope = EventBus(clock), Scope("kernel")
    settings.publish_to(bus.publish)
    store, config = _build_store(paths, bus, clock), settings.current
    homes, gpus = Homes(paths), GpuMonitor(gpu_source, clock, scope.child("gpus"))
    table = ProcessTable(lambda: config().agents.process_limit)
    manager = ProcessManager(table, store.processes, store.journal, bus, clock, homes, config, scope.child("reaper"))
    mailbox = Mailbox(table, store.messages, store.journal, clock)
    shares = SharedWorkspaces(paths, store.workspaces, bus, clock)
    models = LanguageModels(settings, environ, bus, clock, scope.child("models"))
    consoles = Consoles(paths.terminals, lambda tty_id: _tell_of_full_disk(bus, tty_id))
    sandbox_scope = scope.child("sandboxes")
    backends = (BubblewrapBackend(sandbox_scope), HostBackend(sandbox_scope))
    sandboxes = SandboxManager(backends, sandbox_scope, lambda pid, reason: workplaces.on_lost(pid, reason))
    pages = WebPages(models.http_get, allow_private=lambda: config().agents.private_pages)
    desktops = _build_desktops(manager, bus, clock, config, scope.child("desktops"))
    workplaces = Workplaces(
        paths, homes, sandboxes, shares, store.workspaces, manager, mailbox, pages, consoles.get, config, gpus, desktops,
        scope.child("work"),
    )
    desk = ApprovalDesk(manager, clock, config)
    chooser, agents = ModelChooser(models, config), scope.child("agents")
    supervisor = Supervisor(
        manager, store.journal, store.transcripts, bus, clock, config, desk, chooser, workplaces, mailbox, agents
    )
    manager.runner = supervisor
    shares.on_changed(supervisor.mounts_changed)
    bus.on(ProcessReaped, lambda event: consoles.release(f"tty-{event.pid}-0"))
    bus.on(ProcessReaped, lambda event: mailbox.forget(event.pid))
    accounting = Accounting(manager, store.metrics, bus, clock, sandboxes.usage, lambda: store.journal.holds_back)
    files, ttys = VirtualFileSystem(paths, bus, manager.owner_of, homes.unfinished), scope.child("terminals")
    shells = ShellSessions(store.shells, Guardian(), scope.child("shells"))
    return _Parts(
        paths=paths,
        clock=clock,
        settings=settings,
        bus=bus,
        scope=scope,
        store=store,
        homes=homes,
        table=table,
        manager=manager,
        mailbox=mailbox,
        shares=shares,
        sandboxes=sandboxes,
        consoles=consoles,
        desk=desk,
        models=models,
        workplaces=workplaces,
        supervisor=supervisor,
        shells=shells,
        terminals=Terminals(supervisor, consoles, bus, ttys, manager.owner_of, lambda: config().terminal.scrollback, shells),
        accounting=accounting,
        gpus=gpus,
        desktops=desktops,
        files=files,
        watcher=Watcher(paths.root, paths.state, bus, files.owner_of),
        history=History(store.processes, store.workspaces, store.journal, manager, accounting.children_of),
        notices=[],
    )


def _build_desktops(manager: ProcessManager, bus: EventBus, clock: Clock, config: Callable[[], Config], scope: Scope) -> Desktops:
    async def tell(pid: int, message: str, hint: str) -> None:
        await manager.record(pid, AgentNotice(pid=pid, kind="error", message=message, hint=hint))

    def absence(pid: int) -> Absence | None:
        entry = manager.table.find(pid)
        if entry is None or entry.info.state not in ALIVE:
            return Absence("The agent has ended." if entry is not None else f"No agent runs with the number {pid}.", ended=True)
        if not entry.config.sandbox.graphical:
            return Absence("This agent was deployed without a graphical desktop.", ended=True)
        interrupted = "It was interrupted; its desktop is started when it is resumed."
        return Absence(interrupted, ended=False) if entry.info.interrupted else None

    desktops = Desktops(clock, scope, lambda: config().sandbox.desktop_size, tell, absence)
    bus.on(ProcessExited, lambda event: desktops.forget(event.pid))
    return desktops


def _tell_of_full_disk(bus: EventBus, tty_id: str) -> None:
    """An agent whose terminal cannot be recorded waits; this notice cannot be recorded either."""
    message = "The disk is full: what its command prints cannot be kept, so it waits."
    bus.publish(AgentNotice(pid=int(tty_id.split("-")[1]), kind="error", message=message, hint="Free some space; it goes on by itself."))


def _starting(parts: _Parts) -> tuple[Stage, ...]:
    async def open_store() -> None:
        notice = await parts.store.database.open()
        if notice:
            parts.notices.append(notice)
        await parts.store.journal.open()

    async def sweep() -> None:
        left = await parts.store.workspaces.sandboxes()
        await parts.sandboxes.sweep([LeftoverRecord(host_pid, started) for _, host_pid, started in left])
        for agent_pid, _, _ in left:
            await parts.store.workspaces.drop_sandbox(agent_pid)
        await parts.shells.sweep()
        parts.sandboxes.report_to(parts.store.workspaces.put_sandbox, tell_of_confinement)

    async def tell_of_confinement(pid: int, note: str) -> None:
        await parts.manager.record(pid, AgentNotice(pid=pid, kind="limit", message=note, hint="`aether doctor` says how to mend it."))

    async def take_up() -> None:
        interrupted = await parts.manager.open()
        left = await asyncio.to_thread(parts.homes.left_tmp, interrupted)  # now: the next agents have a /tmp as well
        parts.scope.spawn(asyncio.to_thread(parts.homes.clear_all_tmp, left), name="clear-tmp")
        cut = await asyncio.to_thread(parts.homes.unfinished.left)  # now: what is written from here on is noted there as well
        parts.scope.spawn(asyncio.to_thread(parts.homes.unfinished.sweep, cut), name="sweep-unfinished")
        await parts.mailbox.open()
        if parts.stays and parts.settings.current().agents.resume_at_start:
            for pid in interrupted:
                await parts.manager.proceed(pid)

    async def watch_the_machine() -> None:
        parts.workplaces.detect()
        parts.models.start()
        parts.scope.spawn(parts.accounting.run(), name="accounting")

    return (
        Stage("store", open_store),
        Stage("sweep", sweep),
        Stage("machine", watch_the_machine),
        Stage("processes", take_up),
    )


def _stopping(parts: _Parts, router: Router) -> tuple[Stage, ...]:
    async def close_terminals() -> None:
        await parts.terminals.close()
        await parts.shells.close()

    async def close_files() -> None:
        parts.watcher.close()
        parts.consoles.close()

    return (
        Stage("copies", parts.files.close),
        Stage("commands", router.settle),
        Stage("agents", parts.supervisor.shutdown),
        Stage("terminals", close_terminals),
        Stage("desktops", parts.desktops.close),
        Stage("machine", parts.workplaces.settle),
        Stage("sandboxes", parts.sandboxes.close),
        Stage("models", parts.models.close),
        Stage("tasks", parts.scope.close),
        Stage("files", close_files),
        Stage("store", parts.store.database.close),
    )


def _register(router: Router, parts: _Parts) -> None:
    """The readable list: command -> handler -> who may."""
    manager, files, shares = parts.manager, parts.files, parts.shares
    models, history, terminals = parts.models, parts.history, parts.terminals
    router.register(process.ProcessSpawn, manager.spawn, "anyone")
    router.register(process.ProcessList, manager.list, "anyone")
    router.register(process.ProcessSignal, manager.signal, "owner")
    router.register(process.ProcessResume, manager.resume, "owner")
    router.register(process.ProcessInfoGet, history.info, "anyone")
    router.register(process.ProcessApprove, parts.desk.approve, "owner")
    router.register(process.ProcessReject, parts.desk.reject, "owner")
    router.register(process.ProcessSend, parts.supervisor.send, "owner")
    router.register(fs.FsRead, files.read, "anyone")
    router.register(fs.FsWrite, files.write, "anyone")
    router.register(fs.FsMkdir, files.mkdir, "anyone")
    router.register(fs.FsRm, files.rm, "anyone")
    router.register(fs.FsLs, files.ls, "anyone")
    router.register(fs.FsStat, files.stat, "anyone")
    router.register(fs.FsMv, files.mv, "anyone")
    router.register(fs.FsCp, files.cp, "anyone")
    router.register(fs.FsWatch, lambda command, who: _watch(parts, command, who), "anyone")
    router.register(fs.FsUnwatch, lambda command, who: _unwatch(parts, command, who), "anyone")
    router.register(fs.FsCreateShared, shares.handle_create, "owner")
    router.register(fs.FsMountShared, shares.handle_mount, "owner")
    router.register(fs.FsUnmountShared, shares.handle_unmount, "owner")
    router.register(fs.FsListShared, shares.handle_list, "anyone")
    router.register(tty.TtyOpen, terminals.open, "owner")
    router.register(tty.TtyInput, terminals.input, "anyone")
    router.register(tty.TtyResize, terminals.resize, "anyone")
    router.register(tty.TtyClose, terminals.close_one, "anyone")
    router.register(tty.TtyList, terminals.list, "anyone")
    router.register(tty.TtyForeground, terminals.foreground, "anyone")
    router.register(system.KernelStatus, lambda command, who: _status(parts, command), "anyone")
    router.register(system.KernelShutdown, lambda command, who: _shutdown(parts), "admin")
    router.register(system.DesktopRaise, lambda command, who: _raise_desktop(parts), "anyone")
    router.register(system.HistoryProcesses, history.processes, "anyone")
    router.register(system.HistoryLogs, history.logs, "anyone")
    router.register(system.HistoryFiles, history.files, "anyone")
    router.register(system.HistoryMetrics, parts.accounting.history, "anyone")
    router.register(system.LlmList, models.handle_list, "anyone")
    router.register(system.LlmChoose, models.handle_choose, "admin")
    router.register(system.LlmPull, models.handle_pull, "admin")
    router.register(system.LlmPullCancel, models.handle_pull_cancel, "admin")
    router.register(system.LlmExchanges, models.handle_exchanges, "admin")
    router.register(system.SettingsGet, parts.settings.handle_get, "admin")
    router.register(system.SettingsSet, parts.settings.handle_set, "admin")
    router.register(system.IpcSend, parts.mailbox.handle_send, "owner")
    router.register(system.IpcListAgents, parts.mailbox.handle_list_agents, "anyone")


def _visible(manager: ProcessManager, event: Event, principal: Principal) -> bool:
    """Events follow the rule of commands: one's own processes, and what belongs to nobody."""
    if principal.is_admin:
        return True
    if isinstance(event, ProcessEvent):
        owner = manager.owner_of(event.pid)
        return owner is not None and principal.may_see(owner)
    if isinstance(event, FsChanged):
        return not event.owner_uid or principal.may_see(event.owner_uid)
    return not isinstance(event, system.LlmExchanged | system.SettingsChanged)


async def _watch(parts: _Parts, command: fs.FsWatch, principal: Principal) -> Empty:
    parts.watcher.watch(await asyncio.to_thread(parts.files.host_folder, command.path, principal))
    return Empty()


async def _unwatch(parts: _Parts, command: fs.FsUnwatch, principal: Principal) -> Empty:
    try:
        folder = await asyncio.to_thread(parts.files.host_folder, command.path, principal)
    except NotFoundError:  # it was removed while it was watched
        folder = parts.paths.root.resolve() / clean(command.path)
    parts.watcher.unwatch(folder)
    return Empty()


async def _status(parts: _Parts, command: KernelStatus) -> KernelStatusReply:
    checks: tuple[SystemCheck, ...] = ()
    if command.checks:
        probe = await parts.workplaces.detected()
        machine = await asyncio.to_thread(doctor.machine_checks, probe, parts.paths, gpus=parts.gpus.source)
        checks = (*machine, *await parts.models.checks())
    return KernelStatusReply(
        version=VERSION,
        uptime=parts.accounting.uptime_s,
        metrics=await parts.accounting.sample(),
        root=str(parts.paths.root),
        notices=tuple(parts.notices),
        checks=checks,
        gpus=tuple(_gpu_info(gpu) for gpu in await parts.gpus.read()),
        cannot_save=str(parts.store.journal.trouble or ""),
        desktop_problem=await asyncio.to_thread(lambda: parts.workplaces.desktop_problem),
    )


def _gpu_info(gpu: Gpu) -> GpuInfo:
    used, total = (None if size is None else size >> 20 for size in (gpu.memory_used_bytes, gpu.memory_total_bytes))
    return GpuInfo(name=gpu.name, usable=gpu.usable, memory_used_mb=used, memory_total_mb=total)


async def _raise_desktop(parts: _Parts) -> Empty:
    if not parts.has_window:
        raise ConflictError(
            "Aether runs without a window on this folder (`aether run` or another command).",
            "Start the desktop when that has ended; `aether ps` shows what runs.",
        )
    parts.bus.publish(system.DesktopRaiseRequested())
    return Empty()


async def _shutdown(parts: _Parts) -> Empty:
    parts.bus.publish(KernelShutdownRequested())
    return Empty()
