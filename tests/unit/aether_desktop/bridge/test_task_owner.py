"""Tasks of a widget that goes away: what they stumble over then is nobody's news."""

import asyncio

from PySide6.QtWidgets import QLabel
from shiboken6 import delete

from aether_desktop.bridge.tasks import TaskOwner


async def test_a_task_that_meets_destroyed_widgets_is_not_reported() -> None:
    label = QLabel("here")
    errors: list[BaseException] = []

    async def work() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            label.setText("gone")

    task = TaskOwner(label, errors.append).spawn(work(), name="work")
    await asyncio.sleep(0)
    delete(label)
    await asyncio.wait([task])
    await asyncio.sleep(0)
    assert task.done()
    assert isinstance(task.exception(), RuntimeError)
    assert errors == []


async def test_an_error_of_a_living_widget_is_reported() -> None:
    label = QLabel("here")
    errors: list[BaseException] = []

    async def work() -> None:
        raise ValueError("no")

    task = TaskOwner(label, errors.append).spawn(work(), name="work")
    await asyncio.wait([task])
    await asyncio.sleep(0)
    assert [str(error) for error in errors] == ["no"]
