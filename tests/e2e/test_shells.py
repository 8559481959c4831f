"""A shell of the person in the real application: how the application ends decides nothing, what runs in the shell ends with it."""

import asyncio
import contextlib
import os
import select
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from kernel.cli.connection import connect
from kernel.protocol.tty import TtyInput, TtyOpen
from tests.e2e.test_desktop_process import Desktop, _wait, desktop_on_a_screen

DEAF = "(trap '' HUP TERM; exec sh -c 'echo $$ > {file}.new; mv {file}.new {file}; exec sleep 300') &\n"


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Desktop]:
    with desktop_on_a_screen(tmp_path, window_manager=False) as made:
        made.start()
        yield made


async def _run_deaf(root: Path, file: Path) -> None:
    async with connect(root) as connection:
        assert not connection.owns_kernel
        opened = await connection.execute(TtyOpen(pid=0))
        await connection.execute(TtyInput(tty_id=opened.tty_id, data=DEAF.format(file=file)))


@pytest.mark.feature("TT03")
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL], ids=["told", "killed"])
def test_what_ignores_hangups_in_a_shell_ends_with_the_application(started: Desktop, tmp_path: Path, how: signal.Signals) -> None:
    file = tmp_path / "deaf"
    asyncio.run(_run_deaf(started.root, file))
    _wait(file.exists)
    descriptor = os.pidfd_open(int(file.read_text()))
    try:
        assert started.process is not None
        started.process.send_signal(how)
        assert started.process.wait(20) == (0 if how is signal.SIGTERM else -how)
        assert select.select([descriptor], [], [], 10.0)[0]
    finally:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(descriptor, signal.SIGKILL)
        os.close(descriptor)
