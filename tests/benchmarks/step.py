"""`python -m tests.benchmarks.step`: the kernel's own overhead for one think-act-observe turn, and a sandboxed `true`."""

import asyncio
import itertools
import tempfile
from pathlib import Path

from kernel.protocol import agent, process
from tests.benchmarks.figures import finish, median, percentile, report, running_kernel, spawn, write_script
from tests.fakes.scripts import call, turn

STEPS = 300


async def overhead(folder: Path) -> None:
    """Step to step with a scripted model and a tool that does nothing, everything persisted."""
    turns = [turn("A thought of some length about the work.", call("think", thought=str(n))) for n in range(STEPS)]
    model = write_script(folder, *turns)
    async with running_kernel() as (kernel, _):
        stamps: list[float] = []
        loop = asyncio.get_running_loop()
        kernel.bus.on(agent.AgentStepStarted, lambda event: stamps.append(loop.time()))
        await spawn(kernel, model, max_steps=STEPS)
        await kernel.bus.wait(process.ProcessExited, timeout_s=50)
        times = [(after - before) * 1000 for before, after in itertools.pairwise(stamps)]
        report("step_overhead_p95", percentile(times, 95), "ms", 5, p50=round(median(times), 3), baseline=3000.0)


async def sandboxed_true(folder: Path) -> None:
    """From tool start to observation for `true` in a running sandbox."""
    turns = [turn("", call("run_command", command=f"true {n}")) for n in range(100)]
    model = write_script(folder, *turns, name="true")
    async with running_kernel() as (kernel, _):
        durations: list[float] = []
        kernel.bus.on(
            agent.AgentObservation, lambda event: durations.append(event.duration_s * 1000) if event.tool == "run_command" else None
        )
        await spawn(kernel, model, max_steps=100)
        await kernel.bus.wait(process.ProcessExited, timeout_s=50)
        report("sandboxed_true_p50", median(durations[1:]), "ms", 30, first=round(durations[0], 1))


async def main() -> None:
    """Both."""
    with tempfile.TemporaryDirectory() as folder:
        await overhead(Path(folder))
        await sandboxed_true(Path(folder))


if __name__ == "__main__":
    asyncio.run(main())
    finish()
