"""Rows from below the screen that go to the history give lines other numbers: what a view holds of them goes with them."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from aether_desktop.widgets.terminal.announcements import REST_MS, Announcements
from aether_desktop.widgets.terminal.search_text import SearchText
from aether_desktop.widgets.terminal.selecting import Selection
from aether_desktop.widgets.terminal.viewport import Viewport
from kernel.term import Terminal
from kernel.term.selection import Position, SelectionKind
from tests.unit.aether_desktop.widgets.terminal.conftest import Rig, wait_for

#: On the last line, where it scrolls.
SCROLL = b"\x1b[999H\r\n"


def shrink(rig: Rig, lines: int) -> None:
    """Make the view lower, so that its terminal has so many lines."""
    rig.view.resize(rig.view.width(), int(17 + lines * rig.view.grid.cell.logical_height))
    assert rig.view.terminal.lines == lines


def wrapped_into_history(rig: Rig) -> None:
    """The history ends with the first row of a line that goes on on the screen; three rows wait below it."""
    width = rig.view.terminal.columns
    shrink(rig, 8)
    rig.feed("one\r\n" + "A" * width + "B" * width + "C\r\nr2\r\nr3\r\nr4\r\nr5\x1b[3;1H")
    shrink(rig, 3)
    terminal = rig.view.terminal
    assert [text.rstrip() for text in terminal.history_text()] == ["one", "A" * width]
    assert len(terminal.screen.rows_below) == 3


def text_at(terminal: Terminal, line: int) -> str:
    row = terminal.absolute_row(line)
    return "" if row is None else row.text.rstrip()


@pytest.mark.feature("TT06")
@pytest.mark.parametrize("kind", list(SelectionKind))
def test_a_selection_stays_on_its_text(rig: Rig, kind: SelectionKind) -> None:
    wrapped_into_history(rig)
    selecting, terminal = rig.view.selecting, rig.view.terminal
    selecting.select(Selection(kind, Position(1, 1), Position(2, 5)))
    copied = selecting.text(terminal)
    assert copied.startswith("A")
    rig.feed(SCROLL)
    assert selecting.text(terminal) == copied
    assert selecting.selection == Selection(kind, Position(4, 1), Position(5, 5))
    rig.feed("\x1b[2;1HX")
    selecting.check(terminal)
    assert selecting.selection is not None, "what is written over is not selected"


def test_it_is_the_same_text_before_the_view_has_looked(rig: Rig) -> None:
    wrapped_into_history(rig)
    selecting, terminal = rig.view.selecting, rig.view.terminal
    selecting.select(Selection(SelectionKind.CHARACTER, Position(1, 0), Position(1, 9)))
    terminal.feed(SCROLL)
    assert selecting.text(terminal) == "A" * 10


def test_a_selection_above_stays(rig: Rig) -> None:
    wrapped_into_history(rig)
    selecting, terminal = rig.view.selecting, rig.view.terminal
    above = Selection(SelectionKind.CHARACTER, Position(0, 0), Position(0, 2))
    selecting.select(above)
    rig.feed(SCROLL)
    assert (selecting.selection, selecting.text(terminal)) == (above, "one")


def test_a_selection_on_both_sides_goes_and_its_drag_ends(rig: Rig) -> None:
    wrapped_into_history(rig)
    selecting, terminal = rig.view.selecting, rig.view.terminal
    selecting.begin(Position(0, 0), clicks=1, block=False)
    selecting.drag(Position(1, 3), past=0)
    rig.feed(SCROLL)
    assert (selecting.text(terminal), selecting.selection, selecting.dragging) == ("", None, False)


def test_a_drag_begins_where_it_began(rig: Rig) -> None:
    wrapped_into_history(rig)
    QTest.mousePress(rig.view, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, rig.cell(0, 0))
    QTest.mouseMove(rig.view, rig.cell(4, 0))
    width = rig.view.terminal.columns
    rig.feed(b"\x1b[3;1H\r\n")
    QTest.mouseMove(rig.view, rig.cell(2, 1))
    assert rig.view.selecting.text(rig.view.terminal) == "B" * width + "C\nr2"
    QTest.mouseRelease(rig.view, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, rig.cell(2, 1))


def test_what_is_selected_goes_when_a_program_makes_lines_rewrap(rig: Rig) -> None:
    rig.feed("x" * 300 + "\r\n" * 50)
    rig.view.selecting.select(Selection(SelectionKind.CHARACTER, Position(1, 0), Position(2, 5)))
    rig.view.terminal.resize(31, 20)
    assert rig.view.selecting.text(rig.view.terminal) == ""


@pytest.mark.feature("TT06")
@pytest.mark.parametrize(("top", "now"), [(0, 0), (1, 1), (2, 2), (3, 6), (4, 7)])
def test_a_place_in_the_history_stays_at_its_line(top: int, now: int) -> None:
    terminal = Terminal(10, 10)
    terminal.feed(b"a\r\nb\r\nc\r\n" + b"A" * 10 + b"B" * 10 + b"CC\r\n1\r\n2\r\n3\r\n4\x1b[6;1H")
    terminal.resize(10, 2)
    viewport = Viewport()
    viewport.scroll_to(terminal, top)
    shown = text_at(terminal, viewport.first(terminal))
    terminal.feed(SCROLL)
    assert viewport.first(terminal) == now
    first = viewport.rows(terminal)[0]
    assert first is not None and first.text.rstrip() == shown == text_at(terminal, now)
    viewport.follow()
    assert viewport.first(terminal) == len(terminal.history)


def test_a_place_stays_somewhere_when_lines_rewrap() -> None:
    terminal = Terminal(10, 2)
    terminal.feed(b"1\r\n2\r\n3\r\n4\r\n5")
    viewport = Viewport()
    viewport.scroll_to(terminal, 1)
    terminal.resize(7, 2)
    assert viewport.first(terminal) == 1


def read_out(rig: Rig) -> list[str]:
    """What is said of a terminal with lines below its screen, from now on."""
    shrink(rig, 12)
    rig.feed("\r\n".join(f"line {number}" for number in range(12)) + "\x1b[2;1H")
    shrink(rig, 6)
    said: list[str] = []
    Announcements(rig.view, lambda: True, said.append)
    rig.view.session_changed.emit()
    return said


@pytest.mark.feature("TT01")
def test_only_new_lines_are_read_out(rig: Rig) -> None:
    said = read_out(rig)
    rig.feed("\x1b[6;1H")
    wait_for(lambda: said != [])
    said.clear()
    rig.feed("\r\nnew\r\n")
    wait_for(lambda: said != [])
    assert said == ["line 6\nnew"], "the cursor's line has ended, and one more came"
    QTest.qWait(REST_MS + 50)
    assert said == ["line 6\nnew"]


def test_a_line_that_the_person_types_in_stays_theirs(rig: Rig) -> None:
    said = read_out(rig)
    rig.feed("\x1b[3;7H")
    wait_for(lambda: said == ["line 1\nline 2", "line 3"])
    rig.key(Qt.Key.Key_Y)
    # A line scrolls away, and the cursor's goes up with the others.
    rig.feed("\x1b[999H\n\x1b[2;7Hy")
    QTest.qWait(REST_MS + 50)
    assert said == ["line 1\nline 2", "line 3"]


def test_nothing_is_read_out_where_lines_were_rewrapped(rig: Rig) -> None:
    said: list[str] = []
    announcements = Announcements(rig.view, lambda: True, said.append)
    rig.view.session_changed.emit()
    rig.feed("x" * 300 + "\r\n\x1b[?25l")
    wait_for(lambda: said != [])
    said.clear()
    rig.view.terminal.resize(10, 30)
    announcements._tell()
    assert said == []


@pytest.mark.parametrize("size", [20_001, 60_000, 30])
def test_a_search_reads_anew(size: int) -> None:
    terminal = Terminal(100, 10, scrollback=2000)
    terminal.feed(b"a\r\n" + b"x" * size + b"\r\n1\r\n" + b"x" * 150 + b"\r\n4\x1b[6;1H")
    terminal.resize(100, 2)
    text = SearchText()
    text.update(terminal)
    terminal.feed(SCROLL)
    text.update(terminal)
    whole = SearchText()
    whole.update(terminal)
    assert text.texts == whole.texts
    assert [text.first_line(index) for index in range(len(text.texts))] == [
        whole.first_line(index) for index in range(len(whole.texts))
    ]
