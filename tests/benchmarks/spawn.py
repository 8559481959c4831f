"""`python -m tests.benchmarks.spawn`: command to event, 100 agents with a sandbox each, 1,000 agents without."""

import asyncio
import gc
import tempfile
import time
from pathlib import Path

import psutil

from kernel.protocol import agent, process
from tests.benchmarks.figures import finish, median, report, running_kernel, spawn, write_script
from tests.fakes.scripts import call, turn


async def spawn_to_event(folder: Path) -> None:
    """From the command to `process.spawned`."""
    model = write_script(folder, turn("", call("complete", summary="x")))
    async with running_kernel() as (kernel, _):
        times = []
        for _ in range(100):
            seen: list[float] = []
            kernel.bus.once(process.ProcessSpawned, lambda event, seen=seen: seen.append(time.perf_counter()))
            started = time.perf_counter()
            await spawn(kernel, model)
            times.append((seen[0] - started) * 1000)
        report("spawn_to_event_p50", median(times), "ms", 5)


async def a_hundred_with_sandboxes(folder: Path) -> None:
    """100 agents at once until each has run a command in its own sandbox."""
    model = write_script(folder, turn("", call("run_command", command="echo up; sleep 30")), name="busy")
    async with running_kernel() as (kernel, root):
        started = time.perf_counter()
        pids = await asyncio.gather(*(spawn(kernel, model) for _ in range(100)))
        consoles = [root / "var/kernel/terminals" / f"tty-{pid}-0.log" for pid in pids]
        while not all(path.exists() and "\nup" in path.read_text() for path in consoles):
            await asyncio.sleep(0.05)
            if time.perf_counter() - started > 50:
                break
        report("hundred_agents_running", time.perf_counter() - started, "s", 10)


async def a_thousand(folder: Path) -> None:
    """1,000 agents on scripted turns without a shell: memory each, failures."""
    model = write_script(
        folder,
        turn("Some thought about the work at hand.", call("think", thought="a"), delay_s=1.0),
        turn("Another.", call("think", thought="b"), delay_s=30),
        name="many",
    )
    async with running_kernel() as (kernel, _):
        failures = 0

        def on_exit(event: process.ProcessExited) -> None:
            nonlocal failures
            failures += 1

        off = kernel.bus.on(process.ProcessExited, on_exit)
        gc.collect()
        before = psutil.Process().memory_info().rss
        second = 0

        def on_step(event: agent.AgentStepStarted) -> None:
            nonlocal second
            second += event.step == 2

        kernel.bus.on(agent.AgentStepStarted, on_step)
        started = time.perf_counter()
        for _ in range(20):
            await asyncio.gather(*(spawn(kernel, model) for _ in range(50)))
        while second < 1000 and time.perf_counter() - started < 40:
            await asyncio.sleep(0.1)
        gc.collect()
        each = (psutil.Process().memory_info().rss - before) / 1000 / 1024
        off()
        report("thousand_agents_memory_each", each, "KB", 300)
        report("thousand_agents_failures", failures + (1000 - second), "agents", 0)


async def main() -> None:
    """All three."""
    with tempfile.TemporaryDirectory() as folder:
        await spawn_to_event(Path(folder))
        await a_hundred_with_sandboxes(Path(folder))
        await a_thousand(Path(folder))


if __name__ == "__main__":
    asyncio.run(main())
    finish()
