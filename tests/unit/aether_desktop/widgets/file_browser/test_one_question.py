"""Only one question at a time."""

from __future__ import annotations

import asyncio

from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from aether_desktop.widgets.file_browser.one_question import OneQuestion
from aether_desktop.widgets.sheet import DISMISSED, Answer, Sheet
from tests.unit.aether_desktop.apps.conftest import wait_until


async def test_a_second_question_is_not_put_while_one_waits(qtbot: QtBot) -> None:
    surface = QWidget()
    qtbot.addWidget(surface)
    surface.resize(600, 500)
    surface.show()
    questions = OneQuestion(surface)
    answers = (Answer("yes", "Yes"), Answer("no", "No"))
    async with asyncio.TaskGroup() as group:
        first = group.create_task(questions.ask("First?", "", answers))
        await wait_until(lambda: bool(surface.findChildren(Sheet)))
        assert await questions.ask("Second?", "", answers) == DISMISSED
        (sheet,) = surface.findChildren(Sheet)
        assert sheet.accessibleName() == "First?"
        sheet.answer("yes")
    assert first.result() == "yes"
    async with asyncio.TaskGroup() as group:
        again = group.create_task(questions.ask("Again?", "", answers))
        await wait_until(lambda: any(found.accessibleName() == "Again?" for found in surface.findChildren(Sheet)))
        next(found for found in surface.findChildren(Sheet) if found.accessibleName() == "Again?").answer("no")
    assert again.result() == "no"
