"""A terminal's screen goes to the window and back: what the kernel's thread may still call is there."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QObject
from shiboken6 import isValid

from aether_desktop.bridge.terminal_feed import InProcessTerminalFeed
from kernel.term import Terminal

pytestmark = pytest.mark.usefixtures("qapp")


class Source:
    """A screen, as the kernel hands it over."""

    ended = False

    def __init__(self) -> None:
        self.terminal = Terminal(80, 24)
        self.released = False

    def release(self) -> None:
        self.released = True


class FakeThread:
    """A kernel's thread that does what it is asked when the test says so."""

    def __init__(self) -> None:
        self.asked: list[Callable[[], None]] = []
        self.kernel = self
        self.source = Source()
        self.on_readable: Callable[[], None] = lambda: None

    def call(self, function: Callable[[], None]) -> None:
        self.asked.append(function)

    def work(self) -> None:
        while self.asked:
            self.asked.pop(0)()

    def view_terminal(self, _tty_id: str, on_readable: Callable[[], None], _recent_bytes: int) -> Source:
        self.on_readable = on_readable
        return self.source


def delete_what_is_due() -> None:
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def test_it_is_there_until_the_kernel_has_let_go_of_it() -> None:
    parent, thread, told = QObject(), FakeThread(), []
    feed = InProcessTerminalFeed(thread, "tty_1", lambda: told.append(1), parent)  # type: ignore[arg-type] # all it uses of a thread
    thread.work()
    assert told and feed.terminal is thread.source.terminal
    feed.close()
    delete_what_is_due()
    assert isValid(feed), "the kernel may be about to wake it"
    thread.on_readable()
    thread.work()
    assert thread.source.released
    delete_what_is_due()
    assert not isValid(feed)
    assert len(told) == 1
    thread.on_readable()
    parent.deleteLater()


def test_the_whole_window_may_go_first() -> None:
    parent, thread = QObject(), FakeThread()
    feed = InProcessTerminalFeed(thread, "tty_1", lambda: None, parent)  # type: ignore[arg-type] # all it uses of a thread
    thread.work()
    parent.deleteLater()
    delete_what_is_due()
    assert not isValid(feed)
    thread.on_readable()
    feed.close()
    thread.work()
    assert thread.source.released
