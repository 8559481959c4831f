"""The window's loop: Qt driven by qasync, and how the process ends.

Never a nested Qt loop inside a coroutine: it would lose the wake-ups of other tasks. Errors that nobody caught go to the log and to
`on_error`; the window shows them instead of dying.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any

from PySide6.QtWidgets import QApplication

SWITCH_S = 0.001


def run_event_loop(
    app: QApplication,
    main: Callable[[], Coroutine[Any, Any, int]],
    on_error: Callable[[BaseException], None],
    on_signal: Callable[[], object] | None = None,
) -> int:
    """Run `main` until it returns the exit code.

    on_signal: what SIGINT and SIGTERM do; by default they ask the application to quit, which a window may refuse.
    """
    import qasync

    app.setQuitOnLastWindowClosed(False)
    # The kernel's thread and the window's share the interpreter: who wants it must not wait for a third of a frame.
    sys.setswitchinterval(SWITCH_S)
    _install_excepthook(on_error)

    async def guarded() -> int:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _loop, context: _on_loop_error(context, on_error))
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, on_signal or app.quit)
        return await main()

    with asyncio.Runner(loop_factory=lambda: qasync.QEventLoop(app)) as runner:
        return runner.run(guarded())


def _on_loop_error(context: dict[str, Any], on_error: Callable[[BaseException], None]) -> None:
    error = context.get("exception")
    on_error(error if isinstance(error, BaseException) else RuntimeError(str(context.get("message", "loop error"))))


def _install_excepthook(on_error: Callable[[BaseException], None]) -> None:
    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
            return
        on_error(error)

    sys.excepthook = hook
