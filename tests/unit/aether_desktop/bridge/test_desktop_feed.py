"""A desktop's picture goes to the window, mouse and keys go back: all of the viewer's loop is asked on the kernel's thread."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QObject
from shiboken6 import isValid

from aether_desktop.bridge.desktop_feed import InProcessDesktopFeed
from kernel.errors import AetherError, NotFoundError
from kernel.rfb.framebuffer import Cursor, Framebuffer, Rect

pytestmark = [pytest.mark.usefixtures("qapp"), pytest.mark.feature("VN03")]


class FakeViewer:
    """What the kernel hands over; keeps what it was told."""

    def __init__(self) -> None:
        self.picture: Framebuffer | None = Framebuffer.black(4, 3)
        self.cursor: Cursor | None = None
        self.problem = ""
        self.ended = False
        self.told: list[tuple[object, ...]] = []

    def take_damage(self) -> tuple[Rect, ...]:
        self.told.append(("taken",))
        return (Rect(0, 0, 4, 3),)

    def set_watched(self, watched: bool) -> None:
        self.told.append(("watched", watched))

    def point(self, x: int, y: int, buttons: int) -> None:
        self.told.append((x, y, buttons))

    def press(self, keysym: int, down: bool) -> None:
        self.told.append((keysym, down))

    def close(self) -> None:
        self.told.append(("closed",))


class FakeThread:
    """A kernel's thread that does what it is asked when the test says so."""

    def __init__(self, failure: AetherError | None = None) -> None:
        self.asked: list[Callable[[], None]] = []
        self.kernel = self
        self.viewer = FakeViewer()
        self.viewed: list[int] = []
        self.on_changed: Callable[[], None] = lambda: None
        self._failure = failure

    def call(self, function: Callable[[], None]) -> None:
        self.asked.append(function)

    def work(self) -> None:
        while self.asked:
            self.asked.pop(0)()

    def view_desktop(self, pid: int, on_changed: Callable[[], None]) -> FakeViewer:
        self.viewed.append(pid)
        if self._failure is not None:
            raise self._failure
        self.on_changed = on_changed
        return self.viewer


class Rig:
    """A feed over a fake thread; ``news`` counts what the window was told."""

    def __init__(self, failure: AetherError | None = None) -> None:
        self.parent = QObject()
        self.thread = FakeThread(failure)
        self.news = 0
        self.feed = InProcessDesktopFeed(self.thread, 7, self._count, self.parent)  # type: ignore[arg-type] # all it uses of a thread

    def _count(self) -> None:
        self.news += 1


def delete_what_is_due() -> None:
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def test_what_the_viewer_has_is_what_the_window_sees() -> None:
    rig = Rig()
    feed, viewer = rig.feed, rig.thread.viewer
    assert (feed.picture, feed.cursor, feed.problem, feed.ended, feed.take_damage()) == (None, None, "", False, ())
    rig.thread.work()
    viewer.cursor = Cursor(0, 0, 0, 0, b"")
    viewer.problem, viewer.ended = "It has ended.", True
    assert feed.picture is viewer.picture and feed.cursor is viewer.cursor
    assert (feed.problem, feed.ended, rig.thread.viewed) == ("It has ended.", True, [7])
    assert feed.take_damage() == (Rect(0, 0, 4, 3),)


def test_the_window_is_told_of_changes() -> None:
    rig = Rig()
    rig.thread.work()
    news = rig.news
    rig.thread.on_changed()
    assert rig.news == news + 1


def test_a_viewer_that_has_its_problem_at_once_tells_it() -> None:
    rig = Rig()
    rig.thread.viewer.problem, rig.thread.viewer.ended = "The agent has ended.", True
    rig.thread.work()
    assert rig.news == 1 and rig.feed.ended


def test_a_desktop_that_cannot_be_viewed_is_a_problem() -> None:
    rig = Rig(NotFoundError("There is no agent 7."))
    rig.thread.work()
    assert rig.news == 1 and rig.feed.problem == "There is no agent 7."
    rig.feed.press(0x61, True)
    rig.feed.set_watched(False)
    rig.feed.close()
    rig.thread.work()


def test_mouse_and_keys_go_to_the_kernels_thread_in_their_order() -> None:
    rig = Rig()
    rig.feed.point(1, 2, 1)
    rig.thread.work()
    rig.feed.press(0x61, True)
    rig.feed.point(3, 4, 0)
    rig.feed.press(0x61, False)
    assert rig.thread.viewer.told == [(1, 2, 1)], "nothing but that thread touches the viewer"
    rig.thread.work()
    assert rig.thread.viewer.told == [(1, 2, 1), (0x61, True), (3, 4, 0), (0x61, False)]


@pytest.mark.parametrize("before", [True, False])
def test_the_viewer_knows_whether_anybody_looks(before: bool) -> None:
    rig = Rig()
    if not before:
        rig.thread.work()
    rig.feed.set_watched(True)
    assert len(rig.thread.asked) == int(before), "it knew"
    rig.feed.set_watched(False)
    rig.thread.work()
    assert set(rig.thread.viewer.told) == {("watched", False)}
    rig.feed.set_watched(True)
    rig.thread.work()
    assert rig.thread.viewer.told[-1] == ("watched", True)


def test_it_is_there_until_the_kernel_has_let_go_of_it() -> None:
    rig = Rig()
    feed = rig.feed
    rig.thread.work()
    news = rig.news
    feed.press(0x61, True)
    feed.close()
    feed.close()
    delete_what_is_due()
    assert isValid(feed), "the kernel may be about to wake it"
    rig.thread.on_changed()
    assert feed.take_damage() == () and rig.news == news
    rig.thread.work()
    assert rig.thread.viewer.told == [("closed",)], "a closed window types nothing"
    delete_what_is_due()
    assert not isValid(feed)
    rig.thread.on_changed()


def test_a_desktop_that_nobody_looks_at_any_more_is_not_viewed() -> None:
    rig = Rig()
    rig.feed.close()
    rig.thread.work()
    assert rig.thread.viewed == []


def test_the_whole_window_may_go_first() -> None:
    rig = Rig()
    rig.thread.work()
    rig.parent.deleteLater()
    delete_what_is_due()
    assert not isValid(rig.feed)
    rig.thread.on_changed()
    rig.feed.close()
    rig.thread.work()
    assert rig.thread.viewer.told == [("closed",)]
