"""Coroutines of the window, owned by the widget that started them.

A `TaskOwner` cancels its tasks when its QObject is destroyed; an error that nobody awaited goes to `on_error`.
Ruff bans bare `asyncio.create_task` in the desktop.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from PySide6.QtCore import QObject
from shiboken6 import isValid

from kernel.errors import AetherError

T = TypeVar("T")


class TaskOwner:
    """Owns the tasks of one QObject.

    owner: its destruction cancels the tasks. on_error: told every error of a task; AetherErrors are for people.
    """

    def __init__(self, owner: QObject, on_error: Callable[[BaseException], None] | None = None) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()
        self._on_error = on_error
        self._owner = owner
        tasks = self._tasks
        owner.destroyed.connect(lambda: _cancel(tasks))

    def spawn(self, coroutine: Coroutine[Any, Any, T], *, name: str) -> asyncio.Task[T]:
        """Start a task on the GUI loop."""
        task = asyncio.get_event_loop().create_task(coroutine, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._on_done)
        return task

    def cancel(self) -> None:
        """Cancel all tasks now."""
        _cancel(self._tasks)

    def _on_done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if error is None or not isValid(self._owner):
            return  # what a task meets while its widgets are being destroyed is nobody's news
        if self._on_error is not None:
            self._on_error(error)
        elif not isinstance(error, AetherError):
            raise error


def _cancel(tasks: set[asyncio.Task[Any]]) -> None:
    for task in tuple(tasks):
        task.cancel()
