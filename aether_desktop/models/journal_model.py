"""A journal's rows for a list view.

Adapts a ``JournalStore``; the row object itself is the data, the delegate paints it. Accessible text is the row in words.
"""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from aether_desktop.stores.journal import JournalStore
from aether_desktop.stores.reducers.timeline import Row

ROW_ROLE = int(Qt.ItemDataRole.UserRole)
Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()
_TEXT_ROLES = frozenset((int(Qt.ItemDataRole.DisplayRole), int(Qt.ItemDataRole.AccessibleTextRole)))


class JournalModel(QAbstractListModel):
    """One row an item."""

    def __init__(self, store: JournalStore, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store = store
        self._count = store.row_count
        store.about_to_reset.connect(self.beginResetModel)
        store.reset.connect(self._on_reset)
        store.inserted.connect(self._on_inserted)
        store.updated.connect(self._on_updated)
        store.moved_last.connect(self._on_moved_last)

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        """See QAbstractItemModel."""
        return 0 if parent.isValid() else self._count

    def data(self, index: Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> Any:
        """The row (``ROW_ROLE``), or its words."""
        if role != ROW_ROLE and role not in _TEXT_ROLES:
            return None
        if not index.isValid() or index.row() >= self._store.row_count:
            return None
        row = self._store.row(index.row())
        return row if role == ROW_ROLE else words_of(row)

    def _on_reset(self) -> None:
        self._count = self._store.row_count
        self.endResetModel()

    def _on_inserted(self, index: int) -> None:
        self.beginInsertRows(QModelIndex(), index, index)
        self._count = self._store.row_count
        self.endInsertRows()

    def _on_updated(self, index: int) -> None:
        changed = self.index(index)
        self.dataChanged.emit(changed, changed)

    def _on_moved_last(self, index: int) -> None:
        self.beginMoveRows(_NOWHERE, index, index, _NOWHERE, self._count)
        self.endMoveRows()
        self._on_updated(self._count - 1)


def words_of(row: Row) -> str:
    """The row as text: for copying and screen readers."""
    if row.kind == "gap":
        return f"{row.hidden} entries that are not loaded yet"
    parts = [row.title, row.text]
    if row.added or row.removed:
        parts.append(f"+{row.added} −{row.removed}")
    if row.result is not None:
        parts += [row.result.title, row.result.text]
    return "\n".join(part for part in parts if part)
