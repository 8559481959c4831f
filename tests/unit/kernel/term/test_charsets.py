"""Character sets: sets of 94 and of 96 characters, their reports, and what of them is kept."""

from __future__ import annotations

import pytest

from kernel.term import Terminal
from kernel.term.snapshot import snapshot


@pytest.mark.feature("TT01")
@pytest.mark.parametrize(
    ("data", "shown"),
    [
        ("\x1b-A\x0eabc#", "áâã£"),
        ("\x1b.A\x1bnabc#", "áâã£"),
        ("\x1b/A\x1boabc#", "áâã£"),
        ("\x1b)Aabc#\x0e#a", "abc#£a"),
        ("\x1b-A\x0ex y\x7fz", "ø\xa0ùÿú"),
        ("x\x7fz", "xz"),
        ("\x1b-A\x0e\x1b[3\x7fGa", "  á"),
        ("\x1b)0\x1b-0\x0eq", "─"),
        ("\x1b(<(W]w}", "¤ŒŸœÿ"),
        ("\x1b(%5$&,", "⸮⸮⸮"),
    ],
)
def test_sets(data: str, shown: str) -> None:
    terminal = Terminal(20, 3)
    for byte in data.encode():
        terminal.feed(bytes([byte]))
    assert terminal.display[0].rstrip(" ") == shown


def test_a_set_of_96_characters_is_reported_as_such_and_kept_by_a_snapshot() -> None:
    terminal = Terminal(20, 3)
    terminal.feed(b"\x1b-A\x1b/A\x1b*0\x1b7\x1b)B\x1b[1$w\x1b8\x1b[1$w")
    assert terminal.take_reply() == b"\x1bP1$u1;1;1;@;@;@;0;2;H;BB0A\x1b\\\x1bP1$u1;1;1;@;@;@;0;2;J;BA0A\x1b\\"
    copy = Terminal(20, 3)
    copy.feed(snapshot(terminal))
    assert copy.screen.charsets.save() == terminal.screen.charsets.save()
    assert copy.screen.saved_cursor == terminal.screen.saved_cursor


def test_text_of_single_bytes_takes_its_upper_half_from_a_set_of_96_characters() -> None:
    terminal = Terminal(20, 3)
    terminal.feed(b"\x1b%@\x1b.A#\xe3\xff")
    assert terminal.display[0].rstrip(" ") == "#ãÿ"
