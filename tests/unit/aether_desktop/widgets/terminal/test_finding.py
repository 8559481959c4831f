"""The find bar: what is found, shown and left behind."""

from __future__ import annotations

import time
from collections.abc import Sequence

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from aether_desktop.theme.tokens import DARK
from aether_desktop.widgets.terminal import search_text
from aether_desktop.widgets.terminal.colours import number_of
from aether_desktop.widgets.terminal.highlights import Highlight, HighlightColours, Kind
from aether_desktop.widgets.terminal.search_text import Place, SearchText
from kernel.term import Row, Terminal
from kernel.term.search import Match
from kernel.term.selection import Span
from tests.unit.aether_desktop.widgets.terminal.conftest import Rig, wait_for

#: A line of a box: no ASCII, and each character in a cell of its own.
BOXED = "│ needle ├── here is some more needle\r\n"
CTRL_SHIFT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


def find(rig: Rig, text: str, *, regex: bool = False, case: bool = False) -> str:
    """Look for a text; what the bar says in the end."""
    finding = rig.view.parts.finding
    finding.open()
    bar = finding.bar
    assert bar is not None
    bar.regex.setChecked(regex)
    bar.case.setChecked(case)
    done: list[bool] = []
    finding.searched.connect(lambda: done.append(True))
    bar.field.setText(text)
    wait_for(lambda: bool(done) and not finding._client.busy and not finding._typing.isActive())
    return bar.problem.text() or bar.status.text()


def cells(rig: Rig, place: Place | None) -> Match:
    """Where a match is."""
    assert place is not None
    match = rig.view.parts.finding.cells_of(place)
    assert match is not None
    return match


def all_cells(rig: Rig) -> list[Match]:
    """Where all matches are."""
    return [cells(rig, place) for place in rig.view.parts.finding.matches]


@pytest.mark.feature("TT01")
def test_matches_are_counted_and_the_newest_that_shows_is_current(rig: Rig) -> None:
    rig.feed("".join(f"line {n} error\r\n" for n in range(200)))
    assert find(rig, "error") == "200 of 200"
    assert rig.view.parts.finding.current == rig.view.parts.finding.matches[-1]


@pytest.mark.feature("TT01")
def test_matches_are_coloured_the_current_one_more_and_with_an_edge_and_nothing_stays_when_the_bar_closes(rig: Rig) -> None:
    rig.feed("\r\n" * 6 + "needle and\r\n\r\nneedle")
    colours = HighlightColours.of(rig.view.scheme, DARK).papers
    amber = number_of(DARK.attention_fill)
    before = rig.view.grab().toImage()

    def colour(column: int, line: int) -> int:
        corner = rig.view.grid.rect(Span(line, column, column + 1)).toRect().topLeft()
        return rig.view.grab().toImage().pixel(corner + QPoint(0, 1)) & 0xFFFFFF

    assert find(rig, "needle") == "2 of 2"
    wait_for(lambda: (colour(3, 6), colour(3, 8)) == (colours[Kind.MATCH], colours[Kind.CURRENT_MATCH]))
    assert (colour(0, 8), colour(0, 6)) == (amber, colours[Kind.MATCH])
    rig.key(Qt.Key.Key_Return)
    wait_for(lambda: (colour(3, 6), colour(3, 8)) == (colours[Kind.CURRENT_MATCH], colours[Kind.MATCH]))
    assert (colour(0, 8), colour(0, 6)) == (colours[Kind.MATCH], amber)
    assert colour(7, 6) == colour(7, 8) == rig.view.scheme.background
    rig.view.parts.finding.close()
    wait_for(lambda: rig.view.grab().toImage() == before)


