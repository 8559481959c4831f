"""The browser over real files, with real keys and clicks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from shiboken6 import isValid

from aether_desktop.theme.manager import ThemeChoice, ThemeManager
from aether_desktop.widgets.file_browser import FilesView
from aether_desktop.widgets.notice import Notice
from aether_desktop.widgets.sheet import Sheet
from tests.fakes.files import serve_files
from tests.fakes.kernel_client import FakeKernelClient
from tests.unit.aether_desktop.apps.conftest import wait_until

HOME = "/home/agent_7"


class Browser:
    """A browser in a window, and hands."""

    def __init__(self, client: FakeKernelClient, root: Path, *, top: str = "/", start: str = HOME, editable: bool = True) -> None:
        self.client = client
        self.root = root
        self.home = root / HOME[1:]
        self.notices: list[Notice] = []
        self.actions: list[Callable[[], None] | None] = []
        self.view = FilesView(client, top, notify=self._notify, start=start, editable=editable)
        self.view.resize(900, 600)
        self.view.show()
        self.view.activateWindow()
        self.view.setFocus()

    def _notify(self, notice: Notice, on_action: Callable[[], None] | None = None) -> None:
        self.notices.append(notice)
        self.actions.append(on_action)

    @property
    def names(self) -> list[str]:
        model = self.view.model
        return [entry.name for row in range(model.rowCount()) if (entry := model.entry(row)) is not None]

    @property
    def selected(self) -> list[str]:
        return [entry.name for entry in self.view.table.selected()]

    @property
    def sheet(self) -> Sheet:
        return next(sheet for sheet in self.view.findChildren(Sheet) if sheet.isVisible())

    def has_sheet(self) -> bool:
        return any(sheet.isVisible() for sheet in self.view.findChildren(Sheet))

    def press(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        target = QApplication.focusWidget()
        assert target is not None
        QTest.keyClick(target, key, modifiers)

    def type(self, text: str) -> None:
        target = QApplication.focusWidget()
        assert target is not None
        QTest.keyClicks(target, text)

    def select(self, *names: str) -> None:
        self.view.table.setFocus()
        self.view.table.select(names)
        assert self.selected

    def click(self, target: QWidget) -> None:
        QTest.mouseClick(target, Qt.MouseButton.LeftButton)

    async def until(self, condition: Callable[[], bool]) -> None:
        await wait_until(condition)

    async def shows(self, *names: str) -> None:
        await wait_until(lambda: self.names == list(names))


@pytest.fixture
def theme(qapp: QApplication, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ThemeManager]:
    manager = ThemeManager(qapp, ThemeChoice.DARK, reduced_motion=True, home=tmp_path_factory.mktemp("person"))
    yield manager
    manager.setParent(None)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path


MakeBrowser = Callable[..., Browser]


@pytest.fixture
async def make_browser(theme: ThemeManager, root: Path) -> Iterator[MakeBrowser]:
    made: list[Browser] = []
    client = FakeKernelClient()
    serve_files(client, root)

    def make(**arguments: object) -> Browser:
        browser = Browser(client, root, **arguments)  # type: ignore[arg-type] # as the test says
        made.append(browser)
        return browser

    yield make
    QGuiApplication.clipboard().clear()
    for browser in made:
        if isValid(browser.view):
            browser.view.close()
            browser.view.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
async def browser(make_browser: MakeBrowser, root: Path) -> Browser:
    """A home with a folder, two texts and a hidden file."""
    home = root / HOME[1:]
    (home / "Projects").mkdir()
    (home / "Projects" / "deep.txt").write_text("deep")
    (home / "notes.txt").write_text("one\ntwo\n")
    (home / "todo.md").write_text("- nothing\n")
    (home / ".profile").write_text("hidden")
    made = make_browser()
    await made.shows("Projects", "notes.txt", "todo.md")
    return made
