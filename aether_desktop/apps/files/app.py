"""The files app: called by the shell when its window opens."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from aether_desktop.apps.context import AppContext
from aether_desktop.widgets.file_browser import FilesView


def create(ctx: AppContext) -> QWidget:
    """Build the window's content, from the top of the virtual file system."""
    return FilesView(ctx.client, ctx.arguments.get("path", ""))
