"""A page of cards: one column of framed groups that scrolls, as wide as it is good to read and never wider.

The first steps and the settings are such pages.
"""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from aether_desktop.theme.current import tokens_of
from aether_desktop.theme.tokens import RADIUS, SPACE
from aether_desktop.widgets.card_frame import paint_card
from aether_desktop.widgets.label import Label


class Card(QWidget):
    """A framed group with a title; what it holds is added to ``column``."""

    def __init__(self, title: str, *, beside: QWidget | None = None, parent: QWidget | None = None) -> None:
        """``beside`` is put at the right of the title."""
        super().__init__(parent)
        self.setAccessibleName(title)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(SPACE.lg + 2, SPACE.lg - 2, SPACE.lg + 2, SPACE.lg)
        outer.setSpacing(SPACE.sm)
        head = QHBoxLayout()
        head.setSpacing(SPACE.sm)
        head.addWidget(Label(title, "lead"), 1)
        if beside is not None:
            head.addWidget(beside)
        outer.addLayout(head)
        self.column = QVBoxLayout()
        self.column.setSpacing(SPACE.sm)
        outer.addLayout(self.column)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the frame."""
        painter = QPainter(self)
        tokens = tokens_of(self)
        paint_card(painter, self, tokens.surface1, tokens.line, RADIUS.large)


class _Middle(QWidget):
    """Keeps the page in the middle; it is as high as its texts need at its width, not at the smallest."""

    def minimumSizeHint(self) -> QSize:
        return QSize(super().minimumSizeHint().width(), 1)


class CardPage(QScrollArea):
    """The column; cards and texts are added to ``column``. It scrolls by itself where there is no room."""

    def __init__(self, width_px: int, parent: QWidget | None = None) -> None:
        """``width_px`` is the most that a card is wide, in px."""
        super().__init__(parent)
        page = QWidget()
        page.setMaximumWidth(width_px + 2 * SPACE.xl)
        self.column = QVBoxLayout(page)
        self.column.setContentsMargins(SPACE.xl, SPACE.xl, SPACE.xl, SPACE.xl)
        self.column.setSpacing(SPACE.lg)
        middle = _Middle()
        around = QHBoxLayout(middle)
        around.setContentsMargins(0, 0, 0, 0)
        around.addStretch(1)
        around.addWidget(page, 100)
        around.addStretch(1)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setWidget(middle)
        # setWidget turns the backgrounds on; the window's own shall be seen.
        middle.setAutoFillBackground(False)
        self.viewport().setAutoFillBackground(False)


class Rule(QWidget):
    """A thin line between the rows of a card."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(1)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the line."""
        QPainter(self).fillRect(self.rect(), QColor(tokens_of(self).line))
