"""The first-run page: what was found, what to think with, and one click to a first agent at work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from types import MappingProxyType
from typing import Any, Final, get_args

from msgspec.structs import replace
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QColor, QFocusEvent, QKeySequence, QPainter, QPaintEvent, QShortcut
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QVBoxLayout, QWidget
from shiboken6 import isValid

from aether_desktop.apps.context import AppContext, open_agent
from aether_desktop.apps.first_run.model_panel import ModelPanel
from aether_desktop.apps.on_screen import on_screen
from aether_desktop.bridge.tasks import TaskOwner
from aether_desktop.theme.current import tokens_of
from aether_desktop.theme.tokens import SPACE
from aether_desktop.widgets.button import Button, IconButton
from aether_desktop.widgets.card_page import Card, CardPage
from aether_desktop.widgets.finding_row import FindingRow, FindingState
from aether_desktop.widgets.label import Label
from aether_desktop.widgets.notice import Notice
from kernel.errors import AetherError
from kernel.protocol.ids import ApprovalMode
from kernel.protocol.process import ProcessSpawn
from kernel.protocol.records import AgentConfig, ProviderInfo, SystemCheck
from kernel.protocol.system import SettingsGet, SettingsSet

SAMPLE_GOAL: Final = (
    "List the files in the home folder, create Projects/hello.md saying hello, count its words, "
    "and write a report of what you did."
)
ASKING: Final[Mapping[ApprovalMode, str]] = MappingProxyType(
    {
        "ask": "It asks you before it writes a file.",
        "edits": "It may write in its home; before anything riskier it asks you.",
        "yes": "It asks for nothing: its sandbox is the only guard.",
        "deny": "It asks for nothing: what is risky is refused.",
    }
)
"""What is said of the sample, by the setting that says when agents ask."""
_CARD_PX = 632
_STILL_MS = 150


class FirstRun(QWidget):
    """The content of the first-run window."""

    def __init__(self, ctx: AppContext) -> None:
        super().__init__()
        self._ctx = ctx
        self._tasks = TaskOwner(self, self._on_error)
        # What the person decided here is carried out also where the window is closed meanwhile.
        self._decided = TaskOwner(ctx.stores.kernel, self._on_error)
        self._answered = False
        self.models = ModelPanel(lambda: ctx.stores.kernel.absence)
        self.look_again = IconButton("refresh", "Look again")
        self.deploy = Button("Deploy a sample agent", "primary", icon="deploy", tooltip="Deploy a sample agent", shortcut="Ctrl+Return")
        self.skip = Button("Open Mission Control", tooltip="Go on without a sample")
        self._stops: tuple[QWidget, ...] = ()
        self._top = _top_of_stops(self)
        self._checks = QVBoxLayout()
        self._looking = Label("Looking at this machine…", "secondary")
        self.asking = Label(ASKING["ask"], "secondary", wrap=True)
        self._lay_out()
        # No focus proxy: with one, Tab from outside would come to the sample and pass by all that lies above it.
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setAccessibleName("First steps")
        self._still = QTimer(self)
        self._still.setSingleShot(True)
        self._still.setInterval(_STILL_MS)
        self._connect()
        self._shown_checks: tuple[SystemCheck, ...] | None = None
        self._show_checks()
        self._show_models()
        self._tasks.spawn(self._look(search=False), name="first-run.look")
        ctx.stores.llm.watch(self, lambda: on_screen(self.models))

    def _lay_out(self) -> None:
        page = CardPage(_CARD_PX)
        column = page.column
        head = QVBoxLayout()
        head.setSpacing(SPACE.xs)
        head.addWidget(Label("Welcome to Aether", "display"))
        welcome = "AI agents work here as processes, each in its own sandbox. You watch, they ask, you decide."
        head.addWidget(Label(welcome, "secondary", wrap=True))
        column.addLayout(head)
        thinking = Card("What agents think with")
        thinking.column.addWidget(self.models)
        column.addWidget(thinking)
        column.addWidget(self._first_agent())
        machine = Card("This machine", beside=self.look_again)
        self._checks.setSpacing(2)
        machine.column.addWidget(self._looking)
        machine.column.addLayout(self._checks)
        column.addWidget(machine)
        column.addStretch(1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(page)

    def _first_agent(self) -> Card:
        card = Card("Your first agent")
        card.column.addWidget(Label(f"A Researcher gets this goal: “{SAMPLE_GOAL}”", "secondary", wrap=True))
        card.column.addWidget(self.asking)
        row = QHBoxLayout()
        row.setContentsMargins(0, SPACE.xs, 0, 0)
        row.setSpacing(SPACE.sm)
        row.addWidget(self.deploy)
        row.addWidget(self.skip)
        row.addStretch(1)
        card.column.addLayout(row)
        return card

    def _connect(self) -> None:
        self._ctx.window.set_close_guard(self._on_closing)
        llm = self._ctx.stores.llm
        llm.changed.connect(self._show_models)
        llm.changed.connect(self._show_checks)
        self._still.timeout.connect(self._show_models)
        self._ctx.stores.kernel.changed.connect(self._show_checks)
        self.models.chosen.connect(lambda model: self._decided.spawn(llm.choose(model), name="llm.choose"))
        self.models.pull_requested.connect(lambda name: self._tasks.spawn(llm.pull(name), name="llm.pull"))
        self.models.cancel_requested.connect(lambda name: self._tasks.spawn(llm.cancel_pull(name), name="llm.cancel"))
        self.look_again.clicked.connect(lambda: self._tasks.spawn(self._look(search=True), name="first-run.look"))
        # Only with the keyboard on this page: all windows of the desktop share one native window, and other forms have these keys too.
        for keys in ("Ctrl+Return", "Ctrl+Enter"):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(self.deploy.click)
        self.deploy.clicked.connect(self._on_deploy)
        self.skip.clicked.connect(lambda: self._decided.spawn(self._skip(), name="first-run.skip"))

    async def _look(self, *, search: bool) -> None:
        self.look_again.setEnabled(False)
        self._looking.setVisible(True)
        try:
            self.asking.setText(ASKING[await self._approval()])
            await self._ctx.stores.llm.refresh(search=search)
            await self._ctx.stores.kernel.load_checks()
        finally:
            self.look_again.setEnabled(True)
            self._looking.setVisible(False)

    def _show_models(self) -> None:
        if not self.models.show_state(self._ctx.stores.llm.state, still=self._is_aimed_at()):
            self._still.start()
        self._order_stops()

    def _is_aimed_at(self) -> bool:
        """Whether the pointer is on a button, or one is held down: what is inserted above it would move it away."""
        return any(button.underMouse() or button.isDown() for button in self.findChildren(QAbstractButton))

    def _order_stops(self) -> None:
        """Tab goes from the top of the page down, also to options that came after everything else."""
        stops = (self._top, *self.models.stops, self.deploy, self.skip, self.look_again)
        if stops != self._stops:
            self._stops = stops
            for before, after in pairwise(stops):
                QWidget.setTabOrder(before, after)

    def _show_checks(self) -> None:
        checks = checks_now(self._ctx.stores.kernel.checks, self._ctx.stores.llm.providers)
        if checks == self._shown_checks:
            # The store changes with every sample of the kernel's figures, which show nowhere here.
            return
        self._shown_checks = checks
        while (item := self._checks.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        for check in sorted(checks, key=lambda item: (item.ok, not item.required)):
            self._checks.addWidget(FindingRow(check.name, state_of(check), check.detail, check.remedy))
        if checks:
            self._looking.setVisible(False)

    def _on_deploy(self) -> None:
        self.deploy.setEnabled(False)
        self._decided.spawn(self._deploy(), name="first-run.deploy")

    async def _deploy(self) -> None:
        """Deploy the sample with the ticked model and open its window."""
        try:
            approval = await self._approval()
            config = AgentConfig(role="Researcher", goal=SAMPLE_GOAL, model=self.models.wanted, approval=approval)
            reply = await self._ctx.client.execute(ProcessSpawn(config=config))
            await self._remember()
        finally:
            if isValid(self):
                self.deploy.setEnabled(True)
        open_agent(self._ctx.open_window, reply.pid, config.role)
        self._close()

    async def _approval(self) -> ApprovalMode:
        """When agents ask according to the settings; the careful answer where they do not say."""
        mode: Any = (await self._ctx.client.execute(SettingsGet())).values.get("approvals.mode")
        return mode if mode in get_args(ApprovalMode) else "ask"

    async def _skip(self) -> None:
        await self._remember()
        self._ctx.open_window("mission-control")
        self._close()

    def _close(self) -> None:
        if isValid(self):
            self._ctx.window.request_close()

    def _on_closing(self, _close: object) -> bool:
        """A page that was closed was seen: it does not open by itself again."""
        if not self._answered and self._ctx.stores.kernel.absence is None:
            self._decided.spawn(self._mark_answered(), name="first-run.closed")
        return True

    async def _remember(self) -> None:
        """Keep the choice, and that this page was answered."""
        if self.models.wanted and self.models.wanted != self._ctx.stores.llm.chosen:
            await self._ctx.stores.llm.choose(self.models.wanted)
        await self._mark_answered()

    async def _mark_answered(self) -> None:
        self._answered = True
        await self._ctx.client.execute(SettingsSet(name="desktop.first_run_done", value=True))

    def _on_error(self, error: BaseException) -> None:
        if isinstance(error, AetherError):
            self._ctx.notify(Notice(error.message, error.hint, "error"))
        else:
            raise error

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Who opens the page can deploy the sample at once."""
        super().focusInEvent(event)
        self.deploy.setFocus(event.reason())

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the background."""
        QPainter(self).fillRect(self.rect(), QColor(tokens_of(self).surface0))


def _top_of_stops(page: QWidget) -> QWidget:
    """What stands first in the page's order of Tab and is never reached.

    Qt only ever puts one widget behind another that takes the keyboard.
    """
    top = QWidget(page)
    top.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    top.hide()
    return top


def checks_now(checks: Sequence[SystemCheck], providers: Sequence[ProviderInfo]) -> tuple[SystemCheck, ...]:
    """What was found, with what is known of the models' servers by now."""
    known = {f"Models: {provider.name}": provider for provider in providers}
    return tuple(_check_now(check, known.get(check.name)) for check in checks)


def _check_now(check: SystemCheck, provider: ProviderInfo | None) -> SystemCheck:
    if provider is None or provider.available == check.ok:
        return check
    found = f"{provider.model_count} model(s) {provider.base_url}".strip()
    return replace(check, ok=provider.available, detail=found if provider.available else provider.reason, remedy=provider.remedy)


def state_of(check: SystemCheck) -> FindingState:
    """Whether a check found what it looked for; what is not required is only missing."""
    if check.ok:
        return "found"
    return "wrong" if check.required else "missing"
