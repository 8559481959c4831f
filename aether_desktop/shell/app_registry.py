"""Which apps there are.

``DEFAULT_MANIFESTS`` is the readable list: one line an app. An app's module is imported when its first window opens and
never before, so a manifest names it by its dotted path. Called by the shell's launcher, dock and menus.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import cast

from PySide6.QtWidgets import QWidget

AppFactory = Callable[[object], QWidget]
"""``create(ctx)`` of an app's module: builds its view. The bootstrap decides what ``ctx`` is."""


class UnknownAppError(LookupError):
    """No app has this id."""


class BrokenAppError(RuntimeError):
    """An app's module cannot be imported or has no factory; the message says which and why."""


@dataclass(frozen=True, slots=True)
class AppManifest:
    """What the shell knows of an app before it is loaded.

    ``factory`` is ``package.module:function``. ``icon`` and ``colour`` (``#rrggbb``) make its dock tile. A singleton has
    one window; others have one window for each key (an agent's pid, for example). ``size`` is the first window's, in px.
    """

    app_id: str
    title: str
    icon: str
    colour: str
    factory: str
    singleton: bool = True
    size: tuple[int, int] = (900, 650)
    in_dock: bool = True
    shortcut: str = ""


DEFAULT_MANIFESTS: tuple[AppManifest, ...] = (
    AppManifest(
        "mission-control",
        "Mission Control",
        "agents",
        "#7c8cff",
        "aether_desktop.apps.mission_control.app:create",
        size=(1010, 720),
        shortcut="Ctrl+1",
    ),
    AppManifest(
        "agent-vm",
        "Agent",
        "agent",
        "#b58cff",
        "aether_desktop.apps.agent_vm.app:create",
        singleton=False,
        size=(1000, 700),
        in_dock=False,
    ),
    AppManifest(
        "first-run",
        "Welcome",
        "info",
        "#f08bd0",
        "aether_desktop.apps.first_run.app:create",
        size=(760, 640),
        in_dock=False,
    ),
    AppManifest(
        "terminal",
        "Terminal",
        "terminal",
        "#3dd6c4",
        "aether_desktop.apps.terminal.app:create",
        singleton=False,
        shortcut="Ctrl+2",
    ),
    AppManifest(
        "files",
        "Files",
        "files",
        "#6aa8ff",
        "aether_desktop.apps.files.app:create",
        shortcut="Ctrl+3",
    ),
    AppManifest(
        "settings",
        "Settings",
        "settings",
        "#9aa4bf",
        "aether_desktop.apps.settings.app:create",
        shortcut="Ctrl+,",
    ),
)


class AppRegistry:
    """Finds apps and builds their views."""

    def __init__(self, manifests: Iterable[AppManifest] = DEFAULT_MANIFESTS) -> None:
        """Raises ValueError if two manifests have the same id."""
        self._manifests: dict[str, AppManifest] = {}
        for manifest in manifests:
            if manifest.app_id in self._manifests:
                raise ValueError(f"two apps are called {manifest.app_id}")
            self._manifests[manifest.app_id] = manifest

    @property
    def manifests(self) -> Sequence[AppManifest]:
        """All apps, in the order of the dock."""
        return tuple(self._manifests.values())

    def get(self, app_id: str) -> AppManifest:
        """Return an app's manifest. Raises UnknownAppError."""
        try:
            return self._manifests[app_id]
        except KeyError:
            raise UnknownAppError(f"there is no app called {app_id}") from None

    def factory(self, app_id: str) -> AppFactory:
        """Import the app's module, the first time, and return its factory.

        Raises UnknownAppError, and BrokenAppError when the module or the function is missing.
        """
        manifest = self.get(app_id)
        module_name, _, function = manifest.factory.partition(":")
        try:
            return cast(AppFactory, getattr(import_module(module_name), function or "create"))
        except (ImportError, AttributeError) as error:
            raise BrokenAppError(f"{manifest.title} cannot be loaded: {error}") from error

    def create(self, app_id: str, ctx: object) -> QWidget:
        """Build the app's view with ``ctx``. Raises as ``factory`` does; errors of the app itself pass through."""
        return self.factory(app_id)(ctx)
