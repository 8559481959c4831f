"""The parts of the desktop work together: menu bar, dock, context menu, notices, theme, quitting."""

from __future__ import annotations

import itertools

import pytest
from PySide6.QtCore import QDateTime, QEvent, QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QContextMenuEvent, QCursor, QEnterEvent, QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QLineEdit, QMenu, QScrollArea, QWidget
from pytestqt.qtbot import QtBot

from aether_desktop.shell.main_window import MainWindow
from aether_desktop.shell.shell_actions import dock_menu, window_menu
from aether_desktop.shell.shortcuts import Action
from aether_desktop.shell.status import KernelState, ShellStatus, StatusFeed
from aether_desktop.shell.window_frame import WindowSpec
from aether_desktop.theme.current import tokens_of
from aether_desktop.theme.manager import ThemeManager
from aether_desktop.theme.tokens import LIGHT
from aether_desktop.widgets.notice import Notice
from aether_desktop.widgets.sheet import Sheet
from tests.unit.aether_desktop.shell.conftest import MakeDesktop

LEFT = Qt.MouseButton.LeftButton


def texts(menu: QMenu) -> list[str]:
    return [action.text() for action in menu.actions() if not action.isSeparator()]


def open_context_menu(widget: QWidget, position: QPoint) -> QMenu:
    QApplication.sendEvent(
        widget, QContextMenuEvent(QContextMenuEvent.Reason.Mouse, position, widget.mapToGlobal(position))
    )
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    return menu


