"""Terminal views over a fake kernel: what is fed shows, what is typed is kept."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QObject, QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from aether_desktop.theme.manager import ThemeChoice, ThemeManager
from aether_desktop.widgets.terminal.factory import TerminalFactory
from aether_desktop.widgets.terminal.view import TerminalView
from tests.fakes.kernel_client import FakeKernelClient, FakeTerminalFeed


class Rig:
    """One view of one terminal."""

    def __init__(self, view: TerminalView, client: FakeKernelClient, factory: TerminalFactory) -> None:
        self.view = view
        self.client = client
        self.factory = factory
        self.typed = bytearray()

    @property
    def source(self) -> FakeTerminalFeed:
        return self.client.terminals["tty_1"]

    def feed(self, data: bytes | str) -> None:
        """Let the program print, and wait until it shows."""
        self.source.feed(data.encode() if isinstance(data, str) else data)
        wait_for(lambda: not self.view.session._schedule.busy)  # type: ignore[union-attr]
        QApplication.processEvents()

    def open_another(self) -> TerminalView:
        """A second view of the same terminal."""
        other = self.factory.view(interactive=True, parent=self.view)
        other.set_session(self.factory.open("tty_1"))
        return other

    def key(self, key: Qt.Key, held: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        """Press a key where the focus is."""
        QTest.keyClick(QApplication.focusWidget() or self.view, key, held)

    def settle(self) -> None:
        """Wait until the question that shows takes answers."""
        bar = self.view.parts.bars.bar
        assert bar is not None
        wait_for(lambda: bar.settled)

    def cell(self, column: int, line: int) -> QPoint:
        """The middle of a cell of the grid."""
        cell = self.view.grid.cell
        return QPoint(int(8 + (column + 0.5) * cell.logical_width), int(8 + (line + 0.5) * cell.logical_height))


def wait_for(condition: Callable[[], bool], timeout_s: float = 5.0) -> None:
    """Let Qt run until a condition holds."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "it never came to be"
        QTest.qWait(2)


@pytest.fixture
def theme(qapp: QApplication, tmp_path: Path) -> Iterator[ThemeManager]:
    manager = ThemeManager(qapp, ThemeChoice.DARK, reduced_motion=True, home=tmp_path)
    yield manager
    manager.setParent(None)


@pytest.fixture
def clipboard(qapp: QApplication) -> Iterator[None]:
    QGuiApplication.clipboard().clear()
    yield
    QGuiApplication.clipboard().clear()


def make_rig(
    qtbot: QtBot,
    *,
    interactive: bool = True,
    size: tuple[int, int] = (700, 400),
    prepare: Callable[[Rig], None] = lambda _: None,
) -> Rig:
    """A view of one terminal. prepare: called before the view has it."""
    client = FakeKernelClient()
    parent = QObject()
    factory = TerminalFactory(client, parent)
    view = factory.view(interactive=interactive)
    parent.setParent(view)
    qtbot.addWidget(view)
    rig = Rig(view, client, factory)
    view.resize(*size)
    view.show()
    session = factory.open("tty_1")
    session._client = client
    session.write = rig.typed.extend  # type: ignore[assignment, method-assign] # no loop runs to send it
    session._tasks = _NoTasks()  # type: ignore[assignment]
    prepare(rig)
    view.set_session(session)
    view.setFocus()
    view.activateWindow()
    QApplication.processEvents()
    return rig


class _NoTasks:
    """No loop runs in these tests: what would be sent is dropped."""

    def spawn(self, coroutine: object, *, name: str) -> None:
        coroutine.close()  # type: ignore[attr-defined]


@pytest.fixture
def rig(qtbot: QtBot, theme: ThemeManager, clipboard: None) -> Rig:
    """A terminal that somebody types in."""
    return make_rig(qtbot)


@pytest.fixture
def record(qtbot: QtBot, theme: ThemeManager, clipboard: None) -> Rig:
    """A terminal to be looked at."""
    return make_rig(qtbot, interactive=False)
