"""Shells in tabs, as far as every window that shows some does the same: the bar over the pages, going from one to the next, and
closing, after a question where something runs that would end.

The base of the terminal app's tabs and of those in an agent's window. What tabs there are, in which order and with which titles, is
theirs, and so is what is shown when one goes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget
from shiboken6 import isValid

from aether_desktop.bridge.tasks import TaskOwner
from aether_desktop.widgets.sheet import Sheet
from aether_desktop.widgets.terminal.closing import ask_to_end
from aether_desktop.widgets.terminal.command_widget import CommandWidget
from aether_desktop.widgets.terminal.shell import ShellView
from aether_desktop.widgets.terminal.tab_bar import ShellTabBar

Shell = TypeVar("Shell", bound=ShellView)


class ShellTabs(CommandWidget, Generic[Shell]):
    """A bar of tabs and the page of the one in front. A subclass says which shells there are and takes one away."""

    def __init__(self, over: QWidget | None = None, rest: str = "") -> None:
        """over: what a question lies over, this widget itself by default. rest: a sentence that its text ends with."""
        super().__init__()
        self._over = over or self
        self._rest = rest
        self._closing = TaskOwner(self)
        self._question: Sheet | None = None
        self.bar = ShellTabBar(self)
        self.pages = QStackedWidget(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.bar)
        column.addWidget(self.pages, 1)
        self.bar.close_wanted.connect(self.close_tab)

    @property
    def shells(self) -> tuple[Shell, ...]:
        """The shells, in the order of their tabs."""
        raise NotImplementedError

    def shell_at(self, index: int) -> Shell | None:
        """The shell of a tab; None where there is no such tab or no shell in it."""
        raise NotImplementedError

    def drop(self, shell: Shell) -> None:
        """End a shell and take its tab away; one that has gone meanwhile is passed over."""
        raise NotImplementedError

    def close_tab(self, index: int | None = None) -> None:
        """End a shell, the one in front by default, after a question where something runs in it."""
        shell = self.shell_at(self.bar.currentIndex() if index is None else index)
        if shell is not None:
            self._closing.spawn(self._end_unless_busy((shell,), lambda: self.drop(shell)), name="close tab")

    def may_close(self, close: Callable[[], None]) -> bool:
        """The window's guard: False where shells are open; `close` follows once nothing would be lost.

        They end with the window itself and not before: another window may still keep all of them open.
        """
        if all(shell.program_over for shell in self.shells):
            return True
        self._closing.spawn(self._end_unless_busy(self.shells, close), name="close window")
        return False

    def step(self, step: int) -> None:
        """Go so many tabs to the right, to the left where it is negative, and round at the ends."""
        if self.bar.count():
            self.bar.setCurrentIndex((self.bar.currentIndex() + step) % self.bar.count())

    async def _end_unless_busy(self, shells: Sequence[Shell], end: Callable[[], None]) -> None:
        """End, after a question where something runs; one that was asked before is over then."""
        running = [found for shell in shells if isValid(shell) and (found := await shell.running()).anything]
        if not running:
            end()
            return
        if self._question is not None and isValid(self._question):
            self._question.answer("keep")
        self._question = ask_to_end(self._over, running, end, self._rest)
