"""A file browser with little room: the list has it, then the text of the file that was opened."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import QApplication

from tests.unit.aether_desktop.widgets.file_browser.conftest import Browser

Key = Qt.Key
CTRL = Qt.KeyboardModifier.ControlModifier
LOWEST = (298, 80)
ROW_PX = 28


def resize(browser: Browser, width: int, height: int) -> None:
    browser.view.resize(width, height)
    QApplication.processEvents()


@pytest.mark.feature("DS01", "FS06")
async def test_the_lowest_browser_gives_its_height_to_the_list(browser: Browser) -> None:
    view = browser.view
    resize(browser, *LOWEST)
    assert view.table.viewport().height() >= 2.5 * ROW_PX
    assert view.table.viewport().width() > 200
    for way in (view.path.up, view.more_button):
        assert way.isVisible() and view.rect().contains(QRect(way.mapTo(view, QPoint()), way.size()))
    assert not view.search.isVisible() and not view.text.pane.isVisible()


@pytest.mark.feature("DS01", "FS06")
async def test_a_path_can_be_typed_and_a_name_searched_for_in_the_lowest_browser(browser: Browser) -> None:
    view = browser.view
    resize(browser, *LOWEST)
    browser.press(Key.Key_L, CTRL)
    QApplication.processEvents()
    assert view.path.field.isVisible() and view.path.field.width() > 100
    browser.press(Key.Key_Escape)
    QApplication.processEvents()
    assert not view.path.field.isVisible()
    browser.press(Key.Key_F, CTRL)
    QApplication.processEvents()
    assert view.search.isVisible() and view.search.hasFocus()
    browser.type("todo")
    await browser.shows("todo.md")
    browser.press(Key.Key_Escape)
    await browser.shows("Projects", "notes.txt", "todo.md")
    view.table.setFocus()
    await browser.until(lambda: not view.search.isVisible())
    assert view.table.viewport().height() >= 2.5 * ROW_PX


@pytest.mark.feature("DS01", "FS05")
@pytest.mark.parametrize("size", [LOWEST, (498, 218)])
async def test_an_opened_text_has_the_place_of_the_list_and_gives_it_back(browser: Browser, size: tuple[int, int]) -> None:
    view = browser.view
    resize(browser, *size)
    assert not view.text.pane.isVisible()
    for leave in (lambda: browser.press(Key.Key_Escape), lambda: browser.click(view.path.up)):
        browser.select("notes.txt")
        browser.press(Key.Key_Return)
        await browser.until(lambda: view.text.pane.text.hasFocus())
        assert view.text.pane.isVisible() and not view.table.isVisible()
        assert view.rect().contains(view.halves.geometry())
        leave()
        assert view.table.isVisible() and view.table.hasFocus() and not view.text.pane.isVisible()
        assert browser.selected == ["notes.txt"]
    resize(browser, 900, 600)
    assert view.table.isVisible() and view.text.pane.isVisible()


@pytest.mark.feature("FS05")
async def test_what_is_written_in_stays_in_sight_when_the_room_goes(browser: Browser) -> None:
    view = browser.view
    browser.select("notes.txt")
    browser.press(Key.Key_Return)
    await browser.until(lambda: view.text.pane.text.hasFocus())
    resize(browser, *LOWEST)
    assert view.text.pane.text.isVisible() and view.text.pane.text.hasFocus()
    resize(browser, 900, 600)
    assert view.table.isVisible()


@pytest.mark.feature("DS01", "FS05")
async def test_the_way_up_is_there_while_it_leads_somewhere(browser: Browser) -> None:
    view, up = browser.view, browser.view.path.up
    above = view.folder != view._top
    browser.select("notes.txt")
    browser.press(Key.Key_Return)
    await browser.until(lambda: view.text.pane.text.hasFocus())
    assert up.isEnabled() == above
    resize(browser, *LOWEST)
    assert view.reading
    assert up.isEnabled()
    resize(browser, 900, 600)
    assert not view.reading
    assert up.isEnabled() == above
    resize(browser, *LOWEST)
    browser.press(Key.Key_Return)
    browser.click(up)
    assert not view.reading
    assert up.isEnabled() == above


@pytest.mark.feature("FS05")
@pytest.mark.parametrize(("begin", "end"), [(Key.Key_F, Key.Key_Return), (Key.Key_L, Key.Key_Escape)])
async def test_search_and_path_lead_from_a_text_to_the_list(browser: Browser, begin: Key, end: Key) -> None:
    view = browser.view
    resize(browser, *LOWEST)
    browser.select("notes.txt")
    browser.press(Key.Key_Return)
    await browser.until(lambda: view.text.pane.text.hasFocus())
    browser.press(begin, CTRL)
    QApplication.processEvents()
    browser.press(end)
    QApplication.processEvents()
    assert not view.reading
    assert view.table.isVisible()
    assert view.table.hasFocus()
