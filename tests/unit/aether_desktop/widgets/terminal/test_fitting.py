"""Sizes: dragging with a long history, very small and very large, and views that are only looked at."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from aether_desktop.theme.manager import ThemeManager
from kernel.term import Terminal
from tests.unit.aether_desktop.widgets.terminal.conftest import Rig, make_rig, wait_for

SHIFT = Qt.KeyboardModifier.ShiftModifier


@pytest.mark.feature("TT02")
def test_a_drag_rewraps_a_long_history_a_few_times_and_ends_right(rig: Rig) -> None:
    rig.feed("".join(f"{n} {'word ' * 12}\r\n" for n in range(10_000)))
    fitted: list[int] = []
    rig.view.fitting.fitted.connect(lambda: fitted.append(rig.view.terminal.columns))
    for width in range(700, 400, -5):
        rig.view.resize(width, 400)
        QApplication.processEvents()
    wait_for(lambda: not rig.view.fitting.waiting)
    assert rig.view.terminal.columns == rig.view.grid.size()[0]
    assert len(fitted) < 40
    assert rig.view.terminal.columns == fitted[-1]


def test_a_short_history_follows_at_once(rig: Rig) -> None:
    rig.feed("a few lines\r\n")
    for width in (650, 600, 550):
        rig.view.resize(width, 400)
        QApplication.processEvents()
        assert rig.view.terminal.columns == rig.view.grid.size()[0]


@pytest.mark.feature("TT02")
@pytest.mark.parametrize("size", [(1, 1), (30, 20), (8100, 600)])
def test_any_size_is_borne(rig: Rig, size: tuple[int, int]) -> None:
    rig.view.setMinimumSize(1, 1)
    rig.feed("日本 text\r\n" * 50 + "https://a.org\r\n")
    rig.view.resize(*size)
    QApplication.processEvents()
    rig.view.parts.finding.open()
    rig.feed("more\r\n\x1b[?1049hfull\x1b[?1049l")
    rig.view.parts.clipboard.select_all()
    rig.view.parts.clipboard._paste("a\nb")
    rig.view.parts.links.ask_newest()
    rig.view.grab()
    assert rig.view.terminal.columns >= 1 and rig.view.terminal.lines >= 1


def test_a_program_that_changes_the_size_is_overruled(rig: Rig) -> None:
    size = (rig.view.terminal.columns, rig.view.terminal.lines)
    rig.feed("\x1b[8;5;20t")
    assert (rig.view.terminal.columns, rig.view.terminal.lines) == size


def test_a_record_scrolls_with_plain_keys_and_types_nothing(record: Rig) -> None:
    record.feed("".join(f"line {n}\r\n" for n in range(200)))
    record.key(Qt.Key.Key_Home)
    assert record.view.grid.shown()[0] == 0
    record.key(Qt.Key.Key_Down)
    assert record.view.grid.shown()[0] == 1
    record.key(Qt.Key.Key_End)
    assert record.view.viewport.following
    QTest.keyClicks(record.view, "abc")
    assert not record.typed


def test_the_alternate_screen_has_no_history_to_scroll(rig: Rig) -> None:
    rig.feed("".join(f"line {n}\r\n" for n in range(200)) + "\x1b[?1049h")
    rig.key(Qt.Key.Key_PageUp, SHIFT)
    assert bytes(rig.typed) == b"\x1b[5;2~"
    rig.feed("\x1b[?1049l")
    rig.key(Qt.Key.Key_PageUp, SHIFT)
    assert not rig.view.viewport.following


def test_the_terminal_that_the_kernel_hands_over_knows_the_true_colours_and_sizes(
    qtbot: QtBot, theme: ThemeManager, clipboard: None
) -> None:
    rig = make_rig(qtbot)
    # Until the kernel has answered, the view shows a blank one.
    rig.source.terminal = Terminal(100, 30)
    rig.feed("\x1b]11;?\x07\x1b[16t")
    paper, cell = rig.view.scheme.background, rig.view.grid.cell
    parts = "/".join(f"{paper >> shift & 255:02x}" * 2 for shift in (16, 8, 0))
    assert rig.source.replies.decode() == f"\x1b]11;rgb:{parts}\x07\x1b[6;{cell.height};{cell.width}t"


def test_an_input_method_finds_the_cursor_though_the_program_hides_it(rig: Rig) -> None:
    rig.feed("\x1b[5;10H\x1b[?25l")
    place = rig.view.inputMethodQuery(Qt.InputMethodQuery.ImCursorRectangle)
    assert isinstance(place, QRect) and place.contains(rig.cell(9, 4))
    assert rig.view.grid.cursor_rect().isEmpty()


@pytest.mark.feature("TT02")
def test_at_a_prompt_the_view_shows_the_grid_before_for_a_moment_and_ends_right(rig: Rig) -> None:
    rig.feed("\x1b]133;A\x07$ \x1b]133;B\x07ls")
    fitted: list[int] = []
    rig.view.fitting.fitted.connect(lambda: fitted.append(rig.view.terminal.columns))
    for width in (650, 600, 550):
        rig.view.resize(width, 400)
        QApplication.processEvents()
    first, wanted = rig.view.terminal.columns, rig.view.grid.size()[0]
    assert fitted == [first] and first > wanted
    assert not rig.view.grab().isNull()
    rig.view.parts.clipboard.select_all()
    rig.feed("\r\x1b[K\x1b]133;A\x07$ \x1b]133;B\x07ls")
    wait_for(lambda: rig.view.terminal.columns == wanted)
    assert fitted == [first, wanted]
    assert rig.view.selecting.text(rig.view.terminal) == "", "its lines may have other numbers"
