"""Aether's side of `terminal_e2e`: a real kernel, real ptys and painted terminals on the screen that `DISPLAY` names.

``python -m tests.benchmarks.terminal_window throughput SCRIPT...`` runs each shell script in a terminal of 200x50, one after another;
``flood`` measures frames while 16 terminals flood; ``echo`` measures keystrokes while another one floods; ``repaint`` paints.
"""

import asyncio
import json
import os
import sys
import tempfile
import time
from pathlib import Path

from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QGridLayout, QWidget

from aether_desktop.bridge.in_process import InProcessClient, KernelThread
from aether_desktop.event_loop import run_event_loop
from aether_desktop.theme.manager import ThemeManager
from aether_desktop.widgets.terminal.factory import TerminalFactory
from aether_desktop.widgets.terminal.view import TerminalView
from kernel.bootstrap import build_kernel
from kernel.principal import LOCAL_USER
from kernel.protocol.tty import TtyClose, TtyOpen
from tests.benchmarks.terminal import coloured_build_log, plain_text, wide_text

COLUMNS, LINES = 200, 50
FLOODS = 16
FLOOD_S = 8.0
KEYS = 200
FLOODING = (
    b"yes\r",
    b"yes coloured | sed 's/c/\x1b[32mc/'\r",
    b"while true; do ls -la --color=always /usr/bin; done\r",
)
REPAINTS = 40
#: How long a script may take.
PATIENCE_S = 180.0


class Bench:
    """A window full of terminals over a kernel of its own."""

    def __init__(self, app: QApplication, folder: Path) -> None:
        async def start() -> object:
            kernel = build_kernel(folder, {})
            await kernel.start()
            return kernel

        self._thread = KernelThread(start)  # type: ignore[arg-type]  # the kernel's own type
        self.client = InProcessClient(self._thread, LOCAL_USER, app)
        self._thread.start()
        self.window = QWidget()
        self.window.setWindowTitle("Aether terminals")
        self._grid = QGridLayout(self.window)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self.factory = TerminalFactory(self.client, app)
        self._open: list[str] = []

    async def ready(self) -> None:
        """The kernel takes commands."""
        while not self.client.connected:
            await asyncio.sleep(0.02)

    def add(self, row: int, column: int) -> TerminalView:
        """One more terminal in the window."""
        view = self.factory.view(interactive=True)
        self._grid.addWidget(view, row, column)
        return view

    def show(self, width: int, height: int) -> None:
        """Show the window in this size."""
        self.window.resize(width, height)
        self.window.show()
        self.window.activateWindow()

    async def attach(self, view: TerminalView) -> None:
        """A shell for a terminal."""
        columns, lines = view.grid.size()
        reply = await self.client.execute(TtyOpen(pid=0, cols=columns, rows=lines))
        self._open.append(reply.tty_id)
        view.set_session(self.factory.open(reply.tty_id))

    async def stop(self) -> None:
        """End all shells and the kernel."""
        for tty_id in self._open:
            await self.client.execute(TtyClose(tty_id=tty_id))
        self._thread.stop()


def size_for(view: TerminalView) -> tuple[int, int]:
    """Pixels of a widget of 200x50 cells."""
    cell = view.grid.cell
    spare = view.width() - int((view.grid.size()[0]) * cell.logical_width)
    return round(COLUMNS * cell.logical_width) + max(26, spare % 40), round(LINES * cell.logical_height) + 18


async def until(done: Path) -> None:
    """Wait for a script's result."""
    deadline = time.monotonic() + PATIENCE_S
    while not done.exists():
        if time.monotonic() > deadline:
            raise TimeoutError(done)
        await asyncio.sleep(0.02)


async def throughput(bench: Bench, scripts: list[str]) -> None:
    """Each script writes `SCRIPT.done` when its terminal has answered it."""
    view = bench.add(0, 0)
    bench.show(1700, 1000)
    await asyncio.sleep(0.3)
    view.setFixedSize(*size_for(view))
    await asyncio.sleep(0.3)
    for script in scripts:
        await bench.attach(view)
        await asyncio.sleep(0.5)
        if (view.terminal.columns, view.terminal.lines) != (COLUMNS, LINES):
            raise SystemExit(f"the terminal is {view.terminal.columns}x{view.terminal.lines}")
        view.type_text(f"{sys.executable} {script}\r".encode())
        await until(Path(script + ".done"))


