"""Sheets ask without blocking: answered once, by button or key, with the keyboard kept inside."""

from __future__ import annotations

import asyncio

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from aether_desktop.widgets.sheet import DISMISSED, Answer, Sheet

LEFT = Qt.MouseButton.LeftButton
ANSWERS = (Answer("cancel", "Cancel"), Answer("stop", "Stop", "danger", default=True))


@pytest.fixture
def surface(qtbot: QtBot) -> QWidget:
    widget = QWidget()
    widget.resize(800, 600)
    QLineEdit(widget).setObjectName("below")
    qtbot.addWidget(widget)
    widget.show()
    widget.activateWindow()
    qtbot.waitUntil(widget.isActiveWindow)
    return widget


def opened(surface: QWidget, **kwargs: object) -> tuple[Sheet, list[str]]:
    sheet = Sheet(surface, "Stop the agent?", "It is at work.", answers=ANSWERS, **kwargs)  # type: ignore[arg-type] # tests
    answers: list[str] = []
    sheet.finished.connect(answers.append)
    sheet.open()
    return sheet, answers


def test_a_button_answers_once_and_the_sheet_goes(surface: QWidget, qtbot: QtBot) -> None:
    below = surface.findChild(QLineEdit, "below")
    assert below is not None
    below.setFocus()
    sheet, answers = opened(surface)
    gone: list[bool] = []
    sheet.destroyed.connect(lambda: gone.append(True))
    QTest.mouseClick(sheet.button("cancel"), LEFT)
    sheet.answer("stop")
    assert answers == ["cancel"]
    assert QApplication.focusWidget() is below
    qtbot.waitUntil(lambda: bool(gone))


@pytest.mark.parametrize(("key", "answer"), [(Qt.Key.Key_Escape, DISMISSED), (Qt.Key.Key_Return, "stop")])
def test_keys_answer(surface: QWidget, key: Qt.Key, answer: str) -> None:
    content = QLineEdit()
    sheet, answers = opened(surface, content=content)
    assert QApplication.focusWidget() is content
    QTest.keyClick(content, key)
    assert answers == [answer]
    assert sheet.isHidden()


def test_return_does_nothing_while_the_default_is_disabled(surface: QWidget) -> None:
    content = QLineEdit()
    sheet, answers = opened(surface, content=content)
    sheet.button("stop").setEnabled(False)
    QTest.keyClick(content, Qt.Key.Key_Return)
    assert answers == []


def test_a_sheet_that_must_be_answered_ignores_escape(surface: QWidget) -> None:
    sheet, answers = opened(surface, dismissable=False)
    QTest.keyClick(sheet, Qt.Key.Key_Escape)
    assert answers == []
    assert sheet.isVisible()


def test_tab_stays_inside_and_clicks_beside_do_nothing(surface: QWidget) -> None:
    content = QLineEdit()
    sheet, answers = opened(surface, content=content)
    seen = set()
    for _ in range(6):
        focus = QApplication.focusWidget()
        assert focus is not None
        assert sheet.isAncestorOf(focus)
        seen.add(focus)
        QTest.keyClick(focus, Qt.Key.Key_Tab)
    assert len(seen) == 3
    QTest.mouseClick(sheet, LEFT, pos=sheet.rect().topLeft())
    assert answers == []


def test_it_fits_a_small_window_and_follows_it(surface: QWidget) -> None:
    sheet, _answers = opened(surface)
    surface.resize(320, 240)
    QApplication.processEvents()
    assert sheet.size() == surface.size()
    card = sheet.button("stop").parentWidget()
    assert card is not None
    assert sheet.rect().contains(card.geometry())


def test_no_key_reaches_the_page_below(qtbot: QtBot) -> None:
    """The page has keys of its own: H, S, Delete."""
    heard: list[int] = []

    class Page(QWidget):
        def keyPressEvent(self, event: QKeyEvent) -> None:
            heard.append(event.key())

        def keyReleaseEvent(self, event: QKeyEvent) -> None:
            heard.append(-event.key())

    page = Page()
    page.resize(600, 400)
    qtbot.addWidget(page)
    page.show()
    sheet, answers = opened(page)
    for target in (sheet, sheet.button("cancel"), sheet.button("stop")):
        for key in (Qt.Key.Key_H, Qt.Key.Key_S, Qt.Key.Key_Delete, Qt.Key.Key_F2, Qt.Key.Key_Left):
            QTest.keyClick(target, key)
    assert heard == []
    assert answers == []
    QTest.keyClick(sheet, Qt.Key.Key_Escape)
    assert heard == []


def test_it_is_answered_though_what_had_the_keyboard_is_gone(surface: QWidget) -> None:
    below = surface.findChild(QLineEdit, "below")
    assert below is not None
    below.setFocus()
    sheet, answers = opened(surface)
    below.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    sheet.answer("stop")
    assert answers == ["stop"]


async def test_a_coroutine_awaits_the_answer(surface: QWidget) -> None:
    sheet = Sheet(surface, "Stop the agent?", answers=ANSWERS)
    asyncio.get_running_loop().call_soon(sheet.answer, "stop")
    assert await sheet.wait_answer() == "stop"


async def test_a_sheet_that_is_deleted_cancels_its_awaiter(surface: QWidget) -> None:
    sheet = Sheet(surface, "Stop the agent?", answers=ANSWERS)

    def delete() -> None:
        sheet.deleteLater()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)

    asyncio.get_running_loop().call_soon(delete)
    with pytest.raises(asyncio.CancelledError):
        await sheet.wait_answer()
