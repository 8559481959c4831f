"""What write_file does with what it is given, and in which order."""

import asyncio
import os
from collections.abc import Coroutine
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from kernel.errors import ConflictError, LimitReachedError, NotFoundError
from kernel.protocol.agent import AgentFileCreated
from kernel.tools.base import cut_middle
from kernel.tools.comparison import Comparisons, DiffWorker, FileDiff, compare
from kernel.tools.files import CHANGED, DIFF_CHARACTERS, ListFiles, ListFilesArguments, WriteFile, WriteFileArguments
from kernel.vfs.agent_files import AgentFiles, FileMount
from kernel.vfs.homes import Home


class OneFile:
    """An agent's files as far as write_file asks; a write waits until it is allowed."""

    home = SimpleNamespace(guest_path="/home/a")

    def __init__(self, text: str | None) -> None:
        self.text = text
        self.times = 1.0
        self.writing = asyncio.Event()
        self.allowed = asyncio.Event()

    def locate(self, path: str) -> SimpleNamespace:
        mount = SimpleNamespace(shared=False, read_only=False, guest_path="/home/a")
        tree = SimpleNamespace(kind=lambda relative: "file")
        return SimpleNamespace(guest_path="/home/a/x", mount=mount, tree=tree, relative="x")

    async def read(self, path: str) -> bytes:
        if self.text is None:
            raise NotFoundError("There is no x.")
        return self.text.encode()

    async def stat(self, path: str) -> SimpleNamespace:
        return SimpleNamespace(type="file", size=len(self.text or ""), created_at=self.times, modified_at=self.times)

    async def write(self, path: str, content: bytes) -> bool:
        self.writing.set()
        await self.allowed.wait()
        self.text = content.decode()
        return False


class CountingWorker(DiffWorker):
    """Says how often it was asked and what the file was then."""

    def __init__(self, file: OneFile) -> None:
        super().__init__()
        self.file = file
        self.asked: list[str] = []

    async def compare(self, before: str | bytes | None, after: str, path: str) -> FileDiff:
        self.asked.append(self.file.text or "")
        return await super().compare(before, after, path)


class Call:
    """One call of write_file and what it recorded."""

    def __init__(self, text: str | None) -> None:
        self.file = OneFile(text)
        self.worker = CountingWorker(self.file)
        self.recorded: list[AgentFileCreated] = []
        self.tasks: list[asyncio.Task[bool]] = []
        self.context: Any = SimpleNamespace(
            pid=1,
            step=1,
            files=self.file,
            allowance=None,
            emit=self.emit,
            to_the_end=self.to_the_end,
            comparisons=Comparisons(self.worker),
        )

    async def emit(self, event: AgentFileCreated) -> None:
        await asyncio.sleep(0)
        self.recorded.append(event)

    async def to_the_end(self, work: Coroutine[Any, Any, bool]) -> bool:
        self.tasks.append(asyncio.ensure_future(work))  # awaited by the test
        return await asyncio.shield(self.tasks[0])


