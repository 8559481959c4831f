"""The row below an agent: pause or resume, a word to it, a shell in its sandbox, stop, and the emergency stop."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from aether_desktop.theme.tokens import SPACE
from aether_desktop.widgets.button import Button
from aether_desktop.widgets.label import ElidedLabel
from kernel.protocol.records import ProcessInfo

MODES = (
    ("steer", "Steer", "Heard before its next step"),
    ("queue", "Queue", "Heard when its present work is done"),
    ("interrupt", "Interrupt", "Aborts what it does and is heard at once"),
)
ALIVE = ("created", "running", "sleeping", "stopped")


class ControlBar(QWidget):
    """Tells what the person wants; the view sends it."""

    pause_requested = Signal()
    resume_requested = Signal()
    message_sent = Signal(str, str)
    """Text, mode."""
    shell_requested = Signal()
    stop_requested = Signal()
    kill_requested = Signal()
    redeploy_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._status = ElidedLabel("", "caption")
        self._pause = Button("Pause", tooltip="Freeze the agent and all it runs", shortcut="Ctrl+Shift+P")
        self._resume = Button("Resume", "primary", tooltip="Go on at the same step", shortcut="Ctrl+Shift+P")
        self._mode = QComboBox()
        self._mode.setAccessibleName("How the message is given")
        for key, text, explanation in MODES:
            self._mode.addItem(text, key)
            self._mode.setItemData(self._mode.count() - 1, explanation, int(Qt.ItemDataRole.ToolTipRole))
        self._box = QLineEdit()
        self._box.setAccessibleName("Message to the agent")
        self._box.returnPressed.connect(self._send)
        self._shell = Button("Shell", tooltip="Open a shell in its sandbox")
        self._stop = Button("Stop", "danger", tooltip="End it (SIGTERM)")
        self._kill = Button("Kill", "danger", tooltip="Emergency stop: end it and all it runs at once", shortcut="Ctrl+Shift+K")
        self._again = Button("Deploy again", "primary", tooltip="Deploy with the same values")
        self._pause.clicked.connect(self.pause_requested)
        self._resume.clicked.connect(self.resume_requested)
        self._shell.clicked.connect(self.shell_requested)
        self._stop.clicked.connect(self.stop_requested)
        self._kill.clicked.connect(self.kill_requested)
        self._again.clicked.connect(self.redeploy_requested)
        self._add_shortcut("Ctrl+Shift+K", self._kill.click)
        self._add_shortcut("Ctrl+Shift+P", self._toggle_pause)
        self._add_shortcut("Ctrl+L", self._box.setFocus)
        self._lay_out()

    def show_process(self, info: ProcessInfo) -> None:
        """Show what can be done with it now."""
        alive = info.state in ALIVE
        stopped = info.state == "stopped"
        self._pause.setVisible(alive and not stopped)
        self._resume.setVisible(stopped)
        self._shell.setVisible(alive and not info.interrupted)
        for widget in (self._mode, self._box, self._stop, self._kill):
            widget.setVisible(alive)
        self._kill.setEnabled(alive)
        self._again.setVisible(not alive)
        self._box.setPlaceholderText(f"Tell {info.pid} what to do next…")
        self._status.setText(status_line(info))

    def _send(self) -> None:
        text = self._box.text().strip()
        if text:
            self.message_sent.emit(text, str(self._mode.currentData()))
            self._box.clear()

    def _toggle_pause(self) -> None:
        if self._pause.isVisible():
            self.pause_requested.emit()
        elif self._resume.isVisible():
            self.resume_requested.emit()

    def _add_shortcut(self, keys: str, action: Callable[[], object]) -> None:
        shortcut = QShortcut(QKeySequence(keys), self)
        shortcut.setContext(Qt.ShortcutContext.WindowShortcut)
        shortcut.activated.connect(action)

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(SPACE.sm)
        for widget in (self._pause, self._resume, self._mode):
            row.addWidget(widget)
        row.addWidget(self._box, 100)
        row.addStretch(1)
        for widget in (self._shell, self._again, self._stop, self._kill):
            row.addWidget(widget)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE.lg, SPACE.sm, SPACE.lg, SPACE.md)
        column.setSpacing(SPACE.xs)
        column.addWidget(self._status)
        column.addLayout(row)


def status_line(info: ProcessInfo) -> str:
    """Phase, step, tokens, load, confinement, in one line."""
    confined = {"none": "NOT CONFINED", "bubblewrap": "confined by bubblewrap", "container": "in a container"}[info.confinement]
    state = "interrupted" if info.interrupted else info.state if info.state == "stopped" else info.agent_phase
    parts = [
        state,
        f"step {info.step}/{info.max_steps}",
        f"{info.input_tokens + info.output_tokens:,} tokens",
        f"{info.cpu_percent:.0f} % CPU",
        f"{info.memory_mb:.0f} MB",
        f"{info.children} processes",
        confined,
        info.model,
    ]
    if info.exit_code is not None:
        parts.insert(0, f"exit {info.exit_code}")
    return "  ·  ".join(part for part in parts if part)