@pytest.mark.feature("TT01")
def test_a_match_that_is_longer_than_the_screen_is_coloured_to_its_end(rig: Rig) -> None:
    terminal = rig.view.terminal
    rig.feed("{" + "a" * terminal.columns * 3 * terminal.lines + "}\r\n$ ")
    assert find(rig, r"\{a*\}", regex=True) == "1 of 1"
    rig.view.viewport.follow()
    lines = rig.view.highlights.lines(rig.view.viewport.rows(terminal))
    assert all(lines[:-1]) and not lines[-1]


def test_a_line_is_painted_anew_with_the_edge_that_its_current_match_may_have(rig: Rig) -> None:
    for line in (0, 5):
        cell = rig.view.grid.rect(Span(line, 0, 1)).toAlignedRect()
        assert rig.view.grid.lines_rect([line]).contains(cell.adjusted(-1, -1, 1, 1))


@pytest.mark.feature("TT01")
def test_a_match_that_is_written_over_is_not_coloured_until_it_is_looked_for_again(rig: Rig) -> None:
    rig.feed("needle and needle 字\r\nneedle")
    assert find(rig, "needle") == "3 of 3"
    for text, left in (("\x1b[1;1Hnoodle and needle", 2), ("\x1b[2;1Hneedles", 2), ("\x1b[2;1Hnoodles", 1), ("\x1b[2J", 0)):
        rig.source.feed(text.encode())
        wait_for(lambda: not rig.view.session._schedule.busy)  # type: ignore[union-attr]
        rig.view.refresh()
        lines = rig.view.highlights.lines(rig.view.viewport.rows(rig.view.terminal))
        assert sum(map(len, lines)) == left


@pytest.mark.feature("TT01")
def test_a_match_that_begins_above_what_shows_is_coloured(rig: Rig) -> None:
    columns = rig.view.terminal.columns
    rig.feed("top\r\n" + "x" * (columns - 3) + "needle" + "y" * columns * 2 + "\r\n" * 60)
    assert find(rig, "need(?=le)le.*", regex=True) == "1 of 1"
    rig.view.viewport.scroll_to(rig.view.terminal, 2)
    lines = rig.view.highlights.lines(rig.view.viewport.rows(rig.view.terminal))
    assert lines[0] == (Highlight(0, columns, Kind.CURRENT_MATCH),) and lines[2] and not lines[4]


