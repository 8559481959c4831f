"""Files below one virtual folder as a list, and the text of a file beside it. Used by the agent's window and the files app."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QListWidgetItem, QPlainTextEdit, QSplitter, QVBoxLayout, QWidget

from aether_desktop.bridge.client import KernelClient
from aether_desktop.bridge.tasks import TaskOwner
from aether_desktop.theme.fonts import mono_font
from aether_desktop.theme.tokens import SPACE, TYPE
from aether_desktop.widgets.button import Button
from aether_desktop.widgets.label import ElidedLabel
from kernel.errors import AetherError
from kernel.protocol.base import Event
from kernel.protocol.fs import FsChanged, FsLs, FsRead
from kernel.protocol.records import FileStat

SHOWN_CHARACTERS = 400_000
STAT_ROLE = int(Qt.ItemDataRole.UserRole)


class FilesView(QWidget):
    """Browses below one virtual folder."""

    def __init__(self, client: KernelClient, top: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._client = client
        self._top = top
        self._folder = top
        self._tasks = TaskOwner(self, self._on_error)
        self._up = Button("Up", "quiet", tooltip="The folder above (Backspace)")
        self._up.clicked.connect(self._go_up)
        self._path = ElidedLabel(top, "secondary", mode=Qt.TextElideMode.ElideMiddle)
        self._list = QListWidget()
        self._list.setAccessibleName("Files")
        self._list.itemActivated.connect(self._open)
        self._list.itemClicked.connect(self._open)
        self._text = QPlainTextEdit()
        self._text.setReadOnly(True)
        self._text.setFont(mono_font(TYPE.label))
        self._text.setAccessibleName("Content of the file")
        self._text.setPlaceholderText("Choose a file to read it.")
        self._refresh = QTimer(self)
        self._refresh.setSingleShot(True)
        self._refresh.setInterval(200)
        self._refresh.timeout.connect(self.load)
        self._lay_out()
        unsubscribe = client.subscribe(self._on_events)
        self.destroyed.connect(lambda: unsubscribe())
        self.load()

    def load(self) -> None:
        """List the folder again."""
        self._tasks.spawn(self._load(), name="list")

    async def _load(self) -> None:
        listed = await self._client.execute(FsLs(path=self._folder or "/"))
        self._path.setText(self._folder or "/")
        self._up.setEnabled(self._folder != self._top)
        self._list.clear()
        for entry in listed.entries:
            item = QListWidgetItem(words_of(entry))
            item.setData(STAT_ROLE, entry)
            self._list.addItem(item)

    def _open(self, item: QListWidgetItem) -> None:
        entry: FileStat = item.data(STAT_ROLE)
        if entry.type == "directory":
            self._folder = f"{self._folder}/{entry.name}"
            self.load()
        elif entry.type == "file":
            self._tasks.spawn(self._read(f"{self._folder}/{entry.name}"), name="read")

    async def _read(self, path: str) -> None:
        content = await self._client.execute(FsRead(path=path))
        if content.binary:
            self._text.setPlainText(f"{path} is a binary file of {content.size:,} bytes.")
            return
        more = f"\n[... {len(content.content) - SHOWN_CHARACTERS:,} characters more]" if len(content.content) > SHOWN_CHARACTERS else ""
        self._text.setPlainText(content.content[:SHOWN_CHARACTERS] + more)

    def _go_up(self) -> None:
        if self._folder != self._top:
            self._folder = self._folder.rpartition("/")[0]
            self.load()

    def _on_events(self, events: Sequence[Event]) -> None:
        for event in events:
            if isinstance(event, FsChanged) and event.path.startswith(self._top):
                self._refresh.start()

    def _on_error(self, error: BaseException) -> None:
        if isinstance(error, AetherError):
            self._text.setPlainText(str(error))
        else:
            raise error

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.addWidget(self._up)
        top.addWidget(self._path, 1)
        halves = QSplitter(Qt.Orientation.Horizontal)
        halves.addWidget(self._list)
        halves.addWidget(self._text)
        halves.setStretchFactor(1, 2)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE.lg, SPACE.sm, SPACE.lg, SPACE.sm)
        column.addLayout(top)
        column.addWidget(halves, 1)


def words_of(entry: FileStat) -> str:
    """A line for an entry."""
    if entry.type == "directory":
        return f"{entry.name}/"
    return f"{entry.name}   {size_of(entry.size)}" if entry.type == "file" else f"{entry.name}   ({entry.type})"


def size_of(count: int) -> str:
    """A size for people."""
    for limit, unit in ((2**30, "GB"), (2**20, "MB"), (2**10, "KB")):
        if count >= limit:
            return f"{count / limit:.1f} {unit}"
    return f"{count} B"
