"""The window's frames while 50 agents stream 50 tokens a second each into an open Mission Control, on a real screen.

Run by `tests.benchmarks.events` under its own Xvfb. A precise timer of 16 ms stands for the screen's refresh; the time between two of
its ticks is the frame interval that a person would see.
"""

import asyncio
import os
import sys
import tempfile
import time
from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication

from aether_desktop.bootstrap import DesktopApplication
from aether_desktop.event_loop import run_event_loop
from kernel.paths import Paths
from kernel.protocol.process import ProcessSpawn
from kernel.protocol.records import AgentConfig
from kernel.protocol.system import SettingsSet
from tests.benchmarks.figures import finish, median, percentile, report, write_script
from tests.fakes.scripts import turn

AGENTS = 50
WARM_UP_S = 4.0
MEASURE_S = 10.0


async def _measure(desktop: DesktopApplication, model: str) -> list[float]:
    client = desktop.client
    while not client.connected:
        await asyncio.sleep(0.05)
    await asyncio.sleep(1.0)
    await client.execute(SettingsSet(name="desktop.first_run_done", value=True))
    desktop.window.open_app("mission-control")
    config = AgentConfig(role="Coder", goal="stream words for a while", model=model, approval="yes")
    for _ in range(AGENTS):
        await client.execute(ProcessSpawn(config=config))
    await asyncio.sleep(WARM_UP_S)
    intervals: list[float] = []
    last = [time.perf_counter()]

    def tick() -> None:
        now = time.perf_counter()
        intervals.append((now - last[0]) * 1000)
        last[0] = now

    timer = QTimer()
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.timeout.connect(tick)
    timer.start(16)
    await asyncio.sleep(MEASURE_S)
    timer.stop()
    return intervals[1:]


def main() -> None:
    """Open the desktop, deploy, measure, quit."""
    with tempfile.TemporaryDirectory() as folder:
        words = "token " * 4000
        model = write_script(Path(folder), turn(words, delay_s=0.02, chunk_chars=6))
        paths = Paths(Path(folder) / "root")
        paths.create()
        app = QApplication(sys.argv[:1])
        desktop = DesktopApplication(app, paths, {**os.environ, "AETHER_REDUCED_MOTION": "1"})
        found: list[float] = []

        async def run() -> int:
            running = asyncio.get_running_loop().create_task(desktop.run())
            found.extend(await _measure(desktop, model))
            desktop.quit()  # unasked: agents still work
            return await running

        run_event_loop(app, run, lambda error: print(repr(error), file=sys.stderr))
        report("frame_interval_p99", percentile(found, 99), "ms", 25, p50=round(median(found), 1), worst=round(max(found), 1))


if __name__ == "__main__":
    main()
    finish()
