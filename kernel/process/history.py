"""The past: pages of runs and of an agent's journal.

Answers history.processes, history.logs, history.files and process.info. Reads only; always in pages.
"""

from collections.abc import Awaitable, Callable

from kernel.errors import WHERE_RUNS_ARE, NotFoundError, PermissionDeniedError
from kernel.principal import Principal
from kernel.process.manager import ProcessManager
from kernel.protocol.process import ProcessInfoGet, ProcessInfoReply
from kernel.protocol.records import ChildProcess
from kernel.protocol.system import (
    HistoryFiles,
    HistoryFilesReply,
    HistoryLogs,
    HistoryLogsReply,
    HistoryProcesses,
    HistoryProcessesReply,
)
from kernel.store.journal import Journal
from kernel.store.repositories.processes import ProcessRepository
from kernel.store.repositories.workspaces import WorkspaceRepository

ChildrenOf = Callable[[int], Awaitable[tuple[ChildProcess, ...]]]


class History:
    """Pages of what was."""

    def __init__(
        self,
        repository: ProcessRepository,
        workspaces: WorkspaceRepository,
        journal: Journal,
        manager: ProcessManager,
        children_of: ChildrenOf,
    ) -> None:
        self._repository = repository
        self._workspaces = workspaces
        self._journal = journal
        self._manager = manager
        self._children_of = children_of

    async def processes(self, command: HistoryProcesses, principal: Principal) -> HistoryProcessesReply:
        """history.processes; what lives is shown as it is now."""
        owner = None if principal.is_admin else principal.uid
        page = await self._repository.page(owner, command.before_pid, command.limit, command.query)
        living = {entry.info.pid: entry.info for entry in self._manager.table}
        return HistoryProcessesReply(
            processes=tuple(living.get(info.pid, info) for info in page),
            total=await self._repository.count(owner, command.query),
        )

    async def logs(self, command: HistoryLogs, principal: Principal) -> HistoryLogsReply:
        """history.logs."""
        await self._require(command.pid, principal)
        events, total, first = await self._journal.page(
            command.pid, before_log_id=command.before_log_id, index=command.index, limit=command.limit
        )
        return HistoryLogsReply(events=events, total=total, first_index=first)

    async def files(self, command: HistoryFiles, principal: Principal) -> HistoryFilesReply:
        """history.files."""
        user = None if principal.is_admin else principal.uid
        return HistoryFilesReply(files=await self._workspaces.files(user, command.owner, command.limit))

    async def info(self, command: ProcessInfoGet, principal: Principal) -> ProcessInfoReply:
        """process.info, for dead ones too."""
        await self._require(command.pid, principal)
        entry = self._manager.table.recorded(command.pid)
        if entry is None:
            stored = await self._repository.get(command.pid)
            if stored is None:
                raise NotFoundError(f"Process {command.pid} is not recorded yet.", "Ask again in a moment.")
            return ProcessInfoReply(info=stored.info, config=stored.config)
        return ProcessInfoReply(
            info=entry.info,
            config=entry.config,
            children=await self._children_of(command.pid),
            approvals=self._manager.runner.approvals(command.pid),
        )

    async def _require(self, pid: int, principal: Principal) -> None:
        owner = self._manager.owner_of(pid)
        if owner is None:
            owner = await self._repository.owner_of(pid)
        if owner is None:
            raise NotFoundError(f"There was never a process {pid}.", WHERE_RUNS_ARE)
        if not principal.may_see(owner):
            raise PermissionDeniedError(f"Process {pid} belongs to somebody else.")
