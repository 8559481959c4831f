"""Mission Control with real keys and clicks over a fake kernel."""

from __future__ import annotations

import logging
from dataclasses import replace

import pytest
from PySide6.QtCore import QEvent, QObject, QPoint, QRectF, Qt
from PySide6.QtGui import QAccessible, QAccessibleInterface, QHelpEvent, QKeySequence, QPaintEvent, QRegion
from PySide6.QtWidgets import QAbstractItemView, QApplication, QLabel, QMenu, QToolTip, QWidget

from aether_desktop.apps.mission_control import paint_parts, row_painter
from aether_desktop.apps.mission_control.agent_grid import AgentGrid, Layout
from aether_desktop.apps.mission_control.key_help import PAGE
from aether_desktop.models.agent_order import Sort
from aether_desktop.models.agent_status import Group
from aether_desktop.shell.app_registry import AppManifest, AppRegistry
from aether_desktop.shell.layout import MemoryLayoutStore
from aether_desktop.shell.main_window import MainWindow
from aether_desktop.shell.status import ShellStatus, StatusFeed
from aether_desktop.shell.window_frame import WindowFrame
from aether_desktop.stores.reducers.process import ProcessView
from aether_desktop.theme.current import tokens_of
from aether_desktop.theme.manager import ThemeManager
from aether_desktop.widgets.notice import Notice
from aether_desktop.widgets.sheet import Sheet
from kernel.errors import ConflictError, StorageError
from kernel.protocol.agent import AgentThinkingChunk
from kernel.protocol.process import (
    ApprovalAnswered,
    ProcessResume,
    ProcessSignal,
    ProcessSpawned,
)
from tests.fakes.app_context import World, attach
from tests.fakes.kernel_client import make_info
from tests.unit.aether_desktop.apps.conftest import settle, wait_until
from tests.unit.aether_desktop.apps.mission_control.conftest import MakePage, Page

CTRL = Qt.KeyboardModifier.ControlModifier
Key = Qt.Key


def signals(world: World) -> list[tuple[int, str]]:
    return [(sent.pid, sent.signal) for sent in world.client.sent(ProcessSignal)]


def sheet_of(page: Page) -> Sheet:
    (sheet,) = [child for child in page.view.findChildren(Sheet) if child.isVisible()]
    return sheet


@pytest.mark.feature("MC01")
async def test_agents_are_painted_cards_and_no_widgets(world: World, make_page: MakePage) -> None:
    world.client.processes = [make_info(pid) for pid in range(1, 1001)]
    await attach(world)
    page = make_page()
    widgets = len(page.view.findChildren(QWidget))
    assert widgets < 80
    assert 0 < page.view.grid.pictures.painted < 20
    assert len(page.view.grid.visible_pids()) < 20
    page.view.grid.verticalScrollBar().setValue(page.view.grid.verticalScrollBar().maximum())
    await settle()
    assert 1 in page.view.grid.visible_pids()
    assert len(page.view.findChildren(QWidget)) == widgets


class PaintedRegion(QObject):
    """What of a widget was painted since this was made; a picture that is taken of it would paint it all."""

    def __init__(self, watched: QWidget) -> None:
        super().__init__(watched)
        self.watched = watched
        self.region = QRegion()
        watched.installEventFilter(self)

    def whole(self) -> bool:
        return QRegion(self.watched.rect()).subtracted(self.region).isEmpty()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QPaintEvent):
            self.region = self.region.united(event.region())
        return False


@pytest.mark.feature("MC01")
@pytest.mark.parametrize("kind", list(Layout))
async def test_scrolling_shows_what_lies_there(world: World, make_page: MakePage, kind: Layout) -> None:
    world.client.processes = [make_info(pid) for pid in range(1, 101)]
    await attach(world)
    page = make_page()
    grid = page.view.grid
    grid.set_layout_kind(kind)
    await settle()
    bar = grid.verticalScrollBar()
    for value in (bar.singleStep(), bar.maximum(), 0):
        painted = PaintedRegion(grid.viewport())
        bar.setValue(value)
        await wait_until(painted.whole)


