"""Absolute line numbers: where a line is after rows came in above it, and when nobody knows."""

from __future__ import annotations

import pytest

from kernel.term import Terminal
from kernel.term.history import MOST_INSERTIONS
from kernel.term.rows import PLAIN, Row
from kernel.term.state import MAX_LINES


def shrunk(data: bytes, columns: int = 10, lines: int = 2) -> Terminal:
    terminal = Terminal(10, 6, scrollback=100)
    terminal.feed(data)
    terminal.resize(columns, lines)
    return terminal


def numbered(terminal: Terminal) -> dict[int, str]:
    """The text of each line by its number."""
    first = terminal.history_dropped
    lines = [*terminal.history_text(), *terminal.display]
    return {first + index: line.rstrip() for index, line in enumerate(lines)}


@pytest.mark.parametrize(
    "data",
    [
        b"a\r\nb\r\nc\r\n1\r\n2\r\n3\r\n4\r\n5\r\n6\x1b[2;1H",
        b"a\r\nb\r\n" + b"ABCDEFGHIJKLMNOPQRSTUVWXYZ\r\n4\r\n5\x1b[4;1H",
        b"ABCDEFGHIJKLMNOPQRSTUVWXYZ\r\n4\r\n5\r\n6\x1b[3;1H",
    ],
    ids=["whole lines", "a line into the screen", "a line from the oldest on"],
)
@pytest.mark.parametrize("scrollback", [100, 0, 3])
def test_every_line_is_found_where_it_is_after_rows_came_in(data: bytes, scrollback: int) -> None:
    terminal = Terminal(10, 6, scrollback=scrollback)
    terminal.feed(data)
    terminal.resize(10, 2)
    before, numbering = numbered(terminal), terminal.history.numbering
    terminal.feed(b"\x1b[2;1H\r\nnew")
    assert terminal.history.numbering != numbering
    now = numbered(terminal)
    for line, text in before.items():
        place = terminal.history.line_now(line, numbering)
        assert place is not None and (now[place] == text if place in now else place < terminal.history_dropped)
    if scrollback == 100:
        assert "5" in {now[line] for line in now.keys() - {terminal.history.line_now(line, numbering) for line in before}}


def test_numbers_stay_while_lines_come_and_go_and_the_number_of_lines_changes() -> None:
    terminal = shrunk(b"1\r\n2\r\n3", lines=6)
    numbering = terminal.history.numbering
    terminal.feed(b"x\r\n" * 500 + b"\x1b[H\x1b[2J\x1b[3J\x1b[?1049h\n\n\x1b[?1049l")
    for lines in (3, 9, 1, 6):
        terminal.resize(10, lines)
    assert terminal.history.numbering == numbering
    assert terminal.history.line_now(7, numbering) == 7


def test_after_rewrapping_nobody_knows() -> None:
    terminal = shrunk(b"1\r\n2\r\n3\r\n4\x1b[H")
    numbering = terminal.history.numbering
    terminal.resize(7, 2)
    assert terminal.history.line_now(1, numbering) is None
    rewrapped = terminal.history.numbering
    terminal.feed(b"\x1b[2;1H\n")
    assert terminal.history.line_now(1, numbering) is None
    assert terminal.history.line_now(1, rewrapped) == 3
    assert terminal.history.line_now(1, terminal.history.numbering + 1) is None


def test_many_changes_are_added_up_and_too_many_forgotten() -> None:
    terminal = shrunk(b"1\r\n2")
    numbering = terminal.history.numbering
    for _ in range(MOST_INSERTIONS):
        terminal.feed(b"\x1b[?47h\x1b[Hx\x1b[>1$~\x1b[?47l\x1b[2;1H\n")
    assert terminal.history.line_now(50, numbering) == 50 + MOST_INSERTIONS
    terminal.feed(b"\x1b[?47h\x1b[Hx\x1b[>1$~\x1b[?47l\x1b[2;1H\n")
    assert terminal.history.line_now(50, numbering) is None
    assert terminal.history.line_now(50, numbering + 1) == 50 + MOST_INSERTIONS


def test_rows_of_another_width_are_the_same_at_each_look_and_kept_as_they_were() -> None:
    terminal = Terminal(10, 2, scrollback=100)
    terminal.feed("ab e\u0301\r\n\x1b[31mred\x1b[m\r\nplain\r\n\r\n$".encode())
    first = list(terminal.history)
    terminal.resize(14, 2)
    stored = list(terminal.history._items)
    wider = list(terminal.history)
    assert [len(row.text) for row in wider] == [14] * len(first)
    assert all(row is again for row, again in zip(wider, terminal.history, strict=True))
    assert all(row is now for row, now in zip(stored, terminal.history._items, strict=True) if isinstance(row, Row))
    terminal.resize(12, 2)
    assert [len(row.text) for row in terminal.history] == [12] * len(first)
    assert terminal.history[0] is terminal.history[0] is not wider[0]


def test_a_line_in_the_place_of_another_is_not_taken_for_it() -> None:
    terminal = Terminal(10, 2, scrollback=100)
    terminal.feed("old e\u0301\r\n\r\n$".encode())
    terminal.resize(14, 2)
    assert terminal.history[0].text.startswith("old ")
    lines = terminal.history.take_last(1)
    terminal.history.append(lines[0]._replace(text="new" + lines[0].text[3:])._replace(attrs=lines[0].attrs))
    assert terminal.history[0].text.startswith("new ")
    shorter = Row("other", PLAIN * 5)
    terminal.history.take_last(1)
    terminal.history.append(shorter)
    assert terminal.history[0].text == "other" + " " * 9


def test_no_more_rows_are_kept_twice_than_a_screen_may_have() -> None:
    terminal = Terminal(4, 2, scrollback=20_000)
    terminal.feed(b"\x1b[31ma\x1b[m\r\n" * 20_000)
    assert len(list(terminal.history)) > MAX_LINES
    terminal.resize(6, 2)
    for _ in terminal.history:
        assert len(terminal.history._fitted) <= MAX_LINES
    assert terminal.history._fitted
    terminal.resize(7, 2)
    assert not terminal.history._fitted
