"""What is around the cells of a terminal is painted again when it looks different, and only then."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QObject, QRect
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QApplication

from tests.unit.aether_desktop.widgets.terminal.conftest import Rig, wait_for

pytestmark = pytest.mark.feature("TT01")


class Painted(QObject):
    """Collects what a widget paints."""

    def __init__(self, rig: Rig) -> None:
        super().__init__(rig.view)
        self.rects: list[QRect] = []
        self._view = rig.view
        QApplication.processEvents()
        rig.view.installEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QPaintEvent):
            self.rects.append(event.rect())
        return False

    def all_of_it(self) -> bool:
        """Whether the next of what is painted is the whole widget."""
        wait_for(lambda: bool(self.rects))
        return self._view.rect() in self.rects


def test_a_new_line_does_not_paint_all(rig: Rig) -> None:
    rig.feed("one\r\n")
    painted = Painted(rig)
    rig.feed("two")
    assert not painted.all_of_it()


@pytest.mark.parametrize("font_px", [6, 30])
def test_zooming_leaves_nothing_of_the_old_cells_beside_the_new_ones(rig: Rig, font_px: int) -> None:
    rig.feed("word")
    painted = Painted(rig)
    rig.view.set_font_px(font_px)
    assert painted.all_of_it()


@pytest.mark.parametrize("sequence", ["\x1b]11;#203040\x07", "\x1b[?5h", "\x1b[?5h\x1b[?5l\x1b]11;rgb:ff/00/00\x07"])
def test_another_paper_is_painted_around_the_cells_too(rig: Rig, sequence: str) -> None:
    rig.feed("word")
    painted = Painted(rig)
    rig.feed(sequence)
    assert painted.all_of_it()
    image = rig.view.grab().toImage()
    assert image.pixel(2, 2) == image.pixel(image.width() // 2, image.height() // 2)
