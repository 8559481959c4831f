"""The desktop: empty, with windows, small, with its menus, switcher, snap preview, shortcuts and boot splash."""

from __future__ import annotations

import logging
from collections.abc import Callable

from PySide6.QtCore import QDateTime, QPoint, QRect, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPixmap
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QMenu, QPlainTextEdit, QVBoxLayout, QWidget

from aether_desktop.shell.app_registry import AppManifest, AppRegistry
from aether_desktop.shell.geometry import Zone
from aether_desktop.shell.launcher import Arguments
from aether_desktop.shell.layout import MemoryLayoutStore
from aether_desktop.shell.main_window import MainWindow
from aether_desktop.shell.person_actions import about_page
from aether_desktop.shell.shortcuts import Action
from aether_desktop.shell.splash import BootSplash
from aether_desktop.shell.status import KernelState, ShellStatus, StatusFeed
from aether_desktop.theme.manager import ThemeManager
from aether_desktop.widgets.button import Button
from aether_desktop.widgets.empty_state import EmptyState
from aether_desktop.widgets.search_field import SearchField
from aether_desktop.widgets.segmented_control import Segment, SegmentedControl
from aether_desktop.widgets.sheet import Answer, Sheet
from aether_desktop.widgets.window_handle import WindowHandle
from tests.visual.scene import in_both_themes

_HERE = "tests.visual.scenes.shell:create"

MANIFESTS = (
    AppManifest("mission-control", "Mission Control", "agents", "#7c8cff", _HERE, size=(900, 600)),
    AppManifest("chat", "Chat", "chat", "#b58cff", _HERE),
    AppManifest("terminal", "Terminal", "terminal", "#3dd6c4", _HERE, singleton=False),
    AppManifest("files", "Files", "files", "#6aa8ff", _HERE),
    AppManifest("editor", "Editor", "editor", "#f08bd0", _HERE),
    AppManifest("browser", "Browser", "browser", "#5cc8ff", _HERE),
    AppManifest("notes", "Notes", "notes", "#ffd166", _HERE),
    AppManifest("monitor", "System Monitor", "system-monitor", "#8b93a7", _HERE),
    AppManifest("settings", "Settings", "settings", "#9aa4bf", _HERE),
    AppManifest("agent-vm", "Agent", "agent", "#b58cff", _HERE, singleton=False, size=(560, 480), in_dock=False),
)


def create(ctx: object) -> QWidget:
    """Build a stand-in for an app: Mission Control with nothing in it, or an agent's window."""
    manifest, handle, _arguments = ctx  # type: ignore[misc] # what make_context below puts together
    if manifest.app_id == "mission-control":
        segments = [Segment("all", "All", 0), Segment("active", "Active", 0), Segment("needs", "Needs you", 0)]
        handle.set_title_widgets(
            [SegmentedControl("Filter", segments), SearchField("Search agents"), Button("Deploy agent", "primary")]
        )
        return EmptyState("agents", "No agents yet", "Deploy one: give it a role and a goal.", "Deploy agent")
    handle.set_title("Coder · 1042", "Make the router keep the order of commands")
    handle.set_attention(True)
    handle.set_title_widgets([SegmentedControl("View", [Segment(n, n) for n in ("Terminal", "Timeline", "Files")])])
    page = QWidget()
    column = QVBoxLayout(page)
    column.addWidget(QPlainTextEdit("$ pytest -q tests/unit"))
    entry = QLineEdit()
    entry.setPlaceholderText("Tell 1042 what to do next…")
    column.addWidget(entry)
    return page


def _make_context(manifest: AppManifest, handle: WindowHandle, arguments: Arguments) -> object:
    return manifest, handle, arguments


def desktop(theme: ThemeManager) -> MainWindow:
    status = StatusFeed(ShellStatus(KernelState.READY, needs_you=1, running=4), theme)
    window = MainWindow(
        AppRegistry(MANIFESTS), status, MemoryLayoutStore(), theme, _make_context, logging.getLogger("visual")
    )
    window.actions_registry.register(Action("files.new_folder", "New Folder", icon="folder-add"), lambda: None)
    window.menu_bar.show_time(QDateTime.fromString("2026-11-20T10:41:00", Qt.DateFormat.ISODate))
    return window