@pytest.mark.feature("MC01")
async def test_only_the_card_that_changed_is_painted_anew(page: Page) -> None:
    pictures = page.view.grid.pictures
    await settle()
    before = pictures.painted
    page.world.client.publish(AgentThinkingChunk(pid=4, step=1, kind="text", content="word "))
    await wait_until(lambda: pictures.painted > before)
    assert pictures.painted == before + 1


@pytest.mark.feature("MC01")
async def test_hidden_terminals_say_nothing(page: Page) -> None:
    feed = page.world.client.terminals["tty-4-0"]
    feed.feed(b"shown")
    await wait_until(lambda: page.view.grid._previews.version(4) == 1)
    page.window.hide()
    feed.feed(b"not shown")
    await settle()
    assert page.view.grid._previews.version(4) == 1
    page.window.show()
    await wait_until(lambda: page.view.grid._previews.version(4) == 2)


@pytest.mark.feature("MC03")
@pytest.mark.parametrize("kind", list(Layout))
async def test_who_needs_you_looks_selected_too(page: Page, kind: Layout) -> None:
    grid = page.view.grid
    grid.set_layout_kind(kind)
    await settle()
    cell = grid.cell(page.view.model.row_of(6))
    rest = grid.viewport().grab(cell).toImage()
    page.press(Key.Key_A, CTRL)
    await settle()
    chosen = grid.viewport().grab(cell).toImage()
    middle = cell.height() // 2
    accent = tokens_of(grid).accent
    assert any(chosen.pixelColor(x, middle).name() == accent for x in range(20))
    assert not any(rest.pixelColor(x, middle).name() == accent for x in range(20))


@pytest.mark.feature("MC03")
async def test_another_layout_begins_with_who_needs_you(world: World, make_page: MakePage) -> None:
    world.client.processes = [make_info(pid) for pid in range(1, 60)]
    await attach(world)
    page = make_page(size=(700, 500))
    bar = page.view.grid.verticalScrollBar()
    bar.setValue(bar.maximum())
    page.press(Key.Key_L)
    assert bar.value() == 0


@pytest.mark.feature("MC03")
async def test_cards_and_rows_change_places_with_the_selection_kept(page: Page) -> None:
    page.click_card(4)
    page.press(Key.Key_L)
    assert page.view.grid.layout_kind is Layout.LIST
    assert page.view.grid.selected_pids() == (4,)
    page.click(page.view.layout_button)
    assert page.view.grid.layout_kind is Layout.GRID


@pytest.mark.feature("MC03")
async def test_order_filter_and_look_are_found_again(page: Page, make_page: MakePage) -> None:
    page.press(Key.Key_S)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    next(action for action in menu.actions() if action.data() == Sort.NAME.value).trigger()
    menu.close()
    page.press(Key.Key_L)
    page.view.filters.selected.emit("active")
    again = make_page().view
    assert (again.model.order, again.model.filter) == (Sort.NAME, Group.ACTIVE)
    assert again.filters.current == Group.ACTIVE
    assert again.grid.layout_kind is Layout.LIST
    assert again.layout_button.accessibleName() == "Show as cards"


async def test_a_remembered_choice_that_is_no_more_is_none(page: Page, make_page: MakePage) -> None:
    page.world.window.states = {"sort": "colour", "filter": "\x00", "layout": "list grid"}
    again = make_page().view
    assert (again.model.order, again.model.filter) == (Sort.NEWEST, Group.ALL)
    assert again.grid.layout_kind is Layout.GRID


async def test_arrows_move_and_enter_opens(page: Page) -> None:
    assert page.current in (0, 6)
    page.press(Key.Key_Home)
    page.press(Key.Key_Right)
    page.press(Key.Key_Down)
    assert page.current != 6
    page.press(Key.Key_Home)
    page.press(Key.Key_Return)
    assert page.world.opened == [("agent-vm", {"pid": "6"}, "6", "Coder · 6")]


