"""The files app: a folder with a text beside it, empty, failed, with hostile names, small."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from aether_desktop.bridge.tasks import TaskOwner
from aether_desktop.theme.manager import ThemeChoice, ThemeManager
from aether_desktop.widgets.file_browser import FilesView
from kernel.errors import AetherError, PermissionDeniedError
from kernel.protocol.fs import FileContent, FileList, FsLs, FsRead, FsStat
from kernel.protocol.records import FileStat
from tests.fakes.app_context import run_now
from tests.fakes.kernel_client import NOW, FakeKernelClient
from tests.visual.scene import Scene, in_both_themes

HOME = "/home/agent_1042"
PROGRAM = '''"""Keeps the order of commands."""

from collections import deque


class Router:
    """One queue for each session."""

    def __init__(self) -> None:
        self._waiting: dict[str, deque[bytes]] = {}

    def push(self, session: str, command: bytes) -> None:
        self._waiting.setdefault(session, deque()).append(command)
'''


def entry(name: str, size: int = -1, age_s: float = 3600.0, kind: str = "file") -> FileStat:
    """A file of ``size`` bytes, or a folder."""
    return FileStat(
        path=f"{HOME}/{name}", name=name, type="directory" if size < 0 and kind == "file" else kind,  # type: ignore[arg-type] # a kind
        size=max(size, 0), mode=0o644, uid="agent_1042", created_at=NOW - age_s, modified_at=NOW - age_s, is_hidden=name.startswith("."),
    )  # fmt: skip


PROJECT = (
    entry("Desktop"), entry("Documents", age_s=86_400 * 3), entry("Projects", age_s=120), entry(".config"),
    entry("work", 12, kind="symlink"), entry("router.py", len(PROGRAM), 30), entry("notes.md", 2_311, 5_000),
    entry("measurements.csv", 1_840_221, 86_400 * 2), entry("trace.bin", 9_000_000, 86_400 * 400), entry(".profile", 220),
)  # fmt: skip
HOSTILE = (
    entry("تقرير الملفات النهائي"), entry("line\nbreak\ttab.txt", 12), entry("\u202etxt.exe", 4_096),
    entry("🦊 Fox 🚀👨‍👩‍👧 family.png", 88_112), entry("漢字と絵文字.txt", 1_024), entry("x" * 251 + ".log", 77),
    entry("\ufffd\ufffdlost", 3), entry("pipe", 0, kind="pipe"), entry("   leading and trailing   ", 1),
    entry("<b>bold</b> &amp; ‮.html", 512),
)  # fmt: skip


def browser(theme: ThemeManager, answer: Iterable[FileStat] | AetherError, *, editable: bool = True) -> FilesView:
    """The browser after it has read ``HOME``."""
    client = FakeKernelClient()
    reply = answer if isinstance(answer, AetherError) else FileList(path=HOME, entries=tuple(answer))
    client.answer(FsLs, reply)
    client.answer(FsStat, PROJECT[5])
    client.answer(FsRead, FileContent(path=f"{HOME}/router.py", content=PROGRAM, size=len(PROGRAM)))
    spawn, TaskOwner.spawn = TaskOwner.spawn, lambda _self, work, *, name: work.close()  # type: ignore[assignment, method-assign, misc, return-value] # put back below: no loop runs
    try:
        view = FilesView(client, "/", start=HOME, editable=editable)
        view.model._now = lambda: NOW
        view._watch.follow = lambda _folder: None  # type: ignore[method-assign] # nothing changes in a picture
        run_now(view._load())
    finally:
        TaskOwner.spawn = spawn  # type: ignore[method-assign] # as it was
    return view


def rest(widget: QWidget) -> None:
    """The keyboard in the list, or in what is there in its place."""
    page = _view(widget).pages.currentWidget()
    assert page is not None
    page.setFocus()


def normal(theme: ThemeManager) -> QWidget:
    return browser(theme, PROJECT)


def read_a_file(widget: QWidget) -> None:
    view = _view(widget)
    view.table.setFocus()
    view.table.select(["router.py"])
    view._read_timer.stop()
    run_now(view.text._read(PROJECT[5]))


def change_a_file(widget: QWidget) -> None:
    read_a_file(widget)
    view = _view(widget)
    view.text.pane.text.appendPlainText("    # changed")


def rename_a_file(widget: QWidget) -> None:
    view = _view(widget)
    view.table.begin_rename("notes.md")


def ask_to_delete(widget: QWidget) -> None:
    from aether_desktop.widgets.file_browser.file_work import DELETE_ANSWERS, delete_question
    from aether_desktop.widgets.sheet import Sheet

    view = _view(widget)
    view.table.select(["Projects", "notes.md"])
    view._read_timer.stop()
    title, text = delete_question(view.table.selected())
    Sheet(view, title, text, answers=DELETE_ANSWERS).open()


def show_menu(widget: QWidget) -> None:
    from tests.visual.scenes.shell import picture_of_menu

    view = _view(widget)
    view.table.select(["notes.md"])
    view._read_timer.stop()
    picture_of_menu(view, lambda: view.more_button.click())


def _view(widget: QWidget) -> FilesView:
    assert isinstance(widget, FilesView)
    return widget


def _with(entries: Iterable[FileStat]) -> Callable[[ThemeManager], QWidget]:
    return lambda theme: browser(theme, entries)


def failed(theme: ThemeManager) -> QWidget:
    return browser(theme, PermissionDeniedError("/home/agent_1042 is not yours to see.", "Choose a folder of your own agents."))


def _sort_by_change(widget: QWidget) -> None:
    rest(widget)
    _view(widget).table.sortByColumn(2, Qt.SortOrder.DescendingOrder)


SCENES = (
    *in_both_themes("files", normal, (900, 560), read_a_file),
    *in_both_themes("files-changed", normal, (900, 420), change_a_file),
    *in_both_themes("files-empty", _with(()), (900, 420), rest),
    *in_both_themes("files-failed", failed, (900, 420), rest),
    *in_both_themes("files-hostile-names", _with(HOSTILE), (760, 460), _sort_by_change),
    *in_both_themes("files-delete", normal, (760, 460), ask_to_delete),
    Scene("files-rename", normal, (760, 460), ThemeChoice.DARK, rename_a_file),
    *in_both_themes("files-menu", normal, (760, 560), show_menu),
    *in_both_themes("files-small", normal, (480, 520), read_a_file),
    Scene("files-smallest", _with(HOSTILE), (300, 300), ThemeChoice.LIGHT, rest),
)
