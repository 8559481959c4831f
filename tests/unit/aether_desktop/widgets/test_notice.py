"""Notices say what happened and leave by themselves, unless they matter."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import pytest
from PySide6.QtCore import QEvent, QObject, QRect, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from aether_desktop.widgets.button import Button, IconButton
from aether_desktop.widgets.label import Label
from aether_desktop.widgets.notice import Notice, NoticeCard, NoticeHost


@pytest.fixture
def surface(qtbot: QtBot) -> Iterator[QWidget]:
    widget = QWidget()
    widget.resize(800, 600)
    qtbot.addWidget(widget)
    widget.show()
    qtbot.waitExposed(widget)
    yield widget


def put(host: NoticeHost, notice: Notice, on_action: Callable[[], None] | None = None) -> NoticeCard:
    card = host.show(notice, on_action)
    assert card is not None
    return card


def cards(surface: QWidget) -> list[NoticeCard]:
    """The notices on the screen, from the top down: the oldest first."""
    return sorted((card for card in surface.findChildren(NoticeCard) if card.isVisible()), key=lambda card: card.y())


def test_notices_stack_in_the_corner_and_follow_it(surface: QWidget) -> None:
    host = NoticeHost(surface)
    placed = [put(host, Notice(f"Message {number}")) for number in range(3)]
    assert [card.geometry().bottom() for card in placed] == sorted(card.geometry().bottom() for card in placed)
    assert all(surface.rect().contains(card.geometry()) for card in placed)
    surface.resize(500, 400)
    QApplication.processEvents()
    assert all(surface.rect().contains(card.geometry()) for card in placed)


def test_three_at_the_most_and_each_once(surface: QWidget) -> None:
    host = NoticeHost(surface)
    first = host.show(Notice("0"))
    assert host.show(Notice("0")) is first
    for number in range(1, 5):
        host.show(Notice(str(number)))
    assert [notice.title for notice in host.shown] == ["2", "3", "4"]


def test_an_error_is_never_pushed_away(surface: QWidget) -> None:
    host = NoticeHost(surface)
    host.show(Notice("Error 0", kind="error"))
    for number in range(1, 5):
        host.show(Notice(str(number)))
    assert [notice.title for notice in host.shown] == ["Error 0", "3", "4"]
    for number in range(1, 5):
        host.show(Notice(f"Error {number}", kind="error"))
        host.show(Notice(f"Error {number}", kind="error"))
    assert [notice.title for notice in host.shown] == ["Error 0", "Error 1", "Error 2"]
    assert [notice.title for notice in host.waiting] == ["Error 3", "Error 4"]
    assert host.show(Notice("Saved", kind="success")) is None
    cards(surface)[0].leave()
    assert [notice.title for notice in host.shown] == ["Error 1", "Error 2", "Error 3"]
    assert surface.rect().contains(cards(surface)[-1].geometry())


def test_what_is_no_longer_true_is_taken_back_from_the_screen_and_from_those_that_wait(surface: QWidget) -> None:
    host = NoticeHost(surface)
    errors = [Notice(f"Error {number}", kind="error") for number in range(5)]
    for error in errors:
        host.show(error)
    assert (host.shown, host.waiting) == (tuple(errors[:3]), tuple(errors[3:]))
    host.withdraw(errors[3])
    host.withdraw(errors[1])
    host.withdraw(errors[1])
    assert (host.shown, host.waiting) == ((errors[0], errors[2], errors[4]), ())


def test_the_action_of_a_notice_that_waited_is_done(surface: QWidget) -> None:
    host = NoticeHost(surface)
    done: list[int] = []
    for number in range(4):
        host.show(Notice(f"Error {number}", kind="error", action="Mend"), partial(done.append, number))
    cards(surface)[0].leave()
    button = cards(surface)[-1].findChild(Button)
    assert button is not None
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert done == [3]


def test_the_action_is_done_and_the_notice_leaves(surface: QWidget) -> None:
    host = NoticeHost(surface)
    done: list[bool] = []
    card = put(host, Notice("Coder needs you", kind="attention", action="Review"), lambda: done.append(True))
    button = card.findChild(Button)
    assert button is not None
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert done == [True]
    assert host.shown == ()


def test_a_notice_is_dismissed(surface: QWidget) -> None:
    host = NoticeHost(surface)
    card = put(host, Notice("Failed", kind="error"))
    close = card.findChild(IconButton)
    assert close is not None
    assert close.accessibleName() == "Dismiss"
    QTest.mouseClick(close, Qt.MouseButton.LeftButton)
    assert host.shown == ()


@pytest.mark.parametrize(
    "notice",
    [
        Notice(
            "About this start",
            "The database was damaged and is kept as /home/somebody/.local/share/aether/state/aether.db.damaged-20260312-101112; "
            "a new one was started. Agents of earlier runs are not listed any more, their files are where they were.",
            "attention",
        ),
        Notice("The home /home/somebody/.local/share/aether/home/agent_12 could not be made: No space left on device", kind="error"),
        Notice("Saved", "A short one.", "error", "Undo"),
        Notice("x" * 5_000, "y" * 5_000, "error"),
    ],
)
def test_every_line_of_a_notice_is_inside_of_it(surface: QWidget, notice: Notice) -> None:
    card = put(NoticeHost(surface), notice)
    QApplication.processEvents()
    for label in card.findChildren(Label):
        wrapped = Qt.TextFlag.TextWordWrap.value
        needed = label.fontMetrics().boundingRect(QRect(0, 0, label.width(), 10_000), wrapped, label.text())
        assert needed.height() <= label.height()
        assert needed.width() <= label.width()
        assert card.rect().contains(label.geometry())
    last = card.findChildren(Label)[-1]
    button = card.findChild(Button)
    assert card.height() - (button or last).geometry().bottom() < 30


def test_a_notice_is_whole_also_where_its_font_grows_behind_it(surface: QWidget) -> None:
    text = "The database was damaged and is kept beside the new one that was started. Agents of earlier runs are not listed any more."
    card = put(NoticeHost(surface), Notice("About this start", text, "attention"))
    before = card.height()
    for label in card.findChildren(Label):
        label.setStyleSheet("font-size: 20px;")
    QApplication.processEvents()
    assert card.height() > before
    assert all(label.heightForWidth(label.width()) <= label.height() for label in card.findChildren(Label))
    assert surface.rect().contains(card.geometry())


def test_a_notice_that_stays_gives_the_loop_nothing_to_do(surface: QWidget) -> None:
    card = put(NoticeHost(surface), Notice("The disk is full", "Free some space.", "error", action="Look"))
    requests: list[QEvent.Type] = []

    class Watch(QObject):
        def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
            if event.type() is QEvent.Type.LayoutRequest:
                requests.append(event.type())
            return False

    QApplication.processEvents()
    watch = Watch(card)
    card.installEventFilter(watch)
    for label in card.findChildren(Label):
        label.setStyleSheet("font-size: 20px;")
    for _ in range(50):
        QApplication.processEvents()
    assert len(requests) < 10


@pytest.mark.parametrize(
    ("kind", "leaves"), [("info", True), ("success", True), ("attention", False), ("error", False)]
)
def test_only_what_does_not_matter_leaves_by_itself(surface: QWidget, kind: str, leaves: bool) -> None:
    card = NoticeCard(Notice("Said", kind=kind), surface)  # type: ignore[arg-type] # the four kinds
    timer = card.findChild(QTimer)
    assert timer is not None
    assert timer.isActive() is leaves
    if leaves:
        gone: list[bool] = []
        card.closed.connect(lambda: gone.append(True))
        timer.timeout.emit()
        assert gone == [True]
