"""A terminal takes no key of the window around it: the emergency stop above all."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PySide6.QtGui import QKeySequence

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
