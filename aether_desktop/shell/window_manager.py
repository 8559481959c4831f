"""All windows: opening, stacking, snapping, minimising, detaching, closing, and remembering them.

The one owner of which windows there are and in which order they were used. ``MainWindow`` makes it and gives it the layer
that holds the windows; the launcher, the dock and the shortcuts call it. It knows no app.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtWidgets import QApplication, QWidget

from aether_desktop.shell.geometry import (
    Direction,
    Zone,
    cascade,
    fitted,
    keep_reachable,
    next_zone,
    on_a_screen,
    zone_rect,
)
from aether_desktop.shell.layout import WindowRecord
from aether_desktop.shell.snap_preview import SnapPreview
from aether_desktop.shell.window_drag import WindowDrag
from aether_desktop.shell.window_focus import frame_of, give_keyboard, has_keyboard, note_keyboard, take_keyboard
from aether_desktop.shell.window_frame import WindowFrame, WindowSpec
from aether_desktop.shell.window_motion import fly_to_dock
from aether_desktop.shell.window_state import WindowStates

ContentBuilder = Callable[[WindowFrame], QWidget]
"""Builds an app's widget for its window (which the app may already give title widgets)."""


class WindowManager(QObject):
    """Owns the windows of one desktop."""

    windows_changed = Signal()
    """A window was opened or closed, or its title, place, arguments, state or attention changed."""
    place_changed = Signal()
    """A detached window was moved or resized, which its native frame does without the manager."""
    menu_requested = Signal(object, QPoint)
    """A window's menu was asked for: the ``WindowFrame`` and the global position."""

    def __init__(
        self,
        layer: QWidget,
        work_area: Callable[[], QRect],
        *,
        dock_target: Callable[[str], QRect] | None = None,
    ) -> None:
        """``layer`` holds the windows; ``work_area`` gives where they may be maximised, in the layer's coordinates.

        ``dock_target`` gives, for an app's id, where its minimised windows fly to (in the top-level's coordinates).
        """
        super().__init__(layer)
        self.states = WindowStates()
        self._layer = layer
        self._work_area = work_area
        self._dock_target = dock_target or (lambda _app_id: QRect())
        self._recent: list[WindowFrame] = []
        self._active: WindowFrame | None = None
        self._preview = SnapPreview(layer)
        layer.installEventFilter(self)
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.focusChanged.connect(self._on_focus_changed)

    @property
    def windows(self) -> Sequence[WindowFrame]:
        """The open windows, the last used first."""
        return tuple(self._recent)

    @property
    def active(self) -> WindowFrame | None:
        """The window in front, None if there is none or all are minimised."""
        return self._active

    @property
    def preview(self) -> SnapPreview:
        """The rectangle that shows where a dragged window would snap to."""
        return self._preview

    def find(self, window_id: str) -> WindowFrame | None:
        """Return the open window with this id."""
        return next((frame for frame in self._recent if frame.window_id == window_id), None)

    def windows_of(self, app_id: str) -> Sequence[WindowFrame]:
        """Return the open windows of an app, the last used first."""
        return tuple(frame for frame in self._recent if frame.spec.app_id == app_id)

    def open(
        self, spec: WindowSpec, content: QWidget | ContentBuilder, record: WindowRecord | None = None
    ) -> WindowFrame:
        """Open a window, or bring the one with the same id to the front.

        ``content`` is the app's widget or builds it (it is then called only for a new window; its errors pass through
        and leave no window). ``record`` says where the window was the last time.
        """
        existing = self.find(spec.window_id)
        if existing is not None:
            if isinstance(content, QWidget):
                content.deleteLater()
            self.activate(existing)
            return existing
        frame = WindowFrame(self._layer, spec, self.states)
        built = False
        try:
            frame.keep_place(self._first_rect(spec, record), self._work_area())
            frame.setGeometry(fitted(frame.normal_rect, self._work_area()))
            frame.set_content(content if isinstance(content, QWidget) else content(frame))
            built = True
        finally:
            if not built:
                frame.dismantle()
        self._connect(frame)
        self._recent.insert(0, frame)
        frame.zone = record.zone if record is not None else Zone.FREE
        self._apply_geometry(frame)
        if record is not None and record.detached:
            screens = [screen.availableGeometry() for screen in QApplication.screens()]
            self.detach(frame, on_a_screen(frame.normal_rect, screens) if screens else frame.normal_rect)
        if record is not None and record.minimised:
            self.minimise(frame)
        else:
            self.activate(frame)
        self.windows_changed.emit()
        return frame

    def activate(self, frame: WindowFrame, *, take_focus: bool = True, forward: bool = True) -> None:
        """Bring ``frame`` to the front, restored if it was minimised, and give it the keyboard.

        ``forward``: the desktop comes before a detached window that is in front now.
        """
        if frame not in self._recent:
            return
        restored = frame.minimised
        frame.minimised = False
        changed = self._recent[0] is not frame or restored or self._active is not frame
        self._recent.remove(frame)
        self._recent.insert(0, frame)
        if frame.detached:
            frame.setWindowState(frame.windowState() & ~Qt.WindowState.WindowMinimized)
            frame.show()
            frame.raise_()
            if take_focus:
                frame.activateWindow()
        elif changed or not frame.isVisible():
            frame.show_in_desktop(decorated=frame.zone is not Zone.MAXIMISED)
            frame.raise_in_desktop()
        if take_focus and forward and not frame.detached:
            self._bring_desktop_forward()
        self._set_active(frame)
        if take_focus:
            give_keyboard(frame)
        if changed:
            self.windows_changed.emit()

    def minimise(self, frame: WindowFrame) -> None:
        """Put ``frame`` away to the dock; the next window comes to the front."""
        if frame.minimised or frame not in self._recent:
            return
        frame.minimised = True
        take_keyboard(frame, self._layer)
        if frame.detached:
            frame.showMinimized()
        else:
            fly_to_dock(self._layer.window(), frame, self._dock_target(frame.spec.app_id))
            frame.hide_in_desktop()
        self._activate_next()
        self.windows_changed.emit()

    def toggle_maximised(self, frame: WindowFrame) -> None:
        """Maximise ``frame``, or give it its own size again."""
        if frame.detached:
            frame.setWindowState(frame.windowState() ^ Qt.WindowState.WindowMaximized)
            return
        self.snap(frame, Zone.FREE if frame.zone is Zone.MAXIMISED else Zone.MAXIMISED)

    def snap(self, frame: WindowFrame, zone: Zone) -> None:
        """Fasten ``frame`` to ``zone``; FREE gives it its own size and place again."""
        if frame.detached or frame not in self._recent:
            return
        frame.zone = zone
        self._apply_geometry(frame)
        self.activate(frame)
        self.windows_changed.emit()

    def snap_towards(self, frame: WindowFrame, direction: Direction) -> None:
        """Move ``frame`` to the next zone in ``direction``, as the arrow keys do."""
        self.snap(frame, next_zone(frame.zone, direction))

    def detach(self, frame: WindowFrame, place: QRect | None = None) -> None:
        """Make ``frame`` a native window of its own at ``place`` on the screen (None: where it is now)."""
        if frame.detached or frame not in self._recent:
            return
        target = place or QRect(self._layer.mapToGlobal(frame.pos()), frame.size())
        frame.zone = Zone.FREE
        frame.detached = True
        take_keyboard(frame, self._layer)
        frame.hide_in_desktop()
        frame.clearMask()
        frame.setParent(None, Qt.WindowType.Window | Qt.WindowType.FramelessWindowHint)
        frame.setGeometry(target)
        frame.show_in_desktop(decorated=False)
        self.activate(frame)
        self.windows_changed.emit()

    def attach(self, frame: WindowFrame) -> None:
        """Take a detached window back into the desktop."""
        if not frame.detached or frame not in self._recent:
            return
        corner = self._layer.mapFromGlobal(frame.pos())
        size = frame.normal_rect.size() if frame.isMaximized() else frame.size()
        take_keyboard(frame, self._layer)
        self._bring_desktop_forward()
        frame.hide()
        frame.setWindowState(Qt.WindowState.WindowNoState)
        frame.setParent(self._layer, Qt.WindowType.Widget)
        frame.detached = False
        frame.keep_place(keep_reachable(QRect(corner, size), self._work_area()), self._work_area())
        self._apply_geometry(frame)
        self.activate(frame)
        self.windows_changed.emit()

    def toggle_detached(self, frame: WindowFrame) -> None:
        """Detach ``frame``, or take it back."""
        if frame.detached:
            self.attach(frame)
        else:
            self.detach(frame)

    def close(self, frame: WindowFrame) -> bool:
        """Close ``frame`` unless its guard keeps it open; False if it is still open."""
        if frame not in self._recent:
            return True
        guard = frame.close_guard
        if guard is not None and not guard(lambda: self.close_now(frame)):
            return frame not in self._recent
        self.close_now(frame)
        return True

    def close_now(self, frame: WindowFrame) -> None:
        """Close ``frame`` without asking."""
        if frame not in self._recent:
            return
        self._recent.remove(frame)
        take_keyboard(frame, self._layer)
        frame.dismantle()
        if self._active is frame:
            self._activate_next()
        self.windows_changed.emit()

    def close_all_now(self) -> None:
        """Close every window without asking, as when the application ends."""
        for frame in self.windows:
            self.close_now(frame)

    def layout(self) -> tuple[WindowRecord, ...]:
        """Return what is to be remembered of the windows, lowest first."""
        return tuple(self._record(frame) for frame in reversed(self._recent))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keep the windows in place and within reach when the layer changes its size."""
        if watched is self._layer and event.type() is QEvent.Type.Resize:
            self.reflow()
        return False

    def reflow(self) -> None:
        """Put every window where it belongs in the present work area."""
        for frame in self._recent:
            if not frame.detached:
                self._apply_geometry(frame)

    def _first_rect(self, spec: WindowSpec, record: WindowRecord | None) -> QRect:
        if record is not None:
            size = QSize(record.width, record.height).expandedTo(QSize(1, 1))
            return QRect(QPoint(record.x, record.y), size)
        taken = [frame.normal_rect.topLeft() for frame in self._recent]
        return cascade(QSize(*spec.size), self._work_area(), taken)

    def _apply_geometry(self, frame: WindowFrame) -> None:
        work = self._work_area()
        zoned = zone_rect(frame.zone, work)
        frame.setGeometry(zoned if zoned.isValid() else fitted(frame.normal_rect, work, whole=not frame.overhangs))
        if frame.isVisible() and not frame.detached:
            frame.show_in_desktop(decorated=frame.zone is not Zone.MAXIMISED)

    def _connect(self, frame: WindowFrame) -> None:
        drag = WindowDrag(frame, self._preview, self._work_area)
        drag.snapped.connect(lambda zone: self.snap(frame, zone))
        frame.activation_requested.connect(lambda: self.activate(frame, take_focus=not has_keyboard(frame)))
        frame.close_requested.connect(lambda: self.close(frame))
        frame.minimise_requested.connect(lambda: self.minimise(frame))
        frame.maximise_requested.connect(lambda: self.toggle_maximised(frame))
        frame.menu_requested.connect(lambda position: self.menu_requested.emit(frame, position))
        frame.content_changed.connect(self.windows_changed)
        frame.place_changed.connect(self.place_changed)

    def _set_active(self, frame: WindowFrame | None) -> None:
        if frame is self._active:
            return
        if self._active is not None and not self._active.closing:
            self._active.set_active(False)
        self._active = frame
        if frame is not None:
            frame.set_active(True)

    def _activate_next(self) -> None:
        following = next((frame for frame in self._recent if not frame.minimised), None)
        if following is None:
            self._set_active(None)
            self._layer.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self.activate(following, forward=False)

    def _bring_desktop_forward(self) -> None:
        """Only before another window of ours: what a person does elsewhere is not interrupted."""
        native, front = self._layer.window(), QApplication.activeWindow()
        if isinstance(front, WindowFrame) and front is not native:
            native.setWindowState(native.windowState() & ~Qt.WindowState.WindowMinimized)
            native.raise_()
            native.activateWindow()

    def _on_focus_changed(self, old: QWidget | None, new: QWidget | None) -> None:
        frame = frame_of(new)
        if frame is not None and frame is not self._active and not frame.minimised:
            self.activate(frame, take_focus=False)
        note_keyboard(old, new)

    @staticmethod
    def _record(frame: WindowFrame) -> WindowRecord:
        place = frame.geometry() if frame.detached else frame.normal_rect
        if frame.zone is Zone.FREE and frame.size() == place.size():
            place = frame.geometry()  # moved into a desktop that became smaller
        return WindowRecord(
            app_id=frame.spec.app_id,
            key=frame.spec.key,
            arguments=frame.arguments,
            x=place.x(),
            y=place.y(),
            width=place.width(),
            height=place.height(),
            zone=frame.zone,
            minimised=frame.minimised,
            detached=frame.detached,
        )
