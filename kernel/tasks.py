"""Ownership of asyncio tasks: nothing runs that nobody ends.

A `Scope` owns the tasks spawned through it and its child scopes; closing it cancels and awaits them all, children
first. Everybody in the kernel spawns through a scope (ruff bans `asyncio.create_task`). `StallMonitor` reports every
turn of the loop that took too long.
"""

import asyncio
import os
import time
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from kernel.log import get_logger

T = TypeVar("T")
ErrorHandler = Callable[[str, BaseException], None]

_log = get_logger(__name__)


class Scope:
    """A named owner of tasks.

    name: shown in logs and in what is still running at shutdown.
    on_error: told the task's name and its exception when a task dies of one; the default logs it.
    """

    def __init__(self, name: str, *, on_error: ErrorHandler | None = None) -> None:
        self.name = name
        self._on_error = on_error or _log_task_error
        self._tasks: set[asyncio.Task[Any]] = set()
        self._children: set[Scope] = set()
        self._parent: Scope | None = None
        self._closed = False

    def spawn(self, coroutine: Coroutine[Any, Any, T], *, name: str, awaited: bool = False) -> asyncio.Task[T]:
        """Start a task owned by this scope. Raises RuntimeError when the scope is closed.

        awaited: the caller awaits it and takes its error, so that `on_error` is not told.
        """
        if self._closed:
            coroutine.close()
            raise RuntimeError(f"scope {self.name} is closed")
        task = asyncio.get_running_loop().create_task(coroutine, name=f"{self.name}/{name}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard if awaited else self._on_done)
        return task

    def child(self, name: str) -> "Scope":
        """A scope that this one closes before itself."""
        child = Scope(f"{self.name}/{name}", on_error=self._on_error)
        child._parent = self
        self._children.add(child)
        return child

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed

    def statistics(self) -> dict[str, int]:
        """Live tasks and child scopes."""
        return {"tasks": len(self._tasks), "children": len(self._children)}

    async def close(self, timeout_s: float = 5.0) -> None:
        """Cancel everything owned and wait for it; what outlives `timeout_s` is logged by name."""
        self._closed = True
        for child in tuple(self._children):
            await child.close(timeout_s)
        current = asyncio.current_task()
        pending = {task for task in self._tasks if task is not current}
        for task in pending:
            task.cancel()
        if pending:
            _, late = await asyncio.wait(pending, timeout=timeout_s)
            for task in late:
                _log.warning("task %s did not end within %.1f s", task.get_name(), timeout_s)
        if self._parent is not None:
            self._parent._children.discard(self)

    def _on_done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if error is not None:
            self._on_error(task.get_name(), error)


class StallMonitor:
    """Reports every turn of the running loop that took longer than `limit_s`.

    Time in which another program had the processor is no fault of the turn and is not counted, where the system tells it.
    on_stall: told the length of the stall in seconds. A test fails on any; the application logs it.
    """

    def __init__(self, on_stall: Callable[[float], None], *, limit_s: float = 0.05, interval_s: float = 0.2) -> None:
        self._on_stall = on_stall
        self._limit_s = limit_s
        self._interval_s = interval_s
        self._handle: asyncio.TimerHandle | None = None
        self._due = 0.0
        self._kept_waiting = 0.0
        self._statistics = -1

    def start(self) -> None:
        """Begin watching the running loop; call on its thread."""
        try:
            self._statistics = os.open("/proc/thread-self/schedstat", os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            self._statistics = -1  # this system does not tell: all time counts
        self._schedule()

    def stop(self) -> None:
        """Stop watching."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
        if self._statistics >= 0:
            os.close(self._statistics)
            self._statistics = -1

    def _schedule(self) -> None:
        self._due = time.monotonic() + self._interval_s
        self._kept_waiting = self._kept_waiting_s()
        self._handle = asyncio.get_running_loop().call_later(self._interval_s, self._on_tick)

    def _on_tick(self) -> None:
        late = time.monotonic() - self._due
        if late > self._limit_s:
            late -= self._kept_waiting_s() - self._kept_waiting
        if late > self._limit_s:
            self._on_stall(late)
        self._schedule()

    def _kept_waiting_s(self) -> float:
        """How long the loop's thread was ready to run and had no processor, in seconds; 0 where the system does not tell."""
        try:
            return int(os.pread(self._statistics, 200, 0).split()[1]) / 1e9
        except (OSError, ValueError, IndexError):
            return 0.0


def _log_task_error(name: str, error: BaseException) -> None:
    _log.error("task %s failed: %r", name, error, exc_info=error)
