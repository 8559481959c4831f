"""What an input method is composing shows on the grid, where it will be typed."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QObject, QRectF
from PySide6.QtGui import QImage, QInputMethodEvent, QPainter, QPaintEvent, QRegion
from PySide6.QtWidgets import QApplication

from aether_desktop.theme.tokens import DARK
from aether_desktop.widgets.terminal.atlas import TileAtlas
from aether_desktop.widgets.terminal.colours import Scheme
from aether_desktop.widgets.terminal.geometry import cell_geometry
from aether_desktop.widgets.terminal.glyphs import GlyphSource
from aether_desktop.widgets.terminal.preedit import MOST_CHARACTERS, Preedit
from tests.unit.aether_desktop.widgets.terminal.conftest import Rig, wait_for

pytestmark = pytest.mark.feature("TT02")
SCHEME = Scheme.of(DARK.terminal)
COLUMNS = 20


@pytest.fixture(scope="module")
def atlas(qapp_cls: type, qapp: object) -> TileAtlas:
    return TileAtlas(GlyphSource(cell_geometry(13, 1.0)))


def composed(atlas: TileAtlas, text: str, column: int) -> tuple[QImage, int, int]:
    """A line of COLUMNS cells with `text` composed in it; the first and the last of its cells, exclusive."""
    cell = atlas.geometry
    image = QImage(COLUMNS * cell.width, cell.height, QImage.Format.Format_RGB32)
    image.fill(0)
    painter = QPainter(image)
    cursor = QRectF(column * cell.width, 0, cell.width, cell.height)
    area = Preedit(atlas, SCHEME).paint(painter, text, cursor, QRectF(0, 0, image.width(), image.height()))
    painter.end()
    return image, round(area.left() / cell.width), round(area.right() / cell.width)


@pytest.mark.parametrize(
    ("text", "column", "first", "end"),
    [
        ("ni", 3, 3, 5),
        ("你好", 3, 3, 7),
        ("e\u0301👩\u200d👧", 0, 0, 3),
        ("你好", 16, 16, 20),
        ("你好", 18, 16, 20),
        ("你好世界", 19, 12, 20),
        ("", 5, 5, 6),
        ("\x1b[2J\x9b", 5, 5, 8),
        ("你好世界我們都是好朋友", 10, 0, 20),
        ("x" * 2 * MOST_CHARACTERS, 10, 0, 20),
    ],
)
def test_it_takes_the_cells_that_it_will_take_and_stays_in_its_line(atlas: TileAtlas, text: str, column: int, first: int, end: int) -> None:
    assert composed(atlas, text, column)[1:] == (first, end)


def test_of_what_is_longer_than_the_line_the_end_shows(atlas: TileAtlas) -> None:
    long, *_ = composed(atlas, "你好世界我們都是好朋友", 10)
    end, *_ = composed(atlas, "好世界我們都是好朋友", 0)
    assert long == end


def test_it_looks_as_it_will_when_it_is_typed(rig: Rig) -> None:
    rig.feed("before behind\x1b[1;8H")
    for text in ("ni", "你好"):
        QApplication.sendEvent(rig.view, QInputMethodEvent(text, []))
    while_composed = rig.view.grab().toImage()
    QApplication.sendEvent(rig.view, QInputMethodEvent("", []))
    rig.feed("你好")
    rig.view.refresh(patient=True)
    typed = rig.view.grab().toImage()
    cell = rig.view.grid.cell
    corner = rig.cell(7, 0)
    left, top = corner.x() - int(cell.logical_width / 2), corner.y() - int(cell.logical_height / 2)
    same = [
        while_composed.pixel(x, y) == typed.pixel(x, y)
        for x in range(left, left + 4 * int(cell.logical_width))
        for y in range(top, top + int(cell.logical_height) - 2)
    ]
    assert all(same)


class Painted(QObject):
    """The parts of a widget that are painted from now on."""

    def __init__(self) -> None:
        super().__init__()
        self.regions: list[QRegion] = []

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QPaintEvent):
            self.regions.append(event.region())
        return False


def test_it_goes_with_the_cursor_and_leaves_nothing_behind(rig: Rig) -> None:
    rig.feed("one\r\ntwo")
    QApplication.sendEvent(rig.view, QInputMethodEvent("composing", []))
    QApplication.processEvents()
    painted = Painted()
    rig.view.installEventFilter(painted)
    rig.feed("\x1b[6;1H")
    wait_for(lambda: bool(painted.regions))
    for column, line in ((8, 1), (11, 1), (0, 5), (8, 5)):
        assert any(region.contains(rig.cell(column, line)) for region in painted.regions), "what is left or comes is painted anew"
