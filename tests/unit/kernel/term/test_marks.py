"""The shell's marks (OSC 133) stay at their lines: while text scrolls, when lines rewrap, in a copy."""

from __future__ import annotations

import time

import pytest

from kernel.term import Terminal
from kernel.term import marks as kept_marks
from kernel.term.events import PromptMark
from kernel.term.snapshot import snapshot

#: Adding cells up from the line's beginning for each mark took four seconds.
SOON_S = 1.5


def command(number: int, output: str) -> bytes:
    return f"\x1b]133;A\x07$ \x1b]133;B\x07run {number}\r\n\x1b]133;C\x07{output}\r\n\x1b]133;D;{number}\x07".encode()


def marked(terminal: Terminal) -> list[tuple[str, str, int | None]]:
    """Kind, text of the line and exit code of each mark."""
    found = []
    for mark in terminal.screen.prompt_marks:
        row = terminal.absolute_row(mark.line)
        assert row is not None
        found.append((mark.kind, terminal.clusters.expand(row.text).rstrip(), mark.exit_code))
    return found


def session(columns: int = 20, scrollback: int = 100) -> Terminal:
    terminal = Terminal(columns, 6, scrollback=scrollback)
    for number in range(8):
        terminal.feed(command(number, "word " * 9 + str(number)))
    return terminal


@pytest.mark.feature("TT06")
def test_marks_are_at_their_lines_and_go_with_the_history() -> None:
    terminal = session()
    found = marked(terminal)
    assert found[:4] == [
        ("A", "$ run 0", None), ("B", "$ run 0", None), ("C", "word word word word", None), ("D", "$ run 1", 0),
    ]  # fmt: skip
    assert [text for kind, text, _ in found if kind == "A"] == [f"$ run {number}" for number in range(8)]
    terminal.feed(b"\r\n" * 200)
    assert marked(terminal) == []


@pytest.mark.parametrize("columns", [7, 11, 30, 80])
def test_marks_move_with_their_lines_when_the_width_changes(columns: int) -> None:
    terminal = session()
    terminal.resize(columns, 6)
    prompts = [text for kind, text, _ in marked(terminal) if kind == "A"]
    assert prompts == [f"$ run {number}" for number in range(8)]
    assert all(text.startswith("word") for kind, text, _ in marked(terminal) if kind == "C")
    terminal.resize(20, 9)
    assert marked(terminal) == marked(session())


def test_of_a_history_that_overflows_by_rewrapping_the_newest_marks_stay() -> None:
    terminal = session(scrollback=20)
    terminal.resize(7, 6)
    prompts = [text for kind, text, _ in marked(terminal) if kind == "A"]
    assert prompts == ["$ run 5", "$ run 6", "$ run 7"]


@pytest.mark.parametrize(
    ("options", "last_line"),
    [
        (b"A", False), (b"A;redraw=last", True), (b"A;click_events=1;redraw=last", True), (b"A;redraw=last;aid=7", True),
        (b"A;redraw=1", False), (b"A;redraw=lastly", False), (b"A" + b";" * 500 + b"redraw=last", False), (b"B;redraw=last", False),
    ],
)  # fmt: skip
def test_what_a_shell_draws_again_is_told_by_its_mark_alone(options: bytes, last_line: bool) -> None:
    terminal = Terminal(20, 6)
    terminal.feed(b"\x1b]133;" + options + b"\x07$ ")
    assert terminal.screen.prompt_marks == [PromptMark(options[:1].decode(), 0, last_line=last_line)]
    copy = Terminal(20, 6)
    copy.feed(snapshot(terminal))
    assert copy.screen.prompt_marks == terminal.screen.prompt_marks
    terminal.resize(7, 3)
    assert terminal.screen.prompt_marks == copy.screen.prompt_marks


@pytest.mark.parametrize(
    ("shape", "cursor", "first"),
    [
        ("A0 B0", 0, 0),
        ("A0 B1", 1, 1),
        ("A0 B1", 5, 1),
        ("A0 B3", 4, 1),
        ("A2 B3", 3, 2),
        ("A0", 3, 1),
        ("A0", 0, 0),
        ("A0 B0 B5", 6, 5),
        ("A0 B0 B8", 9, 7),
        ("A0 B0 C1", 3, None),
        ("", 3, None),
    ],
    ids=[
        "one line", "two lines", "a long command", "a long last line", "a last line that output goes on in", "not drawn to its end",
        "not drawn", "a second prompt", "a long second prompt", "a command that runs", "no prompt",
    ],
)  # fmt: skip
def test_where_what_is_drawn_again_begins_when_rows_1_2_and_7_go_on_in_the_next_ones(shape: str, cursor: int, first: int | None) -> None:
    marks = kept_marks.Marks()
    for mark in shape.split():
        marks.add(PromptMark(mark[0], int(mark[1:]), last_line=mark[0] == "A"))
    assert marks.edited_prompt(cursor, {1, 2, 7}.__contains__) == first


