"""The actions of the desktop that need a kernel: deploy, pause, resume or stop all agents, a new folder, about, first steps.

Made by the bootstrap. Apps are imported when their action is first used; what cannot be done now is grey.
"""

from __future__ import annotations

import platform
from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, qVersion
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from aether_desktop.assets import resource
from aether_desktop.bridge.client import KernelClient
from aether_desktop.shell.main_window import MainWindow
from aether_desktop.shell.shortcuts import Action
from aether_desktop.stores import Stores
from aether_desktop.stores.reducers.process import ProcessView
from aether_desktop.theme.tokens import SPACE
from aether_desktop.widgets.label import Label
from aether_desktop.widgets.notice import Notice
from aether_desktop.widgets.sheet import Answer, Sheet
from kernel.protocol.system import KernelStatusReply

if TYPE_CHECKING:
    from aether_desktop.apps.mission_control.agent_actions import AgentActions

_AGENTS = "Agents"
_LOGO_PX = 64
_ABOUT_PX = 460


class PersonActions(QObject):
    """Registers the actions and keeps them possible or grey."""

    def __init__(self, window: MainWindow, client: KernelClient, stores: Stores) -> None:
        super().__init__(window)
        self._window = window
        self._client = client
        self._stores = stores
        self._about: Sheet | None = None
        self._agent_actions: AgentActions | None = None
        self._register()
        stores.processes.changed.connect(lambda _pids: self._show_possible())
        stores.kernel.changed.connect(self._show_possible)
        self._show_possible()

    def _register(self) -> None:
        registry = self._window.actions_registry
        for action, handler in (
            (Action("agents.deploy", "Deploy Agent…", ("Ctrl+Shift+D",), _AGENTS, "deploy"), self._deploy),
            (Action("agents.pause_all", "Pause All Agents", ("Ctrl+Alt+P",), _AGENTS, "pause"), self._pause_all),
            (Action("agents.resume_all", "Resume All Agents", (), _AGENTS, "play"), self._resume_all),
            (Action("agents.stop_all", "Stop All Agents…", (), _AGENTS, "stop"), self._stop_all),
            (Action("files.new_folder", "New Folder", ("Ctrl+Shift+N",), "General", "folder-add"), self._new_folder),
            (Action("shell.about", "About Aether", (), "General", "info"), self._show_about),
            (Action("help.first_steps", "First Steps", (), "General", "question"), self._show_first_steps),
        ):
            registry.register(action, handler)

    def _show_possible(self) -> None:
        registry = self._window.actions_registry
        ready = self._client.connected
        living = self._living()
        for action_id, possible in (
            ("agents.deploy", ready),
            ("agents.pause_all", ready and any(view.info.state != "stopped" for view in living)),
            ("agents.resume_all", ready and any(view.info.state == "stopped" for view in living)),
            ("agents.stop_all", ready and bool(living)),
            ("files.new_folder", ready),
            ("help.first_steps", ready),
        ):
            registry.set_enabled(action_id, possible)

    def _living(self) -> Sequence[ProcessView]:
        return [view for view in self._stores.processes.all() if not view.ended]

    def _deploy(self) -> None:
        from aether_desktop.apps.mission_control.view import MissionControl

        frame = self._window.open_app("mission-control")
        if frame is not None and isinstance(frame.content, MissionControl):
            frame.content.deploy_desk.open()

    def _new_folder(self) -> None:
        from aether_desktop.widgets.file_browser import FilesView

        frame = self._window.open_app("files")
        if frame is not None and isinstance(frame.content, FilesView):
            frame.content.new_folder()

    def _pause_all(self) -> None:
        running = [view.pid for view in self._living() if view.info.state != "stopped"]
        actions = self._agents()
        actions.pause(running)
        self._window.notify(
            Notice(f"{_agents_text(len(running))} paused", "They stand where they were.", "success", "Resume"),
            lambda: actions.resume(running),
        )

    def _resume_all(self) -> None:
        self._agents().resume([view.pid for view in self._living()])

    def _stop_all(self) -> None:
        self._agents().ask_stop([view.pid for view in self._living()])

    def _agents(self) -> AgentActions:
        if self._agent_actions is None:
            from aether_desktop.apps.mission_control.agent_actions import AgentActions

            self._agent_actions = AgentActions(self._client, self._stores.processes, self._window, self._window.notify)
        return self._agent_actions

    def _show_first_steps(self) -> None:
        self._window.open_app("first-run")

    def _show_about(self) -> None:
        if self._about is not None:
            return
        answers = (Answer("close", "Close", "primary", default=True),)
        content = about_page(about_facts(self._stores.kernel.status))
        self._about = Sheet(self._window, "About Aether", content=content, answers=answers, width_px=_ABOUT_PX)
        self._about.finished.connect(lambda _key: self._forget_about())
        self._about.open()

    def _forget_about(self) -> None:
        self._about = None


def about_page(facts: Sequence[tuple[str, str]]) -> QWidget:
    """What Aether is, and names and values: its version, where it keeps what it owns."""
    page = QWidget()
    column = QVBoxLayout(page)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(SPACE.md)
    logo = QLabel()
    logo.setPixmap(QPixmap(str(resource("icons", f"aether-{_LOGO_PX}.png"))))
    logo.setAccessibleName("Aether's mark")
    column.addWidget(logo)
    column.addWidget(Label("AI agents work here as processes, each in its own sandbox. You watch, they ask, you decide.", wrap=True))
    grid = QGridLayout()
    grid.setHorizontalSpacing(SPACE.xl)
    grid.setVerticalSpacing(SPACE.xs)
    grid.setColumnStretch(1, 1)
    for row, (name, text) in enumerate(facts):
        value = Label(text, wrap=True)
        value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        grid.addWidget(Label(name, "secondary"), row, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(value, row, 1)
    column.addLayout(grid)
    return page


def about_facts(status: KernelStatusReply | None) -> Sequence[tuple[str, str]]:
    """Names and values of the about page; ``status`` is None while no kernel answers."""
    facts = [("Version", status.version), ("Files", status.root)] if status is not None else []
    return (*facts, ("Python", platform.python_version()), ("Qt", qVersion()))


def _agents_text(count: int) -> str:
    return "1 agent" if count == 1 else f"{count:,} agents"
