"""Settings as an app: called by the shell when its window opens."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from aether_desktop.apps.context import AppContext
from aether_desktop.apps.settings.view import SettingsView


def create(ctx: AppContext) -> QWidget:
    """Build the window's content."""
    return SettingsView(ctx)
