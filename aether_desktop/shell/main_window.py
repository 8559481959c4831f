"""The main window: composes desktop, windows, menu bar, dock, shortcuts and notices.

Made by the bootstrap, which hands it everything by constructor. It holds no logic of its own: it connects the parts and
keeps them in their places.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from logging import Logger

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QCloseEvent, QMoveEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from aether_desktop.shell.app_registry import AppRegistry
from aether_desktop.shell.desktop import Desktop
from aether_desktop.shell.dock import Dock
from aether_desktop.shell.dock_tile import DockItem
from aether_desktop.shell.launcher import Arguments, ContextFactory, Launcher
from aether_desktop.shell.layout import LayoutRecord, LayoutStore
from aether_desktop.shell.layout_keeper import LayoutKeeper
from aether_desktop.shell.menu_bar import MENU_BAR_HEIGHT_PX, MenuBar
from aether_desktop.shell.menu_model import popup_menu
from aether_desktop.shell.native_place import place_of, put
from aether_desktop.shell.shell_actions import (
    build_menus,
    desktop_menu,
    dock_menu,
    register_shell_actions,
    window_menu,
)
from aether_desktop.shell.shortcuts import ActionRegistry
from aether_desktop.shell.shortcuts_sheet import open_shortcuts_sheet
from aether_desktop.shell.status import StatusModel
from aether_desktop.shell.wallpaper import DEFAULT_WALLPAPER
from aether_desktop.shell.window_frame import WindowFrame
from aether_desktop.shell.window_manager import WindowManager
from aether_desktop.shell.window_switcher import SwitcherEntry, WindowSwitcher
from aether_desktop.theme.manager import ThemeManager
from aether_desktop.widgets.notice import Notice, NoticeHost, Notify
from aether_desktop.widgets.window_handle import WindowHandle

_MINIMUM = QSize(480, 360)
_WORK_TOP_GAP_PX = 4


class MainWindow(QWidget):
    """The desktop as one native window."""

    quit_requested = Signal()
    """The person wants to end the application."""
    refresh_requested = Signal()
    """The person wants everything read anew."""
    needs_you_clicked = Signal()
    """The person wants to see who needs them."""
    kernel_clicked = Signal()
    """The kernel indicator was clicked."""

    def __init__(
        self,
        apps: AppRegistry,
        status: StatusModel,
        layout_store: LayoutStore,
        theme: ThemeManager,
        make_context: ContextFactory,
        logger: Logger,
    ) -> None:
        """Build the empty desktop; ``restore`` opens the windows of the last time."""
        super().__init__()
        self.setWindowTitle("Aether")
        self.setObjectName("main-window")
        self.setMinimumSize(_MINIMUM)
        self._apps = apps
        self._theme = theme
        self._badges: dict[str, str] = {}
        self._close_policy: Callable[[], bool] | None = None
        self.actions_registry = ActionRegistry(self)
        self.desktop = Desktop(self)
        self._windows = WindowManager(self.desktop, self.work_area, dock_target=self._dock_target)
        self.launcher = Launcher(apps, self._windows, make_context, logger)
        self._keeper = LayoutKeeper(layout_store, self._layout_record, self)
        register_shell_actions(self.actions_registry, apps, self)
        self.menu_bar = MenuBar(
            self, build_menus(apps, self), self.actions_registry, status, paint_behind=self.desktop.paint_piece
        )
        self.dock = Dock(self)
        self.switcher = WindowSwitcher(self)
        self.notices = NoticeHost(self, bottom_margin_px=self.dock.reserved_height() + 8)
        self._connect()
        self._show_windows()

    @property
    def windows(self) -> WindowManager:
        """The open windows."""
        return self._windows

    @property
    def wallpaper(self) -> str:
        """The present wallpaper's name."""
        return self.desktop.wallpaper

    def work_area(self) -> QRect:
        """Return where windows may be maximised: below the menu bar and above the dock."""
        top = MENU_BAR_HEIGHT_PX + _WORK_TOP_GAP_PX
        bottom = self.dock.reserved_height() if hasattr(self, "dock") else 0
        return QRect(0, top, self.width(), max(1, self.height() - top - bottom))

    def put_in_place(self, screens: Sequence[QRect], primary: QRect | None) -> None:
        """Take the native place of the last time, or the first one; ``screens`` are the usable areas of all screens."""
        put(self, self._keeper.load().native, screens, primary)

    def restore(self) -> bool:
        """Open the windows of the last time, and remember what becomes of them from now on; False if there were none."""
        layout = self._keeper.load()
        self.desktop.set_wallpaper(layout.wallpaper or DEFAULT_WALLPAPER)
        self._windows.states.load(layout.states)
        self.launcher.restore(layout.windows)
        self._keeper.begin()
        return bool(layout.windows)

    def save_layout(self) -> None:
        """Remember the layout now."""
        self._keeper.save_now()

    def come_forward(self) -> None:
        """Show the native window before all others, also when it was hidden or minimised."""
        self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        self.show()
        self.raise_()
        self.activateWindow()

    def open_app(self, app_id: str) -> WindowFrame | None:
        """Raise an app's window, or open one."""
        return self.launcher.show(app_id)

    def open_window(
        self, app_id: str, arguments: Arguments = (), *, key: str = "", title: str = ""
    ) -> WindowFrame | None:
        """Open a window with arguments, or raise the one with the same key."""
        return self.launcher.open(app_id, arguments, key=key, title=title)

    def new_window(self, app_id: str) -> WindowFrame | None:
        """Open one more window of an app."""
        return self.launcher.open(app_id)

    def set_badge(self, app_id: str, text: str) -> None:
        """Show ``text`` on an app's dock tile; the empty text removes it."""
        self._badges[app_id] = text
        self._show_dock()

    def notify(self, notice: Notice, on_action: Callable[[], None] | None = None) -> None:
        """Show a notice over the desktop."""
        self.notices.show(notice, on_action)

    def notify_in(self, handle: WindowHandle) -> Notify:
        """What shows notices to whoever looks at a window: over the desktop, or over the window while it is detached."""

        def tell(notice: Notice, on_action: Callable[[], None] | None = None) -> None:
            frame = self._windows.find(handle.window_id)
            host = self.notices if frame is None or not frame.detached or frame.minimised else frame.notices()
            host.show(notice, on_action)

        return tell

    def set_close_policy(self, policy: Callable[[], bool] | None) -> None:
        """Ask ``policy`` when the native window is to close: True lets it, False keeps it (it may hide to the tray)."""
        self._close_policy = policy

    def ask_to_close(self, then: Callable[[], None], agreed: frozenset[str] = frozenset()) -> None:
        """Ask every window that something could be lost with, one after the other, and call ``then`` once all agree.

        ``agreed`` holds the ids of those that need not be asked. No window is closed here, so the layout stays.
        """
        for frame in self._windows.windows:
            guard, closed = frame.close_guard, agreed | {frame.window_id}
            if guard is not None and frame.window_id not in agreed and not guard(partial(self.ask_to_close, then, closed)):
                self._windows.activate(frame)
                return
        then()

    def prepare_to_quit(self) -> None:
        """Remember the layout and close every window, so that nothing holds the application back."""
        self._close_policy = None
        self._keeper.stop()
        self._windows.close_all_now()

    def switch_window(self, direction: int, modifier: Qt.KeyboardModifier) -> None:
        """Go to another window by recency."""
        self.switcher.step(self._switcher_entries(), direction, modifier)

    def focus_dock(self) -> None:
        """Give the keyboard to the dock."""
        self.dock.focus_first()

    def show_shortcuts(self) -> None:
        """Open the shortcuts sheet."""
        open_shortcuts_sheet(self, self.actions_registry.actions)

    def toggle_theme(self) -> None:
        """Change between dark and light."""
        self._theme.toggle()

    def choose_wallpaper(self, name: str) -> None:
        """Show another wallpaper."""
        self.desktop.set_wallpaper(name)

    def show_needs_you(self) -> None:
        """Say that the person wants to see who needs them."""
        self.needs_you_clicked.emit()

    def refresh(self) -> None:
        """Paint everything anew and ask the apps to read again."""
        self.update()
        self.refresh_requested.emit()

    def request_quit(self) -> None:
        """Ask to end the application."""
        self.quit_requested.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the parts in their places."""
        super().resizeEvent(event)
        self.dock.settle()
        self.menu_bar.setGeometry(0, 0, self.width(), MENU_BAR_HEIGHT_PX)
        self.desktop.setGeometry(self.rect())
        self._keeper.note_change()

    def moveEvent(self, event: QMoveEvent) -> None:
        """Remember the place."""
        super().moveEvent(event)
        self._keeper.note_change()

    def changeEvent(self, event: QEvent) -> None:
        """Let a window that comes to the front have the keyboard again."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.WindowStateChange:
            self._keeper.note_change()
        if event.type() == QEvent.Type.ActivationChange and self.isActiveWindow() and self.focusWidget() is None:
            active = self._windows.active
            if active is not None and not active.detached:
                self._windows.activate(active)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Remember the layout; whether to close is for the close policy to say."""
        self._keeper.save_now()
        event.setAccepted(self._close_policy is None or self._close_policy())

    def _connect(self) -> None:
        self._windows.windows_changed.connect(self._on_windows_changed)
        self._windows.place_changed.connect(self._keeper.note_change)
        self._windows.menu_requested.connect(
            lambda frame, position: popup_menu(self, window_menu(self._windows, frame), position)
        )
        self.desktop.menu_requested.connect(self._on_desktop_menu_requested)
        self.desktop.wallpaper_changed.connect(lambda _name: self._keeper.note_change())
        self.desktop.wallpaper_changed.connect(lambda _name: self.menu_bar.update())
        self.dock.app_requested.connect(self.open_app)
        self.dock.menu_requested.connect(
            lambda app_id, position: popup_menu(self, dock_menu(self._apps, self, app_id), position)
        )
        self.switcher.chosen.connect(self._on_window_chosen)
        self.switcher.cancelled.connect(self._on_switch_cancelled)
        self.launcher.failed.connect(
            lambda title, reason: self.notify(Notice(f"{title} could not be opened", reason, "error"))
        )
        self.menu_bar.needs_you_clicked.connect(self.needs_you_clicked)
        self.menu_bar.kernel_clicked.connect(self.kernel_clicked)
        self.menu_bar.running_clicked.connect(lambda: self.open_app("mission-control"))

    def _on_windows_changed(self) -> None:
        self._show_windows()
        self._keeper.note_change()

    def _show_windows(self) -> None:
        self._show_dock()
        possible = self._windows.active is not None
        for action in self.actions_registry.actions:
            if action.action_id.startswith("window."):
                self.actions_registry.set_enabled(action.action_id, possible or bool(self._windows.windows))

    def _show_dock(self) -> None:
        items = []
        for manifest in self._apps.manifests:
            count = len(self._windows.windows_of(manifest.app_id))
            if manifest.in_dock or count:
                badge = self._badges.get(manifest.app_id, "")
                items.append(DockItem(manifest.app_id, manifest.title, manifest.icon, manifest.colour, count, badge))
        if tuple(items) != self.dock.items:
            self.dock.set_items(items)

    def _dock_target(self, app_id: str) -> QRect:
        return self.dock.tile_rect(app_id)

    def _switcher_entries(self) -> list[SwitcherEntry]:
        entries = []
        for frame in self._windows.windows:
            manifest = self._apps.get(frame.spec.app_id)
            note = "detached" if frame.detached else "minimised" if frame.minimised else ""
            entries.append(SwitcherEntry(frame.window_id, frame.title_bar.title, manifest.icon, manifest.colour, note))
        return entries

    def _on_window_chosen(self, window_id: str) -> None:
        frame = self._windows.find(window_id)
        if frame is not None:
            self._windows.activate(frame)

    def _on_switch_cancelled(self) -> None:
        if self._windows.active is not None:
            self._windows.activate(self._windows.active)

    def _on_desktop_menu_requested(self, position: QPoint) -> None:
        popup_menu(self, desktop_menu(self), position, self.actions_registry)

    def _layout_record(self) -> LayoutRecord:
        return LayoutRecord(self._windows.layout(), self.desktop.wallpaper, place_of(self), self._windows.states.records())
