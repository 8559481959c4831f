"""The mouse for programs: whoever heard of a press hears of its release."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from tests.unit.aether_desktop.widgets.terminal.conftest import Rig, wait_for

LEFT, NONE, SHIFT = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier


def test_a_release_is_reported_although_shift_is_held_by_then(rig: Rig) -> None:
    rig.feed("\x1b[?1000h\x1b[?1006h")
    QTest.mousePress(rig.view, LEFT, NONE, rig.cell(3, 2))
    QTest.mouseRelease(rig.view, LEFT, SHIFT, rig.cell(3, 2))
    assert bytes(rig.typed).startswith(b"\x1b[<0;4;3M\x1b[<")
    assert bytes(rig.typed).endswith(b";4;3m")


def test_a_release_whose_press_was_the_persons_is_not_reported(rig: Rig) -> None:
    rig.feed("\x1b[?1000h\x1b[?1006h")
    QTest.mousePress(rig.view, LEFT, SHIFT, rig.cell(3, 2))
    QTest.mouseRelease(rig.view, LEFT, NONE, rig.cell(3, 2))
    assert bytes(rig.typed) == b""


def test_a_selection_goes_when_a_program_writes_over_it_and_stays_while_lines_scroll(rig: Rig) -> None:
    rig.feed("one two\r\nthree\r\n")
    QTest.mousePress(rig.view, LEFT, NONE, rig.cell(0, 0))
    QTest.mouseMove(rig.view, rig.cell(5, 0))
    QTest.mouseRelease(rig.view, LEFT, NONE, rig.cell(5, 0))
    assert rig.view.selecting.selection is not None
    rig.feed("more\r\n" * 60)
    assert rig.view.selecting.selection is not None
    rig.view.selecting.clear()
    rig.feed("\x1b[2J\x1b[Hone two\r\n")
    QTest.mousePress(rig.view, LEFT, NONE, rig.cell(0, 0))
    QTest.mouseMove(rig.view, rig.cell(5, 0))
    QTest.mouseRelease(rig.view, LEFT, NONE, rig.cell(5, 0))
    rig.feed("\x1b[Hanother")
    wait_for(lambda: rig.view.selecting.selection is None)
