"""The eight handles around a window: an unpainted sibling that reaches a little beyond the window's edges.

Lying outside, it takes nothing from the window's content (a scroll bar at the right edge stays whole). It reports what is
dragged; the window manager resizes.
"""

from __future__ import annotations

from PySide6.QtCore import QMargins, QPoint, QRect, Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QWidget

from aether_desktop.shell.geometry import Edge, edges_at

REACH_PX = 7
_CORNER_PX = 20

_CURSORS: dict[Edge, Qt.CursorShape] = {
    Edge.LEFT: Qt.CursorShape.SizeHorCursor,
    Edge.RIGHT: Qt.CursorShape.SizeHorCursor,
    Edge.TOP: Qt.CursorShape.SizeVerCursor,
    Edge.BOTTOM: Qt.CursorShape.SizeVerCursor,
    Edge.LEFT | Edge.TOP: Qt.CursorShape.SizeFDiagCursor,
    Edge.RIGHT | Edge.BOTTOM: Qt.CursorShape.SizeFDiagCursor,
    Edge.RIGHT | Edge.TOP: Qt.CursorShape.SizeBDiagCursor,
    Edge.LEFT | Edge.BOTTOM: Qt.CursorShape.SizeBDiagCursor,
}


def cursor_for(edges: Edge) -> Qt.CursorShape:
    """Return the pointer's shape over ``edges``."""
    return _CURSORS.get(edges, Qt.CursorShape.ArrowCursor)


class ResizeRing(QWidget):
    """Around one window."""

    grabbed = Signal(object, QPoint)
    """An edge was taken: the ``Edge`` and the global position."""
    dragged = Signal(QPoint)
    """The pointer moved with the edge; with the global position."""
    released = Signal()
    """The edge was let go."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._dragging = False
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def surround(self, window: QRect) -> None:
        """Move to lie around ``window`` (in the parent's coordinates)."""
        self.setGeometry(window.marginsAdded(QMargins(REACH_PX, REACH_PX, REACH_PX, REACH_PX)))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take an edge."""
        edges = self._edges(event.position().toPoint())
        if event.button() is Qt.MouseButton.LeftButton and edges is not Edge.NONE:
            self._dragging = True
            self.grabbed.emit(edges, event.globalPosition().toPoint())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag the edge, or show which one would be taken."""
        if self._dragging:
            self.dragged.emit(event.globalPosition().toPoint())
        else:
            self.setCursor(cursor_for(self._edges(event.position().toPoint())))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let the edge go."""
        if self._dragging and event.button() is Qt.MouseButton.LeftButton:
            self._dragging = False
            self.released.emit()

    def _edges(self, position: QPoint) -> Edge:
        return edges_at(position, self.size(), REACH_PX + 4, _CORNER_PX)
