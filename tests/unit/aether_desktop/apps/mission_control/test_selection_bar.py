"""The bar for several agents: which of its buttons can be pressed, and where the keyboard goes when one no longer can."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from aether_desktop.apps.mission_control.selection_bar import SelectionBar


@pytest.mark.feature("MC03")
@pytest.mark.parametrize(
    ("pressed", "after", "expected"),
    [
        ("pause", (0, 3), "resume"),
        ("resume", (3, 0), "pause"),
        ("pause", (0, 0), "clear"),
        ("stop", (0, 0), "clear"),
        ("stop", (1, 0), "stop"),
    ],
)
def test_the_keyboard_never_goes_on_to_stopping_by_itself(
    qtbot: QtBot, pressed: str, after: tuple[int, int], expected: str
) -> None:
    bar = SelectionBar()
    qtbot.addWidget(bar)
    bar.show()
    bar.activateWindow()
    bar.show_selection(3, running=2, paused=1)
    getattr(bar, pressed).setFocus()
    qtbot.waitUntil(lambda: QApplication.focusWidget() is getattr(bar, pressed))
    bar.show_selection(3, running=after[0], paused=after[1])
    assert QApplication.focusWidget() is getattr(bar, expected)
    enabled = {name for name in ("pause", "resume", "stop", "clear") if getattr(bar, name).isEnabled()}
    wanted = {"clear"} | ({"pause"} if after[0] else set()) | ({"resume"} if after[1] else set()) | ({"stop"} if sum(after) else set())
    assert enabled == wanted


@pytest.mark.feature("MC03")
def test_nor_while_the_person_is_in_another_window(qtbot: QtBot) -> None:
    bar, other = SelectionBar(), QLineEdit()
    for window in (bar, other):
        qtbot.addWidget(window)
        window.show()
    bar.activateWindow()
    bar.show_selection(3, running=2, paused=0)
    bar.pause.setFocus()
    qtbot.waitUntil(bar.pause.hasFocus)
    other.activateWindow()
    other.setFocus()
    qtbot.waitUntil(other.hasFocus)
    bar.show_selection(3, running=0, paused=2)
    assert other.hasFocus()
    bar.activateWindow()
    qtbot.waitUntil(lambda: QApplication.activeWindow() is bar)
    assert QApplication.focusWidget() is bar.resume
