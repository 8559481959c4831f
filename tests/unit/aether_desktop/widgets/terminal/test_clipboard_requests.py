"""Programs that want to write the clipboard."""

from __future__ import annotations

import base64

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests.unit.aether_desktop.widgets.terminal.conftest import Rig, wait_for

CTRL_SHIFT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


def write(text: str, targets: str = "c") -> str:
    return f"\x1b]52;{targets};{base64.b64encode(text.encode()).decode()}\x07"


@pytest.mark.feature("TT01")
def test_it_asks_first_without_taking_the_keyboard(rig: Rig) -> None:
    QGuiApplication.clipboard().setText("mine")
    rig.feed(write("theirs\nsecond"))
    bars = rig.view.parts.bars
    assert bars.bar is not None and bars.bar.question.lines == ("theirs", "second")
    assert "13 characters" in bars.bar.question.detail
    assert rig.view.hasFocus()
    rig.key(Qt.Key.Key_Return)
    assert bytes(rig.typed) == b"\r" and QGuiApplication.clipboard().text() == "mine"
    rig.settle()
    rig.key(Qt.Key.Key_Return, CTRL_SHIFT)
    assert bars.bar.button("").hasFocus()
    rig.key(Qt.Key.Key_Tab)
    rig.key(Qt.Key.Key_Return)
    assert QGuiApplication.clipboard().text() == "theirs\nsecond"
    assert rig.view.hasFocus()


@pytest.mark.parametrize("size", [(700, 400), (480, 300)])
@pytest.mark.parametrize("first", ["find", "question"])
def test_a_question_leaves_room_for_find_while_one_types_there_and_is_answered_from_there(
    rig: Rig, first: str, size: tuple[int, int]
) -> None:
    rig.view.resize(*size)
    rig.feed("\r\n" * 60 + "at the bottom")
    for step in (first, "question" if first == "find" else "find"):
        if step == "find":
            rig.view.parts.finding.open()
        else:
            rig.feed(write("theirs"))
    find, bar = rig.view.parts.finding.bar, rig.view.parts.bars.bar
    assert find is not None and bar is not None
    wait_for(lambda: not bar.geometry().intersects(find.geometry()))
    assert find.isAncestorOf(QApplication.focusWidget())
    rig.settle()
    rig.key(Qt.Key.Key_Return, CTRL_SHIFT)
    assert bar.button("").hasFocus()
    rig.key(Qt.Key.Key_Tab)
    rig.key(Qt.Key.Key_Return)
    assert QGuiApplication.clipboard().text() == "theirs" and not rig.typed


def test_the_key_to_a_question_does_nothing_else_in_find(rig: Rig) -> None:
    rig.view.parts.finding.open()
    rig.key(Qt.Key.Key_Return, CTRL_SHIFT)
    find = rig.view.parts.finding.bar
    assert find is not None and find.field.hasFocus() and not rig.typed


def test_a_double_click_answers_only_the_question_that_was_seen(rig: Rig) -> None:
    rig.feed(write("one"))
    rig.feed(write("two"))
    bars = rig.view.parts.bars
    assert bars.bar is not None and bars.bar.question.lines == ("one",)
    rig.settle()
    allow = bars.bar.button("allow")
    point = allow.mapTo(rig.view, allow.rect().center())
    for _ in range(2):
        button = rig.view.childAt(point)
        assert button is not None
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == "one"
    second = bars.bar
    assert second is not None and second.question.lines == ("two",) and not second.button("allow").isEnabled()
    # By keys alike.
    rig.key(Qt.Key.Key_Return, CTRL_SHIFT)
    for key in (Qt.Key.Key_Tab, Qt.Key.Key_Return, Qt.Key.Key_Space):
        rig.key(key)
    assert bars.bar is second and QGuiApplication.clipboard().text() == "one"
    rig.settle()
    rig.key(Qt.Key.Key_Return)
    assert bars.bar is None and QGuiApplication.clipboard().text() == "two" and rig.view.hasFocus()
    assert not rig.typed


def test_a_question_that_shows_again_must_be_seen_again(rig: Rig) -> None:
    rig.feed(write("one"))
    rig.settle()
    bar = rig.view.parts.bars.bar
    assert bar is not None
    bar.take_focus()
    rig.view.hide()
    rig.view.show()
    assert not bar.settled
    rig.settle()
    assert bar.button("").isEnabled()


def test_refusing_keeps_what_was_there(rig: Rig) -> None:
    QGuiApplication.clipboard().setText("mine")
    rig.feed(write("theirs"))
    bar = rig.view.parts.bars.bar
    assert bar is not None
    bar.answer("")
    assert QGuiApplication.clipboard().text() == "mine"


def test_reading_is_never_answered_and_clearing_is_not_asked(rig: Rig) -> None:
    QGuiApplication.clipboard().setText("secret")
    rig.feed("\x1b]52;c;?\x07" + write(""))
    assert rig.view.parts.bars.bar is None and rig.source.replies == b""


def test_of_a_flood_of_requests_the_last_is_asked_about(rig: Rig) -> None:
    rig.feed("".join(write(f"text {n}") for n in range(50)))
    bars = rig.view.parts.bars
    asked = []
    while bars.bar is not None:
        asked.append(bars.bar.question.lines)
        bars.bar.answer("")
    assert asked == [("text 49",)]


def test_a_record_asks_nothing(record: Rig) -> None:
    record.feed(write("theirs"))
    assert record.view.parts.bars.bar is None


def test_another_terminal_takes_the_question_away(rig: Rig) -> None:
    rig.feed(write("one") + write("two"))
    rig.view.set_session(None)
    assert rig.view.parts.bars.bar is None


def test_of_two_views_of_a_terminal_the_one_that_was_used_last_asks(rig: Rig) -> None:
    session = rig.view.session
    assert session is not None
    other = rig.open_another()
    both = (rig.view.parts.bars, other.parts.bars)
    rig.feed(write("one"))
    assert [bars.bar is not None for bars in both] == [True, False]
    both[0].dismiss()
    session.focus(other, focused=True)
    rig.feed(write("two"))
    assert [bars.bar is not None for bars in both] == [False, True]
    other.set_session(None)
    rig.feed(write("three"))
    assert [bars.bar is not None for bars in both] == [True, False]
