"""A question over a terminal: always one, where it was asked, and the keyboard never in nobody's hands."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from aether_desktop.widgets.terminal.ask_bar import MARGIN_PX, AskBar, BarAnswer, BarHost, Question
from tests.unit.aether_desktop.widgets.terminal.conftest import Rig

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


def bars_of(rig: Rig) -> list[AskBar]:
    return [bar for bar in rig.view.findChildren(AskBar) if bar.isVisible()]


def test_what_the_person_asks_comes_before_what_waits_and_there_is_one_question_at_a_time(rig: Rig) -> None:
    host, answers = rig.view.parts.bars, list[tuple[str, str]]()
    for name in ("first", "second"):
        assert host.ask(Question(name), lambda key, name=name: answers.append((name, key)), focus=False)
    assert not host.ask(Question("third"), lambda _key: None, focus=False)
    host.ask(QUESTION, lambda key: answers.append(("mine", key)), focus=True)
    assert host.bar is not None and bars_of(rig) == [host.bar] and host.bar.question is QUESTION
    assert answers == [("first", "")] and QApplication.focusWidget() is host.bar
    rig.key(Qt.Key.Key_Escape)
    assert answers == [("first", ""), ("mine", "")]
    assert host.bar is not None and bars_of(rig) == [host.bar] and host.bar.question.title == "second"
    assert rig.view.hasFocus()
    rig.key(Qt.Key.Key_A)
    assert bytes(rig.typed) == b"a"
    host.dismiss()
    assert answers[-1] == ("second", "") and not bars_of(rig) and host.bar is None


def test_an_answer_that_asks_again_leaves_one_question(rig: Rig) -> None:
    host = rig.view.parts.bars
    host.ask(QUESTION, lambda _key: None, focus=False)
    host.ask(Question("waits"), lambda _key: None, focus=False)

    def ask_again(_key: str) -> None:
        host.ask(Question("then"), lambda _key: None, focus=True)

    host.ask(QUESTION, ask_again, focus=True)
    assert host.bar is not None
    host.bar.answer("paste")
    assert [bar.question.title for bar in bars_of(rig)] == ["then"] and QApplication.focusWidget() is host.bar
    rig.key(Qt.Key.Key_Escape)
    assert [bar.question.title for bar in bars_of(rig)] == ["waits"] and rig.view.hasFocus()


def test_a_click_on_its_text_leaves_the_keyboard_where_it_is(rig: Rig) -> None:
    rig.feed("\x1b[?1000h")
    host = rig.view.parts.bars
    host.ask(QUESTION, lambda _key: None, focus=False)
    bar = host.bar
    assert bar is not None

    def click_everywhere() -> None:
        for widget in (bar, *bar.findChildren(QLabel)):
            for button in (Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton):
                QTest.mouseClick(widget, button)

    click_everywhere()
    QTest.mouseClick(bar.button("paste"), Qt.MouseButton.LeftButton)
    assert rig.view.hasFocus() and host.bar is bar
    bar.take_focus()
    click_everywhere()
    assert bar.hasFocus() or bar.isAncestorOf(QApplication.focusWidget())
    rig.settle()
    for chosen in ("", "paste"):
        assert bar.button(chosen).hasFocus()
        click_everywhere()
        assert bar.button(chosen).hasFocus()
        rig.key(Qt.Key.Key_Tab)
    # Nothing of it reached the program below.
    assert not rig.typed and rig.view.selecting.selection is None
