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


class JournalModel(QAbstractListModel):
    """One row an item."""

    def __init__(self, store: JournalStore, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store = store
        self._count = len(store.rows)
        store.reset.connect(self._on_reset)
        store.inserted.connect(self._on_inserted)
        store.updated.connect(self._on_updated)

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        """See QAbstractItemModel."""
        return 0 if parent.isValid() else self._count

    def data(self, index: Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> Any:
        """The row (``ROW_ROLE``), or its words."""
        if not index.isValid() or index.row() >= len(self._store.rows):
            return None
        row = self._store.rows[index.row()]
        if role == ROW_ROLE:
            return row
        if role in (int(Qt.ItemDataRole.DisplayRole), int(Qt.ItemDataRole.AccessibleTextRole)):
            return words_of(row)
        return None

    def _on_reset(self) -> None:
        self.beginResetModel()
        self._count = len(self._store.rows)
        self.endResetModel()

    def _on_inserted(self, index: int) -> None:
        self.beginInsertRows(QModelIndex(), index, index)
        self._count = len(self._store.rows)
        self.endInsertRows()

    def _on_updated(self, index: int) -> None:
        changed = self.index(index)
        self.dataChanged.emit(changed, changed)


def words_of(row: Row) -> str:
    """The row as text: for copying, searching and screen readers."""
    return f"{row.title}\n{row.text}".strip()
