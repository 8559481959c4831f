"""Erasing next to what is protected."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.term import Terminal


@pytest.mark.feature("TT01")
@pytest.mark.parametrize(
    ("data", "shown"),
    [
        ('\x1b[1"q日\x1b[0"q本\x1b[1;2H\x1b[?K', "日"),
        ('本\x1b[1"q日\x1b[0"q\x1b[1;4H\x1b[?K', "本日"),
        ('本\x1b[1"q日\x1b[0"q\x1b[1;3H\x1b[?1K', "  日"),
        ("\x1bV日\x1bW本\x1b[1;2H\x1b[K", "日"),
        ("\x1bV日\x1bW本\x1b[1;2H\x1b[2X", "日"),
        ('日本\x1b[1"qx\x1b[0"q\x1b[1;2H\x1b[?K', "    x"),
        ('\x1b[1"q日日\x1b[0"q\x1b[1;2H\x1b[2X', "    "),
    ],
)
def test_a_wide_character_that_is_protected_stays_whole(data: str, shown: str) -> None:
    terminal = Terminal(20, 3)
    terminal.feed(data.encode())
    assert terminal.display[0].rstrip(" ") == shown.rstrip(" ")
    row = terminal.rows[0]
    assert len(row.text) == len(row.attrs) == 20


class SlowTerminal(Terminal):
    """Erases line by line."""

    def __init__(self, columns: int, lines: int) -> None:
        super().__init__(columns, lines, scrollback=30)
        screen = self.screen

        def erase_lines(first: int, end: int, *, selective: bool) -> None:
            for y in range(first, end):
                screen.erase_cells(y, 0, screen.columns, selective=selective)

        screen._erase_lines = erase_lines  # type: ignore[method-assign]  # the plain way of it


DRAWN = ("text", "a text that goes on in the next line", "\r\n", "中文", "e\u0301", "\x1b[3;2H", "\x1b[H", "\x1b[44m", "\x1b[m",
         '\x1b[1"q', '\x1b[0"q', "\x1bV", "\x1bW", "\x1b]133;A\x07", "\x1b]133;B\x07", "\x1b]133;C\x07",
         "\x1b[?1049h", "\x1b[?1049l", "\x1bM", "\n")  # fmt: skip
ERASING = ("\x1b[J", "\x1b[1J", "\x1b[2J", "\x1b[?J", "\x1b[?1J", "\x1b[?2J")


@pytest.mark.feature("TT01")
@pytest.mark.parametrize("how", ["", "0", "2"])
def test_what_an_area_protected_is_erased_once_characters_are_protected_one_by_one(how: str) -> None:
    terminal = Terminal(5, 1)
    terminal.feed(f'\x1bVabc\x1b[{how}"q\x1b[1K'.encode())
    assert terminal.display == ["     "]


@pytest.mark.feature("TT01")
@given(pieces=st.lists(st.sampled_from((*DRAWN, *ERASING)), max_size=30), last=st.sampled_from(ERASING))
@settings(max_examples=600, deadline=None)
def test_lines_that_are_erased_together_are_as_one_after_the_other(pieces: list[str], last: str) -> None:
    data = "".join((*pieces, last)).encode()
    together, alone = Terminal(10, 5, scrollback=30), SlowTerminal(10, 5)
    for terminal in (together, alone):
        terminal.feed(data)
    assert shown(together) == shown(alone)


def shown(terminal: Terminal) -> object:
    screen = terminal.screen
    rows = [*screen.history, *screen.rows]
    return [(row.text, [screen.attributes[attr] for attr in row.attrs], row.wrapped) for row in rows], screen.marks.between(0, 10_000)


@pytest.mark.feature("TT01")
def test_a_second_parameter_makes_no_other_kind_of_erasing() -> None:
    terminal = Terminal(20, 3)
    terminal.feed(b'\x1b[1"qkept by DECSEL\x1b[0"q\x1b[1;1H\x1b[0;1K')
    assert terminal.display[0].strip() == ""
