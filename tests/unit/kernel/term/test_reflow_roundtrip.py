"""Resizing changes where lines break and nothing else: text, attributes and the cursor's place in its line stay, whatever the widths."""

from __future__ import annotations

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from kernel.term import Attributes, Terminal, selection
from kernel.term.rows import ERASED, STUB, Row

_COLUMNS, _LINES = 20, 6
_CELLS = ("a", "b", "$", "7", " ", " ", "  ", "日", "本", "한", "é", "e\u0301", "❤\ufe0f", "👍🏽", "👩\u200d👧", "🇩🇪", "1\ufe0f\u20e3")
#: No background: rows that scroll in are filled with it, as wide as the screen is then.
_CHANGES = ("\x1b[31m", "\x1b[7;38;5;200m", "\x1b[1;4m", "\x1b[m", "\x1b[3C", "\r\n", "\r\n")
_text = st.lists(st.sampled_from(_CELLS + _CHANGES), max_size=120).map("".join)
_ascii = st.lists(st.sampled_from(("a", "b", "xyz", " ", "   ", "\r\n", "\x1b[7m", "\x1b[m")), max_size=120).map("".join)
#: A bar behind the text, in one of two colours; no pen has one when a row scrolls in.
_BARS = ("\x1b[44m\x1b[K\x1b[m", "\x1b[44mab \x1b[K\x1b[m\r\n", "\x1b[41m\x1b[K\x1b[m\r\n", "\x1b[42m\x1b[3X\x1b[m")
_barred = st.lists(st.sampled_from((*_CELLS, *_BARS, "\x1b[3C", "\r\n", "\r\n")), max_size=80).map("".join)
_moved = st.lists(st.sampled_from((*_CELLS, *_CHANGES, "\r", "\x1b[2D", "\x1b[5D", "\x1b[A")), max_size=80).map("".join)
_sizes = st.lists(st.tuples(st.integers(2, 45), st.integers(2, 12)), min_size=1, max_size=5)
_any_sizes = st.lists(
    st.one_of(st.tuples(st.integers(2, 45), st.integers(1, 12)), st.sampled_from([(1000, 500), (2, 1), (_COLUMNS, 2), (45, _LINES)])),
    min_size=1,
    max_size=5,
)
_places = st.tuples(st.integers(1, _LINES), st.integers(1, _COLUMNS))

Cell = tuple[str, Attributes]


def bar_of(terminal: Terminal, row: Row) -> str:
    """The attribute of the erased cells at the row's edge; that of those behind the text where it reaches the edge."""
    return ERASED if terminal.attributes[row.attrs[-1]].drawn else row.attrs[-1]


def cells_of(terminal: Terminal, row: Row, below: Row | None) -> list[Cell]:
    """The cells of a row that are part of its line: of one that goes on, all but a last one that a wide character did not fit into."""
    size = len(row.text) if row.wrapped else len(row.attrs.rstrip(bar_of(terminal, row)))
    cells = [
        (terminal.clusters[cell], terminal.attributes[attr])
        for cell, attr in zip(row.text[:size], row.attrs[:size], strict=True)
    ]
    if row.wrapped and below is not None and below.text[1:2] == STUB and not cells[-1][1].drawn:
        cells.pop()
    return cells


def lines_of(terminal: Terminal) -> tuple[list[list[Cell]], tuple[int, int]]:
    """The logical lines, without what was never drawn at their ends, and the cursor's line and place in it."""
    rows = [*terminal.history, *terminal.rows, *terminal.screen.rows_below]
    at = len(terminal.history) + terminal.cursor.y
    lines: list[list[Cell]] = [[]]
    bars: list[Attributes] = []
    cursor = (0, 0)
    for number, row in enumerate(rows):
        if number == at:
            cursor = (len(lines) - 1, len(lines[-1]) + terminal.cursor.x + terminal.screen.wrap_pending)
        lines[-1] += cells_of(terminal, row, rows[number + 1] if number + 1 < len(rows) else None)
        if not row.wrapped:
            bars.append(terminal.attributes[bar_of(terminal, row)])
            lines.append([])
    seen = []
    for line, bar in zip(lines, [*bars, Attributes()], strict=True):
        while line and line[-1] == (" ", bar):
            line.pop()
        # Whether a blank was drawn or jumped over does not show.
        seen.append([(cell, style._replace(drawn=True)) for cell, style in line])
        if bar != Attributes():
            # However long it is.
            seen[-1].append(("", bar))
    while len(seen) > cursor[0] + 1 and not seen[-1]:
        seen.pop()
    return seen, cursor