def _main(widget: QWidget) -> MainWindow:
    assert isinstance(widget, MainWindow)
    return widget


def open_windows(widget: QWidget) -> None:
    window = _main(widget)
    window.set_badge("mission-control", "1")
    first = window.open_window("mission-control")
    second = window.open_window("agent-vm", key="1042")
    assert first is not None
    assert second is not None
    if window.width() > 1000:
        first.setGeometry(QRect(32, 56, 820, 560))
        second.setGeometry(QRect(640, 110, 520, 480))


def open_context_menu(widget: QWidget) -> None:
    window = _main(widget)
    picture_of_menu(window, lambda: window.desktop.menu_requested.emit(QPoint(0, 0)))


def picture_of_menu(window: QWidget, open_it: Callable[[], object]) -> None:
    """Open a menu that is a child of ``window`` and lay its picture over it."""
    open_it()
    menu = window.findChild(QMenu, options=Qt.FindChildOption.FindDirectChildrenOnly)
    assert menu is not None
    picture = menu.grab()
    menu.close()
    _Picture(window, picture).move(60, 120)


class _Picture(QWidget):
    """A popup is a window of its own; its picture is laid over the desktop's."""

    def __init__(self, parent: QWidget, picture: QPixmap) -> None:
        super().__init__(parent)
        self._picture = picture
        self.resize(picture.size())
        self.show()

    def paintEvent(self, _event: QPaintEvent) -> None:
        QPainter(self).drawPixmap(0, 0, self._picture)


def drag_to_the_left_edge(widget: QWidget) -> None:
    open_windows(widget)
    window = _main(widget)
    frame = window.windows.windows[0]
    bar = frame.title_bar
    QTest.mousePress(bar, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(200, 20))
    for x in (600, 300, 100, 2):
        QTest.mouseMove(bar, bar.mapFromGlobal(window.mapToGlobal(QPoint(x, 400))))


def snap_three(widget: QWidget) -> None:
    open_windows(widget)
    window = _main(widget)
    third = window.open_window("terminal")
    assert third is not None
    for frame, zone in zip(window.windows.windows, (Zone.TOP_RIGHT, Zone.BOTTOM_RIGHT, Zone.LEFT), strict=True):
        window.windows.snap(frame, zone)


def hold_the_switcher(widget: QWidget) -> None:
    open_windows(widget)
    window = _main(widget)
    QTest.keyPress(window, Qt.Key.Key_Tab, Qt.KeyboardModifier.ControlModifier)


def focus_the_dock(widget: QWidget) -> None:
    window = _main(widget)
    window.activateWindow()
    window.focus_dock()


def show_shortcuts(widget: QWidget) -> None:
    _main(widget).show_shortcuts()


def show_about(widget: QWidget) -> None:
    facts = (("Version", "0.1.0"), ("Files", "/home/ada/.local/share/aether"), ("Python", "3.11.7"), ("Qt", "6.9.0"))
    content = about_page(facts)
    answers = (Answer("close", "Close", "primary", default=True),)
    Sheet(widget, "About Aether", content=content, answers=answers, width_px=460).open()


def splash(_theme: ThemeManager) -> QWidget:
    surface = QWidget()
    BootSplash(surface).set_progress("Opening the store", 0.45)
    return surface


SCENES = (
    *in_both_themes("desktop-windows", desktop, (1280, 800), open_windows, "DS11"),
    *in_both_themes("desktop-small", desktop, (800, 600), open_windows, "DS11"),
    *in_both_themes("desktop-smallest", desktop, (480, 360), open_windows),
    *in_both_themes("desktop-menu", desktop, (700, 500), open_context_menu, "DS06"),
    *in_both_themes("snap-preview", desktop, (1280, 800), drag_to_the_left_edge, "DS01"),
    *in_both_themes("snapped", desktop, (1280, 800), snap_three, "DS01"),
    *in_both_themes("switcher", desktop, (1280, 800), hold_the_switcher, "DS01"),
    *in_both_themes("dock-focus", desktop, (900, 800), focus_the_dock, "DS03"),
    *in_both_themes("shortcuts", desktop, (900, 640), show_shortcuts),
    *in_both_themes("about", desktop, (900, 640), show_about),
    *in_both_themes("splash", splash, (900, 600), feature="DS10"),
)