async def test_a_question_does_not_push_the_figures_of_its_row_out_of_line(page: Page) -> None:
    page.view.toggle_layout()
    grid = page.view.grid
    asks, rests = page.view.model.view_at(0), page.view.model.view_at(1)
    assert asks is not None
    assert rests is not None
    assert parts_right(grid, 0, asks) == parts_right(grid, 1, rests)
    review = grid.review_rect(6)
    assert review.right() < parts_right(grid, 0, asks)
    page.click(grid.viewport(), review.center())
    assert page.world.opened[-1][2] == "6"


def parts_right(grid: AgentGrid, row: int, view: ProcessView) -> float:
    body = row_painter.row_area(QRectF(grid.cell(row)))
    return row_painter._word_area(body, view).left()


@pytest.mark.feature("MC04")
async def test_a_double_click_opens_the_agents_own_window(page: Page) -> None:
    from PySide6.QtTest import QTest

    cell = page.view.grid.cell(page.view.model.row_of(5))
    QTest.mouseDClick(page.view.grid.viewport(), Qt.MouseButton.LeftButton, pos=cell.center())
    assert page.world.opened[-1][:3] == ("agent-vm", {"pid": "5"}, "5")


async def test_who_needs_the_person_is_first_and_one_click_away(page: Page) -> None:
    assert page.world.window.attention
    assert page.view.model.row_of(6) == 0
    for kind in (Layout.GRID, Layout.LIST):
        page.view.grid.set_layout_kind(kind)
        page.click(page.view.grid.viewport(), page.view.grid.review_rect(6).center())
    assert [key for _, _, key, _ in page.world.opened] == ["6", "6"]
    assert page.view.grid.review_rect(5).isEmpty()
    answer = ApprovalAnswered(pid=6, approval_id="approval-6", call_id="call-1", approved=True)
    page.world.client.publish(answer)
    assert not page.world.window.attention


async def test_space_pauses_and_lets_go_on(page: Page) -> None:
    page.click_card(5)
    page.press(Key.Key_Space)
    page.click_card(3)
    page.press(Key.Key_Space)
    await settle()
    assert signals(page.world) == [(5, "SIGSTOP"), (3, "SIGCONT")]


async def test_an_interrupted_agent_is_taken_up(page: Page) -> None:
    page.world.client.publish(ProcessSpawned(pid=9, info=make_info(9, state="stopped", interrupted=True)))
    page.click_card(9)
    page.press(Key.Key_Space)
    await settle()
    assert [sent.pid for sent in page.world.client.sent(ProcessResume)] == [9]


async def test_delete_asks_before_it_stops(page: Page) -> None:
    page.click_card(5)
    page.press(Key.Key_Delete)
    await settle()
    sheet = sheet_of(page)
    assert sheet.accessibleName() == "Stop Coder 5?"
    page.press(Key.Key_Escape)
    await settle()
    assert signals(page.world) == []
    page.view.grid.setFocus()
    page.press(Key.Key_Delete)
    await settle()
    page.press(Key.Key_Return)
    await settle()
    assert signals(page.world) == [], "Enter is the careful answer"
    page.press(Key.Key_Delete)
    await settle()
    page.click(sheet_of(page).button("stop"))
    await settle()
    assert signals(page.world) == [(5, "SIGTERM")]


async def test_several_agents_at_once(page: Page) -> None:
    page.click_card(5)
    assert page.view.selection_bar.isHidden()
    page.click_card(4, CTRL)
    page.click_card(3, CTRL)
    page.click_card(2, CTRL)
    assert page.view.selection_bar.isVisible()
    page.click(page.view.selection_bar.pause)
    page.click(page.view.selection_bar.resume)
    page.click(page.view.selection_bar.stop)
    await settle()
    assert sheet_of(page).accessibleName() == "Stop 3 agents?"
    page.click(sheet_of(page).button("stop"))
    await settle()
    assert sorted(signals(page.world)) == [
        (3, "SIGCONT"), (3, "SIGTERM"), (4, "SIGSTOP"), (4, "SIGTERM"), (5, "SIGSTOP"), (5, "SIGTERM"),
    ]  # fmt: skip
    page.click(page.view.selection_bar.clear)
    assert page.view.selection_bar.isHidden()


