"""One window inside the desktop, or detached from it as a native one.

Owns its title bar, its content and the two siblings that lie below it (shadow, resize ring). It reports what the person
asks for; ``WindowManager`` decides and calls back. Fulfils ``widgets.window_handle.WindowHandle`` for its app.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPoint, QRect, Qt, Signal
from PySide6.QtGui import (
    QCloseEvent,
    QColor,
    QContextMenuEvent,
    QMouseEvent,
    QMoveEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QWidget

from aether_desktop.shell.geometry import MIN_SIZE, Edge, Zone, edges_at
from aether_desktop.shell.resize_ring import ResizeRing, cursor_for
from aether_desktop.shell.title_bar import TitleBar
from aether_desktop.shell.traffic_lights import Light
from aether_desktop.shell.window_shadow import CORNER_RADIUS_PX, WindowShadow, corner_mask
from aether_desktop.shell.window_state import WindowStates
from aether_desktop.theme.current import tokens_of
from aether_desktop.widgets.key_hold import KEYS_TOGETHER
from aether_desktop.widgets.notice import NoticeHost
from aether_desktop.widgets.shown_text import exact_line
from aether_desktop.widgets.window_handle import CloseGuard

TITLE_CHARACTERS = 200
_DETACHED_BORDER_PX = 5


@dataclass(frozen=True, slots=True)
class WindowSpec:
    """What a window is opened with; ``key`` tells the windows of one app apart (empty for a singleton)."""

    app_id: str
    title: str
    subtitle: str = ""
    key: str = ""
    arguments: tuple[tuple[str, str], ...] = ()
    size: tuple[int, int] = (900, 650)

    @property
    def window_id(self) -> str:
        """Unique among the open windows."""
        return f"{self.app_id}:{self.key}" if self.key else self.app_id


class WindowFrame(QWidget):
    """A window.

    ``zone``, ``minimised``, ``detached`` and ``had_keyboard`` (what in it is to get the keyboard back) are written by the window manager
    alone, ``normal_rect`` and ``overhangs`` by ``keep_place``.
    """

    close_requested = Signal()
    """The person or the app wants it closed."""
    minimise_requested = Signal()
    """The person wants it minimised."""
    maximise_requested = Signal()
    """The person wants it maximised or restored."""
    activation_requested = Signal()
    """The window was clicked or wants to come to the front."""
    menu_requested = Signal(QPoint)
    """The window's menu was asked for; with the global position."""
    content_changed = Signal()
    """Title, arguments, state or attention changed."""
    place_changed = Signal()
    """It was moved or resized as a native window of its own."""

    def __init__(self, layer: QWidget, spec: WindowSpec, states: WindowStates) -> None:
        """``states`` keeps what the window remembers of its own."""
        super().__init__(layer)
        self._states = states
        self.spec = spec
        self.zone = Zone.FREE
        self.normal_rect = QRect()
        self.overhangs = False
        self.detached = False
        self.minimised = False
        self.closing = False
        self.attention = False
        self.had_keyboard: QWidget | None = None
        self.close_guard: CloseGuard | None = None
        self._arguments = spec.arguments
        self._content: QWidget | None = None
        self._notices: NoticeHost | None = None
        self.setProperty(KEYS_TOGETHER, True)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setObjectName(f"window:{spec.window_id}")
        self.setMouseTracking(True)
        self.shadow = WindowShadow(layer)
        self.ring = ResizeRing(layer)
        title = exact_line(spec.title, TITLE_CHARACTERS)
        self.title_bar = TitleBar(self, title, exact_line(spec.subtitle, TITLE_CHARACTERS))
        self.title_bar.lights.pressed.connect(self._on_light_pressed)
        self.title_bar.double_clicked.connect(self.maximise_requested)
        self.title_bar.menu_requested.connect(self.menu_requested)
        self.title_bar.height_changed.connect(self._place)
        self.setWindowTitle(title)
        self.setAccessibleName(title)
        self.setMinimumSize(MIN_SIZE)

    @property
    def window_id(self) -> str:
        """Unique among the open windows."""
        return self.spec.window_id

    @property
    def arguments(self) -> tuple[tuple[str, str], ...]:
        """With what its app is opened again."""
        return self._arguments

    @property
    def content(self) -> QWidget | None:
        """The app's widget."""
        return self._content

    def keep_place(self, rect: QRect, work: QRect) -> None:
        """Where it belongs while it is not snapped. One that is whole on the area ``work`` stays so wherever there is room for it."""
        self.normal_rect, self.overhangs = rect, not work.contains(rect)

    def set_content(self, content: QWidget) -> None:
        """Show ``content`` below the title bar and own it; an earlier one is deleted."""
        if self._content is not None:
            self._content.deleteLater()
        self._content = content
        content.setParent(self)
        content.show()
        self._place()

    def set_title(self, title: str, subtitle: str = "") -> None:
        """Show another title; it may come from an agent, so nothing hides in it."""
        shown, shown_subtitle = exact_line(title, TITLE_CHARACTERS), exact_line(subtitle, TITLE_CHARACTERS)
        if (shown, shown_subtitle) == (self.title_bar.title, self.title_bar.subtitle):
            return
        self.title_bar.set_title(shown, shown_subtitle)
        self.setWindowTitle(shown)
        self.setAccessibleName(shown)
        self.content_changed.emit()

    def set_title_widgets(self, widgets: Sequence[QWidget]) -> None:
        """Put ``widgets`` at the right of the title bar; the window owns them."""
        self.title_bar.set_widgets(widgets)
        self._place()

    def set_close_guard(self, guard: CloseGuard | None) -> None:
        """Ask ``guard`` before closing; None removes it."""
        self.close_guard = guard

    def set_arguments(self, arguments: Sequence[tuple[str, str]]) -> None:
        """Remember with what to open this app again."""
        if tuple(arguments) != self._arguments:
            self._arguments = tuple(arguments)
            self.content_changed.emit()

    def state(self, key: str) -> str:
        """What was remembered for ``key``; empty if nothing was."""
        return self._states.get(self.window_id, key)

    def set_state(self, key: str, value: str) -> None:
        """Remember a small choice of this window; the empty ``value`` forgets it."""
        if self._states.put(self.window_id, key, value):
            self.content_changed.emit()

    def set_attention(self, wanted: bool) -> None:
        """Mark the window as waiting for the person, or not."""
        if wanted != self.attention:
            self.attention = wanted
            self.title_bar.set_attention(wanted)
            self.content_changed.emit()

    def set_floor(self, colour: str) -> None:
        """Paint the smooth corners at the lower edge in ``colour``; "" is the theme's."""
        self.shadow.set_floor(colour)

    def raise_window(self) -> None:
        """Come to the front."""
        self.activation_requested.emit()

    def request_close(self) -> bool:
        """Close, asking the guard; False if it stays open for now."""
        self.close_requested.emit()
        return self.closing

    def notices(self) -> NoticeHost:
        """Shows notices over this window: for the time in which it is detached from the desktop."""
        if self._notices is None:
            self._notices = NoticeHost(self)
        return self._notices

    def set_active(self, active: bool) -> None:
        """Show whether it is the window in front."""
        self.title_bar.set_active(active)

    def show_in_desktop(self, *, decorated: bool) -> None:
        """Show frame, shadow and ring; not ``decorated`` (maximised) only the frame."""
        for sibling in (self.shadow, self.ring):
            sibling.setVisible(decorated and not self.detached)
        self.show()
        self._place()

    def hide_in_desktop(self) -> None:
        """Hide frame, shadow and ring."""
        for widget in (self.shadow, self.ring, self):
            widget.hide()

    def raise_in_desktop(self) -> None:
        """Lift shadow, ring and frame above all other windows."""
        for widget in (self.shadow, self.ring, self):
            widget.raise_()

    def dismantle(self) -> None:
        """Delete the window with its siblings and its content."""
        self.closing = True
        for widget in (self.shadow, self.ring, self):
            widget.hide()
            widget.deleteLater()

    def moveEvent(self, event: QMoveEvent) -> None:
        """Take shadow and ring along."""
        super().moveEvent(event)
        self._place_siblings()
        self._note_place()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Place the parts and round the corners."""
        super().resizeEvent(event)
        self._place_siblings()
        self._place()
        self._note_place()

    def closeEvent(self, event: QCloseEvent) -> None:
        """A native window manager asks to close a detached window: the manager decides."""
        if self.closing:
            event.accept()
        else:
            event.ignore()
            self.close_requested.emit()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Come to the front; at the border of a detached window, resize it."""
        self.activation_requested.emit()
        edges = self._border_edges(event.position().toPoint())
        handle = self.windowHandle()
        if edges is not Edge.NONE and handle is not None:
            handle.startSystemResize(_qt_edges(edges))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """What the app leaves unanswered ends here: the menu of the desktop is for where no window lies."""
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Show at the border of a detached window which way it resizes."""
        self.setCursor(cursor_for(self._border_edges(event.position().toPoint())))

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint what the content leaves open."""
        painter = QPainter(self)
        tokens = tokens_of(self)
        painter.fillRect(self.rect(), QColor(tokens.surface0))
        if self.detached:
            painter.setPen(QColor(tokens.line_strong))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def _border_px(self) -> int:
        return _DETACHED_BORDER_PX if self.detached and not self.isMaximized() else 0

    def _border_edges(self, position: QPoint) -> Edge:
        border = self._border_px()
        return edges_at(position, self.size(), border, border * 4) if border else Edge.NONE

    def _place(self) -> None:
        border = self._border_px()
        inner = self.rect().adjusted(border, border, -border, -border)
        bar = self.title_bar.height_for(inner.width())
        self.title_bar.setGeometry(inner.x(), inner.y(), inner.width(), bar)
        if self._content is not None:
            self._content.setGeometry(inner.x(), inner.y() + bar, inner.width(), max(0, inner.height() - bar))
        self.title_bar.lights.set_maximised(self.zone is Zone.MAXIMISED or (self.detached and self.isMaximized()))
        if self.detached or self.zone is Zone.MAXIMISED:
            self.clearMask()
        else:
            self.setMask(corner_mask(self.width(), self.height(), CORNER_RADIUS_PX))

    def _place_siblings(self) -> None:
        if not self.detached:
            self.shadow.surround(self.geometry())
            self.ring.surround(self.geometry())

    def _note_place(self) -> None:
        if self.detached:
            self.place_changed.emit()

    def _on_light_pressed(self, light: Light) -> None:
        {
            Light.CLOSE: self.close_requested,
            Light.MINIMISE: self.minimise_requested,
            Light.MAXIMISE: self.maximise_requested,
        }[light].emit()


def _qt_edges(edges: Edge) -> Qt.Edge:
    result = Qt.Edge(0)
    for edge, qt_edge in (
        (Edge.LEFT, Qt.Edge.LeftEdge),
        (Edge.TOP, Qt.Edge.TopEdge),
        (Edge.RIGHT, Qt.Edge.RightEdge),
        (Edge.BOTTOM, Qt.Edge.BottomEdge),
    ):
        if edge in edges:
            result |= qt_edge
    return result
