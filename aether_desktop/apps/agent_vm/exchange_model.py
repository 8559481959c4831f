"""One agent's calls to language models for a list view: those that the kernel still knows, then each one as it ends.

Read when the list is wanted, and let go when it is not: the kernel has them all, and a window that nobody looks at keeps no copy. Bounded
as the kernel's own memory is: the oldest give way, and how many did is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from aether_desktop.apps.agent_vm.exchanges import ExchangeLine, line_of
from aether_desktop.bridge.client import KernelClient
from aether_desktop.bridge.tasks import TaskOwner
from kernel.errors import AetherError
from kernel.protocol.base import Event
from kernel.protocol.records import LlmExchange
from kernel.protocol.system import LlmExchanged, LlmExchanges

LINE_ROLE = int(Qt.ItemDataRole.UserRole)
Index = QModelIndex | QPersistentModelIndex
KEEP_CHARACTERS = 32_000_000
OVERHEAD_CHARACTERS = 2_000
_NOWHERE = QModelIndex()
_TEXT_ROLES = frozenset((int(Qt.ItemDataRole.DisplayRole), int(Qt.ItemDataRole.AccessibleTextRole)))


class ExchangeModel(QAbstractListModel):
    """A call an item, the newest last."""

    changed = Signal()
    """What is there, what was forgotten, or what went wrong is other than before."""

    def __init__(
        self, client: KernelClient, pid: int, parent: QObject, *, keep_characters: int = KEEP_CHARACTERS
    ) -> None:
        """keep_characters: how much text of bodies is kept; the newest call always is."""
        super().__init__(parent)
        self._client = client
        self._pid = pid
        self._keep = keep_characters
        self._lines: list[ExchangeLine] = []
        self._ids: set[str] = set()
        self._characters = 0
        self._forgotten = 0
        self._waiting: list[LlmExchange] | None = None
        self._started = False
        self._loaded = False
        self._again = False
        self._error: AetherError | None = None
        self._tasks = TaskOwner(self, self._on_error)

    @property
    def loaded(self) -> bool:
        """Whether the kernel has answered."""
        return self._loaded

    @property
    def forgotten(self) -> int:
        """How many older calls are here no more."""
        return self._forgotten

    @property
    def error(self) -> AetherError | None:
        """Why they could not be read."""
        return self._error

    def load(self) -> None:
        """Read what the kernel knows and follow what comes. While it is read, asking again reads once more behind it."""
        if not self._started:
            self._started = True
            unsubscribe = self._client.subscribe(self._on_events, self.load)
            self.destroyed.connect(lambda: unsubscribe())
        if self._waiting is not None:
            self._again = True
            return
        self._waiting = []
        self._tasks.spawn(self._read(self._waiting), name="exchanges")

    def release(self) -> None:
        """Let go of everything; what comes is not followed until it is loaded again."""
        self._tasks.cancel()
        self._waiting = None
        self._loaded = False
        self._error = None
        self.beginResetModel()
        self._lines.clear()
        self._ids.clear()
        self._characters = self._forgotten = 0
        self.endResetModel()

    def row_of(self, exchange_id: str) -> int | None:
        """Where a call is, None where it is not there."""
        if exchange_id not in self._ids:
            return None
        return next(row for row, line in enumerate(self._lines) if line.exchange.id == exchange_id)

    def line(self, row: int) -> ExchangeLine:
        """The call at an index. Raises IndexError."""
        return self._lines[row]

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        """See QAbstractItemModel."""
        return 0 if parent.isValid() else len(self._lines)

    def data(self, index: Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> Any:
        """The line (``LINE_ROLE``), or its words."""
        if not index.isValid() or index.row() >= len(self._lines):
            return None
        line = self._lines[index.row()]
        if role == LINE_ROLE:
            return line
        return line.words if role in _TEXT_ROLES else None

    async def _read(self, waiting: list[LlmExchange]) -> None:
        """waiting: what ends meanwhile; another list takes its place where this reading was given up."""
        try:
            while True:
                self._again = False
                reply = await self._client.execute(LlmExchanges(pid=self._pid))
                self._show(reply.exchanges, reply.forgotten)
                if not self._again:
                    break
        except AetherError as error:
            self._error = error
        finally:
            if self._waiting is waiting:
                self._waiting = None
        if self._loaded:
            self._append(waiting)
        self.changed.emit()

    def _show(self, exchanges: Sequence[LlmExchange], forgotten: int) -> None:
        """Take a reply. What is here stays in its place, so that what is looked at does too; what comes is behind it."""
        self._error = None
        self._loaded = True
        known = next((row for row in reversed(range(len(exchanges))) if exchanges[row].id in self._ids), -1)
        self._append(exchanges[known + 1 :])
        self._forgotten = max(0, forgotten + len(exchanges) - len(self._lines))

    def _on_events(self, events: Sequence[Event]) -> None:
        ended = [event.exchange for event in events if isinstance(event, LlmExchanged) and event.exchange.pid == self._pid]
        if not ended:
            return
        if self._waiting is not None:
            self._waiting.extend(ended)
        elif self._loaded:
            self._append(ended)
            self.changed.emit()

    def _append(self, exchanges: Sequence[LlmExchange]) -> None:
        new = [line_of(exchange) for exchange in exchanges if exchange.id not in self._ids]
        if not new:
            return
        first = len(self._lines)
        self.beginInsertRows(QModelIndex(), first, first + len(new) - 1)
        self._lines.extend(new)
        self._ids.update(line.exchange.id for line in new)
        self._characters += sum(map(_characters, new))
        self.endInsertRows()
        self._forget()

    def _forget(self) -> None:
        count = 0
        while self._characters > self._keep and count < len(self._lines) - 1:
            self._characters -= _characters(self._lines[count])
            self._ids.discard(self._lines[count].exchange.id)
            count += 1
        if count:
            self.beginRemoveRows(QModelIndex(), 0, count - 1)
            del self._lines[:count]
            self._forgotten += count
            self.endRemoveRows()

    def _on_error(self, error: BaseException) -> None:
        raise error


def _characters(line: ExchangeLine) -> int:
    exchange = line.exchange
    return OVERHEAD_CHARACTERS + len(exchange.request_body) + len(exchange.response_body) + len(exchange.error)
