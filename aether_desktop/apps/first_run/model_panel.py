"""Choosing what agents think with: a model that answers, one to be fetched, or none."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec.structs import replace
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QRadioButton, QSizePolicy, QVBoxLayout, QWidget

from aether_desktop.models.model_choices import (
    HEURISTIC,
    HEURISTIC_TEXT,
    is_heuristic,
    missing_providers,
    real_models,
    size_text,
    source_of,
)
from aether_desktop.stores.reducers.llm import LlmState, PullState
from aether_desktop.theme.tokens import SPACE
from aether_desktop.widgets.button import Button
from aether_desktop.widgets.explained import explain
from aether_desktop.widgets.label import Label
from aether_desktop.widgets.progress_bar import ProgressBar
from aether_desktop.widgets.shown_text import exact_line, menu_words
from kernel.errors import AetherError

AWAY = "It does not answer now."
"""Said of the model that was chosen, where it is not offered."""
_MOST_SHOWN = 12
_NAME_CHARACTERS = 200
_REASON_CHARACTERS = 400
_ERROR_CHARACTERS = 1_200
_MARK_PX = 34
"""What the mark and the room around the name take of an option's width."""


class _Option(QRadioButton):
    """A choice whose name ends in an ellipsis where there is no room; its tooltip then has the whole."""

    def __init__(self, text: str) -> None:
        super().__init__(menu_words(text, _NAME_CHARACTERS))
        self._whole = exact_line(text, _NAME_CHARACTERS)
        self.setAccessibleName(self._whole)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def minimumSizeHint(self) -> QSize:
        """Room for the mark and a few letters."""
        return QSize(80, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Shorten the name to what fits."""
        super().resizeEvent(event)
        shown = self.fontMetrics().elidedText(self._whole, Qt.TextElideMode.ElideMiddle, self.width() - _MARK_PX)
        self.setText(shown.replace("&", "&&"))
        explain(self, self._whole if shown != self._whole else "")


class ModelPanel(QWidget):
    """Shows an ``LlmState``; says what the person wants. absence: why there is no kernel to look for models, None where there is one."""

    chosen = Signal(str)
    """The person chose a model, by its id."""
    pull_requested = Signal(str)
    """The person wants a model fetched, by its name."""
    cancel_requested = Signal(str)
    """The person wants no more of a model fetched."""

    def __init__(self, absence: Callable[[], AetherError | None] = lambda: None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._absence = absence
        self._shown = LlmState()
        self._filled = False
        self._recommended = ""
        self._wanted = ""
        self._asked = ""
        self._group = QButtonGroup(self)
        self._options = QWidget()
        self._column = QVBoxLayout(self._options)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(SPACE.xs)
        self.pull = Button("", icon="download")
        self.cancel = Button("Cancel")
        self.progress = ProgressBar("Fetching the model")
        self.pull_text = Label("", "caption", wrap=True)
        self._lay_out()
        self._group.buttonClicked.connect(lambda button: self._choose(str(button.property("model_id"))))
        self.pull.clicked.connect(lambda: self.pull_requested.emit(self._recommended))
        self.cancel.clicked.connect(lambda: self.cancel_requested.emit(self._recommended))

    @property
    def wanted(self) -> str:
        """The id of the model that is ticked."""
        return self._wanted

    def show_state(self, state: LlmState, *, still: bool = False) -> bool:
        """Show what can be chosen, and how far a model is fetched.

        still: nothing may move now, so a list that is shown stays as it is. Returns whether it shows all that is known.
        """
        # Not the choice: whoever makes one here with the arrow keys keeps the keyboard on it.
        news = not self._filled or _offered(state) != _offered(self._shown)
        if news and still and self._shown.loaded:
            shown = self._shown
            self._show_pull(replace(state, models=shown.models, providers=shown.providers))
            return False
        self._shown = state
        if news:
            self._filled = True
            self._show_options(state)
        self._show_pull(state)
        return True

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE.sm)
        column.addWidget(self._options)
        row = QHBoxLayout()
        row.setSpacing(SPACE.sm)
        row.addWidget(self.pull)
        row.addWidget(self.progress, 1)
        row.addWidget(self.cancel)
        row.addStretch(0)
        column.addLayout(row)
        column.addWidget(self.pull_text)

    @property
    def stops(self) -> Sequence[QWidget]:
        """What Tab reaches here, from the top down."""
        return (*self._group.buttons(), self.pull, self.cancel)

    def _show_options(self, state: LlmState) -> None:
        """Fill the list; the option that has the keyboard keeps it if it is still offered."""
        focused = next((str(button.property("model_id")) for button in self._group.buttons() if button.hasFocus()), "")
        self._fill(state)
        for button in self._group.buttons():
            if focused and button.property("model_id") == focused:
                button.setFocus()

    def _fill(self, state: LlmState) -> None:
        for button in self._group.buttons():
            self._group.removeButton(button)
        while (item := self._column.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        models = real_models(state)
        if not state.loaded:
            absence = self._absence()
            text = "Looking for models…" if absence is None else exact_line(str(absence), _REASON_CHARACTERS)
            self._column.addWidget(Label(text, "secondary", wrap=True))
            return
        for model in models[:_MOST_SHOWN]:
            self._option(model.id, model.name, source_of(model, state.providers))
        kept = self._asked or state.chosen
        if kept and not is_heuristic(kept) and all(model.id != kept for model in models[:_MOST_SHOWN]):
            there = next((model for model in models if model.id == kept), None)
            self._option(kept, there.name if there else kept, source_of(there, state.providers) if there else AWAY)
        if len(models) > _MOST_SHOWN:
            more = f"{len(models) - _MOST_SHOWN} more are offered when you deploy an agent."
            self._column.addWidget(Label(more, "caption"))
        self._option(HEURISTIC, "Go on without a model", HEURISTIC_TEXT)
        missing = missing_providers(state)
        if missing:
            self._column.addWidget(Label(exact_line(missing, _REASON_CHARACTERS), "caption", wrap=True))
        self._tick(kept or (models[0].id if models else HEURISTIC))

    def _option(self, model_id: str, text: str, detail: str) -> None:
        button = _Option(text)
        button.setProperty("model_id", model_id)
        detail = exact_line(detail, _REASON_CHARACTERS)
        button.setAccessibleDescription(detail)
        self._group.addButton(button)
        self._column.addWidget(button)
        label = Label(detail, "caption", wrap=True)
        label.setContentsMargins(SPACE.xl, 0, 0, SPACE.xs)
        self._column.addWidget(label)

    def _tick(self, model_id: str) -> None:
        buttons = self._group.buttons()
        wanted = [button for button in buttons if button.property("model_id") == model_id]
        if is_heuristic(model_id) or not wanted:
            wanted = [button for button in buttons if button.property("model_id") == HEURISTIC]
        if wanted:
            wanted[0].setChecked(True)
            self._wanted = str(wanted[0].property("model_id"))

    def _choose(self, model_id: str) -> None:
        self._wanted = self._asked = model_id
        self.chosen.emit(model_id)

    def _show_pull(self, state: LlmState) -> None:
        self._recommended = state.recommended
        ollama = next((item for item in state.providers if item.name == "ollama"), None)
        there = any(model.name == state.recommended for model in state.models)
        pull = state.pulls.get(state.recommended)
        running = pull is not None and not pull.done
        offered = state.loaded and bool(state.recommended) and not there
        self.pull.setText(menu_words(f"Fetch {state.recommended}", _NAME_CHARACTERS))
        self.pull.setVisible(offered and not running)
        self.pull.setEnabled(ollama is not None and ollama.available)
        self.progress.setVisible(running)
        self.cancel.setVisible(running)
        self.pull_text.setVisible(offered or running)
        if pull is not None and (running or pull.error):
            self.progress.set_fraction(pull.fraction)
            self.pull_text.setText(pull_text(pull))
        elif ollama is not None and ollama.available:
            self.pull_text.setText("The recommended small model, fetched by Ollama and run on this machine.")
        else:
            reason = ollama.remedy if ollama is not None and ollama.remedy else "Install Ollama and start it: ollama serve."
            self.pull_text.setText(f"Models on this machine need Ollama, which does not answer. {exact_line(reason, _REASON_CHARACTERS)}")


def _offered(state: LlmState) -> tuple[object, ...]:
    return state.models, state.providers, state.loaded


def pull_text(pull: PullState) -> str:
    """``Downloading, 1.2 GB of 7.2 GB``, or why it failed."""
    if pull.error:
        return exact_line(f"{pull.model} could not be fetched: {pull.error}", _ERROR_CHARACTERS)
    text = exact_line(pull.status, _NAME_CHARACTERS) or "Fetching"
    if pull.total > 0:
        text += f", {size_text(pull.completed)} of {size_text(pull.total)} ({pull.fraction:.0%})"
    return text
