"""How a figure is printed, and the kernel that most benchmarks measure."""

import json
import statistics
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from kernel.bootstrap import build_kernel
from kernel.kernel import Kernel
from kernel.principal import LOCAL_USER
from kernel.protocol.process import ProcessSpawn
from kernel.protocol.records import AgentConfig
from tests.fakes.scripts import write_script

_missed: list[str] = []


def report(figure: str, value: float, unit: str, goal: float, *, at_least: bool = False, **more: Any) -> None:
    """Print one figure; `goal` is an upper bound unless `at_least`."""
    met = value >= goal if at_least else value <= goal
    if not met:
        _missed.append(figure)
    line = {"figure": figure, "value": round(value, 3), "unit": unit, "goal": goal, "met": met, **more}
    print(json.dumps(line), flush=True)


def finish() -> None:
    """Exit 1 when a goal was missed."""
    sys.exit(1 if _missed else 0)


def percentile(values: Sequence[float], percent: float) -> float:
    """The value below which `percent` of the values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def median(values: Sequence[float]) -> float:
    """The middle value."""
    return statistics.median(values)


@asynccontextmanager
async def running_kernel(root: Path | None = None) -> AsyncIterator[tuple[Kernel, Path]]:
    """A kernel on a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="aether-bench-") as folder:
        where = root or Path(folder) / "root"
        kernel = build_kernel(where, {})
        await kernel.start()
        try:
            yield kernel, where
        finally:
            await kernel.stop()


async def spawn(kernel: Kernel, model: str, **config: Any) -> int:
    """Deploy an agent that may do everything."""
    asked = AgentConfig(role="Coder", goal="measure", model=model, approval="yes", **config)
    return (await kernel.execute(ProcessSpawn(config=asked), LOCAL_USER)).pid


__all__ = ["finish", "median", "percentile", "report", "running_kernel", "spawn", "write_script"]
