"""What the running command has printed so far, in its row of the timeline.

Read from the agent's terminal, which keeps every byte before it shows it; so nothing that shows here is lost. Made by `view`.
"""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer

from aether_desktop.stores.journal import JournalStore
from aether_desktop.stores.terminals import TerminalSession
from aether_desktop.widgets.shown_text import printed
from aether_desktop.widgets.terminal.view import TerminalView
from kernel.term import Terminal

PACE_MS = 200
PROMPT = "➜ "
#: How far up the beginning of a command is looked for, and how much of its output is shown.
MOST_ROWS = 400
SHOWN_LINES = 40


class LiveOutput(QObject):
    """Watches one agent's record and tells its journal."""

    def __init__(self, record: TerminalView, journal: JournalStore, parent: QObject) -> None:
        super().__init__(parent)
        self._record = record
        self._journal = journal
        self._session: TerminalSession | None = None
        self._pace = QTimer(self)
        self._pace.setSingleShot(True)
        self._pace.setInterval(PACE_MS)
        self._pace.timeout.connect(self._tell)
        record.session_changed.connect(self._follow)
        journal.updated.connect(lambda _index: self._note())
        journal.moved_last.connect(lambda _index: self._note())
        self._follow()

    def _follow(self) -> None:
        if self._session is not None:
            self._session.changed.disconnect(self._note)
        self._session = self._record.session
        if self._session is not None:
            self._session.changed.connect(self._note)

    def _note(self) -> None:
        if not self._pace.isActive() and self._journal.running_command is not None:
            self._pace.start()

    def _tell(self) -> None:
        command = self._journal.running_command
        if command is not None:
            self._journal.show_output(printed(output_of(self._record.terminal, command.count("\n") + 1)))


def output_of(terminal: Terminal, prompt_lines: int) -> str:
    """The last lines below the last prompt of a record; prompt_lines: how many lines the command itself has."""
    lines: list[str] = []
    line = terminal.history_dropped + len(terminal.history) + terminal.lines - 1
    for _ in range(MOST_ROWS):
        row = terminal.absolute_row(line)
        if row is None:
            break
        text = terminal.clusters.expand(row.text)
        above = terminal.absolute_row(line - 1)
        lines.append(text if row.wrapped else text.rstrip())
        if text.startswith(PROMPT) and not (above is not None and above.wrapped):
            return "\n".join(_joined(terminal, line, lines)[prompt_lines:][-SHOWN_LINES:]).rstrip("\n")
        line -= 1
    return ""


def _joined(terminal: Terminal, first: int, newest_first: list[str]) -> list[str]:
    """Rows from `first` on as lines, with wrapped ones put together."""
    found: list[str] = []
    goes_on = False
    for offset, text in enumerate(reversed(newest_first)):
        if goes_on:
            found[-1] += text
        else:
            found.append(text)
        row = terminal.absolute_row(first + offset)
        goes_on = row is not None and row.wrapped
    return found
