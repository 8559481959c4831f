"""A popover is a rounded card with a shadow, above its button and inside of the screen."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from aether_desktop.widgets.popover import SHADOW_PX, Popover


def test_it_has_round_corners_and_a_shadow(qtbot: QtBot) -> None:
    popover = Popover()
    qtbot.addWidget(popover)
    popover.resize(300, 200)
    picture = popover.grab().toImage()
    assert picture.pixelColor(150, 100).alpha() == 255
    assert picture.pixelColor(SHADOW_PX, SHADOW_PX).alpha() < 200, "the corner is cut"
    assert 0 < picture.pixelColor(150, 200 - SHADOW_PX + 3).alpha() < 200, "below lies the shadow"
    assert picture.pixelColor(0, 0).alpha() < 30


def test_where_nobody_composes_the_screen_its_shadow_lies_over_the_window_behind_it(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    window.setStyleSheet("background: #ff8800")
    button = QWidget(window)
    button.setGeometry(300, 350, 100, 24)
    window.setGeometry(50, 50, 400, 400)
    window.show()
    popover = Popover(window)
    popover.resize(260, 160)
    popover.open_above(button)
    corner = popover.grab().toImage().pixelColor(SHADOW_PX, SHADOW_PX)
    assert corner.alpha() == 255 and corner.red() > 150 and corner.blue() < 60
    popover.close()


def test_its_card_ends_above_the_button_and_inside_of_the_screen(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    button = QWidget(window)
    button.setGeometry(200, 350, 100, 24)
    window.setGeometry(50, 50, 400, 400)
    window.show()
    popover = Popover(window)
    popover.resize(260, 160)
    popover.open_above(button)
    corner = button.mapToGlobal(QPoint(button.width(), 0))
    card = popover.geometry().adjusted(SHADOW_PX, SHADOW_PX, -SHADOW_PX, -SHADOW_PX)
    assert 0 < corner.y() - card.bottom() <= 6 and abs(card.right() + 1 - corner.x()) <= 1
    popover.resize(3_000, 160)
    popover.place()
    card = popover.geometry().adjusted(SHADOW_PX, SHADOW_PX, -SHADOW_PX, -SHADOW_PX)
    assert card.left() >= popover.screen().availableGeometry().left()
    QTest.keyClick(popover, Qt.Key.Key_Escape)
    assert not popover.isVisible()
