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
