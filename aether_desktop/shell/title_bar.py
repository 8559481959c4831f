"""A window's title bar: traffic lights, title, subtitle, and whatever controls the app puts at its right.

Where the app's controls do not fit beside the title they go to a second row, so that a narrow window loses nothing; what that
row has no room for stays beside the title. It reports presses, moves and double clicks of its empty part; ``WindowFrame``
decides what they do.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPoint, QRect, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QFont,
    QFontMetrics,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QWidget

from aether_desktop.shell.geometry import TITLE_BAR_HEIGHT_PX
from aether_desktop.shell.traffic_lights import TrafficLights
from aether_desktop.theme.current import tokens_of
from aether_desktop.theme.fonts import ui_font
from aether_desktop.theme.tokens import SPACE, TYPE
from aether_desktop.widgets.phase_dot import paint_phase_dot

_LEFT_PX = 10
_TITLE_LEFT_PX = 82
_MIN_TITLE_PX = 64
_LEAST_TITLE_PX = 48
_TITLE_WISH_PX = 160
_DOT_PX = 16
_SECOND_ROW_PX = 40


class TitleBar(QWidget):
    """The bar at the top of a window."""

    grabbed = Signal(QPoint)
    """The person pressed the empty part; with the global position."""
    dragged = Signal(QPoint)
    """The pointer moved while pressed; with the global position."""
    released = Signal(QPoint)
    """The person let go; with the global position."""
    double_clicked = Signal()
    """The empty part was double-clicked."""
    menu_requested = Signal(QPoint)
    """The window's menu was asked for; with the global position."""
    height_changed = Signal()
    """Its controls need another number of rows."""

    def __init__(self, parent: QWidget, title: str, subtitle: str = "") -> None:
        super().__init__(parent)
        self._title = title
        self._subtitle = subtitle
        self._attention = False
        self._active = True
        self._grabbed = False
        self._widgets: tuple[QWidget, ...] = ()
        self._title_area = QRect()
        self._title_font = ui_font(TYPE.body, QFont.Weight.DemiBold)
        self._subtitle_font = ui_font(TYPE.label)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.lights = TrafficLights(self)

    @property
    def title(self) -> str:
        """The title shown."""
        return self._title

    @property
    def subtitle(self) -> str:
        """The subtitle shown."""
        return self._subtitle

    def set_title(self, title: str, subtitle: str) -> None:
        """Show another title."""
        self._title, self._subtitle = title, subtitle
        self.place()

    def set_widgets(self, widgets: Sequence[QWidget]) -> None:
        """Put ``widgets`` at the right; earlier ones that are not among them are deleted."""
        for old in self._widgets:
            if old not in widgets:
                old.deleteLater()
        self._widgets = tuple(widgets)
        for widget in self._widgets:
            widget.setParent(self)
            widget.show()
        self.place()

    def set_active(self, active: bool) -> None:
        """Show whether the window is the one in front."""
        if active != self._active:
            self._active = active
            self.lights.set_active(active)
            self.update()

    def set_attention(self, wanted: bool) -> None:
        """Show an amber dot before the title, or not."""
        if wanted != self._attention:
            self._attention = wanted
            self.place()

    def height_for(self, width: int) -> int:
        """Return how high the bar is in a window of ``width`` px."""
        return TITLE_BAR_HEIGHT_PX + (_SECOND_ROW_PX if self._rows(width)[1] else 0)

    def place(self) -> None:
        """Put everything in its place for the present size."""
        self.lights.move(_LEFT_PX, (TITLE_BAR_HEIGHT_PX - self.lights.height()) // 2)
        beside, below = self._rows(self.width())
        right = self._place_row(beside, 0, TITLE_BAR_HEIGHT_PX, _TITLE_LEFT_PX + self._title_wish())
        self._place_row(below, TITLE_BAR_HEIGHT_PX - 4, _SECOND_ROW_PX, _LEFT_PX)
        self._title_area = QRect(_TITLE_LEFT_PX, 0, max(0, right - _TITLE_LEFT_PX), TITLE_BAR_HEIGHT_PX)
        self.update()

    def _title_wish(self) -> int:
        """The room that the title wants before controls get more than their least."""
        wish = QFontMetrics(self._title_font).horizontalAdvance(self._title) + SPACE.sm + (_DOT_PX if self._attention else 0)
        return min(wish, _TITLE_WISH_PX)

    def _place_row(self, widgets: Sequence[QWidget], top: int, height: int, left_limit: int) -> int:
        """Put `widgets` at the right of a row; returns where the room to their left ends."""
        x = self.width() - SPACE.md
        widths = _widths(widgets, x - left_limit)
        for widget, width in zip(reversed(widgets), reversed(widths), strict=True):
            widget_height = min(widget.sizeHint().height(), height - 8)
            x -= width
            widget.setGeometry(x, top + (height - widget_height) // 2, width, widget_height)
            x -= SPACE.sm
        return x

    def event(self, event: QEvent) -> bool:
        """Put everything in its place again when a control wants another size."""
        if event.type() is QEvent.Type.LayoutRequest:
            if self.height_for(self.width()) == self.height():
                self.place()
            else:
                self.height_changed.emit()
        return super().event(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put everything in its place."""
        super().resizeEvent(event)
        self.place()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint background, line, title and subtitle."""
        painter = QPainter(self)
        tokens = tokens_of(self)
        painter.fillRect(self.rect(), QColor(tokens.surface1))
        painter.fillRect(0, self.height() - 1, self.width(), 1, QColor(tokens.line))
        area = QRect(self._title_area)
        if self._attention:
            centre = area.topLeft() + QPoint(4, area.height() // 2)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            paint_phase_dot(painter, centre.toPointF(), tokens, "waiting")
            area.setLeft(area.left() + _DOT_PX)
        metrics = QFontMetrics(self._title_font)
        title = metrics.elidedText(self._title, Qt.TextElideMode.ElideRight, area.width())
        painter.setFont(self._title_font)
        painter.setPen(QColor(tokens.text1 if self._active else tokens.text2))
        painter.drawText(area, int(Qt.AlignmentFlag.AlignVCenter), title)
        area.setLeft(area.left() + metrics.horizontalAdvance(title) + SPACE.sm)
        if self._subtitle and area.width() > 30:
            painter.setFont(self._subtitle_font)
            painter.setPen(QColor(tokens.text3))
            shown = QFontMetrics(self._subtitle_font).elidedText(
                self._subtitle, Qt.TextElideMode.ElideRight, area.width()
            )
            painter.drawText(area, int(Qt.AlignmentFlag.AlignVCenter), shown)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take hold of the window."""
        if event.button() is Qt.MouseButton.LeftButton:
            self._grabbed = True
            self.grabbed.emit(event.globalPosition().toPoint())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag the window."""
        if self._grabbed:
            self.dragged.emit(event.globalPosition().toPoint())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go of the window."""
        if self._grabbed and event.button() is Qt.MouseButton.LeftButton:
            self._grabbed = False
            self.released.emit(event.globalPosition().toPoint())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Maximise or restore."""
        if event.button() is Qt.MouseButton.LeftButton:
            self._grabbed = False
            self.double_clicked.emit()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Ask for the window's menu."""
        self.menu_requested.emit(event.globalPos())

    def _rows(self, width: int) -> tuple[Sequence[QWidget], Sequence[QWidget]]:
        """The widgets beside the title, and those in the second row, in a window of `width` px."""
        beside_px = width - _TITLE_LEFT_PX - SPACE.md
        if _least_row_width(self._widgets) <= beside_px - _MIN_TITLE_PX:
            return self._widgets, ()
        for up in range(len(self._widgets)):
            split = len(self._widgets) - up
            beside, below = self._widgets[split:], self._widgets[:split]
            if _least_row_width(beside) > beside_px - _LEAST_TITLE_PX:
                break
            if _least_row_width(below) - SPACE.sm <= width - SPACE.md - _LEFT_PX:
                return beside, below
        return (), self._widgets


def _widths(widgets: Sequence[QWidget], room: int) -> list[int]:
    """The widths that `widgets` get of `room` px; the first ones give way first."""
    wanted = [min(widget.sizeHint().width(), widget.maximumWidth()) for widget in widgets]
    room -= SPACE.sm * max(0, len(wanted) - 1)
    for index, widget in enumerate(widgets):
        excess = sum(wanted) - room
        if excess > 0:
            wanted[index] = max(_least_width(widget), wanted[index] - excess)
    return wanted


def _least_row_width(widgets: Sequence[QWidget]) -> int:
    return sum(_least_width(widget) + SPACE.sm for widget in widgets)


def _least_width(widget: QWidget) -> int:
    return max(widget.minimumWidth(), min(widget.minimumSizeHint().width(), widget.sizeHint().width()), 24)
