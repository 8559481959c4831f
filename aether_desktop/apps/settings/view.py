"""The settings' page: one column of groups; every control is kept when it is changed, and says so where it cannot be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QSignalBlocker
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QShowEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QLineEdit, QVBoxLayout, QWidget
from shiboken6 import isValid

from aether_desktop.apps.context import AppContext
from aether_desktop.apps.settings.fields import GROUPS, Field, Group, parse, shown
from aether_desktop.apps.settings.rows import SettingRow
from aether_desktop.bridge.tasks import TaskOwner
from aether_desktop.models.model_choices import ModelChoice, model_choices, provider_title
from aether_desktop.theme.current import tokens_of
from aether_desktop.theme.manager import ThemeChoice
from aether_desktop.theme.tokens import SPACE
from aether_desktop.widgets.button import IconButton
from aether_desktop.widgets.card_page import Card, CardPage, Rule
from aether_desktop.widgets.choice import Choice
from aether_desktop.widgets.finding_row import FindingRow
from aether_desktop.widgets.label import Label
from aether_desktop.widgets.notice import Notice
from aether_desktop.widgets.segmented_control import Segment, SegmentedControl
from kernel.errors import AetherError
from kernel.protocol.base import Event
from kernel.protocol.records import ProviderInfo
from kernel.protocol.system import SettingsChanged, SettingsGet, SettingsSet

_CARD_PX = 620
_FIELD_PX = 240
_NUMBER_PX = 96
_BOX_PX = 20
_THEMES = (Segment("dark", "Dark"), Segment("light", "Light"), Segment("system", "System"))
_MOTION = "desktop.reduced_motion"


class SettingsView(QWidget):
    """The content of the settings' window."""

    def __init__(self, ctx: AppContext) -> None:
        super().__init__()
        self._ctx = ctx
        self._tasks = TaskOwner(self, self._on_error)
        # A field that is left by closing the window is still to be kept.
        self._writes = TaskOwner(ctx.stores.kernel, self._on_error)
        self._values: dict[str, Any] = {}
        self.inputs: dict[str, QWidget] = {}
        self.rows: dict[str, SettingRow] = {}
        self.theme = SegmentedControl("Theme", _THEMES, str(ctx.theme.choice.value))
        self.motion = _bare_box()
        self.model = Choice()
        self.source = Label("", "caption", wrap=True)
        self.refresh = IconButton("refresh", "Look for models again")
        self._providers = QVBoxLayout()
        self._shown_providers: tuple[ProviderInfo, ...] | None = None
        self._shown_choices: tuple[ModelChoice, ...] = ()
        self._lay_out()
        self._connect()
        self._show_models()

    # -- building ----------------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        page = CardPage(_CARD_PX)
        page.column.addWidget(self._appearance())
        page.column.addWidget(self._models())
        for group in GROUPS:
            page.column.addWidget(self._group(group))
        page.column.addStretch(1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(page)

    def _appearance(self) -> Card:
        self.motion.setAccessibleName("Reduced motion")
        theme = SettingRow("Theme", self.theme, "System follows the theme of your desktop.")
        return _card("Appearance", (theme, SettingRow("Reduced motion", self.motion, "Nothing slides, grows or fades.")))

    def _models(self) -> Card:
        self.model.setAccessibleName("Model for new agents")
        self.model.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.model.setFixedWidth(_FIELD_PX)
        card = Card("Models", beside=self.refresh)
        card.column.setSpacing(SPACE.xs)
        card.column.addWidget(SettingRow("Model for new agents", self.model))
        card.column.addWidget(self.source)
        card.column.addSpacing(SPACE.xs)
        card.column.addWidget(Rule())
        card.column.addSpacing(SPACE.xs)
        self._providers.setSpacing(2)
        card.column.addLayout(self._providers)
        return card

    def _group(self, group: Group) -> Card:
        for field in group.fields:
            widget = self._input(field)
            widget.setAccessibleName(field.label)
            self.inputs[field.name] = widget
            self.rows[field.name] = SettingRow(field.label, widget, field.help)
        return _card(group.title, [self.rows[field.name] for field in group.fields])

    def _input(self, field: Field) -> QWidget:
        if field.kind == "switch":
            box = _bare_box()
            box.clicked.connect(partial(self._on_switched, field.name, box))
            return box
        if field.kind == "choice":
            choice = Choice()
            for value, text in field.choices:
                choice.addItem(text, value)
            choice.setFixedWidth(_FIELD_PX)
            choice.activated.connect(partial(self._on_chosen, field.name, choice))
            return choice
        line = QLineEdit()
        line.setFixedWidth(_FIELD_PX if field.kind == "text" else _NUMBER_PX)
        line.editingFinished.connect(partial(self._on_edited, field, line))
        return line

    def _connect(self) -> None:
        self.theme.selected.connect(self._on_theme)
        self.motion.clicked.connect(self._on_motion)
        self.model.activated.connect(self._on_model)
        self.refresh.clicked.connect(lambda: self._tasks.spawn(self._look(search=True), name="llm.list"))
        self._ctx.stores.llm.changed.connect(self._show_models)
        self._ctx.theme.choice_changed.connect(self._on_theme_chosen)
        unsubscribe = self._ctx.client.subscribe(self._on_events)
        self.destroyed.connect(lambda: unsubscribe())

    # -- showing -----------------------------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        """Read the settings anew: they may have been changed elsewhere."""
        super().showEvent(event)
        self._tasks.spawn(self._load(), name="settings.get")

    async def _load(self) -> None:
        self.show_values((await self._ctx.client.execute(SettingsGet())).values)
        await self._look(search=False)

    def show_values(self, values: Mapping[str, Any]) -> None:
        """Fill the controls; one that has the keyboard keeps what is being typed."""
        self._values = dict(values)
        self.motion.setChecked(bool(values.get(_MOTION)))
        for name, widget in self.inputs.items():
            self.rows[name].setVisible(name in values)
            if name in values and not (isinstance(widget, QLineEdit) and widget.hasFocus()):
                _show_value(widget, values[name])

    def _on_events(self, events: Sequence[Event]) -> None:
        told = {event.name: event.value for event in events if isinstance(event, SettingsChanged)}
        if told and self._values:
            self.show_values({**self._values, **told})

    def _show_models(self) -> None:
        state = self._ctx.stores.llm.state
        choices = model_choices(state)
        if choices != self._shown_choices:
            # Only where they changed: filling the list anew would move the highlight of one that is open.
            self._shown_choices = choices
            with QSignalBlocker(self.model):
                self.model.clear()
                self.model.addItem("Automatic", "")
                for choice in choices[1:]:
                    self.model.addItem(choice.text, choice.model_id)
        current = max(0, self.model.findData(state.chosen))
        if current != self.model.currentIndex():
            self.model.setCurrentIndex(current)
        self.source.setText(choices[0].source)
        if state.providers != self._shown_providers:
            self._shown_providers = state.providers
            self._show_providers(state.providers)

    def _show_providers(self, providers: tuple[ProviderInfo, ...]) -> None:
        while (item := self._providers.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        for provider in sorted(providers, key=lambda item: not item.available):
            count = f"{provider.model_count} model{'' if provider.model_count == 1 else 's'}"
            detail = ", ".join(filter(None, (provider.base_url, count if provider.available else provider.reason)))
            remedy = "" if provider.available else provider.remedy
            title = provider_title(provider.name)
            self._providers.addWidget(FindingRow(title, "found" if provider.available else "missing", detail, remedy))

    # -- keeping -----------------------------------------------------------------------------------------------------

    def _on_theme_chosen(self, choice: ThemeChoice) -> None:
        self.theme.set_current(choice.value)

    def _on_theme(self, key: str) -> None:
        # The desktop keeps it, as it does where another menu changes the theme.
        self._ctx.theme.choose(ThemeChoice(key))

    def _on_motion(self, checked: bool) -> None:
        self._ctx.theme.set_reduced_motion(True if checked else None)
        self._keep(_MOTION, checked)

    def _on_model(self, index: int) -> None:
        self._writes.spawn(self._ctx.stores.llm.choose(str(self.model.itemData(index))), name="llm.choose")

    def _on_switched(self, name: str, box: QCheckBox, *_signal: object) -> None:
        self._keep(name, box.isChecked())

    def _on_chosen(self, name: str, box: QComboBox, *_signal: object) -> None:
        self._keep(name, box.currentData())

    def _on_edited(self, field: Field, line: QLineEdit) -> None:
        value, problem = parse(field, line.text())
        self.rows[field.name].say(problem)
        if problem or value == self._values.get(field.name):
            return
        self._keep(field.name, value)

    def _keep(self, name: str, value: object) -> None:
        self._writes.spawn(self._send(name, value), name=f"settings.set {name}")

    async def _send(self, name: str, value: object) -> None:
        try:
            reply = await self._ctx.client.execute(SettingsSet(name=name, value=value))
        except AetherError as error:
            if name in self.rows and isValid(self):
                self.rows[name].say(f"{error.message} {error.hint}".strip())
            else:
                self._on_error(error)
            return
        self._values = dict(reply.values)

    async def _look(self, *, search: bool) -> None:
        self.refresh.setEnabled(False)
        try:
            await self._ctx.stores.llm.refresh(search=search)
        finally:
            self.refresh.setEnabled(True)

    def _on_error(self, error: BaseException) -> None:
        if isinstance(error, AetherError):
            self._ctx.notify(Notice(error.message, error.hint, "error"))
        else:
            raise error

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the background."""
        QPainter(self).fillRect(self.rect(), QColor(tokens_of(self).surface0))


def _bare_box() -> QCheckBox:
    """A box without a text of its own, as wide as its mark, so that it stands at the edge as other controls do."""
    box = QCheckBox()
    box.setFixedWidth(_BOX_PX)
    return box


def _card(title: str, rows: Sequence[SettingRow]) -> Card:
    card = Card(title)
    card.column.setSpacing(SPACE.xs)
    for index, row in enumerate(rows):
        if index:
            card.column.addWidget(Rule())
        card.column.addWidget(row)
    return card


def _show_value(widget: QWidget, value: Any) -> None:
    if isinstance(widget, QCheckBox):
        widget.setChecked(bool(value))
    elif isinstance(widget, QComboBox):
        widget.setCurrentIndex(max(0, widget.findData(value)))
    elif isinstance(widget, QLineEdit):
        widget.setText(shown(value))
