"""Resizing: the main screen and history rewrap, nothing is lost, rows keep their invariants."""

from __future__ import annotations

import random

import pytest

from kernel.term import Terminal
from kernel.term.rows import STUB
from tests.oracles import fuzz


def logical_lines(terminal: Terminal) -> list[str]:
    """All text, wrapped rows joined, blank lines at the end left out."""
    lines = [""]
    for row in [*terminal.history, *terminal.rows]:
        lines[-1] += terminal.clusters.expand(row.text)
        if not row.wrapped:
            lines[-1] = lines[-1].rstrip()
            lines.append("")
    while lines and not lines[-1].strip():
        lines.pop()
    return lines


def assert_sound(terminal: Terminal) -> None:
    assert len(terminal.rows) == terminal.lines
    for row in [*terminal.rows, *terminal.history]:
        assert len(row.text) == len(row.attrs) == terminal.columns
        assert not row.text.startswith(STUB)
    assert 0 <= terminal.cursor.x < terminal.columns
    assert 0 <= terminal.cursor.y < terminal.lines


@pytest.mark.feature("TT02")
def test_long_line_rewraps_and_comes_back() -> None:
    terminal = Terminal(20, 5)
    terminal.feed(b"short\r\n" + b"0123456789" * 5 + b"\r\n$ ")
    terminal.resize(10, 5)
    assert [line.rstrip() for line in terminal.display] == ["0123456789"] * 4 + ["$"]
    assert [line.rstrip() for line in terminal.history_text()] == ["short", "0123456789"]
    assert terminal.display[terminal.cursor.y].startswith("$")
    terminal.resize(20, 5)
    assert logical_lines(terminal) == ["short", "0123456789" * 5, "$"]


@pytest.mark.feature("TT02", "TT06")
def test_plain_history_rewraps() -> None:
    terminal = Terminal(40, 4)
    lines = [f"{number:03d} " + "x" * 30 for number in range(50)]
    terminal.feed("\r\n".join(lines).encode())
    terminal.resize(17, 4)
    assert logical_lines(terminal) == lines
    assert_sound(terminal)
    terminal.resize(100, 30)
    assert logical_lines(terminal) == lines
    assert_sound(terminal)


def test_wide_characters_survive_narrow_columns() -> None:
    terminal = Terminal(20, 4)
    terminal.feed("日本語テキスト漢字\r\n".encode())
    terminal.resize(5, 6)
    assert_sound(terminal)
    assert terminal.rows[0].text[-1] == " "
    terminal.resize(20, 4)
    assert logical_lines(terminal) == ["日本語テキスト漢字"]


def test_cursor_stays_on_its_character() -> None:
    terminal = Terminal(20, 6)
    terminal.feed(b"abcdefghijklmnopqrstuvwxyz\x1b[1;13H")
    terminal.resize(10, 6)
    assert terminal.rows[terminal.cursor.y].text[terminal.cursor.x] == "m"
    terminal.resize(40, 6)
    assert terminal.rows[terminal.cursor.y].text[terminal.cursor.x] == "m"


def test_fewer_lines_go_to_history_and_come_back() -> None:
    terminal = Terminal(10, 6)
    terminal.feed(b"1\r\n2\r\n3\r\n4\r\n5\r\n6")
    terminal.resize(10, 3)
    assert [line.strip() for line in terminal.history_text()] == ["1", "2", "3"]
    terminal.resize(10, 6)
    assert [line.strip() for line in terminal.display] == ["1", "2", "3", "4", "5", "6"]
    assert terminal.cursor.y == 5


def test_blank_lines_below_the_prompt_go_first() -> None:
    terminal = Terminal(10, 6)
    terminal.feed(b"$ ")
    terminal.resize(10, 3)
    assert len(terminal.history) == 0
    assert terminal.cursor.y == 0


