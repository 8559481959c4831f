"""Copy and paste of one view: the clipboard, the selection of X11, and the question before a paste that could do harm.

Made by `parts`. Ctrl+C stays the program's.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QClipboard, QGuiApplication

from aether_desktop.widgets.terminal.ask_bar import BarAnswer, BarHost, Question
from aether_desktop.widgets.terminal.commands import Command
from aether_desktop.widgets.terminal.pasting import Concern, concern_of, one_line, pieces, preview
from aether_desktop.widgets.terminal.selecting import Selection
from kernel.term.selection import Position, SelectionKind

if TYPE_CHECKING:
    from aether_desktop.widgets.terminal.view import TerminalView


class Clipboard(QObject):
    """For one view. bars: where it asks."""

    sent = Signal()
    """The last piece of a paste was given to the program."""

    def __init__(self, view: TerminalView, bars: BarHost) -> None:
        super().__init__(view)
        self._view = view
        self._bars = bars
        self._sending: Iterator[bytes] | None = None
        self._texts: deque[str] = deque()
        self._held: list[bytes] = []
        self._passing = False
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._send_piece)
        view.session_changed.connect(self._stop)
        self._add_commands()

    def copy(self) -> None:
        """Put what is selected into the clipboard; nothing selected changes nothing."""
        text = self._view.selecting.text(self._view.terminal)
        if text:
            QGuiApplication.clipboard().setText(text)

    def offer_selection(self) -> None:
        """What was selected can be pasted with the middle button, where the system knows that."""
        clipboard = QGuiApplication.clipboard()
        if clipboard.supportsSelection():
            text = self._view.selecting.text(self._view.terminal)
            if text:
                clipboard.setText(text, QClipboard.Mode.Selection)

    def select_all(self) -> None:
        """Select history and screen."""
        terminal = self._view.terminal
        first = terminal.history_dropped
        last = first + len(terminal.history) + terminal.lines - 1
        whole = Selection(SelectionKind.CHARACTER, Position(first, 0), Position(last, terminal.columns - 1))
        self._view.selecting.select(whole)
        self.offer_selection()

    def paste(self) -> None:
        """Paste the clipboard."""
        self._paste(QGuiApplication.clipboard().text())

    def paste_selection(self) -> bool:
        """Paste the selection of X11; False where there is none."""
        clipboard = QGuiApplication.clipboard()
        if not (self._view.interactive and clipboard.supportsSelection()):
            return False
        self._paste(clipboard.text(QClipboard.Mode.Selection))
        return True

    def paste_text(self, text: str) -> None:
        """Send a text as pasted, without asking; behind one that is on its way."""
        self._texts.append(text)
        self._timer.start(0)

    def holds(self, data: bytes) -> bool:
        """Keep what is typed during a paste until it is over; False where nothing is pasted."""
        if self._passing or not (self._sending or self._texts):
            return False
        self._held.append(data)
        return True

    def _paste(self, text: str) -> None:
        if not (text and self._view.interactive and self._view.session is not None):
            return
        concern = concern_of(text, bracketed=self._view.terminal.modes.bracketed_paste)
        if concern is None:
            self.paste_text(text)
            return
        self._bars.ask(_question(text, concern), lambda key: self._on_answer(key, text), focus=True)

    def _on_answer(self, key: str, text: str) -> None:
        if key == "paste":
            self.paste_text(text)
        elif key == "line":
            self.paste_text(one_line(text))

    def _send_piece(self) -> None:
        if self._sending is None and self._texts:
            self._sending = pieces(self._texts.popleft(), bracketed=self._view.terminal.modes.bracketed_paste)
        piece = next(self._sending, None) if self._sending is not None else None
        if piece is not None:
            self._passing = True
            self._view.type_text(piece)
            self._passing = False
            return
        self._sending = None
        if self._texts:
            return
        held, self._held = b"".join(self._held), []
        self._stop()
        self._view.type_text(held)
        self.sent.emit()

    def _stop(self) -> None:
        self._timer.stop()
        self._sending = None
        self._texts.clear()
        self._held.clear()

    def _can_copy(self) -> bool:
        return self._view.selecting.selection is not None

    def _can_paste(self) -> bool:
        mime = QGuiApplication.clipboard().mimeData()
        return self._view.session is not None and mime is not None and mime.hasText()

    def _add_commands(self) -> None:
        view = self._view
        more_keys = () if view.interactive else ("Ctrl+C",)
        view.commands.add(
            Command("copy", "Copy", self.copy, ("Ctrl+Shift+C", *more_keys), "clipboard", self._can_copy)
        )
        if view.interactive:
            keys = ("Ctrl+Shift+V", "Shift+Insert")
            view.commands.add(Command("paste", "Paste", self.paste, keys, "clipboard", self._can_paste))
        view.commands.add(Command("select-all", "Select All", self.select_all, ("Ctrl+Shift+E",), "clipboard"))


def _question(text: str, concern: Concern) -> Question:
    shown = preview(text)
    count = f"{concern.lines:,} lines" if concern.lines > 1 else f"{len(text):,} characters"
    warnings = []
    if concern.controls:
        warnings.append("It has control characters, which act as keys; they are left out.")
    if concern.reorders:
        warnings.append("It has characters that make text show in another order than it runs.")
    details = [f"and {concern.lines - len(shown):,} more lines."] if concern.lines > len(shown) else []
    if concern.runs:
        details.append("The program runs each line as it comes." if concern.lines > 1 else "It runs at once.")
    answers = [BarAnswer("", "Cancel"), BarAnswer("paste", "Paste", "attention")]
    if concern.runs and not concern.large:
        answers.insert(1, BarAnswer("line", "Paste as one line"))
    return Question(
        f"Paste {count}?", shown, " ".join(details), " ".join(warnings), "warning", tuple(answers)
    )
