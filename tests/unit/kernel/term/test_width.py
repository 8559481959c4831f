"""Widths agree with the wcwidth package; clusters share a cell."""

from __future__ import annotations

import random

import pytest
from wcwidth import wcwidth

from kernel.term import STUB, Terminal
from kernel.term.clusters import ClusterTable
from kernel.term.width import Shaper, cluster_width, is_mark

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
        ("1\ufe0f\u20e3", 1),
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
