"""Colours as X11 writes them."""

from __future__ import annotations

import pytest

from kernel.term.palette import format_colour, parse_colour, xterm_colour


@pytest.mark.parametrize(
    ("text", "colour"),
    [
        ("#abc", 0xA0B0C0),
        ("#aabbcc", 0xAABBCC),
        ("#aaabbbccc", 0xAABBCC),
        ("#aabbccddeeff", 0xAACCEE),
        ("rgb:f/80/0000", 0xFF8000),
        ("rgbi:0.5/0.5/0.5", 0xC1BBBB),
        ("CIEXYZ:0.5/0.5/0.5", 0xDDB5A0),
        ("CIEuvY:0.3/0.4/0.2", 0xD74A97),
        ("CIExyY:0.3/0.4/0.2", 0x748A60),
        ("CIExyY:0.3/0/0.2", None),
        ("red", 0xFF0000),
        ("#ab", None),
        ("rgb:1/2", None),
        ("nonsense", None),
    ],
)
def test_parse(text: str, colour: int | None) -> None:
    assert parse_colour(text) == colour


def test_format_and_standard_palette() -> None:
    assert format_colour(0x0A80FF) == "rgb:0a0a/8080/ffff"
    assert [xterm_colour(index) for index in (1, 16, 21, 231, 232, 255)] == [
        0xCD0000, 0x000000, 0x0000FF, 0xFFFFFF, 0x080808, 0xEEEEEE,
    ]  # fmt: skip
