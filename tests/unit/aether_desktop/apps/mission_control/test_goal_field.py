"""The goal's field refuses what no agent could be given, at once."""

import pytest
from PySide6.QtCore import QMimeData
from pytestqt.qtbot import QtBot

from aether_desktop.apps.mission_control.goal_field import GoalField
from kernel.protocol.records import GOAL_LIMIT_CHARACTERS


def paste(field: GoalField, text: str) -> None:
    data = QMimeData()
    data.setText(text)
    field.insertFromMimeData(data)


@pytest.mark.feature("MC05")
def test_a_paste_that_is_too_long_is_refused_with_a_reason(qtbot: QtBot) -> None:
    field = GoalField()
    qtbot.addWidget(field)
    said: list[str] = []
    field.refused.connect(said.append)
    paste(field, "short")
    paste(field, "y" * GOAL_LIMIT_CHARACTERS)
    assert field.toPlainText() == "short"
    assert "100,005 characters" in said[0]
