"""What is asked before a paste, and what is sent."""

from __future__ import annotations

import pytest

from aether_desktop.widgets.terminal.pasting import concern_of, one_line, pieces, preview


@pytest.mark.parametrize("text", ["ls", "git commit -m 'x'", "tab\there"])
def test_a_plain_line_is_pasted_at_once(text: str) -> None:
    assert concern_of(text, bracketed=False) is None


@pytest.mark.feature("TT01")
def test_lines_that_would_run_are_asked_about() -> None:
    concern = concern_of("one\ntwo\n", bracketed=False)
    assert concern is not None and concern.lines == 2 and concern.runs
    assert concern_of("one\r\ntwo", bracketed=False) is not None
    assert concern_of("rm -rf x\n", bracketed=False) is not None
    assert concern_of("one\ntwo\n", bracketed=True) is None


def test_keys_and_reordering_in_a_text_are_asked_about_in_any_case() -> None:
    keys = concern_of("echo \x1b[201~rm", bracketed=True)
    assert keys is not None and keys.controls and not keys.runs
    turned = concern_of("echo \u202etxt", bracketed=True)
    assert turned is not None and turned.reorders


def test_the_preview_shows_what_cannot_be_seen() -> None:
    assert preview("a\x1b[31m\nb\x7f\n\u202ec") == ("a␛[31m", "b␡", "<U+202E>c")
    assert len(preview("x\n" * 100)) == 4
    assert all(len(line) <= 200 for line in preview("y" * 10_000))


def test_one_line_joins_without_running_anything() -> None:
    assert one_line("  a \r\n\n b\nc\r") == "a b c"


@pytest.mark.feature("TT01")
def test_a_bracket_cannot_be_closed_from_inside() -> None:
    sent = b"".join(pieces("x\x1b[201~y\nz", bracketed=True))
    assert sent == b"\x1b[200~x[201~y\rz\x1b[201~"


def test_pieces_join_to_the_whole_text() -> None:
    text = "é日本\r\n" * 40_000
    sent = b"".join(pieces(text, bracketed=False))
    assert sent.decode() == "é日本\r" * 40_000
