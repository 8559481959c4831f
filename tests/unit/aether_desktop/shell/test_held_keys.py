"""Keys under a sheet, a menu or the search panel act on nothing that lies behind it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QMenu, QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from aether_desktop.shell.leaving import Leaving
from aether_desktop.shell.main_window import MainWindow
from aether_desktop.shell.search_panel import SearchPanel
from aether_desktop.shell.window_frame import WindowFrame, WindowSpec
from aether_desktop.stores.reducers.process import ProcessView
from aether_desktop.widgets.popover import Popover
from aether_desktop.widgets.sheet import Answer, Sheet
from tests.fakes.kernel_client import make_info

CONTROL = Qt.KeyboardModifier.ControlModifier
KEY = Qt.Key


class Asking(QWidget):
    """An agent's window that waits for an answer: Return gives it."""

    def __init__(self) -> None:
        super().__init__()
        self.approved = 0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        self.approved += event.key() == KEY.Key_Return


@pytest.fixture
def asking(desktop: MainWindow) -> Asking:
    """One that waits, behind two other windows."""
    widget = Asking()
    desktop.windows.open(WindowSpec("agent-vm", "Agent", key="7"), widget)
    desktop.open_app("files")
    desktop.open_app("mission-control")
    return widget


def focused() -> QWidget:
    """Who has the keyboard."""
    focus = QApplication.focusWidget()
    assert focus is not None
    return focus


