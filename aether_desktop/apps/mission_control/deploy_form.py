"""The fields of the deploy dialog, each with its problem beside it. Shows and reads ``DeployValues``; sends nothing."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QApplication,
    QBoxLayout,
    QCheckBox,
    QComboBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from aether_desktop.apps.mission_control.deploy_values import APPROVAL_TEXTS, ROLE_TEXTS, DeployValues
from aether_desktop.apps.mission_control.goal_field import GoalField
from aether_desktop.models.model_choices import ModelChoice
from aether_desktop.theme.tokens import SPACE
from aether_desktop.widgets.button import Button, IconButton
from aether_desktop.widgets.choice import Choice
from aether_desktop.widgets.explained import explain
from aether_desktop.widgets.label import ElidedLabel, Label
from aether_desktop.widgets.shown_text import plain_tooltip

ASKING_IN_FULL = (
    "It asks before it writes a file with a tool, before a command that deletes, installs, uses the network or cannot be judged, "
    "and before it reaches a host. A harmless command in its own home runs unasked: its sandbox is the wall. "
    "With a folder that it can write in and that is not its own, every command asks but plain reading."
)
"""What waits for the person in the mode ``ask``."""
DESKTOP_IN_FULL = "Programs with windows run in its sandbox on a screen of their own, which you see and can use in its window."
"""What a graphical desktop is."""
_GOAL_HEIGHT_PX = 92
_LEAST_PX = 180
_TWO_COLUMNS_PX = 360
_THREE_LIMITS_PX = 260
_FIVE_LIMITS_PX = 440
_LATER_MS = 150
_SOURCE_ROLE = int(Qt.ItemDataRole.UserRole) + 1
_NUMBERS = (
    ("max_steps", "Steps"),
    ("time_budget_min", "Minutes of work"),
    ("token_budget", "Tokens"),
    ("memory_mb", "Memory, MB"),
    ("cpu_cores", "Processor cores"),
)


@dataclass(frozen=True, slots=True)
class _Head:
    """A line over fields: its name, in full and where it is narrow, and what is wrong."""

    row: QHBoxLayout
    name: Label
    text: str
    short: str
    problem: Label


class DeployForm(QWidget):
    """Role, goal, model, rights and limits of a new agent."""

    changed = Signal()
    """A field was edited."""
    submitted = Signal()
    """Ctrl+Enter was pressed in a field."""
    refresh_requested = Signal()
    """The list of models shall be made anew."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._choices: tuple[ModelChoice, ...] = ()
        self._coming_choices: tuple[ModelChoice, ...] = ()
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(_LATER_MS)
        self._later.timeout.connect(lambda: self.show_models(self._coming_choices))
        self._wanted_model = ""
        self._edited: set[str] = set()
        self._filling = False
        self._problems: dict[str, Label] = {}
        self._heads: list[_Head] = []
        self._cells: list[QWidget] = []
        self._limits: list[QWidget] = []
        self._pairs = QGridLayout()
        self._limit_grid = QGridLayout()
        self._columns = (0, 0)
        self._limit_problems = ElidedLabel("", "error")
        self.goal = GoalField()
        self.role = Choice()
        self.model = Choice()
        self.refresh = IconButton("refresh", "Look for models again", size_px=30)
        self.source = ElidedLabel("", "caption")
        self.approval = Choice()
        self.approval_text = ElidedLabel("", "caption")
        self.network = _switch("May use the network")
        self.gpu = _switch("May use the GPU", shown=False)
        self.graphical = _switch("Graphical desktop", shown=False)
        self.folder = QLineEdit()
        self.choose_folder = Button("Choose…", icon="folder")
        self.read_only = _switch("Read only")
        self.numbers: dict[str, QLineEdit] = {}
        self._fill()
        self._lay_out()
        self._connect()

    def values(self) -> DeployValues:
        """What the fields say."""
        numbers = {name: field.text() for name, field in self.numbers.items()}
        return DeployValues(
            role=self.role.currentData(),
            goal=self.goal.toPlainText(),
            model=self._wanted_model,
            network=self.network.isChecked(),
            gpu=self.gpu.isChecked() and not self.gpu.isHidden(),
            graphical=self.graphical.isChecked() and not self.graphical.isHidden(),
            approval=self.approval.currentData(),
            folder=self.folder.text(),
            folder_read_only=self.read_only.isChecked(),
            **numbers,
        )

    def show_values(self, values: DeployValues) -> None:
        """Fill the fields, but for those that the person has edited."""
        self._filling = True
        for name, fill in self._fillers(values).items():
            if name not in self._edited:
                fill()
        self._filling = False

    def _fillers(self, values: DeployValues) -> dict[str, Callable[[], object]]:
        return {
            "role": lambda: self.role.setCurrentIndex(max(0, self.role.findData(values.role))),
            "goal": lambda: self.goal.setPlainText(values.goal),
            "model": lambda: self._want_model(values.model),
            "network": lambda: self.network.setChecked(values.network),
            "gpu": lambda: self.gpu.setChecked(values.gpu),
            "graphical": lambda: self.graphical.setChecked(values.graphical),
            "approval": lambda: self.approval.setCurrentIndex(max(0, self.approval.findData(values.approval))),
            "folder": lambda: self.folder.setText(values.folder),
            "folder_read_only": lambda: self.read_only.setChecked(values.folder_read_only),
            **{name: partial(field.setText, getattr(values, name)) for name, field in self.numbers.items()},
        }

    def show_gpus(self, names: tuple[str, ...], *, wanted: bool = False) -> None:
        """Offer this machine's GPUs where it has any; `wanted`: also where it has none, since the run that is copied had one."""
        self.gpu.setVisible(bool(names) or wanted)
        explain(self.gpu, ", ".join(names) or "This machine has no GPU that an agent could use.")

    def show_desktop(self, problem: str | None, *, wanted: bool = False) -> None:
        """Offer a graphical desktop where this machine can give one.

        problem: why it can give none, "" where it can, None while that is not known. wanted: also where it cannot, since the run that is
        copied had one.
        """
        self.graphical.setVisible(problem == "" or wanted)
        explain(self.graphical, problem or DESKTOP_IN_FULL)

    def show_defaults(self, numbers: Mapping[str, str]) -> None:
        """Show in empty number fields what then counts."""
        for name, field in self.numbers.items():
            field.setPlaceholderText(numbers.get(name, ""))

    def show_models(self, choices: tuple[ModelChoice, ...]) -> None:
        """Offer these models; the chosen one stays chosen, even where it does not answer now.

        A list that is open stays as it is until it is closed: its lines would move under the pointer.
        """
        self._coming_choices = choices
        if choices == self._choices:
            self._later.stop()
        elif self._list_is_open():
            self._later.start()
        else:
            self._choices = choices
            self._show_model()

    def _list_is_open(self) -> bool:
        popup = QApplication.activePopupWidget()
        return popup is not None and popup.parentWidget() is self.model

    def show_problems(self, problems: Mapping[str, str]) -> None:
        """Say beside each field what is wrong with it."""
        for name, label in self._problems.items():
            label.setText(problems.get(name, ""))
        limits = [f"{label}: {problems[name]}" for name, label in _NUMBERS if name in problems]
        self._limit_problems.setText(limits[0] if limits else "")  # the others are marked, and said one after the other
        self._show_heads()
        for name in ("goal", "folder", *self.numbers):
            self._mark(name, problems.get(name, ""))

    def _mark(self, name: str, problem: str) -> None:
        field = self._field(name)
        if field is not None and field.accessibleDescription() != problem:
            field.setAccessibleDescription(problem)
            field.setProperty("invalid", bool(problem))
            field.style().unpolish(field)
            field.style().polish(field)

    def focus_field(self, name: str) -> None:
        """Give a field the keyboard."""
        field = self._field(name)
        if field is not None:
            field.setFocus(Qt.FocusReason.OtherFocusReason)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Ctrl+Enter submits from the goal, where Enter alone begins a new line; Tab leaves it."""
        if isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress and _submits(event):
            self.submitted.emit()
            return True
        return False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ctrl+Enter submits from anywhere."""
        if _submits(event):
            self.submitted.emit()
            return
        super().keyPressEvent(event)

    def _field(self, name: str) -> QWidget | None:
        return {"goal": self.goal, "folder": self.folder}.get(name) or self.numbers.get(name)

    def _fill(self) -> None:
        for role, text in ROLE_TEXTS.items():
            self.role.addItem(f"{role}: {text}", role)
        for mode, (text, _) in APPROVAL_TEXTS.items():
            self.approval.addItem(text, mode)
        self.goal.setPlaceholderText("What should be true when it is done?")
        self.goal.setTabChangesFocus(True)
        self.goal.setFixedHeight(_GOAL_HEIGHT_PX)
        self.goal.installEventFilter(self)
        self.folder.setPlaceholderText("none")
        for name, label in _NUMBERS:
            field = QLineEdit()
            field.setAccessibleName(label)
            self.numbers[name] = field
        for widget, text in (
            (self.role, "Role"), (self.goal, "Goal"), (self.model, "Model"), (self.approval, "When it asks"),
            (self.folder, "Folder to work in"),
        ):  # fmt: skip
            widget.setAccessibleName(text)
        for box in (self.role, self.model, self.approval):
            box.setMinimumContentsLength(4)
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE.xs)
        self._problems["goal"] = ElidedLabel("", "error")
        column.addLayout(self._headed("Goal", self._problems["goal"]))
        column.addWidget(self.goal)
        column.addSpacing(SPACE.xs)
        self._make_cells()
        self._pairs.setHorizontalSpacing(SPACE.lg)
        self._pairs.setVerticalSpacing(SPACE.sm)
        self._limit_grid.setHorizontalSpacing(SPACE.sm)
        self._limit_grid.setVerticalSpacing(SPACE.xs)
        column.addLayout(self._pairs)
        column.addSpacing(SPACE.sm)
        column.addLayout(self._headed("Limits: at a budget it pauses and asks", self._limit_problems, short="Limits"))
        column.addLayout(self._limit_grid)
        column.addStretch(1)
        self._arrange(_FIVE_LIMITS_PX)

    def _headed(self, text: str, problem: Label, short: str = "") -> QHBoxLayout:
        """A name with room for what is wrong behind it, so that nothing moves when it is said; below it where it is narrow.

        short: the name where it is narrow.
        """
        row = QHBoxLayout()
        row.setSpacing(SPACE.sm)
        name = Label(text, "secondary")
        row.addWidget(name)
        row.addWidget(problem, 1)
        self._heads.append(_Head(row, name, text, short or text, problem))
        return row

    def _make_cells(self) -> None:
        """What stands beside each other where there is room: role and model, what it may do and where."""
        self._problems["folder"] = ElidedLabel("", "error")
        # The checkboxes below are on one line in both columns.
        self.approval_text.setMinimumHeight(self.read_only.sizeHint().height())
        for parts in (
            (_label_of("Role", self.role), self.role),
            (_label_of("Model", self.model), _side_by_side(self.model, self.refresh), self.source),
            (_label_of("When it asks", self.approval), self.approval, self.approval_text, self.network),
            (
                self._headed("Folder, seen as ~/work", self._problems["folder"]),
                _side_by_side(self.folder, self.choose_folder), self.read_only, self.gpu, self.graphical,
            ),
        ):  # fmt: skip
            self._cells.append(_stacked(*parts))
        for name, label in _NUMBERS:
            self.numbers[name].setMinimumWidth(40)
            self._limits.append(_stacked(ElidedLabel(label, "caption"), self.numbers[name]))

    def _arrange(self, width: int) -> None:
        """Put the fields beside each other as far as ``width`` px reach; the rest goes below."""
        columns = (2 if width >= _TWO_COLUMNS_PX else 1, 5 if width >= _FIVE_LIMITS_PX else 3 if width >= _THREE_LIMITS_PX else 2)
        if columns == self._columns:
            return
        self._columns = columns
        for grid, cells, count in ((self._pairs, self._cells, columns[0]), (self._limit_grid, self._limits, columns[1])):
            for cell in cells:
                grid.removeWidget(cell)
            for place, cell in enumerate(cells):
                grid.addWidget(cell, place // count, place % count, Qt.AlignmentFlag.AlignTop)
            for column in range(len(cells)):
                grid.setColumnStretch(column, int(column < count))
        self._show_heads()
        self.updateGeometry()

    def _show_heads(self) -> None:
        narrow = self._columns[0] == 1
        for head in self._heads:
            head.row.setDirection(QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight)
            head.name.setText(head.short if narrow else head.text)
            head.problem.setVisible(not narrow or bool(head.problem.text()))

    def minimumSizeHint(self) -> QSize:
        """As narrow as the fields are below each other: the width that there is decides how they stand."""
        return QSize(_LEAST_PX, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """See QWidget."""
        super().resizeEvent(event)
        self._arrange(self.width())

    def _connect(self) -> None:
        self.goal.textChanged.connect(self.changed)
        self.goal.refused.connect(lambda reason: self.show_problems({"goal": reason}))
        self.folder.textEdited.connect(lambda _text: self.changed.emit())
        for field in self.numbers.values():
            field.textEdited.connect(lambda _text: self.changed.emit())
        self.model.activated.connect(self._on_model_chosen)
        self.approval.currentIndexChanged.connect(self._describe_approval)
        self.refresh.clicked.connect(self.refresh_requested)
        self.choose_folder.clicked.connect(self._open_folder_dialog)
        self._describe_approval()
        self._note_edits()

    def _note_edits(self) -> None:
        """Whatever does not come from ``show_values`` is the person's."""
        signals = {
            "role": self.role.currentIndexChanged,
            "goal": self.goal.textChanged,
            "model": self.model.activated,
            "network": self.network.toggled,
            "gpu": self.gpu.toggled,
            "graphical": self.graphical.toggled,
            "approval": self.approval.currentIndexChanged,
            "folder": self.folder.textChanged,
            "folder_read_only": self.read_only.toggled,
            **{name: field.textChanged for name, field in self.numbers.items()},
        }
        for name, signal in signals.items():
            signal.connect(partial(self._note_edit, name))

    def _note_edit(self, name: str, *_arguments: object) -> None:
        if not self._filling:
            self._edited.add(name)

    def _describe_approval(self) -> None:
        mode = self.approval.currentData()
        self.approval_text.setText(APPROVAL_TEXTS[mode][1])
        explain(self.approval, ASKING_IN_FULL if mode == "ask" else "")

    def _on_model_chosen(self, index: int) -> None:
        self._wanted_model = str(self.model.itemData(index) or "")
        self._describe_model()

    def _want_model(self, model: str) -> None:
        self._wanted_model = model
        self._show_model()

    def _show_model(self) -> None:
        choices = self._choices
        if self._wanted_model and all(choice.model_id != self._wanted_model for choice in choices):
            absent = ModelChoice(self._wanted_model, self._wanted_model, "It does not answer now.")
            choices = (*choices, absent)
        self.model.clear()
        for choice in choices:
            self.model.addItem(choice.text, choice.model_id)
            row = self.model.count() - 1
            self.model.setItemData(row, choice.source, _SOURCE_ROLE)
            self.model.setItemData(row, plain_tooltip(choice.source), Qt.ItemDataRole.ToolTipRole)
        self.model.setCurrentIndex(max(0, self.model.findData(self._wanted_model)))
        self._describe_model()

    def _describe_model(self) -> None:
        self.source.setText(str(self.model.currentData(_SOURCE_ROLE) or "Looking for models…"))

    def _open_folder_dialog(self) -> None:
        dialog = QFileDialog(self, "A folder for the agent", os.path.expanduser(self.folder.text() or "~"))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self._on_folder_chosen)
        dialog.open()

    def _on_folder_chosen(self, path: str) -> None:
        self.folder.setText(path)
        self.changed.emit()


def folder_exists(path: str) -> bool:
    """Whether a folder is on this machine; ``~`` is the person's home."""
    try:
        return os.path.isdir(os.path.expanduser(path))
    except (OSError, ValueError):
        return False


def _switch(text: str, *, shown: bool = True) -> QCheckBox:
    """A checkbox that a screen reader names by its text; `shown`: else it is hidden until it is known to be of use."""
    box = QCheckBox(text)
    box.setAccessibleName(text)
    if not shown:
        box.setVisible(False)
    return box


def _stacked(*parts: QWidget | QHBoxLayout) -> QWidget:
    """A field with what belongs to it, which moves as one."""
    cell = QWidget()
    column = QVBoxLayout(cell)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(SPACE.xs)
    for part in parts:
        if isinstance(part, QWidget):
            column.addWidget(part)
        else:
            column.addLayout(part)
    return cell


def _label_of(text: str, field: QWidget) -> Label:
    """A label that names its field to a screen reader too, which else hears only what is chosen in it."""
    label = Label(text, "secondary")
    label.setBuddy(field)
    return label


def _side_by_side(field: QWidget, button: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(SPACE.xs)
    row.addWidget(field, 1)
    row.addWidget(button)
    return row


def _submits(event: QKeyEvent) -> bool:
    return event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and bool(
        event.modifiers() & Qt.KeyboardModifier.ControlModifier
    )
