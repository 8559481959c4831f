"""The prompts of one view: jumping from one to the next, selecting what a command printed, and a mark at what failed.

Made by `parts`. A shell has to print OSC 133 for it; without, nothing of this shows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QRectF, Qt
from PySide6.QtGui import QColor, QPainter

from aether_desktop.theme.current import tokens_of
from aether_desktop.widgets.terminal.commands import Command
from aether_desktop.widgets.terminal.prompts import LogicalPlaces, Prompts
from aether_desktop.widgets.terminal.selecting import Selection
from kernel.term.events import PromptMark
from kernel.term.selection import Position, SelectionKind

if TYPE_CHECKING:
    from aether_desktop.widgets.terminal.view import TerminalView

MARK_PX = 3


class PromptMarks(QObject):
    """For one view."""

    def __init__(self, view: TerminalView) -> None:
        super().__init__(view)
        self._view = view
        self.prompts = Prompts()
        self._places: LogicalPlaces | None = None
        self._dropped = 0
        view.session_changed.connect(self._on_session)
        view.fitting.about_to_fit.connect(self._before_fit)
        view.fitting.fitted.connect(self._after_fit)
        view.overlays.append(self._paint)
        view.commands.add(
            Command("prompt-up", "Previous Prompt", self.up, ("Ctrl+Shift+Up",), "prompts", self._any),
            Command("prompt-down", "Next Prompt", self.down, ("Ctrl+Shift+Down",), "prompts", self._any),
            Command("select-output", "Select Last Output", self.select_output, ("Ctrl+Shift+L",), "prompts", self._any),
        )

    def on_mark(self, mark: PromptMark) -> None:
        """The shell drew a part of its prompt."""
        if not self._view.terminal.modes.alternate_screen:
            self.prompts.note(mark)
            self._places = None

    def up(self) -> None:
        """Show the prompt above what shows, at the top."""
        self._trim()
        prompt = self.prompts.before(self._view.grid.shown()[0])
        if prompt is not None:
            self._go(prompt.line)

    def down(self) -> None:
        """Show the prompt below the first line that shows, at the top; after the last one the newest line."""
        self._trim()
        prompt = self.prompts.after(self._view.grid.shown()[0])
        if prompt is not None:
            self._go(prompt.line)

    def select_output(self) -> None:
        """Select what the last command that ended has printed."""
        self._trim()
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

    def _trim(self) -> None:
        self.prompts.trim(self._view.terminal)

    def _on_session(self) -> None:
        self.prompts.clear()
        self._places = None

    def _before_fit(self) -> None:
        terminal = self._view.terminal
        if self._places is None or terminal.history_dropped != self._dropped:
            self._trim()
            self._places = self.prompts.to_logical(terminal)
            self._dropped = terminal.history_dropped

    def _after_fit(self) -> None:
        if self._view.terminal.history_dropped != self._dropped or self._places is None:
            self.prompts.clear()
            self._places = None
        else:
            self.prompts.from_logical(self._view.terminal, self._places)

    def _paint(self, painter: QPainter) -> None:
        if not len(self.prompts) or self._view.terminal.modes.alternate_screen:
            return
        view = self._view
        first, last = view.grid.shown()
        colour = QColor(tokens_of(view).phase("failed").mark)
        for prompt in self.prompts.between(first, last):
            if prompt.exit_code:
                height = view.grid.cell.logical_height
                top = view.grid.lines_rect(range(prompt.line - first, prompt.line - first + 1)).top()
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(colour)
                painter.drawRoundedRect(QRectF(2, top + 2, MARK_PX, height - 4), 1.5, 1.5)
