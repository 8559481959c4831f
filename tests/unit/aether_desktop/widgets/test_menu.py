"""A menu has round corners, also on a screen that nobody composes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication, QMenu, QWidget
from pytestqt.qtbot import QtBot

from aether_desktop.theme.manager import ThemeChoice, ThemeManager
from aether_desktop.widgets.menu import new_menu


@pytest.fixture(autouse=True)
def theme(qapp: QApplication, tmp_path: Path) -> Iterator[ThemeManager]:
    manager = ThemeManager(qapp, ThemeChoice.DARK, reduced_motion=True, home=tmp_path)
    yield manager
    manager.setParent(None)


def corners(menu: QMenu) -> list[QColor]:
    picture = menu.grab().toImage()
    right, bottom = picture.width() - 1, picture.height() - 1
    return [picture.pixelColor(x, y) for x in (0, right) for y in (0, bottom)]


def test_its_corners_show_the_window_behind_them(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    window.setObjectName("behind")
    window.setStyleSheet("#behind { background: #ff8800; }")
    window.setGeometry(50, 50, 500, 400)
    window.show()
    menu = new_menu(window)
    menu.addAction("One thing")
    below = new_menu(menu, "More")
    below.addAction("Another")
    menu.addMenu(below)
    for each, place in ((menu, QPoint(40, 40)), (below, QPoint(200, 60))):
        each.popup(window.mapToGlobal(place))
        assert {colour.name() for colour in corners(each)} == {"#ff8800"}
        assert each.grab().toImage().pixelColor(each.rect().center()).name() != "#ff8800"
    below.close()
    menu.close()


def test_beside_the_window_nothing_is_shown_of_what_lies_there(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    window.setGeometry(50, 50, 60, 60)
    window.show()
    menu = new_menu(window)
    menu.addAction("A line that is wider than its window")
    menu.popup(window.mapToGlobal(QPoint(70, 70)))
    assert all(colour.alpha() == 0 for colour in corners(menu))
    menu.close()
