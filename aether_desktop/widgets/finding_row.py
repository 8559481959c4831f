"""One thing that was looked for: whether it is there, what was found, and what to do where it is not."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from aether_desktop.theme.current import tokens_of
from aether_desktop.theme.icons import paint_icon
from aether_desktop.theme.tokens import SPACE
from aether_desktop.widgets.label import Label

FindingState = Literal["found", "missing", "wrong"]
"""``missing`` is something that Aether works without; ``wrong`` is something that it needs."""

_ICONS: dict[FindingState, tuple[str, str]] = {
    "found": ("success", "done"),
    "missing": ("info", "idle"),
    "wrong": ("alert", "failed"),
}
_SPOKEN: dict[FindingState, str] = {"found": "found", "missing": "not there, not needed", "wrong": "needs mending"}
_ICON_PX = 16


class FindingRow(QWidget):
    """An icon, a name, what was found, and the remedy; the texts can be selected and copied."""

    def __init__(
        self, name: str, state: FindingState, detail: str = "", remedy: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._state: FindingState = state
        self.setAccessibleName(f"{name}: {_SPOKEN[state]}. {detail} {remedy}".strip())
        column = QVBoxLayout(self)
        column.setContentsMargins(_ICON_PX + SPACE.md, 3, 0, 3)
        column.setSpacing(1)
        column.addWidget(Label(name))
        for text, role in ((detail, "caption"), (remedy, "secondary")):
            if text:
                label = Label(text[:600], "caption" if role == "caption" else "secondary", wrap=True)
                label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
                column.addWidget(label)

    @property
    def state(self) -> FindingState:
        """Whether it is there."""
        return self._state

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the icon."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        name, phase = _ICONS[self._state]
        paint_icon(painter, QRectF(0, 4, _ICON_PX, _ICON_PX), name, QColor(tokens_of(self).phase(phase).text))
