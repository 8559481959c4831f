"""The first-run page as an app: opened by the bootstrap at the first start, and from the menus later."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from aether_desktop.apps.context import AppContext
from aether_desktop.apps.first_run.view import FirstRun


def create(ctx: AppContext) -> QWidget:
    """Build the window's content."""
    return FirstRun(ctx)
