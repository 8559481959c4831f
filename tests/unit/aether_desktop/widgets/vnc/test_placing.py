"""Where a remote screen lies in a widget."""

from __future__ import annotations

import pytest

from aether_desktop.widgets.vnc.placing import Placing
from kernel.rfb.framebuffer import Rect

SCREEN = (1280, 800)


@pytest.mark.feature("VN03")
@pytest.mark.parametrize(
    ("widget", "scale", "left", "top"),
    [
        ((1280, 800), 1.0, 0, 0),
        ((1400, 900), 1.0, 60, 50),  # it is not blown up
        ((640, 800), 0.5, 0, 200),
        ((1280, 400), 0.5, 320, 0),
        ((128, 80), 0.1, 0, 0),
    ],
)
def test_it_is_whole_in_the_middle_and_keeps_its_proportions(
    widget: tuple[int, int], scale: float, left: int, top: int
) -> None:
    placing = Placing.of(SCREEN, widget)
    assert (placing.scale, placing.left, placing.top) == (pytest.approx(scale), left, top)


@pytest.mark.parametrize("widget", [(1, 1), (1, 900), (2000, 1)])
def test_there_may_be_no_room_at_all(widget: tuple[int, int]) -> None:
    placing = Placing.of(SCREEN, widget)
    assert placing.scale > 0
    column, row = placing.pixel(0, 0)
    assert 0 <= column < 1280 and 0 <= row < 800


@pytest.mark.parametrize("size", [(1, 1), (1, 32_000), (32_000, 1)])
def test_a_screen_may_have_any_size(size: tuple[int, int]) -> None:
    placing = Placing.of(size, (300, 200))
    assert 0 < placing.scale <= 1
    assert placing.pixel(1e6, 1e6) == (size[0] - 1, size[1] - 1)


def test_a_part_is_shown_where_its_pixels_are() -> None:
    assert Placing.of(SCREEN, (1400, 900)).shown(Rect(10, 20, 30, 40)) == Rect(70, 70, 30, 40)


@pytest.mark.parametrize("widget", [(896, 560), (500, 700), (1000, 333), (97, 61)])
@pytest.mark.parametrize("part", [Rect(0, 0, 1, 1), Rect(7, 11, 13, 17), Rect(1279, 799, 1, 1), Rect(0, 0, *SCREEN)])
def test_a_part_that_is_made_smaller_covers_every_pixel_that_it_touches(widget: tuple[int, int], part: Rect) -> None:
    placing = Placing.of(SCREEN, widget)
    shown = placing.shown(part)
    assert shown.x < placing.left + part.x * placing.scale
    assert shown.y < placing.top + part.y * placing.scale
    assert shown.x + shown.width > placing.left + (part.x + part.width) * placing.scale
    assert shown.y + shown.height > placing.top + (part.y + part.height) * placing.scale
    assert shown.width <= part.width * placing.scale + 4 and shown.height <= part.height * placing.scale + 4


@pytest.mark.feature("VN03")
@pytest.mark.parametrize(
    ("point", "pixel"),
    [
        ((0, 200), (0, 0)),
        ((639.9, 599.9), (1279, 799)),
        ((320, 400), (640, 400)),
        ((320.5, 400.5), (641, 401)),
        ((-50, 0), (0, 0)),
        ((5000, 5000), (1279, 799)),
    ],
)
def test_a_point_is_the_nearest_pixel(point: tuple[float, float], pixel: tuple[int, int]) -> None:
    assert Placing.of(SCREEN, (640, 800)).pixel(*point) == pixel


@pytest.mark.parametrize(
    ("point", "over"), [((0, 200), True), ((639.9, 599.9), True), ((320, 199.9), False), ((320, 600), False), ((-0.1, 300), False)]
)
def test_what_is_beside_the_screen_is_told_from_it(point: tuple[float, float], over: bool) -> None:
    assert Placing.of(SCREEN, (640, 800)).contains(*point) is over
