"""What a question shows of what is approved: the whole of it, how long it is, and the colours of a diff. Called by the panel."""

from __future__ import annotations

from PySide6.QtGui import QColor, QSyntaxHighlighter, QTextCharFormat, QTextDocument

from aether_desktop.apps.agent_vm.well_text import WellText
from aether_desktop.theme.tokens import DARK
from aether_desktop.widgets.shown_text import exact
from kernel.protocol.records import Approval

MOST_CHARACTERS = 300_000
"""Three times the longest command that the kernel takes; what is longer cannot be approved here, since nobody could read it."""
LONG_CHARACTERS = 2_000


def asked_of(approval: Approval) -> str:
    """What exactly is asked for, all of it, with everything that hides in it written out."""
    details = approval.details
    for name in ("command", "diff", "url", "reason"):
        if details.get(name):
            more = f"\n{details['call']}" if name == "reason" and details.get("call") else ""
            return exact((details[name] + more).rstrip("\n"))
    return exact("\n".join(f"{name}: {value}" for name, value in details.items()))


def length_of(text: str) -> str:
    """How long a text is, for one that cannot be seen whole: its lines, and its characters where the lines say too little."""
    lines = text.count("\n") + 1
    if lines > 1 and len(text) <= LONG_CHARACTERS:
        return f"{lines:,} lines"
    counted = f"{len(text):,} characters"
    return f"{lines:,} lines, {counted}" if lines > 1 else counted


class AskedText(WellText):
    """The well with what is asked for."""

    def __init__(self) -> None:
        super().__init__("What exactly it wants to do")
        self._diff = _DiffColours(self.document())

    def show_asked(self, text: str, *, diff: bool) -> None:
        """Show `text` from its beginning; `diff` colours its lines."""
        self._diff.enabled = diff
        self.setPlainText(text)


class _DiffColours(QSyntaxHighlighter):
    def __init__(self, document: QTextDocument) -> None:
        super().__init__(document)
        self.enabled = False

    def highlightBlock(self, text: str) -> None:
        """Green for lines that come, red for lines that go."""
        if not self.enabled or not text:
            return
        look = QTextCharFormat()
        word = {"+": "completed", "-": "failed", "@": "thinking"}.get(text[0])
        if text.startswith(("+++", "---")):
            look.setForeground(QColor(DARK.terminal.ansi[6]))
        elif word is not None:
            look.setForeground(QColor(DARK.phase(word).mark))
        self.setFormat(0, len(text), look)
