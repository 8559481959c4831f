"""Apps for tests: one with a text field, one that fails."""

from __future__ import annotations

from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget


class SmallApp(QWidget):
    """A text field and what it was created with."""

    def __init__(self, ctx: object) -> None:
        super().__init__()
        self.ctx = ctx
        self.field = QLineEdit()
        QVBoxLayout(self).addWidget(self.field)


def create(ctx: object) -> QWidget:
    """Build a small app."""
    return SmallApp(ctx)


def fail(_ctx: object) -> QWidget:
    """Fail as a broken app does."""
    raise RuntimeError("the model list could not be read")
