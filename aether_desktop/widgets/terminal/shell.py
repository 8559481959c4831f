"""An interactive shell in a terminal widget: opened, ended and started again, with its errors shown in place.

Used by the terminal app and the agent's window.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QStackedLayout, QWidget
from shiboken6 import isValid

from aether_desktop.bridge.client import KernelClient
from aether_desktop.widgets.empty_state import EmptyState
from aether_desktop.widgets.terminal.ask_bar import BarAnswer, Question
from aether_desktop.widgets.terminal.closing import Running
from aether_desktop.widgets.terminal.factory import TerminalFactory
from aether_desktop.widgets.terminal.folder import folder_of
from aether_desktop.widgets.terminal.open_shell import OpenShell
from kernel.errors import AetherError
from kernel.protocol.base import Event
from kernel.protocol.tty import TtyClosed

#: The exit code comes by another way than the last output; this long it is waited for.
CODE_WAIT_MS = 300


class ShellView(QWidget):
    """One shell. pid 0 is this machine, another an agent's sandbox. folder: where it starts; then where it is, as it says."""

    finished = Signal()
    """The shell ended well by itself, or the person has seen how it ended: it can go."""
    ended_badly = Signal()
    """The shell ended with an error, which shows."""
    folder_changed = Signal()
    """The shell is in another folder."""

    def __init__(
        self, client: KernelClient, terminals: TerminalFactory, pid: int, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._client = client
        self._terminals = terminals
        self._pid = pid
        self.folder = ""
        self._shell = self._new_shell()
        self._codes: dict[str, int] = {}
        self._program_over = False
        self.view = terminals.view(interactive=True, parent=self)
        self.view.parts.links.files_are_here = pid == 0
        self.view.typed_after_end.connect(self._on_typed_after_end)
        self.view.parts.moved.connect(self._on_moved)
        self.problem = EmptyState("alert", "The shell could not be opened", "", "Try again", parent=self)
        self.problem.action_requested.connect(self.start)
        self._pages = QStackedLayout(self)
        self._pages.setContentsMargins(0, 0, 0, 0)
        self._pages.addWidget(self.view)
        self._pages.addWidget(self.problem)
        self._code_wait = QTimer(self)
        self._code_wait.setSingleShot(True)
        self._code_wait.setInterval(CODE_WAIT_MS)
        self._code_wait.timeout.connect(self._show_end)
        self.setFocusProxy(self.view)
        unsubscribe = client.subscribe(self._on_events)
        self.destroyed.connect(lambda: unsubscribe())

    @property
    def program_over(self) -> bool:
        """Whether the shell has ended."""
        return self._program_over

    def start(self) -> None:
        """Open the shell."""
        self._program_over = False
        self._pages.setCurrentWidget(self.view)
        self._terminals.tasks.spawn(self._open(self._shell), name="open shell")
        self.view.setFocus()

    def restart(self) -> None:
        """Open another one after this one has ended."""
        self._shell.end()
        self._shell = self._new_shell()
        self.view.parts.bars.clear()
        self.start()

    def end(self) -> None:
        """End the shell and everything that runs in it."""
        self._code_wait.stop()
        self._shell.end()
        self.view.set_session(None)

    async def running(self) -> Running:
        """What runs in the shell and would be ended with it."""
        if self._program_over or self.view.session is None:
            return Running()
        shown = Running(self._shown_program())
        found = await self._shell.running()
        return shown if found is None else found

    def _shown_program(self) -> str:
        """What the terminal shows of it: a full-screen program, or a command of a shell that marks its prompts."""
        title = self.view.terminal.title
        if self.view.terminal.modes.alternate_screen:
            return title or "A full-screen program"
        return (title or "A command") if self.view.parts.prompts.prompts.running else ""

    def _new_shell(self) -> OpenShell:
        shell = OpenShell(self._client, self._terminals.tasks, self._pid)
        self.destroyed.connect(lambda: shell.end())
        return shell

    async def _open(self, shell: OpenShell) -> None:
        columns, lines = self.view.grid.size()
        try:
            await self._terminals.preferences.load()
            tty_id = await shell.open(columns, lines, self.folder)
        except AetherError as error:
            if isValid(self) and not shell.over:
                self._show_problem(error)
            return
        if tty_id and isValid(self):
            session = self._terminals.open(tty_id)
            session.finished.connect(self._on_finished)
            self.view.set_session(session)

    def _on_moved(self, uri: str) -> None:
        self.folder = folder_of(uri)
        self.folder_changed.emit()

    def _show_problem(self, error: AetherError) -> None:
        self._shell.end()
        self._shell = self._new_shell()
        self._program_over = True
        self.problem.set_text("The shell could not be opened", f"{error.message} {error.hint}".strip())
        self._pages.setCurrentWidget(self.problem)

    def _on_events(self, events: Sequence[Event]) -> None:
        for event in events:
            if isinstance(event, TtyClosed) and event.tty_id == self._shell.tty_id:
                self._codes[event.tty_id] = event.exit_code
                if self._code_wait.isActive():
                    self._show_end()

    def _on_finished(self) -> None:
        if self._shell.over or self._program_over:
            return
        self._program_over = True
        if self._shell.tty_id in self._codes:
            self._show_end()
        else:
            self._code_wait.start()

    def _show_end(self) -> None:
        self._code_wait.stop()
        code = self._codes.pop(self._shell.tty_id, None)
        if code == 0:
            self.finished.emit()
            return
        how = "The shell ended." if code is None else f"The shell ended with code {code}."
        answers = (BarAnswer("new", "Start a new one"), BarAnswer("close", "Close"))
        question = Question(how, detail="Enter starts a new one in its place; what shows here goes with it.", icon="info", answers=answers)
        self.view.parts.bars.clear()
        self.view.parts.bars.ask(question, self._on_answer, focus=False)
        self.ended_badly.emit()

    def _on_answer(self, key: str) -> None:
        if key == "new":
            self.restart()
        elif key == "close":
            self.finished.emit()

    def _on_typed_after_end(self, data: bytes) -> None:
        if self._program_over and data in (b"\r", b"\r\n"):
            self.restart()
