"""The field for an agent's goal. A paste that no agent could be given is refused before it is laid out, which could take a minute."""

from __future__ import annotations

from PySide6.QtCore import QMimeData, Signal
from PySide6.QtWidgets import QPlainTextEdit

from kernel.protocol.records import GOAL_LIMIT_CHARACTERS


class GoalField(QPlainTextEdit):
    """Takes what is typed and pasted."""

    refused = Signal(str)
    """A paste was too long; with the reason and what to do instead."""

    def insertFromMimeData(self, source: QMimeData) -> None:
        """Paste or drop."""
        text = source.text()
        size = len(self.toPlainText()) + len(text)
        if size > GOAL_LIMIT_CHARACTERS:
            self.refused.emit(
                f"Not pasted: the goal would have {size:,} characters; at most {GOAL_LIMIT_CHARACTERS:,} are taken. "
                "Put the material into a file and mount its folder."
            )
            return
        super().insertFromMimeData(source)
