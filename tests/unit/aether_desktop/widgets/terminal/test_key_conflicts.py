"""A terminal takes no key of the window around it: the emergency stop above all."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QApplication

from aether_desktop.widgets.terminal.key_help import HELP
from aether_desktop.widgets.terminal.scroll_keys import scroll_step
from aether_desktop.widgets.terminal.view import TerminalView
from tests.unit.aether_desktop.widgets.terminal.conftest import Rig

SOURCES = Path(__file__).resolve().parents[5] / "aether_desktop"
AROUND = ("shell", "apps/agent_vm")


@pytest.mark.feature("VM03")
def test_the_keys_of_agents_window_and_shell_reach_them(rig: Rig) -> None:
    around = {
        keys
        for folder in AROUND
        for file in (SOURCES / folder).glob("*.py")
        for keys in re.findall(r'"(Ctrl\+Shift\+\w+)"', file.read_text())
    }
    assert "Ctrl+Shift+K" in around
    taken = {QKeySequence(key).toString() for command in rig.view.commands for key in command.keys}
    assert taken
    assert not taken & around


def takes(view: TerminalView, keys: str) -> bool:
    """Whether a focused terminal takes keys before the desktop can."""
    pressed = QKeySequence(keys)[0]  # type: ignore[index] # its stub leaves this out
    event = QKeyEvent(QEvent.Type.ShortcutOverride, pressed.key(), pressed.keyboardModifiers())
    event.ignore()
    QApplication.sendEvent(view, event)
    return event.isAccepted()


@pytest.mark.parametrize(
    ("keys", "program"),
    [
        ("Ctrl+Alt+D", False),
        ("Ctrl+Alt+Left", False),
        ("Ctrl+Alt+M", False),
        ("Ctrl+Tab", False),
        ("Ctrl+Shift+Backtab", False),
        ("Ctrl+Shift+D", False),
        ("Ctrl+M", True),
        ("Ctrl+W", True),
        ("Ctrl+Q", True),
        ("Alt+D", True),
        ("Tab", True),
        ("Ctrl+Left", True),
        ("F5", True),
    ],
)
def test_which_keys_of_the_desktop_a_terminal_leaves_to_it(rig: Rig, keys: str, program: bool) -> None:
    assert takes(rig.view, keys) is program


def test_a_key_that_the_desktop_has_no_use_for_reaches_the_program(rig: Rig) -> None:
    rig.key(Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier)
    assert bytes(rig.typed) == b"\x1b\x0b"


def test_the_list_of_shortcuts_says_what_a_terminal_does(rig: Rig) -> None:
    known = {QKeySequence(key).toString() for command in rig.view.commands for key in command.keys}
    app = (SOURCES / "apps/terminal/view.py").read_text()
    rig.feed("line\r\n" * 100)
    for text, keys in HELP:
        if not keys.endswith(("Drag", "Click")):
            assert QKeySequence(keys).toString() in known or f'"{keys}"' in app or _scrolls(rig, keys), text


def _scrolls(rig: Rig, keys: str) -> bool:
    combination = QKeySequence(keys)[0]
    event = QKeyEvent(QEvent.Type.KeyPress, combination.key(), combination.keyboardModifiers())
    return scroll_step(event, rig.view.terminal, interactive=True) > 0


@pytest.mark.parametrize("key", [Qt.Key.Key_Home, Qt.Key.Key_End, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown])
def test_keys_that_scroll_are_not_typed_where_there_is_nothing_to_scroll(rig: Rig, key: Qt.Key) -> None:
    rig.key(key, Qt.KeyboardModifier.ShiftModifier)
    assert not rig.typed and rig.view.viewport.following