def check(text: str, sizes: list[tuple[int, int]], more: str) -> None:
    """What was typed, resized through ``sizes`` and ``more`` typed behind it, is what it would have been."""
    terminal, plain = Terminal(_COLUMNS, _LINES), Terminal(_COLUMNS, _LINES)
    for one in (terminal, plain):
        one.feed(text.encode())
    # Who writes over half of a wide character leaves the blank in the line that stands where it did not fit at another width.
    assume(not more or plain.rows[plain.cursor.y].text[plain.cursor.x : plain.cursor.x + 1] != STUB)
    for columns, lines in sizes:
        terminal.resize(columns, lines)
        assert lines_of(terminal) == lines_of(plain)
    for one in (terminal, plain):
        one.feed(more.encode())
    assert lines_of(terminal) == lines_of(plain)
    terminal.resize(_COLUMNS, _LINES)
    assert lines_of(terminal) == lines_of(plain)


@pytest.mark.feature("TT02")
@settings(max_examples=400, deadline=None)
@given(_text, _sizes)
def test_any_text_through_any_widths(text: str, sizes: list[tuple[int, int]]) -> None:
    check(text, sizes, "\x1b[mX日Y")


@settings(max_examples=200, deadline=None)
@given(_ascii, st.lists(st.tuples(st.integers(1, 45), st.integers(1, 12)), min_size=1, max_size=5))
def test_text_without_wide_characters_goes_through_one_column_too(text: str, sizes: list[tuple[int, int]]) -> None:
    check(text, sizes, "\x1b[mXzY")


@pytest.mark.feature("TT02")
@settings(max_examples=400, deadline=None)
@given(_moved, _places, _any_sizes)
def test_the_cursor_stays_inside_of_text_too_and_what_is_below_it_comes_back(
    text: str, place: tuple[int, int], sizes: list[tuple[int, int]]
) -> None:
    check(f"{text}\x1b[{place[0]};{place[1]}H", sizes, "")


@pytest.mark.feature("TT02")
@settings(max_examples=400, deadline=None)
@given(_barred, _places, _any_sizes)
@example("\x1b[42m\x1b[3X\x1b[m", (1, 1), [(3, 1)])
@example("a\x1b[42m\x1b[3X\x1b[m", (1, 1), [(2, 1)])
@example("\x1b[42m\x1b[3X\x1b[m\r\nab", (2, 2), [(3, 1), (45, 6)])
def test_bars_behind_the_text_go_through_any_widths(text: str, place: tuple[int, int], sizes: list[tuple[int, int]]) -> None:
    check(f"{text}\x1b[{place[0]};{place[1]}H", sizes, "")


@settings(max_examples=200, deadline=None)
@given(_ascii, _places, st.lists(st.tuples(st.integers(1, 45), st.integers(1, 12)), min_size=1, max_size=5))
def test_so_it_does_through_one_column(text: str, place: tuple[int, int], sizes: list[tuple[int, int]]) -> None:
    check(f"{text}\x1b[{place[0]};{place[1]}H", [*sizes, (1, 1)], "")


def screen(terminal: Terminal) -> str:
    return "|".join(line.rstrip() for line in terminal.display).rstrip("|")


def test_a_typed_space_before_a_wide_character_stays() -> None:
    terminal = Terminal(10, 4)
    terminal.feed("12345678a 日本".encode())
    terminal.resize(30, 4)
    assert screen(terminal) == "12345678a 日本"
    terminal.resize(3, 8)
    terminal.resize(30, 4)
    assert screen(terminal) == "12345678a 日本"


def test_what_is_typed_behind_a_full_row_lands_behind_it() -> None:
    terminal = Terminal(20, 4)
    terminal.feed(b"$ abcd")
    terminal.resize(3, 4)
    assert (terminal.cursor.x, terminal.cursor.y, terminal.screen.wrap_pending) == (2, 1, True)
    terminal.feed(b"XY")
    assert screen(terminal) == "$ a|bcd|XY"
    terminal.resize(20, 4)
    assert (screen(terminal), terminal.cursor.x) == ("$ abcdXY", 8)


@pytest.mark.parametrize(("columns", "lines"), [(6, 9), (6, 2), (9, 3)])
def test_a_pending_wrap_outlives_a_change_of_lines_and_of_columns(columns: int, lines: int) -> None:
    terminal = Terminal(6, 3)
    terminal.feed(b"abcdef")
    terminal.resize(columns, lines)
    terminal.feed(b"X")
    assert screen(terminal).replace("|", "") == "abcdefX"


def test_on_the_alternate_screen_the_next_character_goes_behind_the_last_one() -> None:
    terminal = Terminal(6, 3)
    terminal.feed(b"$ vi\x1b[?1049h\x1b[Habcdef")
    terminal.resize(9, 3)
    terminal.feed(b"X")
    assert screen(terminal) == "abcdefX"
    terminal.resize(4, 3)
    terminal.feed(b"\x1b[?1049lX")
    assert screen(terminal) == "$ vi|X"


def test_a_line_copied_keeps_the_space_before_a_wide_character() -> None:
    terminal = Terminal(10, 4)
    terminal.feed("12345678a 日本\r\n123456789日".encode())
    copied = selection.text(
        terminal, selection.SelectionKind.CHARACTER, selection.Position(0, 0), selection.Position(3, 9)
    )
    assert copied == "12345678a 日本\n123456789日"
