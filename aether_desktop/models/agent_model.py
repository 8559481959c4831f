"""The agents as a list model: filtered, searched, sorted, and told row by row when one changes.

A row that only changed its content is announced alone, so that a view repaints one card. The order is made anew only when a
key of it changed.
"""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from aether_desktop.models.agent_order import Counts, Sort, count, matches, sort_key, words_of
from aether_desktop.models.agent_status import Group, belongs, spoken, status_of
from aether_desktop.stores.processes import ProcessStore
from aether_desktop.stores.reducers.process import ProcessView

VIEW_ROLE = int(Qt.ItemDataRole.UserRole) + 1
PID_ROLE = int(Qt.ItemDataRole.UserRole) + 2
_RESET_ABOVE = 64
_NO_PARENT = QModelIndex()


class AgentListModel(QAbstractListModel):
    """Rows are agents; ``VIEW_ROLE`` gives a row's ``ProcessView``."""

    counts_changed = Signal()
    """``counts`` has other numbers."""

    def __init__(self, store: ProcessStore, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store = store
        self._filter = Group.ALL
        self._words: tuple[str, ...] = ()
        self._order = Sort.NEWEST
        self._pids: list[int] = []
        self._rows: dict[int, int] = {}
        self._keys: dict[int, tuple[Any, ...]] = {}
        self._groups: dict[int, Group] = {}
        self._counts = Counts()
        store.changed.connect(self._on_store_changed)
        self._take_all()

    @property
    def counts(self) -> Counts:
        """How many agents there are, whatever the filter and the search."""
        return self._counts

    @property
    def filter(self) -> Group:
        """Which agents are shown."""
        return self._filter

    @property
    def order(self) -> Sort:
        """What comes first."""
        return self._order

    @property
    def query(self) -> str:
        """The words searched for."""
        return " ".join(self._words)

    def set_filter(self, group: Group) -> None:
        """Show another group."""
        if group is not self._filter:
            self._filter = group
            self._take_all()

    def set_query(self, query: str) -> None:
        """Show only agents in which each word occurs."""
        words = words_of(query)
        if words != self._words:
            self._words = words
            self._take_all()

    def set_order(self, order: Sort) -> None:
        """Show them in another order."""
        if order is not self._order:
            self._order = order
            self._take_all()

    def view_at(self, row: int) -> ProcessView | None:
        """The agent in a row."""
        return self._store.get(self._pids[row]) if 0 <= row < len(self._pids) else None

    def row_of(self, pid: int) -> int:
        """The row of an agent, -1 where it is not shown."""
        return self._rows.get(pid, -1)

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = _NO_PARENT) -> int:
        """How many agents are shown."""
        return 0 if parent.isValid() else len(self._pids)

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The agent itself, or words about it."""
        view = self.view_at(index.row()) if index.isValid() else None
        if view is None:
            return None
        if role == VIEW_ROLE:
            return view
        if role == PID_ROLE:
            return view.pid
        if role == Qt.ItemDataRole.DisplayRole:
            return f"{view.info.name} {view.pid}"
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return spoken(view)
        return None

    def _on_store_changed(self, pids: frozenset[int]) -> None:
        moved = False
        for pid in pids:
            moved = self._note(pid) or moved
        if moved:
            self._arrange()
            self._count()
        for pid in pids:
            row = self._rows.get(pid)
            if row is not None:
                index = self.index(row)
                self.dataChanged.emit(index, index)

    def _note(self, pid: int) -> bool:
        """Keep an agent's key and group; True where the order, what is shown or a count may change."""
        view = self._store.get(pid)
        if view is None:
            self._groups.pop(pid, None)
            return self._keys.pop(pid, None) is not None
        group = status_of(view).group
        shown = belongs(group, self._filter) and matches(view, self._words)
        key = sort_key(view, self._order) if shown else ()
        if self._keys.get(pid) == key and self._groups.get(pid) is group:
            return False
        self._keys[pid] = key
        self._groups[pid] = group
        return True

    def _take_all(self) -> None:
        self._keys.clear()
        self._groups.clear()
        for view in self._store.all():
            self._note(view.pid)
        self._arrange()
        self._count()

    def _count(self) -> None:
        counts = count(self._groups.values())
        if counts != self._counts:
            self._counts = counts
            self.counts_changed.emit()

    def _arrange(self) -> None:
        wanted = sorted((pid for pid, key in self._keys.items() if key), key=self._keys.__getitem__)
        if wanted == self._pids:
            return
        kept = set(wanted)
        gone = [pid for pid in self._pids if pid not in kept]
        new = [pid for pid in wanted if pid not in self._rows]
        if len(gone) + len(new) > _RESET_ABOVE:
            self.beginResetModel()
            self._put(wanted)
            self.endResetModel()
            return
        for pid in gone:
            row = self._pids.index(pid)
            self.beginRemoveRows(_NO_PARENT, row, row)
            self._put([other for other in self._pids if other != pid])
            self.endRemoveRows()
        if new:
            self.beginInsertRows(_NO_PARENT, len(self._pids), len(self._pids) + len(new) - 1)
            self._put([*self._pids, *new])
            self.endInsertRows()
        if wanted != self._pids:
            self._permute(wanted)

    def _permute(self, wanted: list[int]) -> None:
        self.layoutAboutToBeChanged.emit()
        before = self.persistentIndexList()
        pids = [self._pids[index.row()] for index in before]
        self._put(wanted)
        self.changePersistentIndexList(before, [self.index(self._rows[pid]) for pid in pids])
        self.layoutChanged.emit()

    def _put(self, pids: list[int]) -> None:
        self._pids = pids
        self._rows = {pid: row for row, pid in enumerate(pids)}
