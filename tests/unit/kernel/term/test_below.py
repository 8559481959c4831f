"""What a smaller screen has no room for below the cursor waits there: it comes back, is erased or becomes history, and never shows else."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.term import Row, Terminal, attributes, clusters
from kernel.term.below import worth_keeping
from kernel.term.rows import blank_row
from kernel.term.snapshot import snapshot
from kernel.term.state import MAX_LINES
from tests.oracles import fuzz

SIX = b"1\r\n2\r\n3\r\n4\r\n5\r\n6\x1b[H"


def shown(terminal: Terminal) -> list[str]:
    return [line.rstrip() for line in terminal.display]


def history(terminal: Terminal) -> list[str]:
    return [line.rstrip() for line in terminal.history_text()]


def below(terminal: Terminal) -> list[str]:
    return [terminal.clusters.expand(row.text).rstrip() for row in terminal.screen.rows_below]


def shrunk(data: bytes = SIX, columns: int = 10, scrollback: int = 100) -> Terminal:
    """``data`` on a screen of six lines that has two of them left."""
    terminal = Terminal(10, 6, scrollback=scrollback)
    terminal.feed(data)
    terminal.resize(columns, 2)
    return terminal


# --- it comes back


@pytest.mark.feature("TT02")
@pytest.mark.parametrize("size", [(10, 2), (5, 2), (20, 3), (1, 1), (1000, 500), (10, 1)])
def test_what_is_below_the_cursor_comes_back(size: tuple[int, int]) -> None:
    terminal = Terminal(10, 6)
    terminal.feed(SIX)
    terminal.resize(*size)
    assert shown(terminal)[:6] == ["1", "2", "3", "4", "5", "6"][: size[1]]
    assert history(terminal) == []
    terminal.resize(10, 6)
    assert shown(terminal) == ["1", "2", "3", "4", "5", "6"]
    assert (terminal.cursor.x, terminal.cursor.y) == (0, 0)
    assert below(terminal) == []


@pytest.mark.feature("TT02")
def test_wide_characters_and_wrapped_lines_come_back_through_any_sizes() -> None:
    terminal = Terminal(10, 6)
    terminal.feed("ab日本語テキスト漢字\r\n\x1b[31m0123456789012345\x1b[m\r\n한국 👩\u200d👧\r\n\x1b[7mend\x1b[m\x1b[H".encode())
    rows = list(terminal.rows)
    for size in [(3, 2), (1, 1), (1000, 500), (7, 1), (2, 3), (1000, 1), (9, 500)]:
        terminal.resize(*size)
    terminal.resize(10, 6)
    assert [row[:2] for row in terminal.rows] == [row[:2] for row in rows]
    assert [row.wrapped for row in terminal.rows] == [row.wrapped for row in rows]


def test_a_screen_that_grows_shows_first_what_is_below_and_then_the_history() -> None:
    terminal = Terminal(10, 6)
    terminal.feed(b"a\r\nb\r\nc\r\n1\r\n2\r\n3\r\n4\r\n5\r\n6\x1b[3;1H")
    terminal.resize(10, 2)
    assert (history(terminal), shown(terminal), below(terminal)) == (list("abc12"), ["3", "4"], ["5", "6"])
    terminal.resize(10, 3)
    assert (shown(terminal), below(terminal), terminal.cursor.y) == (["3", "4", "5"], ["6"], 0)
    terminal.resize(10, 5)
    assert (shown(terminal), below(terminal), terminal.cursor.y) == (["2", "3", "4", "5", "6"], [], 1)
    terminal.resize(10, 6)
    assert (shown(terminal), terminal.cursor.y) == (list("123456"), 2)


@pytest.mark.parametrize("size", [(12, 2), (9, 2), (10, 3)])
def test_the_rows_on_the_screen_stay_on_it_while_others_are_below(size: tuple[int, int]) -> None:
    terminal = shrunk()
    terminal.feed(b"\x1b[2;1H")
    terminal.resize(*size)
    assert (shown(terminal)[:2], terminal.cursor.y) == (["1", "2"], 1)
    assert history(terminal) == []


def test_what_was_drawn_meanwhile_stays_above_it() -> None:
    terminal = shrunk()
    terminal.feed(b"new\x1b[K\r\n\x1b[K")
    assert shown(terminal) == ["new", ""]
    terminal.resize(10, 6)
    assert shown(terminal) == ["new", "", "3", "4", "5", "6"]


@pytest.mark.feature("TT02")
@pytest.mark.parametrize("mode", [47, 1047, 1049])
@pytest.mark.parametrize("place", [b"\x1b[H", b"\x1b[3;2H", b""])
def test_the_shell_s_screen_is_whole_after_a_program_on_the_alternate_one(mode: int, place: bytes) -> None:
    terminal = Terminal(20, 6)
    terminal.feed("one\r\n日本語 two\r\nthree three three three\r\nfour\r\n$ vi".encode() + place)
    before, cursor = shown(terminal), (terminal.cursor.x, terminal.cursor.y)
    terminal.feed(b"\x1b7\x1b[?%dh\x1b[H\x1b[2Jtext\r\ntext\x1b[J" % mode)
    for size in [(1, 1), (7, 2), (1000, 500), (20, 1)]:
        terminal.resize(*size)
        terminal.feed(b"\x1b[H\x1b[2J\x1b[Jpainted\r\n\r\n\r\n")
    terminal.resize(20, 6)
    terminal.feed(b"\x1b[?%dl\x1b8" % mode)
    assert shown(terminal) == before
    assert (terminal.cursor.x, terminal.cursor.y) == cursor
    assert history(terminal) == []


@pytest.mark.feature("TT02")
@pytest.mark.parametrize(
    "waits",
    [
        b"\x1bP1$t3;10;1;@;@;H\x1b\\", b"\x1b[?47h\x1b[3;1H0123456789\x1b[?47l", b"\x1b[?1047h\x1b[3;1H0123456789\x1b[?1047l",
        b"\x1b[?1049h\x1b[3;1H0123456789\x1b[?1049l", b"\x1b[3;10HY",
    ],
)  # fmt: skip
def test_a_cursor_that_waits_to_wrap_into_what_is_below_is_on_the_screen_after_any_resize(waits: bytes) -> None:
    for columns in range(1, 21):
        for lines in range(1, 9):
            terminal = Terminal(10, 6)
            terminal.feed(b"x" * 60 + b"\x1b[H")
            terminal.resize(10, 3)
            terminal.feed(waits)
            terminal.resize(columns, lines)
            assert fuzz.unsound(terminal) == "", (columns, lines)
            terminal.feed("text é\r\n".encode())
            assert fuzz.unsound(terminal) == "", (columns, lines)


# --- programs erase it


@pytest.mark.parametrize(
    "sequence",
    [
        b"\x1b[J", b"\x1b[0J", b"\x1b[2J", b"\x1b[?J", b"\x1bc", b"\x1b#8", b"\x1b[?40h\x1b[?3h", b"\x1b[2;1H\x1b[J",
        b"\x1b[H\x1b[2J\x1b[3J",
    ],
)  # fmt: skip
def test_who_erases_what_is_below_the_cursor_erases_it(sequence: bytes) -> None:
    terminal = shrunk()
    terminal.feed(sequence)
    assert below(terminal) == []
    terminal.resize(10, 6)
    assert not {"3", "4", "5", "6"} & set(shown(terminal))
    assert history(terminal) == []


@pytest.mark.parametrize(
    "sequence",
    [
        b"\x1b[1J", b"\x1b[3J", b"\x1b[K", b"\x1b[!p", b"\x1b[?1049h\x1b[2J\x1b[J\x1b#8\x1b[?1049l", b"\x1b[?1047h\x1b[?1047l",
        b"\x1b[?1049h\n\n\n\x1b[5S" + b"x" * 50 + b"a\r\nb\r\nc\r\nd\r\n" * 5 + b"\x1b[?1049l",
        b"\x1b[?69h\x1b[3;5s\x1b[2;3H\n\n\x1b[?69l", b"\x1b[L", b"\x1bM", b"\x1b[T", b"x" * 10, b"\x1b[2;1H\x1b[M",
    ],
)  # fmt: skip
def test_nothing_else_does(sequence: bytes) -> None:
    terminal = shrunk()
    terminal.feed(sequence)
    assert below(terminal) == ["3", "4", "5", "6"]
    terminal.resize(10, 6)
    assert shown(terminal)[2:] == ["3", "4", "5", "6"]


@pytest.mark.parametrize(("protect", "erase"), [(b"\x1bV\x1bW", b"\x1b[J"), (b'\x1b[1"q\x1b[0"q', b"\x1b[?J")])
def test_erasing_that_spares_protected_cells_leaves_it(protect: bytes, erase: bytes) -> None:
    terminal = shrunk(protect + SIX)
    terminal.feed(erase)
    assert below(terminal) == ["3", "4", "5", "6"]
    terminal.feed(b"\x1b[!p\x1b[J")
    assert below(terminal) == []


# --- it becomes history


@pytest.mark.feature("TT06")
@pytest.mark.parametrize(
    ("sequence", "after"),
    [
        (b"\x1b[2;1H\n", ["2", ""]),
        (b"\x1b[2;1H\r\nx", ["2", "x"]),
        (b"\x1b[2;1H\x1bDx", ["2", "x"]),
        (b"\x1b[2;1H\x1b[S", ["2", ""]),
        (b"\x1b[M\x1b[2;1H", ["2", ""]),
        (b"\x1b[2;1H" + b"x" * 11, ["x" * 10, "x"]),
        (b"\x1b[2;1H\x1b[31m" + b"x" * 11, ["x" * 10, "x"]),
        ("\x1b[2;1H日日日日日日".encode(), ["日日日日日", "日"]),
    ],
)
def test_what_scrolls_into_the_history_comes_behind_it(sequence: bytes, after: list[str]) -> None:
    terminal = shrunk()
    terminal.feed(sequence)
    assert (history(terminal), shown(terminal), below(terminal)) == (["3", "4", "5", "6", "1"], after, [])
    terminal.resize(10, 6)
    assert shown(terminal) == ["4", "5", "6", "1", *after]


@pytest.mark.parametrize(
    "block",
    [
        b"".join(b"%d\r\n" % number for number in range(100, 140)),
        b"".join(b"\x1b[3%dm%d\x1b[m\r\n" % (number % 8, number) for number in range(100, 140)),
        "".join(f"{number}日本語日本語\r\n" for number in range(100, 140)).encode(),
        b"".join(b"%d" % number * 6 + b"\r\n" for number in range(100, 140)),
    ],
    ids=["plain", "coloured", "wide", "wrapped"],
)
@pytest.mark.parametrize("size", [(10, 2), (10, 1), (4, 3)])
def test_blocks_of_lines_do_as_single_lines_do(block: bytes, size: tuple[int, int]) -> None:
    whole, single = Terminal(10, 6), Terminal(10, 6)
    for terminal in (whole, single):
        terminal.feed(SIX)
        terminal.resize(*size)
    whole.feed(block)
    for line in block.splitlines(keepends=True):
        single.feed(line[:3])
        single.feed(line[3:])
    assert fuzz.state(whole) == fuzz.state(single)
    assert history(whole)[: 6 - size[1]] == list("123456")[size[1] :]


def test_a_line_that_the_history_has_the_beginning_of_stays_whole() -> None:
    terminal = Terminal(10, 6)
    terminal.feed(b"a\r\nb\r\nc\r\nd\r\n" + b"x" * 25 + b"\r\ny\r\nz\x1b[4;1H")
    terminal.resize(10, 2)
    assert (history(terminal)[-1], shown(terminal), below(terminal)) == ("x" * 10, ["x" * 5, "y"], ["z"])
    terminal.feed(b"\x1b[2;1H\n")
    assert history(terminal)[-5:] == ["d", "z", "x" * 10, "x" * 10, "x" * 5]
    assert [row.wrapped for row in terminal.history][-4:] == [False, True, True, False]


def test_a_line_of_which_the_end_was_below_does_not_go_on_in_what_comes_after() -> None:
    terminal = shrunk(b"1\r\n" + b"x" * 25 + b"\x1b[H")
    terminal.feed(b"\x1b[2;1H\nnew")
    assert history(terminal) == ["x" * 10, "x" * 5, "1"]
    terminal.resize(30, 6)
    assert shown(terminal)[:4] == ["x" * 15, "1", "x" * 10, "new"]


def test_a_line_written_over_the_last_row_goes_on_in_what_comes_after() -> None:
    terminal = shrunk(b"1\r\n" + b"x" * 25 + b"\x1b[H")
    terminal.feed(b"\x1b[2;1H" + b"y" * 13)
    terminal.resize(30, 6)
    assert shown(terminal)[:3] == ["x" * 15, "1", "y" * 13]


@pytest.mark.parametrize("scrollback", [0, 3, 100])
def test_the_history_s_limit_and_count_hold(scrollback: int) -> None:
    terminal = shrunk(scrollback=scrollback)
    terminal.feed(b"\x1b[2;1H\n")
    assert terminal.history_dropped + len(terminal.history) == 5
    assert history(terminal) == ["3", "4", "5", "6", "1"][5 - min(scrollback, 5) :]


# --- how much is kept


def test_blank_rows_at_the_end_are_not_kept() -> None:
    rows = [blank_row(3), Row("abc", "\1\1\1", True), blank_row(3), blank_row(3)]
    assert worth_keeping(rows, 10) == [rows[0], rows[1]._replace(wrapped=False)]
    assert worth_keeping(rows, 1) == worth_keeping([], 5) == []


@pytest.mark.parametrize("scrollback", [0, 5000])
def test_its_number_is_bounded(scrollback: int) -> None:
    most = max(scrollback, MAX_LINES)
    terminal = Terminal(100, 100, scrollback=scrollback)
    terminal.feed(b"x" * 10_000 + b"\x1b[H")
    for size in [(1, 1), (2, 1), (1, 1)]:
        terminal.resize(*size)
        assert len(terminal.screen.rows_below) <= most
    assert len(terminal.screen.rows_below) == most
    terminal.feed(b"\x1b[?1049h")
    for _ in range(10):
        terminal.feed(b"y\x1b[>1;1$~")
    assert len(terminal.screen.rows_below) == most


def test_many_resizes_with_new_text_each_time_keep_within_bounds() -> None:
    terminal = Terminal(10, 40, scrollback=10)
    for number in range(300):
        terminal.resize(10, 40)
        terminal.feed(b"\x1b[H" + b"".join(b"\r\n%d" % (number + line) for line in range(39)) + b"\x1b[H")
        terminal.resize(10, 1)
    assert len(terminal.screen.rows_below) == 39


# --- copies


@pytest.mark.parametrize("size", [(10, 2), (10, 1), (7, 2), (5, 1), (5, 3)])
@pytest.mark.parametrize("alternate", [b"", b"\x1b[?1049hALT\r\nx"])
def test_a_copy_has_it(size: tuple[int, int], alternate: bytes) -> None:
    terminal = Terminal(10, 6)
    text = "ab日本語テキスト\r\n\x1b[31m0123456789012345\x1b[m\r\n\x1b[44m\x1b[K\x1b[m\r\n\x1b]8;;http://x/\x1b\\한\x1b]8;;\x1b\\\x1b[H"
    terminal.feed(text.encode() + alternate)
    terminal.resize(*size)
    copy = Terminal(*size)
    copy.feed(snapshot(terminal))
    assert below(copy) == below(terminal) != []
    for one in (terminal, copy):
        one.feed(b"\x1b[?1049l")
        one.resize(10, 6)
    assert fuzz.state(copy) == fuzz.state(terminal)


@pytest.mark.parametrize("size", [(1, 1), (1, 2), (2, 1), (4, 3)])
def test_a_narrow_copy_has_its_text(size: tuple[int, int]) -> None:
    terminal = shrunk(b"0123456789abcde\r\nf\r\n\r\nghi\x1b[H")
    terminal.resize(*size)
    copy = Terminal(*size)
    copy.feed(snapshot(terminal))
    assert below(copy) == below(terminal) != []
    assert [row.wrapped for row in copy.screen.rows_below] == [row.wrapped for row in terminal.screen.rows_below]


@pytest.mark.parametrize("columns", [1, 2, 3, 4])
def test_the_cursor_of_a_narrow_copy_is_in_its_place(columns: int) -> None:
    for seed in range(60):
        generator = random.Random(seed)
        terminal = Terminal(generator.randint(1, 12), generator.randint(3, 9))
        terminal.feed(b"\x1b[H" + b"x" * 200 + b"\x1b[H")
        for step in fuzz.steps(generator, 10):
            fuzz.take(terminal, step)
        terminal.feed(b"\x1b[?69l\x1b[r\x1b[2;2H")
        terminal.resize(columns, generator.randint(1, 4))
        copy = Terminal(terminal.columns, terminal.lines)
        copy.feed(snapshot(terminal))
        assert fuzz.unsound(copy) == ""
        for one in (terminal, copy):
            assert (one.cursor.x, one.cursor.y, one.screen.wrap_pending) == (
                terminal.cursor.x, terminal.cursor.y, terminal.screen.wrap_pending,
            )  # fmt: skip
        assert len(copy.screen.rows_below) == len(terminal.screen.rows_below)


def test_a_program_cannot_put_rows_below_from_the_main_screen() -> None:
    terminal = Terminal(10, 3)
    terminal.feed(b"one\x1b[>3;0$~\x1b[>$~")
    assert (below(terminal), shown(terminal)) == ([], ["one", "", ""])
    terminal.feed(b"\x1b[?1049h\x1b[H\x1b[2Jtwo\x1b[>0$~\x1b[>65535;9$~x")
    assert (below(terminal), shown(terminal)) == (["two", "", ""], ["x", "", ""])
    terminal.feed(b"\x1b[?1049l")
    terminal.resize(10, 6)
    assert [line for line in shown(terminal) if line] == ["one", "two"]


# --- whatever comes


def test_it_keeps_its_colours_and_clusters_when_their_tables_are_emptied(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attributes, "LIMIT", 50)
    monkeypatch.setattr(clusters, "LIMIT", 50)
    terminal = shrunk("1\r\n2\r\n3\r\n\x1b[38;2;1;2;3m👩\u200d👧\x1b[m\x1b[H".encode())
    for number in range(200):
        terminal.feed(f"\x1b[H\x1b[38;2;9;9;{number}m{chr(0x4E00 + number)}\u0301".encode())
    terminal.resize(10, 6)
    assert shown(terminal)[3] == "👩\u200d👧"
    assert terminal.buffer[3][0].fg == "010203"


def all_text(terminal: Terminal) -> list[str]:
    """The logical lines of the history, the screen and what is below it, without blank ones."""
    lines = [""]
    for row in [*terminal.history, *terminal.rows, *terminal.screen.rows_below]:
        lines[-1] += row.text if row.wrapped else row.text.rstrip()
        if not row.wrapped:
            lines.append("")
    return [line for line in lines if line]


@pytest.mark.feature("TT02", "TT06")
@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.integers(1, 50), min_size=1, max_size=9),
    st.integers(1, 9),
    st.lists(st.tuples(st.integers(1, 30), st.integers(1, 12), st.booleans()), min_size=1, max_size=12),
)
def test_no_line_is_lost_by_any_sizes_and_scrolling(sizes: list[int], place: int, steps: list[tuple[int, int, bool]]) -> None:
    terminal = Terminal(20, 9)
    lines = [f"{number}:{'x' * size}." for number, size in enumerate(sizes)]
    terminal.feed(("\r\n".join(lines) + f"\x1b[{place};1H").encode())
    for columns, rows, scrolls in steps:
        terminal.resize(columns, rows)
        if scrolls:
            # Behind the last row, which goes on nowhere then, and back to a row above.
            lines.append(f"{len(lines)}:y.")
            terminal.feed(f"\x1b[999H\r\n{lines[-1]}\x1b[{place};1H".encode())
    terminal.resize(20, 9)
    found = all_text(terminal)
    assert sorted("".join(found)) == sorted("".join(lines))
    if not any(scrolls for _, _, scrolls in steps):
        assert found == lines


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 1 << 32), st.lists(st.sampled_from([(20, 5), (7, 2), (1, 1), (40, 9), (20, 1), (3, 4)]), min_size=1, max_size=6))
def test_input_may_be_split_anywhere(seed: int, sizes: list[tuple[int, int]]) -> None:
    generator = random.Random(seed)
    whole, single = Terminal(20, 5, scrollback=50), Terminal(20, 5, scrollback=50)
    for size in sizes:
        data = fuzz.sample(generator, 60) + b"\x1b\\\x1b[H"
        whole.feed(data)
        for index in range(len(data)):
            single.feed(data[index : index + 1])
        for terminal in (whole, single):
            terminal.resize(*size)
        assert fuzz.state(whole) == fuzz.state(single)
        assert below(whole) == below(single)