async def test_stopping_what_has_ended_says_so(page: Page) -> None:
    page.click_card(2)
    page.press(Key.Key_Delete)
    assert [notice.title for notice in page.world.notices] == ["Nothing to stop"]


async def test_a_command_that_is_refused_is_said(page: Page) -> None:
    page.world.client.answer(ProcessSignal, ConflictError("It has ended already.", "Look into its history."))
    page.click_card(5)
    page.press(Key.Key_Space)
    await settle()
    (notice,) = page.world.notices
    assert "It has ended already." in notice.title
    assert notice.detail == "Look into its history."


async def test_the_menu_of_an_agent(page: Page) -> None:
    page.click_card(6)
    page.press(Key.Key_Menu)
    page.view.grid.menu_wanted.emit(page.view.mapToGlobal(page.view.rect().center()))
    menus = [menu for menu in page.view.findChildren(QMenu) if menu.isVisible()]
    assert menus
    texts = [action.text().split("\t")[0] for action in menus[-1].actions() if action.text()]
    assert texts == ["Review", "Detach", "Pause", "Resume", "Stop…", "Deploy again…"]
    menus[-1].actions()[0].trigger()
    assert page.world.opened[-1][2] == "6"
    for menu in menus:
        menu.close()


async def test_the_order_is_chosen_from_a_menu(page: Page) -> None:
    page.press(Key.Key_S)
    (menu,) = [menu for menu in page.view.findChildren(QMenu) if menu.isVisible()]
    by_name = next(action for action in menu.actions() if action.data() == Sort.NAME.value)
    by_name.trigger()
    menu.close()
    assert page.view.model.order is Sort.NAME
    assert page.view.model.row_of(6) == 0
    assert page.view.model.row_of(4) == 1


async def test_any_text_can_be_painted(world: World, make_page: MakePage) -> None:
    texts = ("باحث عن الملفات", "🦊 Fox 🚀👨‍👩‍👧", "漢字と絵文字", "\x00\x1b[31m\r\n\t", "\u202eevil\u202c", "a" * 100_000, "\ud7ff\ufffd")
    world.client.processes = [make_info(pid, name=text, goal=text) for pid, text in enumerate(texts, 1)]
    await attach(world)
    page = make_page(size=(900, 1400))
    for pid, text in enumerate(texts, 1):
        world.client.publish(AgentThinkingChunk(pid=pid, step=1, kind="text", content=text))
        world.client.terminals[f"tty-{pid}-0"].feed(text.encode())
    await wait_until(lambda: page.view.grid._previews.version(2) > 0)
    painted = page.view.grid.pictures.painted
    page.press(Key.Key_L)
    await wait_until(lambda: page.view.grid.pictures.painted >= painted + len(texts))


async def test_no_agents_say_what_comes_first(world: World, make_page: MakePage) -> None:
    await attach(world)
    page = make_page()
    assert page.view.stack.currentWidget() is page.view.empty
    page.view.empty.action_requested.emit()
    await settle()
    assert sheet_of(page).accessibleName() == "Deploy an agent"
    page.press(Key.Key_Escape)
    await settle()
    world.client.publish(ProcessSpawned(pid=1, info=make_info(1)))
    assert page.view.stack.currentWidget() is page.view.grid


async def test_a_small_window_keeps_all_controls_inside(page: Page) -> None:
    page.window.resize(500, 400)
    await settle()
    assert page.view.deploy.text() == "Deploy"
    width = sum(widget.minimumSizeHint().width() for widget in page.world.window.widgets)
    assert width <= 500 - 24 - 16
    assert [segment.label for segment in page.view.filters._segments][:2] == ["All", "Active"]


