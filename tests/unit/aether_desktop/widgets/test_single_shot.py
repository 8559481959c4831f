"""A single shot goes off once for each start, and not after its owner's end."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QEvent, QObject
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from aether_desktop.widgets.single_shot import single_shot


def test_it_goes_off_once_for_each_start_and_begins_anew(qtbot: QtBot) -> None:
    owner = QObject()
    shots: list[int] = []
    timer = single_shot(owner, 0, lambda: shots.append(1))
    assert not timer.isActive()
    timer.start()
    timer.start()
    qtbot.waitUntil(lambda: bool(shots))
    assert not timer.isActive() and shots == [1]
    timer.start()
    qtbot.waitUntil(lambda: len(shots) == 2)


def test_it_ends_with_its_owner(qtbot: QtBot) -> None:
    owner = QObject()
    timer = single_shot(owner, 0, lambda: None)
    timer.start()
    owner.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert not isValid(timer)
