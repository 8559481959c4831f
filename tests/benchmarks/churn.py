"""`python -m tests.benchmarks.churn`: 500 spawns and kills leave nothing behind."""

import asyncio
import gc
import os
import tempfile
import time
from pathlib import Path

import psutil

from kernel.kernel import Kernel
from kernel.principal import LOCAL_USER
from kernel.protocol import process
from tests.benchmarks.figures import finish, report, running_kernel, spawn, write_script
from tests.fakes.scripts import call, turn

ROUNDS = 500
WARM_UP = 50
BATCH = 10


def _descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def _family() -> list[psutil.Process]:
    return psutil.Process().children(recursive=True)


async def main() -> None:
    """Spawn, let each run a command in its sandbox, kill, count."""
    with tempfile.TemporaryDirectory() as folder:
        model = write_script(Path(folder), turn("", call("run_command", command="setsid sleep 300 & sleep 300")))
        async with running_kernel() as (kernel, _):
            await _churn(kernel, model, WARM_UP)
            before = (_descriptors(), psutil.Process().memory_info().rss)
            started = time.perf_counter()
            await _churn(kernel, model, ROUNDS)
            took = time.perf_counter() - started
            gc.collect()
            left = _family()
            zombies = [item for item in left if item.status() == psutil.STATUS_ZOMBIE]
            growth = 100 * (psutil.Process().memory_info().rss - before[1]) / before[1]
            report("churn_processes_left", len(left) - len(zombies), "processes", 0, rounds=ROUNDS, seconds=round(took, 1))
            report("churn_zombies_left", len(zombies), "processes", 0)
            report("churn_descriptors_more", _descriptors() - before[0], "descriptors", 0)
            report("churn_memory_growth", growth, "%", 10)


async def _churn(kernel: Kernel, model: str, rounds: int) -> None:
    for _ in range(rounds // BATCH):
        pids = [await spawn(kernel, model) for _ in range(BATCH)]
        await _wait_commands(kernel, pids)
        await asyncio.gather(
            *(kernel.execute(process.ProcessSignal(pid=pid, signal="SIGKILL"), LOCAL_USER) for pid in pids)
        )
    while (await kernel.execute(process.ProcessList(), LOCAL_USER)).processes:
        await asyncio.sleep(0.1)


async def _wait_commands(kernel: Kernel, pids: list[int]) -> None:
    """Until each agent's command has begun."""
    waiting = set(pids)
    deadline = time.monotonic() + 20
    while waiting and time.monotonic() < deadline:
        for pid in tuple(waiting):
            screen = kernel.view_terminal(f"tty-{pid}-0", lambda: None, 0)
            printed = screen.parse(100)
            screen.release()
            if printed:
                waiting.discard(pid)
        await asyncio.sleep(0.01)


if __name__ == "__main__":
    asyncio.run(main())
    finish()
