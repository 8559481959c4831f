"""Programs that want to write the clipboard."""

from __future__ import annotations

import base64

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication

from tests.unit.aether_desktop.widgets.terminal.conftest import Rig

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
    rig.key(Qt.Key.Key_Return, CTRL_SHIFT)
    assert bars.bar.button("").hasFocus()
    rig.key(Qt.Key.Key_Tab)
    rig.key(Qt.Key.Key_Return)
    assert QGuiApplication.clipboard().text() == "theirs\nsecond"
    assert rig.view.hasFocus()


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
