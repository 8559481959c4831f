"""Mission Control on the screen, with real keys and clicks."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from shiboken6 import isValid

from aether_desktop.apps.mission_control.deploy_form import DeployForm
from aether_desktop.apps.mission_control.view import MissionControl
from kernel.protocol.records import AgentConfig, GpuInfo
from kernel.protocol.system import KernelStatus, KernelStatusReply
from tests.fakes.app_context import World, attach, framed
from tests.fakes.kernel_client import make_approval, make_info
from tests.unit.aether_desktop.apps.conftest import settle


class Page:
    """The page in a window, and hands on keyboard and mouse."""

    def __init__(self, world: World, view: MissionControl, window: QWidget) -> None:
        self.world = world
        self.view = view
        self.window = window

    def press(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        target = QApplication.focusWidget() or self.view.grid
        QTest.keyClick(target, key, modifiers)

    def type(self, text: str) -> None:
        QTest.keyClicks(QApplication.focusWidget(), text)

    def click(
        self,
        target: QWidget,
        at: QPoint | None = None,
        *,
        modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
    ) -> None:
        QTest.mouseClick(target, Qt.MouseButton.LeftButton, modifiers, at or target.rect().center())

    def click_card(self, pid: int, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        cell = self.view.grid.cell(self.view.model.row_of(pid))
        self.click(self.view.grid.viewport(), cell.topLeft() + QPoint(30, 30), modifiers=modifiers)

    async def deploy_form(self, copy_of: AgentConfig | None = None) -> DeployForm:
        """The deploy dialog, opened; filled as the run `copy_of` where one is given."""
        self.view.deploy_desk.open(copy_of=copy_of)
        await settle()
        form = self.view.deploy_desk.form
        assert form is not None
        return form

    @property
    def current(self) -> int:
        view = self.view.model.view_at(self.view.grid.currentIndex().row())
        return view.pid if view is not None else 0


MakePage = Callable[..., Page]


def say_machine(world: World, *gpus: GpuInfo, desktop_problem: str = "") -> None:
    """Let the kernel answer that its machine has these GPUs, and what hinders graphical desktops there."""
    world.client.answer(
        KernelStatus,
        KernelStatusReply(
            version="1", uptime=5.0, metrics=world.client.metrics, root="/x", gpus=gpus, desktop_problem=desktop_problem
        ),
    )


async def page_on_machine(world: World, make_page: MakePage, *gpus: GpuInfo, desktop_problem: str = "") -> Page:
    """Mission Control on such a machine."""
    say_machine(world, *gpus, desktop_problem=desktop_problem)
    await attach(world)
    made = make_page()
    await settle()
    return made


@pytest.fixture
def make_page(world: World) -> Iterator[MakePage]:
    windows: list[QWidget] = []

    def make(*, size: tuple[int, int] = (1100, 800)) -> Page:
        view = MissionControl(world.context)
        window = framed(view, world.window)
        windows.append(window)
        window.resize(*size)
        window.show()
        window.activateWindow()
        view.grid.setFocus()
        QApplication.processEvents()
        return Page(world, view, window)

    yield make
    for window in windows:
        if isValid(window):
            window.close()
            window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
async def page(world: World, make_page: MakePage) -> Page:
    """Six agents: 6 needs the person, 5 and 4 run, 3 is paused, 2 is done, 1 failed."""
    world.client.processes = [
        make_info(3, state="stopped"), make_info(4, name="Analyst", goal="Why did p95 rise?"), make_info(5, agent_phase="executing"),
        make_info(6, agent_phase="waiting"),
    ]  # fmt: skip
    world.client.approvals = [make_approval(6)]
    ended = {"state": "dead", "cpu_percent": 0.0, "memory_mb": 0.0}
    world.client.past = [
        make_info(2, exit_code=0, agent_phase="completed", **ended), make_info(1, exit_code=1, agent_phase="failed", **ended),
    ]  # fmt: skip
    await attach(world)
    made = make_page()
    await settle()
    return made
