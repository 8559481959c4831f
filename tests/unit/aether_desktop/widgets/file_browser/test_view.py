"""What a person does with files, by keys and clicks, on real files."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QObject, QPoint, Qt
from PySide6.QtGui import QGuiApplication, QPaintEvent, QRegion
from PySide6.QtWidgets import QLineEdit, QMenu
from shiboken6 import isValid

from aether_desktop.widgets.button import Button
from aether_desktop.widgets.file_browser import clip
from aether_desktop.widgets.file_browser.file_model import Column
from aether_desktop.widgets.work_under_way import work_under_way
from kernel.errors import LimitReachedError, UnavailableError
from kernel.protocol.base import Command
from kernel.protocol.fs import FsChanged, FsCp, FsLs, FsMv, FsRm, FsUnwatch, FsWatch
from kernel.protocol.system import KernelStatus, KernelStatusReply
from tests.unit.aether_desktop.apps.conftest import settle
from tests.unit.aether_desktop.widgets.file_browser.conftest import HOME, Browser, MakeBrowser

Key = Qt.Key
CTRL, SHIFT, ALT = (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.AltModifier,
)


def rename_field(browser: Browser) -> QLineEdit:
    field = browser.view.table.findChild(QLineEdit)
    assert field is not None
    return field


@pytest.mark.feature("FS06")
async def test_folders_are_gone_into_and_left_by_keys(browser: Browser) -> None:
    view = browser.view
    browser.select("Projects")
    browser.press(Key.Key_Return)
    await browser.shows("deep.txt")
    assert view.folder == f"{HOME}/Projects"
    browser.press(Key.Key_Backspace)
    await browser.shows("Projects", "notes.txt", "todo.md")
    assert browser.selected == ["Projects"]
    browser.press(Key.Key_Left, ALT)
    await browser.shows("deep.txt")
    browser.press(Key.Key_Left, ALT)
    await browser.shows("Projects", "notes.txt", "todo.md")
    browser.press(Key.Key_Right, ALT)
    await browser.shows("deep.txt")
    browser.press(Key.Key_Up, ALT)
    browser.press(Key.Key_Up, ALT)
    browser.press(Key.Key_Up, ALT)
    await browser.shows("etc", "home", "shared", "tmp", "var")
    assert not view.path.up.isEnabled()
    browser.press(Key.Key_Up, ALT)
    assert view.folder == "/"


async def test_a_path_is_typed_and_nothing_outside_of_the_top_is_gone_to(make_browser: MakeBrowser) -> None:
    browser = make_browser(top=HOME, start="")
    await browser.until(lambda: browser.view.pages.currentWidget() is browser.view.empty)
    browser.press(Key.Key_L, CTRL)
    assert browser.view.path.field.hasFocus()
    browser.type("/home/agent_7/../agent_8")
    browser.press(Key.Key_Return)
    assert "is not in" in browser.notices[-1].title
    browser.press(Key.Key_L, CTRL)
    browser.view.path.field.clear()
    browser.type("/home/agent_77")
    browser.press(Key.Key_Return)
    assert len(browser.notices) == 2
    assert browser.view.folder == HOME
    browser.press(Key.Key_L, CTRL)
    browser.press(Key.Key_Escape)
    assert not browser.view.path.field.isVisible()


@pytest.mark.feature("DS06")
async def test_a_new_folder_is_named_at_once(browser: Browser) -> None:
    browser.press(Key.Key_N, CTRL | SHIFT)
    await browser.until(lambda: browser.view.table.renaming)
    browser.type("Results")
    browser.press(Key.Key_Return)
    await browser.shows("Projects", "Results", "notes.txt", "todo.md")
    assert (browser.home / "Results").is_dir()
    assert browser.selected == ["Results"]


async def test_a_new_file_that_is_not_named_keeps_its_first_name(browser: Browser) -> None:
    (browser.home / "New file.txt").write_text("kept")
    browser.view.load()
    await browser.until(lambda: "New file.txt" in browser.names)
    browser.view.new_file()
    await browser.until(lambda: browser.view.table.renaming)
    browser.press(Key.Key_Escape)
    assert (browser.home / "New file 2.txt").read_text() == ""
    assert (browser.home / "New file.txt").read_text() == "kept"


async def test_in_the_top_of_all_a_new_folder_goes_to_the_shared_workspaces(make_browser: MakeBrowser, root: Path) -> None:
    browser = make_browser(start="/")
    await browser.shows("etc", "home", "shared", "tmp", "var")
    assert not browser.view.new_button.isEnabled()
    browser.view.new_folder()
    await browser.until(lambda: browser.view.table.renaming)
    assert browser.view.folder == "/shared"
    assert (root / "shared" / "New folder").is_dir()


async def test_renaming_by_f2(browser: Browser) -> None:
    browser.select("notes.txt")
    browser.press(Key.Key_F2)
    field = rename_field(browser)
    assert field.selectedText() == "notes"
    browser.type("ideas")
    browser.press(Key.Key_Return)
    await browser.until(lambda: "ideas.txt" in browser.names)
    assert (browser.home / "ideas.txt").read_text() == "one\ntwo\n"
    assert browser.selected == ["ideas.txt"]


async def test_a_name_that_is_taken_or_impossible_loses_nothing(browser: Browser) -> None:
    for typed in ("todo.md", "a/b", "x" * 300):
        browser.select("notes.txt")
        browser.press(Key.Key_F2)
        rename_field(browser).setText(typed)
        browser.press(Key.Key_Return)
        count = len(browser.notices)
        await browser.until(lambda before=count: len(browser.notices) > before)
        await settle()
    assert "already" in browser.notices[0].title
    assert browser.notices[0].detail
    assert (browser.home / "todo.md").read_text() == "- nothing\n"
    assert (browser.home / "notes.txt").exists()
    assert not browser.client.sent(FsMv)


async def test_a_folder_read_again_while_a_name_is_typed_disturbs_nobody(browser: Browser) -> None:
    browser.select("notes.txt")
    browser.press(Key.Key_F2)
    browser.type("half")
    (browser.home / "aaa").write_text("")
    browser.view.load()
    await browser.until(lambda: "aaa" in browser.names)
    assert browser.view.table.renaming
    assert rename_field(browser).text() == "half.txt"
    browser.type("way")
    browser.press(Key.Key_Return)
    await browser.until(lambda: "halfway.txt" in browser.names)


async def test_delete_asks_first(browser: Browser) -> None:
    browser.select("notes.txt", "Projects")
    browser.press(Key.Key_Delete)
    await browser.until(browser.has_sheet)
    assert browser.sheet.accessibleName() == "Delete 2 items?"
    browser.press(Key.Key_Escape)
    await settle()
    assert not browser.client.sent(FsRm)
    browser.press(Key.Key_Delete)
    await browser.until(browser.has_sheet)
    browser.click(browser.sheet.button("delete"))
    await browser.shows("todo.md")
    assert not (browser.home / "Projects").exists()
    assert browser.view.table.hasFocus()
    assert browser.selected == ["todo.md"]


async def test_what_cannot_be_deleted_does_not_keep_the_rest(browser: Browser) -> None:
    browser.select("notes.txt", "todo.md")
    (browser.home / "notes.txt").unlink()
    browser.press(Key.Key_Delete)
    await browser.until(browser.has_sheet)
    browser.click(browser.sheet.button("delete"))
    await browser.shows("Projects")
    (notice,) = browser.notices
    assert notice.title == "“notes.txt” could not be deleted"
    assert notice.detail


async def test_copied_beside_itself_and_elsewhere(browser: Browser) -> None:
    browser.select("notes.txt")
    browser.press(Key.Key_C, CTRL)
    browser.press(Key.Key_V, CTRL)
    await browser.until(lambda: "notes copy.txt" in browser.names)
    assert browser.selected == ["notes copy.txt"]
    browser.select("Projects")
    browser.press(Key.Key_Return)
    await browser.shows("deep.txt")
    browser.press(Key.Key_V, CTRL)
    await browser.shows("deep.txt", "notes.txt")
    assert (browser.home / "notes.txt").read_text() == (browser.home / "Projects" / "notes.txt").read_text()


async def test_cut_and_pasted_is_moved_and_can_be_moved_back(browser: Browser) -> None:
    browser.select("notes.txt", "todo.md")
    browser.press(Key.Key_X, CTRL)
    assert (browser.home / "notes.txt").exists()
    browser.view.go(f"{HOME}/Projects")
    await browser.shows("deep.txt")
    browser.press(Key.Key_V, CTRL)
    await browser.shows("deep.txt", "notes.txt", "todo.md")
    assert not (browser.home / "notes.txt").exists()
    assert not browser.view.may_paste()
    assert browser.notices[-1].action == "Undo"
    undo = browser.actions[-1]
    assert undo is not None
    undo()
    await browser.until(lambda: (browser.home / "todo.md").exists())
    assert (browser.home / "notes.txt").read_text() == "one\ntwo\n"


async def test_a_name_that_is_taken_is_asked_about(browser: Browser) -> None:
    (browser.home / "Projects" / "notes.txt").write_text("other")
    browser.select("notes.txt")
    browser.press(Key.Key_C, CTRL)
    browser.view.go(f"{HOME}/Projects")
    await browser.shows("deep.txt", "notes.txt")
    browser.press(Key.Key_V, CTRL)
    await browser.until(browser.has_sheet)
    browser.press(Key.Key_Escape)
    await settle()
    assert not browser.client.sent(FsCp)
    browser.view.paste()
    await browser.until(browser.has_sheet)
    browser.press(Key.Key_Return)
    await browser.shows("deep.txt", "notes 2.txt", "notes.txt")
    assert (browser.home / "Projects" / "notes.txt").read_text() == "other"
    browser.view.paste()
    await browser.until(browser.has_sheet)
    browser.click(browser.sheet.button("replace"))
    await browser.until(lambda: (browser.home / "Projects" / "notes.txt").read_text() == "one\ntwo\n")


async def test_a_folder_is_never_replaced(browser: Browser) -> None:
    (browser.home / "Projects" / "Projects").mkdir()
    (browser.home / "Projects" / "Projects" / "kept").write_text("kept")
    (browser.root / "shared" / "Projects").mkdir()
    clip.put(clip.Clip((f"{HOME}/Projects/Projects",)))
    browser.view.go("/shared")
    await browser.shows("Projects")
    browser.view.paste()
    await browser.until(browser.has_sheet)
    with pytest.raises(KeyError):
        browser.sheet.button("replace")
    browser.press(Key.Key_Return)
    await browser.shows("Projects", "Projects 2")
    assert (browser.root / "shared" / "Projects 2" / "kept").read_text() == "kept"


async def test_enter_at_the_question_keeps_the_files(browser: Browser) -> None:
    browser.select("notes.txt", "todo.md")
    browser.press(Key.Key_Delete)
    await browser.until(browser.has_sheet)
    browser.press(Key.Key_Return)
    await browser.until(lambda: not browser.has_sheet())
    await settle()
    assert not browser.client.sent(FsRm)
    assert (browser.home / "notes.txt").exists()


async def close_while(browser: Browser, command: type[Command[Any]], begin: Callable[[], object]) -> None:
    """Let `begin` start something, and close the window when the first `command` is on its way to the kernel."""
    answer = browser.client._answers[command]
    reached = asyncio.Event()

    async def slow(sent: Command[Any]) -> object:
        first, _ = not reached.is_set(), reached.set()
        if first:
            await asyncio.sleep(0.01)
        return await answer(sent)

    browser.client.answer(command, slow)
    begin()
    await browser.until(reached.is_set)
    browser.view.close()
    browser.view.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert not isValid(browser.view)


@pytest.mark.parametrize("cut", [True, False])
async def test_what_was_begun_is_finished_though_the_window_closes(browser: Browser, cut: bool) -> None:
    for number in range(5):
        (browser.home / "Projects" / f"file{number}").write_text(str(number))
    clip.put(clip.Clip(tuple(f"{HOME}/Projects/file{number}" for number in range(5)), cut=cut))
    browser.view.go("/shared")
    await browser.until(lambda: browser.view.folder == "/shared")
    await close_while(browser, FsMv if cut else FsCp, browser.view.paste)
    (work,) = work_under_way()
    assert work.text == f"{'Moving' if cut else 'Copying'} “file0” (1 of 5)"
    shared = browser.root / "shared"
    await browser.until(lambda: len(list(shared.iterdir())) == 5)
    await browser.until(lambda: bool(browser.notices))
    assert browser.notices[0].title == ("5 items moved" if cut else "5 items copied")
    assert work_under_way() == ()


async def test_a_deletion_that_was_agreed_to_is_finished_though_the_window_closes(browser: Browser) -> None:
    browser.select("notes.txt", "todo.md")
    browser.press(Key.Key_Delete)
    await browser.until(browser.has_sheet)
    await close_while(browser, FsRm, lambda: browser.click(browser.sheet.button("delete")))
    await browser.until(lambda: sorted(path.name for path in browser.home.iterdir()) == [".profile", "Projects"])
    await browser.until(lambda: [notice.title for notice in browser.notices] == ["2 items deleted"])


async def test_nothing_is_replaced_in_a_folder_that_is_still_being_read(browser: Browser) -> None:
    (browser.home / "Projects" / "todo.md").write_text("other")
    clip.put(clip.Clip((f"{HOME}/todo.md",)))
    browser.view.go("/shared")
    await browser.shows()
    browser.view.go(f"{HOME}/Projects")
    browser.view.paste()
    await browser.until(browser.has_sheet)
    assert (browser.home / "Projects" / "todo.md").read_text() == "other"


async def test_a_copy_says_what_it_left_out(browser: Browser) -> None:
    (browser.home / "Projects" / "link").symlink_to("deep.txt")
    os.mkfifo(browser.home / "Projects" / "pipe\n\u202egnp")
    clip.put(clip.Clip((f"{HOME}/Projects",)))
    browser.view.go("/shared")
    await browser.until(lambda: browser.view.folder == "/shared")
    browser.view.paste()
    await browser.shows("Projects")
    (notice,) = browser.notices
    assert (notice.title, notice.kind) == ("Copied, but 2 links or special files were left out", "attention")
    assert "“link”" in notice.detail
    assert "\u202e" not in notice.detail


async def test_a_move_that_would_lose_a_link_does_nothing_and_says_why(browser: Browser) -> None:
    (browser.home / "Projects" / "link").symlink_to("deep.txt")
    clip.put(clip.Clip((f"{HOME}/Projects",), cut=True))
    browser.view.go("/shared")
    await browser.until(lambda: browser.view.folder == "/shared")
    browser.view.paste()
    await browser.until(lambda: bool(browser.notices))
    assert "could not be moved" in browser.notices[0].title
    assert "link" in browser.notices[0].detail
    assert (browser.home / "Projects" / "link").is_symlink()


async def test_a_folder_put_into_itself_is_refused_with_a_sentence(browser: Browser) -> None:
    clip.put(clip.Clip((f"{HOME}/Projects",), cut=True))
    browser.view.go(f"{HOME}/Projects")
    await browser.shows("deep.txt")
    browser.view.paste()
    await browser.until(lambda: bool(browser.notices))
    assert "could not be moved" in browser.notices[0].title
    assert (browser.home / "Projects" / "deep.txt").exists()


@pytest.mark.parametrize("data", [b"", b"null", b"{}", b'{"paths": 3}', b"\xff", b"[" * 100_000])
async def test_foreign_things_on_the_clipboard_are_no_files(browser: Browser, data: bytes) -> None:
    from PySide6.QtCore import QMimeData

    mime = QMimeData()
    mime.setData("application/x-aether-files", data)
    QGuiApplication.clipboard().setMimeData(mime)
    assert not browser.view.may_paste()
    browser.view.paste()
    await settle()


@pytest.mark.feature("FS07")
async def test_what_others_change_appears_by_itself(browser: Browser) -> None:
    assert [sent.path for sent in browser.client.sent(FsWatch)] == [HOME]
    (browser.home / "from-an-agent.txt").write_text("x")
    browser.client.publish(FsChanged(path=f"{HOME}/from-an-agent.txt", change_type="create"))
    await browser.until(lambda: "from-an-agent.txt" in browser.names)
    asked = len(browser.client.sent(FsLs))
    browser.client.publish(FsChanged(path="/home/agent_8/x", change_type="create"))
    browser.client.publish(FsChanged(path=f"{HOME}/Projects/deep/er", change_type="create"))
    await settle()
    assert not browser.view._watch._timer.isActive()
    assert len(browser.client.sent(FsLs)) == asked


async def test_a_watch_is_given_back(browser: Browser) -> None:
    browser.view.go(f"{HOME}/Projects")
    await browser.shows("deep.txt")
    await browser.until(lambda: len(browser.client.sent(FsWatch)) == 2)
    assert [sent.path for sent in browser.client.sent(FsUnwatch)] == [HOME]
    browser.view.go("/home")
    await browser.until(lambda: len(browser.client.sent(FsUnwatch)) == 2)
    browser.view.go(HOME)
    await browser.until(lambda: len(browser.client.sent(FsWatch)) == 3)
    listeners = browser.client.listeners
    browser.view.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    await browser.until(lambda: len(browser.client.sent(FsUnwatch)) == 3)
    assert browser.client.listeners == listeners - 1


async def test_a_watch_that_is_refused_is_not_given_back(make_browser: MakeBrowser) -> None:
    browser = make_browser()
    await browser.until(lambda: len(browser.client.sent(FsWatch)) == 1)
    browser.client.answer(FsWatch, LimitReachedError("256 folders are watched already."))
    browser.view.go("/shared")
    await browser.until(lambda: len(browser.client.sent(FsWatch)) == 2)
    browser.view.go("/home")
    await settle()
    assert [sent.path for sent in browser.client.sent(FsUnwatch)] == [HOME]


async def test_a_folder_that_goes_says_so_and_how_to_go_on(browser: Browser) -> None:
    browser.view.go(f"{HOME}/Projects")
    await browser.shows("deep.txt")
    (browser.home / "Projects" / "deep.txt").unlink()
    (browser.home / "Projects").rmdir()
    browser.press(Key.Key_F5)
    await browser.until(lambda: browser.view.pages.currentWidget() is browser.view.failure)
    (browser.home / "Projects").mkdir()
    browser.press(Key.Key_Return)
    await browser.until(lambda: browser.view.pages.currentWidget() is browser.view.empty)
    browser.press(Key.Key_Backspace)
    await browser.until(lambda: browser.view.folder == HOME)


async def test_a_place_of_the_last_time_that_is_gone_opens_the_nearest_that_is_there(make_browser: MakeBrowser) -> None:
    browser = make_browser(start=f"{HOME}/no/such/place")
    await browser.until(lambda: browser.view.folder == HOME)


async def test_a_kernel_that_does_not_answer_is_said(make_browser: MakeBrowser) -> None:
    browser = make_browser()
    browser.client.answer(FsLs, UnavailableError("The kernel has stopped.", "Start Aether again."))
    browser.view.load()
    await browser.until(lambda: browser.view.pages.currentWidget() is browser.view.failure)


async def test_search_and_hidden_files(browser: Browser) -> None:
    browser.press(Key.Key_F, CTRL)
    browser.type("NOTE")
    assert browser.names == ["notes.txt"]
    browser.type("zzz")
    assert browser.view.pages.currentWidget() is browser.view.empty
    browser.press(Key.Key_Escape)
    browser.view.table.setFocus()
    browser.press(Key.Key_H, CTRL)
    assert ".profile" in browser.names
    assert "hidden" not in browser.view.status.text()


async def test_the_menu_offers_what_is_possible(browser: Browser) -> None:
    def texts(*, enabled: bool) -> list[str]:
        menu = browser.view.findChild(QMenu)
        assert menu is not None
        found = [a.text().split("\t")[0] for a in menu.actions() if a.text() and a.isEnabled() is enabled]
        menu.close()
        menu.setParent(None)
        return found

    browser.view.table.clearSelection()
    browser.view.table.menu_wanted.emit(QPoint(5, 5))
    assert texts(enabled=False) == ["Open", "Cut", "Copy", "Paste", "Rename", "Delete…"]
    browser.select("notes.txt")
    browser.view.table.menu_wanted.emit(QPoint(5, 5))
    assert texts(enabled=False) == ["Paste"]
    browser.view.go("/")
    await browser.until(lambda: "home" in browser.names)
    browser.select("home")
    browser.view.table.menu_wanted.emit(QPoint(5, 5))
    assert texts(enabled=False) == ["New Folder", "New File", "Cut", "Paste", "Rename", "Delete…"]


async def test_hostile_names_are_shown_copied_and_deleted(make_browser: MakeBrowser, root: Path) -> None:
    home = root / HOME[1:]
    names = ["line\nbreak", "\u202etxt.exe", "🦊 漢字 تقرير", "x" * 255, "  spaces  ", "-rf", "<b>&amp;", "a'b\"c", "\u200b"]
    for name in names:
        (home / name).write_text(name)
    os.close(os.open(bytes(home) + b"/bad\xff\xfename", os.O_CREAT))
    browser = make_browser()
    await browser.until(lambda: browser.view.model.rowCount() == len(names) + 1)
    browser.view.grab()
    browser.view.table.setFocus()
    browser.press(Key.Key_A, CTRL)
    browser.press(Key.Key_C, CTRL)
    browser.view.go("/shared")
    await browser.until(lambda: browser.view.pages.currentWidget() is browser.view.empty)
    browser.view.paste()
    await browser.until(lambda: len(list((root / "shared").iterdir())) == len(names))
    await browser.until(lambda: bool(browser.notices))
    assert {path.name for path in (root / "shared").iterdir()} == set(names)
    assert all((root / "shared" / name).read_text() == name for name in names)
    assert "no valid text" in browser.notices[0].detail
    await browser.until(lambda: browser.view.model.rowCount() == len(names))
    browser.view.table.setFocus()
    browser.press(Key.Key_A, CTRL)
    browser.press(Key.Key_Delete)
    await browser.until(browser.has_sheet)
    browser.click(browser.sheet.button("delete"))
    await browser.until(lambda: not list((root / "shared").iterdir()))


async def test_ten_thousand_files_stay_live(make_browser: MakeBrowser, root: Path) -> None:
    home = root / HOME[1:]
    for number in range(10_000):
        (home / f"file-{number:05}.log").touch()
    browser = make_browser()
    await browser.until(lambda: browser.view.model.rowCount() == 10_000)
    browser.select("file-05000.log")
    place = browser.view.table.verticalScrollBar().value()
    for key in (Key.Key_PageDown, Key.Key_End, Key.Key_Home, Key.Key_Down):
        started = time.perf_counter()
        browser.press(key)
        browser.view.table.viewport().repaint()
        assert time.perf_counter() - started < 0.1
    browser.select("file-05000.log")
    assert abs(browser.view.table.verticalScrollBar().value() - place) < 600
    (home / "new.txt").touch()
    browser.view.load()
    await browser.until(lambda: browser.view.model.rowCount() == 10_001)
    assert browser.selected == ["file-05000.log"]


async def test_everything_has_a_name(browser: Browser) -> None:
    view = browser.view
    for widget in (view.table, view.search, view.new_button, view.more_button, view.path.back, view.path.forward, view.path.up):
        assert widget.accessibleName()
    assert view.model.index(0, 0).data(Qt.ItemDataRole.AccessibleTextRole) == "Projects, folder"
    for column in (Column.SIZE, Column.CHANGED):
        cell = view.model.index(0, column)
        assert cell.data(Qt.ItemDataRole.AccessibleTextRole) == cell.data()
    assert view.text.pane.text.accessibleName()


async def test_paths_are_copied(browser: Browser) -> None:
    browser.select("notes.txt")
    browser.press(Key.Key_C, CTRL | SHIFT)
    assert QGuiApplication.clipboard().text() == f"{HOME}/notes.txt"
    browser.client.answer(KernelStatus, KernelStatusReply(version="1", uptime=0, metrics=browser.client.metrics, root="/srv"))
    browser.view.copy_host_paths()
    await browser.until(lambda: QGuiApplication.clipboard().text() == f"/srv{HOME}/notes.txt")


async def test_the_path_shows_a_folder_as_it_is_called(browser: Browser) -> None:
    (browser.home / "R&D <b>x" / "inner").mkdir(parents=True)
    browser.view.go(f"{HOME}/R&D <b>x/inner")
    await browser.shows()
    button = next(button for button in browser.view.path.findChildren(Button) if "R&&D" in button.text())
    assert button.toolTip().endswith("R&amp;D &lt;b&gt;x</p>")


async def test_the_ring_leaves_a_row_whole(browser: Browser) -> None:
    table = browser.view.table
    table.setFocus()
    table.setCurrentIndex(table.model().index(0, 0))
    table.clearSelection()
    QCoreApplication.processEvents()
    painted = QRegion()

    class Seen(QObject):
        def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
            nonlocal painted
            if isinstance(event, QPaintEvent):
                painted = painted.united(event.region())
            return False

    seen = Seen()
    table.viewport().installEventFilter(seen)
    browser.press(Key.Key_Down)
    await browser.until(lambda: not painted.isEmpty())
    for row in (0, 1):
        line = table.visualRect(table.model().index(row, 0))
        assert painted.contains(line.center())
        assert painted.contains(QPoint(table.viewport().width() - 2, line.center().y()))
