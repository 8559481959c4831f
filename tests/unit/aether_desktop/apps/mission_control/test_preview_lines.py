"""The last lines of a terminal, as styled runs."""

from __future__ import annotations

import pytest

from aether_desktop.apps.mission_control.preview_lines import COLUMNS_KEPT, Style, last_lines
from kernel.term import Terminal

pytestmark = pytest.mark.feature("MC01")


def screen(data: bytes) -> Terminal:
    terminal = Terminal(200, 10)
    terminal.feed(data)
    return terminal


def texts(data: bytes, count: int = 8) -> list[str]:
    return ["".join(run.text for run in line) for line in last_lines(screen(data), count)]


def test_the_last_lines_are_taken_from_the_screen_and_its_history() -> None:
    assert texts(b"".join(b"line %d\r\n" % n for n in range(50)), 3) == ["line 47", "line 48", "line 49"]
    assert len(texts(b"".join(b"line %d\r\n" % n for n in range(50)), 30)) == 30
    assert texts(b"") == []
    assert texts(b"a\r\n\r\nb\r\n\r\n\r\n") == ["a", "", "b"]


def test_colours_make_runs() -> None:
    terminal = screen(b"\x1b[1;32mok\x1b[0m plain \x1b[38;5;208mcube\x1b[38;2;1;2;3mtrue\x1b[39;2mdim")
    styles = [(run.text, run.style) for run in last_lines(terminal, 1)[0]]
    assert styles == [
        ("ok", Style(2, bold=True)),
        (" plain ", Style()),
        ("cube", Style(208)),
        ("true", Style("#010203")),
        ("dim", Style(None, dim=True)),
    ]


def test_what_is_reversed_shows_in_the_colour_of_its_paper_and_what_is_hidden_does_not_show() -> None:
    runs = last_lines(screen(b"\x1b[7;41mred\x1b[0m\x1b[8msecret\x1b[0m."), 1)[0]
    assert [(run.text, run.style.colour) for run in runs] == [("red", 1), ("      ", None), (".", None)]


def test_wide_characters_and_clusters_are_whole_and_long_lines_are_cut() -> None:
    assert texts("日本 e\u0301 👩‍👩‍👧".encode()) == ["日本 e\u0301 👩‍👩‍👧"]
    assert len(texts(b"x" * 199)[0]) == COLUMNS_KEPT
