"""An agent's window as a native one of its own.

The shell detaches the window in front by its action ``window.detach``; an app knows the shell by what it was given only, so this asks
the window that opened for the desktop around it.
"""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from aether_desktop.apps.context import OpenWindow

_ACTION = "window.detach"


def open_detached(open_window: OpenWindow, pid: int, title: str) -> None:
    """Open the window of agent ``pid``, or raise the one that there is, as a native window; one that is native already stays so."""
    opened = open_window("agent-vm", (("pid", str(pid)),), key=str(pid), title=title)
    if not isinstance(opened, QWidget):
        return
    actions = getattr(opened.window(), "actions_registry", None)
    if actions is not None and opened.window() is not opened:
        actions.trigger(_ACTION)
