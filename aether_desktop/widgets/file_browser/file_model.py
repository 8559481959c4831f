"""One folder's entries as a table: name, size, change. Sorted and filtered here; told apart by name when it is read again.

Used by the file browser. It reads nothing itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from enum import IntEnum
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from aether_desktop.widgets.file_browser.names import kind_text, moment_text, shown_name, size_text
from kernel.protocol.records import FileStat

STAT_ROLE = int(Qt.ItemDataRole.UserRole) + 1
_NO_PARENT = QModelIndex()
_MOST_RUNS = 200
Index = QModelIndex | QPersistentModelIndex


class Column(IntEnum):
    """What a column shows."""

    NAME = 0
    SIZE = 1
    CHANGED = 2


_TITLES = {Column.NAME: "Name", Column.SIZE: "Size", Column.CHANGED: "Changed"}


class FileModel(QAbstractTableModel):
    """Rows are entries; ``STAT_ROLE`` gives a row's ``FileStat``. now: seconds since the epoch, for the times shown."""

    def __init__(self, parent: QObject | None = None, *, now: Callable[[], float] = time.time) -> None:
        super().__init__(parent)
        self._now = now
        self._entries: tuple[FileStat, ...] = ()
        self._rows: list[FileStat] = []
        self._row_of: dict[str, int] | None = None
        self._column = Column.NAME
        self._descending = False
        self._query = ""
        self._hidden = False

    @property
    def entries(self) -> tuple[FileStat, ...]:
        """Everything in the folder, shown or not."""
        return self._entries

    @property
    def query(self) -> str:
        """What names must hold to be shown."""
        return self._query

    @property
    def shows_hidden(self) -> bool:
        """Whether names that begin with a dot are shown."""
        return self._hidden

    def entry(self, row: int) -> FileStat | None:
        """The entry of a row."""
        return self._rows[row] if 0 <= row < len(self._rows) else None

    def row_of(self, name: str) -> int:
        """The row of a name; -1 where it is not shown."""
        if self._row_of is None:
            self._row_of = {entry.name: row for row, entry in enumerate(self._rows)}
        return self._row_of.get(name, -1)

    def set_entries(self, entries: Iterable[FileStat], *, anew: bool) -> None:
        """Show these entries. anew: another folder, of which nothing is to be kept."""
        self._entries = tuple(entries)
        self._show(anew=anew)

    def set_query(self, query: str) -> None:
        """Show only names that hold ``query``, in any case."""
        if query != self._query:
            self._query = query
            self._show(anew=False)

    def set_shows_hidden(self, wanted: bool) -> None:
        """Show names that begin with a dot, or not."""
        if wanted != self._hidden:
            self._hidden = wanted
            self._show(anew=False)

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Order by a column; folders stay first."""
        self._column = Column(column) if 0 <= column < len(Column) else Column.NAME
        self._descending = order is Qt.SortOrder.DescendingOrder
        self.layoutAboutToBeChanged.emit()
        before = [(index, self._rows[index.row()].name) for index in self.persistentIndexList()]
        self._rows = self._wanted()
        self._row_of = None
        for index, name in before:
            self.changePersistentIndex(index, self.index(self.row_of(name), index.column()))
        self.layoutChanged.emit()

    def rowCount(self, parent: Index = _NO_PARENT) -> int:
        """See QAbstractItemModel."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = _NO_PARENT) -> int:
        """See QAbstractItemModel."""
        return 0 if parent.isValid() else len(Column)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = int(Qt.ItemDataRole.DisplayRole)
    ) -> Any:
        """See QAbstractItemModel."""
        if role == Qt.ItemDataRole.TextAlignmentRole and section == Column.SIZE:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole and 0 <= section < len(Column):
            return _TITLES[Column(section)]
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """See QAbstractItemModel."""
        flags = super().flags(index)
        return flags | Qt.ItemFlag.ItemIsEditable if index.column() == Column.NAME else flags

    def data(self, index: Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> Any:
        """See QAbstractItemModel."""
        entry = self.entry(index.row()) if index.isValid() else None
        if entry is None:
            return None
        if role == STAT_ROLE:
            return entry
        if role == Qt.ItemDataRole.EditRole:
            return entry.name
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(entry, Column(index.column()))
        if role == Qt.ItemDataRole.AccessibleTextRole:
            column = Column(index.column())
            shown = self._text(entry, column)
            return f"{shown}, {kind_text(entry.type)}" if column is Column.NAME else shown
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column() == Column.SIZE:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return None

    def _text(self, entry: FileStat, column: Column) -> str:
        if column is Column.NAME:
            return shown_name(entry.name)
        if column is Column.CHANGED:
            return moment_text(entry.modified_at, self._now())
        return size_text(entry.size) if entry.type == "file" else kind_text(entry.type)

    def _wanted(self) -> list[FileStat]:
        words = self._query.casefold()
        shown = [
            entry
            for entry in self._entries
            if (self._hidden or not entry.is_hidden) and (not words or words in entry.name.casefold())
        ]
        shown.sort(key=lambda entry: (entry.name.casefold(), entry.name))
        if self._column is Column.SIZE:
            shown.sort(key=lambda entry: entry.size if entry.type == "file" else -1, reverse=self._descending)
        elif self._column is Column.CHANGED:
            shown.sort(key=lambda entry: entry.modified_at, reverse=self._descending)
        elif self._descending:
            shown.reverse()
        shown.sort(key=lambda entry: entry.type != "directory")
        return shown

    def _show(self, *, anew: bool) -> None:
        wanted = self._wanted()
        if anew or not self._change_to(wanted):
            self.beginResetModel()
            self._rows = wanted
            self._row_of = None
            self.endResetModel()

    def _change_to(self, wanted: Sequence[FileStat]) -> bool:
        """Take out and put in what differs; False where that is so much that all anew is less work."""
        kept = _kept_in_order(self._rows, wanted)
        gone = _runs([row for row, entry in enumerate(self._rows) if entry.name not in kept])
        new = _runs([row for row, entry in enumerate(wanted) if entry.name not in kept])
        if len(gone) + len(new) > _MOST_RUNS:
            return False
        for first, last in reversed(gone):
            self.beginRemoveRows(_NO_PARENT, first, last)
            del self._rows[first : last + 1]
            self._row_of = None
            self.endRemoveRows()
        for first, last in new:
            self.beginInsertRows(_NO_PARENT, first, last)
            self._rows[first:first] = wanted[first : last + 1]
            self._row_of = None
            self.endInsertRows()
        changed = [row for row, entry in enumerate(wanted) if entry != self._rows[row]]
        self._rows = list(wanted)
        for first, last in _runs(changed):
            self.dataChanged.emit(self.index(first, 0), self.index(last, len(Column) - 1))
        return True


def _kept_in_order(rows: Sequence[FileStat], wanted: Sequence[FileStat]) -> set[str]:
    """The names that are in both and, going down, in the same order."""
    place = {entry.name: row for row, entry in enumerate(wanted)}
    kept: set[str] = set()
    last = -1
    for entry in rows:
        at = place.get(entry.name, -1)
        if at > last:
            kept.add(entry.name)
            last = at
    return kept


def _runs(rows: Sequence[int]) -> list[tuple[int, int]]:
    """Rising numbers as (first, last) of each run without a gap."""
    runs: list[tuple[int, int]] = []
    for row in rows:
        if runs and row == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], row)
        else:
            runs.append((row, row))
    return runs