def test_a_copy_has_the_marks() -> None:
    terminal = session(scrollback=9)
    copy = Terminal(20, 6, scrollback=9)
    copy.feed(snapshot(terminal))
    assert marked(copy) == marked(terminal)
    assert len(marked(copy)) > 3


def test_a_prompt_that_is_drawn_again_or_higher_replaces_what_was_there() -> None:
    terminal = Terminal(20, 6)
    terminal.feed(b"\x1b]133;A\x07$ \r\x1b]133;A\x07$ \x1b]133;B\x07")
    assert [mark.kind for mark in terminal.screen.prompt_marks] == ["A", "B"]
    terminal.feed(command(0, "x") + command(1, "y") + b"\x1b[H\x1b[2J\x1b]133;A\x07$ ")
    assert marked(terminal) == [("A", "$", None)]


def test_the_alternate_screen_and_a_reset_keep_none(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal(20, 6)
    terminal.feed(b"\x1b[?1049h\x1b]133;A\x07\x1b[?1049l")
    assert terminal.screen.prompt_marks == []
    terminal.feed(b"\x1b]133;A\x07\x1bc")
    assert terminal.screen.prompt_marks == []
    monkeypatch.setattr(kept_marks, "MOST_MARKS", 5)
    terminal.feed(b"\x1b]133;A\x07\r\n" * 9)
    assert len(terminal.screen.prompt_marks) == 5


CLEAR = b"\x1b[H\x1b[2J\x1b[3J"


def failed_then(sequence: bytes) -> Terminal:
    """A command failed; the next one sends ``sequence``, prints ``hello`` and goes on."""
    terminal = Terminal(20, 8)
    terminal.feed(command(0, "1\r\n2\r\n3") + command(1, "1\r\n2\r\n3"))
    terminal.feed(b"\x1b]133;A\x07$ \x1b]133;B\x07next\r\n\x1b]133;C\x07" + sequence + b"hello\r\n")
    return terminal


@pytest.mark.feature("TT06")
@pytest.mark.parametrize(
    "sequence", [CLEAR, b"\x1b[2J\x1b[3J\x1b[H", b"\x1b[3J\x1b[H\x1b[J", b"\x1b[3J\x1b[H\x1b[?J", b"\x1bc", b"\x1b[3J\x1b#8"]
)
def test_marks_go_with_the_rows_that_are_erased(sequence: bytes) -> None:
    terminal = failed_then(sequence)
    assert marked(terminal) == []
    terminal.feed(b"\x1b]133;D;1\x07" + command(3, "x"))
    assert [(kind, code) for kind, _, code in marked(terminal)] == [("A", None), ("B", None), ("C", None), ("D", 3)]


def test_a_command_that_clears_the_screen_leaves_those_in_the_history_as_they_were() -> None:
    terminal = failed_then(b"\x1b[H\x1b[2J")
    before = marked(terminal)
    assert [kind for kind, _, _ in before] == ["A", "B", "C", "D"]
    terminal.feed(b"\x1b]133;D;7\x07\x1b]133;A\x07$ ")
    assert marked(terminal) == [*before, ("A", "$", None)]


def test_output_whose_rows_are_erased_is_shorter_and_its_prompt_stays() -> None:
    terminal = Terminal(20, 8)
    terminal.feed(command(0, "1\r\n2\r\n3") + b"\x1b[2A\x1b[J\x1b]133;A\x07$ ")
    assert marked(terminal) == [
        ("A", "$ run 0", None), ("B", "$ run 0", None), ("C", "1", None), ("D", "$", 0), ("A", "$", None),
    ]  # fmt: skip


@pytest.mark.parametrize("sequence", [b"\r\x1b[J", b"\r\x1b[K", b"\r \r\x1b[2K"])
def test_a_shell_that_clears_the_line_of_its_prompt_before_it_draws_it_keeps_the_mark(sequence: bytes) -> None:
    terminal = Terminal(20, 8)
    terminal.feed(command(0, "x") + b"\x1b]133;A\x07" + sequence + b"$ ")
    assert marked(terminal)[-1] == ("A", "$", None)
    terminal.feed(b"\r\x1b[K")
    assert [kind for kind, _, _ in marked(terminal)] == ["A", "B", "C", "D"]


@pytest.mark.parametrize(
    ("sequence", "prompts"),
    [
        (b"\x1b[2;1H\x1b[L", ["$ run 0", "$ run 1"]),
        (b"\x1b[2;1H\x1b[M", ["$ run 0", "$ run 1"]),
        (b"\x1b[2;1H\x1b[2M", ["$ run 0"]),
        (b"\x1b[1;1H\x1b[M", ["$ run 0", "$ run 1"]),
        (b"\x1b[3;8r\x1b[8;1H\n\x1b[r", ["$ run 0"]),
        (b"\x1b[2;8r\x1b[8;1H\r\na\r\nb\r\nc\r\nd\r\n\x1b[r", ["$ run 0"]),
        (b"\x1b[4;8r\x1b[8;1H\r\na\r\nb\r\nc\r\nd\r\n\x1b[r", ["$ run 0", "$ run 1"]),
        (b"\x1b[1;2r\x1b[2;1H\n\n\x1b[r", ["$ run 0", "$ run 1"]),
        (b"\x1b[1;2r\x1b[2;1Ha\r\nb\r\nc\r\nd\r\ne\r\n\x1b[r", ["$ run 0", "$ run 1"]),
        (b"\x1b[1;1H\x1bM\x1bM", ["$ run 0", "$ run 1"]),
        (b"\x1b[2T", ["$ run 0", "$ run 1"]),
        (b"\x1b[1S", ["$ run 0", "$ run 1"]),
    ],
)
def test_marks_move_with_rows_that_move(sequence: bytes, prompts: list[str]) -> None:
    terminal = Terminal(20, 8)
    terminal.feed(command(0, "x") + command(1, "y") + sequence)
    assert [text for kind, text, _ in marked(terminal) if kind == "A"] == prompts


@pytest.mark.feature("TT06")
@pytest.mark.parametrize("size", [(20, 2), (7, 2), (30, 1), (1, 1)])
def test_rows_below_the_screen_have_their_marks_when_they_show_again(size: tuple[int, int]) -> None:
    terminal = Terminal(20, 8)
    terminal.feed(command(0, "x") + command(1, "y") + b"\x1b]133;A\x07$ \x1b[H")
    before = marked(terminal)
    terminal.resize(*size)
    assert [text for kind, text, _ in marked(terminal) if kind == "A"] == ["$ run 0"[: size[0]]]
    terminal.resize(20, 8)
    assert marked(terminal) == before


def test_where_rows_below_the_screen_go_to_the_history_the_other_marks_stay_at_their_lines() -> None:
    terminal = Terminal(20, 8)
    terminal.feed(command(0, "x") + command(1, "y") + command(2, "z") + b"\x1b[2;1H")
    terminal.resize(20, 2)
    before = marked(terminal)
    assert [text for kind, text, _ in before if kind == "A"] == ["$ run 0", "$ run 1"]
    terminal.feed(b"\x1b[2;1H\n")
    assert marked(terminal) == before
    terminal.feed(command(3, "w"))
    assert marked(terminal)[-1] == ("D", "", 3)


def prompts(terminal: Terminal) -> list[str]:
    return [text for kind, text, _ in marked(terminal) if kind == "A"]


@pytest.mark.feature("TT06")
def test_prompts_of_rows_that_go_to_the_history_go_with_them() -> None:
    terminal = Terminal(20, 8)
    terminal.feed(command(0, "x") + command(1, "y") + command(2, "z") + b"\x1b]133;A\x07$ \x1b[H")
    terminal.resize(20, 2)
    assert prompts(terminal) == ["$ run 0"]
    version = terminal.screen.marks.version
    terminal.feed(b"\x1b[2;1H\n")
    assert terminal.screen.marks.version > version
    assert marked(terminal) == [
        ("A", "$ run 1", None), ("B", "$ run 1", None), ("C", "y", None), ("D", "$ run 2", 1),
        ("A", "$ run 2", None), ("B", "$ run 2", None), ("C", "z", None), ("D", "$", 2),
        ("A", "$", None),
        ("A", "$ run 0", None), ("B", "$ run 0", None), ("C", "x", None),
    ]  # fmt: skip
    terminal.feed(b"\x1b[2;1H" + command(3, "w"))
    assert prompts(terminal) == ["$ run 1", "$ run 2", "$", "$ run 0", "$ run 3"]
    assert marked(terminal)[-1][0::2] == ("D", 3)


def test_they_do_not_where_a_command_above_them_goes_on_below() -> None:
    terminal = Terminal(20, 8)
    terminal.feed(command(0, "x\r\nx") + command(1, "y") + b"\x1b]133;A\x07$ \x1b[4;1H")
    terminal.resize(20, 2)
    terminal.feed(b"\x1b[?47h\x1b[H\x1b[2Jleft\x1b[>1$~\x1b[?47l")
    before = marked(terminal)
    assert prompts(terminal) == ["$ run 0", "$ run 1"]
    terminal.feed(b"\x1b[2;1H\n")
    assert marked(terminal) == before


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("A0 B0 C1 D2 A10 C11 D14 A15 C16", "A0 B0 C1 D2 A11 C12 A13 C14"),
        ("A0 C1 D11 A12 A14 C15 D16", "A0 C1 D14 A15"),
        ("A0 C1 A14 C15", "A0 C1"),
        ("A0 B0 A14 C15", "A0 B0"),
        ("A0 C1 D2 A14 C15 D16", "A0 C1 D2 A10 C11 D12"),
        ("A14 B14 C15 A17", "A10 B10 C11"),
        ("A0 C1 D9 A10 C13", "A0 C1 D9 A13 C16"),
        ("A14", "A10"),
        ("", ""),
    ],
    ids=[
        "whole commands", "the end of one from above", "one from above runs", "one from above is typed", "none on the screen",
        "not kept rows", "none below", "only one", "none",
    ],
)  # fmt: skip
def test_marks_of_three_rows_from_14_on_that_come_in_above_row_10(before: str, after: str) -> None:
    marks = kept_marks.Marks()
    for mark in before.split():
        marks.add(PromptMark(mark[0], int(mark[1:])))
    version = marks.version
    marks.move_up(10, 14, 3)
    assert " ".join(f"{mark.kind}{mark.line}" for mark in marks.between(0, 100)) == after
    assert marks.version > version