async def test_everything_has_a_name_and_a_tooltip(page: Page) -> None:
    for button in (page.view.sort_button, page.view.layout_button, page.view.history_button, page.view.deploy):
        assert button.accessibleName()
        assert "(" in button.toolTip()
    index = page.view.model.index(0)
    assert "needs you" in index.data(Qt.ItemDataRole.AccessibleTextRole)


def hover(view: QAbstractItemView, at: QPoint) -> str:
    QToolTip.hideText()
    QApplication.sendEvent(view.viewport(), QHelpEvent(QEvent.Type.ToolTip, at, view.viewport().mapToGlobal(at)))
    return QToolTip.text()


async def test_a_goal_under_the_pointer_is_never_read_as_html(page: Page) -> None:
    goal = "Fix the <table> layout & \u202ehide <img src='file:///etc/passwd'>"
    page.world.client.publish(ProcessSpawned(pid=9, info=make_info(9, goal=goal)))
    text = hover(page.view.grid, page.view.grid.cell(page.view.model.row_of(9)).center())
    assert "&lt;table&gt;" in text
    assert "<img" not in text
    assert "\u202e" not in text
    page.press(Key.Key_H)
    history = page.view.history
    await wait_until(lambda: history.model.rowCount() > 0)
    page.world.client.publish(ProcessSpawned(pid=10, info=make_info(10, goal=goal)))
    rect = history.list.visualRect(history.model.index(0))
    text = hover(history.list, rect.center())
    assert "&lt;table&gt;" in text
    assert "<img" not in text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mno colour\x1b[0m", "no colour"),
        ("zero\u200bwidth", "zero⟨U+200B⟩width"),
        ("a\u202eb", "a⟨U+202E⟩b"),
        ("loading 1%\rloading 9%\nnext", "loading 9% next"),
    ],
)
def test_what_a_card_shows_hides_nothing_and_keeps_no_escapes(text: str, shown: str) -> None:
    assert paint_parts.one_line(text) == shown


async def test_a_question_with_a_hostile_name_is_readable(page: Page) -> None:
    page.world.client.publish(ProcessSpawned(pid=9, info=make_info(9, name="Co\u202eder\n<b>")))
    page.click_card(9)
    page.press(Key.Key_Delete)
    await settle()
    assert sheet_of(page).accessibleName() == "Stop Co⟨U+202E⟩der ⏎ <b> 9?"


@pytest.mark.feature("MC03")
async def test_the_pages_keys_are_heard_in_the_title_bar(page: Page) -> None:
    filters = page.view.filters
    page.click(filters, filters.segment_rect("active").center().toPoint())
    assert filters.hasFocus()
    page.press(Key.Key_L)
    assert page.view.grid.layout_kind is Layout.LIST
    page.press(Key.Key_H)
    assert page.view.history.isVisible()
    page.press(Key.Key_Escape)
    filters.setFocus()
    page.press(Key.Key_Slash)
    assert page.view.search.hasFocus()
    page.type("h l s d")
    assert page.view.search.text() == "h l s d", "in the search field letters are letters"
    assert page.view.grid.layout_kind is Layout.LIST
    filters.setFocus()
    page.press(Key.Key_D)
    await settle()
    assert page.view.deploy_desk.sheet is not None
    filters.setFocus()
    page.press(Key.Key_L)
    assert page.view.grid.layout_kind is Layout.LIST, "behind a dialog nothing is done"


@pytest.mark.parametrize("key", [Key.Key_Down, Key.Key_Return])
async def test_from_the_search_field_one_gets_to_the_agents(page: Page, key: Qt.Key) -> None:
    page.press(Key.Key_Slash)
    page.type("p95")
    page.press(key)
    assert page.view.grid.hasFocus()
    assert page.current == 4
    page.press(Key.Key_Return)
    assert page.world.opened[-1][2] == "4"
    page.press(Key.Key_Slash)
    page.press(Key.Key_Escape)
    assert page.view.search.hasFocus()
    assert page.view.search.text() == ""
    page.press(Key.Key_Escape)
    assert page.view.grid.hasFocus()


