"""Files below one virtual folder: the list, the text of a file beside it, and everything that one does with files.

Joins the parts; used by the files app for all of the virtual file system and by an agent's window for its home.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from PySide6.QtCore import QEvent, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget

from aether_desktop.bridge.client import KernelClient
from aether_desktop.bridge.tasks import TaskOwner
from aether_desktop.widgets.file_browser import clip as clipboard
from aether_desktop.widgets.file_browser.actions import actions_of, matching, open_menu
from aether_desktop.widgets.file_browser.file_model import FileModel
from aether_desktop.widgets.file_browser.file_table import FileTable
from aether_desktop.widgets.file_browser.file_text import FileText
from aether_desktop.widgets.file_browser.file_work import FileWork
from aether_desktop.widgets.file_browser.folder_watch import FolderWatch
from aether_desktop.widgets.file_browser.history import History
from aether_desktop.widgets.file_browser.layout import FilesLayout, nothing_text, status_text
from aether_desktop.widgets.file_browser.names import (
    ROOT,
    count_text,
    join,
    lies_in,
    name_of,
    parent_of,
    shown_name,
)
from aether_desktop.widgets.notice import Notice, NoticeHost, Notify
from aether_desktop.widgets.single_shot import single_shot
from kernel.errors import AetherError, NotFoundError
from kernel.protocol.fs import FsLs
from kernel.protocol.records import FileStat
from kernel.protocol.system import KernelStatus

_READ_DELAY_MS = 120


class FilesView(FilesLayout):
    """Browses below ``top``, a virtual folder.

    notify: shows messages; without it they are shown over the view itself. start: the folder to begin in. editable: texts may be
    changed and saved in the pane beside the list.
    """

    folder_changed = Signal(str)
    """Another folder is shown; with its path."""

    def __init__(
        self,
        client: KernelClient,
        top: str,
        parent: QWidget | None = None,
        *,
        notify: Notify | None = None,
        start: str = "",
        editable: bool = False,
    ) -> None:
        super().__init__(parent)
        self._client = client
        self._top = top or ROOT
        self._history = History(start if start and lies_in(start, self._top) else self._top)
        self._select_next: tuple[str, ...] = ()
        self._rename_next = ""
        self._shown_folder = ""
        self._generation = 0
        notices = NoticeHost(self)
        self._notify: Notify = notify or notices.tell
        self._tasks = TaskOwner(self, self._on_error)
        self.work = FileWork(client, self, self._notify, self._show_progress, notify_stays=notify is not None)
        self.text = FileText(client, self, self._notify, editable=editable)
        self.model = FileModel(self)
        self._watch = FolderWatch(client, self)
        self._read_timer = single_shot(self, _READ_DELAY_MS, self._read_chosen)
        self.table = FileTable(self.model, lambda event: self._run_key(event, in_list=True))
        self.place(self.table, self.text.pane)
        self.setFocusProxy(self.table)
        self.file_actions = actions_of(self)
        self._connect()
        self._show_place()
        self.load()

    @property
    def folder(self) -> str:
        """The path of the folder that is shown, or is being read."""
        return self._history.here

    # -- going about -------------------------------------------------------------------------------------------------

    def load(self) -> None:
        """Read the folder again."""
        self._tasks.spawn(self._load(), name="fs.ls")

    def go(self, path: str) -> None:
        """Show another folder; outside of the top is not gone to."""
        clean = "/" + "/".join(part for part in path.split("/") if part not in ("", "."))
        if ".." in clean.split("/") or not lies_in(clean, self._top):
            self._notify(Notice(f"{shown_name(path)[:120]} is not in {self._top}", "Type a path that begins there.", "error"))
            return
        if clean != self.folder:
            self._history.go(clean)
            self._arrive()

    def new_folder(self) -> None:
        """Make a folder here, or where that is not possible in the shared workspaces, and let the person name it."""
        if not self.may_change_folder():
            self.go("/shared")
        self._spawn(self._make(self.work.make_folder))

    def _arrive(self) -> None:
        self.search.clear()
        self.leave_text()
        self.model.set_query("")
        self._show_place()
        self.load()

    def go_back(self) -> None:
        """Go to the folder before."""
        if self._history.back():
            self._arrive()

    def go_forward(self) -> None:
        """Go to the folder after this one, where one came back from it."""
        if self._history.forward():
            self._arrive()

    def go_up(self) -> None:
        """Go to the folder above, or from a text that has the list's place back to the list."""
        if not self.leave_text() and self.folder != self._top:
            self._select_next = (name_of(self.folder),)
            self.go(parent_of(self.folder))

    async def _load(self) -> None:
        self._generation += 1
        generation, folder = self._generation, self.folder
        self._watch.follow(folder)
        try:
            listed = await self._client.execute(FsLs(path=folder))
        except AetherError as error:
            if generation == self._generation:
                self._show_failure(error)
            return
        if generation != self._generation:
            return
        anew = folder != self._shown_folder
        kept = () if anew else tuple(entry.name for entry in self.table.selected())
        self._shown_folder = folder
        self.model.set_entries(listed.entries, anew=anew)
        self._after_listing(kept, anew=anew)

    def _after_listing(self, kept: tuple[str, ...], *, anew: bool) -> None:
        if self._select_next:
            self.table.select(self._select_next)
            self._select_next = ()
        elif kept and not self.table.selected() and not self.table.renaming:
            self.table.select(kept)
        elif anew and self.model.rowCount():
            self.table.setCurrentIndex(self.model.index(0, 0))
            self.table.clearSelection()
        self._show_page()
        if self._rename_next:
            self.table.setFocus()
            self.table.begin_rename(self._rename_next)
            self._rename_next = ""
        self.text.folder_was_read(self._shown_folder, self.model.entries)

    # -- what is shown -----------------------------------------------------------------------------------------------

    def _show_place(self) -> None:
        self.path.show_path(
            self.folder, self._top, back=self._history.may_go_back, forward=self._history.may_go_forward
        )
        self.new_button.setEnabled(self.may_change_folder())
        self.folder_changed.emit(self.folder)

    def _show_page(self) -> None:
        if not self.model.rowCount():
            self.empty.set_text(*nothing_text(self.model))
        self.turn_to(self.table if self.model.rowCount() else self.empty)
        self._show_status()

    def _show_failure(self, error: AetherError) -> None:
        if isinstance(error, NotFoundError) and not self._shown_folder and self.folder != self._top:
            self._history = History(parent_of(self.folder))  # the place of the last time is gone: its parent may be there
            self._arrive()
            return
        self._shown_folder = ""
        self.model.set_entries((), anew=True)
        self.failure.set_text(error.message, error.hint)
        self.turn_to(self.failure)
        self._show_status()

    def _show_status(self) -> None:
        failed = self.pages.currentWidget() is self.failure
        self.status.setText("" if failed else status_text(self.model, self.table.selected()))

    def _show_progress(self, text: str) -> None:
        self.status.setText(text or status_text(self.model, self.table.selected()))

    def _read_chosen(self) -> None:
        chosen = self.table.selected()
        if len(chosen) == 1:
            self.text.look_at(chosen[0])

    # -- what is done ------------------------------------------------------------------------------------------------

    def _open(self, entry: FileStat) -> None:
        if entry.type == "directory":
            self.go(join(self.folder, entry.name))
        else:
            self.text.open(entry)

    def open_chosen(self) -> None:
        """Open what is selected."""
        if self.one_chosen():
            self._open(self.table.selected()[0])

    def new_file(self) -> None:
        """Make an empty file here and let the person name it."""
        self._spawn(self._make(self.work.make_file))

    def paste(self) -> None:
        """Put here what was cut or copied."""
        self._spawn(self._paste())

    def delete(self) -> None:
        """Delete what is selected, after a question."""
        self._spawn(self._delete())

    async def _make(self, make: Callable[[str, set[str]], Coroutine[Any, Any, str]]) -> None:
        folder = self.folder
        taken = {entry.name for entry in self.model.entries} if folder == self._shown_folder else set()
        name = await make(folder, taken)
        if folder == self.folder:
            self._rename_next = name
            await self._load()

    async def _rename(self, entry: FileStat, name: str) -> None:
        self._select_next = (await self.work.rename(entry.path, name),)
        self.text.was_renamed(entry.path, join(parent_of(entry.path), name))
        await self._load()

    async def _delete(self) -> None:
        entries = self.table.selected()
        if not entries:
            return
        row = self.model.row_of(entries[0].name)
        if await self.work.remove(entries):
            await self._load()
            self.table.select_near(row)
        self.table.setFocus()

    async def _paste(self) -> None:
        clip = clipboard.taken()
        if clip is None:
            return
        folder = self.folder
        # Of a folder that is still being read the list shows the one before: its names say nothing about what would be replaced.
        listed = self.model.entries if folder == self._shown_folder else (await self._client.execute(FsLs(path=folder))).entries
        names = await self.work.carry(clip, folder, {entry.name for entry in listed})
        if clip.cut and names:
            clipboard.clear()
        if folder == self.folder and names:
            self._select_next = names
        await self._load()

    def cut_or_copy(self, *, cut: bool) -> None:
        """Put what is selected on the clipboard."""
        paths = tuple(entry.path for entry in self.table.selected())
        if paths:
            clipboard.put(clipboard.Clip(paths, cut))
            self.status.setText(f"{count_text(len(paths), 'item')} {'cut' if cut else 'copied'}: Ctrl+V puts them where you go.")

    def copy_paths(self) -> None:
        """Put the paths of what is selected, or of the folder, on the clipboard."""
        clipboard.put_text("\n".join(self._paths()))

    def copy_host_paths(self) -> None:
        """Put the same as paths of this computer, outside of Aether, on the clipboard."""
        self._spawn(self._copy_host_paths(self._paths()))

    async def _copy_host_paths(self, paths: Sequence[str]) -> None:
        root = (await self._client.execute(KernelStatus())).root.rstrip("/")
        clipboard.put_text("\n".join(root + path for path in paths))
        self.status.setText("Copied: the path on this computer, for its own programs.")

    def _paths(self) -> Sequence[str]:
        return [entry.path for entry in self.table.selected()] or [self.folder]

    def toggle_hidden(self) -> None:
        """Show names that begin with a dot, or not."""
        self.model.set_shows_hidden(not self.model.shows_hidden)
        self._show_page()

    def _search(self, query: str) -> None:
        self.model.set_query(query)
        self._show_page()

    # -- what is possible --------------------------------------------------------------------------------------------

    def may_change_folder(self) -> bool:
        """Whether files can be made here: the top of all has only what Aether itself makes."""
        return self.folder != ROOT

    def may_change_chosen(self) -> bool:
        """Whether what is selected can be renamed, moved or deleted."""
        return self.may_change_folder() and self.any_chosen()

    def any_chosen(self) -> bool:
        """Whether something is selected."""
        return self.table.selectionModel().hasSelection()

    def one_chosen(self) -> bool:
        """Whether exactly one thing is selected."""
        return len(self.table.selected()) == 1

    def may_paste(self) -> bool:
        """Whether files are on the clipboard and can be put here."""
        return self.may_change_folder() and clipboard.taken() is not None

    def begin_rename(self) -> None:
        """Let the person type another name for what is selected."""
        self.table.begin_rename(self.table.selected()[0].name)

    def begin_search(self) -> None:
        """Give the search field the keyboard; what it finds shows in the list."""
        self.leave_text()
        self.show_search(wanted=True)
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def _open_menu(self, position: QPoint) -> None:
        open_menu(self, self.file_actions, position)

    # -- events ------------------------------------------------------------------------------------------------------

    def event(self, event: QEvent) -> bool:
        """Keep the browser's keys from the shortcuts of the whole application."""
        if isinstance(event, QKeyEvent) and event.type() is QEvent.Type.ShortcutOverride:
            action = matching(self.file_actions, event, in_list=self.table.hasFocus())
            if action is not None and action.keys != ("Return",):
                event.accept()
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The keys that work wherever the keyboard is in the browser."""
        if not self._run_key(event, in_list=self.pages.currentWidget() is not self.table and self.empty.hasFocus()):
            super().keyPressEvent(event)

    def _run_key(self, event: QKeyEvent, *, in_list: bool) -> bool:
        action = matching(self.file_actions, event, in_list=in_list)
        if action is None or action.keys == ("Return",):
            return False
        if action.possible():
            action.run()
        return True

    def _to_list(self) -> None:
        if not self.leave_text():
            self.table.setFocus()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.spawn(work, name="files")

    def _on_error(self, error: BaseException) -> None:
        if not isinstance(error, AetherError):
            raise error
        self._notify(Notice(error.message, error.hint, "error"))

    def _connect(self) -> None:
        self.path.back_wanted.connect(self.go_back)
        self.path.forward_wanted.connect(self.go_forward)
        self.path.up_wanted.connect(self.go_up)
        self.path.path_wanted.connect(self.go)
        self.path.typing_ended.connect(self._to_list)
        self.search.query_changed.connect(self._search)
        self.search.returnPressed.connect(self._to_list)
        self.new_button.clicked.connect(self.new_folder)
        self.more_button.clicked.connect(lambda: self._open_menu(self.more_button.mapToGlobal(QPoint(0, self.more_button.height() + 2))))
        self.table.opened.connect(self._open)
        self.table.renamed.connect(lambda entry, name: self._spawn(self._rename(entry, name)))
        self.table.menu_wanted.connect(self._open_menu)
        for react in (self._show_status, self._read_timer.start):
            self.table.chosen.connect(react)
        self.empty.customContextMenuRequested.connect(lambda at: self._open_menu(self.empty.mapToGlobal(at)))
        self.failure.action_requested.connect(self.load)
        self._watch.changed.connect(self.load)
