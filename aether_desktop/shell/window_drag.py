"""Moving and resizing a window with the pointer.

``WindowDrag`` holds what a drag has to remember between press and release; the window manager makes one per window and
tells it the work area. A drag beyond an edge shows where the window would snap to and snaps on release.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QPoint, QRect, Signal

from aether_desktop.shell.geometry import TITLE_BAR_HEIGHT_PX, Edge, Zone, keep_reachable, resized, zone_at, zone_rect
from aether_desktop.shell.snap_preview import SnapPreview
from aether_desktop.shell.window_frame import WindowFrame

_THRESHOLD_PX = 5


class WindowDrag(QObject):
    """The drags of one window."""

    snapped = Signal(object)
    """The window was let go over a snap zone; with the ``Zone``."""

    def __init__(self, frame: WindowFrame, preview: SnapPreview, work_area: Callable[[], QRect]) -> None:
        super().__init__(frame)
        self._frame = frame
        self._preview = preview
        self._work_area = work_area
        self._press = QPoint()
        self._start = QRect()
        self._edges = Edge.NONE
        self._moving = False
        self._zone = Zone.FREE
        frame.title_bar.grabbed.connect(self._on_grabbed)
        frame.title_bar.dragged.connect(self._on_dragged)
        frame.title_bar.released.connect(self._on_released)
        frame.ring.grabbed.connect(self._on_edge_grabbed)
        frame.ring.dragged.connect(self._on_edge_dragged)
        frame.ring.released.connect(self._on_edge_released)

    def _on_grabbed(self, position: QPoint) -> None:
        frame = self._frame
        frame.activation_requested.emit()
        self._press, self._moving, self._zone = position, False, Zone.FREE
        handle = frame.windowHandle() if frame.detached else None
        if handle is not None and handle.startSystemMove():
            self._press = QPoint()
            return
        self._start = frame.geometry()

    def _on_dragged(self, position: QPoint) -> None:
        if self._press.isNull():
            return
        moved = position - self._press
        if not self._moving:
            if moved.manhattanLength() < _THRESHOLD_PX:
                return
            self._moving = True
            self._tear_off()
        if self._frame.detached:
            self._frame.move(self._start.topLeft() + moved)
            return
        work = self._work_area()
        target = self._start.translated(moved)
        # The title bar stays below the menu bar and a hand's breadth of it on the desktop.
        self._frame.move(keep_reachable(target, work).topLeft())
        self._show_zone(zone_at(self._layer_position(position), work), work)

    def _on_released(self, _position: QPoint) -> None:
        self._preview.dismiss()
        if self._moving and not self._frame.detached:
            if self._zone is Zone.FREE:
                self._frame.keep_place(self._frame.geometry(), self._work_area())
            else:
                self.snapped.emit(self._zone)
        self._moving = False

    def _tear_off(self) -> None:
        """A window taken out of its zone gets its own size again, with the pointer at the same share of its width."""
        frame = self._frame
        if frame.zone is Zone.FREE or frame.detached:
            return
        pointer = self._layer_position(self._press)
        share = (pointer.x() - self._start.x()) / max(1, self._start.width())
        size = frame.normal_rect.size()
        left = round(pointer.x() - share * size.width())
        top = pointer.y() - min(TITLE_BAR_HEIGHT_PX - 8, max(8, pointer.y() - self._start.y()))
        frame.zone = Zone.FREE
        frame.setGeometry(QRect(QPoint(left, top), size))
        frame.show_in_desktop(decorated=True)
        self._start = frame.geometry()

    def _show_zone(self, zone: Zone, work: QRect) -> None:
        if zone is self._zone:
            return
        self._zone = zone
        if zone is Zone.FREE:
            self._preview.dismiss()
        else:
            self._preview.show_at(zone_rect(zone, work), self._frame.geometry(), self._frame.shadow)

    def _layer_position(self, position: QPoint) -> QPoint:
        layer = self._frame.parentWidget()
        return layer.mapFromGlobal(position) if layer is not None else position

    def _on_edge_grabbed(self, edges: Edge, position: QPoint) -> None:
        self._frame.activation_requested.emit()
        self._edges, self._press, self._start = edges, position, self._frame.geometry()

    def _on_edge_dragged(self, position: QPoint) -> None:
        self._frame.setGeometry(resized(self._start, self._edges, position - self._press, self._work_area()))

    def _on_edge_released(self) -> None:
        self._frame.zone = Zone.FREE
        self._frame.keep_place(self._frame.geometry(), self._work_area())
        self._frame.content_changed.emit()
