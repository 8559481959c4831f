"""The tab of a graphical desktop in an agent's window: who has it, when it is in front, and how the keyboard gets into it and out."""

from __future__ import annotations

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from aether_desktop.shell.geometry import MIN_SIZE
from aether_desktop.shell.title_bar import TitleBar
from kernel.protocol.process import ProcessUpdated
from kernel.rfb.framebuffer import Framebuffer
from tests.fakes.app_context import World
from tests.unit.aether_desktop.apps.agent_vm.conftest import PID, MakeView
from tests.unit.aether_desktop.apps.conftest import settle

KEYS = ("terminal", "desktop", "logs", "timeline", "files", "model")
CTRL_ALT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier


def _draw(world: World) -> None:
    """Every desktop has a picture as soon as it is looked at."""
    world.client.desktop_begins = lambda feed: feed.show(Framebuffer.black(64, 40))


@pytest.mark.feature("VN03")
async def test_only_an_agent_with_a_desktop_has_the_tab(world: World, make_view: MakeView) -> None:
    world.window.set_state("tab", "desktop")
    plain = await make_view()
    assert "desktop" not in [segment.key for segment in plain.tabs.segments]
    assert plain.tabs.current == "timeline" and plain.timeline.isVisible()
    view = await make_view(graphical=True)
    assert [segment.key for segment in view.tabs.segments] == list(KEYS)


@pytest.mark.feature("VN03")
async def test_each_tab_shows_its_own_page(world: World, make_view: MakeView) -> None:
    view = await make_view(graphical=True)
    pages = (view.terminals, view.desktop, view.logs, view.timeline, view.files, view.exchanges)
    for key, page in zip(KEYS, pages, strict=True):
        QTest.mouseClick(view.tabs, Qt.MouseButton.LeftButton, pos=view.tabs.segment_rect(key).center().toPoint())
        assert page is not None and page.isVisible() and view.tabs.current == key


@pytest.mark.feature("VN03")
async def test_a_desktop_is_looked_at_only_while_its_tab_is_in_front(world: World, make_view: MakeView) -> None:
    view = await make_view(graphical=True)
    assert world.client.desktops == {}, "a window that is opened for something else costs nothing"
    view.show_tab("desktop")
    feed = world.client.desktops[PID]
    assert feed.watched
    view.show_tab("logs")
    assert not feed.watched and not feed.closed
    view.show_tab("desktop")
    assert feed.watched and world.client.desktops[PID] is feed


@pytest.mark.feature("VN03", "VM04")
async def test_a_window_that_opens_with_it_has_the_keyboard_in_it(world: World, make_view: MakeView) -> None:
    _draw(world)
    world.window.set_state("tab", "desktop")
    view = await make_view(graphical=True)
    view.setFocus()
    assert view.tabs.current == "desktop" and view.desktop is not None
    await settle()
    assert view.desktop.isAncestorOf(QApplication.focusWidget())


@pytest.mark.feature("VN03")
async def test_a_desktop_that_becomes_known_late_comes_to_the_front_with_the_keyboard(world: World, make_view: MakeView) -> None:
    world.window.set_state("tab", "desktop")
    view = await make_view()
    view.setFocus()
    assert view.timeline.isAncestorOf(QApplication.focusWidget())
    (info,) = world.client.processes
    world.client.publish(ProcessUpdated(pid=PID, info=msgspec.structs.replace(info, graphical=True)))
    await settle()
    assert view.tabs.current == "desktop" and view.desktop is not None
    assert view.desktop.isAncestorOf(QApplication.focusWidget()), "not what happens to be the next control"


@pytest.mark.feature("VN03", "DS11")
@pytest.mark.parametrize("tab", ["desktop", "terminal"])
async def test_the_keyboard_comes_out_of_programs_that_take_every_other_key(world: World, make_view: MakeView, tab: str) -> None:
    _draw(world)
    view = await make_view(graphical=True)
    view.show_tab(tab)
    view.setFocus()
    await settle()
    focus = QApplication.focusWidget()
    assert focus is not None and view.isAncestorOf(focus)
    QTest.keyClick(focus, Qt.Key.Key_G, CTRL_ALT)
    assert view.tabs.hasFocus()


@pytest.mark.feature("VN03", "DS01")
async def test_all_six_tabs_fit_into_the_smallest_window(world: World, make_view: MakeView) -> None:
    view = await make_view(graphical=True)
    frame = QWidget()
    bar = TitleBar(frame, "Coder · 7")
    bar.set_widgets((view.tabs,))
    frame.show()
    view.resize(MIN_SIZE.width(), 116)
    bar.resize(MIN_SIZE.width(), bar.height_for(MIN_SIZE.width()))
    assert bar.rect().contains(view.tabs.geometry())
    assert view.tabs.width() >= view.tabs.sizeHint().width()
    frame.close()
    frame.deleteLater()
