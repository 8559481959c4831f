"""Opens the files that Aether keeps for itself, where they are files: not a pipe, which would keep a start waiting for ever, nor a device.

Called by the settings and the log; the place of the database borrows its words. Must not import anything of Aether.
"""

import contextlib
import errno
import os
import stat
from pathlib import Path


def other_than_a_file(path: Path) -> str:
    """What is at a path, in words; "" for a regular file and for a link to one. Opens nothing. Raises OSError (nothing there, ...)."""
    kind = _kind_of(path.stat().st_mode)
    if not kind:
        return ""
    return f"a link to a {kind} and not to a file" if path.is_symlink() else f"a {kind} and not a file"


def open_file(path: Path, flags: int, mode: int = 0o600) -> int:
    """A descriptor of a regular file, close-on-exec. Never waits, whatever has the name.

    flags: of `os.open`. mode: of a file that is made. Raises OSError, whose `strerror` says what it is where it is no file.
    """
    with contextlib.suppress(FileNotFoundError):  # before it is opened too: some devices act on that alone
        _require(path, other_than_a_file(path))
    fd = os.open(path, flags | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC, mode)
    try:
        kind = _kind_of(os.fstat(fd).st_mode)
        _require(path, f"a {kind} and not a file" if kind else "")
    except OSError:
        os.close(fd)
        raise
    return fd


def read_file(path: Path) -> bytes:
    """All of a regular file. Raises OSError as `open_file` does."""
    with os.fdopen(open_file(path, os.O_RDONLY), "rb") as file:
        return file.read()


def _require(path: Path, other: str) -> None:
    if other:
        raise OSError(errno.EINVAL, f"it is {other}", str(path))


def _kind_of(mode: int) -> str:
    """A word for what is no regular file, "" for one."""
    if stat.S_ISREG(mode):
        return ""
    kinds = ((stat.S_ISDIR, "folder"), (stat.S_ISFIFO, "pipe"), (stat.S_ISSOCK, "socket"))
    return next((word for is_one, word in kinds if is_one(mode)), "device")
