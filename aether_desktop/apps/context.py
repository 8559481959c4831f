"""What an app is given when its window opens.

Made by the bootstrap for each window; an app's ``create(ctx)`` hands its parts on to its widgets' constructors.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from aether_desktop.bridge.client import KernelClient
from aether_desktop.stores import Stores
from aether_desktop.theme.manager import ThemeManager
from aether_desktop.widgets.notice import Notify
from aether_desktop.widgets.terminal.factory import TerminalFactory
from aether_desktop.widgets.window_handle import WindowHandle

OpenWindow = Callable[..., object]
"""``open_window(app_id, arguments=(), *, key="", title="")``; arguments are pairs, such as ``(("pid", "7"),)``."""


@dataclass(frozen=True, slots=True)
class AppContext:
    """The world of one window.

    arguments: what it was opened with, such as {"pid": "7"} for an agent's window.
    notify: shows a message over the desktop, with a second argument for what its button does.
    """

    client: KernelClient
    stores: Stores
    window: WindowHandle
    arguments: Mapping[str, str]
    open_window: OpenWindow
    notify: Notify
    theme: ThemeManager
    terminals: TerminalFactory


def open_agent(open_window: OpenWindow, pid: int, name: str) -> None:
    """Open the window of agent ``pid``, or raise the one that there is."""
    open_window("agent-vm", (("pid", str(pid)),), key=str(pid), title=f"{name} · {pid}")