async def flood(bench: Bench) -> None:
    """The time between ticks of a 16 ms timer while everything floods."""
    views = [bench.add(number // 4, number % 4) for number in range(FLOODS)]
    bench.show(1590, 990)
    await asyncio.sleep(0.3)
    for view in views:
        await bench.attach(view)
    await asyncio.sleep(0.5)
    for number, view in enumerate(views):
        view.type_text(FLOODING[number % len(FLOODING)])
    await asyncio.sleep(1.5)
    print(json.dumps({"intervals": await _intervals(FLOOD_S)}))


async def _intervals(seconds: float) -> list[float]:
    found: list[float] = []
    last = [time.perf_counter()]

    def tick() -> None:
        now = time.perf_counter()
        found.append((now - last[0]) * 1000)
        last[0] = now

    timer = QTimer()
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.timeout.connect(tick)
    timer.start(16)
    await asyncio.sleep(seconds)
    timer.stop()
    return found[1:]


async def echo(bench: Bench) -> None:
    """From a key event to the repaint that shows its character, while the terminal beside it floods."""
    typed, flooding = bench.add(0, 0), bench.add(0, 1)
    bench.show(1590, 700)
    await asyncio.sleep(0.3)
    await bench.attach(typed)
    await bench.attach(flooding)
    await asyncio.sleep(0.5)
    typed.setFocus()
    typed.type_text(b"cat\r")
    flooding.send(b"yes\r")
    await asyncio.sleep(1.0)
    found: list[float] = []
    for number in range(KEYS):
        found.append(await _one_key(typed, "abcdefghij"[number % 10]))
        await asyncio.sleep(0.03)
    print(json.dumps({"echo": found}))


async def _one_key(view: TerminalView, key: str) -> float:
    shown = asyncio.get_running_loop().create_future()
    before = list(view.terminal.rows)

    def look() -> None:
        if list(view.terminal.rows) != before and not shown.done():
            shown.set_result(None)

    view.rows_shown.connect(look)
    start = time.perf_counter()
    QApplication.sendEvent(view, QKeyEvent(QEvent.Type.KeyPress, ord(key.upper()), Qt.KeyboardModifier.NoModifier, key))
    await asyncio.wait_for(shown, 5)
    view.repaint()
    view.rows_shown.disconnect(look)
    return (time.perf_counter() - start) * 1000


async def repaint(bench: Bench) -> None:
    """Processor time of painting a full screen of 200x50 whose every row is new, and of making its small picture."""
    from aether_desktop.theme.tokens import DARK
    from aether_desktop.widgets.terminal.colours import Scheme
    from aether_desktop.widgets.terminal.miniature import Miniature
    from kernel.term import Terminal

    view = bench.add(0, 0)
    bench.show(1700, 1000)
    await asyncio.sleep(0.3)
    found: dict[str, list[float]] = {}
    for name, make in (("plain", plain_text), ("coloured", coloured_build_log), ("wide", wide_text)):
        data = make(REPAINTS * 12_000)
        terminal = Terminal(COLUMNS, LINES)
        miniature = Miniature(bench.factory.atlases.small(1.0), Scheme.of(DARK.terminal))
        times, small = [], []
        for at in range(REPAINTS):
            terminal.feed(data[at * 12_000 : (at + 1) * 12_000])
            start = time.process_time()
            view._painter.paint(terminal, list(terminal.rows))
            painted = time.process_time()
            miniature.picture(terminal)
            times.append((painted - start) * 1000)
            small.append((time.process_time() - painted) * 1000)
        found[name] = times[3:]
        found[f"preview_{name}"] = small[3:]
    print(json.dumps({"repaint": found}))


def main() -> None:
    """Run one of the measurements."""
    what, *scripts = sys.argv[1:]
    app = QApplication(sys.argv[:1])
    ThemeManager(app)
    with tempfile.TemporaryDirectory(prefix="aether-bench-") as folder:
        bench = Bench(app, Path(folder) / "root")

        async def run() -> int:
            await bench.ready()
            if what == "throughput":
                await throughput(bench, scripts)
            elif what == "flood":
                await flood(bench)
            elif what == "echo":
                await echo(bench)
            else:
                await repaint(bench)
            await bench.stop()
            return 0

        sys.exit(run_event_loop(app, run, lambda error: print(repr(error), file=sys.stderr)))


if __name__ == "__main__":
    os.environ.setdefault("AETHER_REDUCED_MOTION", "1")
    main()
