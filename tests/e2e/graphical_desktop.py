"""A person's use of an agent's graphical desktop, as a program: `python -m tests.e2e.graphical_desktop ROOT`.

It opens the desktop with its kernel, deploys an agent with the switch of the dialog, sees the window of the agent's program in the tab,
clicks into it and types, with the mouse and the keys of the X server that it runs on. Each observation is a line of JSON on standard
output. `test_graphical_desktop` starts it.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from aether_desktop.apps.agent_vm.view import AgentView
from aether_desktop.bootstrap import DesktopApplication
from aether_desktop.widgets.empty_state import EmptyState
from aether_desktop.widgets.label import Label
from aether_desktop.widgets.vnc.view import DesktopView
from tests.e2e.journey import button, drive, filled_form, lines, shown, tell, until

GROUND = "#3a6ea5"
"""The colour of the agent's window, which nothing else has."""
TYPED = "Hello, from the window"
_STEP_PX = 6


async def xdotool(*arguments: str) -> None:
    """The person's mouse and keyboard."""
    process = await asyncio.create_subprocess_exec("xdotool", *arguments)
    assert await process.wait() == 0


def place_of(colour: str, image: QImage) -> QPoint | None:
    """A point around which everything has a colour."""
    wanted = QColor(colour).rgb()
    for y in range(2 * _STEP_PX, image.height() - 2 * _STEP_PX, _STEP_PX):
        for x in range(2 * _STEP_PX, image.width() - 2 * _STEP_PX, _STEP_PX):
            if all(image.pixel(x + dx, y + dy) == wanted for dx in (-_STEP_PX, 0, _STEP_PX) for dy in (-_STEP_PX, 0, _STEP_PX)):
                return QPoint(x, y)
    return None


def words() -> list[str]:
    """What is said where there is no picture."""
    states = [one for one in QApplication.allWidgets() if isinstance(one, EmptyState) and one.isVisible()]
    return [label.text() for state in states for label in state.findChildren(Label)]


async def deploy(desktop: DesktopApplication) -> AgentView:
    """By the dialog, with its switch."""
    form = await filled_form(desktop, "Draw it")
    form.approval.setCurrentIndex(form.approval.findData("yes"))
    await until(form.graphical.isVisible, "the switch")
    if not form.graphical.isChecked():
        QTest.keyClick(form.graphical, Qt.Key.Key_Space)
    QTest.keyClick(form.goal, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    return await until(lambda: shown(AgentView), "the agent's window")


async def use(desktop: DesktopApplication) -> None:
    """See it, click into it, type, and give the keyboard back."""
    window = await deploy(desktop)
    tab = await until(lambda: None if window.tabs.segment_rect("desktop").isEmpty() else window.tabs.segment_rect("desktop"), "the tab")
    QTest.mouseClick(window.tabs, Qt.MouseButton.LeftButton, pos=tab.center().toPoint())
    view = await until(lambda: shown(DesktopView), "the desktop's view")
    place = await until(lambda: place_of(GROUND, view.grab().toImage()), "the agent's window on its desktop")
    tell(seen=[place.x(), place.y()])
    at = view.mapToGlobal(place)
    await xdotool("mousemove", str(at.x()), str(at.y()), "click", "1")
    await until(view.hasFocus, "the keyboard in the desktop")
    await xdotool("type", "--delay", "20", TYPED)
    await xdotool("key", "Return")
    await until(lambda: any(TYPED in line for line in lines()), "what was typed, as the agent saw it")
    tell(lines=lines())
    await xdotool("key", "ctrl+alt+g")
    await until(window.tabs.hasFocus, "the keyboard in the tabs")
    await until(lambda: any("ended" in line for line in words()), "the end of the desktop with its agent")
    tell(words=words())
    await until(lambda: button("Deploy again"), "the end of the agent: while it works, quitting asks")


if __name__ == "__main__":
    sys.exit(drive(Path(sys.argv[1]), use, quits=True))
