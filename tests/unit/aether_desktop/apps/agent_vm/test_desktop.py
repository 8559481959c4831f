"""The desktop in an agent's window: who has the tab, what it shows in each state, and that all tabs fit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from aether_desktop.apps.agent_vm.desktop import PAUSED, USE, DesktopPage
from aether_desktop.apps.agent_vm.view import TAB_PADDING_PX, AgentView
from aether_desktop.shell.geometry import MIN_SIZE
from aether_desktop.widgets.button import Button
from aether_desktop.widgets.empty_state import EmptyState
from kernel.protocol.fs import FileList, FsLs
from kernel.protocol.process import ProcessUpdated
from kernel.protocol.system import LlmExchanges, LlmExchangesReply
from kernel.rfb.framebuffer import Framebuffer
from tests.fakes.app_context import World
from tests.fakes.kernel_client import FakeDesktopFeed, make_info
from tests.unit.aether_desktop.apps.agent_vm.conftest import PID, MakeView
from tests.unit.aether_desktop.apps.agent_vm.test_chosen_tab import Starts
from tests.unit.aether_desktop.apps.conftest import settle, wait_until

KEYS = ["terminal", "desktop", "logs", "timeline", "files", "model"]


def _feed(world: World) -> FakeDesktopFeed:
    return world.client.desktops[PID]


def _front(page: DesktopPage) -> QWidget:
    """What lies over everything else."""
    shown = [layer for layer in (page.waiting, page.problem, page.gone) if layer.isVisible()]
    assert len(shown) <= 1
    front = shown[0] if shown else page.view
    assert page.childAt(page.view.geometry().center()) in (front, *front.findChildren(QWidget))
    return front


def _words(layer: QWidget) -> str:
    assert isinstance(layer, EmptyState)
    return f"{layer._title.text()} {layer._detail.text()}"


async def _page(view: AgentView) -> DesktopPage:
    view.show_tab("desktop")
    await settle()
    assert view.desktop is not None
    return view.desktop


async def _shown(world: World, view: AgentView) -> DesktopPage:
    """The page with a picture."""
    page = await _page(view)
    _feed(world).show(Framebuffer.black(320, 200))
    await wait_until(lambda: page.view.picture is not None)
    return page


async def _become(world: World, **info: Any) -> None:
    """Let the agent be told to be another way."""
    world.client.processes = [make_info(PID, graphical=True, **info)]
    world.client.publish(ProcessUpdated(pid=PID, info=world.client.processes[0]))
    await settle()


@pytest.mark.feature("VN03", "VN06")
async def test_only_an_agent_with_a_desktop_has_its_tab(world: World, make_view: MakeView) -> None:
    view = await make_view()
    assert "desktop" not in [segment.key for segment in view.tabs.segments] and view.desktop is None
    view.show_tab("desktop")
    await settle()
    assert view.tabs.current == "timeline" and view.timeline.isVisible()
    view = await make_view(graphical=True)
    assert [segment.key for segment in view.tabs.segments] == KEYS
    assert view.tabs.current == "timeline"


@pytest.mark.feature("VN03")
async def test_the_desktop_is_opened_when_it_is_first_looked_at_and_rests_behind_another_tab(
    world: World, make_view: MakeView
) -> None:
    view = await make_view(graphical=True)
    assert world.client.desktops == {}
    page = await _shown(world, view)
    feed = _feed(world)
    assert feed.watched and _front(page) is page.view
    assert QApplication.focusWidget() is page.view or view.focusProxy() is page
    view.show_tab("logs")
    assert not feed.watched
    view.show_tab("desktop")
    assert feed.watched and _feed(world) is feed and not feed.closed


@pytest.mark.feature("VN03")
async def test_keys_reach_the_programs(world: World, make_view: MakeView) -> None:
    view = await make_view(graphical=True)
    page = await _shown(world, view)
    view.setFocus()
    assert page.view.hasFocus()
    QTest.keyClick(page.view, Qt.Key.Key_X)
    assert _feed(world).input[-2:] == [(0x78, True), (0x78, False)]


async def test_it_waits_shows_its_problem_and_looks_again(world: World, make_view: MakeView) -> None:
    view = await make_view(graphical=True)
    page = await _page(view)
    assert _front(page) is page.waiting and not page.hint.isVisible()
    first = _feed(world)
    first.tell("The server said \x1b[2K\nno.")
    await wait_until(lambda: page.problem.isVisible())
    assert _front(page) is page.problem
    assert "The server said" in _words(page.problem) and "\x1b" not in _words(page.problem) and "\n" not in _words(page.problem)
    button = page.problem.findChild(Button)
    assert isinstance(button, Button) and button.text() == "Look again"
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert first.closed and _feed(world) is not first
    assert _front(page) is page.waiting and page.view.hasFocus()
    _feed(world).tell("The server said no.")
    await wait_until(lambda: page.problem.isVisible())
    _feed(world).show(Framebuffer.black(320, 200))
    _feed(world).tell("")
    await wait_until(lambda: not page.problem.isVisible())
    assert _front(page) is page.view and page.hint.isVisible()


async def test_a_long_problem_is_cut(world: World, make_view: MakeView) -> None:
    view = await make_view(graphical=True)
    page = await _page(view)
    _feed(world).tell("x" * 100_000)
    await wait_until(lambda: page.problem.isVisible())
    assert len(_words(page.problem)) < 600


@pytest.mark.feature("VN03")
async def test_a_paused_agents_desktop_stands_still(world: World, make_view: MakeView) -> None:
    view = await make_view(graphical=True)
    page = await _shown(world, view)
    assert page.hint.text() == USE and page.hint.isVisible()
    await _become(world, state="stopped")
    assert page.hint.text() == PAUSED and _front(page) is page.view
    QTest.keyClick(page.view, Qt.Key.Key_X)
    QTest.mouseClick(page.view, Qt.MouseButton.LeftButton)
    assert _feed(world).input == []
    await _become(world, state="running")
    QTest.keyClick(page.view, Qt.Key.Key_X)
    assert _feed(world).input == [(0x78, True), (0x78, False)]


@pytest.mark.feature("VN03")
async def test_the_desktop_of_an_agent_that_is_paused_says_what_it_waits_for(world: World, make_view: MakeView) -> None:
    view = await make_view(graphical=True, state="stopped")
    page = await _page(view)
    assert "paused" in _words(_front(page))
    world.client.publish(ProcessUpdated(pid=PID, info=make_info(PID, graphical=True)))
    await settle()
    assert "as soon as it has started" in _words(_front(page))


@pytest.mark.feature("VN03")
async def test_an_ended_agents_desktop_is_gone_and_comes_with_its_next_run(world: World, make_view: MakeView) -> None:
    view = await make_view(graphical=True)
    page = await _shown(world, view)
    await _become(world, state="dead", exit_code=0, agent_phase="completed")
    first = _feed(world)
    first.ended = True
    first.tell("The agent has ended.")
    await wait_until(lambda: page.gone.isVisible())
    assert _front(page) is page.gone and not page.hint.isVisible()
    await _become(world, state="running")
    assert first.closed and _feed(world) is not first and _front(page) is page.waiting
    _feed(world).show(Framebuffer.black(320, 200))
    await wait_until(lambda: _front(page) is page.view)


async def test_a_desktop_is_let_go_of_with_its_window(world: World, make_view: MakeView) -> None:
    view = await make_view(graphical=True)
    await _shown(world, view)
    feed = _feed(world)
    view.window().close()
    assert not feed.watched
    view.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert feed.closed
    feed.tell("Too late.")


async def test_a_low_window_leaves_the_room_to_the_picture(world: World, make_view: MakeView) -> None:
    view = await make_view(graphical=True, size=(300, 116))
    page = await _shown(world, view)
    assert not page.hint.isVisible() and page.view.height() == page.height() >= 24
    view.window().resize(900, 700)
    await settle()
    assert page.hint.isVisible()


async def test_what_is_there_has_a_name(world: World, make_view: MakeView) -> None:
    view = await make_view(graphical=True)
    page = await _page(view)
    assert page.view.accessibleName() and page.view.accessibleDescription()
    names = [view.tabs.tabText(index) or view.tabs.accessibleTabName(index) for index in range(view.tabs.count())]
    assert "Desktop" in names


# --- in the real shell


@pytest.fixture
def starts(world: World, tmp_path: Path) -> Iterator[Starts]:
    world.client.processes = [make_info(PID, graphical=True)]
    world.client.answer(FsLs, FileList(path=f"/home/agent_{PID}", entries=()))
    world.client.answer(LlmExchanges, LlmExchangesReply(exchanges=()))
    made = Starts(world, tmp_path)
    yield made
    if made.desktop is not None:
        made.desktop.deleteLater()
    QApplication.processEvents()


def _view(desktop: QWidget) -> AgentView:
    view = desktop.findChild(AgentView)
    assert isinstance(view, AgentView)
    return view


@pytest.mark.feature("DS01", "VN03")
async def test_the_tab_of_the_desktop_is_in_front_again_once_the_agent_is_known(starts: Starts) -> None:
    desktop = await starts.start()
    desktop.open_window("agent-vm", (("pid", str(PID)),), key=str(PID))
    await settle()
    view = _view(desktop)
    QTest.mouseClick(view.tabs, Qt.MouseButton.LeftButton, pos=view.tabs.segment_rect("desktop").center().toPoint())
    assert view.desktop is not None and view.desktop.isVisible()
    await starts.quit()
    view = _view(await starts.start())
    assert view.tabs.current == "desktop" and view.desktop is not None and view.desktop.isVisible()
    await starts.quit()


async def test_another_tab_that_was_chosen_meanwhile_stays(world: World, make_view: MakeView) -> None:
    view = await make_view()
    view.show_tab("desktop")
    assert view.timeline.isVisible(), "something is shown until the agent is known"
    view.show_tab("logs")
    await _become(world)
    assert [segment.key for segment in view.tabs.segments] == KEYS and view.tabs.current == "logs"


@pytest.mark.feature("VN03")
async def test_six_tabs_fit_into_the_smallest_window(starts: Starts) -> None:
    desktop = await starts.start()
    frame = desktop.open_window("agent-vm", (("pid", str(PID)),), key=str(PID))
    await settle()
    frame.setGeometry(QRect(frame.pos(), MIN_SIZE))
    await settle()
    view = _view(desktop)
    last: QRect | None = None
    for key in KEYS:
        area = view.tabs.segment_rect(key).toRect()
        assert view.tabs.rect().contains(area) and area.width() >= 24, "a target for a finger"
        assert last is None or area.left() >= last.right()
        last = area
        place = QRect(view.tabs.mapTo(frame, area.topLeft()), area.size())
        assert frame.rect().contains(place)
        assert frame.childAt(place.center()) is view.tabs
    close = view.tabs.segment_rect("model").width()
    frame.resize(900, 600)
    await settle()
    assert view.tabs.segment_rect("model").width() > close and view.tabs._text_padding_px == TAB_PADDING_PX
    await starts.quit()
