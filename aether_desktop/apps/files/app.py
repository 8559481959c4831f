"""The files app: called by the shell when its window opens."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from aether_desktop.apps.context import AppContext
from aether_desktop.widgets.file_browser import FilesView
from aether_desktop.widgets.file_browser.names import ROOT, shown_name


def create(ctx: AppContext) -> QWidget:
    """Build the window's content: all of the virtual file system, from where it was left."""
    view = FilesView(ctx.client, ROOT, notify=ctx.notify, start=ctx.arguments.get("path", ""), editable=True)

    def show_place(folder: str) -> None:
        ctx.window.set_title("Files", shown_name(folder) if folder != ROOT else "")
        ctx.window.set_arguments((("path", folder),))

    view.folder_changed.connect(show_place)
    show_place(view.folder)
    ctx.window.set_close_guard(view.text.may_close)
    return view
