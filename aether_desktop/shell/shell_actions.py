"""The actions and menus of the shell itself, as data.

``register_shell_actions`` binds them to the main window's parts; apps and the bootstrap register theirs beside them. Menu
entries whose action nobody registered are left out, so a menu never offers what does not work.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

from PySide6.QtCore import Qt

from aether_desktop.shell.app_registry import AppRegistry
from aether_desktop.shell.geometry import Direction
from aether_desktop.shell.menu_bar import NEEDS_YOU_KEYS
from aether_desktop.shell.menu_model import SEPARATOR, ActionEntry, CommandEntry, MenuEntry, MenuSpec, SubmenuEntry
from aether_desktop.shell.shortcuts import Action, ActionRegistry
from aether_desktop.shell.wallpaper import WALLPAPERS
from aether_desktop.shell.window_frame import WindowFrame
from aether_desktop.shell.window_manager import WindowManager
from aether_desktop.widgets.shown_text import menu_words

_WINDOWS = "Windows"
_MENU_TITLE_CHARACTERS = 60


class ShellCommands(Protocol):
    """What the actions call; fulfilled by ``MainWindow``."""

    @property
    def windows(self) -> WindowManager:
        """The open windows."""

    @property
    def wallpaper(self) -> str:
        """The present wallpaper's name."""

    def open_app(self, app_id: str) -> object:
        """Raise or open an app."""

    def new_window(self, app_id: str) -> object:
        """Open one more window of an app."""

    def switch_window(self, direction: int, modifier: Qt.KeyboardModifier) -> None:
        """Go to another window by recency."""

    def focus_dock(self) -> None:
        """Give the keyboard to the dock."""

    def show_shortcuts(self) -> None:
        """Open the shortcuts sheet."""

    def toggle_theme(self) -> None:
        """Change between dark and light."""

    def choose_wallpaper(self, name: str) -> None:
        """Show another wallpaper."""

    def show_needs_you(self) -> None:
        """Show the agents that wait for the person."""

    def refresh(self) -> None:
        """Paint everything anew and ask the apps to read again."""

    def request_quit(self) -> None:
        """Ask to end the application."""


def register_shell_actions(registry: ActionRegistry, apps: AppRegistry, shell: ShellCommands) -> None:
    """Register every action of the shell."""
    windows = shell.windows

    def on_active(command: Callable[[WindowFrame], object]) -> Callable[[], object]:
        return lambda: command(windows.active) if windows.active is not None else None

    control, alt = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier
    for action, handler in (
        (Action("window.close", "Close Window", ("Ctrl+W",), _WINDOWS, "close", "front"), on_active(windows.close)),
        (Action("window.minimise", "Minimise", ("Ctrl+M", "Ctrl+Alt+M"), _WINDOWS, "minimise", "front"), on_active(windows.minimise)),
        (Action("window.next", "Next Window", ("Ctrl+Tab",), _WINDOWS), lambda: shell.switch_window(1, control)),
        (
            Action("window.previous", "Previous Window", ("Ctrl+Shift+Tab",), _WINDOWS),
            lambda: shell.switch_window(-1, control),
        ),
        (Action("window.switch", "Switch Window", ("Alt+`",), _WINDOWS), lambda: shell.switch_window(1, alt)),
        (
            Action("window.detach", "Detach or Attach", ("Ctrl+Alt+D",), _WINDOWS, "detach", "front"),
            on_active(windows.toggle_detached),
        ),
        (Action("shell.needs_you", "Show Who Needs You", (NEEDS_YOU_KEYS,), "General"), shell.show_needs_you),
        (Action("shell.dock", "Go to the Dock", ("Ctrl+F3",), "General"), shell.focus_dock),
        (Action("shell.shortcuts", "Keyboard Shortcuts", ("Ctrl+/",), "General", "command"), shell.show_shortcuts),
        (Action("shell.theme", "Dark or Light", ("Ctrl+Alt+T",), "General", reach="nothing"), shell.toggle_theme),
        (Action("shell.refresh", "Refresh", ("F5",), "General", "refresh"), shell.refresh),
        (Action("shell.quit", "Quit Aether", ("Ctrl+Q",), "General", reach="nothing"), shell.request_quit),
    ):
        registry.register(action, handler)
    for direction, text in (
        (Direction.LEFT, "Snap Left"),
        (Direction.RIGHT, "Snap Right"),
        (Direction.UP, "Maximise or Snap Up"),
        (Direction.DOWN, "Restore or Snap Down"),
    ):
        keys = f"Ctrl+Alt+{direction.value.capitalize()}"
        registry.register(
            Action(f"window.snap_{direction.value}", text, (keys,), _WINDOWS, reach="front"),
            on_active(partial(windows.snap_towards, direction=direction)),
        )
    for manifest in apps.manifests:
        if manifest.in_dock:
            registry.register(
                Action(
                    f"app.{manifest.app_id}",
                    manifest.title,
                    (manifest.shortcut,) if manifest.shortcut else (),
                    "Apps",
                    manifest.icon,
                ),
                partial(shell.open_app, manifest.app_id),
            )


def build_menus(apps: AppRegistry, shell: ShellCommands) -> tuple[MenuSpec, ...]:
    """Return the menus of the menu bar."""
    return (
        MenuSpec("Aether", _aether_entries),
        MenuSpec("File", partial(_file_entries, apps, shell)),
        MenuSpec("Agents", _agents_entries),
        MenuSpec("Window", partial(_window_entries, shell)),
        MenuSpec("Help", _help_entries),
    )


