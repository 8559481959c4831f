"""While a prompt is edited its rows stay rows: the shell that draws them again counts them as they were. Nothing of them is lost."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.term import Terminal
from kernel.term.snapshot import snapshot

PROMPT = b"\x1b]133;A\x07$ \x1b]133;B\x07"
COMMAND = b"echo " + b"abcdefghi " * 5
OUTPUT = b"\x1b]133;D;0\x07" + b"".join(b"line %d of the output\r\n" % number for number in range(4))


def text(terminal: Terminal) -> list[str]:
    return [line.rstrip() for line in [*terminal.history_text(), *terminal.display] if line.strip()]


def cells(terminal: Terminal) -> list[tuple[str, str]]:
    return [row[:2] for row in [*terminal.history, *terminal.rows]]


def prompt(columns: int = 40, lines: int = 8, before: bytes = OUTPUT, command: bytes = COMMAND) -> Terminal:
    terminal = Terminal(columns, lines)
    terminal.feed(before + PROMPT + command)
    return terminal


def marks(terminal: Terminal) -> list[tuple[str, int]]:
    return [(mark.kind, mark.line) for mark in terminal.screen.prompt_marks]


@pytest.mark.feature("TT02")
@pytest.mark.parametrize("columns", [60, 100, 30, 10, 7])
def test_the_rows_of_a_prompt_stay_as_many_and_what_is_above_is_rewrapped(columns: int) -> None:
    terminal = prompt()
    first = terminal.screen.absolute_line - 1
    terminal.resize(columns, 8)
    begins = [line for kind, line in marks(terminal) if kind == "A"][-1]
    assert terminal.screen.absolute_line == begins + 1
    assert text(terminal)[-2:] == [("$ " + COMMAND.decode())[:40][:columns].rstrip(), COMMAND.decode()[38:][:columns].rstrip()]
    assert (begins == first) == (columns >= 20)
    above = "".join(line for line in text(terminal)[:-2])
    assert above.replace(" ", "") == "".join(f"line{number}oftheoutput" for number in range(4))


@pytest.mark.feature("TT02")
@pytest.mark.parametrize("path", [[60], [10], [7, 1, 30], [100, 3]])
def test_a_shell_that_draws_nothing_again_has_all_of_it_back(path: list[int]) -> None:
    terminal = prompt()
    rows, cursor, before = cells(terminal), (terminal.cursor.x, terminal.cursor.y), marks(terminal)
    for columns in path:
        terminal.resize(columns, 8)
    terminal.resize(40, 8)
    assert cells(terminal) == rows
    assert ((terminal.cursor.x, terminal.cursor.y), marks(terminal)) == (cursor, before)


def test_what_was_cut_comes_back_behind_a_command_that_ran_meanwhile() -> None:
    terminal = prompt()
    terminal.resize(10, 8)
    terminal.feed(b"\r\n\x1b]133;C\x07out\r\n\x1b]133;D;0\x07" + PROMPT)
    terminal.resize(100, 8)
    assert text(terminal)[-3:] == ["$ " + COMMAND.decode().rstrip(), "out", "$"]
    assert [kind for kind, _ in marks(terminal)] == ["A", "B", "C", "D", "A", "B"]
    first = terminal.history_dropped
    lines = [terminal.display[line - first - len(terminal.history)].rstrip() for _, line in marks(terminal)]
    assert lines == ["$ " + COMMAND.decode().rstrip()] * 2 + ["out"] + ["$"] * 3


def test_rows_that_were_drawn_again_stay_as_they_were_drawn() -> None:
    terminal = prompt()
    terminal.resize(20, 8)
    terminal.feed(b"\x1b[A\r\x1b[J" + PROMPT + b"new")
    terminal.resize(40, 8)
    assert text(terminal)[-1] == "$ new"
    assert "abcdefghi" not in "".join(text(terminal))


def test_the_end_of_what_was_drawn_again_joins_nothing() -> None:
    terminal = prompt()
    terminal.resize(20, 8)
    terminal.feed(b"\r\x1b[2Knew")
    terminal.resize(40, 8)
    assert text(terminal)[-2:] == [("$ " + COMMAND.decode())[:40], "new"]
    assert not terminal.rows[terminal.cursor.y - 1].wrapped


def test_output_without_a_line_end_is_not_joined_to_the_prompt_behind_it() -> None:
    terminal = Terminal(20, 8)
    terminal.feed(b"\x1b]133;D;0\x07" + b"o" * 25 + PROMPT)
    terminal.resize(40, 8)
    assert text(terminal) == ["o" * 20, "ooooo$"]
    terminal.resize(20, 8)
    assert text(terminal) == ["o" * 20, "ooooo$"]


@pytest.mark.parametrize(
    "running", [b"\r\n\x1b]133;C\x07", b"\r\n\x1b]133;C\x07\x1b[?1049h\x1b[2Jvim\x1b[5;5H"], ids=["program", "alternate screen"]
)
def test_while_a_program_runs_the_command_is_rewrapped(running: bytes) -> None:
    terminal = prompt()
    terminal.feed(running)
    terminal.resize(100, 8)
    terminal.feed(b"\x1b[?1049l")
    assert "$ " + COMMAND.decode().rstrip() in text(terminal)


def test_without_marks_all_is_rewrapped() -> None:
    terminal = Terminal(40, 8)
    terminal.feed(b"$ " + COMMAND)
    terminal.resize(100, 8)
    assert text(terminal) == ["$ " + COMMAND.decode().rstrip()]


def test_a_prompt_longer_than_the_screen_and_one_that_begins_in_the_history() -> None:
    terminal = prompt(lines=3, command=b"x" * 300)
    assert terminal.screen.prompt_marks[-1].line < terminal.history_dropped + len(terminal.history)
    rows = cells(terminal)
    terminal.resize(13, 3)
    assert [line for line in text(terminal) if "x" in line] == ["$ " + "x" * 11] + ["x" * 13] * 7
    terminal.resize(40, 3)
    assert cells(terminal) == rows


def test_wide_characters_are_cut_whole() -> None:
    terminal = prompt(command="日本語".encode() * 4)
    terminal.resize(9, 8)
    assert text(terminal)[-1] == "$ 日本語"
    terminal.resize(1, 8)
    terminal.resize(40, 8)
    assert text(terminal)[-1] == "$ " + "日本語" * 4


def test_rows_in_one_column_get_room_for_their_wide_characters() -> None:
    terminal = Terminal(4, 4)
    terminal.feed("日".encode())
    terminal.resize(1, 4)
    terminal.feed(b"\r" + PROMPT[:8])
    terminal.resize(4, 4)
    assert terminal.rows[0].text == "日\0  "


def test_a_cursor_that_waits_behind_the_last_column_waits_there_again() -> None:
    terminal = prompt(command=b"x" * 38)
    assert terminal.screen.wrap_pending
    terminal.resize(50, 8)
    assert (terminal.cursor.x, terminal.screen.wrap_pending) == (40, False)
    terminal.resize(20, 8)
    terminal.resize(40, 8)
    assert (terminal.cursor.x, terminal.screen.wrap_pending) == (39, True)


def test_a_shell_that_goes_up_too_far_after_a_size_without_room_finds_no_output_there() -> None:
    terminal = prompt()
    terminal.resize(1, 1)
    terminal.feed(b"\x1b[99A\r\x1b[J")
    terminal.resize(40, 8)
    terminal.feed(b"\x1b[99A\r\x1b[J" + PROMPT)
    assert text(terminal)[:4] == [f"line {number} of the output" for number in range(4)]


def test_a_taller_screen_shows_the_output_above_a_prompt_that_has_room() -> None:
    terminal = prompt()
    before = text(terminal)
    terminal.resize(40, 3)
    assert len(terminal.history) == 3
    terminal.resize(40, 8)
    assert (text(terminal), len(terminal.history)) == (before, 0)


def test_a_reset_forgets_what_was_cut() -> None:
    terminal = prompt()
    terminal.resize(10, 8)
    terminal.feed(b"\x1bc")
    terminal.resize(40, 8)
    assert text(terminal) == []
    assert list(terminal.screen.edited.originals()) == []


def test_the_colours_of_what_was_cut_outlive_a_clearing_of_the_table() -> None:
    terminal = prompt(command=b"\x1b[38;2;1;2;3m" + COMMAND)
    styles = [terminal.attributes[attr] for attr in terminal.rows[terminal.cursor.y - 1].attrs]
    terminal.resize(3, 8)
    for number in range(70_000):
        terminal.feed(b"\x1b7\x1b[H\x1b[38;2;%d;%d;9mz\x1b[m\x1b8" % (number // 256, number % 256))
    terminal.resize(40, 8)
    assert [terminal.attributes[attr] for attr in terminal.rows[terminal.cursor.y - 1].attrs] == styles


TOP = "top of the prompt in words that do not end in column forty"
LAST = b"$ \x1b]133;B\x07"
TWO_LINES = b"\x1b]133;A;redraw=last\x07" + TOP.encode() + b"\r\r\n" + LAST


def draw_again(terminal: Terminal, rows: int, line: bytes, *, below: int = 0) -> None:
    """What readline writes for another size: ``rows`` of the last line are cleared, ``below`` of them under the cursor's, and drawn."""
    terminal.feed(b"\r" + b"\r\n" * below + b"\r\x1b[K" + b"\r\x1b[A\x1b[K" * (rows - 1) + b"\r" + line)


