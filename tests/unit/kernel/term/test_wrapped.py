"""A row goes on in the one below it only as long as that is the one that its text went on in."""

from __future__ import annotations

import pytest

from kernel.term import Terminal
from kernel.term.snapshot import snapshot

LONG = b"x" * 25 + b"\r\nnext\r\nlast\r\n"


def text(terminal: Terminal) -> list[str]:
    return [line.rstrip() for line in [*terminal.history_text(), *terminal.display] if line.strip()]


def widened(data: bytes, lines: int = 8) -> list[str]:
    """The lines that ``data`` leaves on a screen of 20 columns that becomes one of 60."""
    terminal = Terminal(20, lines)
    terminal.feed(data)
    terminal.resize(60, lines)
    return text(terminal)


@pytest.mark.feature("TT02")
@pytest.mark.parametrize(
    "replaced",
    [
        b"\x1b[2;1H\x1b[Knew",
        b"\x1b[2;1H\x1b[2Knew",
        b"\x1b[2;4H\x1b[1Knew",
        b"\x1b[2;1H\x1b[20Xnew",
        b"\x1b[2;1H\x1b[2Xnew",
        b"\x1b[2;1H\x1b[?Knew",
        b"\x1b[2;1H\x1bV\x1b[Knew",
        b"\x1b[2;1H\x1b[Lnew",
        b"\x1b[2;1H\x1b[M",
        b"\x1b[2;4r\x1b[4;1H\n\x1b[r",
        b"\x1b[2;4r\x1b[4;1H\x1bD\x1b[r",
        b"\x1b[2;4r\x1b[4;1Ha\r\nb\r\nc\r\nd\r\ne\r\n\x1b[r",
        b"\x1b[2;4r\x1b[S\x1b[r",
        b"\x1b[2;4r\x1b[T\x1b[r",
        b"\x1b[2;4r\x1b[2;1H\x1bMnew\x1b[r",
        b"\x1b[1;2r\x1b[T\x1b[r",
        b"\x1b[2;1;2;9$z",
        b"\x1b[2;1;2;9${",
        b"\x1b[65;2;1;2;9$x",
        b"\x1b[3;1;3;9;1;2;1$v",
        b"\x1b[?69h\x1b[1;9s\x1b[2;4r\x1b[S\x1b[?69l",
    ],
)
def test_a_line_ends_where_its_continuation_was_replaced(replaced: bytes) -> None:
    lines = widened(LONG + replaced)
    assert "x" * 20 in lines


@pytest.mark.parametrize("erased", [b"\x1b[J", b"\x1b[2J\x1b[2H"])
def test_erasing_the_screen_ends_the_line_above(erased: bytes) -> None:
    assert widened(b"a" * 25 + b"\x1b[2H" + erased + b"new")[-1] == "new"
    # zsh tells by a blank and the erasing that a prompt begins, whatever the line before it was.
    assert widened(b"a" * 20 + b" \r" + erased + b"$ ")[-1] == "$"


@pytest.mark.parametrize(
    "replaced", [b"\x1b[K", b"\x1b[2K", b"\x1b[J", b"\x1b[2J", b"\x1b[1J", b"\x1bM", b"\x1b[L", b"\x1b[T", b"\x1b#8", b"\x1b[1;1;1;5$z"]
)
def test_the_last_line_of_the_history_ends_too(replaced: bytes) -> None:
    terminal = Terminal(20, 3)
    terminal.feed(b"a" * 25 + b"\r\n\r\n\x1b[H")
    assert terminal.history[-1].wrapped
    terminal.feed(replaced)
    assert not terminal.history[-1].wrapped
    terminal.feed(b"\rnew")
    terminal.resize(60, 3)
    assert text(terminal)[:1] == ["a" * 20]


def test_what_was_erased_on_the_alternate_screen_ends_no_line_of_the_history() -> None:
    terminal = Terminal(20, 3)
    terminal.feed(b"a" * 25 + b"\r\n\r\n\x1b[?47h\x1b[Hz\x1b[2J\x1bM\x1b[?47l")
    assert terminal.history[-1].wrapped


@pytest.mark.parametrize(
    "kept", [b"", b"\x1b[2;4H\x1b[K", b"\x1b[2;1H\x1b[P", b"\x1b[2;1Hnew", b"\x1b[3;1H\x1b[L", b"\x1b[3;8r\x1b[S\x1b[r"]
)
def test_a_line_whose_continuation_begins_as_it_did_goes_on(kept: bytes) -> None:
    terminal = Terminal(20, 8)
    terminal.feed(LONG + kept)
    assert terminal.rows[0].wrapped


def test_a_line_that_an_editor_goes_on_with_as_zsh_does_stays_one() -> None:
    assert widened(b"a" * 20 + b" \r\x1b[Kb\rbcdef") == ["a" * 20 + "bcdef"]


def test_text_that_wraps_at_a_bottom_margin_is_one_line() -> None:
    terminal = Terminal(20, 6)
    terminal.feed(b"\x1b[2;4r\x1b[4H" + b"a" * 50)
    assert [row.wrapped for row in terminal.rows] == [False, True, True, False, False, False]


def test_protected_cells_keep_a_line_together() -> None:
    assert widened(b"a" * 20 + b'\x1b[1"qbcd\x1b[0"qef\r\x1b[?K')[0] == "a" * 20 + "bcd"


def test_a_copy_knows_which_rows_go_on() -> None:
    terminal = Terminal(20, 4)
    terminal.feed("가".encode() * 25 + b"a" * 25 + "a日".encode() * 20 + b"\x1b[H\x1b[?47h" + b"b" * 99)
    copy = Terminal(20, 4)
    copy.feed(snapshot(terminal))
    for one, other in ((terminal, copy), (copy, terminal)):
        assert [row.wrapped for row in [*one.history, *one.rows, *one.screen.other_rows]] == [
            row.wrapped for row in [*other.history, *other.rows, *other.screen.other_rows]
        ]
