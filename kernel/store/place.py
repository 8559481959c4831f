"""What lies where the database and SQLite's own files beside it belong, and whether there is room, found out without opening any of it.

SQLite opens whatever has the name: a pipe keeps it waiting for ever, a device takes what is written and keeps nothing. Called before the
file is opened, by `database`, by the doctor and by the desktop's start. Changes nothing.
"""

import errno
import os
from pathlib import Path

from kernel.errors import StorageError
from kernel.own_file import other_than_a_file

BESIDE = ("-wal", "-shm", "-journal")
_SHOWN_CHARACTERS = 200


def require_files(database: Path) -> None:
    """Raise StorageError where the database, or what SQLite keeps beside it, is there and no regular file or link to one."""
    _require_file(database, database.name, "Aether's database")
    real = Path(os.path.realpath(database))  # beside the file that a link leads to, not beside the link
    for suffix in BESIDE:
        _require_file(real.with_name(real.name + suffix), real.name, "A part of Aether's database,")


def has_room(folder: Path, least_bytes: int = 1 << 16) -> bool:
    """Whether the disk that holds a folder has that much room left, as far as can be told."""
    try:
        found = os.statvfs(folder)
    except OSError:
        return True
    return found.f_bavail * found.f_frsize >= least_bytes


def _require_file(path: Path, name: str, role: str) -> None:
    found = _other_than_a_file(path)
    if found:
        raise StorageError(
            f"{role} {path} is {found}, so nothing can be read or saved there.",
            f"Put the right file back in its place, or move it and everything named {name}* in that folder elsewhere: "
            "Aether then begins a new database.",
        )


def _other_than_a_file(path: Path) -> str:
    """What it is in words, "" for a regular file, for nothing, and for what only opening it can tell."""
    try:
        return other_than_a_file(path)
    except OSError as error:
        return _broken_link(path, error)


def _broken_link(path: Path, error: OSError) -> str:
    try:
        target = os.fsencode(os.readlink(path)).decode("utf-8", "replace")[:_SHOWN_CHARACTERS]
    except OSError:
        return ""
    if error.errno == errno.ELOOP:
        return "a link that leads round in a circle"
    why = "which is missing" if error.errno in (errno.ENOENT, errno.ENOTDIR) else f"which cannot be reached ({error.strerror})"
    return f"a link to {target}, {why}"
