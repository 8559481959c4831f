"""Letters can be read on their paper, whatever pair of palette colours a program chose."""

from __future__ import annotations

import itertools

import pytest

from aether_desktop.theme.tokens import contrast
from aether_desktop.widgets.terminal.atlas import TileAtlas
from aether_desktop.widgets.terminal.box_drawing import is_shape
from aether_desktop.widgets.terminal.colours import LEAST_CONTRAST, readable
from aether_desktop.widgets.terminal.geometry import cell_geometry
from aether_desktop.widgets.terminal.glyphs import GlyphSource
from aether_desktop.widgets.terminal.painter import ScreenPainter
from aether_desktop.widgets.terminal.schemes import SCHEMES
from aether_desktop.widgets.terminal.styles import Style, StyleTable, TerminalStyles
from kernel.term import Terminal

TOKYO = SCHEMES["Tokyo Night"]


def ratio(ink: int, paper: int) -> float:
    return contrast(f"#{ink:06x}", f"#{paper:06x}")


def style(data: str) -> Style:
    """The look of the first cell."""
    terminal = Terminal(4, 1)
    terminal.feed(data.encode() + b"x")
    return TerminalStyles(StyleTable(), TOKYO).style_of(terminal, terminal.attributes[ord(terminal.rows[0].attrs[0])])


@pytest.mark.feature("TT06")
@pytest.mark.parametrize("name", sorted(SCHEMES))
def test_every_pair_of_a_scheme_can_be_read(name: str) -> None:
    scheme = SCHEMES[name]
    colours = {scheme.foreground, scheme.background, *scheme.ansi}
    for ink, paper in itertools.permutations(colours, 2):
        letters = readable(ink, paper)
        assert ratio(letters, paper) >= LEAST_CONTRAST - 0.01, (hex(ink), hex(paper))
        if ratio(ink, paper) >= LEAST_CONTRAST:
            assert letters == ink


@pytest.mark.feature("TT06")
def test_a_panel_of_pale_letters_on_pale_blue_is_read() -> None:
    look = style("\x1b[37;44m")
    assert look.paper == TOKYO.ansi[4]
    assert ratio(look.ink, look.paper) >= 4.4
    assert look.shapes == TOKYO.ansi[7], "blocks and arrows keep the program's colour"


@pytest.mark.feature("TT06")
def test_two_colours_that_are_one_in_the_scheme_do_not_hide_text() -> None:
    assert TOKYO.foreground == TOKYO.ansi[15]
    for data in ("\x1b[107m", "\x1b[48;5;15m", "\x1b[7;38;5;15;40m", "\x1b[97;7m\x1b[49m"):
        look = style(data)
        assert ratio(look.ink, look.paper) >= LEAST_CONTRAST - 0.01, data


def test_what_is_well_chosen_hidden_or_exact_stays() -> None:
    assert style("\x1b[31m") == Style(TOKYO.ansi[1], TOKYO.background)
    assert style("\x1b[8;37;44m") == Style(TOKYO.ansi[4], TOKYO.ansi[4])
    assert style("\x1b[34;44m") == Style(TOKYO.ansi[4], TOKYO.ansi[4])
    assert style("\x1b[38;2;20;20;20;48;2;24;24;24m") == Style(0x141414, 0x181818)
    assert ratio(style("\x1b[38;5;244;48;5;250m").ink, 0xBCBCBC) >= LEAST_CONTRAST - 0.01
    assert ratio(style("\x1b[90m").ink, TOKYO.background) >= LEAST_CONTRAST - 0.01
    assert ratio(style("\x1b[7;37;44m").ink, TOKYO.ansi[7]) >= LEAST_CONTRAST


@pytest.mark.usefixtures("qapp")
def test_the_arrows_of_a_prompt_meet_their_neighbours_and_letters_are_dark() -> None:
    atlas = TileAtlas(GlyphSource(cell_geometry(13, 1.0)))
    terminal = Terminal(4, 1)
    terminal.feed("\x1b[34;42m█\x1b[37;44mM".encode())
    painter = ScreenPainter(atlas, TOKYO)
    painter.paint(terminal, list(terminal.rows), patient=True)
    cell = atlas.geometry
    seen = [
        {painter.image.pixel(x, y) & 0xFFFFFF for x in range(at * cell.width, (at + 1) * cell.width) for y in range(cell.height)}
        for at in range(2)
    ]
    assert seen[0] == {TOKYO.ansi[4]}
    assert max(ratio(colour, TOKYO.ansi[4]) for colour in seen[1]) > LEAST_CONTRAST


def test_lines_are_letters_and_blocks_are_shapes() -> None:
    assert [char for char in "A─│╬█▀⣿\ue0b0\U0001fb00é" if is_shape(char)] == ["█", "▀", "⣿", "\ue0b0", "\U0001fb00"]
