"""The agent's terminals: its own record first, and shells that the person opens in its sandbox beside it."""

from __future__ import annotations

from PySide6.QtWidgets import QTabWidget, QVBoxLayout, QWidget

from aether_desktop.bridge.client import KernelClient
from aether_desktop.widgets.terminal.factory import TerminalFactory
from aether_desktop.widgets.terminal.shell import ShellView
from aether_desktop.widgets.terminal.view import TerminalView


class AgentTerminals(QWidget):
    """Tabs of terminals; the record cannot be closed."""

    def __init__(self, client: KernelClient, terminals: TerminalFactory, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._client = client
        self._terminals = terminals
        self._tabs = QTabWidget()
        self._tabs.setDocumentMode(True)
        self._tabs.setTabsClosable(True)
        self._tabs.setAccessibleName("Terminals")
        self._tabs.tabCloseRequested.connect(self._close)
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
        shell.finished.connect(lambda: self._close(self._tabs.indexOf(shell)))
        shell.start()

    def close_all(self) -> None:
        """End the shells and stop viewing."""
        while self._tabs.count() > 1:
            self._close(1)
        self._record.set_session(None)

    def _close(self, index: int) -> None:
        widget = self._tabs.widget(index)
        if isinstance(widget, ShellView):
            self._tabs.removeTab(index)
            widget.end()
            widget.deleteLater()
        self._tabs.tabBar().setVisible(self._tabs.count() > 1)
