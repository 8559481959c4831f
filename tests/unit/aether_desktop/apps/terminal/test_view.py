"""The terminal app: tabs that open, move, end, fail and tell what was missed."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from PySide6.QtCore import QCoreApplication, QEvent, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.exceptions import capture_exceptions
from shiboken6 import isValid

from aether_desktop.apps.terminal.app import create
from aether_desktop.apps.terminal.view import TITLE_PAUSE_MS, TerminalTabs
from aether_desktop.widgets.sheet import Sheet
from aether_desktop.widgets.terminal.tab_bar import Missed
from kernel.errors import UnavailableError
from kernel.protocol.tty import TtyClose, TtyClosed, TtyForeground, TtyForegroundReply, TtyInput, TtyOpen, TtyOpenReply
from tests.fakes.app_context import World
from tests.unit.aether_desktop.apps.conftest import settle, wait_until

CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
ALT = Qt.KeyboardModifier.AltModifier


@pytest.fixture(autouse=True)
def shells(world: World) -> None:
    """The fake kernel opens tty_1, tty_2, ..."""
    numbers = itertools.count(1)
    world.client.answer(TtyOpen, lambda _command: TtyOpenReply(tty_id=f"tty_{next(numbers)}"))


@pytest_asyncio.fixture
async def tabs(world: World, shells: None) -> AsyncIterator[TerminalTabs]:
    view = create(world.context)
    assert isinstance(view, TerminalTabs)
    view.resize(800, 500)
    view.show()
    view.activateWindow()
    view.setFocus()
    await wait_until(lambda: "tty_1" in world.client.terminals)
    await settle()
    yield view
    if isValid(view):
        view.close()
        view.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def key(tabs: TerminalTabs, which: Qt.Key, held: Qt.KeyboardModifier) -> None:
    QTest.keyClick(QApplication.focusWidget() or tabs, which, held)


async def feed(world: World, number: int, data: bytes) -> None:
    feed = world.client.terminals[f"tty_{number}"]
    feed.feed(data)
    await wait_until(lambda: not feed._data)
    await asyncio.sleep(0.02)
    await settle()


async def open_tab(tabs: TerminalTabs, world: World) -> None:
    count = len(world.client.terminals)
    key(tabs, Qt.Key.Key_T, CTRL | SHIFT)
    await wait_until(lambda: len(world.client.terminals) == count + 1)
    await settle()


def closed(world: World) -> list[str]:
    return [command.tty_id for command in world.client.sent(TtyClose)]


async def end_shell(world: World, number: int, code: int) -> None:
    feed = world.client.terminals[f"tty_{number}"]
    feed.ended = True
    feed._on_readable()
    world.client.publish(TtyClosed(pid=0, tty_id=f"tty_{number}", exit_code=code))
    await asyncio.sleep(0.02)
    await settle()


@pytest.mark.feature("AA02", "TT05")
async def test_tabs_open_behind_the_one_in_front_and_keys_go_between_them(tabs: TerminalTabs, world: World) -> None:
    await open_tab(tabs, world)
    await open_tab(tabs, world)
    assert [page._shell.tty_id for page in tabs.shells] == ["tty_1", "tty_2", "tty_3"]
    assert tabs.bar.currentIndex() == 2 and tabs.bar.isVisible()
    key(tabs, Qt.Key.Key_Tab, CTRL)
    assert tabs.bar.currentIndex() == 0
    key(tabs, Qt.Key.Key_PageUp, CTRL)
    assert tabs.bar.currentIndex() == 2
    key(tabs, Qt.Key.Key_2, ALT)
    assert tabs.bar.currentIndex() == 1
    assert tabs.current is not None and tabs.current.view.hasFocus()
    key(tabs, Qt.Key.Key_PageUp, CTRL | SHIFT)
    assert [page._shell.tty_id for page in tabs.shells] == ["tty_2", "tty_1", "tty_3"]
    assert tabs.current is tabs.shells[0]


@pytest.mark.feature("AA02", "TT07")
async def test_what_is_typed_goes_to_the_shell_in_front(tabs: TerminalTabs, world: World) -> None:
    await open_tab(tabs, world)
    key(tabs, Qt.Key.Key_A, Qt.KeyboardModifier.NoModifier)
    await settle()
    assert [(sent.tty_id, sent.data) for sent in world.client.sent(TtyInput)] == [("tty_2", "a")]


async def test_a_tab_is_closed_by_key_and_by_the_middle_button(tabs: TerminalTabs, world: World) -> None:
    await open_tab(tabs, world)
    await open_tab(tabs, world)
    key(tabs, Qt.Key.Key_W, CTRL | SHIFT)
    await settle()
    await wait_until(lambda: closed(world) == ["tty_3"])
    place = tabs.bar.tabRect(0).center()
    QTest.mouseClick(tabs.bar, Qt.MouseButton.MiddleButton, Qt.KeyboardModifier.NoModifier, place)
    await settle()
    await wait_until(lambda: closed(world) == ["tty_3", "tty_1"])
    assert not tabs.bar.isVisible() and world.window.close_requests == 0
    key(tabs, Qt.Key.Key_W, CTRL | SHIFT)
    await wait_until(lambda: world.window.close_requests == 1)


async def test_titles_follow_the_program_and_the_person(tabs: TerminalTabs, world: World) -> None:
    await feed(world, 1, b"\x1b]0;vim notes & more\x07\x1b]7;file://host/home/me\x07")
    await wait_until(lambda: world.window.title == "vim notes & more")
    assert world.window.subtitle == "/home/me"
    assert tabs.bar.tabText(0) == "vim notes && more"
    assert "/home/me" in tabs.bar.tabToolTip(0)
    await open_tab(tabs, world)
    place = tabs.bar.tabRect(0).center()
    QTest.mouseDClick(tabs.bar, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
    QTest.keyClicks(QApplication.focusWidget(), "build")
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Return)
    assert tabs.bar.tabText(0) == "build"
    await feed(world, 1, b"\x1b]0;other\x07")
    await wait_until(lambda: not tabs._titles.isActive())
    assert tabs.bar.tabText(0) == "build"


@pytest.mark.feature("AA02")
async def test_a_tab_tells_what_was_missed(tabs: TerminalTabs, world: World) -> None:
    await feed(world, 1, b"$ ")
    await open_tab(tabs, world)
    first = tabs.shells[0]
    await feed(world, 1, b"news\r\n")
    await wait_until(lambda: first.missed is Missed.OUTPUT)
    assert not tabs.bar.tabIcon(0).isNull()
    await feed(world, 1, b"\x07")
    assert first.missed is Missed.BELL and world.window.attention
    assert "bell" in tabs.bar.accessibleTabName(0)
    await feed(world, 1, b"more\r\n")
    assert first.missed is Missed.BELL
    key(tabs, Qt.Key.Key_1, ALT)
    assert first.missed is Missed.NOTHING and tabs.bar.tabIcon(0).isNull()


@pytest.mark.feature("AA02")
async def test_a_prompt_that_is_drawn_again_for_another_size_and_a_title_are_nothing_missed(tabs: TerminalTabs, world: World) -> None:
    await feed(world, 1, b"output\r\n~/atlas $ ")
    await open_tab(tabs, world)
    first = tabs.shells[0]
    await feed(world, 1, b"\r\x1b[J")
    await feed(world, 1, b"~/atlas $ \x1b]0;other\x07")
    await wait_until(lambda: not first._looks.isActive())
    assert first.missed is Missed.NOTHING
    await feed(world, 1, b"x")
    await wait_until(lambda: first.missed is Missed.OUTPUT)


async def test_a_flood_of_titles_shows_the_last_of_them(tabs: TerminalTabs, world: World) -> None:
    told: list[str] = []
    world.window.set_title = lambda title, subtitle="": told.append(title)  # type: ignore[method-assign]
    await feed(world, 1, b"".join(b"\x1b]0;title %d\x07" % number for number in range(3000)))
    await wait_until(lambda: told[-1:] == ["title 2999"])
    assert len(told) < 20


async def test_a_title_that_never_rests_shows(tabs: TerminalTabs, world: World) -> None:
    told: list[str] = []
    world.window.set_title = lambda title, subtitle="": told.append(title)  # type: ignore[method-assign]
    numbers = itertools.count()
    spinner = QTimer()
    spinner.setInterval(TITLE_PAUSE_MS // 4)
    spinner.timeout.connect(lambda: world.client.terminals["tty_1"].feed(b"\x1b]0;title %d\x07" % next(numbers)))
    spinner.start()
    await wait_until(lambda: len(told) >= 3)
    spinner.stop()


async def test_the_bell_in_front_of_the_person_asks_for_no_attention(tabs: TerminalTabs, world: World) -> None:
    await feed(world, 1, b"\x07")
    assert not world.window.attention


async def test_messages_come_from_behind_only(tabs: TerminalTabs, world: World) -> None:
    await feed(world, 1, b"\x1b]9;seen\x07")
    assert world.notices == []
    await open_tab(tabs, world)
    await feed(world, 1, b"\x1b]777;notify;Build;done\x07\x1b]9;flood\x07")
    assert [(notice.title, notice.detail) for notice in world.notices] == [("Shell: Build", "done")]


async def shown_sheet(tabs: TerminalTabs) -> Sheet:
    await wait_until(lambda: any(sheet.isVisible() for sheet in tabs.findChildren(Sheet)))
    return next(sheet for sheet in tabs.findChildren(Sheet) if sheet.isVisible())


@pytest.mark.feature("AA02")
async def test_a_running_program_is_asked_about(tabs: TerminalTabs, world: World) -> None:
    world.client.answer(TtyForeground, TtyForegroundReply(name="vim", command="vim notes"))
    key(tabs, Qt.Key.Key_W, CTRL | SHIFT)
    sheet = await shown_sheet(tabs)
    assert sheet.accessibleName() == "vim is running"
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Return)
    await settle()
    assert closed(world) == [] and len(tabs.shells) == 1
    key(tabs, Qt.Key.Key_W, CTRL | SHIFT)
    (await shown_sheet(tabs)).answer("end")
    await wait_until(lambda: closed(world) == ["tty_1"])


@pytest.mark.feature("AA02")
async def test_a_window_with_programs_asks_once_and_its_shells_end_with_it(tabs: TerminalTabs, world: World) -> None:
    await open_tab(tabs, world)
    world.client.answer(TtyForeground, TtyForegroundReply(name="make"))
    really: list[bool] = []
    assert world.window.guard is not None and world.window.guard(lambda: really.append(True)) is False
    sheet = await shown_sheet(tabs)
    assert sheet.accessibleName() == "2 programs are running"
    sheet.answer("end")
    assert really == [True] and closed(world) == []
    tabs.hide()
    tabs.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    await wait_until(lambda: sorted(closed(world)) == ["tty_1", "tty_2"])


async def test_an_idle_window_closes_without_a_question(tabs: TerminalTabs, world: World) -> None:
    world.client.answer(TtyForeground, TtyForegroundReply(name="bash", shell=True))
    really: list[bool] = []
    assert world.window.guard is not None
    world.window.guard(lambda: really.append(True))
    await wait_until(lambda: really == [True])


@pytest.mark.feature("AA02")
async def test_jobs_in_the_background_are_asked_about(tabs: TerminalTabs, world: World) -> None:
    world.client.answer(TtyForeground, TtyForegroundReply(name="bash", shell=True, background=2))
    key(tabs, Qt.Key.Key_W, CTRL | SHIFT)
    sheet = await shown_sheet(tabs)
    assert sheet.accessibleName() == "2 programs still run in the background here"
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Return)
    await settle()
    assert closed(world) == [] and len(tabs.shells) == 1
    assert world.window.guard is not None and world.window.guard(lambda: None) is False
    (await shown_sheet(tabs)).answer("end")


async def test_where_the_kernel_does_not_know_the_screen_is_asked(tabs: TerminalTabs, world: World) -> None:
    page = tabs.shells[0]
    assert not (await page.running()).anything
    await feed(world, 1, b"\x1b]133;A\x07$ \x1b]133;B\x07make\r\n\x1b]133;C\x07")
    assert (await page.running()).program == "A command"
    await feed(world, 1, b"\x1b]133;D;0\x07")
    assert not (await page.running()).anything
    await feed(world, 1, b"\x1b]0;vim\x07\x1b[?1049h")
    assert (await page.running()).program == "vim"
    world.client.answer(TtyForeground, TtyForegroundReply(name="bash", shell=True))
    assert not (await page.running()).anything


async def test_a_new_tab_opens_in_the_same_folder(tabs: TerminalTabs, world: World) -> None:
    await feed(world, 1, b"\x1b]7;file://host/srv/a%20b\x1b\\")
    await open_tab(tabs, world)
    assert [command.cwd for command in world.client.sent(TtyOpen)] == ["", "/srv/a b"]


@pytest.mark.feature("AA02", "TT03")
async def test_a_shell_that_ends_well_takes_its_tab_along(tabs: TerminalTabs, world: World) -> None:
    await open_tab(tabs, world)
    await end_shell(world, 2, 0)
    await wait_until(lambda: len(tabs.shells) == 1)
    assert tabs.shells[0]._shell.tty_id == "tty_1"


@pytest.mark.feature("AA02", "TT03")
async def test_a_shell_that_ends_badly_says_so_and_return_starts_a_new_one(tabs: TerminalTabs, world: World) -> None:
    await feed(world, 1, b"boom\r\n")
    await end_shell(world, 1, 137)
    page = tabs.shells[0]
    bar = page.view.parts.bars.bar
    assert bar is not None and bar.question.title == "The shell ended with code 137."
    assert page.view.terminal.display[0].startswith("boom")
    key(tabs, Qt.Key.Key_X, Qt.KeyboardModifier.NoModifier)
    assert len(world.client.terminals) == 1
    key(tabs, Qt.Key.Key_Return, Qt.KeyboardModifier.NoModifier)
    await wait_until(lambda: "tty_2" in world.client.terminals)
    await settle()
    assert page.view.parts.bars.bar is None and closed(world) == ["tty_1"]
    assert tabs.shells == (page,)


async def test_a_shell_that_ended_without_a_code_stays_too(tabs: TerminalTabs, world: World) -> None:
    feed = world.client.terminals["tty_1"]
    feed.ended = True
    feed._on_readable()
    await wait_until(lambda: tabs.shells[0].view.parts.bars.bar is not None)
    bar = tabs.shells[0].view.parts.bars.bar
    assert bar is not None and bar.question.title == "The shell ended."


@pytest.mark.feature("AA02")
async def test_a_shell_that_cannot_be_opened_says_why_and_can_be_tried_again(world: World) -> None:
    world.client.answer(TtyOpen, UnavailableError("No terminals are left.", "Close some."))
    view = create(world.context)
    assert isinstance(view, TerminalTabs)
    view.show()
    page = view.shells[0]
    await wait_until(lambda: page.problem.isVisible())
    world.client.answer(TtyOpen, TtyOpenReply(tty_id="tty_9"))
    page.problem.action_requested.emit()
    await wait_until(lambda: "tty_9" in world.client.terminals)
    assert page.view.isVisible() and not page.problem.isVisible()
    view.close()
    view.deleteLater()


async def test_a_tab_closed_while_its_shell_opens_leaves_none_behind(world: World) -> None:
    opened = asyncio.Event()

    async def slowly(_command: TtyOpen) -> TtyOpenReply:
        await opened.wait()
        return TtyOpenReply(tty_id="tty_late")

    world.client.answer(TtyOpen, slowly)
    view = create(world.context)
    view.show()
    await settle()
    view.close()
    view.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    opened.set()
    await wait_until(lambda: closed(world) == ["tty_late"])


async def test_a_closed_window_hears_and_holds_nothing(world: World) -> None:
    listeners = world.client.listeners
    view = create(world.context)
    view.show()
    await wait_until(lambda: "tty_1" in world.client.terminals)
    assert isinstance(view, TerminalTabs)
    await open_tab(view, world)
    view.close()
    view.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    await wait_until(lambda: sorted(closed(world)) == ["tty_1", "tty_2"])
    await settle()
    assert world.client.listeners == listeners
    assert all(feed.closed for feed in world.client.terminals.values())
    with capture_exceptions() as raised:
        for feed in world.client.terminals.values():
            feed.feed(b"late")
        world.client.publish(TtyClosed(pid=0, tty_id="tty_1", exit_code=1))
        await settle()
    assert raised == []


async def test_the_window_s_lower_corners_have_the_terminal_s_colour(tabs: TerminalTabs, world: World) -> None:
    from aether_desktop.theme.current import tokens_of
    from aether_desktop.widgets.terminal.schemes import SCHEMES

    assert world.window.floor == tokens_of(tabs).terminal.background
    name = next(name for name, scheme in SCHEMES.items() if f"#{scheme.background:06x}" != world.window.floor)
    world.context.terminals.preferences.set_theme(name)
    assert world.window.floor == f"#{SCHEMES[name].background:06x}"
