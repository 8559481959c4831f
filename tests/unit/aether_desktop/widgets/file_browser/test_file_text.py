"""A file's text is read, changed where nothing would be lost, and never lost unasked."""

from __future__ import annotations

import time

import pytest
from PySide6.QtCore import Qt

from kernel.protocol.fs import FsWrite
from tests.unit.aether_desktop.apps.conftest import settle
from tests.unit.aether_desktop.widgets.file_browser.conftest import HOME, Browser, MakeBrowser

Key = Qt.Key
CTRL = Qt.KeyboardModifier.ControlModifier


async def opened(browser: Browser, name: str = "notes.txt") -> None:
    browser.select(name)
    browser.press(Key.Key_Return)
    await browser.until(lambda: browser.view.text.pane.path == f"{HOME}/{name}" and browser.view.text.pane.text.hasFocus())


async def test_what_is_selected_is_shown(browser: Browser) -> None:
    browser.select("notes.txt")
    await browser.until(lambda: browser.view.text.pane.text.toPlainText() == "one\ntwo\n")
    assert browser.view.table.hasFocus()
    browser.select("Projects")
    await browser.until(lambda: browser.view.text.pane.path == "")


async def test_changes_are_saved(browser: Browser) -> None:
    await opened(browser)
    browser.type("zero ")
    assert browser.view.text.dirty
    browser.press(Key.Key_S, CTRL)
    await browser.until(lambda: not browser.view.text.dirty)
    assert (browser.home / "notes.txt").read_text() == "zero one\ntwo\n"


async def test_line_ends_and_odd_signs_stay_as_they_were(browser: Browser) -> None:
    (browser.home / "notes.txt").write_bytes("a\u00a0b\r\nc\r\n".encode())
    await opened(browser)
    browser.type("x")
    browser.press(Key.Key_S, CTRL)
    await browser.until(lambda: not browser.view.text.dirty)
    assert (browser.home / "notes.txt").read_bytes() == "xa\u00a0b\r\nc\r\n".encode()


ODD = (b"bad \xff byte", b"mixed\r\nends\n", b"old mac\rends", "para\u2029graph".encode(), b"nul\0byte")


@pytest.mark.parametrize("content", [*ODD, b"x\n" * 200_001, b"x" * 400_000])
async def test_what_would_be_changed_by_saving_is_read_only(browser: Browser, content: bytes) -> None:
    (browser.home / "notes.txt").write_bytes(content)
    browser.select("notes.txt")
    browser.press(Key.Key_Return)
    await browser.until(lambda: browser.view.text.pane.path == f"{HOME}/notes.txt")
    assert browser.view.text.pane.text.isReadOnly()
    browser.view.text.pane.text.setFocus()
    browser.type("x")
    browser.press(Key.Key_S, CTRL)
    await settle()
    assert not browser.client.sent(FsWrite)


async def test_a_line_without_an_end_does_not_hold_the_window(browser: Browser) -> None:
    (browser.home / "notes.txt").write_bytes(b"word " * 80_000)
    browser.select("notes.txt")
    started = time.perf_counter()
    await browser.until(lambda: browser.view.text.pane.path != "")
    browser.view.grab()
    assert time.perf_counter() - started < 2.0
    assert "cut" in browser.view.text.pane.note.text()


async def test_another_file_does_not_take_unsaved_changes_away(browser: Browser) -> None:
    await opened(browser)
    browser.type("zero ")
    browser.select("todo.md")
    browser.view._read_chosen()
    await settle()
    assert browser.view.text.pane.path == f"{HOME}/notes.txt"
    browser.press(Key.Key_Return)
    await browser.until(browser.has_sheet)
    browser.press(Key.Key_Escape)
    await settle()
    assert browser.view.text.dirty
    browser.view.table.setFocus()
    browser.press(Key.Key_Return)
    await browser.until(browser.has_sheet)
    browser.press(Key.Key_Return)
    await browser.until(lambda: browser.view.text.pane.path == f"{HOME}/todo.md")
    assert (browser.home / "notes.txt").read_text() == "zero one\ntwo\n"


async def test_a_window_with_unsaved_changes_asks_before_it_closes(browser: Browser) -> None:
    closed: list[bool] = []
    assert browser.view.text.may_close(lambda: closed.append(True))
    await opened(browser)
    browser.type("zero ")
    assert not browser.view.text.may_close(lambda: closed.append(True))
    await browser.until(browser.has_sheet)
    browser.click(browser.sheet.button("cancel"))
    await settle()
    assert not closed
    assert not browser.view.text.may_close(lambda: closed.append(True))
    await browser.until(browser.has_sheet)
    browser.click(browser.sheet.button("discard"))
    await browser.until(lambda: bool(closed))
    assert (browser.home / "notes.txt").read_text() == "one\ntwo\n"


