"""What is selected or found is seen to be, whatever colours its cells have."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from aether_desktop.theme.tokens import DARK, LIGHT
from aether_desktop.widgets.terminal.colours import Scheme, mix
from aether_desktop.widgets.terminal.schemes import SCHEMES
from aether_desktop.widgets.terminal.shades import LEAST_CHANGE, over_paper, shaded
from kernel.term.selection import Position
from tests.unit.aether_desktop.widgets.terminal.conftest import Rig

pytestmark = pytest.mark.feature("TT02")
LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


def change(first: int, second: int) -> int:
    return max(abs((first >> shift & 255) - (second >> shift & 255)) for shift in (16, 8, 0))


@pytest.mark.parametrize("name", [*SCHEMES, "dark", "light"])
def test_a_selection_shows_on_every_paper_of_every_scheme(name: str) -> None:
    scheme = SCHEMES[name] if name in SCHEMES else Scheme.of((DARK if name == "dark" else LIGHT).terminal)
    cube = [red << 16 | green << 8 | blue for red in range(0, 256, 51) for green in range(0, 256, 51) for blue in range(0, 256, 51)]
    least = min(LEAST_CHANGE, change(scheme.background, shaded(scheme.background, scheme.selection, scheme)))
    assert over_paper(scheme.background, scheme.selection, scheme) is None, "letters on the scheme's background keep their contrast"
    for paper in {*cube, *scheme.ansi, scheme.foreground, *(grey * 0x010101 for grey in range(0, 256, 5))}:
        over = over_paper(paper, scheme.selection, scheme)
        now = shaded(paper, scheme.selection, scheme)
        assert (over is None) == (change(paper, now) >= least)
        if over is not None:
            assert change(paper, mix(over, now, 0.45)) >= 24, f"{paper:06x}"


def test_a_selection_is_painted_while_others_clear_what_the_views_share(rig: Rig) -> None:
    rig.feed("\x1b[44mblue\x1b[45mother\x1b[m plain")
    rig.view.selecting.begin(Position(0, 3), clicks=3, block=False)
    rig.view.selecting.finish()
    before = rig.view.grab().toImage()
    rig.view._painter._atlas._clear()
    assert rig.view.grab().toImage() == before


@pytest.mark.parametrize("look", ["44", "7", "48;2;255;255;255", "107", "48;5;33", "7;31", "0"])
def test_selected_cells_look_otherwise_than_the_same_beside_them(rig: Rig, look: str) -> None:
    rig.feed(f"\x1b[{look}m" + " " * 20 + "\x1b[m\r\n")
    rig.view.refresh(patient=True)
    before = rig.view.grab().toImage()
    QTest.mousePress(rig.view, LEFT, NONE, rig.cell(2, 0))
    QTest.mouseMove(rig.view, rig.cell(9, 0))
    QTest.mouseRelease(rig.view, LEFT, NONE, rig.cell(9, 0))
    after = rig.view.grab().toImage()
    for column in range(20):
        place: QPoint = rig.cell(column, 0)
        seen = change(before.pixel(place), after.pixel(place))
        assert seen >= 24 if 2 < column < 9 else seen == 0 or column in (2, 9), column
