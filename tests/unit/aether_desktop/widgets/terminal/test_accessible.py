"""What a screen reader gets of a terminal."""

from __future__ import annotations

import gc
from weakref import ref

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QObject, QPoint, Qt
from PySide6.QtGui import QAccessible, QAccessibleTextUpdateEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from shiboken6 import Shiboken

from aether_desktop.theme.manager import ThemeManager
from aether_desktop.widgets.terminal.accessible import TerminalAccessible
from aether_desktop.widgets.terminal.announcements import REST_MS, Announcements, unchanged
from aether_desktop.widgets.terminal.factory import TerminalFactory
from tests.fakes.kernel_client import FakeKernelClient
from tests.unit.aether_desktop.widgets.terminal.conftest import Rig, wait_for


@pytest.mark.feature("TT01")
def test_what_shows_is_text_with_a_cursor(rig: Rig) -> None:
    rig.feed("\x1b]0;build\x07日本 one\r\ntwo\r\n$ ")
    interface = QAccessible.queryAccessibleInterface(rig.view)
    assert interface is not None and interface.role() == QAccessible.Role.Terminal
    assert interface.text(QAccessible.Text.Name) == "Terminal: build"
    text = interface.textInterface()
    whole = text.text(0, text.characterCount())
    assert whole.startswith("日本 one\ntwo\n$ \n")
    assert text.cursorPosition() == len("日本 one\ntwo\n$ ")
    assert whole[3:6] == "one"
    place = text.characterRect(3)
    assert text.offsetAtPoint(rig.view.mapToGlobal(rig.cell(5, 0))) == 3
    assert text.offsetAtPoint(place.center()) == 3
    assert bool(interface.state().focusable) and not interface.state().readOnly


def test_a_selection_is_told_and_can_be_made(rig: Rig) -> None:
    rig.feed("hello world\r\n")
    text = QAccessible.queryAccessibleInterface(rig.view).textInterface()
    text.addSelection(6, 11)
    assert rig.view.selecting.text(rig.view.terminal) == "world"
    text.setSelection(0, 5, 0)
    assert rig.view.selecting.text(rig.view.terminal) == "hello"
    assert text.selectionCount() == 0, "the binding cannot tell where it is, so none is told"
    text.setSelection(0, -5, 10_000)
    assert rig.view.selecting.text(rig.view.terminal).startswith("hello world")
    text.addSelection(3, 3)
    assert rig.view.selecting.selection is None
    text.addSelection(0, 2)
    text.removeSelection(0)
    assert rig.view.selecting.selection is None


def test_what_it_is_not_is_told_by_a_null_pointer(rig: Rig) -> None:
    """PySide cannot turn None into a pointer, and the process dies."""
    interface = TerminalAccessible(rig.view)
    found = [kind for kind in QAccessible.InterfaceType if not isinstance(interface.interface_cast(kind), Shiboken.VoidPtr)]
    assert found == [QAccessible.InterfaceType.TextInterface, QAccessible.InterfaceType.ActionInterface]
    assert all(interface.interface_cast(kind) is not None for kind in QAccessible.InterfaceType)
    assert QAccessible.queryAccessibleInterface(rig.view).valueInterface() is None


def test_it_can_be_given_the_keyboard(rig: Rig) -> None:
    rig.view.clearFocus()
    actions = QAccessible.queryAccessibleInterface(rig.view).actionInterface()
    (name,) = actions.actionNames()
    actions.doAction("jump")
    assert not rig.view.hasFocus()
    actions.doAction(name)
    assert rig.view.hasFocus()
    assert actions.keyBindingsForAction(name) == []


@pytest.mark.parametrize("place", [-(2**31), -1, 0, 3, 10_000, 2**31 - 1])
def test_odd_places_are_the_nearest(rig: Rig, place: int) -> None:
    rig.feed("日本 one\r\n")
    interface = QAccessible.queryAccessibleInterface(rig.view)
    text = interface.textInterface()
    assert text.characterRect(place).size().height() > 0
    assert 0 <= text.offsetAtPoint(QPoint(place, place)) <= text.characterCount()
    assert text.text(place, place) == ""
    text.setCursorPosition(place)
    text.scrollToSubstring(place, place)
    text.removeSelection(place)
    assert interface.child(place) is None or place == 0
    assert interface.childAt(place, place) is None


