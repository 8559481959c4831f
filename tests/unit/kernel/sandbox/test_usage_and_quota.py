"""Measuring: shares of CPU between two looks, helpers left out, disk counted without following links."""

import asyncio
import os
from pathlib import Path

import pytest

from kernel.errors import LimitReachedError
from kernel.sandbox.processes import TICKS_PER_S, ProcessRow
from kernel.sandbox.quota import (
    MAX_INTERVAL_S,
    MIN_INTERVAL_S,
    SLACK_BYTES,
    UNCOUNTABLE,
    Allowance,
    UsageWatch,
    disk_bytes,
    lowest_room,
    next_interval_s,
    unlinked_bytes,
)
from kernel.sandbox.usage import Meter, Root


def row(pid: int, ppid: int, ticks: int = 0, memory: int = 10, started: int = 1) -> ProcessRow:
    return ProcessRow(pid, ppid, f"p{pid}", "S", started, ticks, memory)


def test_cpu_is_a_share_of_the_time_between_looks() -> None:
    meter = Meter(lambda pid: f"command {pid}")
    roots = {7: Root(1, 2)}
    first = {entry.pid: entry for entry in (row(1, 0), row(2, 1), row(3, 2, ticks=100))}
    assert meter.measure(roots, first, 10.0)[7].cpu_percent == 0.0
    second = first | {3: row(3, 2, ticks=100 + TICKS_PER_S), 4: row(4, 3, ticks=TICKS_PER_S // 2)}
    found = meter.measure(roots, second, 12.0)[7]
    assert found.cpu_percent == 75.0
    assert found.memory_bytes == 40
    assert [(child.pid, child.command, child.cpu_percent) for child in found.processes] == [
        (3, "command 3", 50.0),
        (4, "command 4", 25.0),
    ]


def test_a_reused_number_starts_anew() -> None:
    meter = Meter(lambda pid: "")
    meter.measure({7: Root(1, 0)}, {1: row(1, 0, ticks=500)}, 1.0)
    found = meter.measure({7: Root(1, 0)}, {1: row(1, 0, ticks=TICKS_PER_S, started=2)}, 2.0)[7]
    assert found.cpu_percent == 100.0
    assert found.processes[0].command == "p1"


def test_an_agent_that_is_gone_uses_nothing() -> None:
    found = Meter(lambda pid: "").measure({7: Root(99, 4)}, {1: row(1, 0)}, 1.0)[7]
    assert (found.cpu_percent, found.memory_bytes, found.processes) == (0.0, 0, ())


def test_disk_counts_blocks_and_follows_nothing(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "file").write_bytes(os.urandom(100_000))
    with (tmp_path / "sparse").open("wb") as sparse:
        sparse.truncate(1 << 40)
    (tmp_path / "link").symlink_to("/usr")
    (tmp_path / "loop").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "fifo")
    assert 100_000 <= disk_bytes((str(tmp_path),), 1 << 30) < 300_000
    assert disk_bytes((str(tmp_path / "absent"),), 10) == 0
    assert disk_bytes((str(tmp_path),), 50_000) > 50_000


def test_looks_are_rarer_with_more_room_and_dearer_scans() -> None:
    assert next_interval_s(-5, 0.0) == MIN_INTERVAL_S
    assert next_interval_s(1 << 40, 0.0) == MAX_INTERVAL_S
    assert next_interval_s(1 << 40, 1.0) == 50.0
    assert MIN_INTERVAL_S < next_interval_s(1 << 30, 0.001) < MAX_INTERVAL_S


def test_who_begins_above_the_quota_may_clear_up_but_not_take_more() -> None:
    assert lowest_room(100, None) == 0
    assert lowest_room(-5, 0) == 0  # it had room when it began
    first = lowest_room(-1_000_000, None)
    assert first == -1_000_000 - SLACK_BYTES
    cleared = lowest_room(-400_000, first)
    assert cleared == -400_000 - SLACK_BYTES
    assert lowest_room(-900_000, cleared) == cleared > -900_000
    assert lowest_room(1, cleared) == 0
    assert lowest_room(-UNCOUNTABLE, None) == 0


async def test_what_the_kernel_writes_for_an_agent_counts(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(os.urandom(200_000))
    allowance = Allowance((str(tmp_path),), lambda: 500_000)
    await allowance.require(100_000)
    await allowance.require(100_000)
    with pytest.raises(LimitReachedError):
        await allowance.require(400_000)
    os.unlink(tmp_path / "file")
    await allowance.require(400_000)


def test_a_folder_that_went_meanwhile_holds_nothing(tmp_path: Path) -> None:
    assert unlinked_bytes([os.getpid()], str(tmp_path / "gone")) == 0
    with open(tmp_path / "file", "wb") as kept:
        kept.write(b"x" * 100_000)
        kept.flush()
        os.unlink(kept.name)
        assert unlinked_bytes([os.getpid()], str(tmp_path)) >= 100_000


async def test_while_only_calm_things_run_it_looks_rarely_and_at_once_when_something_else_begins() -> None:
    looks: asyncio.Queue[None] = asyncio.Queue()
    calm = [True]

    async def on_measured(room: int, memory: int | None) -> None:
        looks.put_nowait(None)

    watch = UsageWatch(lambda: (1 << 40, 1), on_measured, lambda: calm[0] or looks.qsize() < 3, lambda: calm[0])
    assert watch.begin()
    running = asyncio.ensure_future(watch.run())
    await looks.get()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(3 * MIN_INTERVAL_S):
            await looks.get()
    calm[0] = False
    assert not watch.begin()
    async with asyncio.timeout(MIN_INTERVAL_S):
        await looks.get()
    async with asyncio.timeout(6 * MIN_INTERVAL_S):
        await running
    assert watch.begin()
