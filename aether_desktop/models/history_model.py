"""The runs of before and now, newest first, fetched page by page as somebody scrolls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from aether_desktop.bridge.client import KernelClient
from aether_desktop.bridge.tasks import TaskOwner
from aether_desktop.stores.processes import ProcessStore
from kernel.errors import AetherError
from kernel.protocol.records import ProcessInfo
from kernel.protocol.system import HistoryProcesses

INFO_ROLE = int(Qt.ItemDataRole.UserRole) + 1
FIRST_PAGE = 60
NEXT_PAGE = 500
_NO_PARENT = QModelIndex()


class HistoryModel(QAbstractListModel):
    """Rows are runs; ``INFO_ROLE`` gives a row's ``ProcessInfo``.

    on_error: told what went wrong with a page.
    """

    loaded = Signal()
    """A page arrived, or could not be fetched."""

    def __init__(
        self,
        client: KernelClient,
        store: ProcessStore,
        on_error: Callable[[AetherError], None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._client = client
        self._store = store
        self._on_error = on_error
        self._tasks = TaskOwner(self)
        self._runs: list[ProcessInfo] = []
        self._rows: dict[int, int] = {}
        self._query = ""
        self._total = 0
        self._generation = 0
        self._fetching = False
        self._ever_loaded = False
        store.changed.connect(self._on_store_changed)

    @property
    def total(self) -> int:
        """How many runs match, fetched or not."""
        return self._total

    @property
    def query(self) -> str:
        """The words searched for."""
        return self._query

    @property
    def fetching(self) -> bool:
        """Whether a page is under way."""
        return self._fetching

    def load(self, query: str = "") -> None:
        """Begin anew with the newest runs that match ``query``."""
        self._query = query
        self._generation += 1
        self._fetching = True
        self._tasks.spawn(self._fetch(self._generation, 0, FIRST_PAGE), name="history.processes")

    def info_at(self, row: int) -> ProcessInfo | None:
        """The run in a row."""
        return self._runs[row] if 0 <= row < len(self._runs) else None

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = _NO_PARENT) -> int:
        """How many runs were fetched."""
        return 0 if parent.isValid() else len(self._runs)

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The run itself, or words about it."""
        info = self.info_at(index.row()) if index.isValid() else None
        if info is None:
            return None
        if role == INFO_ROLE:
            return info
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return f"{info.name} {info.pid}, {' '.join(info.goal[:200].split())}"
        return None

    def canFetchMore(self, parent: QModelIndex | QPersistentModelIndex) -> bool:
        """Whether older runs are left."""
        return not parent.isValid() and not self._fetching and 0 < len(self._runs) < self._total

    def fetchMore(self, parent: QModelIndex | QPersistentModelIndex) -> None:
        """Fetch the next older page."""
        if self.canFetchMore(parent):
            self._fetching = True
            fetch = self._fetch(self._generation, self._runs[-1].pid, NEXT_PAGE)
            self._tasks.spawn(fetch, name="history.processes")

    async def _fetch(self, generation: int, before_pid: int, limit: int) -> None:
        try:
            reply = await self._client.execute(
                HistoryProcesses(before_pid=before_pid, limit=limit, query=self._query[:500])
            )
        except AetherError as error:
            if generation == self._generation:
                self._fetching = False
                self._on_error(error)
                self.loaded.emit()
            return
        if generation != self._generation:
            return
        self._fetching = False
        self._total = reply.total
        if before_pid == 0:
            self.beginResetModel()
            self._put(list(reply.processes))
            self.endResetModel()
        elif reply.processes:
            first = len(self._runs)
            self.beginInsertRows(_NO_PARENT, first, first + len(reply.processes) - 1)
            self._put([*self._runs, *reply.processes])
            self.endInsertRows()
        else:
            self._total = len(self._runs)
        self._ever_loaded = True
        self.loaded.emit()

    def _put(self, runs: list[ProcessInfo]) -> None:
        self._runs = runs
        self._rows = {info.pid: row for row, info in enumerate(runs)}

    def _on_store_changed(self, pids: frozenset[int]) -> None:
        """A run that is listed changed, or a new one began."""
        if not self._ever_loaded:
            return
        for pid in sorted(pids):
            view = self._store.get(pid)
            row = self._rows.get(pid)
            if view is None:
                continue
            if row is not None:
                self._replace(row, view.info)
            elif not self._query and (not self._runs or pid > self._runs[0].pid):
                self.beginInsertRows(_NO_PARENT, 0, 0)
                self._put([view.info, *self._runs])
                self._total += 1
                self.endInsertRows()
                self.loaded.emit()

    def _replace(self, row: int, info: ProcessInfo) -> None:
        known = self._runs[row]
        if (known.state, known.exit_code, known.ended_at, known.step) != (
            info.state, info.exit_code, info.ended_at, info.step
        ):  # fmt: skip
            self._runs[row] = info
            self.dataChanged.emit(self.index(row), self.index(row))