async def test_what_an_agent_wrote_meanwhile_is_not_replaced_unasked(browser: Browser) -> None:
    await opened(browser)
    browser.type("zero ")
    (browser.home / "notes.txt").write_text("an agent's words")
    browser.view.load()
    await browser.until(lambda: "somebody else" in browser.view.text.pane.note.text())
    browser.press(Key.Key_S, CTRL)
    await browser.until(browser.has_sheet)
    browser.press(Key.Key_Return)
    await settle()
    assert (browser.home / "notes.txt").read_text() == "an agent's words"
    assert browser.view.text.dirty
    browser.click(browser.view.text.pane.discard)
    await browser.until(lambda: browser.view.text.pane.text.toPlainText() == "an agent's words")


async def test_what_an_agent_writes_into_the_file_that_is_read_appears(browser: Browser) -> None:
    browser.select("notes.txt")
    await browser.until(lambda: browser.view.text.pane.path != "")
    (browser.home / "notes.txt").write_text("more than before")
    browser.view.load()
    await browser.until(lambda: browser.view.text.pane.text.toPlainText() == "more than before")


async def test_a_save_that_fails_keeps_the_changes(browser: Browser) -> None:
    await opened(browser)
    browser.type("zero ")
    (browser.home / "notes.txt").unlink()
    (browser.home / "notes.txt").mkdir()
    browser.press(Key.Key_S, CTRL)
    await browser.until(lambda: browser.has_sheet() or bool(browser.notices))
    if browser.has_sheet():
        browser.click(browser.sheet.button("save"))
        await browser.until(lambda: bool(browser.notices))
    assert browser.view.text.dirty
    assert browser.notices[0].title


async def test_an_agents_files_are_only_read_in_its_window(make_browser: MakeBrowser) -> None:
    browser = make_browser(editable=False)
    (browser.home / "notes.txt").write_text("one")
    browser.view.load()
    await browser.shows("notes.txt")
    await opened(browser)
    assert browser.view.text.pane.text.isReadOnly()
    assert "read only" in browser.view.text.pane.note.text()


async def test_a_large_file_is_read_when_asked(browser: Browser) -> None:
    (browser.home / "large.log").write_text("x\n" * 1_500_000)
    browser.view.load()
    await browser.until(lambda: "large.log" in browser.names)
    browser.select("large.log")
    await browser.until(lambda: "Return reads it" in browser.view.text.pane._hint.text())
    browser.press(Key.Key_Return)
    await browser.until(lambda: browser.view.text.pane.path.endswith("large.log"))
    assert "only the first 400,000" in browser.view.text.pane.note.text()


async def test_a_file_renamed_while_it_is_changed_is_saved_under_its_new_name(browser: Browser) -> None:
    await opened(browser)
    browser.type("zero ")
    browser.select("notes.txt")
    browser.press(Key.Key_F2)
    browser.type("ideas")
    browser.press(Key.Key_Return)
    await browser.until(lambda: "ideas.txt" in browser.names)
    browser.press(Key.Key_S, CTRL)
    await browser.until(lambda: not browser.view.text.dirty)
    assert (browser.home / "ideas.txt").read_text() == "zero one\ntwo\n"
    assert not (browser.home / "notes.txt").exists()


async def test_a_file_that_goes_is_shown_no_more_and_changes_in_it_can_be_kept(browser: Browser) -> None:
    await opened(browser)
    (browser.home / "notes.txt").unlink()
    browser.view.load()
    await browser.until(lambda: browser.view.text.pane.path == "")
    await opened(browser, "todo.md")
    browser.type("zero ")
    (browser.home / "todo.md").unlink()
    browser.view.load()
    await browser.until(lambda: "deleted meanwhile" in browser.view.text.pane.note.text())
    browser.view.text.save()
    await browser.until(lambda: not browser.view.text.dirty)
    assert (browser.home / "todo.md").read_text() == "zero - nothing\n"


async def test_another_folder_puts_the_text_away_unless_it_is_changed(browser: Browser) -> None:
    await opened(browser)
    browser.view.go(f"{HOME}/Projects")
    await browser.until(lambda: browser.view.text.pane.path == "")
    browser.view.go_back()
    await browser.shows("Projects", "notes.txt", "todo.md")
    await opened(browser)
    browser.type("zero ")
    browser.view.go(f"{HOME}/Projects")
    await browser.shows("deep.txt")
    assert browser.view.text.pane.path == f"{HOME}/notes.txt"
    browser.view.text.save()
    await browser.until(lambda: not browser.view.text.dirty)
