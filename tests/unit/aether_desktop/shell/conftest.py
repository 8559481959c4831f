"""A whole desktop with small apps in it, for tests that press keys and buttons."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QLineEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from aether_desktop.shell.app_registry import AppManifest, AppRegistry
from aether_desktop.shell.layout import LayoutStore, MemoryLayoutStore
from aether_desktop.shell.main_window import MainWindow
from aether_desktop.shell.status import ShellStatus, StatusFeed
from aether_desktop.theme.manager import ThemeChoice, ThemeManager

APPS = "tests.unit.aether_desktop.shell.small_apps"

MANIFESTS = (
    AppManifest("mission-control", "Mission Control", "agents", "#7c8cff", f"{APPS}:create", shortcut="Ctrl+1"),
    AppManifest("terminal", "Terminal", "terminal", "#3dd6c4", f"{APPS}:create", singleton=False),
    AppManifest("files", "Files", "files", "#6aa8ff", f"{APPS}:create", size=(700, 500)),
    AppManifest(
        "agent-vm", "Agent", "agent", "#b58cff", f"{APPS}:create", singleton=False, size=(1000, 700), in_dock=False
    ),
    AppManifest("broken", "Broken", "alert", "#ff6b7a", f"{APPS}:fail"),
    AppManifest("missing", "Missing", "alert", "#ff6b7a", "tests.unit.no_such_module:create"),
)


@pytest.fixture
def theme(qapp: QApplication, tmp_path: Path) -> Iterator[ThemeManager]:
    manager = ThemeManager(qapp, ThemeChoice.DARK, reduced_motion=True, home=tmp_path)
    yield manager
    manager.setParent(None)


@pytest.fixture
def status() -> StatusFeed:
    return StatusFeed(ShellStatus())


MakeDesktop = Callable[..., MainWindow]


@pytest.fixture
def make_desktop(theme: ThemeManager, status: StatusFeed, qtbot: QtBot) -> Iterator[MakeDesktop]:
    made: list[MainWindow] = []

    def make(store: LayoutStore | None = None, size: tuple[int, int] = (1400, 900)) -> MainWindow:
        window = MainWindow(
            AppRegistry(MANIFESTS),
            status,
            store or MemoryLayoutStore(),
            theme,
            lambda manifest, handle, arguments: (manifest, handle, arguments),
            logging.getLogger("test.shell"),
        )
        window.resize(*size)
        window.show()
        qtbot.waitExposed(window)
        window.activateWindow()
        qtbot.waitUntil(window.isActiveWindow)
        made.append(window)
        return window

    yield make
    for window in made:
        window.prepare_to_quit()
        window.close()
        window.deleteLater()
    QApplication.processEvents()


@pytest.fixture
def desktop(make_desktop: MakeDesktop) -> MainWindow:
    return make_desktop()


@pytest.fixture
def field() -> Callable[[], QWidget]:
    def make() -> QWidget:
        widget = QWidget()
        QVBoxLayout(widget).addWidget(QLineEdit())
        return widget

    return make
