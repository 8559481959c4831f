"""The well: a dark ground in both themes on which text from strangers is shown exactly. Used by questions and by a model's exchanges."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QTextOption
from PySide6.QtWidgets import QPlainTextEdit

from aether_desktop.theme.fonts import mono_font
from aether_desktop.theme.tokens import DARK, TYPE

WELL_COLOUR = QColor(DARK.terminal.background).darker(190).name()
"""The ground of what is exact, in both themes: darker than any panel around it."""


class WellText(QPlainTextEdit):
    """Text to read and copy. It runs from left to right whatever is in it, and breaks lines anywhere, as a terminal does."""

    def __init__(self, name: str) -> None:
        """name: what it shows, for screen readers."""
        super().__init__()
        self.setReadOnly(True)
        self.setUndoRedoEnabled(False)
        self.setFont(mono_font(TYPE.label))
        self.setAccessibleName(name)
        self.setFrameShape(QPlainTextEdit.Shape.NoFrame)
        self.setTabChangesFocus(True)
        self.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAnywhere)
        option = self.document().defaultTextOption()
        option.setTextDirection(Qt.LayoutDirection.LeftToRight)
        option.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignAbsolute)
        self.document().setDefaultTextOption(option)
        self.setStyleSheet(
            f"QPlainTextEdit {{ background: {WELL_COLOUR}; color: {DARK.terminal.foreground};"
            f" border: 1px solid {DARK.line_strong}; border-radius: 8px; padding: 4px 6px; }}"
            f"QPlainTextEdit:focus {{ border: 1px solid {DARK.accent}; }}"
            f"QScrollBar::handle {{ background: {DARK.text3}; }}"
        )
