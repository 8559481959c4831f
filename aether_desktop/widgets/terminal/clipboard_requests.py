"""Programs that want to write the clipboard (OSC 52): the person is asked, with the text in view. Reading is never answered.

Made by `parts` for terminals that somebody types in; in a record the request is long past.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtGui import QClipboard, QGuiApplication

from aether_desktop.widgets.terminal.ask_bar import BarAnswer, BarHost, Question
from aether_desktop.widgets.terminal.pasting import preview
from kernel.term.events import ClipboardRequest

if TYPE_CHECKING:
    from aether_desktop.widgets.terminal.view import TerminalView

MOST_CHARS = 1 << 20


class ClipboardRequests(QObject):
    """For one view. bars: where it asks."""

    def __init__(self, view: TerminalView, bars: BarHost) -> None:
        super().__init__(view)
        self._view = view
        self._bars = bars

    def on_request(self, request: ClipboardRequest) -> None:
        """Ask; a text that is too long is refused, and an empty one, which would clear the clipboard."""
        text = request.text
        if not text.strip() or len(text) > MOST_CHARS:
            return
        lines = text.count("\n") + 1
        size = f"{len(text):,} characters" + (f", {lines:,} lines" if lines > 1 else "")
        question = Question(
            "A program wants to put text into the clipboard",
            preview(text),
            f"{size}. Ctrl+Shift+Return goes to this question.",
            icon="copy",
            answers=(BarAnswer("", "Refuse"), BarAnswer("allow", "Allow", "attention")),
        )
        self._bars.ask(question, lambda key: self._on_answer(key, request), focus=False)

    def _on_answer(self, key: str, request: ClipboardRequest) -> None:
        if key != "allow":
            return
        clipboard = QGuiApplication.clipboard()
        primary = "p" in request.targets and clipboard.supportsSelection()
        if primary:
            clipboard.setText(request.text, QClipboard.Mode.Selection)
        if not primary or set(request.targets) - {"p"}:
            clipboard.setText(request.text)
