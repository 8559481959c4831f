"""The mouse for programs: whoever heard of a press hears of its release."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from kernel.term.selection import Position, SelectionKind
from tests.unit.aether_desktop.widgets.terminal.conftest import Rig, wait_for

CTRL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier
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


def turn_wheel(rig: Rig, x: int, y: int) -> None:
    """Turn the wheel over the fourth cell of the third line; 120 is a notch, up and to the left."""
    at = QPointF(rig.cell(3, 2))
    no_button, no_phase = Qt.MouseButton.NoButton, Qt.ScrollPhase.NoScrollPhase
    event = QWheelEvent(at, rig.view.mapToGlobal(at), QPoint(), QPoint(x, y), no_button, NONE, no_phase, False)
    QApplication.sendEvent(rig.view, event)


def test_the_wheel_sends_cursor_keys_to_a_pager_only_where_it_has_not_said_no(rig: Rig) -> None:
    rig.feed("\x1b[?1049h\x1b[?1007h")
    turn_wheel(rig, 0, -120)
    assert bytes(rig.typed) == b"\x1b[B" * 3
    rig.typed.clear()
    rig.feed("\x1b[?1007l")
    turn_wheel(rig, 0, -120)
    assert bytes(rig.typed) == b""


def test_a_wheel_pushed_sideways_is_reported(rig: Rig) -> None:
    rig.feed("\x1b[?1000h\x1b[?1006h")
    turn_wheel(rig, 60, 0)
    turn_wheel(rig, 60, 0)
    turn_wheel(rig, -240, 0)
    assert bytes(rig.typed) == b"\x1b[<66;4;3M" + b"\x1b[<67;4;3M" * 2


def test_the_buttons_at_a_mouses_side_are_reported_where_reports_know_them(rig: Rig) -> None:
    back, forward = Qt.MouseButton.BackButton, Qt.MouseButton.ForwardButton
    rig.feed("\x1b[?1000h")
    QTest.mouseClick(rig.view, back, NONE, rig.cell(3, 2))
    assert bytes(rig.typed) == b""
    rig.feed("\x1b[?1006h")
    QTest.mouseClick(rig.view, back, NONE, rig.cell(3, 2))
    QTest.mouseClick(rig.view, forward, Qt.KeyboardModifier.ControlModifier, rig.cell(3, 2))
    assert bytes(rig.typed) == b"\x1b[<128;4;3M\x1b[<128;4;3m\x1b[<145;4;3M\x1b[<145;4;3m"


def test_ctrl_click_on_a_link_tells_the_program_neither_press_nor_release(rig: Rig) -> None:
    rig.feed("\x1b[?1000h\x1b[?1006hhttps://example.org/ x")
    QTest.mouseClick(rig.view, LEFT, Qt.KeyboardModifier.ControlModifier, rig.cell(3, 0))
    assert rig.view.parts.bars.bar is not None and bytes(rig.typed) == b""


def test_looking_again_at_the_history_paints_nothing_anew(rig: Rig) -> None:
    rig.feed("".join(f"plain {n}\r\n\x1b[3{n % 8}mcoloured\x1b[m\r\n" for n in range(300)))
    rig.view.scroll_by(40)
    painter, terminal = rig.view._painter, rig.view.terminal
    _, complete = painter.paint(terminal, rig.view.viewport.rows(terminal), patient=True)
    assert complete
    assert painter.paint(terminal, rig.view.viewport.rows(terminal)) == ([], True)
    rig.view.resize(500, 400)
    wait_for(lambda: not rig.view.fitting.waiting)
    painter.paint(terminal, rig.view.viewport.rows(terminal), patient=True)
    assert painter.paint(terminal, rig.view.viewport.rows(terminal)) == ([], True)


def test_a_selected_line_goes_when_a_part_of_it_that_wrapped_is_written_over(rig: Rig) -> None:
    rig.feed("w" * 3 * rig.view.terminal.columns)
    rig.view.selecting.begin(Position(0, 3), clicks=3, block=False)
    rig.view.selecting.finish()
    assert len(rig.view.selecting.text(rig.view.terminal)) == 3 * rig.view.terminal.columns
    rig.feed("\x1b[3;1Hother")
    wait_for(lambda: rig.view.selecting.selection is None)


def test_a_selection_goes_when_a_program_writes_over_it_and_stays_while_lines_scroll(rig: Rig) -> None:
    rig.feed("one two\r\nthree\r\n")
    QTest.mousePress(rig.view, LEFT, NONE, rig.cell(0, 0))
    QTest.mouseMove(rig.view, rig.cell(5, 0))
    QTest.mouseRelease(rig.view, LEFT, NONE, rig.cell(5, 0))
    assert rig.view.selecting.selection is not None
    rig.feed("\x1b[s\x1b[H\x1b[31mone\x1b[m two\x1b[u")
    assert rig.view.selecting.selection is not None, "the same text in another colour"
    rig.feed("more\r\n" * 60)
    assert rig.view.selecting.selection is not None
    rig.view.selecting.clear()
    rig.feed("\x1b[2J\x1b[Hone two\r\n")
    QTest.mousePress(rig.view, LEFT, NONE, rig.cell(0, 0))
    QTest.mouseMove(rig.view, rig.cell(5, 0))
    QTest.mouseRelease(rig.view, LEFT, NONE, rig.cell(5, 0))
    rig.feed("\x1b[Hanother")
    wait_for(lambda: rig.view.selecting.selection is None)


def test_dragging_past_an_edge_ends_where_a_program_has_written_over_the_selection(rig: Rig) -> None:
    rig.feed("".join(f"line {number}\r\n" for number in range(60)))
    first, _ = rig.view.grid.shown()
    rig.view.selecting.begin(Position(first + 3, 0), clicks=1, block=False)
    rig.view.selecting.drag(Position(first + 1, 3), past=2)
    rig.view.terminal.feed(b"\x1b[H\x1b[2Jgone")
    rig.view.selecting._autoscroll()
    assert rig.view.selecting.selection is None and not rig.view.selecting.dragging


@pytest.mark.parametrize("block", [False, True])
def test_a_selection_stays_while_a_program_writes_beside_it(rig: Rig, block: bool) -> None:
    rig.feed("left one │ right\r\nleft two │ right")
    rig.view.selecting.begin(Position(0, 5), clicks=1 if block else 2, block=block)
    rig.view.selecting.drag(Position(1 if block else 0, 7), past=0)
    rig.view.selecting.finish()
    for beside in ("\x1b[1;12Hother", "\x1b[2;12Hother", "\x1b[1;1HLEFT", "\x1b[1;11H\x1b[K", "\x1b[2;9Hs"):
        rig.feed(beside)
        rig.view.refresh()
        assert rig.view.selecting.text(rig.view.terminal) == ("one\ntwo" if block else "one"), beside
    rig.feed("\x1b[1;9Hs")
    rig.view.refresh()
    assert rig.view.selecting.text(rig.view.terminal) == ("one\ntwo" if block else "one"), "what grew is no part of it"
    rig.feed("\x1b[1;8HE")
    wait_for(lambda: rig.view.selecting.selection is None)


def test_a_selection_goes_when_its_rows_belong_together_no_more(rig: Rig) -> None:
    columns = rig.view.terminal.columns
    rig.feed("x" * columns + "yyyyy\r\n")
    rig.view.selecting.begin(Position(0, 5), clicks=1, block=False)
    rig.view.selecting.drag(Position(1, 3), past=0)
    rig.view.selecting.finish()
    assert "\n" not in rig.view.selecting.text(rig.view.terminal)
    rig.feed(f"\x1b[1;{columns}Hx")
    wait_for(lambda: rig.view.selecting.selection is None)


def test_nothing_is_selected_when_all_of_it_is_gone(rig: Rig) -> None:
    rig.feed("".join(f"line {number}\r\n" for number in range(60)))
    rig.view.selecting.begin(Position(3, 0), clicks=3, block=False)
    rig.view.selecting.finish()
    rig.feed("\x1b[3J")
    wait_for(lambda: rig.view.selecting.selection is None)


def test_a_selection_goes_when_a_program_writes_spaces_behind_its_text(rig: Rig) -> None:
    rig.feed("one\r\ntwo")
    rig.view.selecting.begin(Position(0, 1), clicks=3, block=False)
    rig.view.selecting.finish()
    rig.feed("\x1b[1;4H\x1b[44m\x1b[K\x1b[m")
    assert rig.view.selecting.text(rig.view.terminal) == "one", "a bar is no text"
    rig.feed("\x1b[1;4H   ")
    wait_for(lambda: rig.view.selecting.selection is None)


@pytest.mark.parametrize("held", [CTRL, ALT, CTRL | ALT])
def test_a_block_is_selected_with_ctrl_and_a_drag(rig: Rig, held: Qt.KeyboardModifier) -> None:
    rig.feed("abcdef\r\nghijkl\r\nmnopqr\r\n")
    drag(rig, held)
    assert rig.view.selecting.selection is not None and rig.view.selecting.selection.kind is SelectionKind.BLOCK
    assert rig.view.selecting.text(rig.view.terminal) == "bcd\nhij\nnop"


def test_shift_and_ctrl_select_a_block_while_a_program_has_the_mouse(rig: Rig) -> None:
    rig.feed("\x1b[?1002h\x1b[?1006habcdef\r\nghijkl\r\nmnopqr\r\n")
    drag(rig, CTRL)
    assert rig.view.selecting.selection is None and rig.typed
    rig.typed.clear()
    drag(rig, CTRL | SHIFT)
    assert rig.view.selecting.text(rig.view.terminal) == "bcd\nhij\nnop"
    assert bytes(rig.typed) == b""


def test_a_block_begins_on_a_link_with_ctrl_and_alt(rig: Rig) -> None:
    rig.feed("https://example.org/\r\nsecond line\r\nthird line\r\n")
    drag(rig, CTRL | ALT)
    assert rig.view.parts.bars.bar is None
    assert rig.view.selecting.text(rig.view.terminal) == "ttp\neco\nhir"


def test_ctrl_and_two_clicks_select_a_word(rig: Rig) -> None:
    rig.feed("one two three\r\n")
    QTest.mouseClick(rig.view, LEFT, CTRL, rig.cell(5, 0))
    QTest.mouseDClick(rig.view, LEFT, CTRL, rig.cell(5, 0))
    assert rig.view.selecting.text(rig.view.terminal) == "two"


@pytest.mark.feature("TT01")
@pytest.mark.parametrize(
    ("clicked", "then", "text"),
    [((1, 0), (3, 1), "bcdef\nghij"), ((3, 1), (1, 0), "bcdef\nghij"), ((1, 0), (1, 0), "")],
)
def test_shift_and_a_click_select_from_the_click_before(
    rig: Rig, clicked: tuple[int, int], then: tuple[int, int], text: str
) -> None:
    rig.feed("abcdef\r\nghijkl\r\nmnopqr\r\n")
    QTest.mouseClick(rig.view, LEFT, NONE, rig.cell(*clicked))
    assert rig.view.selecting.selection is None
    QTest.mouseClick(rig.view, LEFT, SHIFT, rig.cell(*then))
    assert rig.view.selecting.text(rig.view.terminal) == text
    QTest.mouseClick(rig.view, LEFT, SHIFT, rig.cell(5, 2))
    kept = {(1, 0): "bcdef\nghijkl\nmnopqr", (3, 1): "jkl\nmnopqr"}
    assert rig.view.selecting.text(rig.view.terminal) == kept[clicked]


def test_a_click_before_typing_or_before_lines_were_rewrapped_is_no_beginning(rig: Rig) -> None:
    rig.feed("abcdef\r\n" + "x" * 120 + "\r\nghijkl\r\n")
    QTest.mouseClick(rig.view, LEFT, NONE, rig.cell(1, 0))
    rig.key(Qt.Key.Key_A)
    QTest.mouseClick(rig.view, LEFT, SHIFT, rig.cell(3, 0))
    assert rig.view.selecting.selection is None
    QTest.mouseClick(rig.view, LEFT, NONE, rig.cell(1, 0))
    columns = rig.view.terminal.columns
    rig.view.resize(400, 400)
    wait_for(lambda: rig.view.terminal.columns != columns)
    rig.feed("m")
    QTest.mouseClick(rig.view, LEFT, SHIFT, rig.cell(3, 0))
    assert rig.view.selecting.selection is None


def test_shift_and_a_drag_begin_where_they_are_while_a_program_has_the_mouse(rig: Rig) -> None:
    rig.feed("abcdef\r\nghijkl\r\nmnopqr\r\n")
    QTest.mouseClick(rig.view, LEFT, NONE, rig.cell(0, 0))
    rig.feed("\x1b[?1002h\x1b[?1006h")
    for _ in range(2):
        QTest.mouseClick(rig.view, LEFT, SHIFT, rig.cell(4, 0))
        assert rig.view.selecting.selection is None
    drag(rig, SHIFT)
    assert rig.view.selecting.text(rig.view.terminal) == "bcdef\nghijkl\nmnop"
    assert bytes(rig.typed) == b""


def drag(rig: Rig, held: Qt.KeyboardModifier) -> None:
    """From the second cell of the first line to the fourth of the third."""
    QTest.mousePress(rig.view, LEFT, held, rig.cell(1, 0))
    QTest.mouseMove(rig.view, rig.cell(3, 2))
    QTest.mouseRelease(rig.view, LEFT, held, rig.cell(3, 2))