@pytest.mark.feature("TT01")
def test_keys_go_from_match_to_match_and_around(rig: Rig) -> None:
    rig.feed("".join(f"line {n} error\r\n" for n in range(200)))
    find(rig, "error")
    bar = rig.view.parts.finding.bar
    assert bar is not None
    # One looks backwards.
    rig.key(Qt.Key.Key_Return)
    rig.key(Qt.Key.Key_Enter)
    assert bar.status.text() == "198 of 200"
    for at in ("199", "200", "1"):
        rig.key(Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
        assert bar.status.text() == f"{at} of 200"
    assert rig.view.grid.shown()[0] <= 0
    rig.key(Qt.Key.Key_Return)
    assert bar.status.text() == "200 of 200"
    rig.key(Qt.Key.Key_F3, Qt.KeyboardModifier.ShiftModifier)
    assert bar.status.text() == "199 of 200"
    rig.key(Qt.Key.Key_F3)
    assert bar.status.text() == "200 of 200"


def test_the_key_opens_it_and_escape_gives_the_keyboard_back(rig: Rig) -> None:
    rig.feed("some text\r\n")
    rig.key(Qt.Key.Key_F, CTRL_SHIFT)
    bar = rig.view.parts.finding.bar
    assert bar is not None and bar.field.hasFocus()
    rig.key(Qt.Key.Key_Escape)
    assert rig.view.parts.finding.bar is None
    assert rig.view.hasFocus()
    assert bytes(rig.typed) == b""


def test_plain_text_is_no_pattern_and_case_counts_when_asked(rig: Rig) -> None:
    rig.feed("a.c abc A.C\r\n")
    assert find(rig, "a.c") == "2 of 2"
    assert find(rig, "a.c", case=True) == "1 of 1"
    assert find(rig, "a.c", regex=True) == "3 of 3"


def test_a_wrong_pattern_says_what_is_wrong(rig: Rig) -> None:
    rig.feed("text\r\n")
    assert "unterminated" in find(rig, "(oops", regex=True).lower()
    assert rig.view.parts.finding.bar.field.property("invalid")  # type: ignore[union-attr]
    assert find(rig, "text", regex=True) == "1 of 1"
    assert not rig.view.parts.finding.bar.field.property("invalid")  # type: ignore[union-attr]


@pytest.mark.feature("TT01")
def test_a_pattern_without_end_never_holds_the_window(rig: Rig) -> None:
    rig.feed(b"a" * 60 + b"!\r\n")
    finding = rig.view.parts.finding
    finding._client._limit.setInterval(400)
    finding.open()
    bar = finding.bar
    assert bar is not None
    bar.regex.setChecked(True)
    bar.field.setText("(a+)+$")
    wait_for(lambda: finding._client.busy)
    longest = 0.0
    while finding._client.busy:
        before = time.perf_counter()
        QApplication.processEvents()
        longest = max(longest, time.perf_counter() - before)
        time.sleep(0.001)
    assert "too long" in bar.problem.text()
    assert longest < 0.2
    assert find(rig, "!") == "1 of 1"


def test_new_output_is_searched_as_it_comes(rig: Rig) -> None:
    rig.feed("error one\r\n")
    find(rig, "error")
    finding = rig.view.parts.finding
    first = finding.current
    rig.feed("".join(f"filler {n}\r\n" for n in range(100)) + "error two\r\n")
    wait_for(lambda: len(finding.matches) == 2)
    assert finding.current == first
    assert finding.bar is not None and finding.bar.status.text() == "1 of 2"


@pytest.mark.feature("TT01")
def test_output_while_all_lines_are_searched_does_not_cut_that_short(rig: Rig) -> None:
    rig.feed("needle\r\n" * 300)
    finding = rig.view.parts.finding
    finding.open()
    assert finding.bar is not None
    finding.bar.field.setText("needle")
    finding._typing.stop()
    finding._begin()
    assert finding._client.busy
    rig.source.feed(b"needle\r\n")
    finding._follow.timeout.emit()
    wait_for(lambda: len(finding.matches) == 301)
    assert finding.bar.status.text() == "300 of 301"


def test_matches_over_wrapped_lines_and_wide_characters(rig: Rig) -> None:
    columns = rig.view.terminal.columns
    rig.feed("x" * (columns - 2) + "needle\r\n" + "日本語 needle\r\n")
    assert find(rig, "needle") == "2 of 2"
    wrapped, plain = all_cells(rig)
    assert (wrapped.line, wrapped.column, wrapped.end_line, wrapped.end_column) == (0, columns - 2, 1, 4)
    assert (plain.line, plain.column, plain.end_column) == (2, 7, 13)
    assert find(rig, "本語") == "1 of 1"
    found = all_cells(rig)[0]
    assert (found.column, found.end_column) == (2, 6)


def test_resizing_finds_the_matches_where_they_are_now(rig: Rig) -> None:
    rig.feed("".join(f"{'x' * 60} error {n}\r\n" for n in range(50)))
    find(rig, "error")
    finding = rig.view.parts.finding
    before = finding.matches[10]
    rig.view.resize(300, 400)
    wait_for(lambda: len(finding.matches) == 50 and finding.matches[10] != before)
    match = cells(rig, finding.matches[10])
    row = rig.view.terminal.absolute_row(match.line)
    assert row is not None and row.text[match.column : match.end_column] in ("error", "error"[: len(row.text) - match.column])


def test_ten_thousand_lines_are_found_without_a_long_turn(rig: Rig) -> None:
    rig.feed("".join(f"{n} the quick brown fox jumps over the lazy dog\r\n" for n in range(10_000)))
    started = time.perf_counter()
    rig.view.parts.finding._text.update(rig.view.terminal)
    assert time.perf_counter() - started < 0.3
    assert find(rig, "fox").startswith("10,000 of 10,000")


def test_the_process_ends_with_the_view(rig: Rig) -> None:
    rig.feed("text\r\n")
    find(rig, "text")
    process = rig.view.parts.finding._client._running.process
    assert process is not None
    gone: list[bool] = []
    process.finished.connect(lambda: gone.append(True))
    rig.view.parts.finding.close()
    wait_for(lambda: bool(gone))


def test_highlights_are_painted(rig: Rig) -> None:
    rig.feed("needle\r\n")
    before = rig.view.grab().toImage()
    find(rig, "needle")
    QApplication.processEvents()
    after = rig.view.grab().toImage()
    place = rig.cell(2, 0)
    assert before.pixel(place.x(), rig.cell(0, 0).y() - 6) != after.pixel(place.x(), rig.cell(0, 0).y() - 6)


def test_the_bar_never_covers_the_current_match(rig: Rig) -> None:
    columns = rig.view.terminal.columns
    rig.feed(" " * (columns - 10) + "needle\r\n" + "filler\r\n" * 5 + "needle\r\n")
    find(rig, "needle")
    finding = rig.view.parts.finding
    assert finding.bar is not None
    for _ in range(2):
        finding.next()
        current = cells(rig, finding.current)
        assert not finding.bar.geometry().contains(rig.cell(current.column + 2, current.line))


@pytest.mark.feature("TT01")
def test_the_switches_are_reached_by_key_and_stay_for_the_next_time(rig: Rig) -> None:
    rig.feed("a.c abc A.C\r\n")
    assert find(rig, "a.c") == "2 of 2"
    finding = rig.view.parts.finding
    bar = finding.bar
    assert bar is not None and bar.field.hasFocus()
    rig.key(Qt.Key.Key_R, Qt.KeyboardModifier.AltModifier)
    wait_for(lambda: bar.status.text() == "3 of 3")
    rig.key(Qt.Key.Key_C, Qt.KeyboardModifier.AltModifier)
    wait_for(lambda: bar.status.text() == "2 of 2")
    assert bar.field.text() == "a.c" and bar.regex.isChecked() and bar.case.isChecked()
    rig.key(Qt.Key.Key_C, Qt.KeyboardModifier.AltModifier)
    rig.key(Qt.Key.Key_Escape)
    finding.open()
    assert finding.bar is not None and finding.bar.regex.isChecked() and not finding.bar.case.isChecked()


@pytest.mark.feature("TT01")
def test_what_the_buttons_say_is_what_their_keys_do(rig: Rig) -> None:
    rig.feed("needle\r\n" * 3)
    find(rig, "needle")
    bar = rig.view.parts.finding.bar
    assert bar is not None
    assert bar.previous.toolTip() == "Previous match (Return)" and bar.next.toolTip() == "Next match (Shift+Return)"
    for button, at in ((bar.previous, 2), (bar.previous, 1), (bar.next, 2)):
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
        assert bar.status.text() == f"{at} of 3"


@pytest.mark.feature("TT01")
def test_a_click_in_the_bar_leaves_the_keyboard_in_the_field(rig: Rig) -> None:
    rig.feed("\x1b[?1000h\x1b[?1006hneedle\r\n")
    find(rig, "nee")
    bar = rig.view.parts.finding.bar
    assert bar is not None
    for widget in (bar.case, bar.regex, bar.previous, bar.next, bar.status, bar):
        QTest.mouseClick(widget, Qt.MouseButton.LeftButton, pos=widget.rect().center() if widget is not bar else QPoint(3, 3))
        assert bar.field.hasFocus()
    rig.key(Qt.Key.Key_D)
    rig.key(Qt.Key.Key_Space)
    assert bar.field.text() == "need " and bar.regex.isChecked() and bar.case.isChecked()
    # By keyboard they are reached, and a click beside them leads back to the field.
    rig.key(Qt.Key.Key_Tab)
    assert bar.case.hasFocus()
    QTest.mouseClick(bar.regex, Qt.MouseButton.LeftButton)
    assert bar.field.hasFocus() and not rig.typed


@pytest.mark.feature("TT01")
def test_tab_goes_round_inside_of_the_bar(rig: Rig) -> None:
    rig.view.parts.finding.open()
    bar = rig.view.parts.finding.bar
    assert bar is not None
    seen = []
    for _ in range(7):
        rig.key(Qt.Key.Key_Tab)
        seen.append(QApplication.focusWidget())
    assert seen == [bar.case, bar.regex, bar.previous, bar.next, bar.close_button, bar.field, bar.case]
    rig.key(Qt.Key.Key_Space)
    assert bar.case.isChecked()
    rig.key(Qt.Key.Key_Backtab, Qt.KeyboardModifier.ShiftModifier)
    assert bar.field.hasFocus()
    assert bytes(rig.typed) == b""


def highlighted(rig: Rig) -> bool:
    """Whether every line that shows and has an "a" has a match."""
    terminal, (first, last) = rig.view.terminal, rig.view.grid.shown()
    with_match = {match.line for match in all_cells(rig)}
    rows = [(line, terminal.absolute_row(line)) for line in range(first, last + 1)]
    return all(line in with_match for line, row in rows if row is not None and "a" in row.text)


@pytest.mark.feature("TT01")
def test_of_too_many_matches_those_that_show_and_the_nearest_are_known(rig: Rig) -> None:
    rig.feed("".join(f"{n} aaaaaaaaaaaaaaab\r\n" for n in range(9000)))
    shown = rig.view.grid.shown()
    assert find(rig, "a") == "10,000+"
    finding = rig.view.parts.finding
    assert finding.bar is not None
    status = finding.bar.status
    assert status.fontMetrics().horizontalAdvance(status.text()) <= status.contentsRect().width()
    assert rig.view.grid.shown() == shown and highlighted(rig)
    assert shown[0] <= cells(rig, finding.current).line <= shown[1]
    # Wherever one looks.
    for line in (100, 4000, 0):
        rig.view.reveal(line)
        wait_for(lambda: highlighted(rig))
    # A step goes on from there: what shows comes first, whichever way.
    for step in (finding.previous, finding.next):
        finding.current = None
        shown = rig.view.grid.shown()
        step()
        assert rig.view.grid.shown() == shown and shown[0] <= cells(rig, finding.current).line <= shown[1]
    # And round, to the very first and the very last one.
    finding.current = finding.matches[0]
    assert cells(rig, finding.current).line == 0
    finding.previous()
    wait_for(lambda: cells(rig, finding.current).line == 8999)
    wait_for(lambda: highlighted(rig) and not finding._client.busy)
    finding.next()
    wait_for(lambda: cells(rig, finding.current).line == 0)


def test_steps_lead_out_of_what_is_known(rig: Rig) -> None:
    rig.feed("".join(f"{n} aaaaaaaaaaaaaaab\r\n" for n in range(5000)))
    find(rig, "a")
    finding = rig.view.parts.finding
    oldest = finding.current = finding.matches[0]
    finding.previous()
    wait_for(lambda: finding.current is not None and finding.current < oldest)
    assert cells(rig, finding.current).line == cells(rig, oldest).line - 1


def test_new_output_makes_too_many_of_few(rig: Rig) -> None:
    rig.feed("aaaaaaaaaaaaaaab\r\n" * 600)
    assert find(rig, "a") == "9,000 of 9,000"
    rig.feed("aaaaaaaaaaaaaaab\r\n" * 600)
    finding = rig.view.parts.finding
    wait_for(lambda: finding.bar is not None and finding.bar.status.text() == "10,000+")
    wait_for(lambda: highlighted(rig))
    rig.feed("aaaaaaaaaaaaaaab\r\n" * 100)
    wait_for(lambda: highlighted(rig))


def test_where_nothing_shows_the_nearest_match_is_gone_to(rig: Rig) -> None:
    rig.feed("needle\r\n" + "filler\r\n" * 300 + "needle\r\n" + "filler\r\n" * 100)
    rig.view.reveal(250)
    assert find(rig, "needle") == "2 of 2"
    rig.view.parts.finding.close()
    rig.view.reveal(60)
    assert find(rig, "needle") == "1 of 2"


@pytest.mark.feature("TT01")
@pytest.mark.parametrize(("line", "spread"), [(BOXED, False), ("日本 needle and one more needle\r\n", True)])
def test_cells_are_worked_out_for_what_shows_only(rig: Rig, monkeypatch: pytest.MonkeyPatch, line: str, spread: bool) -> None:
    asked: list[Place] = []
    read: list[object] = []
    cells_of_each, spread_of = SearchText.cells_of_each, search_text._spread

    def counted(text: SearchText, terminal: Terminal, places: Sequence[Place]) -> list[Match | None]:
        asked.extend(places)
        return cells_of_each(text, terminal, places)

    def counted_rows(terminal: Terminal, rows: tuple[Row, ...]) -> list[tuple[int, int]]:
        read.append(rows)
        return spread_of(terminal, rows)

    rig.feed(line * 6000)
    monkeypatch.setattr(SearchText, "cells_of_each", counted)
    monkeypatch.setattr(search_text, "_spread", counted_rows)
    assert find(rig, "needle") == "10,000+"
    finding = rig.view.parts.finding
    # Output flows.
    before = finding.matches[-1]
    rig.feed(line * 50)
    wait_for(lambda: finding.matches[-1] > before)
    assert finding.current is not None and len(finding.matches) > 10_000
    rig.view.refresh()
    first, last = rig.view.grid.shown()
    assert asked and all(5900 < place[0] < 6060 for place in asked)
    assert {place[0] for place in asked} >= set(range(first, last))
    assert bool(read) == spread
    asked.clear()
    rig.view.refresh()
    rig.view.grab()
    # Two in each line that shows, each time it changes, and the current one for its place.
    assert len(asked) <= 2 * (last - first + 1) + 2


def test_matches_of_a_line_whose_beginning_is_gone_stay_and_are_not_counted_twice(rig: Rig) -> None:
    limit = rig.view.terminal.history.limit
    columns = rig.view.terminal.columns
    rig.feed("needle" + "x" * 5 * columns + "needle\r\n" + "filler\r\n" * (limit + rig.view.terminal.lines - 7))
    assert find(rig, "needle") == "2 of 2"
    finding = rig.view.parts.finding
    _, kept = finding.matches
    assert rig.view.terminal.history_dropped == 0
    before = cells(rig, kept)
    rig.feed("filler\r\n" * 2 + "needle\r\n")
    wait_for(lambda: finding.matches[-1] > kept)
    assert finding.matches[0] == kept and len(finding.matches) == 2 and cells(rig, kept) == before
    rig.feed("filler\r\n" * 5 + "needle\r\n")
    wait_for(lambda: len(finding.matches) == 2 and finding.matches[0] > kept)


def test_matches_show_on_cells_with_colours_of_their_own(rig: Rig) -> None:
    rig.feed("\r\n" * 6 + "\x1b[48;2;255;240;200;30m      x\x1b[m\r\n\x1b[48;2;255;240;200;30m      x\x1b[m")
    rig.view.refresh(patient=True)
    before = rig.view.grab().toImage()
    find(rig, "   x")
    after = rig.view.grab().toImage()
    for column, marked in ((1, False), (3, True), (4, True)):
        for line in (6, 7):
            place = rig.cell(column, line)
            assert (before.pixel(place) != after.pixel(place)) is marked