def press(key: Qt.Key, held: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    """Press a key where the keyboard is."""
    QTest.keyClick(focused(), key, held)


def ask_to_quit(desktop: MainWindow) -> tuple[Leaving, Sheet]:
    leaving = Leaving(desktop, lambda: [ProcessView(info=make_info(7))], lambda: None, lambda: None)
    desktop.quit_requested.connect(leaving.ask)
    press(KEY.Key_Q, CONTROL)
    (sheet,) = [sheet for sheet in desktop.findChildren(Sheet) if sheet.isVisible()]
    return leaving, sheet


@pytest.mark.feature("DS06")
def test_return_after_closing_keys_under_the_quit_question_approves_nothing(desktop: MainWindow, asking: Asking) -> None:
    _leaving, sheet = ask_to_quit(desktop)
    for _ in range(3):
        press(KEY.Key_W, CONTROL)
        press(KEY.Key_M, CONTROL)
    assert len(desktop.windows.windows) == 3
    assert sheet.button("stay").hasFocus()
    press(KEY.Key_Return)
    assert asking.approved == 0
    assert not sheet.isVisible()


@pytest.mark.parametrize(
    "happens",
    [
        lambda desktop: desktop.windows.close_now(desktop.windows.windows[0]),
        lambda desktop: desktop.windows.activate(desktop.windows.windows[-1]),
        lambda desktop: desktop.windows.windows[-1].content.setFocus(),
        lambda desktop: desktop.open_window("terminal", key="new"),
        lambda desktop: desktop.focus_dock(),
        lambda desktop: desktop.switcher._present(),
        lambda desktop: desktop.windows.minimise(desktop.windows.windows[0]),
        lambda _desktop: focused().clearFocus(),
        lambda _desktop: focused().setEnabled(False),
    ],
)
def test_the_keyboard_stays_in_a_sheet_whatever_happens_behind_it(
    desktop: MainWindow, asking: Asking, happens: Callable[[MainWindow], object]
) -> None:
    desktop.switcher._entries = tuple(desktop._switcher_entries())
    _leaving, sheet = ask_to_quit(desktop)
    happens(desktop)
    focus = QApplication.focusWidget()
    assert focus is not None and (focus is sheet or sheet.isAncestorOf(focus))
    press(KEY.Key_Return)
    assert asking.approved == 0


def test_tab_goes_round_inside_of_a_sheet(desktop: MainWindow, asking: Asking) -> None:
    _leaving, sheet = ask_to_quit(desktop)
    seen = set()
    for _ in range(7):
        press(KEY.Key_Tab)
        focus = QApplication.focusWidget()
        assert focus is not None and sheet.isAncestorOf(focus)
        seen.add(focus)
    assert len(seen) == 3


def test_quitting_again_asks_no_second_question_below_the_first(desktop: MainWindow, asking: Asking) -> None:
    asked: list[bool] = []
    desktop.windows.windows[0].set_close_guard(lambda close: asked.append(True) or True)  # type: ignore[func-returns-value] # one line
    leaving, sheet = ask_to_quit(desktop)
    assert asked == [True]
    press(KEY.Key_Q, CONTROL)
    assert asked == [True] and sheet.isVisible()
    assert not leaving.ask()


def test_the_keyboard_goes_back_after_the_answer(desktop: MainWindow, asking: Asking) -> None:
    before = QApplication.focusWidget()
    assert isinstance(before, QLineEdit)
    ask_to_quit(desktop)
    press(KEY.Key_Escape)
    assert before.hasFocus()
    press(KEY.Key_W, CONTROL)
    assert len(desktop.windows.windows) == 2


def test_a_question_over_one_window_holds_that_window_alone(desktop: MainWindow, asking: Asking) -> None:
    front, behind = desktop.windows.windows[:2]
    assert front.content is not None
    sheet = Sheet(front.content, "Stop?", answers=(Answer("stop", "Stop"), Answer("keep", "Keep", default=True)))
    sheet.open()
    front.content.findChild(QLineEdit).setFocus()  # type: ignore[union-attr] # SmallApp has one
    assert sheet.button("keep").hasFocus()
    desktop.windows.activate(behind)
    assert behind.isAncestorOf(QApplication.focusWidget() or behind)
    desktop.windows.activate(front)
    assert sheet.button("keep").hasFocus()


def test_of_two_questions_the_later_one_has_the_keyboard(desktop: MainWindow, asking: Asking) -> None:
    front = desktop.windows.windows[0]
    assert front.content is not None
    older, newer = (Sheet(front.content, title) for title in ("One", "Two"))
    older.open()
    newer.open()
    assert newer.button("ok").hasFocus()
    older.button("ok").setFocus()
    assert newer.button("ok").hasFocus()
    newer.answer("ok")
    assert older.button("ok").hasFocus()


def test_a_detached_window_has_its_keys_while_the_desktop_is_asked(desktop: MainWindow, asking: Asking, qtbot: QtBot) -> None:
    frame = desktop.windows.windows[0]
    desktop.windows.detach(frame)
    ask_to_quit(desktop)
    desktop.windows.activate(frame)
    qtbot.waitUntil(frame.isActiveWindow)
    assert isinstance(frame, WindowFrame) and frame.isAncestorOf(QApplication.focusWidget() or desktop)
    press(KEY.Key_1, CONTROL)
    assert desktop.windows.windows[0] is frame
    press(KEY.Key_W, CONTROL)
    assert len(desktop.windows.windows) == 2


def test_keys_of_a_menu_and_of_a_popover_act_on_no_window(desktop: MainWindow, asking: Asking) -> None:
    menu = QMenu(desktop)
    menu.addAction("One")
    popover = Popover(desktop)
    QVBoxLayout(popover).addWidget(QPushButton("One"))
    for floating in (menu, popover):
        if floating is menu:
            menu.popup(QPoint(50, 50))
        else:
            popover.open_above(desktop.dock)
        assert QApplication.activePopupWidget() is floating
        QTest.keyClick(floating, KEY.Key_W, CONTROL)
        assert len(desktop.windows.windows) == 3
        floating.close()


def test_a_sheet_closes_what_floats_over_the_window(desktop: MainWindow, asking: Asking) -> None:
    menu = QMenu(desktop)
    menu.addAction("One")
    menu.popup(QPoint(50, 50))
    Sheet(desktop, "Sure?").open()
    assert QApplication.activePopupWidget() is None


def test_the_search_panel_keeps_window_keys_from_the_window_behind(desktop: MainWindow, asking: Asking) -> None:
    panel = SearchPanel(desktop, lambda _words: ())
    before = QApplication.focusWidget()
    panel.open()
    press(KEY.Key_W, CONTROL)
    assert len(desktop.windows.windows) == 3 and panel.isVisible()
    panel.open()
    press(KEY.Key_Escape)
    assert not panel.isVisible() and QApplication.focusWidget() is before
    press(KEY.Key_W, CONTROL)
    assert len(desktop.windows.windows) == 2


def test_one_escape_leaves_a_menu_of_the_menu_bar_and_gives_the_keyboard_back(desktop: MainWindow, asking: Asking) -> None:
    before = QApplication.focusWidget()
    bar = desktop.menu_bar.menus
    action = bar.actions()[3]
    QTest.mouseClick(bar, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, bar.actionGeometry(action).center())
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    QTest.keyClick(menu, KEY.Key_Escape)
    assert QApplication.activePopupWidget() is None
    assert QApplication.focusWidget() is before and bar.activeAction() is None
    press(KEY.Key_Down)
    press(KEY.Key_Return)
    assert QApplication.activePopupWidget() is None
    assert [frame.spec.app_id for frame in desktop.windows.windows] == ["mission-control", "files", "agent-vm"]


def test_one_escape_leaves_the_menu_bar_entered_by_keyboard_too(desktop: MainWindow, asking: Asking) -> None:
    before = QApplication.focusWidget()
    assert before is not None
    bar = desktop.menu_bar.menus
    QTest.keyClick(before, KEY.Key_Alt, Qt.KeyboardModifier.AltModifier)
    assert bar.hasFocus()
    QTest.keyClick(bar, KEY.Key_Down)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    QTest.keyClick(menu, KEY.Key_Escape)
    assert QApplication.activePopupWidget() is None
    assert QApplication.focusWidget() is before and bar.activeAction() is None
