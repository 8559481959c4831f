"""A remote screen in a widget: what it paints, and what it hands on of mouse and keys."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QPointF, QRect, Qt
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QImage,
    QInputMethodEvent,
    QKeyEvent,
    QMouseEvent,
    QPaintEvent,
    QWheelEvent,
)
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from aether_desktop.theme.current import tokens_of
from aether_desktop.widgets.vnc.view import FRAME_MS, MOST_WHEEL_STEPS, DesktopView
from kernel.rfb.framebuffer import Cursor, Framebuffer, Rect
from tests.fakes.kernel_client import FakeDesktopFeed

RED, GREEN, BLUE = 0xFF0000, 0x00FF00, 0x0000FF
LEFT, RIGHT, MIDDLE = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton, Qt.MouseButton.MiddleButton
NOTHING, SHIFT, CONTROL, ALT = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.AltModifier,
)
A, B = 0x61, 0x62


def fill(picture: Framebuffer, part: Rect, colour: int) -> Rect:
    """Make a part of a picture 0xRRGGBB, in its own bytes."""
    row = colour.to_bytes(4, "little") * part.width
    for line in range(part.y, part.y + part.height):
        start = (line * picture.width + part.x) * 4
        picture.data[start : start + len(row)] = row
    return part


def screen(width: int = 200, height: int = 100, colour: int = RED) -> Framebuffer:
    """A screen of one colour."""
    picture = Framebuffer.black(width, height)
    fill(picture, picture.whole, colour)
    return picture


class Watched(DesktopView):
    """Keeps what it was asked to paint."""

    painted: list[QRect]

    def paintEvent(self, event: QPaintEvent) -> None:
        self.painted = [*getattr(self, "painted", []), event.region().boundingRect()]
        super().paintEvent(event)


class Rig:
    """A view in a window, and the feeds that it has opened."""

    def __init__(self, qtbot: QtBot, size: tuple[int, int]) -> None:
        self.feeds: list[FakeDesktopFeed] = []
        self.window = QWidget()
        self.view = Watched(self._open, self.window)
        self.view.setGeometry(0, 0, *size)
        self.window.resize(*size)
        qtbot.addWidget(self.window)

    def _open(self, on_changed: Callable[[], None]) -> FakeDesktopFeed:
        self.feeds.append(FakeDesktopFeed(on_changed))
        return self.feeds[-1]

    @property
    def feed(self) -> FakeDesktopFeed:
        return self.feeds[-1]

    def open(self, picture: Framebuffer | None = None) -> Rig:
        self.window.show()
        self.window.activateWindow()
        self.view.setFocus()
        QApplication.processEvents()
        if picture is not None:
            self.show(picture)
        self.feed.input.clear()
        return self

    def show(self, picture: Framebuffer, *damage: Rect) -> None:
        self.feed.show(picture, *damage)
        self.rest()

    def rest(self) -> None:
        """Until what was told is taken and painted."""
        takes = self.feed.takes
        self.until(lambda: self.feed.takes > takes)
        QApplication.processEvents()

    def until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 5
        while not condition():
            assert time.monotonic() < deadline, "it never came to be"
            QTest.qWait(1)

    def colour(self, x: int, y: int) -> int:
        return self.image().pixel(x, y) & 0xFFFFFF

    def image(self) -> QImage:
        self.view.clearFocus()  # the ring is looked at elsewhere
        return self.view.grab().toImage()

    @property
    def ground(self) -> int:
        return QColor(tokens_of(self.view).surface0).rgb() & 0xFFFFFF

    def on_screen(self) -> QImage:
        """What was painted bit by bit."""
        return self.window.screen().grabWindow(self.window.winId()).toImage()

    def mouse(self, kind: QEvent.Type, at: tuple[float, float], button: Qt.MouseButton, held: Qt.MouseButton) -> None:
        event = QMouseEvent(kind, QPointF(*at), QPointF(*at), button, held, NOTHING)
        QCoreApplication.sendEvent(self.view, event)

    def press(self, at: tuple[float, float], button: Qt.MouseButton = LEFT) -> None:
        self.mouse(QEvent.Type.MouseButtonPress, at, button, button)

    def move(self, at: tuple[float, float]) -> None:
        self.mouse(QEvent.Type.MouseMove, at, Qt.MouseButton.NoButton, Qt.MouseButton.NoButton)

    def release(self, at: tuple[float, float], button: Qt.MouseButton = LEFT) -> None:
        self.mouse(QEvent.Type.MouseButtonRelease, at, button, Qt.MouseButton.NoButton)

    def turn(self, down: int, across: int = 0, at: tuple[float, float] = (50, 50)) -> None:
        event = QWheelEvent(
            QPointF(*at), QPointF(*at), QPoint(), QPoint(across, down), Qt.MouseButton.NoButton, NOTHING,
            Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QCoreApplication.sendEvent(self.view, event)

    def key(
        self, down: bool, key: int, text: str = "", held: Qt.KeyboardModifier = NOTHING, scan: int = 0, repeats: bool = False
    ) -> QKeyEvent:
        kind = QEvent.Type.KeyPress if down else QEvent.Type.KeyRelease
        event = QKeyEvent(kind, key, held, scan, 0, 0, text, repeats)
        QCoreApplication.sendEvent(self.view, event)
        return event


@pytest.fixture
def rig(qtbot: QtBot) -> Rig:
    return Rig(qtbot, (200, 100))


# --- what is shown


@pytest.mark.feature("VN03")
def test_the_picture_is_shown_pixel_by_pixel(rig: Rig) -> None:
    picture = screen()
    fill(picture, Rect(10, 20, 3, 2), BLUE)
    rig.open(picture)
    assert [rig.colour(*at) for at in ((9, 20), (10, 20), (12, 21), (13, 21), (199, 99))] == [RED, BLUE, BLUE, RED, RED]


@pytest.mark.feature("VN03")
def test_only_what_changed_is_painted_again(rig: Rig) -> None:
    picture = screen()
    rig.open(picture)
    rig.view.painted.clear()
    rig.show(picture, fill(picture, Rect(30, 40, 10, 5), GREEN))
    assert rig.view.painted == [QRect(30, 40, 10, 5)]
    assert rig.colour(30, 40) == GREEN and rig.colour(29, 40) == RED


def test_a_part_that_is_painted_again_is_as_if_all_were(qtbot: QtBot) -> None:
    picture = screen()
    rig = Rig(qtbot, (140, 70)).open(picture)
    rig.view.painted.clear()
    rig.show(picture, fill(picture, Rect(33, 41, 17, 9), BLUE))
    assert rig.view.painted == [QRect(22, 27, 14, 9)]
    in_parts = rig.on_screen()
    rig.view.update()
    QApplication.processEvents()
    assert rig.view.painted[-1] == rig.view.rect()
    assert rig.on_screen() == in_parts and in_parts.pixel(28, 31) & 0xFFFFFF == BLUE


def test_a_larger_room_shows_it_sharp_in_its_middle(qtbot: QtBot) -> None:
    rig = Rig(qtbot, (300, 200)).open(screen())
    assert [rig.colour(*at) for at in ((50, 50), (249, 149))] == [RED, RED]
    assert [rig.colour(*at) for at in ((49, 50), (250, 149), (50, 49), (249, 150), (0, 0))] == [rig.ground] * 5


@pytest.mark.feature("VN03")
def test_a_smaller_room_shows_all_of_it_smoothly(qtbot: QtBot) -> None:
    picture = screen(400, 200)
    for column in range(0, 400, 2):
        fill(picture, Rect(column, 0, 1, 200), BLUE)
    rig = Rig(qtbot, (200, 160)).open(picture)
    assert rig.colour(100, 29) == rig.ground and rig.colour(100, 130) == rig.ground
    mixed = QColor(rig.image().pixel(100, 80))
    assert mixed.red() > 80 and mixed.blue() > 80, "neighbours are mixed, none is left out"


@pytest.mark.feature("VN03")
def test_a_screen_of_another_size_takes_the_room(rig: Rig) -> None:
    rig.open(screen())
    rig.view.painted.clear()
    rig.show(screen(100, 100, GREEN))
    assert rig.view.painted[0] == rig.view.rect()
    assert rig.colour(51, 50) == GREEN and rig.colour(10, 50) == rig.ground
    rig.show(screen(100, 100, GREEN), Rect(90, 90, 4000, 4000))  # told of the size before


def test_a_room_of_another_size_shows_it_all(rig: Rig) -> None:
    rig.open(screen())
    rig.view.resize(100, 100)
    QApplication.processEvents()
    assert rig.colour(99, 50) == RED and rig.colour(99, 10) != RED


def test_the_ring_says_that_keys_go_there(rig: Rig) -> None:
    rig.open(screen())
    accent = QColor(tokens_of(rig.view).accent).rgb() & 0xFFFFFF
    assert rig.view.hasFocus()
    assert rig.view.grab().toImage().pixel(1, 50) & 0xFFFFFF == accent
    rig.view.set_taking(False)
    assert rig.view.grab().toImage().pixel(1, 50) & 0xFFFFFF == RED, "none go to what stands still"
    rig.view.set_taking(True)
    assert rig.colour(1, 50) == RED, "not without the keyboard"


def test_the_pointer_has_the_shape_that_programs_gave_it_while_they_have_the_keyboard(rig: Rig) -> None:
    rig.open(screen())
    assert rig.view.hasFocus()
    assert rig.view.cursor().shape() == Qt.CursorShape.ArrowCursor
    rig.feed.cursor = Cursor(4, 6, 1, 5, bytes((255, 0, 0, 255)) * 24)
    rig.feed.tell()
    rig.rest()
    shape = rig.view.cursor()
    assert shape.shape() == Qt.CursorShape.BitmapCursor and shape.hotSpot() == QPoint(1, 5)
    assert shape.pixmap().toImage().pixel(0, 0) == 0xFF0000FF
    rig.view.set_taking(False)
    assert rig.view.cursor().shape() == Qt.CursorShape.ArrowCursor
    rig.view.set_taking(True)
    for hidden in (Cursor(0, 0, 0, 0, b""), Cursor(2, 2, 0, 0, bytes(16)), Cursor(9, 9, 0, 0, bytes((9, 9, 9, 255)))):
        rig.feed.cursor = hidden
        rig.feed.tell()
        rig.rest()
        dot = rig.view.cursor()
        assert dot.shape() == Qt.CursorShape.BitmapCursor and dot.pixmap().width() < 9, "a person's pointer is never out of sight"
        assert dot.pixmap().toImage().pixelColor(dot.hotSpot()).lightness() > 200
    rig.view.clearFocus()
    assert rig.view.cursor().shape() == Qt.CursorShape.ArrowCursor


def test_who_passes_over_does_not_take_the_agents_pointer_along(rig: Rig) -> None:
    rig.open(screen())
    rig.view.clearFocus()
    rig.move((50, 50))
    assert rig.feed.input == []
    rig.press((50, 50))
    rig.move((70, 60))
    rig.release((70, 60))
    assert rig.feed.input == [(50, 50, 1), (70, 60, 1), (70, 60, 0)], "who presses means it"
    rig.view.setFocus()
    rig.move((10, 20))
    assert rig.feed.input[-1] == (10, 20, 0)


def test_one_that_could_not_be_seen_is_looked_at_anew_when_it_is_shown_again(rig: Rig) -> None:
    rig.open()
    rig.feed.tell("Its desktop ended.")
    rig.rest()
    first = rig.feed
    rig.view.hide()
    rig.view.show()
    assert first.closed and rig.feed is not first and rig.view.problem == ""
    rig.feed.ended = True
    rig.feed.tell("The agent has ended.")
    rig.rest()
    last = rig.feed
    rig.view.hide()
    rig.view.show()
    assert rig.feed is last, "of one that is gone nothing more will come"


def test_nothing_of_a_picture_stays_below_the_words_about_its_end(rig: Rig) -> None:
    rig.open(screen())
    rig.feed.tell("The desktop has ended.")
    rig.rest()
    assert rig.colour(100, 50) == rig.ground


# --- when it looks


def test_nothing_is_asked_before_it_is_seen_nor_while_it_is_hidden(rig: Rig) -> None:
    QApplication.processEvents()
    assert rig.feeds == []
    rig.open(screen())
    assert rig.feed.watched
    rig.view.hide()
    assert not rig.feed.watched
    takes = rig.feed.takes
    rig.feed.show(screen(colour=GREEN))
    QTest.qWait(3 * FRAME_MS)
    assert rig.feed.takes == takes
    rig.view.show()
    assert rig.feed.watched
    rig.rest()
    assert rig.colour(5, 5) == GREEN and len(rig.feeds) == 1


def test_it_takes_at_most_once_a_frame(rig: Rig) -> None:
    picture = screen()
    rig.open(picture)
    takes, began = rig.feed.takes, time.monotonic()
    while time.monotonic() - began < 0.2:
        rig.feed.show(picture, Rect(0, 0, 1, 1))
        QApplication.processEvents()
    passed_ms = (time.monotonic() - began) * 1000
    assert 2 <= rig.feed.takes - takes <= passed_ms / (FRAME_MS - 1) + 1


def test_the_desktop_is_let_go_of_with_the_view(rig: Rig) -> None:
    rig.open(screen())
    feed = rig.feed
    rig.view.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert feed.closed
    feed.tell()  # and it may speak on


def test_looking_again_is_a_feed_of_its_own_and_tells_the_same_problem_again(rig: Rig) -> None:
    told: list[str] = []
    rig.open()
    rig.view.told.connect(lambda: told.append(rig.view.problem))
    for _ in range(2):
        rig.feed.tell("No server.")
        rig.rest()
        feed = rig.feed
        rig.view.look_again()
        assert feed.closed and rig.feed is not feed and rig.view.problem == ""
    assert told == ["No server."] * 2
    rig.show(screen())
    assert told[-1] == "" and rig.colour(5, 5) == RED


# --- mouse


@pytest.mark.feature("VN03")
def test_buttons_and_drags_are_at_the_pixels_of_the_screen(rig: Rig) -> None:
    rig.open(screen())
    rig.press((10, 20))
    rig.move((30, 40))
    rig.press((30, 40), RIGHT)
    rig.release((30, 40), RIGHT)
    rig.move((-70, 4000))
    rig.release((-70, 4000))
    rig.press((5, 5), MIDDLE)
    rig.release((5, 5), MIDDLE)
    assert rig.feed.input == [
        (10, 20, 1), (30, 40, 1), (30, 40, 5), (30, 40, 1), (0, 99, 1), (0, 99, 0), (5, 5, 2), (5, 5, 0),
    ]  # fmt: skip


def test_a_double_click_is_two_clicks(rig: Rig) -> None:
    rig.open(screen())
    QTest.mouseClick(rig.view, LEFT, pos=QPoint(7, 8))
    rig.mouse(QEvent.Type.MouseButtonDblClick, (7, 8), LEFT, LEFT)
    rig.release((7, 8))
    assert [event for event in rig.feed.input if len(event) == 3][-4:] == [(7, 8, 1), (7, 8, 0)] * 2


@pytest.mark.feature("VN03")
def test_the_mouse_is_scaled_with_the_picture_and_stays_out_of_what_is_beside_it(qtbot: QtBot) -> None:
    rig = Rig(qtbot, (200, 200)).open(screen(400, 200))
    rig.move((100, 100))
    assert rig.feed.input == [(200, 100, 0)]
    rig.feed.input.clear()
    rig.press((100, 10))
    rig.release((100, 10))
    rig.move((100, 10))
    rig.turn(120, at=(100, 10))
    assert rig.feed.input == [], "a click beside the screen is none at its edge"
    rig.press((100, 60))
    rig.move((100, 10))
    rig.release((100, 10))
    assert rig.feed.input == [(200, 20, 1), (200, 0, 1), (200, 0, 0)], "a drag goes on along the edge"


@pytest.mark.feature("VN03")
def test_each_notch_of_the_wheel_is_a_press_and_a_release(rig: Rig) -> None:
    rig.open(screen())
    rig.turn(120)
    rig.turn(-240)
    rig.turn(0, 120)
    rig.turn(0, -120)
    buttons = [event[2] for event in rig.feed.input]
    assert buttons == [8, 0, 16, 0, 16, 0, 32, 0, 64, 0]
    assert {event[:2] for event in rig.feed.input} == {(50, 50)}


def test_parts_of_a_notch_are_collected_and_a_spin_is_bounded(rig: Rig) -> None:
    rig.open(screen())
    for _ in range(7):
        rig.turn(40)
    assert [event[2] for event in rig.feed.input] == [8, 0, 8, 0]
    rig.feed.input.clear()
    rig.turn(-120 * 5000)
    assert len(rig.feed.input) == 2 * MOST_WHEEL_STEPS


def test_a_right_click_opens_no_menu_of_the_window(rig: Rig) -> None:
    assert rig.view.contextMenuPolicy() == Qt.ContextMenuPolicy.PreventContextMenu


# --- keys


@pytest.mark.feature("VN03")
def test_keys_go_down_and_up(rig: Rig) -> None:
    rig.open(screen())
    rig.key(True, Qt.Key.Key_Shift, held=SHIFT, scan=50)
    rig.key(True, Qt.Key.Key_A, "A", SHIFT, scan=38)
    rig.key(False, Qt.Key.Key_Shift, scan=50)
    rig.key(False, Qt.Key.Key_A, "a", scan=38)
    assert rig.feed.input == [(0xFFE1, True), (0x41, True), (0xFFE1, False), (0x41, False)], "released as it was pressed"


def test_a_letter_under_control_is_the_letter(rig: Rig) -> None:
    rig.open(screen())
    QTest.keyClick(rig.view, Qt.Key.Key_C, CONTROL)
    assert (0x63, True) in rig.feed.input and (0x63, False) in rig.feed.input


def test_a_key_that_is_held_repeats_and_is_released_once(rig: Rig) -> None:
    rig.open(screen())
    rig.key(True, Qt.Key.Key_A, "a", scan=38)
    for _ in range(2):
        rig.key(False, Qt.Key.Key_A, "a", scan=38, repeats=True)
        rig.key(True, Qt.Key.Key_A, "a", scan=38, repeats=True)
    rig.key(True, Qt.Key.Key_A, "A", SHIFT, scan=38, repeats=True)
    rig.key(False, Qt.Key.Key_A, "A", SHIFT, scan=38)
    assert rig.feed.input == [(A, True)] * 3 + [(A, False), (0x41, True), (0x41, False)], "nothing stays pressed"


def test_two_keys_of_one_meaning_are_released_with_the_second(rig: Rig) -> None:
    rig.open(screen())
    for scan in (50, 62):
        rig.key(True, Qt.Key.Key_Shift, held=SHIFT, scan=scan)
    rig.key(False, Qt.Key.Key_Shift, held=SHIFT, scan=62)
    assert (0xFFE1, False) not in rig.feed.input
    rig.key(False, Qt.Key.Key_Shift, scan=50)
    assert rig.feed.input[-1] == (0xFFE1, False)


def _lose_focus(rig: Rig) -> None:
    QCoreApplication.sendEvent(rig.view, QFocusEvent(QEvent.Type.FocusOut, Qt.FocusReason.ActiveWindowFocusReason))


def _fail(rig: Rig) -> None:
    rig.feed.tell("The server has ended.")
    rig.rest()


@pytest.mark.feature("VN03")
@pytest.mark.parametrize(
    "leave", [_lose_focus, lambda rig: rig.view.hide(), lambda rig: rig.window.hide(), lambda rig: rig.view.set_taking(False), _fail]
)
def test_nothing_stays_pressed_behind(rig: Rig, leave: Callable[[Rig], None]) -> None:
    rig.open(screen())
    rig.press((10, 10))
    rig.key(True, Qt.Key.Key_Control, held=CONTROL, scan=37)
    rig.key(True, Qt.Key.Key_B, "b", scan=56)
    leave(rig)
    assert set(rig.feed.input[3:]) == {(0xFFE3, False), (B, False), (10, 10, 0)}
    rig.feed.input.clear()
    rig.key(False, Qt.Key.Key_B, "b", scan=56)
    rig.release((10, 10))
    assert rig.feed.input == []


@pytest.mark.feature("VN03")
def test_what_an_input_method_writes_is_typed(rig: Rig) -> None:
    rig.open(screen())
    event = QInputMethodEvent("preedit", [])
    event.setCommitString("é漢\n\x07")
    QCoreApplication.sendEvent(rig.view, event)
    wanted = (0xE9, 0x0100_6F22, 0xFF0D)
    assert rig.feed.input == [(keysym, down) for keysym in wanted for down in (True, False)]
    assert rig.view.inputMethodQuery(Qt.InputMethodQuery.ImEnabled) is True


def _all_input(rig: Rig) -> None:
    rig.press((10, 10))
    rig.move((20, 20))
    rig.release((20, 20))
    rig.turn(120)
    rig.key(True, Qt.Key.Key_A, "a")
    rig.key(False, Qt.Key.Key_A, "a")
    event = QInputMethodEvent("", [])
    event.setCommitString("x")
    QCoreApplication.sendEvent(rig.view, event)


@pytest.mark.feature("VN03")
def test_what_stands_still_takes_nothing(rig: Rig) -> None:
    rig.open()
    _all_input(rig)
    assert rig.feed.input == [], "there is no picture yet"
    rig.show(screen())
    rig.view.set_taking(False)
    _all_input(rig)
    assert rig.feed.input == []
    assert rig.view.inputMethodQuery(Qt.InputMethodQuery.ImEnabled) is False
    rig.view.set_taking(True)
    _all_input(rig)
    assert rig.feed.input != []
    rig.feed.input.clear()
    _fail(rig)
    rig.feed.input.clear()
    _all_input(rig)
    assert rig.feed.input == []


def _is_taken_before_shortcuts(rig: Rig, key: int, held: Qt.KeyboardModifier) -> bool:
    event = QKeyEvent(QEvent.Type.ShortcutOverride, key, held, "")
    event.ignore()
    QCoreApplication.sendEvent(rig.view, event)
    return event.isAccepted()


@pytest.mark.feature("VN03")
@pytest.mark.parametrize(
    ("key", "held", "of_programs"),
    [
        (Qt.Key.Key_L, CONTROL, True),
        (Qt.Key.Key_F4, ALT, True),
        (Qt.Key.Key_Escape, NOTHING, True),
        (Qt.Key.Key_P, CONTROL | SHIFT, False),
        (Qt.Key.Key_Left, CONTROL | ALT, False),
        (Qt.Key.Key_Tab, CONTROL, False),
        (Qt.Key.Key_D, Qt.KeyboardModifier.MetaModifier, False),
    ],
)
def test_the_desktops_own_shortcuts_stay_its_own(rig: Rig, key: int, held: Qt.KeyboardModifier, of_programs: bool) -> None:
    rig.open(screen())
    assert _is_taken_before_shortcuts(rig, key, held) is of_programs
    rig.view.set_taking(False)
    assert not _is_taken_before_shortcuts(rig, key, held)


@pytest.mark.feature("VN03")
def test_tab_goes_to_the_programs_and_not_on(qtbot: QtBot) -> None:
    rig = Rig(qtbot, (200, 100))
    other = QWidget(rig.window)
    other.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    QVBoxLayout(rig.window).addWidget(other)
    rig.open(screen())
    QTest.keyClick(rig.view, Qt.Key.Key_Tab)
    QTest.keyClick(rig.view, Qt.Key.Key_Backtab, SHIFT)
    assert rig.view.hasFocus() and rig.feed.input.count((0xFF09, True)) == 2
    rig.view.set_taking(False)
    QTest.keyClick(rig.view, Qt.Key.Key_Tab)
    assert other.hasFocus(), "what takes no keys keeps nobody"


def test_a_reader_of_the_screen_is_told_what_it_is(rig: Rig) -> None:
    assert "desktop" in rig.view.accessibleName() and rig.view.accessibleDescription()