def desktop_menu(shell: ShellCommands) -> Sequence[MenuEntry]:
    """Return the context menu of the desktop."""
    return (
        ActionEntry("files.new_folder", "New Folder"),
        ActionEntry("app.mission-control", "Mission Control"),
        SEPARATOR,
        SubmenuEntry("Change Wallpaper", tuple(_wallpaper_entries(shell))),
        ActionEntry("shell.theme"),
        ActionEntry("shell.refresh", "Refresh"),
    )


def window_menu(windows: WindowManager, frame: WindowFrame) -> Sequence[MenuEntry]:
    """Return the menu of one window's title bar."""
    return (
        CommandEntry("Minimise", lambda: windows.minimise(frame), "minimise"),
        CommandEntry("Maximise or Restore", lambda: windows.toggle_maximised(frame), "maximise"),
        CommandEntry(
            "Take Back into the Desktop" if frame.detached else "Detach",
            lambda: windows.toggle_detached(frame),
            "detach",
        ),
        SEPARATOR,
        CommandEntry("Close", lambda: windows.close(frame), "close"),
    )


def dock_menu(apps: AppRegistry, shell: ShellCommands, app_id: str) -> Sequence[MenuEntry]:
    """Return the menu of an app's dock tile."""
    windows = shell.windows
    frames = windows.windows_of(app_id)
    entries: list[MenuEntry] = [
        CommandEntry(_title_of(frame), partial(windows.activate, frame), "window") for frame in frames
    ]
    if entries:
        entries.append(SEPARATOR)
    manifest = apps.get(app_id)
    if not frames:
        entries.append(CommandEntry("Open", lambda: shell.open_app(app_id)))
    elif not manifest.singleton and manifest.in_dock:
        entries.append(CommandEntry("New Window", lambda: shell.new_window(app_id), "add"))
    if frames:
        entries.append(CommandEntry("Minimise", partial(_for_each, windows.minimise, frames), "minimise"))
        text = "Close" if len(frames) == 1 else f"Close {len(frames)} Windows"
        entries.append(CommandEntry(text, partial(_for_each, windows.close, frames), "close"))
    return tuple(entries)


def _title_of(frame: WindowFrame) -> str:
    """A window's title for a menu, where a single ``&`` would vanish."""
    return menu_words(frame.title_bar.title, _MENU_TITLE_CHARACTERS)


def _for_each(command: Callable[[WindowFrame], object], frames: Sequence[WindowFrame]) -> None:
    for frame in frames:
        command(frame)


def _aether_entries() -> Sequence[MenuEntry]:
    return (
        ActionEntry("shell.about", "About Aether"),
        ActionEntry("app.settings", "Settings…"),
        ActionEntry("shell.theme"),
        SEPARATOR,
        ActionEntry("shell.quit"),
    )


def _file_entries(apps: AppRegistry, shell: ShellCommands) -> Sequence[MenuEntry]:
    new_windows = tuple(
        CommandEntry(f"New {manifest.title}", partial(shell.new_window, manifest.app_id), manifest.icon)
        for manifest in apps.manifests
        if manifest.in_dock and not manifest.singleton
    )
    return (
        ActionEntry("agents.deploy", "Deploy Agent…"),
        *new_windows,
        ActionEntry("files.new_folder", "New Folder"),
        SEPARATOR,
        SubmenuEntry(
            "Open", tuple(ActionEntry(f"app.{manifest.app_id}") for manifest in apps.manifests if manifest.in_dock)
        ),
        SEPARATOR,
        ActionEntry("window.close"),
    )


def _agents_entries() -> Sequence[MenuEntry]:
    return (
        ActionEntry("app.mission-control"),
        ActionEntry("agents.deploy", "Deploy Agent…"),
        SEPARATOR,
        ActionEntry("shell.needs_you"),
        ActionEntry("agents.pause_all", "Pause All"),
        ActionEntry("agents.resume_all", "Resume All"),
        ActionEntry("agents.stop_all", "Stop All…"),
    )


def _window_entries(shell: ShellCommands) -> Sequence[MenuEntry]:
    windows = shell.windows
    listed = [
        CommandEntry(_title_of(frame), partial(windows.activate, frame), checked=frame is windows.active)
        for frame in windows.windows
    ]
    fixed: list[MenuEntry] = [ActionEntry("window.minimise"), SEPARATOR]
    fixed += [ActionEntry(f"window.snap_{direction.value}") for direction in Direction]
    fixed += [SEPARATOR, ActionEntry("window.detach"), ActionEntry("window.next")]
    return (*fixed, SEPARATOR, *listed) if listed else tuple(fixed)


def _help_entries() -> Sequence[MenuEntry]:
    return (ActionEntry("help.first_steps", "First Steps"), ActionEntry("shell.shortcuts"))


def _wallpaper_entries(shell: ShellCommands) -> list[MenuEntry]:
    return [
        CommandEntry(
            wallpaper.title,
            partial(shell.choose_wallpaper, wallpaper.name),
            checked=wallpaper.name == shell.wallpaper,
        )
        for wallpaper in WALLPAPERS.values()
    ]
