"""How a child process ends, told on the loop, while the child stays unreaped: its number cannot become another's meanwhile.

By a descriptor that the system lends for it (pidfd on Linux, kqueue on macOS and the BSDs; the latter is NOT RUN by the project's tests
on such a system), else by a look ten times a second; never by a thread. Called by `posix`, `guardian` and `relay`.
"""

import asyncio
import contextlib
import os
import select
import sys
from collections.abc import Callable
from typing import Any

POLL_S = 0.1
#: Has macOS tell the exit status with the end, as the BSDs do anyway; `select` has no name for it.
NOTE_EXITSTATUS = 0x04000000

OnExit = Callable[[int], None]
Stop = Callable[[], None]


def watch_exit(pid: int, on_exit: OnExit) -> Stop:
    """Have `on_exit` called once on the running loop with a child's exit code, negative for the signal that ended it.

    Returns what stops watching; safe to repeat.
    """
    if hasattr(os, "pidfd_open"):
        with contextlib.suppress(OSError):
            descriptor = os.pidfd_open(pid)
            return _watch_descriptor(descriptor, lambda: ended_with(pid), lambda: os.close(descriptor), on_exit)
    if hasattr(select, "kqueue"):
        with contextlib.suppress(OSError):
            return _watch_kqueue(select, pid, on_exit)
    return _watch_by_looking(pid, on_exit)


def ended_with(pid: int) -> int | None:
    """A child's exit code, negative for a signal; None while it runs. It is reaped only where the system knows no other way."""
    if hasattr(os, "waitid"):
        found = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT | os.WNOHANG)
        if found is None:
            return None
        return found.si_status if found.si_code == os.CLD_EXITED else -found.si_status
    reaped, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if reaped else None


def _watch_descriptor(descriptor: int, look: Callable[[], int | None], close: Callable[[], None], on_exit: OnExit) -> Stop:
    """look: how the child ended, once the descriptor is readable. close: gives the descriptor back."""
    loop = asyncio.get_running_loop()
    open_ = True

    def stop() -> None:
        nonlocal open_
        if open_:
            open_ = False
            loop.remove_reader(descriptor)
            close()

    def on_readable() -> None:
        status = look()
        if status is not None:
            stop()
            on_exit(status)

    loop.add_reader(descriptor, on_readable)
    return stop


def _watch_kqueue(system: Any, pid: int, on_exit: OnExit) -> Stop:
    """system: the module `select`. Raises OSError when the child has ended already."""
    queue = system.kqueue()
    told = system.KQ_NOTE_EXIT | (NOTE_EXITSTATUS if sys.platform == "darwin" else 0)
    wish = system.kevent(pid, system.KQ_FILTER_PROC, system.KQ_EV_ADD | system.KQ_EV_ONESHOT, told)
    try:
        queue.control([wish], 0, 0)
    except OSError:
        queue.close()
        raise

    def look() -> int | None:
        events = queue.control([], 1, 0)
        return os.waitstatus_to_exitcode(events[0].data) if events else None

    return _watch_descriptor(queue.fileno(), look, queue.close, on_exit)


def _watch_by_looking(pid: int, on_exit: OnExit) -> Stop:
    loop = asyncio.get_running_loop()
    next_look: asyncio.Handle | None = None

    def look() -> None:
        nonlocal next_look
        try:
            status = ended_with(pid)
        except ChildProcessError:
            status = 0  # somebody else has reaped it
        if status is None:
            next_look = loop.call_later(POLL_S, look)
        else:
            on_exit(status)

    def stop() -> None:
        if next_look is not None:
            next_look.cancel()

    next_look = loop.call_soon(look)
    return stop
