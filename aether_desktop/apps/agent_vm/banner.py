"""The line over an agent that ended or was interrupted: how it is, and what can be done."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from aether_desktop.theme.tokens import SPACE
from aether_desktop.widgets.button import Button
from aether_desktop.widgets.label import Label
from aether_desktop.widgets.phase_dot import PhaseDot
from kernel.protocol.records import ProcessInfo


class Banner(QWidget):
    """Hidden while the agent works."""

    resume_requested = Signal()
    discard_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._dot = PhaseDot()
        self._text = Label("", wrap=True)
        self._resume = Button("Resume", "primary", tooltip="Take it up at its step")
        self._discard = Button("Discard", tooltip="End it; its files and log stay")
        self._resume.clicked.connect(self.resume_requested)
        self._discard.clicked.connect(self.discard_requested)
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACE.lg, SPACE.sm, SPACE.lg, SPACE.sm)
        row.setSpacing(SPACE.sm)
        row.addWidget(self._dot)
        row.addWidget(self._text, 1)
        row.addWidget(self._discard)
        row.addWidget(self._resume)
        self.hide()

    def show_process(self, info: ProcessInfo) -> None:
        """Say how it is where that needs saying."""
        ended = info.state in ("zombie", "dead")
        unguarded = info.confinement == "none" and not ended
        self._resume.setVisible(info.interrupted)
        self._discard.setVisible(info.interrupted)
        if info.interrupted:
            self._say("stopped", f"Aether ended while this agent was at step {info.step}. What it has done is kept.")
        elif ended:
            word = "Completed" if info.exit_code == 0 else f"Ended with exit code {info.exit_code}"
            self._say("completed" if info.exit_code == 0 else "failed", f"{word}. {info.summary}"[:500])
        elif unguarded:
            self._say("failed", "Not confined: its commands run as you, with your files, and each one asks first.")
        else:
            self.hide()

    def _say(self, phase: str, text: str) -> None:
        self._dot.set_phase(phase)
        self._text.setText(text)
        self.show()
