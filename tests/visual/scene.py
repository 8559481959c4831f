"""What a scene is, and where scenes are found."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from PySide6.QtWidgets import QWidget

from aether_desktop.theme.manager import ThemeChoice, ThemeManager


@dataclass(frozen=True, slots=True)
class Scene:
    """One picture.

    ``build`` makes the widget under ``theme`` (no timers, no clock, no network); ``settle`` puts it into its state after
    it is shown, for example opens a sheet. ``name`` is the picture's file name.
    """

    name: str
    build: Callable[[ThemeManager], QWidget]
    size: tuple[int, int]
    theme: ThemeChoice = ThemeChoice.DARK
    settle: Callable[[QWidget], None] | None = None
    feature: str = ""


def in_both_themes(
    name: str,
    build: Callable[[ThemeManager], QWidget],
    size: tuple[int, int],
    settle: Callable[[QWidget], None] | None = None,
    feature: str = "",
) -> tuple[Scene, ...]:
    """Return a scene in dark and in light."""
    return tuple(
        Scene(f"{name}-{theme.value}", build, size, theme, settle, feature)
        for theme in (ThemeChoice.DARK, ThemeChoice.LIGHT)
    )


def all_scenes() -> tuple[Scene, ...]:
    """Return the scenes of all modules in ``scenes/``. Raises ValueError if two have the same name."""
    package = import_module("tests.visual.scenes")
    found: dict[str, Scene] = {}
    for module in sorted(pkgutil.iter_modules(package.__path__), key=lambda info: info.name):
        for scene in import_module(f"tests.visual.scenes.{module.name}").SCENES:
            if scene.name in found:
                raise ValueError(f"two scenes are called {scene.name}")
            found[scene.name] = scene
    return tuple(found.values())
