"""Text in one of the theme's roles, and text that is cut with an ellipsis instead of forcing its window wider."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from aether_desktop.widgets.explained import explain

TextRole = Literal["body", "secondary", "tertiary", "caption", "lead", "title", "display", "error", "attention", "link"]


class Label(QLabel):
    """A plain-text label. Text from agents is shown as it is: never read as HTML."""

    def __init__(
        self, text: str = "", role: TextRole = "body", *, wrap: bool = False, parent: QWidget | None = None
    ) -> None:
        """Show ``text`` in ``role``; ``wrap`` breaks lines at words."""
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("role", role)
        self.setWordWrap(wrap)
        self.setText(text)

    def set_role(self, role: TextRole) -> None:
        """Change the role after construction."""
        if self.property("role") != role:
            self.setProperty("role", role)
            self.style().unpolish(self)
            self.style().polish(self)


class ElidedLabel(Label):
    """One line of text that ends in an ellipsis where there is no room; its tooltip then shows the whole."""

    def __init__(
        self,
        text: str = "",
        role: TextRole = "body",
        *,
        mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight,
        parent: QWidget | None = None,
    ) -> None:
        """Show ``text``, cut at the end that ``mode`` names."""
        super().__init__(text, role, parent=parent)
        self._mode = mode
        self._explained = ""
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def minimumSizeHint(self) -> QSize:
        """Room for an ellipsis and a few characters."""
        return QSize(self.fontMetrics().horizontalAdvance("abc…"), super().minimumSizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint what fits."""
        painter = QPainter(self)
        area = self.contentsRect()
        line = self.text().replace("\n", " ")
        shown = self.fontMetrics().elidedText(line, self._mode, area.width())
        whole = self.text() if shown != line else ""
        if whole != self._explained:
            self._explained = whole
            explain(self, whole)
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        painter.drawText(area, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), shown)
