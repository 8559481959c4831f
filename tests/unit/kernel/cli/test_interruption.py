"""What ends a command before and after its start, and what a closed terminal does to its output."""

import asyncio
import os
import pty
import signal
import subprocess
import sys

import pytest

from kernel.cli.interruption import INTERRUPTED, Interruption, carry_out


async def test_a_signal_takes_back_the_start_and_nothing_that_comes_after_it() -> None:
    async def start(begins: bool) -> int:
        interruption = Interruption()
        if begins:
            interruption.started()
        signal.raise_signal(signal.SIGTERM)
        await asyncio.sleep(0.2)
        assert interruption.happened.is_set()
        return interruption.code

    loop = asyncio.get_running_loop()
    assert await loop.create_task(start(True)) == INTERRUPTED
    with pytest.raises(asyncio.CancelledError):
        await loop.create_task(start(False))
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.remove_signal_handler(number)


def test_an_interruption_takes_work_back_once() -> None:
    done = []

    async def work() -> None:
        try:
            signal.raise_signal(signal.SIGINT)
            await asyncio.sleep(5)
        finally:
            for _ in range(3):
                signal.raise_signal(signal.SIGINT)
                await asyncio.sleep(0.01)
            done.append("in order")

    with pytest.raises(KeyboardInterrupt):
        carry_out(work())
    assert done == ["in order"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_what_is_not_to_be_interrupted_is_not() -> None:
    async def work() -> str:
        signal.raise_signal(signal.SIGINT)
        await asyncio.sleep(0.01)
        return "done"

    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        assert carry_out(work()) == "done"
    finally:
        signal.signal(signal.SIGINT, before)


#: Takes its standard input as its controlling terminal, says so, and prints again when that is gone.
PRINTS_INTO_NOTHING = """
import asyncio, errno, fcntl, os, sys, termios
from kernel.cli.interruption import HUNG_UP, Interruption

async def print_into_nothing():
    interruption = Interruption()
    interruption.started()
    os.write(1, b"begun")
    await asyncio.wait_for(interruption.happened.wait(), 30)
    os.write(1, b"this must not fail")
    known = interruption.hung_up_by(OSError(errno.EIO, "")) and not interruption.hung_up_by(OSError(errno.ENOSPC, ""))
    return 0 if known and interruption.code == HUNG_UP else 1

fcntl.ioctl(0, termios.TIOCSCTTY, 0)
sys.exit(asyncio.run(print_into_nothing()))
"""


def test_printing_that_fails_on_a_closed_terminal_counts_as_its_end() -> None:
    """In a process of its own: its output is a terminal that is gone."""
    master, slave = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-c", PRINTS_INTO_NOTHING], stdin=slave, stdout=slave, stderr=slave, start_new_session=True
    )
    os.close(slave)
    assert os.read(master, 10) == b"begun"
    os.close(master)
    assert child.wait(30) == 0
