"""One person's way through the real window, as a program: `python -m tests.e2e.journey before|after|newer ROOT`.

It opens the desktop with its kernel and works it by keys and clicks only, reading what the widgets say. `before`: deploy an agent,
answer its question, and die of SIGKILL while a command runs. `after`: find everything again, resume the agent, and quit. `newer`: find
a database of a newer version, and quit. Each observation is a line of JSON on standard output. `test_journey` starts it.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import traceback
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget

from aether_desktop.apps.agent_vm.approval_panel import ApprovalPanel
from aether_desktop.apps.agent_vm.view import AgentView
from aether_desktop.apps.first_run.view import FirstRun
from aether_desktop.apps.mission_control.deploy_form import DeployForm
from aether_desktop.apps.mission_control.view import MissionControl
from aether_desktop.bootstrap import DesktopApplication
from aether_desktop.event_loop import run_event_loop
from aether_desktop.shell.window_frame import WindowFrame
from aether_desktop.widgets.notice import NoticeCard
from kernel.gateway.instance import InstanceLock
from kernel.paths import Paths

PATIENCE_S = 30.0
#: For all that is done; what did not come to its end says where it waited.
WHOLE_S = 90.0
W = TypeVar("W", bound=QWidget)
T = TypeVar("T")


async def until(look: Callable[[], T | None], what: str) -> T:
    """Wait until `look` finds something."""
    deadline = asyncio.get_running_loop().time() + PATIENCE_S
    while not (found := look()):
        if asyncio.get_running_loop().time() > deadline:
            raise TimeoutError(f"{what}: {seen()}")
        await asyncio.sleep(0.03)
    return found


def shown(kind: type[W]) -> W | None:
    """The widget of a class that a person sees."""
    return next((one for one in QApplication.allWidgets() if isinstance(one, kind) and one.isVisible()), None)


def button(text: str) -> QAbstractButton | None:
    """The visible button with this text."""
    for one in QApplication.allWidgets():
        if isinstance(one, QAbstractButton) and one.isVisible() and one.isEnabled() and text in (one.text(), one.accessibleName()):
            return one
    return None


def lines() -> list[str]:
    """What the timeline of the agent's window says, row by row."""
    view = shown(AgentView)
    if view is None:
        return []
    model = view.timeline.list.model()
    return [str(model.index(row, 0).data()) for row in range(model.rowCount())]


def seen() -> list[str]:
    """For a failure: which widgets there are."""
    return lines() or sorted({type(one).__name__ for one in QApplication.allWidgets() if one.isVisible()})


def tell(**fact: object) -> None:
    """An observation."""
    sys.stdout.write(json.dumps(fact) + "\n")
    sys.stdout.flush()


async def filled_form(desktop: DesktopApplication, goal: str) -> DeployForm:
    """The deploy dialog, opened by its key, with a goal and the model of the test's server."""
    await until(lambda: shown(FirstRun), "the first page")  # it comes to the front by itself, and has keys of its own
    desktop.window.open_app("mission-control")
    page = await until(lambda: shown(MissionControl), "Mission Control")
    page.grid.setFocus()
    QTest.keyClick(page.grid, Qt.Key.Key_D)
    form = await until(lambda: shown(DeployForm), "the dialog")
    QTest.keyClicks(form.goal, goal)
    index = await until(lambda: form.model.findText("test-model", Qt.MatchFlag.MatchContains) + 1 or None, "the model")
    form.model.setCurrentIndex(index - 1)
    form.model.activated.emit(index - 1)
    return form


async def before(desktop: DesktopApplication, layout: Path) -> None:
    """Deploy by the dialog, approve by a key, and die."""
    await until(lambda: desktop.client.connected, "the kernel")
    form = await filled_form(desktop, "Tidy up the home")
    QTest.keyClick(form.goal, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    panel = await until(lambda: shown(ApprovalPanel), "the question")
    tell(asked=panel.approval.details if panel.approval is not None else {})
    await asyncio.sleep(1.0)
    view = shown(AgentView)
    assert view is not None
    panel.setFocus()
    await asyncio.sleep(1.0)
    QTest.keyClick(panel, Qt.Key.Key_Return)
    await until(lambda: any("sleep 300" in line for line in lines()), "the second command")
    await until(lambda: layout.exists() and "agent-vm" in layout.read_text(), "the remembered windows")
    tell(lines=lines())
    os.kill(os.getpid(), signal.SIGKILL)


async def after(desktop: DesktopApplication) -> None:
    """Find it again, resume, see it end, and leave."""
    await until(lambda: shown(AgentView), "the agent's window")
    await until(lambda: any("sleep 300" in line for line in lines()), "what it did")
    resume = await until(lambda: button("Resume"), "the way to go on")
    tell(lines=lines())
    QTest.mouseClick(resume, Qt.MouseButton.LeftButton)
    await until(lambda: any("tidied up" in line for line in lines()), "the end")
    tell(lines=lines())


async def newer(_desktop: DesktopApplication) -> None:
    """Read why there is no kernel, and leave by what the message offers."""
    quitting = await until(lambda: button("Quit Aether"), "the message")
    message = next(one for one in QApplication.allWidgets() if isinstance(one, NoticeCard) and one.isVisible())
    windows = [one.accessibleName() for one in QApplication.allWidgets() if isinstance(one, WindowFrame)]
    tell(message=message.accessibleName(), windows=windows)
    QTest.mouseClick(quitting, Qt.MouseButton.LeftButton)


PARTS = {"after": after, "newer": newer}


def drive(root: Path, use: Callable[[DesktopApplication], Awaitable[None]], *, quits: bool) -> int:
    """The application on a root, used by `use`; what goes wrong is told. quits: it is ended afterwards, and not by what was used."""
    paths = Paths(root)
    paths.create()
    lock = InstanceLock(paths.runtime / "lock")
    assert lock.acquire()
    app = QApplication(sys.argv[:1])
    desktop = DesktopApplication(app, paths, dict(os.environ))

    async def run() -> int:
        opened = asyncio.ensure_future(desktop.run())  # for the life of the process
        async with asyncio.timeout(WHOLE_S):
            await use(desktop)
        if quits:
            app.quit()
        async with asyncio.timeout(PATIENCE_S):
            return await opened

    return run_event_loop(app, run, lambda error: tell(error="".join(traceback.format_exception(error))))


def main() -> int:
    """Run one part."""
    part, root = sys.argv[1], Path(sys.argv[2])
    layout = Paths(root).layout_file
    return drive(root, PARTS.get(part) or (lambda desktop: before(desktop, layout)), quits=part == "after")


if __name__ == "__main__":
    sys.exit(main())
