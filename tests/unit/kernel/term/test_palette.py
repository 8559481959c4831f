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
        ("CIExyY:0.3/0/0.2", 0xD500CA),
        ("red", 0xFF0000),
        ("Light Blue", 0xADD8E6),
        ("DarkOliveGreen3", 0xA2CD5A),
        ("grey50", 0x7F7F7F),
        ("RGB:f/80/0000", 0xFF8000),
        ("RGBi:+.5/5e-1/.5", 0xC1BBBB),
        ("rgbi:-1/0/1e-9", 0x00000E),
        ("CIEXYZ:1/1/1", 0xFFFFFF),
        ("CIEuvY:.5/.5/.5", 0xFFA3AE),
        ("CIExyY:.5/.5/.5", 0xF7B30E),
        ("CIELab:1/1/1", 0x6C6767),
        ("CIELab:50/.02/.03", 0x897C79),
        ("CIELuv:1/1/1", 0x16140E),
        ("CIELuv:60/.3/.2", 0xBD8A7F),
        ("TekHVC:1/1/1", 0x1A130F),
        ("TekHVC:40/50/10", 0x937A72),
        ("TekHVC:50/50/1000", 0xAE7500),
        ("CIEXYZ:.5/1.5/.5", None),
        ("TekHVC:40/110/10", None),
        ("CIELab:101/0/0", None),
        ("CIExyY:-.1/.5/.5", None),
        ("CIEXYZ:1e30/1/1", None),
        ("CIEXYZ:0/0/0", 0x000000),
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
