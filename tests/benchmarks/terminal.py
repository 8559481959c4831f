"""``python -m tests.benchmarks.terminal``: throughput of the terminal core against stock pyte, and memory of history.

Each figure is measured on the same input in the same run, in chunks as a pty delivers them. One JSON line a figure;
exits 1 when a goal is missed. ``--full`` repeats more often.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pyte

from kernel.term import Terminal

_COLUMNS, _LINES = 120, 36
_CHUNK = 128 * 1024
_RECORDING = Path(__file__).resolve().parents[1] / "data" / "terminal" / "vim-session.bin"
_WORDS = ("the", "kernel", "agent", "window", "process", "terminal", "socket", "buffer", "event", "linking", "warning")


def plain_text(size: int) -> bytes:
    """Lines of words, up to 100 characters."""
    return _lines(size, lambda generator: " ".join(generator.choices(_WORDS, k=15))[: generator.randrange(20, 101)])


def coloured_build_log(size: int) -> bytes:
    """A build log with a few SGR sequences on each line."""

    def line(generator: random.Random) -> str:
        name = "/".join(generator.choices(_WORDS, k=3))
        kind = generator.random()
        if kind < 0.6:
            return f"[\x1b[32m{generator.randrange(100):3d}%\x1b[0m] \x1b[1;34mBuilding CXX object\x1b[0m {name}.cpp.o"
        if kind < 0.8:
            return f"\x1b[1m{name}.cpp:{generator.randrange(999)}:9: \x1b[35mwarning: \x1b[0m\x1b[1munused\x1b[0m variable"
        return f"\x1b[38;5;{generator.randrange(256)}mtest\x1b[0m {name} ... \x1b[38;2;80;200;120mok\x1b[0m (0.0{generator.randrange(9)}s)"

    return _lines(size, line)


def wide_text(size: int) -> bytes:
    """Chinese, Japanese and Korean text with emoji, some of them clusters."""
    pool = "日本語漢字中文测试文字处理한국어텍스트かなカナ。、「」"
    emoji = ["🚀", "🎉", "👍", "😀", "❤️", "👍🏽", "👩‍💻", "🇩🇪"]

    def line(generator: random.Random) -> str:
        text = "".join(generator.choices(pool, k=generator.randrange(10, 45)))
        tail = generator.choice(emoji) if generator.random() < 0.5 else ""
        return text + " " + tail + " ok " + "".join(generator.choices(emoji[:4], k=2))

    return _lines(size, line)


def scrolling(size: int) -> bytes:
    """``yes``."""
    return b"y\r\n" * (size // 3)


def vim_session(size: int) -> bytes:
    """A recorded session of vim (editing, scrolling and splitting with syntax colours), repeated."""
    recording = _RECORDING.read_bytes()
    return recording * max(1, size // len(recording))


def _lines(size: int, line: Callable[[random.Random], str]) -> bytes:
    generator = random.Random(7)
    parts: list[bytes] = []
    total = 0
    while total < size:
        part = line(generator).encode() + b"\r\n"
        parts.append(part)
        total += len(part)
    return b"".join(parts)


def _feed_rate(feed: Callable[[bytes], None], data: bytes) -> float:
    """Bytes per second of processor time of feeding ``data`` in chunks."""
    start = time.process_time()
    for at in range(0, len(data), _CHUNK):
        feed(data[at : at + _CHUNK])
    return len(data) / (time.process_time() - start)


def _ours(data: bytes, repeats: int) -> float:
    terminal = Terminal(_COLUMNS, _LINES)
    terminal.feed(data[:_CHUNK])
    return max(_feed_rate(terminal.feed, data) for _ in range(repeats))


def _pyte(data: bytes) -> float:
    class Silent(pyte.Screen):
        """pyte raises on reports of modes it does not know; the figures are about those that work."""

        def report_device_status(self, *args: int, **kwargs: bool) -> None:
            return

        def select_graphic_rendition(self, *args: int, **kwargs: bool) -> None:
            if not kwargs:
                super().select_graphic_rendition(*args)

    return max(_feed_rate(pyte.ByteStream(Silent(_COLUMNS, _LINES)).feed, data) for _ in range(2))


_CASES: dict[str, tuple[Callable[[int], bytes], float]] = {
    "plain": (plain_text, 100),
    "coloured_build_log": (coloured_build_log, 12),
    "cjk_emoji": (wide_text, 12),
    "vim_session": (vim_session, 6),
    "scrolling_y": (scrolling, 20),
}


def _history_bytes() -> float:
    """Bytes that a line of 100 characters takes in history."""
    count = 10_000
    text = "".join(random.Random(3).choices("abcdefghijklmnopqrstuvwxyz ", k=93))
    lines = [f"\x1b[32m{number:6d}\x1b[0m {text}\r\n".encode() for number in range(count + _LINES)]
    tracemalloc.start()
    terminal = Terminal(100, _LINES, scrollback=count)
    before = tracemalloc.get_traced_memory()[0]
    for at in range(0, len(lines), 100):
        terminal.feed(b"".join(lines[at : at + 100]))
    used = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    return used / len(terminal.history)


def _report(figure: str, value: float, unit: str, goal: float, met: bool, **more: float) -> bool:
    print(json.dumps({"figure": figure, "value": round(value, 2), "unit": unit, "goal": goal, "met": met, **more}))
    return met


def main(arguments: list[str] | None = None) -> int:
    """Measure and print; 1 when a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="more input and repetitions")
    full = parser.parse_args(arguments).full
    met = True
    for name, (make, goal) in _CASES.items():
        size = 8_000_000 if full else 4_000_000
        ours = _ours(make(size), 5 if full else 3)
        stock = _pyte(make(1_000_000 if full else 400_000))
        ratio = ours / stock
        met &= _report(
            f"terminal_{name}", ours / 1e6, "MB/s", goal, ratio >= goal, baseline=round(stock / 1e6, 3), ratio=round(ratio, 1)
        )
    used = _history_bytes()
    met &= _report("terminal_history_line", used, "bytes", 1024, used <= 1024)
    return int(not met)


if __name__ == "__main__":
    sys.exit(main())
