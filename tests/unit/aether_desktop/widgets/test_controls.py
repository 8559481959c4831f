"""The basic controls, pressed and typed into."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QAccessible, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from aether_desktop.theme.manager import ThemeChoice, ThemeManager
from aether_desktop.theme.tokens import contrast
from aether_desktop.widgets.button import Button, ButtonKind, IconButton, tooltip_with_shortcut
from aether_desktop.widgets.empty_state import EmptyState
from aether_desktop.widgets.label import ElidedLabel, Label
from aether_desktop.widgets.phase_dot import PhaseDot
from aether_desktop.widgets.progress_bar import ProgressBar
from aether_desktop.widgets.search_field import SearchField
from aether_desktop.widgets.segmented_control import Segment, SegmentedControl

LEFT = Qt.MouseButton.LeftButton


def shown(qtbot: QtBot, widget: QWidget) -> None:
    qtbot.addWidget(widget)
    widget.show()
    qtbot.waitExposed(widget)
    widget.activateWindow()
    qtbot.waitUntil(widget.isActiveWindow)


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space])
def test_a_button_is_pressed_with_mouse_and_keys(qtbot: QtBot, key: Qt.Key) -> None:
    button = Button("Deploy", "primary", shortcut="Ctrl+N")
    shown(qtbot, button)
    presses: list[bool] = []
    button.clicked.connect(lambda: presses.append(True))
    QTest.mouseClick(button, LEFT)
    QTest.keyClick(button, key)
    assert len(presses) == 2
    button.setEnabled(False)
    QTest.mouseClick(button, LEFT)
    assert len(presses) == 2
    assert button.accessibleName() == "Deploy"
    assert button.toolTip() == "Deploy (Ctrl+N)"


def test_a_focused_button_looks_different(qtbot: QtBot) -> None:
    page = QWidget()
    button, other = Button("One"), Button("Two")
    button.setParent(page)
    other.setParent(page)
    other.move(0, 60)
    shown(qtbot, page)
    other.setFocus()
    plain = button.grab().toImage()
    button.setFocus()
    assert button.grab().toImage() != plain


@pytest.mark.parametrize("choice", [ThemeChoice.DARK, ThemeChoice.LIGHT])
@pytest.mark.parametrize("kind", ["normal", "primary", "attention", "danger", "quiet"])
def test_the_ring_of_a_button_with_the_keyboard_stands_out_from_its_fill(
    qtbot: QtBot, qapp: QApplication, tmp_path: Path, choice: ThemeChoice, kind: ButtonKind
) -> None:
    manager = ThemeManager(qapp, choice, reduced_motion=True, home=tmp_path)
    button, other = Button("Deploy", kind), Button("Other")
    for widget in (button, other):
        widget.resize(120, 30)
        shown(qtbot, widget)
    other.setFocus()
    rest = button.grab().toImage()
    button.setFocus()
    button.activateWindow()
    qtbot.waitUntil(button.hasFocus)
    ring = button.grab().toImage()
    # Left of the text, over the whole width that a ring can have.
    pixels = [(ring.pixelColor(x, 15).name(), rest.pixelColor(8, 15).name()) for x in range(6)]
    assert sum(contrast(painted, fill) >= 3.0 for painted, fill in pixels) >= 2
    manager.setParent(None)


def test_a_buttons_text_is_never_cut(qtbot: QtBot) -> None:
    short, long = Button("OK"), Button("A much longer text on it", icon="pause", key_hint="D")
    qtbot.addWidget(short)
    qtbot.addWidget(long)
    assert long.minimumSizeHint().width() > short.minimumSizeHint().width() + 100


def test_an_icon_button_has_a_name(qtbot: QtBot) -> None:
    button = IconButton("close", "Dismiss", shortcut="Esc")
    qtbot.addWidget(button)
    assert button.accessibleName() == "Dismiss"
    assert button.toolTip() == "Dismiss (Esc)"
    assert tooltip_with_shortcut("Close", "") == "Close"


@pytest.fixture
def segments(qtbot: QtBot) -> SegmentedControl:
    control = SegmentedControl(
        "Filter", [Segment("all", "All", 6), Segment("active", "Active", 4), Segment("done", "Done")]
    )
    shown(qtbot, control)
    return control


def test_segments_are_chosen_with_the_mouse(segments: SegmentedControl) -> None:
    chosen: list[str] = []
    segments.selected.connect(chosen.append)
    QTest.mouseClick(segments, LEFT, pos=segments.segment_rect("done").center().toPoint())
    QTest.mouseClick(segments, LEFT, pos=segments.segment_rect("done").center().toPoint())
    assert chosen == ["done"]
    assert segments.current == "done"
    assert segments.accessibleName() == "Filter: Done"


def test_segments_are_chosen_with_the_keys(segments: SegmentedControl) -> None:
    chosen: list[str] = []
    segments.selected.connect(chosen.append)
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_End, Qt.Key.Key_Right, Qt.Key.Key_Home):
        QTest.keyClick(segments, key)
    assert chosen == ["active", "done", "all"]


def test_a_screen_reader_sees_the_segments_and_chooses_one(segments: SegmentedControl) -> None:
    chosen: list[str] = []
    segments.selected.connect(chosen.append)
    interface = QAccessible.queryAccessibleInterface(segments)
    assert interface is not None
    names = [interface.child(number).text(QAccessible.Text.Name) for number in range(len(segments.segments))]
    assert names == ["All 6", "Active 4", "Done"]
    segments.setCurrentIndex(1)  # what "press" on a tab does
    assert chosen == ["active"]
    assert interface.child(1).state().selected
    segments.set_current("all")
    assert chosen == ["active"]
    assert interface.child(0).state().selected


def test_the_wheel_chooses_nothing(segments: SegmentedControl) -> None:
    before = segments.current
    wheel = QWheelEvent(
        QPointF(5, 5), QPointF(5, 5), QPoint(), QPoint(0, -120), Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(segments, wheel)
    assert segments.current == before


def test_new_counts_keep_the_choice_and_a_lost_choice_falls_to_the_first(segments: SegmentedControl) -> None:
    chosen: list[str] = []
    segments.selected.connect(chosen.append)
    segments.set_current("active")
    segments.set_segments([Segment("all", "All", 7), Segment("active", "Active", 5)])
    assert segments.current == "active"
    assert segments.accessibleName() == "Filter: Active 5"
    segments.set_segments([Segment("all", "All", 7)])
    assert segments.current == "all"
    segments.set_current("no such")
    assert segments.current == "all"
    assert chosen == []


def test_the_search_field_says_what_is_typed_and_escape_clears(qtbot: QtBot) -> None:
    field = SearchField("Search agents")
    shown(qtbot, field)
    queries: list[str] = []
    field.query_changed.connect(queries.append)
    QTest.keyClicks(field, "ab ")
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert queries == ["a", "ab", "ab", ""]
    assert field.text() == ""
    field.setText("set by the program")
    assert len(queries) == 4
    assert field.accessibleName() == "Search agents"


@pytest.mark.parametrize(("given", "kept"), [(-3.0, 0.0), (0.34, 0.34), (7.0, 1.0)])
def test_progress_is_bounded_and_said(qtbot: QtBot, given: float, kept: float) -> None:
    bar = ProgressBar("Steps", given)
    qtbot.addWidget(bar)
    assert bar.fraction == kept
    assert bar.accessibleName() == f"Steps: {round(kept * 100)} %"


def test_a_phase_dot_changes_colour_and_name(qtbot: QtBot) -> None:
    dot = PhaseDot("thinking")
    qtbot.addWidget(dot)
    before = dot.grab().toImage().pixelColor(dot.rect().center())
    dot.set_phase("needs_you")
    assert dot.grab().toImage().pixelColor(dot.rect().center()) != before
    assert dot.accessibleName() == "needs you"


def test_labels_never_read_markup(qtbot: QtBot) -> None:
    label = Label("<b>rm -rf</b> <img src='http://example.org/x'>", "secondary")
    qtbot.addWidget(label)
    assert label.textFormat() is Qt.TextFormat.PlainText
    assert label.sizeHint().width() > 150


def test_a_cut_label_shows_the_whole_in_its_tooltip(qtbot: QtBot) -> None:
    label = ElidedLabel("A goal that is far too long for its place")
    shown(qtbot, label)
    label.resize(80, 20)
    label.grab()
    assert label.toolTip() == "A goal that is far too long for its place"
    label.resize(600, 20)
    label.grab()
    assert label.toolTip() == ""


def test_an_empty_state_offers_its_action(qtbot: QtBot) -> None:
    state = EmptyState("agents", "No agents yet", "Deploy one.", "Deploy agent")
    state.resize(500, 400)
    shown(qtbot, state)
    asked: list[bool] = []
    state.action_requested.connect(lambda: asked.append(True))
    button = state.findChild(Button)
    assert button is not None
    QTest.mouseClick(button, LEFT, pos=QPoint(5, 5))
    assert asked == [True]
