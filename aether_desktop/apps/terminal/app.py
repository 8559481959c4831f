"""The terminal as an app: called by the shell when its window opens."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from aether_desktop.apps.context import AppContext
from aether_desktop.apps.terminal.view import TerminalTabs


def create(ctx: AppContext) -> QWidget:
    """Build the window's content with one shell."""
    return TerminalTabs(ctx)
