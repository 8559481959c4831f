"""Erasing next to what is protected."""

from __future__ import annotations

import pytest

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
