"""Deploying an agent: the sheet with the form, sending it, and opening the new agent's window.

``DeployDesk`` lives as long as the page. The last values are kept in the settings, and a goal that was typed and not sent in the store
of agents, which outlives every window.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from aether_desktop.apps.context import AppContext, open_agent
from aether_desktop.apps.mission_control.deploy_form import DeployForm, folder_exists
from aether_desktop.apps.mission_control.deploy_values import (
    Defaults,
    DeployValues,
    check,
    copied,
    defaults_of,
    recalled,
    remembered,
)
from aether_desktop.apps.on_screen import on_screen
from aether_desktop.bridge.tasks import TaskOwner
from aether_desktop.models.model_choices import model_choices
from aether_desktop.widgets.notice import Notice
from aether_desktop.widgets.sheet import Answer, Sheet
from kernel.errors import AetherError
from kernel.protocol.process import ProcessSpawn
from kernel.protocol.records import AgentConfig, SandboxConfig
from kernel.protocol.system import SettingsGet, SettingsSet

_SETTING = "desktop.deploy"
_WIDTH_PX = 700


class DeployDesk(QObject):
    """Opens the deploy dialog over ``surface`` and carries it out."""

    def __init__(
        self, ctx: AppContext, surface: QWidget, *, exists: Callable[[str], bool] = folder_exists
    ) -> None:
        """``exists`` says whether a folder is there."""
        super().__init__(surface)
        self._ctx = ctx
        self._surface = surface
        self._exists = exists
        self._tasks = TaskOwner(self, self._on_error)
        self._kept: object = None
        self._defaults = Defaults()
        self._strict = False
        self._copy_of: AgentConfig | None = None
        self.sheet: Sheet | None = None
        self.form: DeployForm | None = None

    def open(self, *, copy_of: AgentConfig | None = None) -> None:
        """Open the dialog with the last values, or with all those of an earlier run; without a kernel say why there is none."""
        if self.sheet is not None:
            return
        absence = self._ctx.stores.kernel.absence
        if absence is not None:
            self._ctx.notify(Notice(absence.message, absence.hint, "error"))
            return
        form = self.form = DeployForm()
        self._strict = False
        self._copy_of = copy_of
        self._show_machine()  # the sheet is made as high as the form then is
        answers = (Answer("cancel", "Cancel"), Answer("deploy", "Deploy", "primary"))
        sheet = self.sheet = Sheet(
            self._surface, "Deploy an agent", content=form, answers=answers, width_px=_WIDTH_PX
        )
        deploy = sheet.button("deploy")
        # The sheet stays open until the kernel has taken the agent, so the button does not answer it by itself.
        deploy.clicked.disconnect()
        deploy.clicked.connect(self._submit)
        deploy.setToolTip("Deploy (Ctrl+Enter)")
        form.submitted.connect(self._submit)
        form.changed.connect(self._on_changed)
        form.goal.textChanged.connect(self._keep_draft)
        form.refresh_requested.connect(lambda: self._tasks.spawn(self._refresh(search=True), name="llm.list"))
        self._ctx.stores.llm.changed.connect(self._show_models)
        self._ctx.stores.kernel.changed.connect(self._show_machine)
        sheet.finished.connect(self._on_finished)
        self._show_models()
        self._fill()
        sheet.open()
        form.goal.setFocus()
        self._tasks.spawn(self._load(), name="deploy.load")
        self._tasks.spawn(self._refresh(search=False), name="llm.list")
        self._ctx.stores.llm.watch(form, lambda: on_screen(form))

    def _fill(self) -> None:
        assert self.form is not None, "the dialog is open"
        self.form.show_defaults(self._defaults.numbers)
        if self._copy_of is not None:
            self.form.show_values(copied(self._copy_of))
        else:
            values = recalled(self._kept, self._defaults.approval)
            self.form.show_values(replace(values, goal=self._ctx.stores.processes.draft_goal))

    async def _load(self) -> None:
        """The settings in force and the remembered values; a field that was edited meanwhile keeps what it has."""
        reply = await self._ctx.client.execute(SettingsGet())
        self._defaults = defaults_of(reply.values)
        if self._kept is None:
            self._kept = reply.values.get(_SETTING)
        if self.form is not None:
            self._fill()

    def _keep_draft(self) -> None:
        if self.form is not None and self._copy_of is None:
            self._ctx.stores.processes.draft_goal = self.form.goal.toPlainText()

    async def _refresh(self, *, search: bool) -> None:
        form = self.form
        if form is not None:
            form.refresh.setEnabled(False)
        try:
            await self._ctx.stores.llm.refresh(search=search)
        finally:
            if form is not None and form is self.form:
                form.refresh.setEnabled(True)

    def _show_models(self) -> None:
        if self.form is not None:
            self.form.show_models(model_choices(self._ctx.stores.llm.state))

    def _show_machine(self) -> None:
        """Offer what this machine can give an agent."""
        if self.form is not None:
            status = self._ctx.stores.kernel.status
            before = self._copy_of.sandbox if self._copy_of is not None else SandboxConfig()
            usable = tuple(gpu.name for gpu in status.gpus if gpu.usable) if status is not None else ()
            self.form.show_gpus(usable, wanted=before.gpu)
            self.form.show_desktop(status.desktop_problem if status is not None else None, wanted=before.graphical)

    def _on_changed(self) -> None:
        """Once something was found wrong, say at each change what still is."""
        if self.form is not None and self._strict:
            self.form.show_problems(check(self.form.values(), self._exists, self._copy_of).problems)

    def _submit(self) -> None:
        if self.form is None or self.sheet is None or not self.sheet.button("deploy").isEnabled():
            return
        values = self.form.values()
        checked = check(values, self._exists, self._copy_of)
        self.form.show_problems(checked.problems)
        if checked.config is None:
            self._strict = True
            self.form.focus_field(next(iter(checked.problems)))
            return
        self._show_sending(self.sheet, sending=True)
        self._tasks.spawn(self._deploy(checked.config, values), name="deploy")

    @staticmethod
    def _show_sending(sheet: Sheet, *, sending: bool) -> None:
        button = sheet.button("deploy")
        button.setEnabled(not sending)
        button.setText("Deploying…" if sending else "Deploy")
        button.setToolTip("The agent is being made." if sending else "Deploy (Ctrl+Enter)")

    async def _deploy(self, config: AgentConfig, values: DeployValues) -> None:
        assert self.sheet is not None, "the dialog is open"
        sheet = self.sheet
        try:
            reply = await self._ctx.client.execute(ProcessSpawn(config=config))
        except AetherError as error:
            self._ctx.notify(Notice(error.message, error.hint, "error"))
            if sheet is self.sheet:
                self._show_sending(sheet, sending=False)
            return
        self._kept = kept = remembered(values, self._defaults.approval)
        if self._ctx.stores.processes.draft_goal == values.goal:
            self._ctx.stores.processes.draft_goal = ""
        if sheet is self.sheet:
            sheet.answer("deploy")
        open_agent(self._ctx.open_window, reply.pid, config.name or config.role)
        await self._ctx.client.execute(SettingsSet(name=_SETTING, value=kept))

    def _on_finished(self, _key: str) -> None:
        self._ctx.stores.llm.changed.disconnect(self._show_models)
        self._ctx.stores.kernel.changed.disconnect(self._show_machine)
        self.sheet = None
        self.form = None

    def _on_error(self, error: BaseException) -> None:
        if isinstance(error, AetherError):
            self._ctx.notify(Notice(error.message, error.hint, "error"))
        else:
            raise error

