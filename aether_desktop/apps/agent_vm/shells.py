"""The agent's terminals: its own record first, and shells that the person opens in its sandbox beside it.

A shell in which something runs is closed only after a question, with its tab as with the window. Keys: Ctrl+Shift+W closes the shell in
front, Ctrl+PageUp and Ctrl+PageDown go from tab to tab.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QApplication, QStackedWidget, QTabBar, QVBoxLayout, QWidget
from shiboken6 import isValid

from aether_desktop.bridge.client import KernelClient
from aether_desktop.bridge.tasks import TaskOwner
from aether_desktop.widgets.sheet import Sheet
from aether_desktop.widgets.terminal.closing import ask_to_end
from aether_desktop.widgets.terminal.command_widget import CommandWidget
from aether_desktop.widgets.terminal.commands import Command
from aether_desktop.widgets.terminal.factory import TerminalFactory
from aether_desktop.widgets.terminal.shell import ShellView
from aether_desktop.widgets.terminal.tab_bar import ShellTabBar
from aether_desktop.widgets.terminal.view import TerminalView

RECORD = "Commands"


class AgentTerminals(CommandWidget):
    """Tabs of terminals; the record cannot be closed."""

    def __init__(self, client: KernelClient, terminals: TerminalFactory, over: QWidget) -> None:
        """over: what a question lies over; it may come while another page is in front."""
        super().__init__()
        self._over = over
        self._client = client
        self._terminals = terminals
        self._tasks = TaskOwner(self)
        self._question: Sheet | None = None
        self._tty_id = ""
        self._opened = 0
        self.bar = ShellTabBar(self)
        # The record stays where it is.
        self.bar.setMovable(False)
        self.bar.setAccessibleName("Terminals")
        self._pages = QStackedWidget(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.bar)
        column.addWidget(self._pages, 1)
        self._record = terminals.view(interactive=False)
        self._add(self._record, RECORD)
        self.bar.setTabButton(0, QTabBar.ButtonPosition.RightSide, None)
        self._add_commands()
        self.bar.currentChanged.connect(self._on_current)
        self.bar.close_wanted.connect(self.close_tab)
        self.bar.renamed.connect(self._on_renamed)
        self._on_current(0)

    @property
    def record(self) -> TerminalView:
        """The agent's own terminal."""
        return self._record

    @property
    def shells(self) -> tuple[ShellView, ...]:
        """The person's shells, in the order of their tabs."""
        pages = (self._pages.widget(index) for index in range(self._pages.count()))
        return tuple(page for page in pages if isinstance(page, ShellView))

    def show_record(self, tty_id: str) -> None:
        """View the record of this terminal id."""
        if tty_id and tty_id != self._tty_id:
            self._tty_id = tty_id
            self._record.set_session(self._terminals.open(tty_id))

    def open_shell(self, pid: int) -> None:
        """Open a shell in the agent's sandbox in a tab of its own."""
        shell = ShellView(self._client, self._terminals, pid)
        shell.view.commands.outer = self.commands
        self._opened += 1
        self.bar.setCurrentIndex(self._add(shell, f"Shell {self._opened}"))
        shell.finished.connect(lambda: self._end(shell))
        shell.start()

    def close_tab(self, index: int | None = None) -> None:
        """End a shell, the one in front by default, after a question where something runs in it."""
        shell = self._pages.widget(self.bar.currentIndex() if index is None else index)
        if isinstance(shell, ShellView):
            self._tasks.spawn(self._end_unless_busy((shell,), lambda: self._end(shell)), name="close shell")

    def may_close(self, close: Callable[[], None]) -> bool:
        """The window's guard: False where shells are open, which end with the window; `close` follows once nothing would be lost."""
        if all(shell.program_over for shell in self.shells):
            return True
        self._tasks.spawn(self._end_unless_busy(self.shells, close), name="close window")
        return False

    def _add_commands(self) -> None:
        self.commands.add(
            Command("tab-close", "Close Tab", self.close_tab, ("Ctrl+Shift+W",)),
            Command("tab-next", "Next Tab", lambda: self._step(1), ("Ctrl+PgDown",)),
            Command("tab-previous", "Previous Tab", lambda: self._step(-1), ("Ctrl+PgUp",)),
        )

    def _add(self, page: QWidget, name: str) -> int:
        self._pages.addWidget(page)
        index = self.bar.addTab(name)
        self.bar.setVisible(self.bar.count() > 1)
        return index

    def _step(self, step: int) -> None:
        self.bar.setCurrentIndex((self.bar.currentIndex() + step) % self.bar.count())

    def _on_current(self, index: int) -> None:
        page = self._pages.widget(index)
        if page is None:
            return
        had_focus = self._has_focus()
        # Before the other page hides: the keyboard of a page that goes would leave the window.
        self.setFocusProxy(page)
        self._pages.setCurrentWidget(page)
        if had_focus:
            page.setFocus()

    def _on_renamed(self, index: int, name: str) -> None:
        if name:
            self.bar.setTabText(index, name.replace("&", "&&"))
        self.setFocus()

    def _has_focus(self) -> bool:
        focus = QApplication.focusWidget()
        return focus is not None and self.isAncestorOf(focus)

    async def _end_unless_busy(self, shells: tuple[ShellView, ...], end: Callable[[], None]) -> None:
        """End, after a question where something runs."""
        running = [found for shell in shells if isValid(shell) and (found := await shell.running()).anything]
        if not running:
            end()
            return
        if self._question is not None and isValid(self._question):
            self._question.answer("keep")
        self._question = ask_to_end(self._over, running, end, "The agent itself goes on.")

    def _end(self, shell: ShellView) -> None:
        """Take a shell's tab away; the keyboard stays here if it was in it."""
        index = self._pages.indexOf(shell) if isValid(shell) else -1
        if index < 0:
            return
        had_focus = self._has_focus()
        if index == self.bar.currentIndex():
            self.bar.setCurrentIndex(index + 1 if index + 1 < self.bar.count() else index - 1)
        self._pages.removeWidget(shell)
        self.bar.removeTab(index)
        shell.end()
        shell.hide()
        shell.deleteLater()
        self.bar.setVisible(self.bar.count() > 1)
        if had_focus:
            self.setFocus()