@pytest.mark.feature("AP03")
async def test_a_preview_shows_the_whole_difference() -> None:
    before, after = ("\n".join(str(number // share) for number in range(2_000)) for share in (2, 1))
    preview = await WriteFile().preview(WriteFileArguments(path="x", content=after), Call(before).context)
    diff = compare(before, after, "/home/a/x")
    assert (preview.details["added"], preview.details["removed"]) == (str(diff.added), str(diff.removed))
    assert preview.details["diff"] == cut_middle(diff.text, DIFF_CHARACTERS)


@pytest.mark.feature("AP03")
async def test_a_file_that_cannot_be_read_is_said_to_go(monkeypatch: pytest.MonkeyPatch) -> None:
    call = Call("a")

    async def refuse(path: str) -> bytes:
        raise LimitReachedError("x is larger than 10 MB.")

    monkeypatch.setattr(call.file, "read", refuse)
    preview = await WriteFile().preview(WriteFileArguments(path="x", content="new"), call.context)
    assert preview.details["diff"].startswith("[what the file holds now goes and is neither shown nor counted")
    assert "larger than 10 MB" in preview.details["diff"] and preview.details["diff"].endswith("+new")


async def test_what_was_compared_for_the_preview_is_not_compared_again() -> None:
    call, arguments = Call("a\nb"), WriteFileArguments(path="x", content="a\nc\nd")
    await WriteFile().preview(arguments, call.context)
    call.file.allowed.set()
    await WriteFile().run(arguments, call.context)
    assert call.worker.asked == ["a\nb"]
    assert [(event.added_lines, event.removed_lines) for event in call.recorded] == [(2, 1)]


@pytest.mark.feature("AP03")
@pytest.mark.parametrize(("before", "after"), [("a", "a\nb"), ("a", ""), ("", None), (None, ""), (None, "new"), ("a", None)])
async def test_a_file_that_changed_after_it_was_shown_is_not_replaced(before: str | None, after: str | None) -> None:
    call, arguments = Call(before), WriteFileArguments(path="x", content="c")
    await WriteFile().preview(arguments, call.context)
    call.file.text = after
    call.file.allowed.set()
    with pytest.raises(ConflictError, match="Nothing was written: /home/a/x changed"):
        await WriteFile().run(arguments, call.context)
    assert call.file.text == after and not call.recorded


async def test_a_second_preview_says_that_the_file_changed_and_holds_for_the_run() -> None:
    call, arguments = Call("a\nb"), WriteFileArguments(path="x", content="c")
    first = await WriteFile().preview(arguments, call.context)
    assert (await WriteFile().preview(arguments, call.context)) == first
    call.file.text = "a\nb\nnew"
    second = await WriteFile().preview(arguments, call.context)
    assert second.state != first.state
    assert second.details["diff"].startswith(f"[{CHANGED}]\n---") and "-new" in second.details["diff"]
    assert (await WriteFile().preview(arguments, call.context)) == second
    call.file.allowed.set()
    await WriteFile().run(arguments, call.context)
    assert call.file.text == "c" and call.recorded[0].removed_lines == 3


async def test_a_file_that_cannot_be_read_is_known_by_its_size_and_its_times(monkeypatch: pytest.MonkeyPatch) -> None:
    call, arguments = Call("a"), WriteFileArguments(path="x", content="c")

    async def refuse(path: str) -> bytes:
        raise LimitReachedError("x is larger than 10 MB.")

    monkeypatch.setattr(call.file, "read", refuse)
    first = await WriteFile().preview(arguments, call.context)
    assert (await WriteFile().preview(arguments, call.context)).state == first.state
    call.file.times += 1
    assert (await WriteFile().preview(arguments, call.context)).state != first.state
    call.file.times += 1
    with pytest.raises(ConflictError):
        await WriteFile().run(arguments, call.context)


async def test_a_write_that_is_interrupted_is_recorded_all_the_same() -> None:
    call = Call("old")
    run = asyncio.ensure_future(WriteFile().run(WriteFileArguments(path="x", content="new"), call.context))  # awaited below
    await call.file.writing.wait()
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert not call.recorded
    call.file.allowed.set()
    assert not await call.tasks[0]
    assert call.file.text == "new" and [event.content for event in call.recorded] == ["new"]


async def test_a_listing_of_everything_goes_into_what_is_mounted_before_a_command_ran(tmp_path: Path) -> None:
    for name in ("home", "tmp", "project/src"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "project/src/main.py").write_text("x = 1")
    home = Home(7, "agent_7", tmp_path / "home", tmp_path / "tmp", "/home/agent_7")
    files = AgentFiles(home, (FileMount("/home/agent_7/work", tmp_path / "project"),))
    context: Any = SimpleNamespace(files=files)
    listed = await ListFiles().run(ListFilesArguments(recursive=True), context)
    assert listed.text.splitlines() == ["work/", "work/src/", "work/src/main.py  5"]


async def test_a_folder_that_cannot_be_listed_hides_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kernel.vfs.tree.MAX_ENTRIES", 4)
    home = Home(7, "agent_7", tmp_path / "home", tmp_path / "tmp", "/home/agent_7")
    for name in ("home/large", "home/z", "home/a\rb\u2028\nc", "tmp"):
        (tmp_path / name).mkdir(parents=True)
    os.mkdir(os.fsencode(tmp_path) + b"/home/\xff")
    for number in range(5):
        (tmp_path / "home/large" / str(number)).touch()
    (tmp_path / "home/z/found.txt").write_text("x")
    context: Any = SimpleNamespace(files=AgentFiles(home))
    listed = (await ListFiles().run(ListFilesArguments(recursive=True), context)).text.splitlines()
    assert "z/found.txt  1" in listed
    assert "large/  (not listed: large has more than 4 entries.)" in listed
    assert "a\\rb\\u2028\\nc/" in listed
    assert any(line.startswith("\ufffd/  (not listed: ") for line in listed)
    with pytest.raises(LimitReachedError):
        await ListFiles().run(ListFilesArguments(path="large", recursive=True), context)