def interface(of: QObject) -> QAccessibleInterface:
    found = QAccessible.queryAccessibleInterface(of)
    assert found is not None
    return found


async def test_screen_readers_find_every_agent_and_every_filter(page: Page) -> None:
    agents = interface(page.view.grid)
    assert agents.role() == QAccessible.Role.List
    assert agents.childCount() == 6
    first = agents.child(0)
    assert first.role() == QAccessible.Role.ListItem
    assert first.text(QAccessible.Text.Name).startswith("Coder 6, needs you, Wants to run rm -rf build/")
    assert first.rect().size() == page.view.grid.cell(0).size()
    page.click_card(4)
    assert agents.child(page.view.model.row_of(4)).state().selected
    filters = interface(page.view.filters)
    assert filters.role() == QAccessible.Role.PageTabList
    tabs = [filters.child(number) for number in range(6)]
    assert [tab.text(QAccessible.Text.Name) for tab in tabs] == ["All 6", "Active 2", "Needs you 1", "Idle 1", "Done 1", "Failed 1"]
    assert [bool(tab.state().selected) for tab in tabs] == [True, False, False, False, False, False]


@pytest.mark.feature("MC04")
async def test_an_agent_is_opened_in_a_native_window(page: Page, theme: ThemeManager) -> None:
    manifest = AppManifest(
        "agent-vm", "Agent", "agent", "#b58cff", "tests.unit.aether_desktop.shell.small_apps:create", singleton=False
    )
    desktop = MainWindow(
        AppRegistry([manifest]), StatusFeed(ShellStatus()), MemoryLayoutStore(), theme,
        lambda manifest, handle, arguments: (manifest, handle, arguments), logging.getLogger("test.shell"),
    )  # fmt: skip
    desktop.resize(1200, 800)
    desktop.show()
    page.view._ctx = replace(page.world.context, open_window=desktop.open_window)
    page.click_card(4)
    page.press(Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    (frame,) = desktop.findChildren(WindowFrame) or [
        widget for widget in QApplication.topLevelWidgets() if isinstance(widget, WindowFrame)
    ]
    assert frame.detached
    assert frame.isWindow()
    assert frame.windowTitle() == "Analyst · 4"
    page.view.grid.menu_wanted.emit(QPoint(0, 0))
    (menu,) = page.view.findChildren(QMenu)
    (detach,) = [action for action in menu.actions() if action.data() == "detach"]
    detach.trigger()
    assert frame.detached, "one that is native stays so"
    assert len([widget for widget in QApplication.topLevelWidgets() if isinstance(widget, WindowFrame)]) == 1
    desktop.prepare_to_quit()


async def test_the_list_of_keys_names_every_one_of_the_page(page: Page) -> None:
    listed = {QKeySequence(keys)[0].key() for _, keys in PAGE}
    assert set(page.view._keys()) <= listed


def test_without_a_kernel_the_page_says_why_there_is_nothing(world: World, make_page: MakePage) -> None:
    assert "Looking for agents…" in texts_of(make_page())
    world.client.absence = StorageError("The disk is full; nothing can be saved.", "Free some space.")
    said = texts_of(make_page())
    assert "Looking for agents…" not in said
    assert "Aether's kernel does not run" in said
    assert "The disk is full; nothing can be saved. Free some space." in said


def test_without_a_kernel_nothing_is_deployed_and_it_is_said_why(world: World, make_page: MakePage) -> None:
    page = make_page()
    world.client.absence = StorageError("The disk is full; nothing can be saved.", "Free some space.")
    page.view.deploy.click()
    assert page.view.deploy_desk.sheet is None
    assert world.notices == [Notice("The disk is full; nothing can be saved.", "Free some space.", "error")]


def texts_of(page: Page) -> list[str]:
    return [label.text() for label in page.view.empty.findChildren(QLabel)]
