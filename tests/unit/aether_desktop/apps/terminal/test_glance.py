"""What counts as news of a terminal that nobody looked at."""

from __future__ import annotations

import pytest

from aether_desktop.apps.terminal.glance import Glance
from kernel.term import Terminal

pytestmark = pytest.mark.feature("AA02")
PROMPT = b"\r\x1b[J~/atlas \xe2\x9d\xaf \x1b[K"


def terminal_with(lines: int, *, scrollback: int = 1000) -> Terminal:
    terminal = Terminal(40, 10, scrollback=scrollback)
    terminal.feed(b"".join(b"line %d and some words that take more than a row\r\n" % number for number in range(lines)) + PROMPT)
    return terminal


@pytest.mark.parametrize("lines", [0, 3, 30, 900])
@pytest.mark.parametrize("size", [(40, 9), (40, 14), (39, 10), (13, 4), (90, 30), (40, 10)])
def test_a_prompt_that_is_drawn_again_for_another_size_is_no_news(lines: int, size: tuple[int, int]) -> None:
    terminal = terminal_with(lines)
    before = Glance.at(terminal)
    terminal.resize(*size)
    terminal.feed(PROMPT)
    assert not before.is_outdated_by(Glance.at(terminal))


@pytest.mark.parametrize("lines", [0, 3, 30, 900])
@pytest.mark.parametrize("news", [b"done\r\n", b"\r\n", b"x" * 5000, b"y\r\n" * 400, b"\x1b[3;3Hword"])
@pytest.mark.parametrize("columns", [40, 30])
def test_what_is_printed_is(lines: int, news: bytes, columns: int) -> None:
    terminal = terminal_with(lines)
    before = Glance.at(terminal)
    terminal.resize(columns, 10)
    terminal.feed(news + PROMPT)
    assert before.is_outdated_by(Glance.at(terminal)) or (news == b"\r\n" and columns != 40)


@pytest.mark.parametrize("columns", [39, 41, 35, 38, 13])
def test_wide_characters_that_rewrap_are_no_news(columns: int) -> None:
    terminal = Terminal(40, 10, scrollback=1000)
    terminal.feed(("漢字" * 30 + "a漢字b" * 20 + "\r\n$ ").encode())
    before = Glance.at(terminal)
    terminal.resize(columns, 10)
    assert not before.is_outdated_by(Glance.at(terminal))
    terminal.feed(b"done")
    assert before.is_outdated_by(Glance.at(terminal))


def test_a_prompt_with_something_at_the_right_edge_that_is_drawn_again_is_no_news() -> None:
    terminal = Terminal(40, 10)
    terminal.feed(b"out\r\n$ \x1b[32C12:00\x1b[4G")
    before = Glance.at(terminal)
    terminal.resize(30, 10)
    terminal.feed(b"\x1b[2;1H\x1b[J$ \x1b[22C12:00\x1b[4G")
    assert not before.is_outdated_by(Glance.at(terminal))


def test_a_full_screen_program_that_draws_itself_again_for_another_size_is_no_news_and_what_it_shows_then_is() -> None:
    terminal = Terminal(40, 10)
    terminal.feed(b"$ less\r\n\x1b[?1049h" + b"".join(b"row %d\r\n" % number for number in range(9)) + b":")
    before = Glance.at(terminal)
    terminal.resize(30, 8)
    terminal.feed(b"\x1b[H\x1b[2J" + b"".join(b"row %d\r\n" % number for number in range(7)) + b":")
    now = Glance.at(terminal)
    assert not before.is_outdated_by(now)
    terminal.feed(b"\x1b[1;1H")
    assert not now.is_outdated_by(Glance.at(terminal)), "only the cursor moved"
    terminal.feed(b"\x1b[Hline")
    assert now.is_outdated_by(Glance.at(terminal))


def test_the_first_prompt_of_a_shell_is_no_news() -> None:
    terminal = Terminal(40, 10)
    before = Glance.at(terminal)
    terminal.feed(PROMPT)
    now = Glance.at(terminal)
    assert not before.is_outdated_by(now)
    terminal.feed(b"out\r\n" + PROMPT)
    assert now.is_outdated_by(Glance.at(terminal))


def test_more_of_the_same_is_news_where_the_cursor_moved() -> None:
    terminal = Terminal(40, 10, scrollback=1000)
    terminal.feed(b"y\r\n" * 500)
    before = Glance.at(terminal)
    terminal.feed(b"y\r\n")
    assert before.is_outdated_by(Glance.at(terminal))


def test_a_flood_in_a_shell_that_had_shown_its_prompt_only_is_news() -> None:
    terminal = terminal_with(0)
    before = Glance.at(terminal)
    terminal.resize(39, 10)
    terminal.feed(b"".join(b"%d\r\n" % number for number in range(900)) + PROMPT)
    assert before.is_outdated_by(Glance.at(terminal))
