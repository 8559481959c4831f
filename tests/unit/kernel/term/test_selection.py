"""Search and selection by absolute lines, over history, wrapped lines and wide characters."""

from __future__ import annotations

import pytest

from kernel.term import Terminal
from kernel.term.search import Match, compile_pattern, find
from kernel.term.selection import Position, SelectionKind, text


@pytest.fixture
def terminal() -> Terminal:
    made = Terminal(10, 4, scrollback=6)
    made.feed("zero\r\nAlpha beta gamma\r\n日本語 x\r\n".encode() + b"a b\r\n\r\nlast one")
    return made


def test_plain_search_ignores_case_until_a_capital_is_typed(terminal: Terminal) -> None:
    assert find(terminal, compile_pattern("alpha")) == [Match(1, 0, 1, 5)]
    assert find(terminal, compile_pattern("ALPHA")) == []


def test_search_crosses_wrapped_lines_and_counts_wide_cells(terminal: Terminal) -> None:
    assert find(terminal, compile_pattern("beta gamma")) == [Match(1, 6, 2, 6)]
    assert find(terminal, compile_pattern("本語")) == [Match(3, 2, 3, 6)]


def test_regex_search(terminal: Terminal) -> None:
    assert find(terminal, compile_pattern(r"\bl\w+t\b", regex=True)) == [Match(6, 0, 6, 4)]
    assert compile_pattern("(", regex=True) is None
    assert compile_pattern("") is None
    assert find(terminal, compile_pattern("x*", regex=True)) == [Match(3, 7, 3, 8)]


@pytest.mark.parametrize(
    ("kind", "anchor", "head", "expected"),
    [
        (SelectionKind.CHARACTER, (1, 2), (1, 4), "pha"),
        (SelectionKind.CHARACTER, (2, 1), (1, 6), "beta g"),
        (SelectionKind.CHARACTER, (3, 1), (4, 0), "日本語 x\na"),
        (SelectionKind.WORD, (1, 7), (1, 7), "beta"),
        (SelectionKind.LINE, (2, 0), (2, 0), "Alpha beta gamma"),
        (SelectionKind.BLOCK, (4, 0), (6, 1), "a \n\nla"),
        (SelectionKind.CHARACTER, (5, 0), (6, 20), "\nlast one"),
        (SelectionKind.CHARACTER, (90, 0), (99, 0), ""),
    ],
)
def test_selected_text(
    terminal: Terminal, kind: SelectionKind, anchor: tuple[int, int], head: tuple[int, int], expected: str
) -> None:
    assert text(terminal, kind, Position(*anchor), Position(*head)) == expected


def test_word_goes_on_over_a_wrapped_line() -> None:
    terminal = Terminal(5, 4)
    terminal.feed(b"ab cdefghij kl")
    assert text(terminal, SelectionKind.WORD, Position(1, 1), Position(1, 1)) == "cdefghij"


def test_selection_survives_lines_that_scroll_away(terminal: Terminal) -> None:
    terminal.feed(b"\r\n" * 3)
    assert text(terminal, SelectionKind.CHARACTER, Position(6, 0), Position(6, 3)) == "last"
    terminal.feed(b"\r\n" * 30)
    assert text(terminal, SelectionKind.CHARACTER, Position(6, 0), Position(6, 3)) == ""
