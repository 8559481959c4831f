"""Which file's text is shown beside the list, and how its changes get into the file.

Reads and writes for the ``TextPane``. A file with unsaved changes stays shown until they are saved or given up.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from msgspec.structs import replace
from PySide6.QtWidgets import QWidget

from aether_desktop.bridge.client import KernelClient
from aether_desktop.bridge.tasks import TaskOwner
from aether_desktop.widgets.file_browser.names import name_of, parent_of, shown_name, size_text
from aether_desktop.widgets.file_browser.one_question import OneQuestion
from aether_desktop.widgets.file_browser.text_pane import TextPane
from aether_desktop.widgets.notice import Notice, Notify
from aether_desktop.widgets.sheet import Answer
from kernel.errors import AetherError, NotFoundError
from kernel.protocol.fs import FsRead, FsStat, FsWrite
from kernel.protocol.records import FileStat

LOOK_LIMIT_BYTES = 2 << 20
_HINT = "Choose a file to read it."


class FileText:
    """The text beside the list.

    surface: questions are asked over it.
    """

    def __init__(self, client: KernelClient, surface: QWidget, notify: Notify, *, editable: bool) -> None:
        self._client = client
        self._notify = notify
        self._tasks = TaskOwner(surface, self._on_error)
        self._shown: FileStat | None = None
        self._wanted = ""
        self._questions = OneQuestion(surface)
        self.pane = TextPane(editable=editable)
        self.pane.show_hint(_HINT)
        self.pane.save_wanted.connect(self.save)
        self.pane.discard_wanted.connect(self._discard)

    @property
    def dirty(self) -> bool:
        """Whether there are unsaved changes."""
        return self.pane.dirty

    def look_at(self, entry: FileStat) -> None:
        """Show what was selected, unless that would take unsaved changes away."""
        if self.dirty or (entry.path == self.pane.path and self._shown is not None and _same(entry, self._shown)):
            return
        self._wanted = entry.path
        if entry.type != "file":
            self._shown = None
            self.pane.show_hint(_HINT if entry.type == "directory" else f"This is a {entry.type}.")
        elif entry.size > LOOK_LIMIT_BYTES:
            self._shown = None
            self.pane.show_hint(f"{shown_name(entry.name)} has {size_text(entry.size)}. Return reads it all the same.")
        else:
            self._spawn(self._read(entry))

    def open(self, entry: FileStat) -> None:
        """Show a file and give its text the keyboard; asks first where there are unsaved changes."""

        async def show() -> None:
            if self.dirty and entry.path != self.pane.path and not await self._settled():
                return
            if entry.type == "file" and not (self.dirty and entry.path == self.pane.path):
                self._wanted = entry.path
                await self._read(entry)
            else:
                self.look_at(entry)
            if self.pane.path:
                self.pane.reading_wanted.emit()
                self.pane.text.setFocus()

        self._spawn(show())

    def save(self) -> None:
        """Write the changes."""
        if self.dirty:
            self._spawn(self._save_alone())

    def folder_was_read(self, folder: str, entries: Sequence[FileStat]) -> None:
        """Show anew what somebody else has changed in ``folder``; a file that has gone, or is elsewhere, is shown no more."""
        shown = self._shown
        if shown is None:
            return
        now = next((entry for entry in entries if entry.path == shown.path), None)
        if now is not None and _same(now, shown):
            return
        if not self.dirty and now is not None:
            self._spawn(self._read(now))
        elif not self.dirty:
            self._shown = None
            self.pane.show_hint(_HINT)
        elif parent_of(shown.path) == folder:
            self.pane.say("changed by somebody else meanwhile" if now is not None else "deleted meanwhile; Save makes it again")

    def was_renamed(self, before: str, after: str) -> None:
        """Go on with the file under its new name."""
        if self._shown is not None and self.pane.path == before:
            self.pane.follow_rename(after)
            self._shown = replace(self._shown, path=after, name=name_of(after))

    def may_close(self, close: Callable[[], None]) -> bool:
        """A close guard: with unsaved changes ask, and call ``close`` once they are saved or given up."""
        if not self.dirty:
            return True

        async def settle() -> None:
            if await self._settled():
                close()

        self._spawn(settle())
        return False

    async def _read(self, entry: FileStat) -> None:
        try:
            # Asked before the text: what is written in between then counts as a change of somebody else's.
            entry = await self._client.execute(FsStat(path=entry.path))
            content = await self._client.execute(FsRead(path=entry.path))
        except AetherError as error:
            if self._wanted == entry.path:
                self._shown = None
                self.pane.show_hint(f"{error.message} {error.hint}".strip())
            return
        if self._wanted in (entry.path, "") and not self.dirty:
            self._shown = entry
            self.pane.show_file(entry.path, content)

    async def _save_alone(self) -> None:
        await self._save()

    async def _save(self) -> bool:
        """Write the changes; False where they are still unsaved. Asks where somebody else has changed the file. Raises AetherError."""
        path, shown = self.pane.path, self._shown
        try:
            now = await self._client.execute(FsStat(path=path))
        except NotFoundError:
            now = None
        if now is not None and shown is not None and not _same(now, shown) and not await self._overwrite_agreed(path):
            return False
        text = self.pane.current_text()
        await self._client.execute(FsWrite(path=path, content=text))
        self._shown = await self._client.execute(FsStat(path=path))
        if self.pane.path == path and self.pane.current_text() == text:
            self.pane.mark_saved(self._shown.size)
        return not self.dirty

    async def _overwrite_agreed(self, path: str) -> bool:
        answer = await self._questions.ask(
            f"“{shown_name(name_of(path))}” was changed meanwhile",
            "Somebody else, an agent perhaps, has written it since you read it. Saving replaces what they wrote.",
            (Answer("cancel", "Cancel", default=True), Answer("save", "Replace it", "danger")),
        )
        return answer == "save"

    async def _settled(self) -> bool:
        """Ask what is to become of the unsaved changes; False where the person stays with them."""
        answer = await self._questions.ask(
            f"Save the changes in “{shown_name(name_of(self.pane.path))}”?",
            "What is not saved is lost.",
            (Answer("cancel", "Cancel"), Answer("discard", "Discard", "danger"), Answer("save", "Save", "primary", default=True)),
        )
        if answer == "save":
            return await self._save()
        if answer == "discard":
            self.pane.give_up()
            return True
        return False

    def _discard(self) -> None:
        self.pane.give_up()
        if self._shown is not None:
            self._wanted = self._shown.path
            self._spawn(self._read_again(self._shown.path))

    async def _read_again(self, path: str) -> None:
        await self._read(await self._client.execute(FsStat(path=path)))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.spawn(work, name="text")

    def _on_error(self, error: BaseException) -> None:
        if not isinstance(error, AetherError):
            raise error
        self._notify(Notice(error.message, error.hint, "error"))


def _same(one: FileStat, other: FileStat) -> bool:
    return (one.size, one.modified_at) == (other.size, other.modified_at)
