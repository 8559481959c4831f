"""Shells of this machine in tabs: Ctrl+Shift+T opens one more, Ctrl+Shift+W ends the one in front."""

from __future__ import annotations

from PySide6.QtGui import QCloseEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QTabWidget, QVBoxLayout, QWidget

from aether_desktop.apps.context import AppContext
from aether_desktop.bridge.tasks import TaskOwner
from aether_desktop.widgets.notice import Notice
from aether_desktop.widgets.terminal.shell import ShellView
from kernel.errors import AetherError

HOST = 0


class TerminalTabs(QWidget):
    """Closing the window, or a tab, ends its shell and everything in it."""

    def __init__(self, ctx: AppContext) -> None:
        super().__init__()
        self._ctx = ctx
        self._tasks = TaskOwner(self, self._on_error)
        self._tabs = QTabWidget()
        self._tabs.setDocumentMode(True)
        self._tabs.setTabsClosable(True)
        self._tabs.setMovable(True)
        self._tabs.setAccessibleName("Shells")
        self._tabs.tabCloseRequested.connect(self._close)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._tabs)
        QShortcut(QKeySequence("Ctrl+Shift+T"), self, self.open_tab)
        QShortcut(QKeySequence("Ctrl+Shift+W"), self, lambda: self._close(self._tabs.currentIndex()))
        ctx.window.set_close_guard(self._on_closing)
        self.open_tab()

    @property
    def count(self) -> int:
        """How many shells are open."""
        return self._tabs.count()

    def open_tab(self) -> None:
        """One more shell."""
        shell = ShellView(self._ctx.client, self._ctx.terminals, self._tasks, HOST)
        index = self._tabs.addTab(shell, f"Shell {self._tabs.count() + 1}")
        self._tabs.setCurrentIndex(index)
        self._tabs.tabBar().setVisible(self._tabs.count() > 1)
        shell.finished.connect(lambda: self._close(self._tabs.indexOf(shell)))
        self.setFocusProxy(shell.view)
        self.setFocus()
        shell.start()

    def closeEvent(self, event: QCloseEvent) -> None:
        """End the shells."""
        self._end_all()
        super().closeEvent(event)

    def _on_closing(self, *_: object) -> bool:
        self._end_all()
        return True

    def _end_all(self) -> None:
        for index in range(self._tabs.count()):
            shell = self._tabs.widget(index)
            if isinstance(shell, ShellView):
                shell.end()

    def _close(self, index: int) -> None:
        shell = self._tabs.widget(index)
        if not isinstance(shell, ShellView):
            return
        self._tabs.removeTab(index)
        shell.end()
        shell.deleteLater()
        self._tabs.tabBar().setVisible(self._tabs.count() > 1)
        if not self._tabs.count():
            self._ctx.window.request_close()

    def _on_error(self, error: BaseException) -> None:
        if isinstance(error, AetherError):
            self._ctx.notify(Notice(error.message, error.hint, "error"))
        else:
            raise error
