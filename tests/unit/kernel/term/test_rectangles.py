"""DECFRA and DECCARA with parameters that are rare."""

from __future__ import annotations

import pytest

from kernel.term import Terminal


@pytest.mark.feature("TT01")
@pytest.mark.parametrize(
    ("code", "filled"),
    [(0x20AC, "€"), (0xE9, "é"), (0xE0A0, "\ue0a0"), *[(code, "") for code in (7, 0x80, 0x301, 0x200B, 0x65E5, 0xD800, 0xFFFF)]],
)
def test_a_rectangle_is_filled_with_characters_of_one_cell(code: int, filled: str) -> None:
    terminal = Terminal(20, 3)
    terminal.feed(f"\x1b[{code};1;1;2;3$x".encode())
    assert [line.rstrip(" ") for line in terminal.display] == [filled * 3, filled * 3, ""]


@pytest.mark.feature("TT01")
@pytest.mark.parametrize(
    ("parameters", "style", "bold"),
    [("1;1;3;5;", 1, False), ("1;1;3;5", 1, False), ("1;1;3;5;0", 0, False), (";;;;;1", 1, True), ("1;1;3;5;1;", 1, True)],
)
def test_a_rendition_that_was_left_out_changes_nothing(parameters: str, style: int, bold: bool) -> None:
    terminal = Terminal(20, 3)
    terminal.feed(f"\x1b[4mabc\x1b[m\x1b[2*x\x1b[{parameters}$r".encode())
    attributes = terminal.attributes[terminal.rows[0].attrs[0]]
    assert (attributes.ul_style, attributes.bold) == (style, bold)