@pytest.mark.feature("DS06")
def test_a_window_keeps_the_menu_of_the_desktop_to_itself(desktop: MainWindow) -> None:
    frame = desktop.open_window("files")
    assert frame is not None
    inside = QPoint(frame.width() // 2, frame.height() // 2)
    for widget in (frame, frame.childAt(inside)):
        assert widget is not None
        QApplication.sendEvent(widget, QContextMenuEvent(QContextMenuEvent.Reason.Mouse, QPoint(5, 5), widget.mapToGlobal(QPoint(5, 5))))
        assert QApplication.activePopupWidget() is None


@pytest.mark.feature("DS03")
def test_the_dock_launches_and_raises(desktop: MainWindow) -> None:
    tile = desktop.dock.tile("files")
    assert tile is not None
    assert tile.item.windows == 0
    QTest.mouseClick(tile, LEFT)
    frame = desktop.windows.active
    assert frame is not None
    assert frame.spec.app_id == "files"
    assert tile.item.windows == 1
    assert tile.accessibleName() == "Files, open"
    desktop.open_app("mission-control")
    QTest.mouseClick(tile, LEFT)
    assert desktop.windows.active is frame
    desktop.windows.minimise(frame)
    QTest.mouseClick(tile, LEFT)
    assert frame.isVisible()


@pytest.mark.feature("DS03")
def test_a_tile_goes_through_the_windows_of_its_app(desktop: MainWindow) -> None:
    one, two = desktop.new_window("terminal"), desktop.new_window("terminal")
    tile = desktop.dock.tile("terminal")
    assert tile is not None
    assert tile.item.windows == 2
    QTest.mouseClick(tile, LEFT)
    assert desktop.windows.active is one
    QTest.mouseClick(tile, LEFT)
    assert desktop.windows.active is two


@pytest.mark.feature("DS03")
def test_the_tiles_grow_under_the_pointer_and_rest_without_it(
    desktop: MainWindow, theme: ThemeManager, qtbot: QtBot
) -> None:
    theme.set_reduced_motion(False)
    dock = desktop.dock
    tile = dock.tile("terminal")
    far = dock.tile("missing")
    assert tile is not None
    assert far is not None
    rest = tile.width()
    centre = tile.geometry().center()
    QCursor.setPos(dock.mapToGlobal(centre))
    QApplication.sendEvent(dock, QEnterEvent(QPointF(centre), QPointF(centre), QPointF(dock.mapToGlobal(centre))))
    QTest.mouseMove(dock, centre)
    qtbot.waitUntil(lambda: tile.width() >= rest * 1.15)
    assert tile.width() > far.width()
    QApplication.sendEvent(dock, QEnterEvent(QPointF(), QPointF(), QPointF()))
    dock.leaveEvent(QEnterEvent(QPointF(), QPointF(), QPointF()))
    qtbot.waitUntil(lambda: tile.width() == rest)
    theme.set_reduced_motion(True)


@pytest.mark.feature("DS03")
def test_the_dock_is_used_with_the_keyboard(desktop: MainWindow) -> None:
    QTest.keyClick(desktop, Qt.Key.Key_F3, Qt.KeyboardModifier.ControlModifier)
    first = desktop.dock.tile("mission-control")
    second = desktop.dock.tile("terminal")
    assert first is not None
    assert second is not None
    assert first.hasFocus()
    QTest.keyClick(first, Qt.Key.Key_Right)
    assert second.hasFocus()
    QTest.keyClick(second, Qt.Key.Key_Return)
    assert desktop.windows.active is not None
    assert desktop.windows.active.spec.app_id == "terminal"


@pytest.mark.feature("DS03")
def test_an_app_without_a_place_in_the_dock_is_there_while_it_is_open(desktop: MainWindow) -> None:
    assert desktop.dock.tile("agent-vm") is None
    frame = desktop.open_window("agent-vm", key="7")
    assert frame is not None
    assert desktop.dock.tile("agent-vm") is not None
    desktop.windows.close(frame)
    assert desktop.dock.tile("agent-vm") is None


@pytest.mark.feature("DS03")
def test_a_tile_shows_a_badge_and_has_a_menu(desktop: MainWindow) -> None:
    desktop.set_badge("mission-control", "3")
    tile = desktop.dock.tile("mission-control")
    assert tile is not None
    assert tile.accessibleName() == "Mission Control, 3 waiting"
    desktop.new_window("terminal")
    desktop.new_window("terminal")
    terminal = desktop.dock.tile("terminal")
    assert terminal is not None
    menu = open_context_menu(terminal, QPoint(10, 10))
    assert texts(menu) == ["Terminal", "Terminal", "New Window", "Minimise", "Close 2 Windows"]
    menu.actions()[-1].trigger()
    menu.close()
    assert desktop.windows.windows == ()


@pytest.mark.feature("DS06")
def test_the_desktops_context_menu(desktop: MainWindow) -> None:
    made: list[str] = []
    desktop.actions_registry.register(Action("files.new_folder", "New Folder"), lambda: made.append("folder"))
    menu = open_context_menu(desktop.desktop, QPoint(20, 400))
    assert texts(menu) == ["New Folder", "Mission Control", "Change Wallpaper", "Dark or Light", "Refresh"]
    by_text = {action.text(): action for action in menu.actions()}
    by_text["New Folder"].trigger()
    assert made == ["folder"]
    by_text["Mission Control"].trigger()
    assert desktop.windows.active is not None
    wallpapers = by_text["Change Wallpaper"].menu()
    assert isinstance(wallpapers, QMenu)
    assert [action.isChecked() for action in wallpapers.actions()] == [True, False, False, False]
    wallpapers.actions()[2].trigger()
    assert desktop.wallpaper == "ember"
    refreshed: list[bool] = []
    desktop.refresh_requested.connect(lambda: refreshed.append(True))
    by_text["Refresh"].trigger()
    assert refreshed == [True]
    menu.close()


@pytest.mark.feature("DS11")
def test_menus_and_their_submenus_have_rounded_corners(desktop: MainWindow) -> None:
    menu = open_context_menu(desktop.desktop, QPoint(20, 400))
    submenu = next(action.menu() for action in menu.actions() if action.menu() is not None)
    assert isinstance(submenu, QMenu)
    submenu.popup(QPoint(400, 400))
    bar_menu = desktop.menu_bar.menus.actions()[0].menu()
    assert isinstance(bar_menu, QMenu)
    bar_menu.popup(QPoint(10, 40))
    behind = desktop.grab().toImage()
    for shown in (menu, submenu, bar_menu):
        picture = shown.grab().toImage()
        assert picture.pixelColor(0, 0) == behind.pixelColor(desktop.mapFromGlobal(shown.pos()))
        assert picture.pixelColor(shown.width() // 2, 3).name() == tokens_of(desktop).surface2
        shown.close()


@pytest.mark.feature("DS06")
def test_new_folder_is_not_offered_where_nobody_can_make_one(desktop: MainWindow) -> None:
    menu = open_context_menu(desktop.desktop, QPoint(20, 400))
    assert "New Folder" not in texts(menu)
    menu.close()


@pytest.mark.feature("DS07")
def test_the_menu_bar_shows_kernel_needs_you_and_running(desktop: MainWindow, status: StatusFeed) -> None:
    bar = desktop.menu_bar
    assert bar.needs_you.isHidden()
    assert bar.kernel.accessibleName() == "The kernel is starting"
    status.set_status(ShellStatus(KernelState.READY, needs_you=1, running=4))
    assert bar.needs_you.isVisible()
    assert bar.needs_you.text() == "1 needs you"
    assert bar.kernel.accessibleName() == "The kernel is running"
    assert bar.running.text() == "4 running"
    status.set_status(ShellStatus(KernelState.OFFLINE, "The connection was lost", needs_you=2))
    assert bar.needs_you.text() == "2 need you"
    assert bar.kernel.toolTip() == "The connection was lost"


@pytest.mark.feature("DS07")
def test_who_needs_the_person_is_clicked(desktop: MainWindow, status: StatusFeed) -> None:
    status.set_status(ShellStatus(KernelState.READY, needs_you=1))
    clicked: list[str] = []
    desktop.needs_you_clicked.connect(lambda: clicked.append("needs you"))
    desktop.kernel_clicked.connect(lambda: clicked.append("kernel"))
    QTest.mouseClick(desktop.menu_bar.needs_you, LEFT)
    QTest.mouseClick(desktop.menu_bar.kernel, LEFT)
    assert clicked == ["needs you", "kernel"]
    QTest.keyClick(desktop, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    assert clicked[2:] == ["needs you"]
    assert "Ctrl+Shift+A" in desktop.menu_bar.needs_you.toolTip()


@pytest.mark.feature("DS07")
def test_the_clock_shows_the_time_and_wakes_once_a_minute(desktop: MainWindow) -> None:
    bar = desktop.menu_bar
    bar.show_time(QDateTime.fromString("2026-11-20T10:41:30", Qt.DateFormat.ISODate))
    assert bar.clock.text() == "Fri 20 Nov 10:41"
    assert bar.clock.toolTip() == "Friday 20 November 2026"
    assert bar.clock.focusPolicy() is Qt.FocusPolicy.NoFocus
    pressed: list[bool] = []
    bar.clock.clicked.connect(lambda: pressed.append(True))
    QTest.mouseClick(bar.clock, LEFT)
    assert pressed == []
    timers = [timer for timer in desktop.findChildren(QTimer) if timer.isActive()]
    assert len(timers) == 1
    assert timers[0].isSingleShot()
    assert timers[0].remainingTime() <= 60_100


@pytest.mark.feature("DS07")
def test_menus_open_without_blocking_and_offer_only_what_works(desktop: MainWindow) -> None:
    bar = desktop.menu_bar.menus
    titles = [action.text() for action in bar.actions()]
    assert titles == ["Aether", "File", "Agents", "Window", "Help"]
    QTest.mouseClick(bar, LEFT, pos=bar.actionGeometry(bar.actions()[0]).center())
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    assert texts(menu) == ["Dark or Light", "Quit Aether"]
    QTest.keyClick(menu, Qt.Key.Key_Escape)
    assert QApplication.activePopupWidget() is None


def test_the_window_menu_lists_the_windows(desktop: MainWindow) -> None:
    frame = desktop.open_app("files")
    desktop.open_app("mission-control")
    window_entry = desktop.menu_bar.menus.actions()[3].menu()
    assert isinstance(window_entry, QMenu)
    window_entry.aboutToShow.emit()
    entries = {action.text(): action for action in window_entry.actions()}
    assert entries["Mission Control"].isChecked()
    entries["Files"].trigger()
    assert desktop.windows.active is frame


def test_a_name_of_an_agent_hides_nothing_in_bar_menu_and_switcher(desktop: MainWindow) -> None:
    frame = desktop.open_window("agent-vm", key="7", title="R&D\u202e7 redoC\x1b[31m")
    assert frame is not None
    shown = "R&D⟨U+202E⟩7 redoC⟨U+001B⟩[31m"
    assert (frame.title_bar.title, frame.windowTitle(), frame.accessibleName()) == (shown, shown, shown)
    frame.set_title("R&D\u200b · 7", "A goal\nof \u2066two lines")
    assert frame.title_bar.title == "R&D⟨U+200B⟩ · 7"
    assert frame.title_bar.subtitle == "A goal ⏎ of ⟨U+2066⟩two lines"
    assert [entry.title for entry in desktop._switcher_entries()] == ["R&D⟨U+200B⟩ · 7"]
    window_entry = desktop.menu_bar.menus.actions()[3].menu()
    assert isinstance(window_entry, QMenu)
    window_entry.aboutToShow.emit()
    assert texts(window_entry)[-1] == "R&&D⟨U+200B⟩ · 7"
    entries = dock_menu(desktop.launcher.registry, desktop, "agent-vm")
    assert getattr(entries[0], "text", "") == "R&&D⟨U+200B⟩ · 7"


def test_notices_of_a_detached_window_appear_over_it(desktop: MainWindow) -> None:
    frame = desktop.open_app("files")
    assert frame is not None
    notify = desktop.notify_in(frame)
    notify(Notice("In the desktop"))
    desktop.windows.detach(frame)
    notify(Notice("In its own window", kind="error"))
    assert [notice.title for notice in desktop.notices.shown] == ["In the desktop"]
    assert [notice.title for notice in frame.notices().shown] == ["In its own window"]
    desktop.windows.close_now(frame)
    notify(Notice("After its end", kind="error"))
    assert desktop.notices.shown[-1].title == "After its end"


@pytest.mark.parametrize("width", [480, 600, 800, 1400])
def test_nothing_in_the_menu_bar_overlaps_in_a_small_window(
    make_desktop: MakeDesktop, status: StatusFeed, width: int
) -> None:
    status.set_status(ShellStatus(KernelState.READY, needs_you=12, running=104))
    desktop = make_desktop(size=(width, 600))
    bar = desktop.menu_bar
    items = [bar.needs_you, bar.kernel, bar.running, bar.clock]
    shown = sorted((item.geometry().left(), item.geometry().right()) for item in items if item.isVisible())
    edges = [(bar.menus.geometry().left(), bar.menus.geometry().right()), *shown]
    assert all(before[1] < after[0] for before, after in itertools.pairwise(edges))
    assert bar.needs_you.isVisible()
    assert desktop.dock.x() >= 0
    assert desktop.dock.geometry().right() < desktop.width()


def test_an_app_that_fails_leaves_a_notice_that_says_why(desktop: MainWindow) -> None:
    assert desktop.open_app("broken") is None
    assert desktop.open_app("missing") is None
    notices = desktop.notices.shown
    assert [notice.title for notice in notices] == ["Broken could not be opened", "Missing could not be opened"]
    assert notices[0].detail == "the model list could not be read"
    assert "no_such_module" in notices[1].detail
    assert desktop.windows.windows == ()


@pytest.mark.feature("DS11")
def test_a_change_of_theme_repaints_the_desktop(desktop: MainWindow, theme: ThemeManager) -> None:
    desktop.open_app("files")
    dark = desktop.grab().toImage()
    desktop.toggle_theme()
    assert theme.tokens is LIGHT
    QApplication.processEvents()
    light = desktop.grab().toImage()
    for point in (QPoint(5, 500), QPoint(700, 10), QPoint(700, 60)):
        assert dark.pixelColor(point).lightness() < 110 < light.pixelColor(point).lightness()
    desktop.toggle_theme()


def test_quitting_closes_every_window_and_never_asks(desktop: MainWindow) -> None:
    frame = desktop.open_app("files")
    assert frame is not None
    frame.set_close_guard(lambda _proceed: False)
    other = desktop.open_app("mission-control")
    assert other is not None
    desktop.windows.detach(other)
    asked: list[bool] = []
    desktop.quit_requested.connect(lambda: asked.append(True))
    QTest.keyClick(desktop, Qt.Key.Key_Q, Qt.KeyboardModifier.ControlModifier)
    assert asked == [True]
    desktop.prepare_to_quit()
    assert desktop.windows.windows == ()
    assert desktop.close()


def test_the_close_policy_decides_whether_the_native_window_closes(desktop: MainWindow) -> None:
    desktop.set_close_policy(lambda: False)
    assert not desktop.close()
    assert desktop.isVisible()
    desktop.set_close_policy(lambda: True)
    assert desktop.close()


def test_the_shortcuts_sheet_lists_the_keys_and_closes_with_escape(desktop: MainWindow, qtbot: QtBot) -> None:
    frame = desktop.open_app("files")
    assert frame is not None
    field = frame.findChild(QLineEdit)
    QTest.keyClick(desktop, Qt.Key.Key_Slash, Qt.KeyboardModifier.ControlModifier)
    sheet = QApplication.focusWidget()
    assert sheet is not None
    QTest.keyClick(sheet, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: QApplication.focusWidget() is field)


def test_the_shortcuts_sheet_is_scrolled_with_the_keys_and_names_those_of_the_apps(desktop: MainWindow) -> None:
    desktop.show_shortcuts()
    sheet = desktop.findChild(Sheet)
    assert sheet is not None
    said = {label.text() for label in sheet.findChildren(QLabel)}
    assert {"Ctrl+Shift+K", "Ctrl+Shift+P", "Ctrl+L", "Enter or Y", "D or N", "/", "Ctrl+Shift+F", "Ctrl+PgDown"} <= said
    bar = sheet.findChildren(QScrollArea)[0].verticalScrollBar()
    focus = QApplication.focusWidget()
    assert bar.maximum() > 0 and bar.value() == 0
    for key, reached in (
        (Qt.Key.Key_PageDown, min(bar.pageStep(), bar.maximum())),
        (Qt.Key.Key_End, bar.maximum()),
        (Qt.Key.Key_PageUp, bar.maximum() - min(bar.pageStep(), bar.maximum())),
        (Qt.Key.Key_Home, 0),
    ):
        QTest.keyClick(focus, key)
        assert bar.value() == reached


def test_every_control_of_the_shell_has_an_accessible_name(desktop: MainWindow, status: StatusFeed) -> None:
    status.set_status(ShellStatus(KernelState.READY, needs_you=1, running=1))
    desktop.open_app("files")
    nameless = [
        f"{type(button).__name__} {button.objectName()}"
        for button in desktop.findChildren(QAbstractButton)
        if not (button.accessibleName() or button.text())
    ]
    assert nameless == []


def test_menus_about_one_thing_do_what_they_say(desktop: MainWindow) -> None:
    frame = desktop.open_app("files")
    assert frame is not None
    by_text = {getattr(entry, "text", ""): entry for entry in window_menu(desktop.windows, frame)}
    by_text["Detach"].command()  # type: ignore[union-attr] # a command entry, as its text says
    assert frame.detached
    again = {getattr(entry, "text", ""): entry for entry in window_menu(desktop.windows, frame)}
    assert "Take Back into the Desktop" in again
    registry = desktop.launcher.registry
    assert [getattr(entry, "text", "") for entry in dock_menu(registry, desktop, "mission-control")] == ["Open"]


class Swallows(QWidget):
    """Has the keyboard, and takes every key with Ctrl alone for itself, as a terminal does."""

    def __init__(self) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() is QEvent.Type.ShortcutOverride:
            event.setAccepted(event.modifiers() == Qt.KeyboardModifier.ControlModifier and event.key() != Qt.Key.Key_Tab)
            return True
        return super().event(event)


def test_menus_promise_no_key_that_goes_to_a_program(desktop: MainWindow) -> None:
    def shown() -> dict[str, str]:
        menu = desktop.menu_bar.menus.actions()[3].menu()
        assert isinstance(menu, QMenu)
        menu.aboutToShow.emit()
        return {action.text(): action.shortcut().toString() for action in menu.actions() if not action.isSeparator()}

    desktop.open_app("files")
    assert shown()["Minimise"] == "Ctrl+M"
    widget = Swallows()
    desktop.windows.open(WindowSpec("agent-vm", "Agent", key="7"), widget)
    assert widget.hasFocus()
    keys = shown()
    assert (keys["Minimise"], keys["Detach or Attach"], keys["Next Window"]) == ("Ctrl+Alt+M", "Ctrl+Alt+D", "Ctrl+Tab")
    QTest.keyClick(widget, Qt.Key.Key_M, Qt.KeyboardModifier.ControlModifier)
    assert len([frame for frame in desktop.windows.windows if frame.minimised]) == 0
    QTest.keyClick(widget, Qt.Key.Key_M, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier)
    assert len([frame for frame in desktop.windows.windows if frame.minimised]) == 1
