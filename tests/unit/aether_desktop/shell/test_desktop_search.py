"""Search from the menu bar, over a fake kernel: what is found, and where taking it leads."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from aether_desktop.shell.desktop_search import DesktopSearch
from aether_desktop.shell.search_panel import SHOWN_ROWS, SearchPanel
from tests.fakes.app_context import attach
from tests.fakes.kernel_client import make_info
from tests.unit.aether_desktop.apps.conftest import settle, wait_until
from tests.unit.aether_desktop.shell.test_person_actions import Desk, desk

__all__ = ["desk"]


@pytest.fixture
async def panel(desk: Desk) -> AsyncIterator[SearchPanel]:
    desk.world.client.connected = True
    desk.world.client.processes = [make_info(4, goal="Mend the <b>garden</b> fence"), make_info(5, goal="Count birds")]
    desk.world.client.past = [make_info(1, state="dead", exit_code=0, goal="Paint the fence long ago")]
    await attach(desk.world)
    yield DesktopSearch(desk.window, desk.world.client, desk.world.stores).panel


def titles(panel: SearchPanel) -> list[str]:
    return [one.title for one in panel.found]


def type_words(panel: SearchPanel, words: str) -> None:
    QTest.keyClicks(panel.field, words)


@pytest.mark.feature("DS07")
async def test_agents_of_now_and_of_before_are_found_and_opened(
    desk: Desk,
    panel: SearchPanel,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(desk.window, "open_window", lambda app, _arguments, *, key, title: opened.append(f"{app} {key}"))
    desk.window.menu_bar.search.click()
    assert panel.isVisible()
    assert any("garden" in title for title in titles(panel))
    type_words(panel, "fence")
    assert any("Mend the" in title for title in titles(panel))
    assert not any("birds" in title for title in titles(panel))
    await wait_until(lambda: any("long ago" in title for title in titles(panel)))
    QTest.keyClick(panel.field, Qt.Key.Key_Return)
    await settle()
    assert not panel.isVisible()
    assert opened == ["agent-vm 4"]


@pytest.mark.feature("DS07")
async def test_apps_windows_and_actions_are_found(desk: Desk, panel: SearchPanel) -> None:
    desk.window.actions_registry.trigger("shell.search")
    type_words(panel, "settings")
    assert titles(panel)[0] == "Settings"
    QTest.keyClick(panel.field, Qt.Key.Key_Return)
    await settle()
    (frame,) = desk.window.windows.windows
    assert frame.spec.app_id == "settings"
    desk.window.actions_registry.trigger("shell.search")
    type_words(panel, "snap left")
    QTest.keyClick(panel.field, Qt.Key.Key_Return)
    assert frame.geometry().width() < desk.window.width() * 0.6


async def test_keys_choose_and_leave(desk: Desk, panel: SearchPanel) -> None:
    desk.window.actions_registry.trigger("shell.search")
    QTest.keyClick(panel.field, Qt.Key.Key_Up)
    assert panel.list.currentIndex().row() == len(panel.found) - 1
    QTest.keyClick(panel.field, Qt.Key.Key_Down)
    assert panel.list.currentIndex().row() == 0
    type_words(panel, "zzzz")
    assert panel.found == ()
    QTest.keyClick(panel.field, Qt.Key.Key_Return)
    assert panel.isVisible()
    QTest.keyClick(panel.field, Qt.Key.Key_Escape)
    assert panel.field.text() == ""
    QTest.keyClick(panel.field, Qt.Key.Key_Escape)
    assert not panel.isVisible()


@pytest.mark.parametrize("size", [(480, 360), (640, 400), (1280, 800)])
async def test_all_of_it_is_inside_of_the_window(desk: Desk, panel: SearchPanel, size: tuple[int, int]) -> None:
    desk.world.client.processes = [make_info(pid) for pid in range(1, 30)]
    await attach(desk.world)
    desk.window.actions_registry.trigger("shell.search")
    desk.window.resize(*size)
    QApplication.processEvents()
    assert len(panel.found) > SHOWN_ROWS
    assert desk.window.rect().contains(panel.geometry())
    assert panel.rect().contains(panel.field.geometry())
    assert panel.rect().contains(panel.list.geometry())
    QTest.keyClick(panel.field, Qt.Key.Key_Up)
    last = panel.list.visualRect(panel.list.currentIndex())
    assert panel.list.currentIndex().row() == len(panel.found) - 1
    assert panel.list.viewport().rect().contains(last)


async def test_only_a_pointer_that_is_moved_chooses(
    desk: Desk, panel: SearchPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = QPoint(300, 300)
    monkeypatch.setattr("aether_desktop.shell.search_panel.QCursor.pos", lambda: where)
    desk.world.client.processes = [make_info(pid) for pid in range(1, 30)]
    await attach(desk.world)
    panel.open()
    panel.list.entered.emit(panel._model.index(5, 0))
    assert panel.list.currentIndex().row() == 0, "the row came to lie under a pointer that rests"
    where = QPoint(301, 300)
    panel.list.entered.emit(panel._model.index(5, 0))
    assert panel.list.currentIndex().row() == 5


async def test_what_comes_late_for_other_words_is_not_shown(desk: Desk, panel: SearchPanel) -> None:
    panel.open()
    type_words(panel, "birds")
    before = titles(panel)
    panel.show_found("fence", [])
    assert titles(panel) == before
