"""The shadow's picture and the rounded mask fit together and stretch without a seam."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from aether_desktop.shell.window_shadow import CORNER_RADIUS_PX, WindowShadow, corner_mask, shadow_margins, shadow_patch
from aether_desktop.theme.tokens import DARK, LIGHT, Tokens

RADIUS = CORNER_RADIUS_PX
THEMES = pytest.mark.parametrize("tokens", [DARK, LIGHT], ids=["dark", "light"])


def test_the_mask_leaves_out_the_corners_and_nothing_else() -> None:
    mask = corner_mask(400, 300, RADIUS)
    for x, y in ((0, 0), (399, 0), (0, 299), (399, 299)):
        assert not mask.contains(QPoint(x, y))
    for x, y in ((200, 0), (200, 299), (0, 150), (399, 150), (RADIUS, RADIUS)):
        assert mask.contains(QPoint(x, y))
    outside = [
        (x, y)
        for x in range(RADIUS)
        for y in range(RADIUS)
        if mask.contains(QPoint(x, y)) and (RADIUS - x) ** 2 + (RADIUS - y) ** 2 > RADIUS**2
    ]
    assert outside == []


@THEMES
@pytest.mark.usefixtures("qapp")
def test_the_shadow_fades_outwards_to_nothing(tokens: Tokens) -> None:
    image = shadow_patch(tokens.name, 1.0).toImage()
    margins = shadow_margins(tokens)
    middle = image.width() // 2
    below = [image.pixelColor(middle, y).alpha() for y in range(image.height() - margins.bottom() + 2, image.height())]
    assert below == sorted(below, reverse=True)
    assert below[0] > 20
    assert below[-1] <= 3
    assert image.pixelColor(0, 0).alpha() == 0


@THEMES
@pytest.mark.usefixtures("qapp")
def test_the_picture_fills_what_the_mask_leaves_open(tokens: Tokens) -> None:
    image = shadow_patch(tokens.name, 1.0).toImage()
    margins = shadow_margins(tokens)
    # The pixel on the diagonal of a corner is half covered: neither bare shadow nor whole window.
    inset = round(RADIUS * (1 - 0.7071))
    for corner, surface in (
        (QPoint(margins.left() + inset, margins.top() + inset), tokens.surface1),
        (QPoint(margins.left() + inset, image.height() - margins.bottom() - 1 - inset), tokens.surface0),
    ):
        assert image.pixelColor(corner).alpha() > 100, surface


@THEMES
@pytest.mark.usefixtures("qapp")
def test_the_lower_corners_have_the_colour_of_what_stands_there(tokens: Tokens) -> None:
    plain, red = (shadow_patch(tokens.name, 1.0, floor).toImage() for floor in ("", "#ff0000"))
    margins = shadow_margins(tokens)
    lower = QPoint(margins.left() + 6, plain.height() - margins.bottom() - 1 - 6)
    assert plain.pixelColor(lower).name() == tokens.surface0
    assert red.pixelColor(lower).name() == "#ff0000"
    upper = margins.top() + RADIUS
    assert red.copy(0, 0, red.width(), upper) == plain.copy(0, 0, plain.width(), upper)


def test_a_large_window_has_even_sides(qtbot: QtBot) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    parent.resize(1200, 900)
    shadow = WindowShadow(parent)
    inner = parent.rect().adjusted(100, 100, -100, -100)
    shadow.surround(inner)
    parent.show()
    image = parent.grab().toImage()
    row = [image.pixelColor(x, inner.bottom() + 10).blue() for x in range(inner.left() + 200, inner.right() - 200)]
    column = [image.pixelColor(inner.left() - 8, y).blue() for y in range(inner.top() + 200, inner.bottom() - 200)]
    assert max(row) - min(row) <= 1
    assert max(column) - min(column) <= 1
