"""Copy and paste with keys and mouse, and the question before a paste."""

from __future__ import annotations

import time

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests.unit.aether_desktop.widgets.terminal.conftest import Rig, wait_for

CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


def put(text: str) -> None:
    QGuiApplication.clipboard().setText(text)


def paste(rig: Rig) -> None:
    rig.key(Qt.Key.Key_V, CTRL | SHIFT)


def drag(rig: Rig, start: tuple[int, int], end: tuple[int, int]) -> None:
    QTest.mousePress(rig.view, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, rig.cell(*start))
    QTest.mouseMove(rig.view, rig.cell(*end))
    QTest.mouseRelease(rig.view, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, rig.cell(*end))


@pytest.mark.feature("TT01")
def test_a_selection_is_copied_and_ctrl_c_goes_to_the_program(rig: Rig) -> None:
    rig.feed("hello world\r\n")
    drag(rig, (0, 0), (4, 0))
    rig.key(Qt.Key.Key_C, CTRL | SHIFT)
    assert QGuiApplication.clipboard().text() == "hello"
    put("kept")
    drag(rig, (6, 0), (10, 0))
    rig.key(Qt.Key.Key_C, CTRL)
    assert QGuiApplication.clipboard().text() == "kept"
    assert bytes(rig.typed) == b"\x03"


def test_copying_nothing_keeps_the_clipboard(rig: Rig) -> None:
    put("kept")
    rig.key(Qt.Key.Key_C, CTRL | SHIFT)
    assert QGuiApplication.clipboard().text() == "kept"


def test_ctrl_c_copies_where_nobody_types(record: Rig) -> None:
    record.feed("hello world\r\n")
    drag(record, (0, 0), (4, 0))
    record.key(Qt.Key.Key_C, CTRL)
    assert QGuiApplication.clipboard().text() == "hello"
    put("x\ny")
    record.key(Qt.Key.Key_V, CTRL | SHIFT)
    assert record.view.parts.bars.bar is None and not record.typed


def test_a_plain_text_is_pasted_at_once_by_both_keys(rig: Rig) -> None:
    put("ls -l")
    paste(rig)
    wait_for(lambda: bytes(rig.typed) == b"ls -l")
    rig.key(Qt.Key.Key_Insert, SHIFT)
    wait_for(lambda: bytes(rig.typed) == b"ls -lls -l")


def test_brackets_are_put_around_where_the_program_wants_them(rig: Rig) -> None:
    rig.feed("\x1b[?2004h")
    put("one\ntwo")
    paste(rig)
    wait_for(lambda: bytes(rig.typed) == b"\x1b[200~one\rtwo\x1b[201~")


@pytest.mark.feature("TT01")
def test_several_lines_are_asked_about_and_the_harmless_answer_has_the_keyboard(rig: Rig) -> None:
    put("one\ntwo\nthree\n")
    paste(rig)
    bar = rig.view.parts.bars.bar
    assert bar is not None and "3 lines" in bar.question.title
    assert bar.question.lines[:3] == ("one", "two", "three")
    rig.settle()
    assert bar.button("").hasFocus()
    rig.key(Qt.Key.Key_Return)
    assert rig.view.parts.bars.bar is None
    assert rig.view.hasFocus()
    QTest.qWait(20)
    assert not rig.typed


def test_the_question_is_answered_by_keyboard(rig: Rig) -> None:
    put("one\ntwo\n")
    paste(rig)
    rig.settle()
    rig.key(Qt.Key.Key_Tab)
    rig.key(Qt.Key.Key_Return)
    wait_for(lambda: bytes(rig.typed) == b"one two")
    paste(rig)
    rig.settle()
    rig.key(Qt.Key.Key_Right)
    rig.key(Qt.Key.Key_Right)
    rig.key(Qt.Key.Key_Space)
    wait_for(lambda: bytes(rig.typed) == b"one twoone\rtwo\r")
    paste(rig)
    rig.key(Qt.Key.Key_Escape)
    assert rig.view.parts.bars.bar is None and rig.view.hasFocus()


def test_five_megabytes_do_not_hold_the_window(rig: Rig) -> None:
    rig.feed("\x1b[?2004h")
    text = "0123456789abcde\n" * (5 * 65536)
    rig.view.parts.clipboard.paste_text(text)
    done: list[bool] = []
    rig.view.parts.clipboard.sent.connect(lambda: done.append(True))
    longest = 0.0
    while not done:
        before = time.perf_counter()
        QApplication.processEvents()
        longest = max(longest, time.perf_counter() - before)
    assert longest < 0.1
    assert len(rig.typed) == len(text) + 12


def test_select_all_takes_history_too(rig: Rig) -> None:
    rig.feed("".join(f"line {n}\r\n" for n in range(100)))
    rig.key(Qt.Key.Key_E, CTRL | SHIFT)
    rig.key(Qt.Key.Key_C, CTRL | SHIFT)
    assert QGuiApplication.clipboard().text().startswith("line 0\nline 1\n")
    assert "line 99" in QGuiApplication.clipboard().text()


def test_a_second_paste_waits_for_the_first_and_keys_for_both(rig: Rig) -> None:
    rig.feed("\x1b[?2004h")
    long = "a" * 300_000
    rig.view.parts.clipboard.paste_text(long)
    rig.view.parts.clipboard.paste_text("second")
    rig.view.type_text(b"key")
    wait_for(lambda: rig.typed.endswith(b"key"))
    begin, end = b"\x1b[200~", b"\x1b[201~"
    assert bytes(rig.typed) == begin + long.encode() + end + begin + b"second" + end + b"key"