def test_characters_are_counted_as_qt_counts_them(rig: Rig) -> None:
    rig.feed("😀 ab\r\n😀😀x")
    text = QAccessible.queryAccessibleInterface(rig.view).textInterface()
    assert text.text(0, 5) == "😀 ab"
    assert text.text(3, 4) == "a"
    assert text.cursorPosition() == 11
    assert text.text(6, 11) == "😀😀x"
    assert text.text(1, 3) == "\ufffd "
    assert text.offsetAtPoint(text.characterRect(10).center()) == 10
    text.addSelection(3, 5)
    assert rig.view.selecting.text(rig.view.terminal) == "ab"


def test_a_record_is_read_only(record: Rig) -> None:
    interface = QAccessible.queryAccessibleInterface(record.view)
    assert interface.state().readOnly
    assert "read-only" in interface.text(QAccessible.Text.Name)


def test_the_interface_lives_as_long_as_its_view(theme: ThemeManager, qapp: QApplication) -> None:
    parent = QObject()
    view = TerminalFactory(FakeKernelClient(), parent).view(interactive=True)
    assert QAccessible.queryAccessibleInterface(view).textInterface().characterCount() >= 0
    gc.collect()
    interface = QAccessible.queryAccessibleInterface(view)
    assert interface.isValid() and interface.textInterface().characterCount() >= 0
    gone = ref(view)
    view.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    del interface, view
    gc.collect()
    assert gone() is None, "what the binding keeps of it must not keep the view"
    parent.deleteLater()


@pytest.mark.feature("TT01")
def test_new_lines_are_read_out_and_a_flood_is_counted(rig: Rig) -> None:
    said: list[str] = []
    Announcements(rig.view, lambda: True, said.append)
    rig.view.session_changed.emit()
    assert rig.view.hasFocus()
    rig.feed("one\r\ntwo\r\n")
    wait_for(lambda: said == ["one\ntwo"])
    rig.feed("".join(f"line {n}\r\n" for n in range(500)))
    wait_for(lambda: len(said) == 2)
    assert said[1] == "500 new lines"
    rig.feed("\x1b[?1049h" + "full screen\r\n" * 5)
    QTest.qWait(450)
    assert len(said) == 2


def test_nothing_is_read_out_while_nobody_listens(rig: Rig) -> None:
    said: list[str] = []
    Announcements(rig.view, lambda: False, said.append)
    rig.view.session_changed.emit()
    rig.feed("one\r\n")
    QTest.qWait(450)
    assert said == []


def test_what_a_program_asks_on_the_cursors_line_is_read_out_but_not_what_the_person_types(rig: Rig) -> None:
    said: list[str] = []
    Announcements(rig.view, lambda: True, said.append)
    rig.view.session_changed.emit()
    rig.feed("Continue? [y/N] ")
    wait_for(lambda: said == ["Continue? [y/N]"])
    rig.key(Qt.Key.Key_Y)
    rig.feed("y")
    QTest.qWait(REST_MS + 50)
    assert said == ["Continue? [y/N]"]
    rig.key(Qt.Key.Key_Return)
    rig.feed("\r\nPassword: ")
    wait_for(lambda: said[-1] == "Password:")


def test_a_full_screen_program_is_read_at_its_cursor_and_its_changes_are_told(rig: Rig) -> None:
    said: list[str] = []
    told: list[tuple[int, str, str]] = []
    Announcements(rig.view, lambda: True, said.append, lambda *change: told.append(change))
    rig.view.session_changed.emit()
    rig.feed("\x1b[?1049h\x1b[Htitle\r\nSave changes? ")
    wait_for(lambda: said == ["Save changes?"])
    told.clear()
    rig.feed("\x1b[H\x1b[Ktotals\x1b[2;15H")
    wait_for(lambda: told == [(1, "itle", "otals")])
    rig.feed("\x1b[?25l\x1b[2Hspinning")
    QTest.qWait(REST_MS + 50)
    assert said == ["Save changes?"], "a hidden cursor asks nothing"


def test_the_binding_takes_a_change_of_text(rig: Rig) -> None:
    event = QAccessibleTextUpdateEvent(rig.view, 3, "old", "new")
    assert (event.changePosition(), event.textRemoved(), event.textInserted()) == (3, "old", "new")
    rig.view.parts.announcements._announce_change(3, "old", "new")


@pytest.mark.parametrize(
    ("before", "now", "same"),
    [("$ ls", "$ ls -l", (4, 0)), ("aaa", "aa", (2, 0)), ("abc", "axc", (1, 1)), ("", "x", (0, 0)), ("ab ", "b ", (0, 2))],
)
def test_only_what_differs_in_a_line_is_told(before: str, now: str, same: tuple[int, int]) -> None:
    assert unchanged(before, now) == same
