"""Windows, driven with real mouse and key events."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QPoint, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from aether_desktop.shell.geometry import Zone
from aether_desktop.shell.main_window import MainWindow
from aether_desktop.shell.traffic_lights import Light
from aether_desktop.shell.window_frame import WindowFrame, WindowSpec

LEFT = Qt.MouseButton.LeftButton
CONTROL = Qt.KeyboardModifier.ControlModifier
CONTROL_ALT = CONTROL | Qt.KeyboardModifier.AltModifier


def opened(desktop: MainWindow, app_id: str = "files", **kwargs: str) -> WindowFrame:
    frame = desktop.open_window(app_id, **kwargs)
    assert frame is not None
    return frame


def drag(widget: QWidget, start: QPoint, end: QPoint, *, release: bool = True) -> None:
    """Press on ``widget`` at ``start``, move in steps to the global point ``end``, let go there."""
    QTest.mousePress(widget, LEFT, Qt.KeyboardModifier.NoModifier, start)
    first = widget.mapToGlobal(start)
    for step in range(1, 6):
        point = first + (end - first) * (step / 5)
        QTest.mouseMove(widget, widget.mapFromGlobal(point))
    if release:
        QTest.mouseRelease(widget, LEFT, Qt.KeyboardModifier.NoModifier, widget.mapFromGlobal(end))


def drag_window(frame: WindowFrame, to: QPoint, *, release: bool = True) -> None:
    """Drag by the title bar so that the pointer ends at ``to`` of the desktop."""
    layer = frame.parentWidget()
    assert layer is not None
    drag(frame.title_bar, QPoint(frame.width() // 2, 20), layer.mapToGlobal(to), release=release)


@pytest.mark.feature("DS01")
def test_the_title_bar_drags_a_window(desktop: MainWindow) -> None:
    frame = opened(desktop)
    before = frame.pos()
    grip = QPoint(frame.x() + frame.width() // 2, frame.y() + 20)
    drag_window(frame, grip + QPoint(60, 40))
    assert frame.pos() == before + QPoint(60, 40)
    assert frame.shadow.geometry().contains(frame.geometry())


@pytest.mark.feature("DS01")
@pytest.mark.parametrize("corner", [(0, 0), (1, 0), (2, 0), (0, 1), (2, 1), (0, 2), (1, 2), (2, 2)])
def test_all_eight_handles_resize(desktop: MainWindow, corner: tuple[int, int]) -> None:
    frame = opened(desktop)
    frame.setGeometry(300, 200, 600, 400)
    ring = frame.ring
    column, row = corner
    start = QPoint([3, ring.width() // 2, ring.width() - 3][column], [3, ring.height() // 2, ring.height() - 3][row])
    moved = QPoint([-30, 0, 30][column], [-20, 0, 20][row])
    drag(ring, start, ring.mapToGlobal(start) + moved)
    assert frame.size().toTuple() == (600 + abs(moved.x()), 400 + abs(moved.y()))
    assert frame.x() == 300 + min(0, moved.x())
    assert frame.y() == 200 + min(0, moved.y())
    assert frame.normal_rect == frame.geometry()


@pytest.mark.feature("DS01")
def test_a_window_does_not_become_smaller_than_300_by_200(desktop: MainWindow) -> None:
    frame = opened(desktop)
    start = QPoint(frame.ring.width() - 3, frame.ring.height() - 3)
    drag(frame.ring, start, frame.ring.mapToGlobal(start) - QPoint(2000, 2000))
    assert frame.size().toTuple() == (300, 200)


@pytest.mark.feature("DS01")
def test_the_traffic_lights_close_minimise_and_maximise(desktop: MainWindow) -> None:
    frame = opened(desktop)
    place = frame.geometry()
    lights = frame.title_bar.lights
    QTest.mouseClick(lights.button(Light.MAXIMISE), LEFT)
    assert frame.geometry() == desktop.work_area()
    QTest.mouseClick(lights.button(Light.MAXIMISE), LEFT)
    assert frame.geometry() == place
    QTest.mouseClick(lights.button(Light.MINIMISE), LEFT)
    assert frame.isHidden()
    assert frame.minimised
    desktop.windows.activate(frame)
    assert frame.isVisible()
    QTest.mouseClick(lights.button(Light.CLOSE), LEFT)
    assert desktop.windows.windows == ()


@pytest.mark.feature("DS01")
def test_the_lights_are_named_and_tell_their_keys(desktop: MainWindow) -> None:
    lights = opened(desktop).title_bar.lights
    names = {light: (lights.button(light).accessibleName(), lights.button(light).toolTip()) for light in Light}
    assert names[Light.CLOSE] == ("Close window", "Close window (Ctrl+W)")
    assert names[Light.MINIMISE] == ("Minimise window", "Minimise window (Ctrl+M)")
    assert names[Light.MAXIMISE][0] == "Maximise window"
    lights.set_maximised(True)
    assert lights.button(Light.MAXIMISE).accessibleName() == "Restore window"


def test_the_lights_are_pressed_with_the_keyboard(desktop: MainWindow) -> None:
    frame = opened(desktop)
    button = frame.title_bar.lights.button(Light.MAXIMISE)
    button.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(button, Qt.Key.Key_Return)
    assert frame.zone is Zone.MAXIMISED


@pytest.mark.feature("DS01")
def test_a_double_click_on_the_title_maximises_and_restores(desktop: MainWindow) -> None:
    frame = opened(desktop)
    place = frame.geometry()
    QTest.mouseDClick(frame.title_bar, LEFT, pos=QPoint(200, 20))
    assert frame.geometry() == desktop.work_area()
    QTest.mouseDClick(frame.title_bar, LEFT, pos=QPoint(200, 20))
    assert frame.geometry() == place


@pytest.mark.feature("DS01")
@pytest.mark.parametrize(
    ("to", "zone"),
    [
        (QPoint(1, 400), Zone.LEFT),
        (QPoint(1398, 400), Zone.RIGHT),
        (QPoint(1, 60), Zone.TOP_LEFT),
        (QPoint(1398, 780), Zone.BOTTOM_RIGHT),
        (QPoint(700, 36), Zone.MAXIMISED),
    ],
)
def test_dragging_to_an_edge_previews_and_snaps(desktop: MainWindow, to: QPoint, zone: Zone) -> None:
    frame = opened(desktop)
    normal = frame.geometry()
    drag_window(frame, to, release=False)
    preview = desktop.windows.preview
    assert preview.isVisible()
    target = preview.target
    QTest.mouseRelease(frame.title_bar, LEFT)
    assert preview.isHidden()
    assert frame.zone is zone
    assert frame.geometry() == target
    assert frame.normal_rect == normal


@pytest.mark.feature("DS01")
def test_dragging_a_snapped_window_gives_it_its_own_size_again(desktop: MainWindow) -> None:
    frame = opened(desktop)
    size = frame.size()
    desktop.windows.snap(frame, Zone.LEFT)
    drag_window(frame, QPoint(700, 400))
    assert frame.zone is Zone.FREE
    assert frame.size() == size
    assert frame.geometry().contains(QPoint(700, 400))


def test_a_window_cannot_be_dragged_out_of_reach(desktop: MainWindow) -> None:
    frame = opened(desktop)
    drag_window(frame, QPoint(700, 3000))
    assert frame.y() + 44 <= desktop.work_area().bottom() + 1
    drag_window(frame, QPoint(700, -500))
    assert frame.y() >= desktop.work_area().top()


@pytest.mark.feature("DS02")
def test_a_click_raises_and_focuses(desktop: MainWindow) -> None:
    below, above = opened(desktop, "files"), opened(desktop, "mission-control")
    assert desktop.windows.active is above
    field = below.findChild(QLineEdit)
    assert field is not None
    QTest.mouseClick(field, LEFT)
    assert desktop.windows.active is below
    children = [child for child in desktop.desktop.children() if isinstance(child, WindowFrame)]
    assert children[-1] is below
    assert QApplication.focusWidget() is field


@pytest.mark.feature("DS02")
def test_a_click_on_a_plain_part_of_the_window_raises(desktop: MainWindow) -> None:
    below, above = opened(desktop, "files"), opened(desktop, "mission-control")
    content = below.content
    assert content is not None
    QTest.mouseClick(content, LEFT, pos=QPoint(3, content.height() - 3))
    assert desktop.windows.active is below
    assert desktop.windows.windows == (below, above)


@pytest.mark.feature("DS02")
def test_one_window_per_app_and_one_per_agent(desktop: MainWindow) -> None:
    first = opened(desktop, "files")
    opened(desktop, "mission-control")
    assert opened(desktop, "files") is first
    assert desktop.windows.active is first
    one, other = opened(desktop, "agent-vm", key="1"), opened(desktop, "agent-vm", key="2")
    assert one is not other
    assert opened(desktop, "agent-vm", key="1") is one
    assert one.size().toTuple() == (1000, 700)


@pytest.mark.feature("DS02")
def test_windows_are_900_by_650_by_default_and_cascade(desktop: MainWindow) -> None:
    first, second = opened(desktop, "terminal"), opened(desktop, "terminal")
    assert first.size().toTuple() == (900, 650)
    assert second.pos() - first.pos() == QPoint(30, 30)


@pytest.mark.feature("DS02")
def test_opening_a_minimised_window_restores_it(desktop: MainWindow) -> None:
    frame = opened(desktop)
    desktop.windows.minimise(frame)
    assert desktop.windows.active is None
    assert opened(desktop) is frame
    assert frame.isVisible()
    assert desktop.windows.active is frame


@pytest.mark.feature("DS01")
def test_the_keys_close_minimise_snap_and_detach(desktop: MainWindow) -> None:
    frame = opened(desktop)
    normal = frame.geometry()
    for key, zone in (
        (Qt.Key.Key_Left, Zone.LEFT),
        (Qt.Key.Key_Up, Zone.TOP_LEFT),
        (Qt.Key.Key_Right, Zone.TOP_RIGHT),
        (Qt.Key.Key_Down, Zone.RIGHT),
        (Qt.Key.Key_Left, Zone.FREE),
        (Qt.Key.Key_Up, Zone.MAXIMISED),
        (Qt.Key.Key_Down, Zone.FREE),
    ):
        QTest.keyClick(desktop, key, CONTROL_ALT)
        assert frame.zone is zone
    assert frame.geometry() == normal
    QTest.keyClick(desktop, Qt.Key.Key_M, CONTROL)
    assert frame.minimised
    desktop.windows.activate(frame)
    QTest.keyClick(desktop, Qt.Key.Key_W, CONTROL)
    assert desktop.windows.windows == ()


@pytest.mark.feature("DS01")
def test_ctrl_tab_goes_through_the_windows_by_recency(desktop: MainWindow) -> None:
    one, two, three = opened(desktop, "files"), opened(desktop, "mission-control"), opened(desktop, "terminal")
    # keyPress holds the modifier down; keyClick would let it go after each key.
    QTest.keyPress(desktop, Qt.Key.Key_Tab, CONTROL)
    switcher = desktop.switcher
    assert switcher.isVisible()
    assert [entry.title for entry in switcher.entries] == ["Terminal", "Mission Control", "Files"]
    assert switcher.current == two.window_id
    QTest.keyPress(switcher, Qt.Key.Key_Tab, CONTROL)
    assert switcher.current == one.window_id
    QTest.keyPress(switcher, Qt.Key.Key_Tab, CONTROL)
    assert switcher.current == three.window_id
    QTest.keyPress(switcher, Qt.Key.Key_Backtab, CONTROL | Qt.KeyboardModifier.ShiftModifier)
    QTest.keyRelease(switcher, Qt.Key.Key_Control)
    assert switcher.isHidden()
    assert desktop.windows.active is one
    assert desktop.windows.windows == (one, three, two)


def test_escape_leaves_the_switcher_without_a_change(desktop: MainWindow) -> None:
    opened(desktop, "files")
    front = opened(desktop, "mission-control")
    QTest.keyPress(desktop, Qt.Key.Key_Tab, CONTROL)
    assert desktop.switcher.isVisible()
    QTest.keyClick(desktop.switcher, Qt.Key.Key_Escape)
    assert desktop.switcher.isHidden()
    assert desktop.windows.active is front


@pytest.mark.feature("DS01")
def test_a_window_detaches_with_its_content_and_comes_back(desktop: MainWindow, qtbot: QtBot) -> None:
    frame = opened(desktop)
    field = frame.findChild(QLineEdit)
    assert field is not None
    QTest.keyClicks(field, "kept")
    size = frame.size()
    QTest.keyClick(desktop, Qt.Key.Key_D, CONTROL_ALT)
    assert frame.isWindow()
    assert frame.isVisible()
    assert frame.size() == size
    assert not frame.shadow.isVisible()
    assert field.text() == "kept"
    qtbot.waitUntil(frame.isActiveWindow)
    QTest.keyClick(field, Qt.Key.Key_Z, CONTROL)
    assert field.text() == ""
    QTest.keyClick(frame, Qt.Key.Key_D, CONTROL_ALT)
    assert not frame.isWindow()
    assert frame.parentWidget() is desktop.desktop
    assert frame.size() == size
    assert frame.shadow.isVisible()


def test_moving_or_resizing_a_detached_window_is_noted(desktop: MainWindow, qtbot: QtBot) -> None:
    frame = desktop.open_app("files")
    assert frame is not None
    desktop.windows.detach(frame)
    for change in (lambda: frame.move(frame.x() + 40, frame.y() + 30), lambda: frame.resize(frame.width() + 50, frame.height() + 20)):
        with qtbot.waitSignal(desktop.windows.place_changed, timeout=1000):
            change()
    (record,) = desktop.windows.layout()
    assert (record.x, record.y, record.width, record.height) == frame.geometry().getRect()


def test_a_window_that_is_opened_from_a_detached_one_is_not_left_behind_it(desktop: MainWindow, qtbot: QtBot) -> None:
    detached = desktop.open_app("files")
    assert detached is not None
    desktop.windows.detach(detached)
    qtbot.waitUntil(detached.isActiveWindow)
    desktop.open_window("agent-vm", (("pid", "1"),), key="1", title="Coder · 1")
    qtbot.waitUntil(desktop.isActiveWindow)
    desktop.windows.activate(detached)
    qtbot.waitUntil(detached.isActiveWindow)
    desktop.windows.minimise(detached)
    QApplication.processEvents()
    assert desktop.windows.active is not detached


def test_closing_a_detached_window_by_the_system_asks_its_guard(desktop: MainWindow) -> None:
    frame = opened(desktop)
    desktop.windows.detach(frame)
    frame.set_close_guard(lambda _proceed: False)
    assert not frame.close()
    assert frame in desktop.windows.windows
    frame.set_close_guard(None)
    frame.close()
    assert desktop.windows.windows == ()


def test_a_guard_may_veto_ask_or_allow(desktop: MainWindow) -> None:
    frame = opened(desktop)
    kept: list[object] = []

    def ask(proceed: object) -> bool:
        kept.append(proceed)
        return False

    frame.set_close_guard(ask)
    QTest.mouseClick(frame.title_bar.lights.button(Light.CLOSE), LEFT)
    assert desktop.windows.windows == (frame,)
    assert not frame.request_close()
    proceed = kept[0]
    assert callable(proceed)
    proceed()
    assert desktop.windows.windows == ()
    proceed()


def test_closing_the_front_window_brings_the_next_to_the_front(desktop: MainWindow) -> None:
    below, above = opened(desktop, "files"), opened(desktop, "mission-control")
    desktop.windows.close(above)
    assert desktop.windows.active is below
    focus = QApplication.focusWidget()
    assert focus is not None
    assert below.isAncestorOf(focus)


def test_closing_deletes_the_window_and_its_siblings(desktop: MainWindow, qtbot: QtBot) -> None:
    frame = opened(desktop)
    content, shadow, ring = frame.content, frame.shadow, frame.ring
    assert content is not None
    gone: list[str] = []
    for name, widget in (("content", content), ("shadow", shadow), ("ring", ring), ("frame", frame)):
        widget.destroyed.connect(lambda _object=None, name=name: gone.append(name))
    desktop.windows.close(frame)
    qtbot.waitUntil(lambda: len(gone) == 4)


def test_windows_stay_within_reach_when_the_desktop_shrinks(desktop: MainWindow, qtbot: QtBot) -> None:
    frame = opened(desktop)
    frame.move(1250, 700)
    frame.keep_place(frame.geometry(), desktop.work_area())
    wish = frame.geometry()
    maximised = opened(desktop, "mission-control")
    desktop.windows.snap(maximised, Zone.MAXIMISED)
    desktop.resize(800, 600)
    qtbot.waitUntil(lambda: desktop.desktop.width() == 800)
    bar = QRect(frame.x(), frame.y(), frame.width(), 44)
    assert bar.intersected(desktop.work_area()).width() >= 96
    assert bar.bottom() <= desktop.work_area().bottom()
    assert maximised.geometry() == desktop.work_area()
    desktop.resize(1400, 900)
    qtbot.waitUntil(lambda: desktop.desktop.width() == 1400)
    assert frame.geometry() == wish


def test_a_window_that_is_whole_stays_whole_when_the_desktop_shrinks_and_has_its_place_again(
    desktop: MainWindow, qtbot: QtBot
) -> None:
    frame = opened(desktop)
    frame.setGeometry(650, 200, 700, 500)
    frame.keep_place(frame.geometry(), desktop.work_area())
    desktop.resize(1100, 760)
    qtbot.waitUntil(lambda: desktop.desktop.width() == 1100)
    assert frame.size().toTuple() == (700, 500)
    assert desktop.work_area().contains(frame.geometry())
    (record,) = desktop.windows.layout()
    assert (record.x, record.y) == frame.pos().toTuple(), "the next start shows it where it is"
    desktop.resize(1400, 900)
    qtbot.waitUntil(lambda: desktop.desktop.width() == 1400)
    assert frame.geometry() == QRect(650, 200, 700, 500)


def test_an_apps_controls_in_the_title_bar_wrap_in_a_narrow_window(desktop: MainWindow) -> None:
    frame = opened(desktop)
    buttons = [QPushButton("Deploy an agent"), QPushButton("Refresh")]
    frame.set_title_widgets(buttons)
    frame.resize(900, 500)
    assert frame.title_bar.height() == 44
    assert buttons[1].geometry().right() <= frame.title_bar.width()
    frame.resize(300, 300)
    assert frame.title_bar.height() > 44
    for button in buttons:
        assert frame.title_bar.rect().contains(button.geometry())
    assert frame.content is not None
    assert frame.content.y() == frame.title_bar.height()


def test_a_control_that_grows_gets_its_room_at_once(desktop: MainWindow) -> None:
    frame = opened(desktop)
    button = QPushButton("Go")
    frame.set_title_widgets([button])
    frame.resize(500, 400)
    QApplication.processEvents()
    before = button.width()
    button.setText("Go on with it")
    QApplication.processEvents()
    assert button.width() == button.sizeHint().width() > before
    assert button.geometry().right() <= frame.title_bar.width()
    button.setText("Go on with it until there is nothing more to go on with at all")
    QApplication.processEvents()
    assert frame.title_bar.height() > 44
    assert frame.content is not None
    assert frame.content.y() == frame.title_bar.height()
    button.setText("Go")
    QApplication.processEvents()
    assert frame.title_bar.height() == 44


def test_a_failing_builder_leaves_no_window(desktop: MainWindow) -> None:
    def fail(_frame: WindowFrame) -> QWidget:
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        desktop.windows.open(WindowSpec("files", "Files"), fail)
    assert desktop.windows.windows == ()


def test_a_widget_handed_in_for_an_open_window_is_not_leaked(desktop: MainWindow, qtbot: QtBot) -> None:
    frame = desktop.windows.open(WindowSpec("files", "Files"), QLabel("first"))
    second = QLabel("second")
    gone: list[bool] = []
    second.destroyed.connect(lambda: gone.append(True))
    assert desktop.windows.open(WindowSpec("files", "Files"), second) is frame
    qtbot.waitUntil(lambda: bool(gone))


@pytest.fixture
def stops(desktop: MainWindow) -> tuple[WindowFrame, QLineEdit]:
    """A window whose second field has the keyboard; behind it one whose content never had it."""
    opened(desktop, "files")
    front = opened(desktop, "mission-control")
    assert front.content is not None
    second = QLineEdit(front.content)
    second.show()
    second.setFocus()
    return front, second


@pytest.mark.feature("DS01")
def test_a_window_that_is_detached_and_taken_back_keeps_the_keyboard_where_it_was(
    desktop: MainWindow, stops: tuple[WindowFrame, QLineEdit], qtbot: QtBot
) -> None:
    frame, field = stops
    seen: list[QWidget | None] = []
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    application.focusChanged.connect(lambda _old, new: seen.append(new))
    desktop.windows.toggle_detached(frame)
    qtbot.waitUntil(frame.isActiveWindow)
    qtbot.waitUntil(field.hasFocus)
    desktop.windows.toggle_detached(frame)
    qtbot.waitUntil(desktop.isActiveWindow)
    qtbot.waitUntil(field.hasFocus)
    others = [widget for widget in seen if widget is not None and widget is not field and frame.isAncestorOf(widget)]
    assert others == [], "nothing else in the window had it for a moment"


@pytest.mark.feature("DS02")
@pytest.mark.parametrize("leave", ["close", "minimise"])
def test_the_next_window_has_the_keyboard_in_its_content_and_never_on_a_light(
    desktop: MainWindow, stops: tuple[WindowFrame, QLineEdit], leave: str
) -> None:
    frame, _ = stops
    below = desktop.windows.windows[1]
    below.clearFocus()
    lights = [below.title_bar.lights.button(light) for light in Light]
    seen: list[QWidget | None] = []
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    application.focusChanged.connect(lambda _old, new: seen.append(new))
    getattr(desktop.windows, leave)(frame)
    focus = QApplication.focusWidget()
    assert below.content is not None and focus is not None and below.content.isAncestorOf(focus)
    assert not set(lights) & set(seen)


def test_a_window_that_was_put_away_has_the_keyboard_where_it_was(desktop: MainWindow, stops: tuple[WindowFrame, QLineEdit]) -> None:
    frame, field = stops
    desktop.windows.minimise(frame)
    desktop.windows.activate(frame)
    assert QApplication.focusWidget() is field
    desktop.windows.minimise(frame)
    field.deleteLater()
    QApplication.sendPostedEvents(field, QEvent.Type.DeferredDelete)
    desktop.windows.activate(frame)
    focus = QApplication.focusWidget()
    assert frame.content is not None and focus is not None and frame.content.isAncestorOf(focus)


@pytest.mark.feature("DS02")
@pytest.mark.parametrize("where", ["light", "title", "label"])
def test_a_click_on_what_takes_no_keys_leaves_the_keyboard_where_it_was(
    desktop: MainWindow, stops: tuple[WindowFrame, QLineEdit], where: str
) -> None:
    frame, field = stops
    assert frame.content is not None
    label = QLabel("Said", frame.content)
    label.setGeometry(10, 200, 80, 20)
    label.show()
    frame.set_close_guard(lambda _close: False)
    target = {"light": frame.title_bar.lights.button(Light.CLOSE), "title": frame.title_bar, "label": label}[where]
    QTest.mouseClick(target, LEFT)
    assert QApplication.focusWidget() is field
    below = desktop.windows.windows[1]
    QTest.mouseClick(below.title_bar, LEFT)
    assert desktop.windows.active is below and not frame.isAncestorOf(QApplication.focusWidget() or desktop)
    QTest.mouseClick(target, LEFT)
    assert desktop.windows.active is frame and QApplication.focusWidget() is field
