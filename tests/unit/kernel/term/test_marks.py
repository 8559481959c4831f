"""The shell's marks (OSC 133) stay at their lines: while text scrolls, when lines rewrap, in a copy."""

from __future__ import annotations

import pytest

from kernel.term import Terminal
from kernel.term import marks as kept_marks
from kernel.term.snapshot import snapshot


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
