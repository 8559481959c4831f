"""The prompts of one view: jumping from one to the next, selecting what a command printed, and a mark at what failed.

Made by `parts`. A shell has to print OSC 133 for it; without, nothing of this shows. The marks are the terminal's, which keeps them
while nobody looks and moves them with their lines.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QRectF, Qt
from PySide6.QtGui import QColor, QPainter

from aether_desktop.theme.current import tokens_of
from aether_desktop.widgets.terminal.commands import Command
from aether_desktop.widgets.terminal.prompts import Prompts
from aether_desktop.widgets.terminal.selecting import Selection
from kernel.term.selection import Position, SelectionKind

if TYPE_CHECKING:
    from aether_desktop.widgets.terminal.view import TerminalView

MARK_PX = 3


class PromptMarks(QObject):
    """For one view."""

    def __init__(self, view: TerminalView) -> None:
        super().__init__(view)
        self._view = view
        self._prompts = Prompts()
        self._basis: tuple[object, ...] = ()
        view.session_changed.connect(self.forget)
        view.fitting.fitted.connect(self.forget)
        view.overlays.append(self._paint)
        view.commands.add(
            Command("prompt-up", "Previous Prompt", self.up, ("Ctrl+Shift+Up",), "prompts", self._any),
            Command("prompt-down", "Next Prompt", self.down, ("Ctrl+Shift+Down",), "prompts", self._any),
            Command("select-output", "Select Last Output", self.select_output, ("Ctrl+Shift+L",), "prompts", self._any),
        )

    @property
    def prompts(self) -> Prompts:
        """The prompts on the main screen and in its history."""
        terminal = self._view.terminal
        basis = (terminal, terminal.columns, terminal.screen.marks.version)
        if basis != self._basis:
            self._prompts = Prompts(terminal.screen.prompt_marks)
            self._basis = basis
        return self._prompts

    def forget(self) -> None:
        """The marks are others than before, or elsewhere."""
        self._basis = ()

    def up(self) -> None:
        """Show the prompt above what shows, at the top."""
        self.forget()
        prompt = self.prompts.before(self._view.grid.shown()[0])
        if prompt is not None:
            self._go(prompt.line)

    def down(self) -> None:
        """Show the prompt below the first line that shows, at the top; after the last one the newest line."""
        self.forget()
        prompt = self.prompts.after(self._view.grid.shown()[0])
        if prompt is not None:
            self._go(prompt.line)

    def select_output(self) -> None:
        """Select what the last command that ended has printed."""
        self.forget()
        prompt = self.prompts.last_output()
        if prompt is None or prompt.output is None or prompt.end is None:
            return
        last = Position(prompt.end - 1, self._view.terminal.columns - 1)
        self._view.selecting.select(Selection(SelectionKind.CHARACTER, Position(prompt.output, 0), last))
        self._view.reveal(prompt.output)
        self._view.parts.clipboard.offer_selection()

    def _go(self, line: int) -> None:
        self._view.viewport.scroll_to(self._view.terminal, line)
        self._view.refresh()

    def _any(self) -> bool:
        return len(self.prompts) > 0

    def _paint(self, painter: QPainter) -> None:
        view = self._view
        if view.terminal.modes.alternate_screen or not len(self.prompts):
            return
        first, last = view.grid.shown()
        colour = QColor(tokens_of(view).phase("failed").mark)
        for prompt in self.prompts.between(first, last):
            if prompt.exit_code:
                height = view.grid.cell.logical_height
                top = view.grid.lines_rect(range(prompt.line - first, prompt.line - first + 1)).top()
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(colour)
                painter.drawRoundedRect(QRectF(2, top + 2, MARK_PX, height - 4), 1.5, 1.5)
