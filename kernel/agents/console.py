"""An agent's terminal as a record: what its commands printed, kept in a file before anybody sees it.

The file is the channel: a viewer reads from its own position and is told when there is more, so a slow or late viewer costs no memory
and misses nothing that is kept. The newest megabytes are kept. Written on the kernel's loop, read from any one thread.
"""

import asyncio
import errno
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from kernel.errors import StorageError
from kernel.tty.screen import RESET

KEEP_BYTES = 4 << 20
CUT_AT_BYTES = 8 << 20
RETRY_S = 1.0


def record_name(tty_id: str) -> str:
    """What the record of an agent's terminal is called in its folder."""
    return f"{os.path.basename(tty_id)}.log"


class Console:
    """One agent's terminal. Positions count from the first byte ever written.

    on_full: told on the kernel's loop when a write begins to wait for room on the disk.
    """

    def __init__(self, path: Path, on_full: Callable[[], None] = lambda: None) -> None:
        self._path = path
        self._on_full = on_full
        self._lock = threading.Lock()
        self._fd = -1
        self._base = 0
        self._size = 0
        self._listeners: list[Callable[[], None]] = []

    async def write(self, data: bytes) -> None:
        """Append, then wake the viewers. While the disk is full it waits, and the command that prints waits with it."""
        if self._fd < 0:  # a hundred agents that begin at once would open a hundred files in one turn of the loop
            with suppress(OSError):  # the writing says what is wrong
                await asyncio.to_thread(self._open_once)
        left = memoryview(data)
        told = False
        while left:
            with self._lock:
                written = self._append(left)
            left = left[written:]
            if left and not written:
                if not told:
                    told = True
                    self._on_full()
                await asyncio.sleep(RETRY_S)
        for listener in tuple(self._listeners):
            listener()

    def read(self, position: int, limit: int) -> tuple[bytes, int]:
        """Up to `limit` bytes from `position`, and the next position. What was cut meanwhile is replaced by a reset."""
        with self._lock:
            if self._fd < 0 and not self._path.exists():
                return b"", position
            self._open()
            if position < self._base:
                return RESET, self._base
            data = os.pread(self._fd, limit, position - self._base)
            return data, position + len(data)

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` on the kernel's loop after each write; returns its remover."""
        self._listeners.append(listener)

        def off() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return off

    @property
    def start(self) -> int:
        """The position of the oldest byte kept."""
        return self._base

    @property
    def end(self) -> int:
        """The position behind the newest byte."""
        with self._lock:
            if self._fd >= 0 or self._path.exists():
                self._open()
            return self._base + self._size

    def close(self) -> None:
        """Give the descriptor back; the file stays."""
        with self._lock:
            if self._fd >= 0:
                os.close(self._fd)
            self._fd = -1

    def _open_once(self) -> None:
        with self._lock:
            self._open()

    def _append(self, data: memoryview) -> int:
        """How much the disk took."""
        try:
            self._open()
            written = os.write(self._fd, data)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise StorageError(f"The terminal's record cannot be written: {error.strerror}.", "Look at the disk.") from error
            return 0
        self._size += written
        if self._size > CUT_AT_BYTES:
            with suppress(OSError):  # it stays longer than it should until there is room to cut it
                self._cut()
        return written

    def _open(self) -> None:
        if self._fd < 0:
            flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
            try:
                self._fd = os.open(self._path, flags, 0o600)
            except FileNotFoundError:  # made here and not before: a disk without room for it keeps no agent from being deployed
                self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._fd = os.open(self._path, flags, 0o600)
            self._size = os.fstat(self._fd).st_size

    def _cut(self) -> None:
        """Keep the newest part, from a line's beginning."""
        tail = os.pread(self._fd, KEEP_BYTES, self._size - KEEP_BYTES)
        tail = tail[tail.find(b"\n") + 1 :]
        temporary = self._path.with_suffix(".part")
        temporary.write_bytes(tail)
        temporary.chmod(0o600)
        os.replace(temporary, self._path)
        os.close(self._fd)
        self._base += self._size - len(tail)
        self._fd = -1
        self._open()


class Consoles:
    """The consoles by tty id, opened when first asked for.

    on_full: told the tty id of a console that begins to wait for room on the disk.
    """

    def __init__(self, folder: Path, on_full: Callable[[str], None] = lambda tty_id: None) -> None:
        self._folder = folder
        self._on_full = on_full
        self._consoles: dict[str, Console] = {}

    def get(self, tty_id: str) -> Console:
        """The console of an agent's first terminal (`tty-<pid>-0`)."""
        console = self._consoles.get(tty_id)
        if console is None:
            console = self._consoles[tty_id] = Console(
                self._folder / record_name(tty_id), lambda: self._on_full(tty_id)
            )
        return console

    def release(self, tty_id: str) -> None:
        """Close the descriptor of a console whose agent has ended."""
        console = self._consoles.pop(tty_id, None)
        if console is not None:
            console.close()

    def close(self) -> None:
        """Close all."""
        for tty_id in tuple(self._consoles):
            self.release(tty_id)
