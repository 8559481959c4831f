"""The agent's terminals: its own record first, and shells that the person opens in its sandbox beside it.

A shell in which a program runs is closed only after a question, with its tab as with the window.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QTabWidget, QVBoxLayout, QWidget
from shiboken6 import isValid

from aether_desktop.bridge.client import KernelClient
from aether_desktop.bridge.tasks import TaskOwner
from aether_desktop.widgets.sheet import Answer, Sheet
from aether_desktop.widgets.shown_text import exact_line
from aether_desktop.widgets.terminal.factory import TerminalFactory
from aether_desktop.widgets.terminal.shell import ShellView
from aether_desktop.widgets.terminal.view import TerminalView

MOST_NAMED = 4
NAME_CHARACTERS = 60


class AgentTerminals(QWidget):
    """Tabs of terminals; the record cannot be closed."""

    def __init__(self, client: KernelClient, terminals: TerminalFactory, over: QWidget) -> None:
        """over: what a question lies over; it may come while another page is in front."""
        super().__init__()
        self._over = over
        self._client = client
        self._terminals = terminals
        self._tasks = TaskOwner(self)
        self._question: Sheet | None = None
        self._tabs = QTabWidget()
        self._tabs.setDocumentMode(True)
        self._tabs.setTabsClosable(True)
        self._tabs.setAccessibleName("Terminals")
        self._tabs.tabCloseRequested.connect(self._close_tab)
        self._record = terminals.view(interactive=False)
        self._tabs.addTab(self._record, "Commands")
        self._tabs.tabBar().setVisible(False)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._tabs)
        self._tty_id = ""

    @property
    def record(self) -> TerminalView:
        """The agent's own terminal."""
        return self._record

    @property
    def shells(self) -> tuple[ShellView, ...]:
        """The person's shells, in the order of their tabs."""
        pages = (self._tabs.widget(index) for index in range(self._tabs.count()))
        return tuple(page for page in pages if isinstance(page, ShellView))

    def show_record(self, tty_id: str) -> None:
        """View the record of this terminal id."""
        if tty_id and tty_id != self._tty_id:
            self._tty_id = tty_id
            self._record.set_session(self._terminals.open(tty_id))

    def open_shell(self, pid: int) -> None:
        """Open a shell in the agent's sandbox in a tab of its own."""
        shell = ShellView(self._client, self._terminals, pid)
        index = self._tabs.addTab(shell, f"Shell {self._tabs.count()}")
        self._tabs.tabBar().setVisible(True)
        self._tabs.setCurrentIndex(index)
        shell.finished.connect(lambda: self._end(shell))
        shell.start()

    def may_close(self, close: Callable[[], None]) -> bool:
        """The window's guard: False where shells are open, which end with the window; `close` follows once nothing would be lost."""
        if all(shell.program_over for shell in self.shells):
            return True
        self._tasks.spawn(self._end_unless_busy(self.shells, close), name="close window")
        return False

    def _close_tab(self, index: int) -> None:
        shell = self._tabs.widget(index)
        if isinstance(shell, ShellView):
            self._tasks.spawn(self._end_unless_busy((shell,), lambda: self._end(shell)), name="close shell")

    async def _end_unless_busy(self, shells: tuple[ShellView, ...], end: Callable[[], None]) -> None:
        """End, after a question where programs run."""
        programs = [program for shell in shells if isValid(shell) and (program := await shell.running_program())]
        if programs:
            self._ask_to_end(programs, end)
        else:
            end()

    def _ask_to_end(self, programs: list[str], end: Callable[[], None]) -> None:
        if self._question is not None and isValid(self._question):
            self._question.answer("keep")
        names = [exact_line(program, NAME_CHARACTERS) for program in programs]
        title = f"{names[0]} is running" if len(names) == 1 else f"{len(names)} programs are running"
        more = len(names) - MOST_NAMED
        named = f"{', '.join(names[:MOST_NAMED])}{f' and {more} more' if more > 0 else ''}. " if len(names) > 1 else ""
        text = f"{named}Closing ends {'it' if len(names) == 1 else 'them'}; what is not saved is lost. The agent itself goes on."
        answers = (Answer("end", "End and close", "danger"), Answer("keep", "Keep it open", "primary", default=True))
        sheet = Sheet(self._over, title, text, answers=answers)
        sheet.finished.connect(lambda key: end() if key == "end" else None)
        self._question = sheet
        sheet.open()

    def _end(self, shell: ShellView) -> None:
        index = self._tabs.indexOf(shell) if isValid(shell) else -1
        if index >= 0:
            self._tabs.removeTab(index)
            shell.end()
            shell.deleteLater()
        self._tabs.tabBar().setVisible(self._tabs.count() > 1)
