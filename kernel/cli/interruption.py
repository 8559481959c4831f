"""The signals that end a command: Ctrl+C, an end asked for, a terminal that was closed.

`run` makes an `Interruption` before it does anything else. While its kernel starts, a signal takes the start back; from then on it is an
event, and how the agent is ended is `run`'s. The other subcommands are carried out by `carry_out`. Nothing here decides about agents.
"""

import asyncio
import errno
import os
import signal
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")
INTERRUPTED = 130
HUNG_UP = 129
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interruption:
    """Listens from now on, on the running loop, until that is closed; the task that makes it is the one that starts.

    A SIGHUP that was ignored when the command was called (`nohup`) stays ignored.
    """

    def __init__(self) -> None:
        self.happened = asyncio.Event()
        self.code = INTERRUPTED
        self._starting = asyncio.current_task()
        self._terminals = tuple(number for number in (1, 2) if os.isatty(number))
        loop = asyncio.get_running_loop()
        for number in _ENDING:
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                loop.add_signal_handler(number, self._on_signal, number)

    def started(self) -> None:
        """The start is over: a signal cancels nothing any more."""
        self._starting = None

    def hang_up(self) -> None:
        """The terminal is gone: what is still printed there goes nowhere, instead of failing; a file goes on being written."""
        self.code = HUNG_UP
        if self._terminals:
            nowhere = os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
            for number in self._terminals:
                os.dup2(nowhere, number)
            os.close(nowhere)
            self._terminals = ()
        self.happened.set()

    def hung_up_by(self, error: OSError) -> bool:
        """Whether printing failed since the terminal is gone; that can show before its signal comes. Then it counts as one."""
        if error.errno != errno.EIO or not (self._terminals or self.code == HUNG_UP):
            return False
        self.hang_up()
        return True

    def _on_signal(self, number: int) -> None:
        if number == signal.SIGHUP:
            self.hang_up()
        self.happened.set()
        if self._starting is not None:
            self._starting.cancel()
            self._starting = None


def carry_out(work: Coroutine[Any, Any, T]) -> T:
    """What the work gives. The first Ctrl+C takes it back, further ones do not disturb what it puts in order then.

    Left to itself the second one ends Python's loop at once, and a kernel that was just stopping keeps its threads: the command would
    never end. Raises KeyboardInterrupt behind an interruption.
    """
    try:
        return asyncio.run(_interruptible_once(work))
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None


async def _interruptible_once(work: Coroutine[Any, Any, T]) -> T:
    interruptions = [asyncio.current_task()]

    def interrupt() -> None:
        task = interruptions.pop() if interruptions else None
        if task is not None:
            task.cancel()

    if signal.getsignal(signal.SIGINT) != signal.SIG_IGN:  # as for what a script has put into the background
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, interrupt)
    return await work


def let_it_end() -> None:
    """The command is done and says how: a signal in its last milliseconds must not make another end of that."""
    for number in _ENDING:
        signal.signal(number, signal.SIG_IGN)
