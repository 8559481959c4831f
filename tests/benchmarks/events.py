"""`python -m tests.benchmarks.events`: rows a second into the store, and the window's frames while 50 agents stream."""

import asyncio
import os
import tempfile
import time
from pathlib import Path

from kernel.bus import EventBus
from kernel.clock import SystemClock
from kernel.protocol.agent import AgentThought
from kernel.store.database import Database
from kernel.store.journal import Journal
from tests.benchmarks.figures import finish, report

ROWS = 60_000
WRITERS = 50


async def rows_a_second() -> None:
    """50 agents write events, each waiting for its commit before the next."""
    with tempfile.TemporaryDirectory() as folder:
        clock = SystemClock()
        database = Database(Path(folder) / "aether.db", clock)
        await database.open()
        journal = Journal(database, EventBus(clock), clock)
        await journal.open()

        async def write(pid: int) -> None:
            for number in range(ROWS // WRITERS // 10):
                await journal.record(*(AgentThought(pid=pid, step=number, thought="a thought of some length") for _ in range(10)))

        started = time.perf_counter()
        await asyncio.gather(*(write(pid) for pid in range(WRITERS)))
        rate = ROWS / (time.perf_counter() - started)
        await database.close()
        report("rows_into_the_store", rate, "rows/s", 20_000, at_least=True, baseline=25_000)


def frames_while_streaming() -> None:
    """In a process of its own with a real screen: see `tests.benchmarks.frames`."""
    import subprocess
    import sys

    from tests.xvfb import screen

    with screen(window_manager=True) as env:
        done = subprocess.run([sys.executable, "-m", "tests.benchmarks.frames"], env={**env, "PYTHONPATH": os.getcwd()}, check=False)
    if done.returncode:
        raise SystemExit(1)


if __name__ == "__main__":
    asyncio.run(rows_a_second())
    frames_while_streaming()
    finish()
