"""The agent's terminals: its own record first, and shells that the person opens in its sandbox beside it.

A shell in which something runs is closed only after a question, with its tab as with the window. Keys: Ctrl+Shift+W closes the shell in
front, Ctrl+PageUp and Ctrl+PageDown go from tab to tab.
"""

from __future__ import annotations

from PySide6.QtWidgets import QApplication, QTabBar, QWidget
from shiboken6 import isValid

from aether_desktop.bridge.client import KernelClient
from aether_desktop.widgets.terminal.commands import Command
from aether_desktop.widgets.terminal.factory import TerminalFactory
from aether_desktop.widgets.terminal.shell import ShellView
from aether_desktop.widgets.terminal.shell_tabs import ShellTabs
from aether_desktop.widgets.terminal.view import TerminalView

RECORD = "Commands"


class AgentTerminals(ShellTabs[ShellView]):
    """Tabs of terminals; the record cannot be closed."""

    def __init__(self, client: KernelClient, terminals: TerminalFactory, over: QWidget) -> None:
        """over: what a question lies over; it may come while another page is in front."""
        super().__init__(over, "The agent itself goes on.")
        self._client = client
        self._terminals = terminals
        self._tty_id = ""
        self._opened = 0
        # The record stays where it is.
        self.bar.setMovable(False)
        self.bar.setAccessibleName("Terminals")
        self._record = terminals.view(interactive=False)
        self._add(self._record, RECORD)
        self.bar.setTabButton(0, QTabBar.ButtonPosition.RightSide, None)
        self._add_commands()
        self.bar.currentChanged.connect(self._on_current)
        self.bar.renamed.connect(self._on_renamed)
        self._on_current(0)

    @property
    def record(self) -> TerminalView:
        """The agent's own terminal."""
        return self._record

    @property
    def shells(self) -> tuple[ShellView, ...]:
        """The person's shells, in the order of their tabs."""
        pages = (self.pages.widget(index) for index in range(self.pages.count()))
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
        shell.finished.connect(lambda: self.drop(shell))
        shell.start()

    def shell_at(self, index: int) -> ShellView | None:
        """The shell of a tab; the record is none."""
        page = self.pages.widget(index)
        return page if isinstance(page, ShellView) else None

    def drop(self, shell: ShellView) -> None:
        """Take a shell's tab away; the keyboard stays here if it was in it."""
        index = self.pages.indexOf(shell) if isValid(shell) else -1
        if index < 0:
            return
        had_focus = self._has_focus()
        if index == self.bar.currentIndex():
            self.bar.setCurrentIndex(index + 1 if index + 1 < self.bar.count() else index - 1)
        self.pages.removeWidget(shell)
        self.bar.removeTab(index)
        shell.end()
        shell.hide()
        shell.deleteLater()
        self.bar.setVisible(self.bar.count() > 1)
        if had_focus:
            self.setFocus()

    def _add_commands(self) -> None:
        self.commands.add(
            Command("tab-close", "Close Tab", self.close_tab, ("Ctrl+Shift+W",)),
            Command("tab-next", "Next Tab", lambda: self.step(1), ("Ctrl+PgDown",)),
            Command("tab-previous", "Previous Tab", lambda: self.step(-1), ("Ctrl+PgUp",)),
        )

    def _add(self, page: QWidget, name: str) -> int:
        self.pages.addWidget(page)
        index = self.bar.addTab(name)
        self.bar.setVisible(self.bar.count() > 1)
        return index

    def _on_current(self, index: int) -> None:
        page = self.pages.widget(index)
        if page is None:
            return
        had_focus = self._has_focus()
        # Before the other page hides: the keyboard of a page that goes would leave the window.
        self.setFocusProxy(page)
        self.pages.setCurrentWidget(page)
        if had_focus:
            page.setFocus()

    def _on_renamed(self, index: int, name: str) -> None:
        if name:
            self.bar.setTabText(index, name.replace("&", "&&"))
        self.setFocus()

    def _has_focus(self) -> bool:
        focus = QApplication.focusWidget()
        return focus is not None and self.isAncestorOf(focus)
