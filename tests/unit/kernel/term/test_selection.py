"""Selection by absolute lines, over history, wrapped lines and wide characters."""

from __future__ import annotations

import pytest

from kernel.term import Terminal
from kernel.term.selection import Position, SelectionKind, text


@pytest.fixture
def terminal() -> Terminal:
    made = Terminal(10, 4, scrollback=6)
    made.feed("zero\r\nAlpha beta gamma\r\n日本語 x\r\n".encode() + b"a b\r\n\r\nlast one")
    return made


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


@pytest.mark.parametrize("kind", [SelectionKind.CHARACTER, SelectionKind.LINE, SelectionKind.WORD])
def test_the_column_that_a_wide_character_did_not_fit_into_is_no_text(kind: SelectionKind) -> None:
    terminal = Terminal(5, 4)
    terminal.feed("abcd日本".encode())
    assert terminal.display[:2] == ["abcd ", "日本 "]
    assert text(terminal, kind, Position(0, 0), Position(1, 3)) == "abcd日本"


def test_a_word_begins_above_the_column_that_a_wide_character_did_not_fit_into() -> None:
    terminal = Terminal(5, 4)
    terminal.feed("x bc日本 y".encode())
    assert text(terminal, SelectionKind.WORD, Position(1, 1), Position(1, 1)) == "bc日本"
    assert text(terminal, SelectionKind.WORD, Position(0, 2), Position(0, 2)) == "bc日本"


ALL = (SelectionKind.CHARACTER, Position(0, 0), Position(99, 99))


def copied(output: bytes, columns: int = 20) -> str:
    terminal = Terminal(columns, 3)
    terminal.feed(output)
    return text(terminal, *ALL).rstrip("\n")


@pytest.mark.feature("TT03")
@pytest.mark.parametrize(
    ("output", "expected"),
    [
        (b"\x1b[44mshort\x1b[K\x1b[m\r\n", "short"),
        (b"\x1b[44mshort\x1b[K\x1b[8G\x1b[41m\x1b[K\x1b[m\r\n", "short"),
        (b"\x1b[44ma\x1b[5Xb\x1b[3C\x1b[2X\x1b[m\r\n", "ab"),
        (b"\x1b[44ma\x1b[5X\x1b[5Cb\x1b[K\x1b[m", "a     b"),
        (b"\x1b[44mdrawn  \x1b[K\x1b[m\r\n", "drawn  "),
        (b"drawn  \r\n", "drawn  "),
        (b"\x1b[44m\x1b[K\x1b[m\r\nx", "\nx"),
        (b"\x1b[44mshort\x1b[mx\x1b[44m\x1b[2J\x1b[m", ""),
    ],
)
def test_cells_that_were_only_erased_in_a_colour_are_no_text(output: bytes, expected: str) -> None:
    assert copied(output) == expected


def test_a_line_that_ends_in_a_bar_goes_on_over_its_wrapped_rows() -> None:
    assert copied(b"\x1b[44mabcdefghij\x1b[K\x1b[m\r\nx", columns=4) == "abcdefghij\nx"


def test_so_it_is_with_lines_and_blocks() -> None:
    terminal = Terminal(10, 3)
    terminal.feed(b"\x1b[44mab\x1b[K\r\n  \x1b[K\r\nabcdefgh\x1b[K")
    assert text(terminal, SelectionKind.LINE, Position(0, 0), Position(0, 0)) == "ab"
    assert text(terminal, SelectionKind.BLOCK, Position(0, 1), Position(2, 4)) == "b\n \nbcde"