def test_alternate_screen_is_cut_and_the_main_screen_rewraps() -> None:
    terminal = Terminal(20, 5)
    terminal.feed(b"0123456789abcdefghij\r\n\x1b[?1049hALT\x1b[5;1Hbottom")
    terminal.resize(10, 3)
    assert terminal.display[terminal.cursor.y].startswith("bottom")
    terminal.feed(b"\x1b[?1049l")
    assert logical_lines(terminal) == ["0123456789abcdefghij"]
    assert_sound(terminal)


@pytest.mark.parametrize("seed", range(5))
def test_any_resize_after_any_input_is_sound(seed: int) -> None:
    generator = random.Random(seed)
    terminal = Terminal(30, 8, scrollback=60)
    for _ in range(60):
        terminal.feed(fuzz.sample(generator, 150))
        terminal.resize(*generator.choice([(1, 1), (1000, 500), (2, 3), (80, 24), (7, 2), (33, 9), (5, 40)]))
        assert_sound(terminal)
        terminal.feed(b"x\x1b[H\xe6\x97\xa5")
        assert_sound(terminal)


def test_one_column_and_back_keeps_wide_characters_whole() -> None:
    terminal = Terminal(20, 4, scrollback=200)
    terminal.feed("日本語 👩\u200d👧 x\r\n".encode())
    terminal.resize(1, 4)
    assert_sound(terminal)
    terminal.resize(20, 4)
    assert logical_lines(terminal) == ["日本語 👩\u200d👧 x"]
    assert [row.text.count(STUB) for row in terminal.rows][:1] == [4]


def test_a_wide_character_that_was_alone_in_its_line_of_one_column_has_its_right_half_again() -> None:
    terminal = Terminal(20, 3, scrollback=200)
    terminal.feed("日\r\né\r\n\r\n👩\u200d👧\r\n\r\n\r\n\r\n$".encode())
    terminal.resize(1, 3)
    assert_sound(terminal)
    for columns in (20, 7):
        terminal.resize(columns, 3)
        assert [row.text.rstrip(" ") for row in terminal.history[:2]] == ["日" + STUB, "é"]
        assert terminal.history[3].text[1] == STUB
        assert_sound(terminal)


def test_cursor_behind_a_wide_character_that_did_not_fit_stays_on_its_own() -> None:
    terminal = Terminal(2, 3)
    terminal.feed("W日\x1b[2;1H".encode())
    terminal.resize(7, 3)
    assert terminal.rows[0].text.startswith("W日")
    assert (terminal.cursor.x, terminal.cursor.y) == (1, 0)


def test_only_what_the_history_keeps_is_rewrapped() -> None:
    terminal = Terminal(200, 50, scrollback=300)
    for number in range(900):
        terminal.feed(b"%03d" % number + b"." * 997 + b"\r\n")
    terminal.feed(b"$ ")
    terminal.resize(1, 1)
    assert len(terminal.history) == 300
    assert terminal.cursor.y == 0
    terminal.resize(7, 3)
    assert_sound(terminal)
    assert len(terminal.history) <= 300
    assert terminal.display[terminal.cursor.y].startswith("$ ")


def test_rows_that_fit_are_not_made_anew() -> None:
    terminal = Terminal(200, 10)
    terminal.feed(b"\x1b[31mred\x1b[m and a little more\r\n" * 200)
    before = list(terminal.history._items)
    terminal.resize(150, 10)
    after = list(terminal.history._items)
    assert all(one is other for one, other in zip(before, after, strict=True))
    assert_sound(terminal)
    terminal.resize(220, 10)
    assert_sound(terminal)
    assert all(line.startswith("red and") for line in terminal.history_text())


def test_a_screen_full_below_the_cursor_keeps_the_cursor_s_line() -> None:
    terminal = Terminal(100, 50)
    terminal.feed(b"x" * 5000 + b"\x1b[HTOP\x1b[H")
    terminal.resize(1, 1)
    assert terminal.display == ["T"]
    assert_sound(terminal)


BAR = "\x1b[44m"
END = "\x1b[K\x1b[m"


