"""The line over an agent that ended, was interrupted or is not confined: how it is, and what can be done."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from aether_desktop.models.agent_status import AgentStatus
from aether_desktop.stores.reducers.process import ENDED_STATES
from aether_desktop.theme.current import tokens_of
from aether_desktop.theme.tokens import SPACE
from aether_desktop.widgets.button import Button
from aether_desktop.widgets.explained import explain
from aether_desktop.widgets.label import Label
from aether_desktop.widgets.phase_dot import PhaseDot
from aether_desktop.widgets.shown_text import one_line, visible
from kernel.protocol.records import ProcessInfo

SUMMARY_CHARACTERS = 400
TINT_ALPHA = 30
SIGNALS = {130: "by SIGINT", 137: "by SIGKILL", 143: "by SIGTERM"}


class Banner(QWidget):
    """Hidden while the agent works."""

    resume_requested = Signal()
    discard_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._dot = PhaseDot()
        self._repeats = False
        self._text = Label("", wrap=True)
        self._resume = Button("Resume", "primary", icon="play", tooltip="Take it up at its step")
        self._discard = Button("Discard", tooltip="End it; its files and log stay")
        self._resume.clicked.connect(self.resume_requested)
        self._discard.clicked.connect(self.discard_requested)
        self._row = row = QHBoxLayout(self)
        row.setContentsMargins(SPACE.lg, SPACE.sm, SPACE.lg, SPACE.sm)
        row.setSpacing(SPACE.sm)
        row.addWidget(self._dot)
        row.addWidget(self._text, 1)
        row.addWidget(self._discard)
        row.addWidget(self._resume)
        self.hide()

    @property
    def text(self) -> str:
        """What it says."""
        return self._text.text()

    @property
    def repeats(self) -> bool:
        """Whether it says only how the run ended: the timeline has the same, and the row of buttons has it in a word."""
        return self._repeats

    def show_process(self, info: ProcessInfo, status: AgentStatus) -> None:
        """Say how it is where that needs saying, in the colour that its state has everywhere."""
        ended = info.state in ENDED_STATES
        unguarded = info.confinement == "none" and not ended
        self._repeats = ended and not info.interrupted
        self._resume.setVisible(info.interrupted)
        self._discard.setVisible(info.interrupted)
        if info.interrupted:
            self._say(status.phase, f"Aether ended while this agent was at step {info.step}. What it has done is kept.")
        elif ended:
            self._say(status.phase, _how_it_ended(info, status))
        elif unguarded and info.agent_phase != "booting":
            asks = "none asks: it was deployed so" if info.approval == "yes" else "each one asks first"
            self._say("failed", f"Not confined: its commands run as you, with your files, and {asks}.")
        else:
            self.hide()

    def set_tight(self, tight: bool) -> None:
        """Be one line high, or as high as the text."""
        self._text.setWordWrap(not tight)
        self._row.setContentsMargins(SPACE.lg, 1 if tight else SPACE.sm, SPACE.lg, 2 if tight else SPACE.sm)
        self._text.setSizePolicy(QSizePolicy.Policy.Ignored if tight else QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        explain(self._text, self._text.text() if tight else "")

    def paintEvent(self, _event: QPaintEvent) -> None:
        """A tint of the state's colour."""
        tokens = tokens_of(self)
        painter = QPainter(self)
        tint = QColor(tokens.phase(self._dot.phase).mark)
        tint.setAlpha(TINT_ALPHA)
        painter.fillRect(self.rect(), QColor(tokens.surface1))
        painter.fillRect(self.rect(), tint)
        painter.fillRect(0, self.height() - 1, self.width(), 1, QColor(tokens.line))

    def _say(self, phase: str, text: str) -> None:
        self._dot.set_phase(phase)
        self._text.setText(text)
        self.update()
        self.show()


def _how_it_ended(info: ProcessInfo, status: AgentStatus) -> str:
    code = info.exit_code
    how = SIGNALS.get(code, "") if code is not None else ""
    with_code = f"with exit code {code}" if code else ""
    head = " ".join(part for part in (status.word.capitalize(), how, with_code) if part)
    # The kernel's own words for a signal say it a second time.
    summary = "" if how and info.summary.startswith("Ended by SIG") else visible(one_line(info.summary, SUMMARY_CHARACTERS))
    return f"{head}. {summary}".rstrip()
