"""The settings' page: one column of groups; every control is kept when it is changed, and says so where it cannot be."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from aether_desktop.apps.context import AppContext
from aether_desktop.apps.settings.fields import GROUPS, Field, Group, parse, shown
from aether_desktop.bridge.tasks import TaskOwner
from aether_desktop.models.model_choices import model_choices, provider_title
from aether_desktop.theme.current import tokens_of
from aether_desktop.theme.manager import ThemeChoice
from aether_desktop.theme.tokens import SPACE
from aether_desktop.widgets.button import IconButton
from aether_desktop.widgets.finding_row import FindingRow
from aether_desktop.widgets.label import Label
from aether_desktop.widgets.notice import Notice
from aether_desktop.widgets.segmented_control import Segment, SegmentedControl
from kernel.errors import AetherError
from kernel.protocol.records import ProviderInfo
from kernel.protocol.system import SettingsGet, SettingsSet

_PAGE_PX = 640
_LABEL_PX = 160
_FIELD_PX = 230
_NUMBER_PX = 96
_THEMES = (Segment("dark", "Dark"), Segment("light", "Light"), Segment("system", "System"))


class SettingsView(QWidget):
    """The content of the settings' window."""

    def __init__(self, ctx: AppContext) -> None:
        super().__init__()
        self._ctx = ctx
        self._tasks = TaskOwner(self, self._on_error)
        self._values: dict[str, Any] = {}
        self.inputs: dict[str, QWidget] = {}
        self._problems: dict[str, Label] = {}
        self._rows: dict[str, list[QWidget]] = {}
        self.theme = SegmentedControl("Theme", _THEMES, str(ctx.theme.choice.value))
        self.motion = QCheckBox("Nothing moves")
        self.model = QComboBox()
        self.source = Label("", "caption", wrap=True)
        self.refresh = IconButton("refresh", "Look for models again", size_px=30)
        self._providers = QVBoxLayout()
        self._shown_providers: tuple[ProviderInfo, ...] | None = None
        self._lay_out()
        self._connect()
        self._show_models()

    # -- building ----------------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        page = QWidget()
        page.setMaximumWidth(_PAGE_PX)
        column = QVBoxLayout(page)
        column.setContentsMargins(SPACE.xl, SPACE.lg, SPACE.xl, SPACE.xl)
        column.setSpacing(SPACE.sm)
        self._appearance(column)
        self._models(column)
        for group in GROUPS:
            self._group(column, group)
        column.addStretch(1)
        middle = QWidget()
        around = QHBoxLayout(middle)
        around.setContentsMargins(0, 0, 0, 0)
        around.addStretch(1)
        around.addWidget(page, 100)
        around.addStretch(1)
        area = QScrollArea()
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(middle)
        middle.setAutoFillBackground(False)
        area.viewport().setAutoFillBackground(False)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(area)

    def _appearance(self, column: QVBoxLayout) -> None:
        grid = self._heading(column, "Appearance")
        self.motion.setAccessibleName("Reduced motion")
        self._place(grid, 0, "Theme", self.theme, "Shown at once.")
        self._place(grid, 1, "Reduced motion", self.motion, "")

    def _models(self, column: QVBoxLayout) -> None:
        grid = self._heading(column, "Models")
        self.model.setAccessibleName("Model for new agents")
        self.model.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        row = QWidget()
        row.setFixedWidth(_FIELD_PX + 34)
        inner = QHBoxLayout(row)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(SPACE.xs)
        inner.addWidget(self.model, 1)
        inner.addWidget(self.refresh)
        self._place(grid, 0, "For new agents", row, "")
        column.addWidget(self.source)
        self._providers.setSpacing(0)
        column.addLayout(self._providers)

    def _group(self, column: QVBoxLayout, group: Group) -> None:
        grid = self._heading(column, group.title)
        for line, field in enumerate(group.fields):
            widget = self._input(field)
            widget.setAccessibleName(field.label)
            self.inputs[field.name] = widget
            self._rows[field.name] = self._place(grid, line, "" if field.kind == "switch" else field.label, widget, field.help)
            problem = Label("", "error", wrap=True)
            problem.setVisible(False)
            grid.addWidget(problem, line * 2 + 1, 1, 1, 2)
            self._problems[field.name] = problem

    def _heading(self, column: QVBoxLayout, title: str) -> QGridLayout:
        column.addSpacing(SPACE.md)
        column.addWidget(Label(title, "lead"))
        grid = QGridLayout()
        grid.setHorizontalSpacing(SPACE.md)
        grid.setVerticalSpacing(SPACE.xs)
        grid.setColumnStretch(2, 1)
        column.addLayout(grid)
        return grid

    def _place(self, grid: QGridLayout, line: int, label: str, widget: QWidget, text: str) -> list[QWidget]:
        name, note = Label(label, "secondary"), Label(text, "caption", wrap=True)
        name.setFixedWidth(_LABEL_PX)
        grid.addWidget(name, line * 2, 0)
        grid.addWidget(widget, line * 2, 1, 1, 1 if text else 2)
        if text:
            grid.addWidget(note, line * 2, 2)
        else:
            note.deleteLater()
        return [name, widget, note] if text else [name, widget]

    def _input(self, field: Field) -> QWidget:
        if field.kind == "switch":
            box = QCheckBox(field.label)
            box.clicked.connect(partial(self._on_switched, field.name, box))
            return box
        if field.kind == "choice":
            choice = QComboBox()
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
        self._ctx.theme.theme_changed.connect(self._on_theme_changed)

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
        self.motion.setChecked(bool(values.get("desktop.reduced_motion")))
        for name, widget in self.inputs.items():
            known = name in values
            for part in self._rows[name]:
                part.setVisible(known)
            if not known or widget.hasFocus():
                continue
            value = values[name]
            if isinstance(widget, QCheckBox):
                widget.setChecked(bool(value))
            elif isinstance(widget, QComboBox):
                widget.setCurrentIndex(max(0, widget.findData(value)))
            elif isinstance(widget, QLineEdit):
                widget.setText(shown(value))

    def _show_models(self) -> None:
        state = self._ctx.stores.llm.state
        choices = model_choices(state)
        self.model.clear()
        for choice in choices[1:]:
            self.model.addItem(choice.text, choice.model_id)
        self.model.insertItem(0, "Automatic", "")
        self.model.setCurrentIndex(max(0, self.model.findData(state.chosen)))
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
            state = "found" if provider.available else "missing"
            row = FindingRow(provider_title(provider.name), state, detail, "" if provider.available else provider.remedy)  # type: ignore[arg-type]  # one of the two words
            self._providers.addWidget(row)

    # -- keeping -----------------------------------------------------------------------------------------------------

    def _on_theme_changed(self, _tokens: object) -> None:
        self.theme.set_current(str(self._ctx.theme.choice.value))

    def _on_theme(self, key: str) -> None:
        self._ctx.theme.choose(ThemeChoice(key))
        self._keep("desktop.theme", key)

    def _on_motion(self, checked: bool) -> None:
        self._ctx.theme.set_reduced_motion(True if checked else None)
        self._keep("desktop.reduced_motion", checked)

    def _on_model(self, index: int) -> None:
        self._tasks.spawn(self._ctx.stores.llm.choose(str(self.model.itemData(index))), name="llm.choose")

    def _on_switched(self, name: str, box: QCheckBox, *_signal: object) -> None:
        self._keep(name, box.isChecked())

    def _on_chosen(self, name: str, box: QComboBox, *_signal: object) -> None:
        self._keep(name, box.currentData())

    def _on_edited(self, field: Field, line: QLineEdit) -> None:
        value, problem = parse(field, line.text())
        self._say(field.name, problem)
        if problem or value == self._values.get(field.name):
            return
        self._keep(field.name, value)

    def _keep(self, name: str, value: object) -> None:
        self._tasks.spawn(self._send(name, value), name=f"settings.set {name}")

    async def _send(self, name: str, value: object) -> None:
        try:
            reply = await self._ctx.client.execute(SettingsSet(name=name, value=value))
        except AetherError as error:
            if name in self._problems:
                self._say(name, f"{error.message} {error.hint}".strip())
            else:
                self._on_error(error)
            return
        self._values = dict(reply.values)

    def _say(self, name: str, problem: str) -> None:
        label = self._problems[name]
        label.setText(problem)
        label.setVisible(bool(problem))
        field = self.inputs[name]
        field.setAccessibleDescription(problem)
        field.setProperty("invalid", bool(problem))
        field.style().unpolish(field)
        field.style().polish(field)

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
