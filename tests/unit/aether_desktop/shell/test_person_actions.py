"""The actions that need a kernel: there with a working source behind each, grey where they cannot be done."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from aether_desktop.apps.mission_control.view import MissionControl
from aether_desktop.shell.app_registry import AppRegistry
from aether_desktop.shell.layout import MemoryLayoutStore
from aether_desktop.shell.main_window import MainWindow
from aether_desktop.shell.menu_model import ActionEntry, MenuEntry, SubmenuEntry
from aether_desktop.shell.person_actions import PersonActions, about_facts
from aether_desktop.shell.shell_actions import build_menus, desktop_menu
from aether_desktop.shell.status import ShellStatus, StatusFeed
from aether_desktop.theme.manager import ThemeManager
from aether_desktop.widgets.file_browser import FilesView
from aether_desktop.widgets.sheet import Sheet
from kernel.protocol.process import ProcessResume, ProcessSignal
from tests.fakes.app_context import World, attach, make_world
from tests.fakes.files import serve_files
from tests.fakes.kernel_client import make_info
from tests.unit.aether_desktop.apps.conftest import settle, wait_until

CTRL_SHIFT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
OF_A_KERNEL = {
    "agents.deploy",
    "agents.pause_all",
    "agents.resume_all",
    "agents.stop_all",
    "files.new_folder",
    "help.first_steps",
}


class Desk:
    def __init__(self, window: MainWindow, world: World) -> None:
        self.window = window
        self.world = world

    def trigger(self, action_id: str) -> None:
        self.window.actions_registry.trigger(action_id)

    def possible(self) -> set[str]:
        registry = self.window.actions_registry
        return {action_id for action_id in OF_A_KERNEL if registry.is_enabled(action_id)}

    def sheet(self) -> Sheet:
        return next(sheet for sheet in self.window.findChildren(Sheet) if sheet.isVisible())

    def signals(self) -> list[tuple[int, str]]:
        return sorted((sent.pid, sent.signal) for sent in self.world.client.sent(ProcessSignal))


@pytest.fixture
async def desk(theme: ThemeManager, tmp_path: Path) -> AsyncIterator[Desk]:
    parent = QObject()
    world = make_world(theme, parent)
    serve_files(world.client, tmp_path)
    windows: list[MainWindow] = []
    window = MainWindow(
        AppRegistry(),
        StatusFeed(ShellStatus()),
        MemoryLayoutStore(),
        theme,
        lambda _manifest, handle, arguments: dataclasses.replace(
            world.context,
            window=handle,
            arguments=dict(arguments),
            open_window=windows[0].open_window,
            notify=windows[0].notify,
        ),
        logging.getLogger("test.shell"),
    )
    windows.append(window)
    window.resize(1400, 900)
    world.client.connected = False
    PersonActions(window, world.client, world.stores)
    window.show()
    window.activateWindow()
    yield Desk(window, world)
    await settle()
    window.prepare_to_quit()
    window.close()
    window.deleteLater()
    parent.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


async def begin(desk: Desk) -> None:
    desk.world.client.connected = True
    desk.world.client.processes = [
        make_info(3, state="stopped"), make_info(4), make_info(5), make_info(6, state="stopped", interrupted=True),
    ]  # fmt: skip
    desk.world.client.past = [make_info(1, state="dead", exit_code=0)]
    await attach(desk.world)


async def test_without_a_kernel_they_are_grey(desk: Desk) -> None:
    assert desk.possible() == set()
    desk.world.client.connected = True
    await attach(desk.world)
    assert desk.possible() == {"agents.deploy", "files.new_folder", "help.first_steps"}
    await begin(desk)
    assert desk.possible() == OF_A_KERNEL


@pytest.mark.feature("MC05")
async def test_deploy_opens_the_dialog_in_mission_control(desk: Desk) -> None:
    await begin(desk)
    QTest.keyClick(desk.window, Qt.Key.Key_D, CTRL_SHIFT)
    await settle()
    frame = desk.window.windows.active
    assert frame is not None
    assert isinstance(frame.content, MissionControl)
    assert frame.content.deploy_desk.form is not None


@pytest.mark.feature("DS06")
async def test_new_folder_opens_files_and_lets_the_person_name_it(desk: Desk, tmp_path: Path) -> None:
    await begin(desk)
    desk.trigger("files.new_folder")
    frame = desk.window.windows.active
    assert frame is not None
    view = frame.content
    assert isinstance(view, FilesView)
    await wait_until(lambda: view.table.renaming)
    assert view.folder == "/shared"
    assert (tmp_path / "shared" / "New folder").is_dir()


async def test_in_files_the_keys_make_a_folder_where_one_is_and_only_one(desk: Desk, tmp_path: Path) -> None:
    await begin(desk)
    frame = desk.window.open_app("files")
    assert frame is not None
    view = frame.content
    assert isinstance(view, FilesView)
    view.go("/home/agent_7")
    await wait_until(lambda: view.pages.currentWidget() is view.empty)
    view.setFocus()
    focused = QApplication.focusWidget()
    assert focused is not None
    QTest.keyClick(focused, Qt.Key.Key_N, CTRL_SHIFT)
    await wait_until(lambda: view.table.renaming)
    assert [path.name for path in (tmp_path / "home/agent_7").iterdir()] == ["New folder"]


async def test_pausing_all_can_be_taken_back(desk: Desk) -> None:
    await begin(desk)
    desk.trigger("agents.pause_all")
    await settle()
    assert desk.signals() == [(4, "SIGSTOP"), (5, "SIGSTOP")]
    (notice,) = desk.window.notices.shown
    assert (notice.title, notice.action) == ("2 agents paused", "Resume")


async def test_resume_all_takes_up_interrupted_ones_too(desk: Desk) -> None:
    await begin(desk)
    desk.trigger("agents.resume_all")
    await settle()
    assert desk.signals() == [(3, "SIGCONT")]
    assert [sent.pid for sent in desk.world.client.sent(ProcessResume)] == [6]


async def test_stop_all_asks_first(desk: Desk) -> None:
    await begin(desk)
    desk.trigger("agents.stop_all")
    await settle()
    assert desk.sheet().accessibleName() == "Stop 4 agents?"
    desk.sheet().answer("")
    await settle()
    assert desk.signals() == []
    desk.trigger("agents.stop_all")
    await settle()
    desk.sheet().answer("stop")
    await settle()
    assert desk.signals() == [(pid, "SIGTERM") for pid in (3, 4, 5, 6)]


async def test_about_and_first_steps(desk: Desk) -> None:
    await begin(desk)
    desk.trigger("shell.about")
    desk.trigger("shell.about")
    assert sum(sheet.isVisible() for sheet in desk.window.findChildren(Sheet)) == 1
    facts = dict(about_facts(desk.world.stores.kernel.status))
    assert facts["Version"] == "0.1.0"
    assert facts["Files"] == "/tmp/aether"
    desk.sheet().answer("close")
    assert "Version" not in dict(about_facts(None))
    desk.trigger("help.first_steps")
    assert desk.window.windows.active is not None
    assert desk.window.windows.active.spec.app_id == "first-run"


def _action_ids(entries: tuple[MenuEntry, ...]) -> set[str]:
    found = {entry.action_id for entry in entries if isinstance(entry, ActionEntry)}
    for entry in entries:
        if isinstance(entry, SubmenuEntry):
            found |= _action_ids(entry.entries)
    return found


@pytest.mark.feature("DS06", "DS07")
async def test_every_entry_of_every_menu_has_an_action_behind_it(desk: Desk) -> None:
    menus = build_menus(AppRegistry(), desk.window)
    named = _action_ids(tuple(desktop_menu(desk.window)))
    for menu in menus:
        named |= _action_ids(tuple(menu.entries()))
    assert named <= {action.action_id for action in desk.window.actions_registry.actions}
    assert "shell.lock" not in named


class _Guard:
    """A close guard that asks and is answered later."""

    def __init__(self) -> None:
        self.asked: list[Callable[[], None]] = []

    def __call__(self, close: Callable[[], None]) -> bool:
        self.asked.append(close)
        return False


async def test_quitting_asks_every_window_that_has_something_to_lose(desk: Desk) -> None:
    first, second = desk.window.open_app("files"), desk.window.open_app("settings")
    assert first is not None
    assert second is not None
    guards = (_Guard(), _Guard())
    first.set_close_guard(guards[0])
    second.set_close_guard(guards[1])
    done: list[bool] = []
    desk.window.ask_to_close(lambda: done.append(True))
    asked = [guard for guard in guards if guard.asked]
    assert len(asked) == 1
    assert not done
    asked[0].asked[-1]()
    assert all(guard.asked for guard in guards)
    assert not done
    other = next(guard for guard in guards if guard is not asked[0])
    other.asked[-1]()
    assert done == [True]
    assert len(desk.window.windows.windows) == 2
    for guard in (first, second):
        guard.set_close_guard(None)
    assert isinstance(first.content, QWidget)
    await asyncio.sleep(0)
