"""Nothing that is at work ends without a question, and whoever is asked may stay."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from aether_desktop.shell.leaving import Leaving, quit_question
from aether_desktop.shell.main_window import MainWindow
from aether_desktop.stores.reducers.process import ProcessView
from aether_desktop.widgets.label import ElidedLabel
from aether_desktop.widgets.sheet import Sheet
from aether_desktop.widgets.work_under_way import WorkUnderWay, work_under_way
from tests.fakes.kernel_client import make_approval, make_info


class Ends:
    """What the application was told."""

    def __init__(self, window: MainWindow, *views: ProcessView) -> None:
        self.views = list(views)
        self.said: list[str] = []
        self.leaving = Leaving(
            window, lambda: self.views, lambda: self.said.append("end"), lambda: self.said.append("hide")
        )


class FakeSession:
    """A QSessionManager that remembers what it was told."""

    def __init__(self, *, allows: bool = True) -> None:
        self.allows = allows
        self.told: list[str] = []

    def allowsInteraction(self) -> bool:
        return self.allows

    def release(self) -> None:
        self.told.append("release")

    def cancel(self) -> None:
        self.told.append("cancel")


def at_work(*pids: int) -> list[ProcessView]:
    return [ProcessView(info=make_info(pid)) for pid in pids]


def sheet_of(desktop: MainWindow) -> Sheet:
    (sheet,) = [sheet for sheet in desktop.findChildren(Sheet) if sheet.isVisible()]
    return sheet


@pytest.mark.parametrize("state", [None, "stopped", "zombie"])
def test_without_anything_at_work_it_ends_at_once(desktop: MainWindow, state: str | None) -> None:
    ends = Ends(desktop, *([ProcessView(info=make_info(1, state=state))] if state else []))
    assert ends.leaving.ask()
    assert ends.said == ["end"]


@pytest.mark.feature("PR11")
@pytest.mark.parametrize(("key", "said"), [("quit", ["end"]), ("hide", ["hide"]), ("stay", [])])
def test_with_agents_at_work_the_person_is_asked_how_many(desktop: MainWindow, key: str, said: list[str]) -> None:
    ends = Ends(desktop, *at_work(3, 5, 8))
    assert not ends.leaving.ask()
    assert not ends.leaving.ask()
    sheet = sheet_of(desktop)
    assert sheet.accessibleName() == "Quit while 3 agents work?"
    assert ends.said == []
    QTest.mouseClick(sheet.button(key), Qt.MouseButton.LeftButton)
    assert ends.said == said
    QApplication.processEvents()
    assert not ends.leaving.ask()
    sheet_of(desktop).answer("")


@pytest.mark.feature("PR11")
@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Escape])
def test_enter_and_escape_keep_agents_at_work(desktop: MainWindow, key: Qt.Key) -> None:
    ends = Ends(desktop, *at_work(3))
    ends.leaving.ask()
    focus = QApplication.focusWidget()
    assert focus is not None
    QTest.keyClick(focus, key)
    assert ends.said == []


def test_windows_that_would_lose_something_are_asked_first(desktop: MainWindow) -> None:
    frame = desktop.open_app("files")
    assert frame is not None
    frame.set_close_guard(lambda _proceed: False)
    ends = Ends(desktop, *at_work(3))
    assert not ends.leaving.ask()
    assert [sheet for sheet in desktop.findChildren(Sheet) if sheet.isVisible()] == []
    frame.set_close_guard(None)
    ends.leaving.ask()
    assert sheet_of(desktop).accessibleName() == "Quit while Coder 3 works?"


def test_a_name_hides_nothing_in_the_question() -> None:
    (view,) = [ProcessView(info=make_info(3, name="\u202eredoC"))]
    assert "⟨U+202E⟩redoC 3" in quit_question([view])[0]
    assert "at step 17" in quit_question([view])[1]


def test_who_is_at_work_is_counted_as_everywhere_else(desktop: MainWindow) -> None:
    """One that waits without a question stands still; one that asks is told of by itself."""
    asking = [
        ProcessView(info=make_info(pid, state="sleeping", agent_phase="waiting"), approval=make_approval(pid))
        for pid in (3, 5)
    ]
    waiting = ProcessView(info=make_info(8, state="sleeping", agent_phase="waiting"))
    assert Ends(desktop, waiting).leaving.ask()
    for views, title in (
        ([waiting, asking[0]], "Quit while Coder 3 waits for you?"),
        (asking, "Quit while 2 agents wait for you?"),
        ([*asking, *at_work(9)], "Quit while 1 agent works and 2 wait for you?"),
        ([asking[0], waiting, *at_work(9, 10)], "Quit while 2 agents work and 1 waits for you?"),
    ):
        assert not Ends(desktop, *views).leaving.ask()
        assert sheet_of(desktop).accessibleName() == title
        sheet_of(desktop).answer("stay")


def test_the_end_of_the_session_goes_through_the_same_questions(desktop: MainWindow) -> None:
    ends, session = Ends(desktop, *at_work(3)), FakeSession()
    ends.leaving.end_of_session(session)
    assert session.told == ["cancel", "release"]
    assert ends.said == []
    QTest.mouseClick(sheet_of(desktop).button("quit"), Qt.MouseButton.LeftButton)
    assert ends.said == ["end"]


def test_the_session_ends_where_nothing_would_be_lost_or_nobody_can_be_asked(desktop: MainWindow) -> None:
    ends, session = Ends(desktop), FakeSession()
    frame = desktop.open_app("files")
    assert frame is not None
    frame.set_close_guard(lambda _proceed: True)
    ends.leaving.end_of_session(session)
    assert session.told == ["release"]
    assert ends.said == ["end"]
    silent, mute = Ends(desktop, *at_work(3)), FakeSession(allows=False)
    silent.leaving.end_of_session(mute)
    assert (silent.said, mute.told) == ([], [])
    assert desktop.windows.windows == (frame,)


def test_files_that_are_being_copied_are_waited_for(desktop: MainWindow) -> None:
    ends = Ends(desktop)
    first, second = WorkUnderWay(), WorkUnderWay()
    first.say("Copying “photos” (3 of 12)")
    second.say("Deleting “old”")
    assert not ends.leaving.ask()
    assert not ends.leaving.ask()
    sheet = sheet_of(desktop)
    first.say("Copying “letters” (4 of 12)")
    assert [label.text() for label in sheet.findChildren(ElidedLabel)] == ["Copying “letters” (4 of 12)", "Deleting “old”"]
    first.end()
    assert ends.said == []
    second.end()
    assert ends.said == ["end"]
    assert work_under_way() == ()


def test_who_will_not_wait_for_files_quits_and_who_stays_stays(desktop: MainWindow) -> None:
    ends = Ends(desktop)
    work = WorkUnderWay()
    ends.leaving.ask()
    QTest.mouseClick(sheet_of(desktop).button("stay"), Qt.MouseButton.LeftButton)
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    work.say("Copying “letters”")
    assert ends.said == []
    ends.leaving.ask()
    QTest.mouseClick(sheet_of(desktop).button("quit"), Qt.MouseButton.LeftButton)
    assert ends.said == ["end"]
    work.end()
    assert ends.said == ["end"]


def test_files_are_waited_for_after_the_question_about_agents(desktop: MainWindow) -> None:
    ends = Ends(desktop, *at_work(3))
    work = WorkUnderWay()
    ends.leaving.ask()
    QTest.mouseClick(sheet_of(desktop).button("quit"), Qt.MouseButton.LeftButton)
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert ends.said == []
    assert sheet_of(desktop).accessibleName() == "Files are still being changed"
    work.end()
    assert ends.said == ["end"]
