"""The boot splash covers the desktop, says what is done, and goes."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from aether_desktop.shell.splash import BootSplash
from aether_desktop.theme.manager import ThemeManager


@pytest.mark.feature("DS10")
def test_it_covers_its_parent_and_shows_progress(qtbot: QtBot, theme: ThemeManager) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    parent.resize(800, 600)
    splash = BootSplash(parent)
    parent.show()
    qtbot.waitExposed(parent)
    before = splash.grab().toImage()
    splash.set_progress("Opening the store", 0.4)
    assert splash.message == "Opening the store"
    assert splash.accessibleDescription() == "Opening the store"
    assert splash.grab().toImage() != before
    parent.resize(900, 700)
    qtbot.waitUntil(lambda: splash.size() == parent.size())


@pytest.mark.feature("DS10")
def test_it_goes_and_deletes_itself(qtbot: QtBot, theme: ThemeManager) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    splash = BootSplash(parent)
    parent.show()
    seen: list[str] = []
    splash.finished.connect(lambda: seen.append("finished"))
    splash.destroyed.connect(lambda: seen.append("destroyed"))
    splash.finish()
    splash.finish()
    qtbot.waitUntil(lambda: "destroyed" in seen)
    assert seen == ["finished", "destroyed"]


def test_progress_never_goes_back(qtbot: QtBot, theme: ThemeManager) -> None:
    splash = BootSplash()
    qtbot.addWidget(splash)
    splash.set_progress("Starting the kernel", 0.7)
    full = splash.grab().toImage()
    splash.set_progress("Starting the kernel", 0.2)
    assert splash.grab().toImage() == full
    splash.close()
    QApplication.processEvents()
