"""A question over a terminal stays where it was asked while its window changes."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from aether_desktop.widgets.terminal.ask_bar import MARGIN_PX, BarAnswer, BarHost, Question

QUESTION = Question("Paste 2 lines?", ("first", "second"), answers=(BarAnswer("", "Cancel"), BarAnswer("paste", "Paste")))


@pytest.mark.parametrize("cursor_high", [True, False])
def test_a_question_keeps_its_edge_while_the_window_is_resized(qtbot: QtBot, cursor_high: bool) -> None:
    view = QWidget()
    qtbot.addWidget(view)
    view.resize(800, 600)
    view.show()
    high = [cursor_high]
    host = BarHost(view, lambda: high[0], view.setFocus)
    host.ask(QUESTION, lambda _key: None, focus=True)
    bar = host.bar
    assert bar is not None
    margins: set[int] = set()
    for height in range(600, 300, -20):
        # The line with the cursor crosses the middle and back as rows go.
        high[0] = not high[0]
        view.resize(800, height)
        QApplication.processEvents()
        area = bar.geometry()
        margins.add(view.height() - area.bottom() - 1 if cursor_high else area.top())
    assert margins == {MARGIN_PX}
    host.dismiss()
    high[0] = not cursor_high
    host.ask(QUESTION, lambda _key: None, focus=True)
    assert host.bar is not None
    assert (host.bar.geometry().top() == MARGIN_PX) is cursor_high
    host.dismiss()
