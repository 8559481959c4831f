"""Titles of tabs, and what programs may say."""

from __future__ import annotations

from aether_desktop.apps.terminal.messages import Messages
from aether_desktop.apps.terminal.titles import one_line, tab_title


def test_the_persons_name_comes_first_then_the_program_then_the_folder() -> None:
    assert tab_title(chosen="build", program="vim", folder="/srv/x") == "build"
    assert tab_title(chosen="", program="vim", folder="/srv/x") == "vim"
    assert tab_title(chosen="", program=" ", folder="/srv/x/") == "x"
    assert tab_title(chosen="", program="", folder="/") == "/"
    assert tab_title(chosen="", program="", folder="") == "Shell"


def test_a_title_cannot_break_its_line_or_turn_it_around() -> None:
    assert one_line("a\nb\x1b\u202ec") == "a b c"
    assert len(one_line("x" * 10_000)) == 120


def test_messages_are_bounded_in_number_and_size() -> None:
    messages = Messages()
    first = messages.notice("make", "Done\n", "x" * 5000, now=0.0)
    assert first is not None and first.title == "make: Done" and len(first.detail) <= 300
    assert messages.notice("make", "again", "", now=1.0) is None
    assert messages.notice("make", "", "  ", now=50.0) is None
    said = [messages.notice("make", f"n{n}", "", now=10.0 + 4 * n) for n in range(40)]
    assert sum(notice is not None for notice in said) == 9
    assert messages.notice("make", "later", "", now=1000.0) is not None
