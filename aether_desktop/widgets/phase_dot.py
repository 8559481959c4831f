"""The coloured dot of an agent's phase; ``paint_phase_dot`` is for delegates that paint rows themselves."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from aether_desktop.theme.current import tokens_of
from aether_desktop.theme.tokens import Tokens

_DOT_PX = 8
_HALO_ALPHA = 56


def paint_phase_dot(
    painter: QPainter, centre: QPointF, tokens: Tokens, phase: str, *, diameter: float = _DOT_PX, halo: bool = False
) -> None:
    """Paint the dot of ``phase`` around ``centre``; ``halo`` adds a soft ring, as on a timeline."""
    mark = QColor(tokens.phase(phase).mark)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    if halo:
        soft = QColor(mark)
        soft.setAlpha(_HALO_ALPHA)
        painter.setBrush(soft)
        painter.drawEllipse(centre, diameter * 0.9, diameter * 0.9)
    painter.setBrush(mark)
    painter.drawEllipse(centre, diameter / 2, diameter / 2)
    painter.restore()


class PhaseDot(QWidget):
    """A dot of 8 px in the phase's colour; the phase's word is its accessible name."""

    def __init__(self, phase: str = "idle", *, halo: bool = False, parent: QWidget | None = None) -> None:
        """Show ``phase`` (a word of the kernel or a ``Phase``)."""
        super().__init__(parent)
        self._halo = halo
        self._phase = ""
        side = _DOT_PX * 2 if halo else _DOT_PX + 2
        self.setFixedSize(QSize(side, side))
        self.set_phase(phase)

    @property
    def phase(self) -> str:
        """The phase shown."""
        return self._phase

    def set_phase(self, phase: str) -> None:
        """Show another phase."""
        if phase != self._phase:
            self._phase = phase
            self.setAccessibleName(phase.replace("_", " "))
            self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the dot."""
        painter = QPainter(self)
        paint_phase_dot(
            painter, QPointF(self.rect().center()) + QPointF(0.5, 0.5), tokens_of(self), self._phase, halo=self._halo
        )
