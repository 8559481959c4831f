"""The three round buttons at the left of a title bar: close, minimise, maximise.

They show their glyphs while the pointer is over any of them or the keyboard is on one. Used by ``TitleBar`` alone.
"""

from __future__ import annotations

from enum import StrEnum

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QEnterEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QWidget

from aether_desktop.theme.current import tokens_of
from aether_desktop.widgets.button import PaintedButton, tooltip_with_shortcut
from aether_desktop.widgets.focus_ring import paint_focus_ring

_DIAMETER_PX = 12
_CELL_PX = 20
_GLYPH_COLOUR = "#99000000"


class Light(StrEnum):
    """Which button."""

    CLOSE = "close"
    MINIMISE = "minimise"
    MAXIMISE = "maximise"


_COLOURS = {Light.CLOSE: "#ff5f57", Light.MINIMISE: "#febc2e", Light.MAXIMISE: "#28c840"}
_NAMES = {
    Light.CLOSE: ("Close window", "Ctrl+W"),
    Light.MINIMISE: ("Minimise window", "Ctrl+M"),
    Light.MAXIMISE: ("Maximise window", "Ctrl+Alt+Up"),
}


class _LightButton(PaintedButton):
    def __init__(self, light: Light, lights: TrafficLights) -> None:
        super().__init__(lights)
        self._light = light
        self._lights = lights
        self.setFixedSize(QSize(_CELL_PX, _CELL_PX))
        # Reached with Tab, but a click leaves the keyboard where the person was typing.
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.describe(*_NAMES[light])

    def describe(self, name: str, shortcut: str) -> None:
        self.setAccessibleName(name)
        self.setToolTip(tooltip_with_shortcut(name, shortcut))

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        centre = QPointF(self.width() / 2, self.height() / 2)
        lively = self._lights.active or self._lights.hovered or self.hasFocus()
        colour = QColor(_COLOURS[self._light] if lively else tokens_of(self).surface3)
        painter.setPen(Qt.PenStyle.NoPen if lively else QColor(tokens_of(self).line_strong))
        painter.setBrush(colour.darker(115) if self.isDown() else colour)
        painter.drawEllipse(centre, _DIAMETER_PX / 2, _DIAMETER_PX / 2)
        if self._lights.hovered or self.hasFocus():
            self._paint_glyph(painter, centre)
        paint_focus_ring(painter, self, QRectF(self.rect()), _CELL_PX / 2)

    def _paint_glyph(self, painter: QPainter, centre: QPointF) -> None:
        painter.setPen(QPen(QColor(_GLYPH_COLOUR), 1.4, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        reach = 2.4
        if self._light is Light.CLOSE:
            painter.drawLine(centre + QPointF(-reach, -reach), centre + QPointF(reach, reach))
            painter.drawLine(centre + QPointF(-reach, reach), centre + QPointF(reach, -reach))
            return
        painter.drawLine(centre + QPointF(-reach - 0.6, 0), centre + QPointF(reach + 0.6, 0))
        if self._light is Light.MAXIMISE and not self._lights.maximised:
            painter.drawLine(centre + QPointF(0, -reach - 0.6), centre + QPointF(0, reach + 0.6))


class TrafficLights(QWidget):
    """Emits ``pressed`` with the button that was clicked."""

    pressed = Signal(object)
    """Emitted with a ``Light``."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.active = True
        self.hovered = False
        self.maximised = False
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        self._buttons = {light: _LightButton(light, self) for light in Light}
        for light, button in self._buttons.items():
            button.clicked.connect(lambda _checked=False, which=light: self.pressed.emit(which))
            row.addWidget(button)
        self.setFixedSize(_CELL_PX * len(self._buttons), _CELL_PX)

    def button(self, light: Light) -> PaintedButton:
        """Return one of the buttons."""
        return self._buttons[light]

    def set_active(self, active: bool) -> None:
        """Paint in colour (the window in front) or grey."""
        if active != self.active:
            self.active = active
            self._repaint()

    def set_maximised(self, maximised: bool) -> None:
        """Let the third button say that it restores."""
        if maximised != self.maximised:
            self.maximised = maximised
            name, keys = ("Restore window", "Ctrl+Alt+Down") if maximised else _NAMES[Light.MAXIMISE]
            self._buttons[Light.MAXIMISE].describe(name, keys)
            self._repaint()

    def enterEvent(self, event: QEnterEvent) -> None:
        """Show the glyphs."""
        self.hovered = True
        self._repaint()
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        """Hide the glyphs."""
        self.hovered = False
        self._repaint()
        super().leaveEvent(event)

    def _repaint(self) -> None:
        for button in self._buttons.values():
            button.update()
