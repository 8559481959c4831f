"""`python -m tests.benchmarks.startup`: process start to first painted frame under Xvfb, idle memory, idle CPU."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from tests.benchmarks.figures import finish, median, report
from tests.xvfb import screen

ROOT = Path(__file__).resolve().parents[2]
ROUNDS = 5
SETTLE_S = 6.0
IDLE_S = 10.0


def _start(env: dict[str, str], root: Path) -> tuple[subprocess.Popen[bytes], float]:
    """The running desktop and the milliseconds to its first frame."""
    stamp = root / "first-frame"
    stamp.unlink(missing_ok=True)
    started = time.time()
    process = subprocess.Popen(
        [sys.executable, "-m", "aether_desktop"],
        cwd=ROOT,
        env={**env, "AETHER_FS_ROOT": str(root / "aether"), "AETHER_FIRST_FRAME_FILE": str(stamp)},
    )
    while not stamp.exists() or not stamp.read_text():
        if time.time() - started > 20 or process.poll() is not None:
            raise SystemExit("the desktop did not paint a frame")
        time.sleep(0.005)
    return process, (float(stamp.read_text()) - started) * 1000


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait(20)


def main() -> None:
    """Start it several times, then let the last one stand."""
    with tempfile.TemporaryDirectory() as folder, screen(window_manager=True) as env:
        env["PYTHONDONTWRITEBYTECODE"] = ""
        process, _ = _start(env, Path(folder))  # fills the caches
        _stop(process)
        times = []
        for index in range(ROUNDS):
            process, took = _start(env, Path(folder))
            times.append(took)
            if index < ROUNDS - 1:
                time.sleep(1.0)
                _stop(process)
        report("startup_to_first_frame", median(times) / 1000, "s", 1.2, worst=round(max(times) / 1000, 3), baseline=0.7)
        time.sleep(SETTLE_S)
        watched = psutil.Process(process.pid)
        memory = watched.memory_full_info()
        report("idle_memory", memory.rss / 2**20, "MB", 220, pss=round(memory.pss / 2**20, 1), baseline=108)
        before = watched.cpu_times()
        time.sleep(IDLE_S)
        after = watched.cpu_times()
        used = (after.user + after.system) - (before.user + before.system)
        report("idle_cpu", 100 * used / IDLE_S, "% of a core", 1)
        _stop(process)
        assert not os.path.exists(f"/proc/{process.pid}")


if __name__ == "__main__":
    main()
    finish()
