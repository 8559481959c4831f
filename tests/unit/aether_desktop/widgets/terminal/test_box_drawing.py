"""Characters that are drawn to the cell's grid."""

from __future__ import annotations

import numpy as np
import pytest

from aether_desktop.widgets.terminal.box_drawing import DOUBLE, HEAVY, LIGHT, Arms, arms_of, box_mask

pytestmark = pytest.mark.feature("TT01")
SIZES = [(8, 18), (9, 19), (7, 15), (16, 36), (1, 1), (3, 5)]
DRAWN = [*range(0x23BA, 0x23BE), *range(0x2500, 0x25A0), *range(0x2800, 0x2900), *range(0x1FB00, 0x1FB3C), *range(0xE0B0, 0xE0B4)]


def test_arms_are_read_from_names() -> None:
    assert arms_of("LIGHT HORIZONTAL") == Arms(LIGHT, LIGHT)
    assert arms_of("DOWN LIGHT AND RIGHT HEAVY") == Arms(right=HEAVY, down=LIGHT)
    assert arms_of("HEAVY VERTICAL AND RIGHT") == Arms(right=HEAVY, up=HEAVY, down=HEAVY)
    assert arms_of("UP SINGLE AND HORIZONTAL DOUBLE") == Arms(DOUBLE, DOUBLE, up=LIGHT)
    assert arms_of("RIGHT LIGHT AND LEFT DOWN HEAVY") == Arms(left=HEAVY, right=LIGHT, down=HEAVY)


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_every_character_is_drawn_in_every_size(width: int, height: int) -> None:
    for code in DRAWN:
        mask = box_mask(chr(code), width, height)
        assert mask is not None, hex(code)
        assert mask.shape == (height, width)
        assert mask.dtype == np.uint8
        if code != 0x2800 and width > 3:
            assert mask.any(), hex(code)


@pytest.mark.parametrize(("width", "height"), SIZES[:4])
def test_arms_reach_exactly_the_edges_that_they_name(width: int, height: int) -> None:
    import unicodedata

    for code in range(0x2500, 0x2580):
        name = unicodedata.name(chr(code)).removeprefix("BOX DRAWINGS ")
        if "DIAGONAL" in name or "DASH" in name:
            continue
        mask = box_mask(chr(code), width, height)
        assert mask is not None
        arms = arms_of(name.replace("ARC ", ""))
        edges = (mask[:, 0], mask[:, -1], mask[0], mask[-1])
        for arm, edge in zip(arms, edges, strict=True):
            assert bool((edge > 127).any()) == bool(arm), (chr(code), arms)


@pytest.mark.parametrize(("width", "height"), SIZES[:4])
def test_the_same_line_of_two_characters_is_at_the_same_place(width: int, height: int) -> None:
    def edge(character: str, side: int) -> list[int]:
        mask = box_mask(character, width, height)
        assert mask is not None
        return np.flatnonzero(mask[:, side] > 127).tolist()

    for left, right in (
        ("─", "┐"),
        ("┌", "─"),
        ("├", "┤"),
        ("═", "╗"),
        ("╔", "╦"),
        ("━", "┓"),
        ("╠", "╣"),
        ("╭", "─"),
        ("─", "╮"),
    ):
        assert edge(left, -1) == edge(right, 0), (left, right)


def test_blocks_shades_and_halves() -> None:
    def share(character: str) -> float:
        mask = box_mask(character, 8, 16)
        assert mask is not None
        return float(mask.mean() / 255)

    assert share("█") == 1
    assert share("▀") == share("▄") == share("▌") == share("▐") == 0.5
    assert [round(share(chr(0x2581 + n)) * 8) for n in range(8)] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert share("▖") == 0.25
    assert share("▛") == 0.75
    assert share("░") < share("▒") < share("▓")
    assert share("⣿") > share("⠁") > share("⠀") == 0


@pytest.mark.parametrize(("width", "height"), [*SIZES, (5, 9), (24, 54), (2, 40), (40, 4)])
def test_scan_lines_are_light_lines_from_edge_to_edge_evenly_around_the_middle(width: int, height: int) -> None:
    rows = []
    for character in "⎺⎻─⎼⎽":
        mask = box_mask(character, width, height)
        assert mask is not None
        assert (mask == mask[:, :1]).all()
        rows.append(np.flatnonzero(mask[:, 0] == 255).tolist())
    middle = rows[2]
    assert [len(row) for row in rows] == [len(middle)] * 5
    shifts = [row[0] - middle[0] for row in rows]
    assert shifts == sorted(shifts)
    if height >= 9 and width < height:
        assert shifts == [round(height * lines / 9) for lines in (-4, -2, 0, 2, 4)]
        assert len(set(shifts)) == 5


def test_others_are_left_to_the_font() -> None:
    for character in ("a", "日", "🎉", "\ue0b4", " ", "\u23b9", "\u23be"):
        assert box_mask(character, 8, 16) is None
