"""One thing that was looked for: whether it is there, what was found, and what to do where it is not."""

from __future__ import annotations

import re
from typing import Literal

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from aether_desktop.theme.current import tokens_of
from aether_desktop.theme.icons import paint_icon
from aether_desktop.theme.tokens import SPACE
from aether_desktop.widgets.label import Label
from aether_desktop.widgets.shown_text import cut, visible

FindingState = Literal["found", "missing", "wrong"]
"""``missing`` is something that Aether works without; ``wrong`` is something that it needs."""

_ICONS: dict[FindingState, tuple[str, str]] = {
    "found": ("success", "done"),
    "missing": ("info", "idle"),
    "wrong": ("alert", "failed"),
}
_SPOKEN: dict[FindingState, str] = {"found": "found", "missing": "not there, not needed", "wrong": "needs mending"}
_ICON_PX = 16
_NAME_PX = 112
_MOST_CHARACTERS = 1_000


class FindingRow(QWidget):
    """An icon, a name, what was found, and the remedy; the texts can be selected and copied."""

    def __init__(
        self, name: str, state: FindingState, detail: str = "", remedy: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._state: FindingState = state
        self.setAccessibleName(f"{name}: {_SPOKEN[state]}. {detail} {remedy}".strip())
        row = QHBoxLayout(self)
        row.setContentsMargins(_ICON_PX + SPACE.md, 3, 0, 3)
        row.setSpacing(SPACE.md)
        title = Label(name, wrap=True)
        title.setFixedWidth(_NAME_PX)
        row.addWidget(title, 0, Qt.AlignmentFlag.AlignTop)
        text = Label(finding_text(detail, remedy), "secondary", wrap=True)
        text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        row.addWidget(text, 1, Qt.AlignmentFlag.AlignTop)

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


def finding_text(detail: str, remedy: str = "") -> str:
    """What was found and what to do about it, as sentences; what stands between backticks gets quotation marks."""
    # A word, not an address or a path, which keeps its small letter.
    begun = detail[:1].upper() + detail[1:] if re.match(r"[a-z]+(?![\w:/.@-])", detail) else detail
    text = " ".join(f"{part.removesuffix('.')}." for part in (begun, remedy) if part)
    return cut(visible(re.sub("`([^`]*)`", "“\\1”", text)), _MOST_CHARACTERS)
