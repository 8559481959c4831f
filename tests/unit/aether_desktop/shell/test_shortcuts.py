"""The registry of actions: one owner per key, keys that work, actions that can be turned off."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from aether_desktop.shell.main_window import MainWindow
from aether_desktop.shell.shortcuts import Action, ActionRegistry, DuplicateActionError

CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def surface(qtbot: QtBot) -> QWidget:
    widget = QWidget()
    qtbot.addWidget(widget)
    widget.show()
    widget.activateWindow()
    qtbot.waitUntil(widget.isActiveWindow)
    return widget


def test_a_key_does_its_action(surface: QWidget) -> None:
    registry = ActionRegistry(surface)
    done: list[str] = []
    registry.register(Action("deploy", "Deploy", ("Ctrl+N", "F8")), lambda: done.append("deploy"))
    QTest.keyClick(surface, Qt.Key.Key_N, CONTROL)
    QTest.keyClick(surface, Qt.Key.Key_F8)
    assert done == ["deploy", "deploy"]


def test_a_disabled_action_does_nothing(surface: QWidget) -> None:
    registry = ActionRegistry(surface)
    done: list[str] = []
    registry.register(Action("deploy", "Deploy", ("Ctrl+N",)), lambda: done.append("deploy"))
    registry.set_enabled("deploy", False)
    QTest.keyClick(surface, Qt.Key.Key_N, CONTROL)
    registry.trigger("deploy")
    assert done == []
    assert not registry.is_enabled("deploy")
    registry.set_enabled("deploy", True)
    registry.trigger("deploy")
    assert done == ["deploy"]


def test_one_key_has_one_owner(surface: QWidget) -> None:
    registry = ActionRegistry(surface)
    registry.register(Action("a", "A", ("Ctrl+N",)), lambda: None)
    with pytest.raises(DuplicateActionError, match=r"Ctrl\+N already belongs to a"):
        registry.register(Action("b", "B", ("ctrl+n",)), lambda: None)
    with pytest.raises(DuplicateActionError, match="already an action a"):
        registry.register(Action("a", "A"), lambda: None)
    with pytest.raises(KeyError):
        registry.trigger("no such action")


def test_every_action_of_the_shell_has_a_text_and_most_have_keys(desktop: MainWindow) -> None:
    actions = desktop.actions_registry.actions
    assert all(action.text and action.group for action in actions)
    keyed = {action.action_id for action in actions if action.keys}
    assert {"window.close", "window.minimise", "window.next", "window.switch", "window.detach", "shell.quit"} <= keyed
    assert desktop.actions_registry.get("window.close").key_text == "Ctrl+W"
