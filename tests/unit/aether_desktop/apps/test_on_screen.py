"""Whether somebody can see a widget."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication, QScrollArea, QVBoxLayout, QWidget
from shiboken6 import delete

from aether_desktop.apps.on_screen import on_screen

pytestmark = pytest.mark.usefixtures("qapp")


def shown() -> tuple[QWidget, QWidget]:
    """A window and a widget that fills it."""
    window, inner = QWidget(), QWidget()
    QVBoxLayout(window).addWidget(inner)
    QVBoxLayout(inner).addWidget(QWidget())
    window.resize(400, 300)
    window.show()
    QApplication.processEvents()
    return window, inner


def test_a_widget_in_an_open_window_shows_until_it_is_hidden_or_gone() -> None:
    window, inner = shown()
    assert on_screen(inner) and on_screen(window), "what lies in it is a part of it"
    window.hide()
    assert not on_screen(inner)
    window.show()
    window.showMinimized()
    QApplication.processEvents()
    assert not on_screen(inner)
    delete(window)
    assert not on_screen(inner)


def test_what_is_covered_does_not_show_and_what_looks_out_does() -> None:
    window, inner = shown()
    cover = QWidget(window)
    cover.setGeometry(window.rect())
    cover.show()
    assert not on_screen(inner)
    cover.resize(200, 300)
    assert on_screen(inner)
    delete(window)


def test_what_is_scrolled_away_does_not_show() -> None:
    area, page = QScrollArea(), QWidget()
    page.resize(200, 2000)
    child = QWidget(page)
    child.setGeometry(0, 0, 200, 100)
    area.setWidget(page)
    area.resize(220, 300)
    area.show()
    QApplication.processEvents()
    assert on_screen(child)
    area.verticalScrollBar().setValue(500)
    assert not on_screen(child)
    delete(area)
