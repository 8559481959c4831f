"""A row of exclusive choices, as for tabs and filters in a title bar.

It is a ``QTabBar`` so that screen readers find every choice, know which is chosen, and can choose one; its looks are its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QTabBar, QWidget

from aether_desktop.theme.current import tokens_of
from aether_desktop.theme.fonts import tabular_ui_font
from aether_desktop.theme.tokens import TYPE
from aether_desktop.widgets.focus_ring import paint_focus_ring

_HEIGHT_PX = 30
_PADDING_PX = 2
_TEXT_PADDING_PX = 10
_RADIUS_PX = 8.0


@dataclass(frozen=True, slots=True)
class Segment:
    """One choice: its ``key``, its text, and a count behind the text (negative for none)."""

    key: str
    text: str
    count: int = -1

    @property
    def label(self) -> str:
        """The text as it is shown."""
        return self.text if self.count < 0 else f"{self.text} {self.count}"


class SegmentedControl(QTabBar):
    """Shows segments side by side; a click or the arrow keys choose one."""

    selected = Signal(str)
    """Emitted with the key of a segment that the person chose."""

    def __init__(
        self,
        name: str,
        segments: Sequence[Segment],
        current: str = "",
        *,
        text_padding_px: int = _TEXT_PADDING_PX,
        parent: QWidget | None = None,
    ) -> None:
        """``name`` says what is chosen, for screen readers; ``current`` is a key (the first segment's if empty).

        ``text_padding_px``: the room at each side of a text; less where many segments share a narrow window.
        """
        super().__init__(parent)
        self._name = name
        self._text_padding_px = text_padding_px
        self._segments: tuple[Segment, ...] = ()
        self._current = current
        self._font = tabular_ui_font(TYPE.label, QFont.Weight.Medium)
        self._hovered = -1
        self.setDrawBase(False)
        self.setExpanding(False)
        self.setUsesScrollButtons(False)
        self.setElideMode(Qt.TextElideMode.ElideNone)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._describe()
        self.set_segments(segments)
        self.currentChanged.connect(self._on_current_changed)

    @property
    def current(self) -> str:
        """The key of the chosen segment."""
        return self._current

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The segments shown."""
        return self._segments

    def set_segments(self, segments: Sequence[Segment]) -> None:
        """Show other segments (for example new counts); the choice stays if its key is still there."""
        new = tuple(segments)
        if new == self._segments:
            return
        self._segments = new
        if new and self._current not in {segment.key for segment in new}:
            self._current = new[0].key
        self._show_tabs()
        self._describe()
        self.updateGeometry()
        self.update()

    def set_text_padding(self, padding_px: int) -> None:
        """Give each text another room at its sides, for a window of another width."""
        if padding_px != self._text_padding_px:
            self._text_padding_px = padding_px
            self.updateGeometry()
            self.update()

    def set_current(self, key: str) -> None:
        """Choose a segment without emitting ``selected``; an unknown key is ignored."""
        if key != self._current and any(segment.key == key for segment in self._segments):
            self._current = key
            self._show_tabs()
            self._describe()
            self.update()

    def sizeHint(self) -> QSize:
        """Room for every segment."""
        return QSize(round(sum(self._widths())) + 2 * _PADDING_PX, _HEIGHT_PX)

    def minimumSizeHint(self) -> QSize:
        """The same as ``sizeHint``."""
        return self.sizeHint()

    def tabSizeHint(self, index: int) -> QSize:
        """The place of a segment, as screen readers are told it."""
        return QSize(round(self._widths()[index]), _HEIGHT_PX) if index < len(self._segments) else QSize()

    def segment_rect(self, key: str) -> QRectF:
        """Return where the segment ``key`` is painted (empty if there is none)."""
        for segment, area in zip(self._segments, self._areas(), strict=True):
            if segment.key == key:
                return area
        return QRectF()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Choose with the arrow keys, Home and End."""
        index = next((i for i, segment in enumerate(self._segments) if segment.key == self._current), 0)
        last = len(self._segments) - 1
        target = {
            Qt.Key.Key_Left: index - 1,
            Qt.Key.Key_Up: index - 1,
            Qt.Key.Key_Right: index + 1,
            Qt.Key.Key_Down: index + 1,
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: last,
        }.get(Qt.Key(event.key()))
        if target is None:
            super().keyPressEvent(event)
        elif 0 <= target <= last:
            self._choose(target)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the segment under the pointer."""
        if event.button() is Qt.MouseButton.LeftButton:
            self._choose(self._index_at(event.position().x()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Pressing has chosen already."""
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """The second press of two is one like the first."""
        self.mousePressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scrolling chooses nothing."""
        event.ignore()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Lighten the segment under the pointer."""
        hovered = self._index_at(event.position().x())
        if hovered != self._hovered:
            self._hovered = hovered
            self.update()

    def leaveEvent(self, _event: object) -> None:
        """Forget the hover."""
        self._hovered = -1
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the track, the chosen segment and the texts."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        tokens = tokens_of(self)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(tokens.surface2))
        painter.drawRoundedRect(QRectF(self.rect()), _RADIUS_PX, _RADIUS_PX)
        painter.setFont(self._font)
        for index, (segment, area) in enumerate(zip(self._segments, self._areas(), strict=True)):
            chosen = segment.key == self._current
            if chosen or index == self._hovered:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QColor(tokens.surface3 if chosen else tokens.hover))
                painter.drawRoundedRect(area, 6, 6)
            painter.setPen(QColor(tokens.text1 if chosen else tokens.text2))
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter, segment.label)
        paint_focus_ring(painter, self, QRectF(self.rect()), _RADIUS_PX)

    def _widths(self) -> list[float]:
        metrics = QFontMetrics(self._font)
        return [metrics.horizontalAdvance(segment.label) + 2 * self._text_padding_px for segment in self._segments]

    def _areas(self) -> list[QRectF]:
        areas, x = [], float(_PADDING_PX)
        for width in self._widths():
            areas.append(QRectF(x, _PADDING_PX, width, self.height() - 2 * _PADDING_PX))
            x += width
        return areas

    def _index_at(self, x: float) -> int:
        return next((i for i, area in enumerate(self._areas()) if area.left() <= x < area.right()), -1)

    def _choose(self, index: int) -> None:
        if index >= 0:
            self.setCurrentIndex(index)

    def _on_current_changed(self, index: int) -> None:
        """By pointer, by keyboard, or by a screen reader."""
        if not 0 <= index < len(self._segments) or self._segments[index].key == self._current:
            return
        self._current = self._segments[index].key
        self._describe()
        self.update()
        self.selected.emit(self._current)

    def _show_tabs(self) -> None:
        blocked = QSignalBlocker(self)
        while self.count() > len(self._segments):
            self.removeTab(self.count() - 1)
        for index, segment in enumerate(self._segments):
            if index == self.count():
                self.addTab("")
            self.setTabText(index, segment.label.replace("&", "&&"))
        self.setCurrentIndex(next((i for i, segment in enumerate(self._segments) if segment.key == self._current), -1))
        blocked.unblock()

    def _describe(self) -> None:
        chosen = next((segment.label for segment in self._segments if segment.key == self._current), "")
        self.setAccessibleName(f"{self._name}: {chosen}")
