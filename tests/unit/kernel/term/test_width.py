"""Widths agree with the wcwidth package; clusters share a cell."""

from __future__ import annotations

import random

import pytest
from wcwidth import wcwidth

from kernel.term import STUB, Terminal
from kernel.term.clusters import ClusterTable
from kernel.term.width import MAX_MARKS, Shaper, cluster_width, is_mark

_OWN = [(0x1F1E6, 0x1F1FF), (0x1F3FB, 0x1F3FF), (0xD800, 0xDFFF), (0x100000, 0x10FFFF)]


def test_widths_agree_with_wcwidth() -> None:
    generator = random.Random(2)
    codes = [*range(0xA0, 0x3000), *range(0x1F000, 0x1FB00), *(generator.randrange(0x3000, 0xF0000) for _ in range(8_000))]
    for code in codes:
        if any(first <= code <= last for first, last in _OWN):
            continue
        char = chr(code)
        width = 0 if is_mark(char) else cluster_width(char)
        assert width == max(0, wcwidth(char)), hex(code)


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        ("e\u0301", 1),
        ("日", 2),
        ("👩\u200d👩\u200d👧", 2),
        ("👍🏽", 2),
        ("🇩🇪", 2),
        ("❤", 1),
        ("❤\ufe0f", 2),
        ("1\ufe0f\u20e3", 2),
        ("#\ufe0f\u20e3", 2),
        ("1\u20e3", 1),
        ("a\ufe0f", 1),
        ("🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", 2),
        ("👩🏽\u200d❤\ufe0f\u200d💋\u200d👨🏽", 2),
        ("☝🏽", 2),
        ("\U00100005", 1),
    ],
)
@pytest.mark.feature("TT01")
def test_cluster_takes_one_character_cell_and_keeps_its_text(text: str, cells: int) -> None:
    clusters = ClusterTable()
    shaped = Shaper(clusters).cells(text + "x")
    assert len(shaped) == cells + 1
    assert clusters.expand(shaped) == text + "x"
    for split in (False, True):
        terminal = Terminal(20, 3)
        for part in [bytes([byte]) for byte in text.encode()] if split else [text.encode()]:
            terminal.feed(part)
        assert terminal.cursor.x == cells
        assert terminal.buffer[0][0].data == text
        assert (terminal.rows[0].text[1] == STUB) == (cells == 2)


def test_overwriting_half_of_a_wide_character_blanks_the_other() -> None:
    terminal = Terminal(10, 2)
    terminal.feed("日本\x1b[1;2HX\x1b[1;3HY".encode())
    assert terminal.display[0] == " XY       "


def test_wide_character_does_not_fit_into_the_last_column() -> None:
    terminal = Terminal(5, 3)
    terminal.feed("abcd日".encode())
    assert terminal.display[:2] == ["abcd ", "日   "]
    assert terminal.rows[0].wrapped


@pytest.mark.parametrize("sizes", [(1000,), (1, 1, 1), (7, 2, 30)])
@pytest.mark.parametrize("base", ["Z", "日", "❤", "\u30ab"])
def test_a_pile_of_marks_keeps_its_first_ones_only(base: str, sizes: tuple[int, ...]) -> None:
    pile = "".join(chr(0x300 + number % 0x40) for number in range(100))
    data = (base + pile + "\ufe0f" * (base == "❤") + "x").encode()
    terminal = Terminal(20, 3)
    at = 0
    while at < len(data):
        for size in sizes:
            terminal.feed(data[at : at + size])
            at += size
    kept = base + pile[:MAX_MARKS] + "\ufe0f" * (base == "❤")
    assert terminal.display[0].rstrip() == kept + "x"
    assert terminal.cursor.x == (2 if base == "Z" else 3)
