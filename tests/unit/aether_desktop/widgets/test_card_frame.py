"""A card is filled to its edge, with a line around it and nothing outside of its corners."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from aether_desktop.widgets.card_frame import paint_card


def test_a_card_has_its_fill_its_line_and_round_corners(qtbot: QtBot) -> None:
    widget = QWidget()
    qtbot.addWidget(widget)
    widget.resize(60, 40)
    image = QImage(widget.size(), QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.black)
    painter = QPainter(image)
    paint_card(painter, widget, "#102030", "#ff0000", 10)
    assert painter.testRenderHint(QPainter.RenderHint.Antialiasing)
    painter.end()
    assert image.pixelColor(30, 20).name() == "#102030"
    assert [image.pixelColor(*at).name() for at in ((30, 0), (30, 39), (0, 20), (59, 20))] == ["#ff0000"] * 4
    assert [image.pixelColor(*at).name() for at in ((0, 0), (59, 0), (0, 39), (59, 39))] == ["#000000"] * 4