def coloured(terminal: Terminal) -> list[str]:
    """The rows of history and screen to the last that is not blank: their text, with # for erased cells in a colour."""
    rows = []
    for row in [*terminal.history, *terminal.rows]:
        styles = [terminal.attributes[attr] for attr in row.attrs]
        cells = ["#" if style.bg >= 0 and not style.drawn else cell for cell, style in zip(row.text, styles, strict=True)]
        rows.append("".join(cells).rstrip())
    while rows and not rows[-1]:
        rows.pop()
    return rows


@pytest.mark.feature("TT02")
def test_a_bar_behind_the_text_ends_at_the_edge_and_takes_no_row() -> None:
    terminal = Terminal(12, 6)
    terminal.feed(f"{BAR}short{END}\r\n{BAR}{END}\r\nplain".encode())
    for columns in (8, 6, 30, 12):
        terminal.resize(columns, 6)
        assert coloured(terminal) == ["short" + "#" * (columns - 5), "#" * columns, "plain"]
        assert_sound(terminal)


@pytest.mark.feature("TT02")
def test_a_bar_is_behind_the_last_row_of_a_line_that_wraps() -> None:
    terminal = Terminal(12, 6)
    terminal.feed(f"{BAR}abcdefghijklmno{END}\r\nx".encode())
    assert coloured(terminal) == ["abcdefghijkl", "mno#########", "x"]
    for columns, rows in ((8, ["abcdefgh", "ijklmno#", "x"]), (20, ["abcdefghijklmno#####", "x"])):
        terminal.resize(columns, 6)
        assert coloured(terminal) == rows


def test_a_bar_outlives_a_width_that_the_text_fills() -> None:
    terminal = Terminal(12, 6)
    terminal.feed(f"{BAR}日本x{END}\r\n{BAR}short{END}\r\n$ ".encode())
    before = coloured(terminal)
    for columns in (5, 3, 2, 1, 10):
        terminal.resize(columns, 6)
        assert_sound(terminal)
    terminal.resize(5, 6)
    assert coloured(terminal) == ["日\0本\0x", "#####", "short", "#####", "$"]
    terminal.resize(12, 6)
    assert coloured(terminal) == before


def test_colours_that_do_not_reach_the_edge_keep_their_size() -> None:
    terminal = Terminal(12, 6)
    terminal.feed(f"{BAR}ab\x1b[6X\x1b[m\r\nx\x1b[5C{BAR}{END}\r\n".encode())
    terminal.resize(5, 6)
    assert coloured(terminal) == ["ab###", "###", "x", " ####"]
    terminal.resize(20, 6)
    assert coloured(terminal) == ["ab######", "x     " + "#" * 14]


@pytest.mark.parametrize("lines", [1, 6])
def test_colours_that_come_to_the_edge_by_chance_keep_their_size(lines: int) -> None:
    terminal = Terminal(12, lines)
    terminal.feed(f"{BAR}ab\x1b[3X\x1b[m\r\n$ ".encode())
    for columns in (5, 12):
        terminal.resize(columns, lines)
    row = [*terminal.history, *terminal.rows][0]
    assert [terminal.attributes[attr].bg for attr in row.attrs] == [4] * 5 + [-1] * 7


def test_a_bar_stays_behind_a_cursor_in_it() -> None:
    terminal = Terminal(12, 4)
    terminal.feed(f"{BAR}ab{END}\x1b[8G".encode())
    terminal.resize(6, 4)
    assert coloured(terminal) == ["ab####", "######"]
    assert (terminal.cursor.y, terminal.cursor.x) == (1, 1)
    terminal.resize(12, 4)
    assert (coloured(terminal), terminal.cursor.y, terminal.cursor.x) == (["ab" + "#" * 10], 0, 7)


def test_bars_in_the_history_follow_the_width() -> None:
    terminal = Terminal(12, 2)
    terminal.feed(f"{BAR}ab{END}\r\n".encode() * 5)
    for columns in (30, 7, 2, 12):
        terminal.resize(columns, 2)
    assert coloured(terminal) == ["ab" + "#" * 10] * 5
