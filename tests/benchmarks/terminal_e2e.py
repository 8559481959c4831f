"""``python -m tests.benchmarks.terminal_e2e``: whole terminals on a real screen, beside Debian's xterm in the same run.

A script writes bytes into its terminal and then asks for the cursor's position: when the answer comes, everything was parsed. The
same script runs in a painted terminal of Aether and in xterm, both 200x50, one right after the other under one Xvfb, since a machine
may run both a third slower from one minute to the next; the figure is the median of these pairs. Also: the processor time of a full
repaint, frames while 16 terminals flood, and the echo of a key while another terminal floods.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.benchmarks.figures import finish, median, percentile, report
from tests.benchmarks.terminal import coloured_build_log, plain_text, vim_session
from tests.xvfb import screen

ROUNDS = 7
CASES: dict[str, tuple[Callable[[int], bytes], int, float]] = {
    "plain": (plain_text, 30_000_000, 6),
    "coloured_build_log": (coloured_build_log, 12_000_000, 2),
    "vim_session": (vim_session, 5_000_000, 1.2),
}
PREVIEW_GOAL_MS = 1.3
SCRIPT = """
import os, sys, termios, time, tty
before = termios.tcgetattr(0)
tty.setraw(0)
data = open({data!r}, "rb").read()
def answered():
    os.write(1, b"\\x1b[6n")
    while not os.read(0, 1024).endswith(b"R"):
        pass
answered()
start = time.monotonic()
view = memoryview(data)
while view:
    view = view[os.write(1, view[:65536]):]
answered()
spent = time.monotonic() - start
termios.tcsetattr(0, termios.TCSANOW, before)
os.write(1, b"\\x1b[?1049l\\x1b[0m\\x1b[r\\x1b[2J\\x1b[H")
part = __file__ + ".part"
open(part, "w").write(repr(spent))
os.rename(part, __file__ + ".done")
"""


def main() -> None:
    """Measure and print all figures."""
    with tempfile.TemporaryDirectory(prefix="aether-e2e-") as folder, screen(window_manager=True, size="1920x1200x24") as env:
        _throughput(Path(folder), env)
        for figure, found in _window(env, "repaint")["repaint"].items():
            goal = PREVIEW_GOAL_MS if figure.startswith("preview") else 3
            report(f"terminal_repaint_{figure}", median(found), "ms", goal, p95=round(percentile(found, 95), 2))
        intervals = _window(env, "flood")["intervals"]
        _frames("terminal_flood_frame_p95", intervals, 25)
        echo = _window(env, "echo")["echo"]
        _frames("terminal_echo_p95", echo, 10)


def _frames(figure: str, values: list[float], goal: float) -> None:
    report(figure, percentile(values, 95), "ms", goal, p50=round(median(values), 1), worst=round(max(values), 1))


def _throughput(folder: Path, env: dict[str, str]) -> None:
    scripts: dict[str, Path] = {}
    sizes: dict[str, int] = {}
    for name, (make, size, _) in CASES.items():
        data = make(size)
        sizes[name] = len(data)
        (folder / f"{name}.bin").write_bytes(data)
        scripts[name] = folder / f"{name}.py"
        scripts[name].write_text(SCRIPT.format(data=str(folder / f"{name}.bin")))
    rates: dict[str, dict[str, list[float]]] = {name: {"aether": [], "xterm": []} for name in CASES}
    for _ in range(ROUNDS):
        for name, script in scripts.items():
            _window(env, "throughput", str(script))
            rates[name]["aether"].append(sizes[name] / _result(script))
            _xterm(env, script)
            rates[name]["xterm"].append(sizes[name] / _result(script))
    for name, (_, _, goal) in CASES.items():
        ours, theirs = rates[name]["aether"], rates[name]["xterm"]
        ratios = [one / other for one, other in zip(ours, theirs, strict=True)]
        report(f"terminal_e2e_{name}", median(ratios), "x xterm", goal, at_least=True,
               least=round(min(ratios), 2), most=round(max(ratios), 2),
               aether_mb_s=round(median(ours) / 1e6, 1), xterm_mb_s=round(median(theirs) / 1e6, 1))  # fmt: skip


def _result(script: Path) -> float:
    done = Path(str(script) + ".done")
    spent = float(done.read_text())
    done.unlink()
    return spent


def _xterm(env: dict[str, str], script: Path) -> None:
    program = shutil.which("xterm")
    assert program is not None, "xterm is missing; `make test` installs it"
    command = [program, "-geometry", "200x50", "-sl", "10000", "-e", sys.executable, str(script)]
    subprocess.run(command, env=env, check=True, timeout=300)


def _window(env: dict[str, str], *arguments: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.benchmarks.terminal_window", *arguments]
    done = subprocess.run(command, env=env, check=False, timeout=900, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(arguments[:1])} failed with {done.returncode}")
    lines = done.stdout.strip().splitlines()
    return json.loads(lines[-1]) if lines else {}


if __name__ == "__main__":
    main()
    finish()
