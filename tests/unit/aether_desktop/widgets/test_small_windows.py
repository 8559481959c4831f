"""What gives way in a window with little room, and what never does."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from aether_desktop.apps.settings.rows import SettingRow
from aether_desktop.widgets.button import Button
from aether_desktop.widgets.choice import Choice
from aether_desktop.widgets.empty_state import EmptyState
from aether_desktop.widgets.label import Label
from aether_desktop.widgets.sheet import Answer, Sheet


def _shown(qtbot: QtBot, widget: QWidget, width: int, height: int) -> None:
    qtbot.addWidget(widget)
    widget.resize(width, height)
    widget.show()
    QApplication.processEvents()


def _area(widget: QWidget, window: QWidget) -> QRect:
    return QRect(widget.mapTo(window, QPoint()), widget.size())


def _form(lines: int) -> QWidget:
    form = QWidget()
    column = QVBoxLayout(form)
    for number in range(lines):
        column.addWidget(QLineEdit(str(number)))
    return form


@pytest.mark.parametrize(("height", "detail"), [(400, True), (140, True), (84, False), (66, False)])
def test_an_empty_state_leaves_out_what_there_is_no_room_for(qtbot: QtBot, height: int, detail: bool) -> None:
    window = QWidget()
    state = EmptyState("agents", "No agents yet", "Deploy one: give it a role and a goal.", "Deploy agent", parent=window)
    state.resize(440, height)
    _shown(qtbot, window, 500, 500)
    seen = [child for child in (*state.findChildren(Label), *state.findChildren(Button)) if child.isVisible()]
    areas = [_area(child, state) for child in seen]
    assert len(areas) == (3 if detail else 2)
    assert all(state.rect().contains(area) for area in areas)
    assert not any(one.intersects(other) for number, one in enumerate(areas) for other in areas[:number])
    state.resize(440, 400)
    QApplication.processEvents()
    assert all(label.isVisible() for label in state.findChildren(Label))


def test_a_sheet_over_a_low_page_covers_the_window_and_goes_with_the_page(qtbot: QtBot) -> None:
    window = QWidget()
    page = QWidget(window)
    page.setGeometry(20, 100, 440, 120)
    _shown(qtbot, window, 480, 360)
    sheet = Sheet(page, "Deploy an agent", content=_form(20), answers=(Answer("ok", "Deploy"), Answer("no", "Cancel")))
    sheet.open()
    QApplication.processEvents()
    assert sheet.geometry() == window.rect()
    buttons, field = [_area(sheet.button(key), window) for key in ("ok", "no")], sheet.findChild(QLineEdit)
    assert all(window.rect().contains(area) for area in buttons)
    assert isinstance(field, QLineEdit)
    assert field.hasFocus()
    assert _area(field, window).bottom() < min(area.top() for area in buttons)
    page.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert not isValid(sheet)


def test_a_sheet_over_a_page_with_room_covers_the_page_only(qtbot: QtBot) -> None:
    window = QWidget()
    page = QWidget(window)
    page.setGeometry(20, 100, 700, 480)
    _shown(qtbot, window, 800, 600)
    sheet = Sheet(page, "Deploy an agent", content=_form(4))
    sheet.open()
    assert sheet.parentWidget() is page
    QTest.keyClick(sheet, Qt.Key.Key_Escape)


def test_a_setting_in_a_narrow_window_has_its_control_below_its_words(qtbot: QtBot) -> None:
    control = QLineEdit()
    control.setFixedWidth(200)
    row = SettingRow("When agents ask", control, "New agents start with this, unless another is chosen for one of them.")
    _shown(qtbot, row, 600, 60)
    words = row.findChildren(Label)[0]
    assert control.geometry().left() > words.geometry().right()
    row.resize(240, row.heightForWidth(240))
    QApplication.processEvents()
    assert control.geometry().top() > words.geometry().bottom()
    for label in row.findChildren(Label):
        if label.isVisible():
            assert label.height() >= label.heightForWidth(label.width())


def test_a_choice_that_is_too_long_ends_in_an_ellipsis(qtbot: QtBot) -> None:
    choice = Choice()
    choice.addItems(["m" * 200, "m" * 300])
    _shown(qtbot, choice, 160, 32)
    before = choice.grab().toImage()
    choice.setCurrentIndex(1)
    # Cut at the same place with the same end; what is kept of the text is whole.
    assert choice.grab().toImage() == before
    choice.setItemText(1, "m" * 5)
    assert choice.grab().toImage() != before
    assert choice.currentText() == "m" * 5
