"""How much disk and memory an agent uses, measured from outside while its commands run.

A quota of the file system would need root and a suitable file system; a scan needs neither. `UsageWatch` is owned by a
sandbox, works in a thread, and only while a command of that agent lives.
"""

import asyncio
import contextlib
import os
import stat
import time
from collections.abc import Awaitable, Callable, Iterable

from kernel.errors import LimitReachedError

MIN_INTERVAL_S = 0.5
MAX_INTERVAL_S = 5.0
FILL_BYTES_PER_S = 512 << 20  # how fast a disk can be filled: room for four seconds need not be looked at every second
DUTY_DIVISOR = 50  # a scan may take one part in fifty of the time
MAX_ENTRIES = 2_000_000
UNCOUNTABLE = 1 << 60  # what is said of a folder with more entries than that
SLACK_BYTES = 256 << 10  # what clearing up may itself take: a log, a folder's own blocks


def disk_bytes(roots: tuple[str, ...], limit: int) -> int:
    """Bytes that the files below the roots occupy; stops counting past `limit`. Blocks; follows no link.

    A folder that its owner made unreadable is made readable again, so that nothing can hide in it.
    """
    total = 0
    seen = 0
    pending = list(roots)
    while pending and total <= limit and seen < MAX_ENTRIES:
        for entry in _entries(pending.pop()):
            seen += 1
            with contextlib.suppress(OSError):
                found = entry.stat(follow_symlinks=False)
                total += found.st_blocks * 512
                if stat.S_ISDIR(found.st_mode):
                    pending.append(entry.path)
    return limit + 1 if seen >= MAX_ENTRIES else total


def unlinked_bytes(pids: Iterable[int], beside: str) -> int:
    """Bytes of files that were deleted and are still open in these processes. Blocks.

    beside: a folder; only files of its file system count, since memory is counted elsewhere.
    """
    found: dict[int, int] = {}
    try:
        device = os.stat(beside).st_dev
    except OSError:  # the folder went while it was looked for
        return 0
    for pid in pids:
        with contextlib.suppress(OSError):
            for descriptor in os.listdir(f"/proc/{pid}/fd"):
                with contextlib.suppress(OSError):
                    status = os.stat(f"/proc/{pid}/fd/{descriptor}")
                    if not status.st_nlink and status.st_dev == device and stat.S_ISREG(status.st_mode):
                        found[status.st_ino] = status.st_blocks * 512
    return sum(found.values())


def _entries(folder: str) -> list["os.DirEntry[str]"]:
    try:
        with os.scandir(folder) as found:
            return list(found)
    except PermissionError:
        with contextlib.suppress(OSError):
            os.chmod(folder, 0o700, follow_symlinks=False)
            with os.scandir(folder) as found:
                return list(found)
    except (OSError, NotImplementedError):
        return []
    return []


def next_interval_s(room_bytes: int, scan_s: float) -> float:
    """When to look again, given what is left of the quota and what a look costs."""
    by_room = min(max(room_bytes / FILL_BYTES_PER_S, MIN_INTERVAL_S), MAX_INTERVAL_S)
    return max(by_room, scan_s * DUTY_DIVISOR)


def lowest_room(room: int, before: int | None) -> int:
    """The room below which nothing more may be taken, 0 or less; it only rises: what was cleared up is not taken again."""
    if before == 0 or room >= 0 or room < -UNCOUNTABLE // 2:
        return 0
    return min(0, room - SLACK_BYTES if before is None else max(before, room - SLACK_BYTES))


class Allowance:
    """What an agent's files may still take where the kernel itself writes for it. roots: its folders. limit: its quota in bytes."""

    def __init__(self, roots: tuple[str, ...], limit: Callable[[], int]) -> None:
        self._roots = roots
        self._limit = limit
        self._used = 0
        self._look_again_at = float("-inf")

    async def require(self, size: int) -> None:
        """Raise LimitReachedError where `size` more bytes are more than the quota allows; the folders are counted now and then."""
        limit = self._limit()
        if self._used + size > limit or time.monotonic() >= self._look_again_at:
            begun = time.monotonic()
            self._used = await asyncio.to_thread(disk_bytes, self._roots, UNCOUNTABLE)
            self._look_again_at = time.monotonic() + max(MIN_INTERVAL_S, (time.monotonic() - begun) * DUTY_DIVISOR)
        if self._used + size > limit:
            raise LimitReachedError(
                f"The disk quota of {limit // 2**20:,} MB is used up.", "Remove what is not needed any more, then try again."
            )
        self._used += size


class UsageWatch:
    """Measures while `active()` says so.

    measure: blocking function that runs in a thread and gives (room left on disk, memory in use) in bytes; memory is None
    where a control group bounds it. on_measured: told its result on the loop. An agent that begins above its quota is told of as
    having room as long as it does not take more, since otherwise it could never clear up. calm: whether only things run that are looked
    at rarely.
    """

    def __init__(
        self,
        measure: Callable[[], tuple[int, int | None]],
        on_measured: Callable[[int, int | None], Awaitable[None]],
        active: Callable[[], bool],
        calm: Callable[[], bool],
    ) -> None:
        self._measure = measure
        self._on_measured = on_measured
        self._active = active
        self._calm = calm
        self._woken = asyncio.Event()
        self.running = False

    def begin(self) -> bool:
        """Something began that is to be watched: look at once where only calm things were. Whether `run` has to be started for it."""
        self._woken.set()
        begun, self.running = not self.running, True
        return begun

    async def run(self) -> None:
        """Measure at once and then again and again, until nothing is active."""
        self.running = True
        lowest: int | None = None
        try:
            while self._active():
                begun = time.monotonic()
                room, memory = await asyncio.to_thread(self._measure)
                lowest = lowest_room(room, lowest)
                room -= lowest
                await self._on_measured(room, memory)
                lowest = None if room < 0 else lowest  # what took too much has been ended; the next command may clear up
                interval_s = next_interval_s(room, time.monotonic() - begun)
                if self._calm():
                    await self._rest(max(interval_s, MAX_INTERVAL_S))
                else:
                    await asyncio.sleep(interval_s if memory is None else min(interval_s, MIN_INTERVAL_S))
        finally:
            self.running = False

    async def _rest(self, longest_s: float) -> None:
        self._woken.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(longest_s):
                await self._woken.wait()
