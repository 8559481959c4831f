"""What explains a widget is read to whoever cannot see it, without markup."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from aether_desktop.widgets.explained import explain


@pytest.mark.parametrize("text", ["short", "a <b>bold</b> & long line " * 10, "two\nlines"])
def test_the_description_is_the_tooltip_without_markup(qtbot: QtBot, text: str) -> None:
    button = QPushButton("Do it")
    qtbot.addWidget(button)
    explain(button, text)
    assert button.accessibleDescription() == text
    assert button.toolTip()
    explain(button, "")
    assert button.accessibleDescription() == button.toolTip() == ""
