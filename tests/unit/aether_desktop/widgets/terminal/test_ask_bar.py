"""A question over a terminal: always one, away from where one types, and the keyboard never in nobody's hands."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QEvent, QPointF, QRect, Qt
from PySide6.QtGui import QEnterEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from aether_desktop.widgets.terminal.ask_bar import MARGIN_PX, REST_MS, AskBar, BarAnswer, BarHost, Question
from tests.unit.aether_desktop.widgets.terminal.conftest import Rig, wait_for

QUESTION = Question("Paste 2 lines?", ("first", "second"), answers=(BarAnswer("", "Cancel"), BarAnswer("paste", "Paste")))


@pytest.mark.parametrize("cursor_high", [True, False])
def test_a_question_keeps_its_edge_while_the_window_is_resized(qtbot: QtBot, cursor_high: bool) -> None:
    view = QWidget()
    qtbot.addWidget(view)
    view.resize(800, 600)
    view.show()
    high = [cursor_high]
    host = BarHost(view, lambda: QRect(8, 20 if high[0] else view.height() - 40, 16, 18), view.setFocus)
    host.ask(QUESTION, lambda _key: None, focus=False)
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
    QTest.qWait(2 * REST_MS)
    assert not bar.geometry().intersects(host._cursor()), "it makes room when all is at rest"
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


def over_cursor(rig: Rig) -> bool:
    """Whether the question lies over the row that the cursor is in."""
    bar, cursor = rig.view.parts.bars.bar, rig.view.grid.cursor_rect()
    assert bar is not None and not cursor.isEmpty()
    return bar.geometry().top() <= cursor.bottom() and cursor.top() <= bar.geometry().bottom()


def ask(rig: Rig) -> AskBar:
    """A program asks while the cursor is in the first row; the bar takes answers."""
    rig.view.parts.bars.ask(QUESTION, lambda _key: None, focus=False)
    rig.settle()
    bar = rig.view.parts.bars.bar
    assert bar is not None and not over_cursor(rig)
    return bar


DOWN, UP = "\r\n" * 100 + "$ ", "\x1b[H"


@pytest.mark.feature("TT01")
def test_it_makes_room_for_the_cursor_at_rest_and_takes_no_answer_meant_for_what_was_there(rig: Rig) -> None:
    bar = ask(rig)
    rig.feed(DOWN)
    wait_for(lambda: not over_cursor(rig))
    assert bar.geometry().top() == MARGIN_PX and not bar.settled
    assert rig.view.hasFocus()
    rig.settle()
    # The cursor alone moves: no other rows show.
    rig.feed(UP)
    wait_for(lambda: not over_cursor(rig))
    assert bar.geometry().bottom() == rig.view.height() - MARGIN_PX - 1


def test_it_stays_while_the_cursor_only_passes(rig: Rig) -> None:
    bar = ask(rig)
    before = bar.geometry()
    resting = rig.view.parts.bars._resting
    resting.setInterval(5000)
    for _ in range(2):
        rig.feed(DOWN)
        wait_for(resting.isActive)
        assert over_cursor(rig)
        rig.feed(UP)
        wait_for(lambda: not resting.isActive())
    assert bar.geometry() == before and bar.settled


def point_at(bar: AskBar, *, over: bool) -> None:
    """As Qt tells it; where the pointer of the machine is, and was in the test before, plays no part."""
    bar.setAttribute(Qt.WidgetAttribute.WA_UnderMouse, over)
    centre = QPointF(bar.rect().center())
    QApplication.sendEvent(bar, QEnterEvent(centre, centre, centre) if over else QEvent(QEvent.Type.Leave))


@pytest.mark.feature("TT01")
def test_it_stays_under_the_pointer_and_while_it_has_the_keyboard(rig: Rig) -> None:
    bar = ask(rig)
    point_at(bar, over=True)
    rig.feed(DOWN)
    QTest.qWait(2 * REST_MS)
    assert over_cursor(rig)
    bar.take_focus()
    point_at(bar, over=False)
    QTest.qWait(2 * REST_MS)
    assert over_cursor(rig)
    rig.view.setFocus()
    wait_for(lambda: not over_cursor(rig))


def test_it_makes_room_when_the_pointer_leaves_it(rig: Rig) -> None:
    bar = ask(rig)
    point_at(bar, over=True)
    rig.feed(DOWN)
    QTest.qWait(2 * REST_MS)
    assert over_cursor(rig)
    point_at(bar, over=False)
    wait_for(lambda: not over_cursor(rig))


def test_it_goes_to_no_edge_where_it_would_cover_the_cursor_as_well(rig: Rig) -> None:
    bar = ask(rig)
    rig.view.resize(700, bar.height() + 4 * MARGIN_PX)
    rig.feed("\r\n" * 2)
    QTest.qWait(2 * REST_MS)
    assert over_cursor(rig) and not rig.view.parts.bars._resting.isActive()
    before = bar.geometry()
    rig.feed("x")
    QTest.qWait(2 * REST_MS)
    assert bar.geometry() == before


LINES = ("one", "two", "three", "four")
ASKED = [
    Question("A program wants to put text into the clipboard", LINES, "13 characters. Ctrl+Shift+Return goes to this question."),
    Question("Paste 21 lines?", LINES, "and 17 more lines. The program runs each line as it comes.", "It has control characters."),
    Question("Paste 21 lines?", LINES[:1], "and more. " * 30, "It has control characters, which act as keys. " * 10),
]


@pytest.mark.feature("TT01")
@pytest.mark.parametrize("question", ASKED)
@pytest.mark.parametrize("size", [(300, 200), (300, 160), (260, 240)])
def test_in_a_small_window_lines_give_way_to_what_is_asked(rig: Rig, size: tuple[int, int], question: Question) -> None:
    rig.view.resize(*size)
    rig.view.parts.bars.ask(replace(question, answers=QUESTION.answers), lambda _key: None, focus=True)
    QApplication.processEvents()
    bar = rig.view.parts.bars.bar
    assert bar is not None and rig.view.rect().contains(bar.geometry())
    labels = {label.text(): label for label in bar.findChildren(QLabel)}
    shown = [labels[question.title], *(bar.button(answer.key) for answer in QUESTION.answers)]
    for widget in shown:
        assert widget.isVisible() and bar.rect().contains(widget.geometry())
    assert labels[question.title].height() >= labels[question.title].heightForWidth(labels[question.title].width())
    lines = [labels[line].isVisible() for line in question.lines]
    assert lines == sorted(lines, reverse=True), "the last ones go first"
    assert not any(lines) or all(label.isVisible() for label in labels.values() if label.text() not in question.lines)
    rig.view.resize(900, 600)
    QApplication.processEvents()
    assert all(label.isVisible() for label in labels.values())
