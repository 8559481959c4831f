"""Search from the menu bar: agents of now and of before, windows, apps, and what can be done.

Made by the bootstrap. What is at hand is found at once; past runs come from the kernel's history a moment later.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence

from PySide6.QtCore import QObject

from aether_desktop.apps.context import open_agent
from aether_desktop.bridge.client import KernelClient
from aether_desktop.bridge.tasks import TaskOwner
from aether_desktop.models.agent_status import status_of
from aether_desktop.shell.main_window import MainWindow
from aether_desktop.shell.menu_bar import SEARCH_KEYS
from aether_desktop.shell.search_panel import Found, SearchPanel
from aether_desktop.shell.shortcuts import Action
from aether_desktop.stores import Stores
from aether_desktop.theme.tokens import DARK
from kernel.protocol.records import ProcessInfo
from kernel.protocol.system import HistoryProcesses

MOST_FOUND = 40
MOST_AGENTS = 20
_PAUSE_S = 0.15
_AGENT_APP = "agent-vm"


class DesktopSearch(QObject):
    """Registers the action and answers what is typed."""

    def __init__(self, window: MainWindow, client: KernelClient, stores: Stores) -> None:
        super().__init__(window)
        self._window = window
        self._client = client
        self._stores = stores
        self._tasks = TaskOwner(self, lambda _error: None)  # without a kernel there is no history to look in
        self._panel = SearchPanel(window, self.find)
        self._panel.asked.connect(self._ask_history)
        self._panel.chosen.connect(self._go)
        window.actions_registry.register(Action("shell.search", "Search", (SEARCH_KEYS,), "General", "search"), self._panel.open)
        window.menu_bar.search_clicked.connect(self._panel.open)

    @property
    def panel(self) -> SearchPanel:
        """What is shown."""
        return self._panel

    def find(self, words: str) -> Sequence[Found]:
        """What is at hand and has all of the words: living agents, windows, apps, actions. Without words: agents and apps."""
        wanted = words.casefold().split()
        found: list[Found] = []
        for one in (*self._agents(), *self._windows(), *self._apps(), *(self._actions() if wanted else ())):
            text = f"{one.title} {one.note}".casefold()
            if all(word in text for word in wanted):
                found.append(one)
            if len(found) >= MOST_FOUND:
                break
        return found

    def _agents(self) -> Iterator[Found]:
        views = self._stores.processes.living()
        for view in sorted(views, key=lambda view: status_of(view).rank)[:MOST_AGENTS]:
            yield self._agent(view.info, status_of(view).word)

    def _agent(self, info: ProcessInfo, word: str) -> Found:
        manifest = self._window.launcher.registry.get(_AGENT_APP)
        title = f"{info.name} · {info.pid}  {' '.join(info.goal.split())[:120]}"
        return Found(f"agent {info.pid}", title, word, manifest.icon, manifest.colour)

    def _windows(self) -> Iterator[Found]:
        for frame in self._window.windows.windows:
            if frame.spec.app_id != _AGENT_APP:
                manifest = self._window.launcher.registry.get(frame.spec.app_id)
                yield Found(f"window {frame.window_id}", frame.title_bar.title, "window", manifest.icon, manifest.colour)

    def _apps(self) -> Iterator[Found]:
        for manifest in self._window.launcher.registry.manifests:
            if manifest.in_dock:
                yield Found(f"app {manifest.app_id}", manifest.title, "app", manifest.icon, manifest.colour)

    def _actions(self) -> Iterator[Found]:
        registry = self._window.actions_registry
        for action in registry.actions:
            if registry.is_enabled(action.action_id) and action.action_id != "shell.search":
                yield Found(f"action {action.action_id}", action.text, action.key_text or "action", action.icon or "command", DARK.text3)

    def _ask_history(self, words: str) -> None:
        self._tasks.cancel()
        if words and self._client.connected:
            self._tasks.spawn(self._find_history(words), name="search the history")

    async def _find_history(self, words: str) -> None:
        await asyncio.sleep(_PAUSE_S)  # somebody who still types is not answered letter by letter
        reply = await self._client.execute(HistoryProcesses(query=words[:500], limit=MOST_AGENTS))
        living = {view.info.pid for view in self._stores.processes.living()}
        past = [info for info in reply.processes if info.pid not in living]
        self._panel.show_found(words, [self._agent(info, "past run") for info in past])

    def _go(self, key: str) -> None:
        kind, _, name = key.partition(" ")
        if kind == "agent":
            view = self._stores.processes.get(int(name))
            open_agent(self._window.open_window, int(name), view.info.name if view is not None else "Agent")
        elif kind == "window":
            frame = self._window.windows.find(name)
            if frame is not None:
                self._window.windows.activate(frame)
        elif kind == "app":
            self._window.open_app(name)
        else:
            self._window.actions_registry.trigger(name)
