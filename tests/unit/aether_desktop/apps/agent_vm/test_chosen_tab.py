"""The tab that a person chose in an agent's window is in front again after a restart, over the real shell and its layout."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from aether_desktop.apps.agent_vm.view import AgentView
from aether_desktop.shell.app_registry import DEFAULT_MANIFESTS, AppRegistry
from aether_desktop.shell.layout import JsonLayoutStore
from aether_desktop.shell.main_window import MainWindow
from aether_desktop.shell.status import ShellStatus, StatusFeed
from aether_desktop.stores.journal import JournalStores
from kernel.protocol.fs import FileList, FsLs
from kernel.protocol.system import LlmExchanges, LlmExchangesReply
from tests.fakes.app_context import World, attach
from tests.fakes.kernel_client import make_info
from tests.unit.aether_desktop.apps.conftest import settle

AREA = QRect(0, 0, 1400, 900)


class Starts:
    """Starts the desktop on one layout file, again and again."""

    def __init__(self, world: World, folder: Path) -> None:
        self._world = world
        self._store = JsonLayoutStore(folder / "layout.json")
        self.desktop: MainWindow | None = None

    async def start(self) -> MainWindow:
        world = self._world
        stores = dataclasses.replace(world.stores, journals=JournalStores(world.client))
        await attach(world)
        self.desktop = MainWindow(
            AppRegistry(DEFAULT_MANIFESTS),
            StatusFeed(ShellStatus(), world.context.theme),
            self._store,
            world.context.theme,
            lambda _manifest, handle, arguments: dataclasses.replace(
                world.context, stores=stores, window=handle, arguments=dict(arguments)
            ),
            logging.getLogger("test.agent"),
        )
        self.desktop.resize(AREA.size())
        self.desktop.show()
        self.desktop.restore()
        await settle()
        return self.desktop

    async def quit(self) -> None:
        if self.desktop is not None:
            self.desktop.prepare_to_quit()
            self.desktop.close()
            self.desktop.deleteLater()
            self.desktop = None
            await settle()


@pytest.fixture
def starts(world: World, tmp_path: Path) -> Iterator[Starts]:
    world.client.processes = [make_info(7), make_info(8)]
    world.client.answer(FsLs, FileList(path="/home/agent_7", entries=()))
    world.client.answer(LlmExchanges, LlmExchangesReply(exchanges=()))
    made = Starts(world, tmp_path)
    yield made
    if made.desktop is not None:
        made.desktop.deleteLater()
    QApplication.processEvents()


def _tabs(desktop: MainWindow) -> dict[int, str]:
    return {view._pid: view.tabs.current for view in desktop.findChildren(AgentView)}


@pytest.mark.feature("DS01", "VM04")
async def test_each_window_opens_with_the_tab_that_was_chosen_in_it(starts: Starts) -> None:
    desktop = await starts.start()
    for pid in ("7", "8"):
        desktop.open_window("agent-vm", (("pid", pid),), key=pid)
    await settle()
    assert _tabs(desktop) == {7: "timeline", 8: "timeline"}
    view = next(view for view in desktop.findChildren(AgentView) if view._pid == 7)
    QTest.mouseClick(view.tabs, Qt.MouseButton.LeftButton, pos=view.tabs.segment_rect("model").center().toPoint())
    assert _tabs(desktop) == {7: "model", 8: "timeline"}
    await starts.quit()
    again = await starts.start()
    assert _tabs(again) == {7: "model", 8: "timeline"}
    view = next(view for view in again.findChildren(AgentView) if view._pid == 7)
    QTest.keyClick(view.tabs, Qt.Key.Key_Left)
    await starts.quit()
    assert _tabs(await starts.start()) == {7: "files", 8: "timeline"}
    await starts.quit()
