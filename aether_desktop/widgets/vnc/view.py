"""The screen of an agent's graphical desktop: paints its picture, and hands mouse and keys on to it.

Used by the agent's window. It takes what changed once a frame at most, and asks for nothing while nobody sees it. What it shows is painted
as pixels alone: nothing that an agent's programs draw is read as text or followed.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QElapsedTimer, QEvent, QPoint, QPointF, QRect, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QHideEvent,
    QImage,
    QInputMethodEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QShowEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from aether_desktop.bridge.client import DesktopFeed
from aether_desktop.theme.current import tokens_of
from aether_desktop.widgets.focus_ring import paint_focus_ring
from aether_desktop.widgets.terminal.key_names import is_of_desktop
from aether_desktop.widgets.vnc.keysyms import keysym_of, keysym_of_character
from aether_desktop.widgets.vnc.placing import Placing
from aether_desktop.widgets.vnc.pointers import pointer_of
from kernel.rfb.framebuffer import BYTES_A_PIXEL, Cursor, Framebuffer, Rect

FRAME_MS = 16
WHEEL_STEP = 120
WHEEL_UP, WHEEL_DOWN, WHEEL_LEFT, WHEEL_RIGHT = 8, 16, 32, 64
MOST_WHEEL_STEPS = 8
MOST_COMPOSED = 500
"""Characters that an input method gives at once; a server takes no more either."""
BUTTONS = {
    Qt.MouseButton.LeftButton: 1,
    Qt.MouseButton.MiddleButton: 2,
    Qt.MouseButton.RightButton: 4,
}


class DesktopView(QWidget):
    """Shows one desktop while it is visible.

    open_feed: (on_changed) -> a feed, opened when the view is first seen and by `look_again`.
    """

    told = Signal()
    """There is a picture where there was none, or the other way round, or the feed's problem is another one."""

    def __init__(self, open_feed: Callable[[Callable[[], None]], DesktopFeed], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._open_feed = open_feed
        self._feed: DesktopFeed | None = None
        self._picture: Framebuffer | None = None
        self._image = QImage()
        self._pointer_shape: Cursor | None = None
        self._state: tuple[bool, str, bool] = (False, "", False)
        self._taking = True
        self._held: dict[int, int] = {}
        self._buttons = 0
        self._last_point = (0, 0)
        self._wheel = QPoint()
        self._since_frame = QElapsedTimer()
        self._frame = QTimer(self)
        self._frame.setSingleShot(True)
        self._frame.timeout.connect(self._take)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled)
        self.setMouseTracking(True)
        # A right click and the menu key are the programs'.
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self.setAccessibleName("The agent's graphical desktop")
        self.setAccessibleDescription("A picture of its screen. Keys and the mouse go to its programs.")
        feeds = self._feeds = _Feeds()
        self.destroyed.connect(feeds.close)

    @property
    def picture(self) -> Framebuffer | None:
        """What it shows; None for nothing yet."""
        return self._picture

    @property
    def problem(self) -> str:
        """Why there is no picture, or why it stands still; empty while it shows what is."""
        return self._feed.problem if self._feed is not None else ""

    @property
    def ended(self) -> bool:
        """Whether no picture will come any more."""
        return self._feed is not None and self._feed.ended

    def set_taking(self, taking: bool) -> None:
        """Whether mouse and keys go to the desktop; not while the agent stands still, since all would come at once afterwards."""
        if taking != self._taking:
            self._release()
            self._taking = taking
            self._show_pointer()
            self.update()

    def look_again(self) -> None:
        """Open the desktop anew: one that has ended is started by that."""
        self._drop()
        if self.isVisible():
            self._begin()

    def sizeHint(self) -> QSize:
        """As large as the screen."""
        return QSize(self._picture.width, self._picture.height) if self._picture is not None else QSize(640, 400)

    # --- what is shown

    def _begin(self) -> None:
        if self._feed is None:
            self._feed = self._feeds.feed = self._open_feed(self._on_changed)
        self._feed.set_watched(True)
        self._on_changed()

    def _drop(self) -> None:
        self._release()
        if self._feed is not None:
            self._feed.close()
        self._feed = self._feeds.feed = None
        self._picture, self._image = None, QImage()
        self._pointer_shape = None
        self._state = (False, "", False)  # a new feed with the same problem tells it, too
        self._show_pointer()
        self.update()

    def _on_changed(self) -> None:
        """Take it with the next frame; where nothing is painted, when it is painted again."""
        if not self._frame.isActive() and self.isVisible():
            passed = self._since_frame.elapsed() if self._since_frame.isValid() else FRAME_MS
            self._frame.start(max(0, FRAME_MS - passed))

    def _take(self) -> None:
        feed = self._feed
        if feed is None or not self.isVisible():
            return
        window = self.window().windowHandle()
        if window is not None and not window.isExposed():
            self._since_frame.invalidate()
            return  # minimised: `paintEvent` goes on
        self._since_frame.start()
        damage = feed.take_damage()
        picture = feed.picture
        if picture is not self._picture:
            self._show_picture(picture)
        elif picture is not None:
            placing = self._placing(picture)
            for rect in damage:
                shown = placing.shown(_within(rect, picture))
                self.update(QRect(shown.x, shown.y, shown.width, shown.height))
        if feed.cursor is not self._pointer_shape:
            self._pointer_shape = feed.cursor
            self._show_pointer()
        state = (picture is not None, feed.problem, feed.ended)
        if state != self._state:
            self._state = state
            if not self._takes():
                self._release()
            self._show_pointer()
            self.update()
            self.told.emit()

    def _show_picture(self, picture: Framebuffer | None) -> None:
        self._picture = picture
        if picture is None:
            self._image = QImage()
        else:
            stride = picture.width * BYTES_A_PIXEL
            self._image = QImage(picture.data, picture.width, picture.height, stride, QImage.Format.Format_RGB32)
        self.updateGeometry()
        self.update()

    def _placing(self, picture: Framebuffer) -> Placing:
        return Placing.of((picture.width, picture.height), (max(1, self.width()), max(1, self.height())))

    def _show_pointer(self) -> None:
        """The shape that the desktop's pointer has while the person's is the same one; else a plain arrow."""
        if self._takes() and self.hasFocus():
            self.setCursor(pointer_of(self._pointer_shape))
        else:
            self.setCursor(Qt.CursorShape.ArrowCursor)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The picture, and what is beside it."""
        painter = QPainter(self)
        ground = QColor(tokens_of(self).surface0)
        if self._picture is None or self.problem or self.ended:
            painter.fillRect(event.rect(), ground)
        else:
            placing = self._placing(self._picture)
            whole = placing.shown(self._picture.whole)
            inside = QRect(placing.left, placing.top, round(placing.width * placing.scale), round(placing.height * placing.scale))
            if not inside.contains(event.rect()):
                painter.fillRect(event.rect(), ground)
            painter.setClipRegion(event.region().intersected(QRect(whole.x, whole.y, whole.width, whole.height)))
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, placing.scale != 1)
            painter.translate(placing.left, placing.top)
            painter.scale(placing.scale, placing.scale)
            painter.drawImage(0, 0, self._image)
            painter.resetTransform()
            painter.setClipping(False)
        if self._takes():  # else it says what is not so
            paint_focus_ring(painter, self, QRectF(self.rect()), 0)
        if not self._since_frame.isValid():
            self._on_changed()

    def showEvent(self, event: QShowEvent) -> None:
        """Somebody looks; at one that could not be seen when it was looked at before, anew."""
        super().showEvent(event)
        if self.problem and not self.ended:
            self._drop()
            self.told.emit()
        self._begin()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody looks."""
        super().hideEvent(event)
        self._release()
        if self._feed is not None:
            self._feed.set_watched(False)

    # --- mouse and keys

    def event(self, event: QEvent) -> bool:
        """Keys of programs come before the window's shortcuts; what is the desktop's does not."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride and self._takes() and not is_of_desktop(event):
            event.accept()
            return True
        return super().event(event)

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Tab belongs to the program."""
        return False if self._takes() else super().focusNextPrevChild(forward)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """To the desktop; a key that is held comes again and again."""
        keysym = keysym_of(event)
        if not self._takes() or not keysym:
            super().keyPressEvent(event)
            return
        place = _place_of(event)
        if self._held.get(place, keysym) != keysym:  # it repeats under another modifier
            self._let_go(place)
        self._held[place] = keysym
        self._press(keysym, True)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """Whatever the key is called by now, what was pressed is released."""
        if event.isAutoRepeat():
            return
        if not self._let_go(_place_of(event)):
            super().keyReleaseEvent(event)

    def inputMethodEvent(self, event: QInputMethodEvent) -> None:
        """Text that an input method made is typed."""
        if self._takes():
            for character in event.commitString()[:MOST_COMPOSED]:
                keysym = keysym_of_character(character)
                if keysym:
                    self._press(keysym, True)
                    self._press(keysym, False)
        event.accept()

    def inputMethodQuery(self, query: Qt.InputMethodQuery) -> object:
        """Input methods are welcome."""
        return self._takes() if query == Qt.InputMethodQuery.ImEnabled else super().inputMethodQuery(query)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """The ring says where keys go."""
        super().focusInEvent(event)
        self._show_pointer()
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Nothing stays pressed."""
        super().focusOutEvent(event)
        self._release()
        self._show_pointer()
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A button goes down; beside the screen it takes the keyboard only."""
        if self._buttons or self._is_over(event.position()):
            self._point(event, self._buttons | BUTTONS.get(event.button(), 0))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """The second press."""
        self.mousePressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A button goes up that went down here."""
        if self._buttons & BUTTONS.get(event.button(), 0):
            self._point(event, self._buttons & ~BUTTONS.get(event.button(), 0))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """The pointer moves, also beside the screen while a button is held.

        It is the agent's as well: who only passes over, with the keyboard elsewhere, does not take it along.
        """
        if self._buttons or (self.hasFocus() and self._is_over(event.position())):
            self._point(event, self._buttons)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Each notch is a button pressed and released."""
        event.accept()
        if not self._takes() or self._picture is None or not self._is_over(event.position()):
            return
        self._last_point = self._placing(self._picture).pixel(event.position().x(), event.position().y())
        self._wheel += event.angleDelta()
        for steps, back, on in ((self._wheel.y(), WHEEL_DOWN, WHEEL_UP), (self._wheel.x(), WHEEL_RIGHT, WHEEL_LEFT)):
            for _ in range(min(abs(steps) // WHEEL_STEP, MOST_WHEEL_STEPS)):
                self._tell_pointer(self._buttons | (on if steps > 0 else back))
                self._tell_pointer(self._buttons)
        self._wheel = QPoint(_rest(self._wheel.x()), _rest(self._wheel.y()))

    def _is_over(self, point: QPointF) -> bool:
        """Whether the screen is at a point, not what is beside it."""
        return self._picture is not None and self._placing(self._picture).contains(point.x(), point.y())

    def _point(self, event: QMouseEvent, buttons: int) -> None:
        event.accept()
        if self._takes() and self._picture is not None:
            self._buttons = buttons
            self._last_point = self._placing(self._picture).pixel(event.position().x(), event.position().y())
            self._tell_pointer(buttons)

    def _tell_pointer(self, buttons: int) -> None:
        if self._feed is not None:
            self._feed.point(*self._last_point, buttons)

    def _press(self, keysym: int, down: bool) -> None:
        if self._feed is not None:
            self._feed.press(keysym, down)

    def _let_go(self, place: int) -> bool:
        """Release what a key was pressed as, unless another one holds the same; False for one that was pressed elsewhere."""
        keysym = self._held.pop(place, 0)
        if keysym and keysym not in self._held.values():
            self._press(keysym, False)
        return bool(keysym)

    def _takes(self) -> bool:
        return self._taking and self._picture is not None and not self.problem

    def _release(self) -> None:
        """Let go of all keys and buttons."""
        for place in tuple(self._held):
            self._let_go(place)
        if self._buttons:
            self._buttons = 0
            self._tell_pointer(0)


class _Feeds:
    """Closes the feed when the view is gone: nothing of the view itself may be touched then."""

    def __init__(self) -> None:
        self.feed: DesktopFeed | None = None

    def close(self) -> None:
        """Look no longer."""
        if self.feed is not None:
            self.feed.close()


def _place_of(event: QKeyEvent) -> int:
    """What tells one key of the keyboard from another, pressed or released, with whatever modifiers."""
    return event.nativeScanCode() or event.key()


def _rest(turned: int) -> int:
    """What is left of a turn of the wheel that is not a whole notch."""
    return turned - int(turned / WHEEL_STEP) * WHEEL_STEP


def _within(rect: Rect, picture: Framebuffer) -> Rect:
    """The part that lies in the picture: the damage of one of another size may be told with it."""
    x, y = min(rect.x, picture.width), min(rect.y, picture.height)
    return Rect(x, y, min(rect.width, picture.width - x), min(rect.height, picture.height - y))
