"""An agent's window with a long journal: how soon its first page is painted, and what a frame costs while it scrolls.

Called by `tests.benchmarks.history` with a folder whose store is filled. The kernel is real and on its own thread, the view is the
application's, offscreen. A frame's cost is the processor time of the GUI thread between two ticks of 16 ms.
"""

import asyncio
import dataclasses
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtWidgets import QAbstractItemView, QApplication, QScrollBar

from aether_desktop.apps.agent_vm.view import AgentView
from aether_desktop.apps.context import AppContext
from aether_desktop.bridge.in_process import InProcessClient, KernelThread
from aether_desktop.event_loop import run_event_loop
from aether_desktop.stores import build_stores
from aether_desktop.theme.manager import ThemeChoice, ThemeManager
from aether_desktop.widgets.terminal.factory import TerminalFactory
from kernel.bootstrap import build_kernel
from kernel.kernel import Kernel
from kernel.principal import LOCAL_USER
from tests.benchmarks.figures import median, percentile, report
from tests.fakes.app_context import make_world

OPENINGS = 5
FRAME_MS = 16
WHEEL_PX = 120
WHEEL_FRAMES = 300
JUMPS = 40
FRAMES_A_JUMP = 8
SIZE = (760, 800)


class _FirstPaint(QObject):
    """Knows when a list was painted for the first time with what `ready` asks for."""

    def __init__(self, page: QAbstractItemView, ready: Callable[[], bool]) -> None:
        super().__init__(page)
        self._ready = ready
        self.painted: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self._page = page
        page.viewport().installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let the list paint, then look at the clock."""
        if event.type() is QEvent.Type.Paint and self._ready() and not self.painted.done():
            self._page.viewport().removeEventFilter(self)
            QApplication.sendEvent(watched, event)
            self.painted.set_result(time.perf_counter())
            return True
        return False


def measure(app: QApplication, root: Path, pid: int, events: int) -> None:
    """Open the window of the agent `pid` on the store in `root`, and scroll it; prints the figures."""
    theme = ThemeManager(app, ThemeChoice.DARK, reduced_motion=True, home=root)
    thread = KernelThread(lambda: _start_kernel(root))
    client = InProcessClient(thread, LOCAL_USER, theme)
    thread.start()

    async def run() -> int:
        while not client.connected:
            if client.failure is not None:
                raise client.failure
            await asyncio.sleep(0.01)
        stores = build_stores(client, theme)
        await stores.attach()
        context = dataclasses.replace(
            make_world(theme, theme).context, client=client, stores=stores, terminals=TerminalFactory(client, theme)
        )
        for tab in ("timeline", "logs"):
            await _measure_tab(context, tab, pid, events)
        return 0

    run_event_loop(app, run, lambda error: print(repr(error), file=sys.stderr))
    thread.stop()


async def _start_kernel(root: Path) -> Kernel:
    kernel = build_kernel(root, {})
    await kernel.start()
    return kernel


async def _measure_tab(context: AppContext, tab: str, pid: int, events: int) -> None:
    opened = []
    view = None
    for _ in range(OPENINGS):
        if view is not None:
            view.close()
            view.deleteLater()
        started = time.perf_counter()
        view = AgentView(dataclasses.replace(context, arguments={"pid": str(pid), "tab": tab}), pid)
        view.resize(*SIZE)
        page: QAbstractItemView = view.timeline.list if tab == "timeline" else view.logs.list
        first = _FirstPaint(page, partial(getattr, view.journal, "loaded"))
        view.show()
        opened.append((await first.painted - started) * 1000)
        assert view.journal.total == events
        await asyncio.sleep(0.2)
    assert view is not None
    report(f"{tab}_100k_open", median(opened), "ms", 300, worst=round(max(opened), 1))
    bar = page.verticalScrollBar()
    wheel = await _frames(WHEEL_FRAMES, lambda frame: bar.setValue(bar.value() - WHEEL_PX))
    report(f"{tab}_100k_scroll_frame_p99", percentile(wheel, 99), "ms", FRAME_MS, p50=round(median(wheel), 1), worst=round(max(wheel), 1))
    jumps = await _frames(JUMPS * FRAMES_A_JUMP, lambda frame: _jump(bar, frame))
    report(f"{tab}_100k_drag_frame_p99", percentile(jumps, 99), "ms", 2 * FRAME_MS, p50=round(median(jumps), 1), worst=round(max(jumps), 1))
    view.close()
    view.deleteLater()


def _jump(bar: QScrollBar, frame: int) -> None:
    """To another place far away, every few frames."""
    if frame % FRAMES_A_JUMP == 0:
        bar.setValue(bar.maximum() * (frame * 37 % 100) // 100)


async def _frames(count: int, step: Callable[[int], None]) -> list[float]:
    """Do `step` at each tick; the GUI thread's work between ticks, in ms."""
    costs: list[float] = []
    done = asyncio.get_running_loop().create_future()
    last = time.thread_time()

    def tick() -> None:
        nonlocal last
        now = time.thread_time()
        costs.append((now - last) * 1000)
        last = now
        if len(costs) > count:
            timer.stop()
            done.set_result(None)
            return
        step(len(costs))

    timer = QTimer()
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.timeout.connect(tick)
    timer.start(FRAME_MS)
    await done
    return costs[1:]