def two_lines(columns: int = 40, lines: int = 12, command: bytes = COMMAND) -> Terminal:
    terminal = Terminal(columns, lines)
    terminal.feed(OUTPUT + TWO_LINES + command)
    return terminal


@pytest.mark.feature("TT02")
@pytest.mark.parametrize("columns", [100, 60, 39, 21, 7])
def test_of_a_prompt_whose_last_line_is_drawn_again_the_lines_above_are_rewrapped(columns: int) -> None:
    terminal = two_lines()
    terminal.resize(columns, 12)
    shown = "$ " + COMMAND.decode()
    assert text(terminal)[-2:] == [shown[:40][:columns].rstrip(), shown[40:][:columns].rstrip()]
    begins = [line for kind, line in marks(terminal) if kind == "A"][-1]
    above = [terminal.absolute_row(line) for line in range(begins, terminal.screen.absolute_line - 1)]
    assert "".join(row.text for row in above if row is not None).rstrip() == TOP
    assert all(row is not None and row.wrapped for row in above[:-1])
    assert terminal.screen.prompt_marks[-1].line == terminal.screen.absolute_line - 1


@pytest.mark.feature("TT02")
def test_dragging_narrow_wide_and_narrow_again_leaves_every_row_once() -> None:
    terminal = two_lines(100)
    before = text(terminal)
    size = len("$ ") + len(COMMAND)
    for columns in [*range(96, 20, -7), *range(20, 140, 11), *range(140, 20, -13), 100]:
        rows = -(-size // terminal.columns)
        terminal.resize(columns, 12)
        draw_again(terminal, rows, LAST + COMMAND)
        assert "".join(row.text for row in [*terminal.history, *terminal.rows]).count("prompt in") <= 1
    assert text(terminal) == before
    assert [kind for kind, _ in marks(terminal)] == ["A", "B"]


def test_a_last_line_longer_than_the_screen_is_wide_is_held_from_where_it_begins() -> None:
    terminal = Terminal(40, 12)
    last = b"p" * 90 + LAST
    terminal.feed(OUTPUT + TWO_LINES.replace(LAST, last) + b"ls")
    before = text(terminal)
    terminal.resize(25, 12)
    assert text(terminal)[-3:] == ["p" * 25, "p" * 25, "pppppppppp$ ls"]
    draw_again(terminal, 3, last + b"ls")
    terminal.resize(40, 12)
    draw_again(terminal, 4, last + b"ls")
    assert text(terminal) == before


def test_of_a_command_of_several_lines_only_the_one_that_is_typed_is_held() -> None:
    terminal = two_lines(command=b"for name in one two three four five six seven; \r\n> \x1b]133;B\x07" + COMMAND)
    before = text(terminal)
    for columns, rows in [(60, 2), (21, 1), (40, 3)]:
        terminal.resize(columns, 12)
        lines = text(terminal)
        begins = next(index for index, line in enumerate(lines) if line.startswith("$ for"))
        ends = next(index for index, line in enumerate(lines) if line.startswith("> echo"))
        whole = "".join(line.ljust(columns) for line in lines[begins:ends]).rstrip()
        assert whole == "$ for name in one two three four five six seven;"
        draw_again(terminal, rows, b"> \x1b]133;B\x07" + COMMAND)
    assert text(terminal) == before


def test_with_the_cursor_at_the_start_of_a_long_command_its_rows_are_as_many_too() -> None:
    terminal = two_lines(command=COMMAND + b"\x1b[A\r\x1b[2C")
    before = text(terminal)
    terminal.resize(25, 12)
    draw_again(terminal, 2, LAST + COMMAND, below=1)
    terminal.feed(b"\x1b[2A\r\x1b[2C")
    terminal.resize(40, 12)
    draw_again(terminal, 3, LAST + COMMAND, below=2)
    assert text(terminal) == before


def test_a_shell_that_goes_up_too_far_on_a_taller_screen_does_not_clear_the_lines_above_its_last() -> None:
    terminal = two_lines(lines=1, command=b"ls")
    terminal.resize(40, 12)
    draw_again(terminal, 9, LAST + b"ls")
    terminal.resize(60, 12)
    draw_again(terminal, 9, LAST + b"ls")
    assert text(terminal)[-2:] == [TOP, "$ ls"]


def test_a_mark_without_the_hint_holds_all_of_the_prompt() -> None:
    terminal = Terminal(100, 12)
    terminal.feed(OUTPUT + TWO_LINES.replace(b";redraw=last", b"") + b"ls")
    terminal.resize(30, 12)
    assert text(terminal)[-2:] == [TOP[:30].rstrip(), "$ ls"]


_PIECES = (
    b"abc", b" ", b"xyz" * 9, "日本".encode(), b"\r\n", PROMPT, TWO_LINES, b"\x1b]133;C\x07", b"\x1b]133;D;1\x07", b"\x1b[31m", b"\x1b[m",
)  # fmt: skip
_pieces = st.lists(st.sampled_from(_PIECES), max_size=60).map(b"".join)
_sizes = st.lists(st.tuples(st.integers(2, 45), st.integers(1, 12)), min_size=1, max_size=5)


@pytest.mark.feature("TT02")
@settings(max_examples=300, deadline=None)
@given(_pieces, _sizes)
def test_no_text_is_lost_and_none_comes_in_wherever_prompts_are(data: bytes, sizes: list[tuple[int, int]]) -> None:
    terminal = Terminal(20, 6)
    terminal.feed(data)

    def shown() -> str:
        lines = [*terminal.history_text(), *terminal.display, *[terminal.clusters.expand(row.text) for row in terminal.screen.rows_below]]
        return "".join("".join(lines).split())

    before = shown()
    for columns, lines in sizes:
        terminal.resize(columns, lines)
    terminal.resize(20, 6)
    assert shown() == before
    # Once a command runs all of it is lines of output again.
    terminal.feed(b"\x1b]133;C\x07")
    terminal.resize(33, 6)
    assert shown() == before


@settings(max_examples=100, deadline=None)
@given(_pieces, _sizes, st.integers(0, 4))
def test_a_shell_that_goes_up_by_the_rows_it_had_clears_its_own_alone(data: bytes, sizes: list[tuple[int, int]], rows: int) -> None:
    """What is above a prompt of ``rows`` full rows and one more stays when the shell draws it again as it does after each size."""
    terminal = Terminal(20, 16)
    terminal.feed(data + b"\r\n" + PROMPT)
    above = "".join("".join(text(terminal)[:-1]).split())
    typed = b"k" * (20 * rows)
    terminal.feed(typed)
    columns = 20
    for size, _ in sizes:
        height = (2 + len(typed)) // columns
        terminal.resize(size, 60)
        columns = size
        terminal.feed((b"\x1b[%dA" % height if height else b"") + b"\r\x1b[J" + PROMPT + typed)
        if (2 + len(typed)) % columns == 0:
            terminal.feed(b" \r")
    found = "".join("".join(text(terminal)).split())
    assert found == above + "$" + typed.decode()


@settings(max_examples=100, deadline=None)
@given(_pieces, _sizes, st.integers(0, 4))
def test_a_shell_that_draws_its_last_line_again_leaves_all_above_it_as_it_was(data: bytes, sizes: list[tuple[int, int]], rows: int) -> None:
    terminal = Terminal(20, 60)
    terminal.feed(data + b"\r\n" + TWO_LINES)
    above = "".join("".join(text(terminal)[:-1]).split())
    typed = b"k" * (20 * rows)
    terminal.feed(typed)
    for size, _ in sizes:
        height = (2 + len(typed)) // terminal.columns + 1
        terminal.resize(size, 60)
        draw_again(terminal, height, LAST + typed)
        if (2 + len(typed)) % size == 0:
            terminal.feed(b" \r")
    assert "".join("".join(text(terminal)).split()) == above + "$" + typed.decode()


def test_a_copy_of_a_terminal_with_cut_rows_is_what_it_shows() -> None:
    terminal = prompt()
    terminal.resize(10, 8)
    copy = Terminal(10, 8)
    copy.feed(snapshot(terminal))
    assert (text(copy), marks(copy)) == (text(terminal), marks(terminal))
