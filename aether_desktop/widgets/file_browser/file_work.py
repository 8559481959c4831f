"""Changes to files: make, rename, delete, copy, move. Asks before anything is lost and says what could not be done.

Called by the file browser; it knows no widget but the one over which it asks. What was begun is finished though that widget goes:
closing a window half-way through must not leave half of the files behind.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from PySide6.QtCore import QCoreApplication, QObject
from PySide6.QtWidgets import QWidget

from aether_desktop.bridge.client import KernelClient
from aether_desktop.bridge.tasks import TaskOwner
from aether_desktop.widgets.file_browser.clip import Clip
from aether_desktop.widgets.file_browser.names import (
    copy_name,
    count_text,
    free_name,
    is_lost,
    join,
    name_of,
    parent_of,
    problem_with,
    shown_name,
)
from aether_desktop.widgets.file_browser.one_question import OneQuestion
from aether_desktop.widgets.notice import Notice, Notify
from aether_desktop.widgets.sheet import Answer
from aether_desktop.widgets.work_under_way import WorkUnderWay
from kernel.errors import AetherError, ConflictError, InvalidArgumentError, NotFoundError
from kernel.protocol.fs import FsCp, FsMkdir, FsMv, FsRm, FsStat, FsWrite
from kernel.protocol.records import FileStat

T = TypeVar("T")
_HOMES = "/home"
_NAME_CHARACTERS = 80
DELETE_ANSWERS = (Answer("cancel", "Keep", default=True), Answer("delete", "Delete", "danger"))


@dataclass(frozen=True, slots=True)
class Failure:
    """What could not be done to ``path``, and why."""

    path: str
    error: AetherError


@dataclass(frozen=True, slots=True)
class _Step:
    """One path to carry, and where to. ``replaces``: a file is there and goes."""

    source: str
    target: str
    replaces: bool = False


class FileWork:
    """Carries out changes.

    surface: questions are asked over it. progress: told what is being done, "" at the end; not once the surface is gone.
    notify_stays: whether ``notify`` may be called after the surface is gone.
    """

    def __init__(
        self,
        client: KernelClient,
        surface: QWidget,
        notify: Notify,
        progress: Callable[[str], None],
        *,
        notify_stays: bool = True,
    ) -> None:
        self._client = client
        self._notify = notify
        self._progress = progress
        self._notify_stays = notify_stays
        self._surface_gone = False
        self._questions = OneQuestion(surface)
        surface.destroyed.connect(self._on_surface_gone)

    async def make_folder(self, folder: str, taken: Collection[str]) -> str:
        """Make a folder with a name that is free; its name. Raises AetherError."""
        name = free_name("New folder", taken)
        await self._client.execute(FsMkdir(path=join(folder, name)))
        return name

    async def make_file(self, folder: str, taken: Collection[str]) -> str:
        """Make an empty text file with a name that is free; its name. Raises AetherError."""
        name = free_name("New file.txt", taken)
        await self._require_free(join(folder, name))
        await self._client.execute(FsWrite(path=join(folder, name), content=""))
        return name

    async def rename(self, path: str, name: str) -> str:
        """Give a file another name; the new one. Raises AetherError: also where the name is taken or impossible."""
        problem = problem_with(name)
        if problem:
            raise InvalidArgumentError(problem)
        target = join(parent_of(path), name)
        await self._require_free(target)
        await self._client.execute(FsMv(from_=path, to=target))
        return name

    async def remove(self, entries: Sequence[FileStat]) -> bool:
        """Ask, then delete for good; False where the person kept them."""
        title, text = delete_question(entries)
        if await self._questions.ask(title, text, DELETE_ANSWERS) != "delete":
            return False

        async def delete(entry: FileStat) -> None:
            await self._client.execute(FsRm(path=entry.path))

        await self._finish(self._each("Deleting", "deleted", entries, lambda entry: entry.path, delete))
        return True

    async def carry(self, clip: Clip, folder: str, taken: Collection[str]) -> tuple[str, ...]:
        """Copy or move what was put on the clipboard into ``folder``; the names it has there now.

        taken: the names in the folder. Where one is taken, the person is asked; nothing is replaced unasked.
        """
        steps = await self._steps(clip, folder, frozenset(taken))
        done = await self._finish(self._carry(steps, cut=clip.cut)) if steps else ()
        return tuple(name_of(step.target) for step in done)

    async def _carry(self, steps: Sequence[_Step], *, cut: bool) -> tuple[_Step, ...]:
        done: list[_Step] = []
        left_out: list[str] = []
        left_out_count = 0

        async def move(step: _Step) -> None:
            nonlocal left_out_count
            if cut:
                await self._client.execute(FsMv(from_=step.source, to=step.target))
            else:
                copied = await self._client.execute(FsCp(from_=step.source, to=step.target))
                left_out.extend(join(step.source, name) for name in copied.left_out)
                left_out_count += copied.left_out_count
            done.append(step)

        words = ("Moving", "moved") if cut else ("Copying", "copied")
        await self._each(*words, steps, lambda step: step.source, move)
        if left_out_count:
            self._tell(left_out_notice(left_out, left_out_count))
        if cut and done and not any(step.replaces for step in done):
            self._offer_undo(tuple(done))
        return tuple(done)

    async def _steps(self, clip: Clip, folder: str, taken: frozenset[str]) -> list[_Step]:
        here = [path for path in clip.paths if parent_of(path) == folder]
        names = set(taken)
        steps: list[_Step] = []
        if not clip.cut:
            for path in here:
                name = copy_name(name_of(path), names)
                names.add(name)
                steps.append(_Step(path, join(folder, name)))
        others = [path for path in clip.paths if path not in here]
        doubled = [path for path in others if name_of(path) in names]
        answer = await self._ask_about(doubled, folder) if doubled else "both"
        if answer not in ("both", "replace"):
            return []
        for path in others:
            wish = name_of(path)
            replaces = answer == "replace" and wish in taken
            name = wish if replaces else free_name(wish, names)
            names.add(name)
            steps.append(_Step(path, join(folder, name), replaces))
        return steps

    async def _ask_about(self, doubled: Sequence[str], folder: str) -> str:
        """What to do where names are taken. Folders are never replaced: that would lose what only the old one has."""
        kinds = [await self._kind(path) for source in doubled for path in (source, join(folder, name_of(source)))]
        answers = [Answer("cancel", "Cancel"), Answer("both", "Keep both", "primary", default=True)]
        if all(kind == "file" for kind in kinds):
            answers.insert(1, Answer("replace", "Replace", "danger"))
        if len(doubled) == 1:
            title = f"“{shown_name(name_of(doubled[0]))}” is there already"
        else:
            title = f"{len(doubled):,} of the names are there already"
        text = "Keep both, and the new one gets a number."
        if len(answers) == 3:
            text += " What is replaced cannot be had back."
        return await self._questions.ask(title, text, answers)

    async def _kind(self, path: str) -> str:
        try:
            return (await self._client.execute(FsStat(path=path))).type
        except NotFoundError:
            return "file"

    def _offer_undo(self, steps: tuple[_Step, ...]) -> None:
        async def undo() -> None:
            async def back(step: _Step) -> None:
                await self._require_free(step.source)
                await self._client.execute(FsMv(from_=step.target, to=step.source))

            await self._each("Moving back", "moved back", steps, lambda step: step.target, back)

        def start() -> None:
            self._spawn(undo())

        self._tell(Notice(f"{count_text(len(steps), 'item')} moved", kind="success", action="Undo"), start)

    async def _each(
        self, doing: str, done: str, things: Sequence[T], path_of: Callable[[T], str], work: Callable[[T], Awaitable[None]]
    ) -> None:
        """Do it to all, one after the other; what fails does not keep the rest from being done."""
        failures: list[Failure] = []
        under_way = WorkUnderWay()
        try:
            for number, thing in enumerate(things, 1):
                progress = f"{number:,} of {len(things):,}" if len(things) > 1 else ""
                self._show(f"{doing} {progress}".rstrip() + "…")
                named = f"{doing} “{shown_name(name_of(path_of(thing)))[:_NAME_CHARACTERS]}”"
                under_way.say(f"{named} ({progress})" if progress else named)
                try:
                    await work(thing)
                except AetherError as error:
                    failures.append(Failure(path_of(thing), error))
        finally:
            under_way.end()
            self._show("")
        if failures:
            self._tell(failure_notice(failures, len(things), done))
        elif self._surface_gone and len(things) > 1:
            self._tell(Notice(f"{count_text(len(things), 'item')} {done}", kind="success"))

    async def _finish(self, work: Coroutine[Any, Any, T]) -> T:
        """Do it to its end, also where the one who waits for it goes."""
        return await asyncio.shield(self._spawn(work))

    def _spawn(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        owner = QObject(QCoreApplication.instance())
        task = TaskOwner(owner).spawn(work, name="files")
        task.add_done_callback(lambda _task: owner.deleteLater())
        return task

    def _show(self, progress: str) -> None:
        if not self._surface_gone:
            self._progress(progress)

    def _tell(self, notice: Notice, on_action: Callable[[], None] | None = None) -> None:
        if self._notify_stays or not self._surface_gone:
            self._notify(notice, on_action)

    def _on_surface_gone(self) -> None:
        self._surface_gone = True

    async def _require_free(self, path: str) -> None:
        try:
            await self._client.execute(FsStat(path=path))
        except NotFoundError:
            return
        raise ConflictError(f"There is already a “{shown_name(name_of(path))}” there.", "Choose another name.")


def delete_question(entries: Sequence[FileStat]) -> tuple[str, str]:
    """Title and text of the question before deleting."""
    folders = any(entry.type == "directory" for entry in entries)
    title = f"Delete “{shown_name(entries[0].name)}”?" if len(entries) == 1 else f"Delete {len(entries):,} items?"
    text = "It is gone for good." if len(entries) == 1 else "They are gone for good."
    if folders:
        text = f"Everything in {'it' if len(entries) == 1 else 'the folders'} goes too. {text}"
    if any(parent_of(entry.path) == _HOMES for entry in entries):
        text = f"An agent's home is among what goes; one that still runs loses its files. {text}"
    return title, text


def failure_notice(failures: Sequence[Failure], count: int, done: str) -> Notice:
    """One message for all that failed; the first says why."""
    first = failures[0]
    what = f"“{shown_name(name_of(first.path))[:80]}”" if len(failures) == 1 else f"{len(failures):,} of {count:,} items"
    hint = first.error.hint
    if is_lost(name_of(first.path)):
        hint = "Its name is no valid text; use a terminal for it."
    detail = first.error.message if len(failures) == 1 else f"The first: {first.error.message}"
    return Notice(f"{what} could not be {done}", f"{detail} {hint}".strip(), "error")


def left_out_notice(paths: Sequence[str], count: int) -> Notice:
    """A message for links and special files that a copy did not take along."""
    named = ", ".join(f"“{shown_name(name_of(path))[:60]}”" for path in paths[:3])
    more = count - min(3, len(paths))
    detail = f"{named} and {more:,} more" if more > 0 else named
    what = f"{count_text(count, 'link')} or special {'file was' if count == 1 else 'files were'} left out"
    return Notice(f"Copied, but {what}", f"Only files and folders are copied: not {detail}.", "attention")
