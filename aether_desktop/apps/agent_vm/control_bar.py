"""The row below an agent: pause or resume, a word to it, a shell in its sandbox, stop, and the emergency stop."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QKeySequence, QPainter, QPaintEvent, QResizeEvent, QShortcut
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QSizePolicy, QVBoxLayout, QWidget

from aether_desktop.models.agent_status import AgentStatus
from aether_desktop.theme.current import tokens_of
from aether_desktop.theme.tokens import SPACE
from aether_desktop.widgets.button import Button
from aether_desktop.widgets.key_hold import hold_over
from aether_desktop.widgets.label import ElidedLabel
from aether_desktop.widgets.shown_text import exact_line
from kernel.protocol.records import ProcessInfo

MODES = (
    ("steer", "Steer", "Heard before its next step"),
    ("queue", "Queue", "Heard when its present work is done"),
    ("interrupt", "Interrupt", "Aborts what it does and is heard at once"),
)
ALIVE = ("created", "running", "sleeping", "stopped")
KILL_KEYS = "Ctrl+Shift+K"
NARROW_PX = 540
NARROWEST_PX = 400
MODE_PX = 104
NARROW_MODE_PX = 88
MODEL_CHARACTERS = 60
MARGINS = (SPACE.lg, SPACE.sm, SPACE.lg, SPACE.md)
TIGHT_MARGINS = (SPACE.md, SPACE.xs - 1, SPACE.md, SPACE.xs)


class ControlBar(QWidget):
    """Tells what the person wants; the view sends it."""

    pause_requested = Signal()
    resume_requested = Signal()
    message_sent = Signal(str, str)
    """Text, mode. The box takes no other message until `end_sending` says what became of this one."""
    shell_requested = Signal()
    processes_requested = Signal()
    stop_requested = Signal()
    kill_requested = Signal()
    redeploy_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._narrow: bool | None = None
        self._tight = False
        self._alive = True
        self._talks = True
        self._runs_something = False
        self._status = ElidedLabel("", "caption")
        self._processes = Button("", "quiet", tooltip="The processes that it runs", shortcut="Ctrl+Shift+J")
        self._processes.setFixedHeight(20)
        self._pause = Button("Pause", icon="pause", tooltip="Freeze the agent and all it runs", shortcut="Ctrl+Shift+P")
        self._resume = Button("Resume", "primary", icon="play", tooltip="Go on at the same step", shortcut="Ctrl+Shift+P")
        self._mode = QComboBox()
        self._mode.setAccessibleName("How the message is given")
        self._mode.setToolTip("How the message is given")
        for key, text, explanation in MODES:
            self._mode.addItem(text, key)
            self._mode.setItemData(self._mode.count() - 1, explanation, int(Qt.ItemDataRole.ToolTipRole))
        self._box = QLineEdit()
        self._box.setAccessibleName("Message to the agent")
        self._box.setToolTip("Enter sends (Ctrl+L comes here)")
        self._box.returnPressed.connect(self._send)
        self._shell = Button("Shell", icon="terminal", tooltip="Open a shell in its sandbox", shortcut="Ctrl+Shift+O")
        self._stop = Button("Stop", "danger", tooltip="End it (SIGTERM)")
        self._kill = Button("Kill", "danger", tooltip="Emergency stop; twice ends it and all it runs at once", shortcut=KILL_KEYS)
        self._again = Button("Deploy again", "primary", icon="deploy", tooltip="Deploy with the same values")
        self._connect()
        self._lay_out()

    @property
    def status(self) -> str:
        """The line of figures."""
        return self._status.text()

    @property
    def processes_button(self) -> Button:
        """What the list of processes belongs to."""
        return self._processes

    def show_process(self, info: ProcessInfo, status: AgentStatus) -> None:
        """Show what it does and what can be done with it now."""
        self._alive = alive = info.state in ALIVE
        self._talks = alive and not info.interrupted
        stopped = info.state == "stopped"
        self._pause.setVisible(alive and not stopped)
        self._resume.setVisible(stopped and not info.interrupted)
        talking: tuple[QWidget, ...] = (self._box, self._shell, self._stop, self._kill)
        for widget in talking:
            widget.setVisible(self._talks)
        self._again.setVisible(not alive)
        self._box.setPlaceholderText(f"Tell {info.pid} what to do…")
        self._status.setText(status_line(info, status))
        self._runs_something = self._talks and info.children > 0
        self._show_figures()
        self._processes.setText("1 process" if info.children == 1 else f"{info.children:,} processes")
        # Its words end about where the buttons below do.
        self._processes.setFixedWidth(self._processes.sizeHint().width() - 2 * SPACE.md + 8)

    def set_tight(self, tight: bool) -> None:
        """Leave the line of figures out where it says what can be missed, and the room around the buttons."""
        self._tight = tight
        self._column.setContentsMargins(*(TIGHT_MARGINS if tight else MARGINS))
        self._show_figures()

    def end_sending(self, *, taken: bool) -> None:
        """The message of `message_sent` was taken, or it was refused and stays in the box to be sent again."""
        self._box.setReadOnly(False)
        if taken:
            self._box.clear()

    def listen(self, owner: QWidget) -> None:
        """Take the window's shortcuts while the focus is in `owner`: several agents share one native window."""
        self._add_shortcut(owner, KILL_KEYS, self._kill_now)
        self._add_shortcut(owner, "Ctrl+Shift+P", self._toggle_pause)
        self._add_shortcut(owner, "Ctrl+Shift+O", self._open_shell)
        self._add_shortcut(owner, "Ctrl+Shift+J", self._list_processes)
        self._add_shortcut(owner, "Ctrl+L", self._box.setFocus)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where there is no room, buttons with an icon lose their text (not their name)."""
        super().resizeEvent(event)
        self._show_figures()
        narrow = self.width() < NARROW_PX
        if narrow == self._narrow:
            return
        self._narrow = narrow
        for button, text in ((self._pause, "Pause"), (self._resume, "Resume"), (self._shell, "Shell")):
            button.setText("" if narrow else text)
            button.setAccessibleName(text)
        self._mode.setFixedWidth(NARROW_MODE_PX if narrow else MODE_PX)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Its ground, and the line above it."""
        tokens = tokens_of(self)
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(tokens.surface1))
        painter.fillRect(0, 0, self.width(), 1, QColor(tokens.line))

    def _show_figures(self) -> None:
        figures = not self._tight or not self._talks
        self._status.setVisible(figures)
        self._processes.setVisible(figures and self._runs_something)
        self._mode.setVisible(self._talks and self.width() >= NARROWEST_PX)

    def _connect(self) -> None:
        self._pause.clicked.connect(self.pause_requested)
        self._resume.clicked.connect(self.resume_requested)
        self._shell.clicked.connect(self.shell_requested)
        self._processes.clicked.connect(self.processes_requested)
        self._stop.clicked.connect(self.stop_requested)
        self._kill.clicked.connect(self.kill_requested)
        self._again.clicked.connect(self.redeploy_requested)

    def _send(self) -> None:
        text = self._box.text().strip()
        if text and not self._box.isReadOnly():
            self._box.setReadOnly(True)
            self.message_sent.emit(text, str(self._mode.currentData()))

    def _kill_now(self) -> None:
        if self._kill.isVisible():
            self.kill_requested.emit()

    def _list_processes(self) -> None:
        if self._shell.isVisible():
            self.processes_requested.emit()

    def _open_shell(self) -> None:
        if self._shell.isVisible():
            self.shell_requested.emit()

    def _toggle_pause(self) -> None:
        if self._pause.isVisible():
            self.pause_requested.emit()
        elif self._resume.isVisible():
            self.resume_requested.emit()

    @staticmethod
    def _add_shortcut(owner: QWidget, keys: str, action: Callable[[], object]) -> None:
        shortcut = QShortcut(QKeySequence(keys), owner)
        shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        # Of the keys of a window under a sheet the emergency stop alone counts.
        shortcut.activated.connect(lambda: action() if keys == KILL_KEYS or hold_over(owner) is None else None)

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(SPACE.sm)
        for widget in (self._pause, self._resume, self._mode):
            row.addWidget(widget)
        self._box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._box.setMinimumWidth(60)
        row.addWidget(self._box, 100)
        row.addStretch(1)
        for widget in (self._shell, self._stop, self._kill):
            row.addWidget(widget)
        head = QHBoxLayout()
        head.setSpacing(0)
        head.addWidget(self._status, 1)
        head.addWidget(self._processes)
        head.addWidget(self._again)
        self._column = column = QVBoxLayout(self)
        column.setContentsMargins(*MARGINS)
        column.setSpacing(SPACE.xs + 2)
        column.addLayout(head)
        column.addLayout(row)


def status_line(info: ProcessInfo, status: AgentStatus) -> str:
    """What it does, step, tokens, load, confinement and what it was given, in one line; what is missing is left out."""
    confined = {"none": "NOT CONFINED", "bubblewrap": "confined", "container": "in a container"}[info.confinement]
    alive = info.state in ALIVE
    steps = f"step {info.step}/{info.max_steps}" if info.max_steps else f"step {info.step}"
    figures = (f"{info.cpu_percent:.0f} % CPU", f"{info.memory_mb:.0f} MB") if alive and not info.interrupted else ()
    parts = [
        status.word,
        f"exit {info.exit_code}" if info.exit_code else "",
        steps,
        f"{info.input_tokens + info.output_tokens:,} tokens",
        *figures,
        confined if alive else "",
        "network" if alive and info.network_access else "",
        "GPU" if alive and info.gpu else "",
        exact_line(info.model, MODEL_CHARACTERS),
    ]
    return " · ".join(part for part in parts if part)