@pytest.mark.feature("TT06")
def test_a_line_has_only_so_many_marks_however_they_came_there() -> None:
    """Each is moved at a line feed between margins."""
    terminal = Terminal(20, 10, scrollback=100)
    terminal.feed(b"\x1b]133;A\x07\x1b[2;9r\x1b[5H" + b"\x1b]133;C;also\x07" * 100)
    assert len(terminal.screen.prompt_marks) <= 1 + kept_marks.MOST_ON_LINE
    for line in range(3, 9):
        terminal.feed(b"\x1b[%dH" % line + b"\x1b]133;C;also\x07\x1b]133;D;also\x07" * 100)
    terminal.feed(b"\x1b[9H" + b"\n" * 20)
    assert len(terminal.screen.prompt_marks) <= 1 + kept_marks.MOST_ON_LINE
    assert [mark.kind for mark in terminal.screen.prompt_marks[-2:]] == ["C", "D"]


@pytest.mark.feature("TT06")
def test_marks_in_an_endless_line_are_placed_in_one_pass() -> None:
    terminal = Terminal(20, 10, scrollback=10_000)
    terminal.feed((b"x" * 20 + b"\x1b]133;A\x07") * 9000)
    before = terminal.screen.prompt_marks
    started = time.process_time()
    terminal.resize(40, 10)
    terminal.resize(20, 10)
    assert time.process_time() - started < SOON_S
    assert len(terminal.screen.prompt_marks) == len(before)


@pytest.mark.feature("TT06")
@pytest.mark.parametrize("unit", [b"\x1b]133;A\x07abxx", b"\x1b]133;A\x07a\x1b]133;B\x07bxx"], ids=["A", "A and B"])
def test_a_copy_has_the_marks_of_a_line_that_many_came_together_on(unit: bytes) -> None:
    terminal = Terminal(4, 10, scrollback=50)
    terminal.feed(unit * 14 + b"\x1b]133;D;7\x07")
    terminal.resize(60, 10)
    copy = Terminal(60, 10, scrollback=50)
    copy.feed(snapshot(terminal))
    assert marked(copy) == marked(terminal)
    assert marked(terminal)[-1][::2] == ("D", 7)
