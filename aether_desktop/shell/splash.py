"""What is seen while Aether starts: its name, what it is doing, how far it is.

Paints itself without layout or child widgets, so it is on the screen with the first frame. With a parent it covers it and
fades away; without one it is a small window of its own.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPointF, QRect, QRectF, Qt, QVariantAnimation, Signal
from PySide6.QtGui import QColor, QFont, QLinearGradient, QPainter, QPaintEvent, QRadialGradient
from PySide6.QtWidgets import QWidget

from aether_desktop.theme.current import tokens_of
from aether_desktop.theme.fonts import ui_font
from aether_desktop.theme.motion import EASING, duration_ms
from aether_desktop.theme.tokens import MOTION, TYPE, Tokens
from aether_desktop.widgets.progress_bar import paint_progress

_OWN_SIZE = (460, 300)
_BAR_WIDTH_PX = 220


class BootSplash(QWidget):
    """Shows the progress of the start; swallows clicks and keys until ``finish``."""

    finished = Signal()
    """It is gone."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._message = "Starting"
        self._fraction = 0.0
        self._opacity = 1.0
        self._finishing = False
        self.setAccessibleName("Aether is starting")
        if parent is None:
            self.setWindowFlags(Qt.WindowType.SplashScreen | Qt.WindowType.FramelessWindowHint)
            self.resize(*_OWN_SIZE)
        else:
            parent.installEventFilter(self)
            self.setGeometry(parent.rect())
            self.raise_()

    @property
    def message(self) -> str:
        """What it says that is being done."""
        return self._message

    def set_progress(self, message: str, fraction: float) -> None:
        """Say what is being done and how far the start is (0..1)."""
        self._message = message
        self._fraction = min(1.0, max(self._fraction, fraction))
        self.setAccessibleDescription(message)
        self.update()

    def finish(self) -> None:
        """Fade away and delete itself; does nothing the second time."""
        if self._finishing:
            return
        self._finishing = True
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        animation = QVariantAnimation(self)
        animation.setDuration(duration_ms(MOTION.slow) if self.parent() is not None else 0)
        animation.setEasingCurve(EASING)
        animation.setStartValue(1.0)
        animation.setEndValue(0.0)
        animation.valueChanged.connect(self._on_faded)
        animation.finished.connect(self._on_gone)
        animation.start()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Cover the parent when it changes its size."""
        if watched is self.parent() and event.type() is QEvent.Type.Resize:
            parent = self.parentWidget()
            if parent is not None:
                self.setGeometry(parent.rect())
        return False

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint background, mark, name, progress and message."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setOpacity(self._opacity)
        tokens = tokens_of(self)
        centre = QPointF(self.width() / 2, self.height() * 0.46)
        background = QRadialGradient(centre, max(self.width(), self.height()) * 0.7)
        background.setColorAt(0, QColor(tokens.wallpaper[1]))
        background.setColorAt(1, QColor(tokens.wallpaper[2]))
        painter.fillRect(self.rect(), background)
        paint_mark(painter, QRectF(centre.x() - 32, centre.y() - 84, 64, 64), tokens)
        self._paint_texts(painter, centre, tokens)

    def _paint_texts(self, painter: QPainter, centre: QPointF, tokens: Tokens) -> None:
        painter.setFont(ui_font(TYPE.display, QFont.Weight.DemiBold))
        painter.setPen(QColor(tokens.text1))
        painter.drawText(QRect(0, round(centre.y()) - 4, self.width(), 40), Qt.AlignmentFlag.AlignCenter, "Aether")
        bar = QRectF(centre.x() - _BAR_WIDTH_PX / 2, centre.y() + 56, _BAR_WIDTH_PX, 3)
        paint_progress(painter, bar, tokens, self._fraction)
        painter.setFont(ui_font(TYPE.label))
        painter.setPen(QColor(tokens.text2))
        line = QRect(16, round(centre.y()) + 70, self.width() - 32, 20)
        painter.drawText(line, Qt.AlignmentFlag.AlignCenter, self._message)

    def _on_faded(self, opacity: float) -> None:
        self._opacity = float(opacity)
        self.update()

    def _on_gone(self) -> None:
        self.hide()
        self.finished.emit()
        self.deleteLater()


def paint_mark(painter: QPainter, area: QRectF, tokens: Tokens) -> None:
    """Paint Aether's mark: an agent's orbit around a core, on a tile of the accent."""
    gradient = QLinearGradient(area.topLeft(), area.bottomRight())
    gradient.setColorAt(0, QColor(tokens.phase("thinking").mark))
    gradient.setColorAt(1, QColor(tokens.accent_fill))
    painter.save()
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(gradient)
    painter.drawRoundedRect(area, area.width() * 0.26, area.width() * 0.26)
    painter.translate(area.center())
    pen = painter.pen()
    pen.setStyle(Qt.PenStyle.SolidLine)
    pen.setColor(QColor("#ffffff"))
    pen.setWidthF(area.width() * 0.055)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.rotate(-35)
    painter.drawEllipse(QPointF(0, 0), area.width() * 0.33, area.width() * 0.14)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor("#ffffff"))
    painter.drawEllipse(QPointF(0, 0), area.width() * 0.09, area.width() * 0.09)
    painter.drawEllipse(QPointF(area.width() * 0.27, -area.width() * 0.085), area.width() * 0.055, area.width() * 0.055)
    painter.restore()
